"""A studio with people at a low rate for an hour or longer: do memory, threads, files and sockets grow?

    python benchmarks/soak.py --minutes 60 --folder /tmp/soak

Each pupil signs in, loads the page, brings in a zip, trains, follows the training, tries pictures, reloads, deletes the
run and the data set for good, and signs out; then waits. A line a minute goes to ``FOLDER/soak.jsonl``, each error with
its traceback to ``FOLDER/errors.jsonl``; a benchmark that was stopped goes on from there, with a new server, whose
first minutes are left out as those of the first are.

At its end each figure has its slope an hour, by least squares over the second half of the last server, and a verdict:
growth is what is larger than ``ALLOWED`` of it and than twice its own error. The result is a line in
``results/soak.jsonl``. Needs Linux (``/proc``).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sqlite3
import threading
import time
import traceback
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx
from idle import seconds_used
from ledger import Ledger
from pupils import Browser, RefusedError, Server, add_pupils, drawn_zip

from resnet_studio.service.people import schema
from resnet_studio.workspace import Workspace

ALLOWED = {"memory_mb": 20.0, "threads": 2.0, "open_files": 3.0, "sockets": 3.0, "files": 10.0, "sessions": 1.0}
"""Growth in an hour that is no leak: what caches and allocators still gain."""
PATIENCE = 600.0
"""Seconds until an answer: how fast it is on a machine that does other things too is no question here."""
LOOKS = 12
"""In a minute, at memory: a training takes some and gives it back, so the least of them is what stays."""
DIFFERENT = 6
"""Different zips, over and over: what was imported once has been in every cache after that."""


class Counts:
    """What the pupils did; what went wrong is written to ``file`` with its traceback. Safe to use from threads."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self.errors: list[str] = []
        self._file = file

    def did(self, what: str) -> None:
        with self._lock:
            self.done[what] += 1

    def failed(self, error: BaseException) -> None:
        with self._lock:
            self.errors.append(f"{type(error).__name__} {str(error)[:200]}")
            where = traceback.format_exception(error)
            said = {"at": time.time(), "error": self.errors[-1], "text": str(error)[:4000], "traceback": where[-12:]}
            with self._file.open("a") as out:
                out.write(json.dumps(said) + "\n")


def lesson(base: str, name: str, number: int, counts: Counts) -> None:
    """One round of one pupil."""
    browser = Browser(base, PATIENCE)
    try:
        browser.sign_in(name)
        browser.load()
        content = drawn_zip(number % DIFFERENT)
        dataset = browser.bring("drawn", content)
        counts.did("brought")
        run = browser.train(dataset, epochs=1, picture_size=32)
        phase = browser.until_over(run)
        counts.did(f"training_{phase}")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            pictures = [archive.read(each) for each in archive.namelist()[:3]]
        for picture in pictures:
            browser.ask(f"run:{run}", "picture.png", picture)
            counts.did("asked")
        browser.load()
        browser.offer()
        for path in ("report.csv", "model.safetensors"):
            browser.client.get(f"studio/runs/{run}/{path}").raise_for_status()
        browser.delete_run(run)
        browser.delete_dataset(dataset)
        for entry in (run, dataset):
            browser.call("remove_for_good", event={"entry": entry})
        browser.sign_out()
        counts.did("rounds")
    except (RefusedError, httpx.HTTPError, KeyError, ValueError) as error:
        counts.failed(error)
    finally:
        browser.close()


def pupil(base: str, name: str, every: float, until: float, counts: Counts) -> None:
    """Rounds of one pupil until then, beginning every so many seconds."""
    number = random.randrange(DIFFERENT)
    time.sleep(random.uniform(0, every / 2))
    while time.monotonic() < until:
        begun = time.monotonic()
        lesson(base, name, number, counts)
        number += 1
        time.sleep(max(1.0, min(every - (time.monotonic() - begun), until - time.monotonic())))


