"""Ways to fine-tune a ResNet-18, side by side: one process each, in turn, on the same files, weights, split and seeds.

    python benchmarks/train_arms.py photos.zip --weights resnet18.safetensors --rounds 3
    python benchmarks/train_arms.py photos.zip --weights ... --only strong ours --rows head

Seconds run from the start of a process to its end, with a model kept in a file or in memory and its test pictures
scored. Each result is a line in ``results/train_arms.jsonl``; what is there is not run again, so that a benchmark can
be interrupted. ``--table`` prints the table of what is there. Arms that need other packages take ``--other-python``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from ledger import Ledger

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
            "--weights", named, "--freeze", FREEZE[row], "--epochs", str(EPOCHS[row]), "--seed", str(seed), *size,
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


def machine() -> str:
    try:
        names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                 if line.startswith("model name")]  # fmt: skip
    except OSError:
        names = []
    return f"{names[0]}, {len(names)} cores" if names else platform.processor()


def table() -> str:
    """The means over seeds; how many times slower than ours each other arm is, within this run."""
    results = LEDGER.results()
    lines = ["| trained | arm | seconds | against ours | test accuracy | peak memory, MB | seeds |", "|" + "---|" * 7]
    for row in ROWS:
        rows = {arm: [r for r in results if (r["row"], r["arm"]) == (row, arm)] for arm in ARMS}
        if not rows["ours"]:
            continue
        ours = statistics.median(float(r["seconds"]) for r in rows["ours"])
        for arm, found in rows.items():
            if not found:
                continue
            seconds = statistics.median(float(r["seconds"]) for r in found)
            accuracies = [float(r["accuracy"]) for r in found]
            spread = f" ± {statistics.stdev(accuracies):.3f}" if len(found) > 1 else ""
            memory = max(float(r["memory_mb"]) for r in found)
            lines.append(
                f"| {ROWS[row]}, {EPOCHS[row]} epochs | {ARMS[arm]} | {seconds:.1f} | {seconds / ours:.1f} x | "
                f"{statistics.mean(accuracies):.3f}{spread} | {memory:,.0f} | {len(found)} |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="a folder or zip of class folders")
    parser.add_argument("--weights", type=Path, default=ROOT / "assets/starter/resnet18.safetensors")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--only", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--other-python", default=sys.executable, help="a Python with fastai and timm")
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
                    if LEDGER.knows(row=row, arm=arm, seed=seed):
                        continue
                    workspace = Path(folder) / "workspace"
                    arguments = command(arm, row, data, given.weights.resolve(), seed, workspace, given.other_python)
                    answer, seconds, memory = run(arguments)
                    shutil.rmtree(workspace, ignore_errors=True)
                    accuracy = answer.get("test_accuracy", answer.get("accuracy"))
                    LEDGER.append({
                        "row": row, "arm": arm, "seed": seed, "epochs": EPOCHS[row], "seconds": round(seconds, 2),
                        "accuracy": accuracy, "memory_mb": round(memory), "data": Path(given.data).name,
                        "weights": given.weights.stem, "machine": machine(),
                        "date": datetime.date.today().isoformat(),
                    })  # fmt: skip
    print(table())


if __name__ == "__main__":
    main()
