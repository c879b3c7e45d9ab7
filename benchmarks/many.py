"""Results and predictions of very many pictures: the time and the most memory of each part, and a job that is killed.

    python benchmarks/many.py --pictures 2000 20000

A ResNet-18 with an eighth of its channels (``tests/narrow.py``) is trained on 300 pictures of 32 px and tested on that
many. Each part of its report is computed in a process of its own. Then a prediction job over as many pictures is killed
half way with SIGKILL, goes on with ``--resume`` to its end, and has an answer for each picture, once. Time is that of
the processor: the machine may be busy. One line each in ``results/many.jsonl``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from ledger import Ledger
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
LEDGER = Ledger("many")
CLASSES, TRAIN = 10, 300


def make(folder: Path, count: int) -> None:
    """Small pictures whose classes differ by a colour that is hard to see."""
    draw = np.random.default_rng(0)
    for index in range(count + TRAIN):
        label = index % CLASSES
        part = folder / ("train" if index < TRAIN else "test") / f"class {label}"
        part.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 200, (4, 4, 3)) + np.array([label * 5, 40 - label * 4, 20])
        Image.fromarray(pixels.astype(np.uint8).repeat(8, 0).repeat(8, 1)).save(part / f"{index}.png")


def child(starter: Path, arguments: list[str]) -> int:
    """The command line with the narrow network."""
    import narrow

    from resnet_studio import cli

    with narrow.networks(narrow.write_starter(starter)):
        return cli.main(arguments)


def status(pid: int) -> float:
    """Megabytes of the process's own memory."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024
    return 0.0


class Watched:
    """A process of ours; ``memory`` has what it held, twice a second."""

    def __init__(self, home: Path, *arguments: str) -> None:
        command = [sys.executable, __file__, "child", str(home / "starter"), *arguments]
        self.out = (home / "out").open("w+")
        self.before = os.times()
        self.process = subprocess.Popen(command, stdout=self.out, stderr=subprocess.DEVNULL, start_new_session=True)
        self.memory: list[float] = []
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self.process.poll() is None:
            self.memory.append(status(self.process.pid))
            time.sleep(0.5)

    def ended(self) -> dict[str, object]:
        """Its exit status, seconds of the processor, megabytes at most, and the JSON object of its last line."""
        code = self.process.wait()
        after = os.times()
        spent = after.children_user + after.children_system - self.before.children_user - self.before.children_system
        self.out.seek(0)
        lines = self.out.read().splitlines()
        answer = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
        return {"code": code, "cpu": round(spent, 1), "most": round(max(self.memory, default=0)), "answer": answer}


def parts(home: Path, run: str, count: int) -> None:
    """The time and memory of each part of the report alone, and of what is always there."""
    from resnet_studio.evaluation.run_report import PARTS

    workspace = ["--workspace", str(home / "workspace")]
    for name in ("none", *(part.name for part in PARTS if not part.quick)):
        if LEDGER.knows(part=name, pictures=count):
            continue
        found = Watched(home, "report", run, "--parts", name, "--json", *workspace).ended()
        there = name == "none" or found["answer"].get(name) is not None
        LEDGER.append({"part": name, "pictures": count, "there": there, "code": found["code"], "cpu": found["cpu"],
                       "most": found["most"]})  # fmt: skip


def job(home: Path, run: str, pictures: Path, count: int) -> None:
    """A job that is killed half way and goes on."""
    out = home / "answers.csv"
    asked = ["predict", run, str(pictures), "--out", str(out), "--json", "--workspace", str(home / "workspace")]
    first = Watched(home, *asked)
    rows = home / "workspace" / "predictions"

    def answered() -> int:
        found = next(iter(rows.glob("*/rows.jsonl")), None)
        return found.read_bytes().count(b"\n") if found else 0

    while answered() < count / 2 and first.process.poll() is None:
        time.sleep(0.2)
    first.process.kill()
    killed = first.ended()
    half = answered()
    second = Watched(home, *asked, "--resume")
    found = second.ended()
    names = [line.split(",")[0] for line in out.read_text().splitlines()[1:]]
    steady = second.memory[len(second.memory) // 3 :] or [0.0]
    LEDGER.append({
        "part": "predictions", "pictures": count, "killed_after": half, "code": found["code"],
        "answers": len(names), "different": len(set(names)), "cpu": killed["cpu"] + found["cpu"],
        "most": max(killed["most"], found["most"]), "from_to": [round(min(steady)), round(max(steady))],
    })  # fmt: skip


def main() -> None:
    if sys.argv[1:2] == ["child"]:
        Path(sys.argv[2]).mkdir(exist_ok=True)
        sys.exit(child(Path(sys.argv[2]), sys.argv[3:]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--without-parts", action="store_true", help="only the training and the job that is killed")
    options = parser.parse_args()
    for count in options.pictures:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            home = Path(name)
            make(home / "pictures", count)
            settings = ["--picture-size", "32", "--freeze", "layer4", "--epochs", "4", "--groups", "none"]
            workspace = ["--workspace", str(home / "workspace"), "--json"]
            trained = Watched(home, "train", str(home / "pictures"), *settings, *workspace).ended()
            LEDGER.append({"part": "training and test", "pictures": count, "code": trained["code"],
                           "cpu": trained["cpu"], "most": trained["most"]})  # fmt: skip
            run = str(trained["answer"]["run"])
            if not options.without_parts:
                parts(home, run, count)
            job(home, run, home / "pictures" / "test", count)


if __name__ == "__main__":
    main()
