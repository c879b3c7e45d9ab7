#!/usr/bin/env bash
# Train on several GPUs of one machine, or of several machines. The batch size is that of all devices together.
set -euo pipefail

# One machine: the studio starts a process for each GPU, watches them, and ends all when one dies.
python -m resnet_studio train photos.zip --depth 50 --freeze none --devices 4

# The same by torchrun, which takes several machines too. All of them have to see the workspace.
torchrun --nnodes 2 --nproc-per-node 4 --rdzv-backend c10d --rdzv-endpoint node1:29500 \
  -m resnet_studio train photos.zip --depth 50 --freeze none --workspace /shared/studio

# From anywhere that sees the workspace: stop it and keep the best, or save it and go on later.
python -m resnet_studio pause last --workspace /shared/studio
