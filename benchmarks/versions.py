"""Two versions of the studio side by side: the whole command, a training of a folder, in turns.

    git worktree add /tmp/before COMMIT
    python benchmarks/versions.py /tmp/before . photos.zip --rounds 5

Each round runs both versions in a workspace of its own, in changing order: ``head`` trains the last layer only,
``layer4`` the last stage too, for 8 epochs. Which kernels a machine computes fastest with is measured before and given
to both, and one training each warms the disk. CPU seconds hardly change with what else the machine does, and the ratio
of a round's pair changes less than either. A line of ``results/versions.jsonl`` has the medians, the ratios (lowest,
median, highest) and the accuracies.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ledger import Ledger

SETTINGS = {
    "head": ["--freeze", "layer4"],
    "layer4": ["--freeze", "layer3", "--epochs", "8"],
}


def trained(version: Path, data: Path, workspace: Path, options: list[str]) -> dict[str, float]:
    """The wall and CPU seconds of a training, and its accuracies."""
    command = [sys.executable, "-m", "resnet_studio", "train", str(data), "--json", "--workspace", str(workspace)]
    environment = {**os.environ, "PYTHONPATH": str(version)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start compiles all modules anew
    wall, before = time.perf_counter(), cpu()
    done = subprocess.run([*command, *options], cwd=version, env=environment, check=True, capture_output=True)
    wall, used = time.perf_counter() - wall, cpu() - before
    said = json.loads(done.stdout.splitlines()[-1])
    return {"wall": wall, "cpu": used, **{key: said[key] for key in ("validation_accuracy", "test_accuracy")}}


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="the folder of the one version")
    parser.add_argument("after", type=Path, help="the folder of the other")
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    versions = {"before": given.before.resolve(), "after": given.after.resolve()}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        data = given.data.resolve()
        if data.is_file():
            shutil.unpack_archive(data, folder / "pictures")
            data = folder / "pictures"
        for kind, options in SETTINGS.items():
            rounds = []
            for number in range(given.rounds + 1):
                order = list(versions) if number % 2 else list(versions)[::-1]
                each = {}
                for name in order:
                    workspace = folder / f"{kind}-{number}-{name}"
                    workspace.mkdir()
                    if (folder / "machine.json").exists():
                        shutil.copy(folder / "machine.json", workspace / "machine.json")
                    each[name] = trained(versions[name], data, workspace, options)
                    if not (folder / "machine.json").exists():
                        shutil.copy(workspace / "machine.json", folder / "machine.json")
                rounds.append(each)
            Ledger("versions").append({"training": kind, "rounds": given.rounds, **summary(rounds[1:])})


def summary(rounds: list[dict[str, dict[str, float]]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for what in ("wall", "cpu"):
        for name in ("before", "after"):
            found[f"{what}_{name}_s"] = round(statistics.median(each[name][what] for each in rounds), 2)
        ratios = sorted(each["after"][what] / each["before"][what] for each in rounds)
        found[f"{what}_ratio"] = [round(value, 3) for value in (ratios[0], statistics.median(ratios), ratios[-1])]
    for what in ("validation_accuracy", "test_accuracy"):
        found[what] = [round(rounds[-1][name][what], 4) for name in ("before", "after")]
    return found


if __name__ == "__main__":
    main()
