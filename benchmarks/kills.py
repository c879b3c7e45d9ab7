"""Kills a training at random instants, again and again, and checks that nothing is lost; every write point as well.

    python benchmarks/kills.py --kills 200 --points

Each training is killed, resumed and killed again until it ends. After every kill the epochs that its log holds must be
those of an undisturbed training, none that was saved may be gone, and its checkpoint must load; at its end the weights
must be the same to the bit. Epochs that were logged after the last save are trained again; they are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # processes are forked
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import made
from faults import CONFIG, Points, check_after, check_end, die, disk_full, in_child, to_its_end, trained, watched

from resnet_studio.cleaning import sweep
from resnet_studio.data.opening import open_data
from resnet_studio.errors import StudioError
from resnet_studio.events import Finished, Interrupted
from resnet_studio.training.plan import new_run
from resnet_studio.workspace import Workspace


def main() -> None:
    options = _options()
    rng, found = random.Random(options.seed), Counter()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(Path(folder) / "workspace")
        pictures = made.write(Path(folder) / "pictures", made.class_files({"crimson": 12, "seagreen": 12}))
        dataset = open_data(pictures, workspace)
        straight = trained(dataset, workspace)
        straight = trained(dataset, workspace)  # timed with a warm cache, as those that are killed
        if options.points:
            _every_point(dataset, workspace, straight, found)
        begun = time.monotonic()
        while found["kills"] < options.kills:
            _killed_until_it_ends(dataset, workspace, straight, rng, found)
        figures = {**found, "seconds": round(time.monotonic() - begun), "saved_epochs_lost": 0}
        print(json.dumps(figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", action="store_true", help="also die, and fill the disk, at every write point")
    return parser.parse_args()


def _killed_until_it_ends(dataset, workspace, straight, rng, found) -> None:
    run, acknowledged = new_run(dataset, CONFIG, workspace), 0
    while run.state().status != "finished":
        child = in_child(lambda: to_its_end(run))
        time.sleep(rng.uniform(0, 1.2 * straight.seconds))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            found["kills"] += 1
            found[f"when_{'preparing' if run.state().started is None else run.state().status}"] += 1
        acknowledged = check_after(run, acknowledged, straight)
        found["logged_epochs_trained_again"] += max(0, len(run.state().epochs) - acknowledged)
    check_end(run, straight)
    found["trainings"] += 1
    found["drafts_left"] += len(list(workspace.root.rglob("*.tmp")))
    found["cleaned_bytes"] += sweep(workspace)
    assert not list(workspace.root.rglob("*.tmp"))
    workspace.delete_run(run)


def _every_point(dataset, workspace, straight, found) -> None:
    run = new_run(dataset, CONFIG, workspace)
    with watched(Points(workspace.root)) as points:
        to_its_end(run)
    for at in range(1, len(points.passed) + 1):
        for fault in (die, disk_full):
            run = new_run(dataset, CONFIG, workspace)
            if fault is die:

                def work(run=run, at=at) -> None:
                    with watched(Points(workspace.root, at, die)):
                        to_its_end(run)

                os.waitpid(in_child(work), 0)
            else:
                _with_a_full_disk(run, at, workspace)
            check_after(run, 0, straight)
            if run.state().status != "finished":
                assert isinstance(to_its_end(run), Finished)
            check_end(run, straight)
            workspace.delete_run(run)
            found[f"points_{fault.__name__}"] += 1


def _with_a_full_disk(run, at, workspace) -> None:
    with watched(Points(workspace.root, at, disk_full, lasting=True)):
        try:
            end = to_its_end(run)
            assert isinstance(end, Finished) or (isinstance(end, Interrupted) and end.key == "error.disk_full"), end
        except StudioError as error:
            assert error.key == "error.disk_full", error


if __name__ == "__main__":
    main()
