#!/usr/bin/env sh
# Train on several GPUs: sh examples/several_devices.sh DATA DEVICES [OPTIONS OF train]
# The batch size is that of all devices together. On a machine without a GPU, DEVICES processes share the CPU.
set -eu
PYTHON=${PYTHON:-python}
data=$1 devices=$2
shift 2

# The studio starts a process for each device, watches them, and ends all when one dies. A run that was paused or
# interrupted goes on with as many: python -m resnet_studio resume last
"$PYTHON" -m resnet_studio train "$data" --devices "$devices" "$@" --json

# The same by torchrun, which takes several machines too (--nnodes, --rdzv-endpoint); all have to see the workspace.
"$PYTHON" -m torch.distributed.run --standalone --nproc-per-node "$devices" \
  -m resnet_studio train "$data" "$@" --json
