"""CIFAR-10 from scratch on this machine: the studio's recipe beside a plain PyTorch loop, same pictures and epochs.

    python benchmarks/cifar10.py cifar10.zip --pictures 1000 --epochs 1 --seeds 2

``--pictures`` are taken of each class of the training part, a fifth as many of the test part. Both train with the
recipe's network, rates and augmentation for the same epochs; seconds run from the start of a process to its tested
model. Each result is a line in ``results/cifar10.jsonl``; what is there is not run again.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import train_arms
from ledger import Ledger, mean_and_spread

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

LEDGER = Ledger("cifar10")
ARMS = {"ours": "ResNet Studio", "plain": "plain PyTorch loop"}


def part(data: str, pictures: int, target: Path) -> Path:
    """``target`` with train/, val/ and test/: the first pictures of each class, and other training pictures as val/."""
    import resnet_studio as studio
    from resnet_studio.workspace import Workspace

    counts = {"train": pictures, "val": pictures // 10, "test": pictures // 5}
    with tempfile.TemporaryDirectory() as folder:
        dataset = studio.open_data(data, Workspace.open(Path(folder)))
        for label, name in enumerate(dataset.classes):
            files = {which: [s for s in dataset.samples if (s.label, s.part) == (label, which)]
                     for which in ("train", "test")}  # fmt: skip
            files["val"] = files["train"][pictures:]
            for which, count in counts.items():
                place = target / which / name
                place.mkdir(parents=True)
                for sample in files[which][:count]:
                    shutil.copyfile(dataset.path(sample), place / f"{which}-{Path(sample.name).name}")
    return target


def command(arm: str, data: Path, given: argparse.Namespace, seed: int, workspace: Path) -> list[str]:
    same = ["--epochs", str(given.epochs), "--batch-size", str(given.batch_size), "--seed", str(seed),
            "--learning-rate", str(given.learning_rate)]  # fmt: skip
    if arm == "plain":
        return [sys.executable, str(HERE / "arms" / "cifar_plain.py"), str(data), *same]
    return [sys.executable, "-m", "resnet_studio", "train", str(data), "--recipe", "cifar10-fast", "--json",
            "--workspace", str(workspace), *same]  # fmt: skip


def table() -> str:
    results = LEDGER.results()
    lines = ["| pictures, epochs | arm | test accuracy | seconds | seeds |", "|---|---|---|---|---|"]
    for budget in dict.fromkeys((r["pictures"], r["epochs"]) for r in results):
        for arm, name in ARMS.items():
            found = [r for r in results if (r["pictures"], r["epochs"], r["arm"]) == (*budget, arm)]
            if found:
                accuracy = mean_and_spread([r["accuracy"] for r in found])
                seconds = statistics.median(r["seconds"] for r in found)
                lines.append(
                    f"| {10 * budget[0]:,}, {budget[1]} | {name} | {accuracy} | {seconds:.0f} | {len(found)} |"
                )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="CIFAR-10 as a zip or folder with train/ and test/")
    parser.add_argument("--pictures", type=int, default=1000, help="of each class")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    if given.data:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            data = part(given.data, given.pictures, Path(folder) / "data")
            for seed in range(given.seeds):
                for arm in ARMS:
                    which = {"arm": arm, "pictures": given.pictures, "epochs": given.epochs, "seed": seed,
                             "batch_size": given.batch_size}  # fmt: skip
                    if LEDGER.knows(**which):
                        continue
                    workspace = Path(folder) / f"workspace-{seed}"
                    answer, seconds, memory = train_arms.run(command(arm, data, given, seed, workspace))
                    accuracy = answer.get("test_accuracy", answer.get("accuracy"))
                    LEDGER.append({**which, "accuracy": accuracy, "seconds": round(seconds, 1),
                                   "memory_mb": round(memory)})  # fmt: skip
    print(table())


if __name__ == "__main__":
    main()