def memory_mb(server: Server) -> float:
    """What the server has in memory at this moment."""
    assert server.process is not None
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def looked_at(server: Server) -> dict[str, float]:
    """What else the server has at this moment."""
    assert server.process is not None
    process = Path(f"/proc/{server.process.pid}")
    targets = []
    for each in (process / "fd").iterdir():
        try:
            targets.append(str(each.readlink()))
        except OSError:
            continue
    kept = [path for path in server.workspace.rglob("*") if path.is_file()]
    inside = [path.relative_to(server.workspace).parts[0] for path in kept]
    with closing(sqlite3.connect(server.workspace / schema.FILE)) as database:
        sessions = database.execute("SELECT count(*) FROM sessions").fetchone()[0]
    return {
        "threads": len(list((process / "task").iterdir())),
        "open_files": sum(not each.startswith("socket:") for each in targets),
        "sockets": sum(each.startswith("socket:") for each in targets),
        "files": sum(place not in ("temporary", "cache", "bin") for place in inside),
        "uploads": inside.count("temporary"), "cached": inside.count("cache"), "bin": inside.count("bin"),
        "sessions": sessions, "cpu_s": round(seconds_used(server.process.pid), 1),
    }  # fmt: skip


def slope(times: list[float], values: list[float]) -> tuple[float, float]:
    """The slope by least squares an hour, and its standard error."""
    count = len(times)
    mean, level = sum(times) / count, sum(values) / count
    spread = sum((each - mean) ** 2 for each in times)
    if count < 3 or not spread:
        return 0.0, float("inf")
    by = sum((at - mean) * (value - level) for at, value in zip(times, values, strict=True)) / spread
    left = sum((value - level - by * (at - mean)) ** 2 for at, value in zip(times, values, strict=True))
    return 60 * by, 60 * (left / (count - 2) / spread) ** 0.5


def judged(lines: list[dict[str, float]]) -> dict[str, object]:
    """Slopes over the second half of what the last server did, and what grows."""
    last = [line for line in lines if line["server"] == lines[-1]["server"]]
    half = last[len(last) // 2 :]
    times = [line["minute"] for line in half]
    slopes = {name: slope(times, [line[name] for line in half]) for name in ALLOWED}
    grows = [name for name, (by, error) in slopes.items() if by > ALLOWED[name] and by > 2 * error]
    shown = {name: [round(by, 2), round(error, 2)] for name, (by, error) in slopes.items()}
    level = {name: [half[0][name], half[-1][name]] for name in (*ALLOWED, "most_memory_mb", "uploads", "cached", "bin")}
    return {"minutes": len(last), "slope_an_hour_and_error": shown, "from_to": level, "grows": grows,
            "verdict": "grows" if grows else "flat"}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--pupils", type=int, default=3)
    parser.add_argument("--every", type=float, default=90.0, help="seconds from one round of a pupil to the next")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=7997)
    parser.add_argument("--nice", type=int, default=0)
    given = parser.parse_args()
    random.seed(0)
    given.folder.mkdir(parents=True, exist_ok=True)
    workspace, file = Workspace.open(given.folder / "workspace"), given.folder / "soak.jsonl"
    if not (workspace.root / "accounts.sqlite3").exists():
        add_pupils(workspace, given.pupils)
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    first = len(lines)
    server, counts = Server(workspace.root, given.port, nice=given.nice), Counts(given.folder / "errors.jsonl")
    server.start()
    number = int(lines[-1]["server"]) + 1 if lines else 0
    try:
        until = time.monotonic() + 60 * (given.minutes - first) + 5
        threads = [
            threading.Thread(target=pupil, args=(server.base, f"Pupil {n:02d}", given.every, until, counts))
            for n in range(given.pupils)
        ]
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        for minute in range(first, given.minutes):
            looks = []
            for look in range(1, LOOKS + 1):
                time.sleep(max(0.0, begun + 60 * (minute - first + look / LOOKS) - time.monotonic()))
                looks.append(memory_mb(server))
            line = {
                "minute": minute,
                "server": number,
                **looked_at(server),
                "memory_mb": min(looks),
                "most_memory_mb": max(looks),
                **counts.done,
                "errors": len(counts.errors),
            }
            lines.append(line)
            with file.open("a") as out:
                out.write(json.dumps(line) + "\n")
        for thread in threads:
            thread.join(300)
    finally:
        server.stop()
    found = judged(lines)
    Ledger("soak").append({
        "pupils": given.pupils, "every_s": given.every, **found, "did": dict(counts.done),
        "errors": len(counts.errors), "kinds": sorted(set(counts.errors))[:5], "load": round(os.getloadavg()[0], 1),
    })  # fmt: skip


if __name__ == "__main__":
    main()
