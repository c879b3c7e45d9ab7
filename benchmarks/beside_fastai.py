"""The default beside fastai's ``fine_tune`` and logistic regression, on three kinds of sets: accuracy and seconds.

    python benchmarks/beside_fastai.py --photos photos.zip --tiny tiny-imagenet-train-0.zip --cifar cifar10.zip
    python benchmarks/beside_fastai.py --table

A few photographs of two classes; a thousand small pictures of two classes; 1,650 pictures of ten classes, enlarged to
100 px. All start from the built-in weights and answer the same test pictures, which are touched once. Seconds run from
the start of a process to its answers, so importing and reading pictures count. fastai 2 is used as its course teaches
it: ``fine_tune(5)`` at 128 px, a head on concatenated pooling, defaults otherwise; where it is not installed beside the
studio, ``--other-python`` has it or ``PYTHONPATH`` leads to it. Logistic regression is scikit-learn's, on features of
the size that the default takes, its strength by cross-validation. One line an arm, set and seed in
``results/beside_fastai.jsonl``; what is there is not run again. ``BENCHMARK_DEVICE=cuda`` has a file of its own, whose
accuracies count and whose seconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grid import Cell, by_default, by_logistic, cut, resolved, sources
from ledger import Ledger, mean_and_spread
from machine import DEVICE

HERE = Path(__file__).resolve().parent
LEDGER = Ledger("beside_fastai" if DEVICE == "cpu" else "beside_fastai-gpu")
STARTER = HERE.parent / "assets" / "starter" / "resnet18.safetensors"
KINDS = (Cell("photos", 2, 85, 300), Cell("tiny", 2, 350, 64), Cell("cifar", 10, 165, 100))
ARMS = ("default", "fastai", "logistic")


def run(arm: str, cell: Cell, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The accuracy on the test pictures, and the seconds of the process."""
    begun = time.perf_counter()
    if arm == "logistic":
        right = by_logistic(folder, cell, resolved(folder, folder.parent / "resolving"))
        return {"accuracy": sum(right.values()) / len(right), "seconds": time.perf_counter() - begun}
    if arm == "default" and DEVICE != "cpu":  # with the settings of a laptop, which a process of its own would not take
        right, trained = by_default(folder, cell, {}, folder.parent / "workspace")
        finished = trained.state().finished
        more = {"epochs_run": finished.epochs_run, "best_epoch": finished.best_epoch}
        return {"accuracy": sum(right.values()) / len(right), "seconds": time.perf_counter() - begun, **more}
    if arm == "default":
        command = [sys.executable, "-m", "resnet_studio", "train", str(folder), "--json", "--seed", str(cell.seed),
                   "--workspace", str(folder.parent / "workspace")]  # fmt: skip
    else:
        script = str(HERE / "arms" / "fastai_arm.py")
        command = [given.other_python, script, str(folder), str(STARTER), "--row", "fine_tune", "--epochs", "5",
                   "--size", "128", "--seed", str(cell.seed)]  # fmt: skip
    place = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])}
    place.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles torch anew for each training
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=place, cwd=folder.parent)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    found = {"accuracy": answer.get("test_accuracy", answer.get("accuracy")), "seconds": time.perf_counter() - begun}
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found["cpu_seconds"] = round(sum(getattr(after, of) - getattr(before, of) for of in ("ru_utime", "ru_stime")), 1)
    return found | {key: answer[key] for key in ("epochs_run", "best_epoch") if key in answer}


def middle(results: list[dict[str, Any]], name: str) -> float:
    """The median of what is called ``name``."""
    return statistics.median(one[name] for one in results)


def table() -> str:
    """A row a kind of set: accuracies with their spread over the seeds, median seconds, and how often quicker, by the
    seconds of the clock and by those of the processor, which other work beside it hardly changes.
    """
    rows: dict[tuple[Any, ...], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for result in LEDGER.results():
        rows[result["source"], result["classes"], result["per_class"]][result["arm"]].append(result)
    lines = ["| set | " + " | ".join(f"{arm}: accuracy, seconds" for arm in ARMS) + " | fastai's seconds for one, "
             "of the clock and of the processor |", "|" + "---|" * (2 + len(ARMS))]  # fmt: skip
    for (source, classes, per_class), found in rows.items():
        cells = [f"{mean_and_spread([one['accuracy'] for one in found[arm]])}, {middle(found[arm], 'seconds'):.0f} s"
                 if found.get(arm) else "" for arm in ARMS]  # fmt: skip
        ratios = [middle(found["fastai"], name) / middle(found["default"], name) for name in ("seconds", "cpu_seconds")
                  if all(name in one for arm in ("fastai", "default") for one in found.get(arm, [{}]))]  # fmt: skip
        shown = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        lines.append(f"| {source}, {classes} x {per_class} | {' | '.join(cells)} | {shown} |")
    return "\n".join(lines)


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", default=ARMS, choices=ARMS)
    parser.add_argument("--other-python", default=sys.executable)
    given = parser.parse_args()
    for seed in [] if given.table else given.seeds:
        for kind in KINDS:
            cell = Cell(**{**asdict(kind), "seed": seed})
            left = [arm for arm in given.arms if not LEDGER.knows(**asdict(cell), arm=arm)]
            if not left or not getattr(given, cell.source):
                continue
            with cut(cell, given) as folder:
                for arm in left:
                    found = run(arm, cell, folder, given)
                    rounded = {"accuracy": round(found["accuracy"], 4), "seconds": round(found["seconds"], 1)}
                    LEDGER.append({**asdict(cell), "arm": arm, **found, **rounded})
    print(table())


if __name__ == "__main__":
    main()
