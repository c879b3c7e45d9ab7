"""Ways to fine-tune a ResNet-18, side by side: one process each, in turn, on the same files, weights, split and seeds.

    python benchmarks/train_arms.py photos.zip --weights resnet18.safetensors --rounds 3
    python benchmarks/train_arms.py photos.zip --weights ... --only strong ours --rows head

Seconds run from the start of a process to its end, with a model kept in a file or in memory and its test pictures
scored. ``--again`` has each training repeated in a new process that finds what the first one left on the disk. Each
result is a line in ``results/train_arms.jsonl``; what is there is not run again, so that a benchmark can be
interrupted. ``--table`` prints the table of what is there. Arms that need other packages take ``--other-python``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from ledger import Ledger, mean_and_spread

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LEDGER = Ledger("train_arms")
EPOCHS = {"head": 25, "layer4": 25, "all": 10}
FREEZE = {"head": "layer4", "layer4": "layer3", "all": "none"}
ROWS = {"head": "head only", "layer4": "layer4 up", "all": "everything"}
ARMS = {
    "ours": "ResNet Studio",
    "ours224": "ResNet Studio, 224 px",
    "strong": "tutorial made strong",
    "tutorial": "tutorial as written",
    "fastai": "fastai",
    "timm": "timm",
}
OTHERS = ("fastai", "timm")


def split_folder(data: str, seed: int, target: Path) -> None:
    """The pictures of ``data`` in train/, val/ and test/ below ``target``, split as the studio does it."""
    import resnet_studio as studio
    from resnet_studio.data.dataset import split
    from resnet_studio.workspace import Workspace

    with tempfile.TemporaryDirectory() as folder:
        dataset = studio.open_data(data, Workspace.open(Path(folder)))
        parts = split(dataset, seed=seed)
        for part, samples in (("train", parts.train), ("val", parts.validation), ("test", parts.test)):
            for sample in samples:
                place = target / part / dataset.classes[sample.label] / Path(sample.name).name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(parts.path(sample), place)


def command(arm: str, row: str, data: Path, weights: Path, seed: int, workspace: Path, other: str) -> list[str]:
    if arm.startswith("ours"):
        built_in = weights == (ROOT / "assets/starter/resnet18.safetensors").resolve()
        named = "starter" if built_in else str(weights)
        size = ["--picture-size", "224", "--early-picture-size", "224"] if arm == "ours224" else []
        return [
            sys.executable, "-m", "resnet_studio", "train", str(data), "--json", "--workspace", str(workspace),
            "--device", "cpu", "--weights", named, "--freeze", FREEZE[row], "--epochs", str(EPOCHS[row]),
            "--seed", str(seed), *size,
        ]  # fmt: skip
    script = {"fastai": "fastai_arm", "timm": "timm_arm"}.get(arm, arm)
    return [
        other if arm in OTHERS else sys.executable, str(HERE / "arms" / f"{script}.py"), str(data), str(weights),
        "--row", row, "--epochs", str(EPOCHS[row]), "--seed", str(seed),
    ]  # fmt: skip


def run(arguments: list[str]) -> tuple[dict[str, object], float, float]:
    """The last line of output, the seconds, and the peak memory in MB of the process and its children together."""
    begun = time.perf_counter()
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = [0.0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.25):
            peak[0] = max(peak[0], sum(map(proportional_mb, descendants(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - begun
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}\n{errors[-2000:]}")
    return json.loads(output.strip().splitlines()[-1]), seconds, peak[0]


def descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def proportional_mb(pid: int) -> float:
    """Memory of a process, in which each shared page counts by its share (PSS)."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def table() -> str:
    """The means over seeds; how many times slower than ours each other arm is; the seconds of a second training."""
    results = LEDGER.results()
    lines = [
        "| trained | arm | seconds | against ours | again, s | test accuracy | peak memory, MB | seeds |",
        "|" + "---|" * 8,
    ]
    for row in ROWS:
        rows = {arm: [r for r in results if (r["row"], r["arm"]) == (row, arm)] for arm in ARMS}
        if not rows["ours"]:
            continue
        ours = median_seconds(rows["ours"], again=False)
        for arm, found in rows.items():
            cold = [r for r in found if not r["again"]]
            if not cold:
                continue
            seconds = median_seconds(found, again=False)
            repeated = f"{median_seconds(found, again=True):.1f}" if len(cold) < len(found) else ""
            memory = max(float(r["memory_mb"]) for r in cold)
            lines.append(
                f"| {ROWS[row]}, {EPOCHS[row]} epochs | {ARMS[arm]} | {seconds:.1f} | {seconds / ours:.1f} x | "
                f"{repeated} | {mean_and_spread([float(r['accuracy']) for r in cold])} | {memory:,.0f} | {len(cold)} |"
            )
    return "\n".join(lines)


def median_seconds(results: list[dict[str, Any]], *, again: bool) -> float:
    return statistics.median(float(r["seconds"]) for r in results if r["again"] is again)


def measure(arguments: list[str], facts: dict[str, object], *, repeat: bool) -> None:
    """Run an arm, and ``repeat`` it with what the first run left; write down what is not there already."""
    turns = [again for again in ((False, True) if repeat else (False,)) if not LEDGER.knows(**facts, again=again)]
    if turns == [True]:
        run(arguments)
    for again in turns:
        answer, seconds, memory = run(arguments)
        accuracy = answer.get("test_accuracy", answer.get("accuracy"))
        LEDGER.append({
            **facts, "again": again, "seconds": round(seconds, 2), "accuracy": accuracy, "memory_mb": round(memory),
        })  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="a folder or zip of class folders")
    parser.add_argument("--weights", type=Path, default=ROOT / "assets/starter/resnet18.safetensors")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--only", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--other-python", default=sys.executable, help="a Python with fastai and timm")
    parser.add_argument("--again", action="store_true", help="time a second training on the same folder as well")
    parser.add_argument("--table", action="store_true", help="print the table and do nothing else")
    given = parser.parse_args()
    if given.table or given.data is None:
        print(table())
        return
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for seed in range(given.rounds):
            data = Path(folder) / f"data-{seed}"
            split_folder(given.data, seed, data)
            for row in given.rows:
                for arm in given.only:
                    workspace = Path(folder) / "workspace"
                    arguments = command(arm, row, data, given.weights.resolve(), seed, workspace, given.other_python)
                    facts = {
                        "row": row, "arm": arm, "seed": seed, "epochs": EPOCHS[row], "data": Path(given.data).name,
                        "weights": given.weights.stem,
                    }  # fmt: skip
                    measure(arguments, facts, repeat=given.again)
                    shutil.rmtree(workspace, ignore_errors=True)
    print(table())


if __name__ == "__main__":
    main()
