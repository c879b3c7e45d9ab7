#!/usr/bin/env bash
# Train on two machines of four GPUs: sbatch examples/slurm.sh DATA [OPTIONS OF train]
# SLURM sends SIGTERM two minutes before the time is up, upon which the training is saved; go on with it by
# RUN=last sbatch examples/slurm.sh
#SBATCH --job-name=resnet-studio
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
set -euo pipefail

export PYTHON=${PYTHON:-python}
export RESNET_STUDIO_WORKSPACE=${RESNET_STUDIO_WORKSPACE:-$HOME/resnet-studio} # on a disk that all machines see
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export MASTER_ADDR MASTER_PORT=${MASTER_PORT:-29500}

if [ -n "${RUN:-}" ]; then
  set -- resume "$RUN"
else
  set -- train "$@"
fi
# each task learns from SLURM which of the processes it is
srun bash -c 'export RANK=$SLURM_PROCID WORLD_SIZE=$SLURM_NTASKS LOCAL_RANK=$SLURM_LOCALID
  exec "$PYTHON" -m resnet_studio "$@" --json' resnet-studio "$@"
