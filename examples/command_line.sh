#!/bin/sh
# Check a data set, train on it, score the model, use it and list the runs:
#   sh examples/command_line.sh [DATA [PICTURE]]     DATA: a folder or zip of class folders, or sample:digits
# With --json the last line of each command's output is one JSON object, so scripts can read it.
set -eu
data=${1:-sample:digits}
studio="${PYTHON:-python3} -m resnet_studio"

$studio check "$data"
$studio train "$data" --freeze layer4 --epochs "${EPOCHS:-3}"
$studio evaluate last "$data" --only-unseen --json | tail -n 1
if [ $# -gt 1 ]; then $studio predict last "$2"; fi
$studio rename last --note "made by examples/command_line.sh"
$studio runs
