"""Kills a studio with people in it at random instants: what was acknowledged before is there afterwards.

    python benchmarks/kills_people.py --kills 200 --servers 20

Most kills are of a worker process that does what the server's handlers do with the workspace: people are added, sign in
and out, join, change their secret and are removed; data sets are brought in, runs made and queued, shared, deleted and
taken back; submissions to a leaderboard; models in the exchange, attacked and judged; backups. It says what it has done
after each act, as an answer to a browser would. After each SIGKILL another process opens the workspace as the next
server does, and everything that was said has to be true: accounts, sessions, owners, sharing, tries, attacks, queue,
bin; the database is sound, and nothing is nobody's. The other kills are of whole servers with pupils at work over HTTP
(about 5 s of CPU each to start). One workspace is used on and on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import hand_made
import httpx
from ledger import Ledger
from PIL import Image
from pupils import Browser, RefusedError, Server, add_pupils, drawn_zip

from resnet_studio import belonging, cleaning
from resnet_studio.acting import acting_as
from resnet_studio.batching import Prediction
from resnet_studio.data import brought, intake, library
from resnet_studio.errors import StudioError
from resnet_studio.events import Queued
from resnet_studio.limits import Limits
from resnet_studio.service.people import schema, sharing
from resnet_studio.service.people.boards import Boards
from resnet_studio.service.people.exchange import attacks
from resnet_studio.service.people.exchange.entries import Exchange
from resnet_studio.service.people.store import People
from resnet_studio.training.waiting import left_waiting
from resnet_studio.upkeep.backup import back_up
from resnet_studio.upkeep.bin import Bin
from resnet_studio.upkeep.restore import check
from resnet_studio.workspace import Run, Workspace

PUPILS = 5
ANSWERING = "answering"
"""The run that is submitted to the leaderboard again and again; nobody's, and never deleted."""


class Worker:
    """Does one thing after the other with the workspace, and says what is done."""

    def __init__(self, root: Path, seed: int, say: Callable[[dict[str, Any]], None]) -> None:
        self.workspace, self.people = Workspace(root), People(root)
        self.rng, self.say = random.Random(seed), say
        self.bin, self.boards = Bin(self.workspace), Boards(self.workspace)
        self.exchange = Exchange(self.workspace, Limits(exchange_models_each=0, attacks_each=0))
        self.acts = [
            self.add_person, self.sign_in, self.sign_out, self.change_secret, self.remove_person, self.bring,
            self.bring, self.make_run, self.make_run, self.share, self.delete, self.take_back, self.submit,
            self.back_up, self.exchanged, self.attack, self.attack, self.judge,
        ]  # fmt: skip

    def work(self) -> None:
        """Until killed."""
        while True:
            act = self.rng.choice(self.acts)
            try:
                act()
            except (StudioError, IndexError, StopIteration):
                continue
            except Exception as error:  # what a handler would answer with "something unexpected"
                self.say({"did": "fault", "id": f"{act.__name__}: {error!r}"})
                raise

    def _pupil(self) -> Any:
        return self.rng.choice([each for each in self.people.all() if each.name.startswith("Pupil")])

    def add_person(self) -> None:
        added = self.people.add(f"Guest {self.rng.randrange(10**9)}", "pupil", "x")
        self.say({"did": "person", "id": added.id, "there": True})

    def remove_person(self) -> None:
        gone = next(each for each in self.people.all() if each.name.startswith("Guest"))
        self.say({"did": "person", "id": gone.id, "there": None})
        self.people.remove(gone)
        self.say({"did": "person", "id": gone.id, "there": False})

    def sign_in(self) -> None:
        person = self._pupil()
        self.say({"did": "session", "token": self.people.begin_session(person), "of": person.id})

    def sign_out(self) -> None:
        token = self.people.begin_session(self._pupil())
        self.people.end_session(token)
        self.say({"did": "session", "token": token, "of": ""})

    def change_secret(self) -> None:
        person, hash = self._pupil(), f"hash {self.rng.randrange(10**9)}"
        self.say({"did": "secret_begun", "id": person.id})  # its sessions may end from now on
        self.people.set_secret(person, hash, "pictures")
        self.say({"did": "secret", "id": person.id, "hash": hash})

    def bring(self) -> None:
        person = self._pupil()
        file = self.workspace.temporary / f"{self.rng.randrange(10**9)}.zip"
        file.write_bytes(drawn_zip(self.rng.randrange(10**6), count=2, side=16))
        with acting_as(person):
            made = intake.from_zip(file, self.workspace, purpose="look")
            brought.record(self.workspace, made.id, f"person:{person.id}")
        self.say({"did": "dataset", "id": made.id, "owner": person.id, "pictures": len(made.samples)})

    def make_run(self) -> None:
        person = self._pupil()
        with acting_as(person):
            about = {"dataset": "digits", "dataset_name": "digits", "classes": ["a"], **belonging.facts()}
            split = {"dataset": "digits", "root": "", "classes": ["a"], "train": [], "validation": [], "test": []}
            config = hand_made.TrainConfig()
            run = self.workspace.new_run("made", requested=config, resolved=config, about=about, split=split)
        self.say({"did": "run", "id": run.id, "owner": person.id})
        run.append(Queued(owner="gone", place=self.rng.randrange(1000)))
        self.say({"did": "queued", "id": run.id})

    def share(self) -> None:
        run, shared = self.rng.choice(self.workspace.runs()), self.rng.random() < 0.7
        self.say({"did": "share_begun", "id": run.id})
        sharing.share(self.workspace, "run", run.id, shared=shared)
        self.say({"did": "share", "id": run.id, "shared": shared})

    def delete(self) -> None:
        kind = self.rng.choice(["run", "dataset"])
        if kind == "run":
            id = self.rng.choice([run.id for run in self.workspace.runs() if run.id != ANSWERING])
            self.say({"did": "moving", "id": id})
            self.bin.put_run(self.workspace.run(id), "person:x")
        else:
            id = self.rng.choice(library.list_datasets(self.workspace)).id
            self.say({"did": "moving", "id": id})
            self.bin.put_dataset(id, "person:x")
        self.say({"did": "deleted", "id": id})

    def take_back(self) -> None:
        each = self.rng.choice(self.bin.listed())
        self.say({"did": "moving", "id": each.id})
        self.bin.take_back(each.entry, "person:x")
        self.say({"did": "back", "id": each.id})

    def submit(self) -> None:
        board, person = self.boards.all()[0], self._pupil()
        run = self.workspace.run(ANSWERING)
        made = self.boards.submit(board, run, f"person:{person.id}")
        self.say({"did": "submitted", "number": made.number, "who": f"person:{person.id}"})

    def exchanged(self) -> None:
        person = self._pupil()
        with acting_as(person):
            run = self.rng.choice(
                [run for run in self.workspace.runs() if person.id in belonging.of_run(run.folder).owners]
            )
            run.best.write_bytes(b"weights")
            entry = self.exchange.bring(run)
        self.say({"did": "exchanged", "id": entry.id, "owner": person.id})

    def attack(self) -> None:
        person, entry = self._pupil(), self.rng.choice(self.exchange.every())
        with acting_as(person):
            picture = Image.frombytes("RGB", (9, 8), self.rng.randbytes(216))
            said = Prediction("b", 0.9, (("b", 0.9), ("a", 0.1)))
            made = attacks.attack(self.exchange, entry, picture, said, "a", f"person:{person.id}")
        self.say({"did": "attack", "id": f"{entry.id}/{made.number}", "status": made.status})

    def judge(self) -> None:
        entry = self.rng.choice([each for each in self.exchange.every() if attacks.kept(each).attacks])
        number, counts = self.rng.choice(attacks.kept(entry).attacks).number, self.rng.random() < 0.5
        self.say({"did": "attack", "id": f"{entry.id}/{number}", "status": None})
        with acting_as(self.people.find(entry.owner)):
            judged = attacks.judge(self.exchange, entry, number, counts=counts)
        self.say({"did": "attack", "id": f"{entry.id}/{number}", "status": judged.status})

    def back_up(self) -> None:
        if self.rng.random() < 0.3:
            target = self.workspace.root.parent / "backup.zip"
            back_up(self.workspace, target, overwrite=True)
            self.say({"did": "backup"})


class Known:
    """What was said so far, by the thing it is about: the last word counts; None where an act was cut short."""

    def __init__(self) -> None:
        self.people: dict[str, bool | None] = {}
        self.sessions: dict[str, str] = {}
        self.secrets: dict[str, str | None] = {}
        self.owners: dict[str, str] = {}
        self.pictures: dict[str, int] = {}
        self.places: dict[str, str | None] = {}
        self.shared: dict[str, bool | None] = {}
        self.queued: set[str] = set()
        self.tries: dict[int, str] = {}
        self.exchanged: dict[str, str] = {}
        self.attacks: dict[str, str | None] = {}
        self.faults: list[str] = []
        self.backup = False

    def hear(self, said: dict[str, Any]) -> None:
        """One line of a worker."""
        did, id = said["did"], said.get("id", "")
        if did == "person":
            self.people[id] = said["there"]
        elif did == "session":
            self.sessions[said["token"]] = said["of"]
        elif did in ("secret_begun", "secret"):
            self.sessions = {token: of for token, of in self.sessions.items() if of != id}
            self.secrets[id] = said.get("hash")
        elif did in ("dataset", "run"):
            self.owners[id], self.places[id] = said["owner"], "there"
            self.pictures |= {id: said["pictures"]} if did == "dataset" else {}
        elif did == "queued":
            self.queued.add(id)
        elif did in ("share_begun", "share"):
            self.shared[id] = said.get("shared")
        elif did in ("moving", "deleted", "back"):
            self.places[id] = {"moving": None, "deleted": "bin", "back": "there"}[did]
        elif did == "submitted":
            self.tries[said["number"]] = said["who"]
        elif did == "exchanged":
            self.exchanged[id] = said["owner"]
        elif did == "attack":
            self.attacks[id] = said["status"]
        elif did == "fault":
            self.faults.append(id)
        elif did == "backup":
            self.backup = True

    def wrong(self, root: Path) -> list[str]:
        """What is not as it was said, as the next server finds it."""
        workspace, found = Workspace.open(root), list(self.faults)
        with closing(sqlite3.connect(root / schema.FILE)) as database:
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                found.append("database")
        boards, bin = Boards(workspace), Bin(workspace)
        boards.finish()
        cleaning.sweep(workspace)
        with closing(People(root)) as people:
            found += [
                f"person {id}" for id, there in self.people.items()
                if there is not None and (people.find(id) is not None) != there
            ]  # fmt: skip
            for token, of in self.sessions.items():
                person = people.session(token)
                found += [] if (person.id if person else "") == of else [f"session of {of}"]
            found += [f"secret {id}" for id, hash in self.secrets.items() if hash and people.hash_of(id) != hash]
        runs = {run.id: run for run in workspace.runs()}
        sets = {item.id: item for item in library.list_datasets(workspace)}
        binned = {each.id: each for each in bin.listed()}
        for id, place in self.places.items():
            there = id in runs or id in sets
            if there == (id in binned) or (place and (place == "there") != there):
                found.append(f"{id} is not {place}")
            if id in sets and sets[id].pictures != self.pictures.get(id):
                found.append(f"{id} has not its pictures")
            self.places[id] = "there" if there else "bin"
        things = {id: belonging.of_run(run.folder) for id, run in runs.items()}
        things |= {id: belonging.of_dataset(workspace.datasets / id) for id in sets}
        found += [f"{id} is nobody's" for id, thing in things.items() if not thing.owners and id != ANSWERING]
        found += [
            f"{id} has another owner" for id, thing in things.items()
            if id in self.owners and thing.owners != {self.owners[id]}
        ]  # fmt: skip
        found += [f"{id} in the bin is nobody's" for id, each in binned.items() if not each.owners]
        for id, shared in self.shared.items():
            if shared is not None and id in things and things[id].shared != shared:
                found.append(f"{id} shared")
        waiting = {run.id for run in left_waiting(workspace)}
        found += [f"{id} does not wait" for id in self.queued & set(runs) if id not in waiting]
        tries = {each.number: each.who for each in boards.all()[0].submissions()}
        found += [f"try {number}" for number, who in self.tries.items() if tries.get(number) != who]
        found += self._wrong_in_exchange(Exchange(workspace))
        if self.backup:
            check(root.parent / "backup.zip")
        return found

    def _wrong_in_exchange(self, exchange: Exchange) -> list[str]:
        entries = {entry.id: entry for entry in exchange.every()}
        found = [
            f"{id} in the exchange" for id, of in self.exchanged.items() if id not in entries or entries[id].owner != of
        ]
        there = {f"{id}/{each.number}": each for id, entry in entries.items() for each in attacks.kept(entry).attacks}
        for id, status in self.attacks.items():
            if id not in there or (status and there[id].status != status):
                found.append(f"attack {id} is not {status}")
        for id, each in there.items():
            attacks.picture_of(entries[id.split("/")[0]], each)  # raises where it is not there
        return found


def prepared(folder: Path) -> Workspace:
    """A workspace with pupils, a leaderboard and a model that can be submitted."""
    workspace = Workspace.open(folder / "workspace")
    add_pupils(workspace, PUPILS)
    file = folder / "sealed.zip"
    file.write_bytes(drawn_zip(-1))
    Boards(workspace).create(intake.from_zip(file, workspace).id, "Board", 100)
    Exchange(workspace).set_open(open=True)
    config = hand_made.TrainConfig()
    run = workspace.new_run("answering", requested=config, resolved=config, about={"name": "a"}, split={})
    run.folder.rename(run.folder.with_name(ANSWERING))
    Run(workspace.root / "runs" / ANSWERING).best.write_bytes(b"weights")
    return workspace


def kill_worker(root: Path, seed: int, known: Known, found: Counter[str], kinds: Counter[str]) -> None:
    """One worker, killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            Worker(root, seed, lambda said: os.write(writing, json.dumps(said).encode() + b"\n") and None).work()
        finally:
            os._exit(1)
    os.close(writing)
    lines = bytearray()
    rng, begun = random.Random(seed), time.process_time()
    wanted = rng.randrange(1, 12)  # so many acts, and then at an instant of the next one
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while lines.count(b"\n") < wanted and (part := pipe.read(4096)):
            lines += part
        time.sleep(rng.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        while part := pipe.read(65536):
            lines += part
    os.waitpid(child, 0)
    said = [json.loads(line) for line in bytes(lines).split(b"\n") if line.endswith(b"}")]
    for each in said:
        known.hear(each)
        kinds[each["did"]] += not each["did"].endswith("_begun") and each["did"] != "moving"
    found["kills"] += 1
    found["acts"] += len(said)
    found["cpu_ms"] += round(1000 * (time.process_time() - begun))


def kill_server(root: Path, port: int, seed: int, found: Counter[str]) -> list[str]:
    """A server with pupils at work, killed; what of their acknowledged work is gone when the next one answers."""
    server, rng = Server(root, port), random.Random(seed)
    server.start()
    done: list[tuple[str, str, str]] = []
    stop = threading.Event()

    def pupil(number: int) -> None:
        name = f"Pupil {number:02d}"
        with suppress(httpx.HTTPError, RefusedError, KeyError, ValueError, IndexError):
            browser = Browser(server.base)
            browser.sign_in(name)
            token = next(value for key, value in browser.client.cookies.items() if "session" in key)
            done.append(("session", name, token))
            browser.load()
            turn = 0
            while not stop.is_set():
                dataset = browser.bring("drawn", drawn_zip(rng.randrange(10**6), count=2, side=16))
                done.append(("dataset", name, dataset))
                done.append(("run", name, browser.train(dataset, epochs=1, picture_size=32)))
                turn += 1

    threads = [threading.Thread(target=pupil, args=(number,), daemon=True) for number in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while len(done) < rng.randrange(2, 6) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(rng.uniform(0, 1))
    server.kill()
    stop.set()
    acknowledged = list(done)
    workspace = Workspace(root)
    wrong = []
    with closing(People(root)) as people:
        ids = {each.name: each.id for each in people.all()}
        for _, name, token in (each for each in acknowledged if each[0] == "session"):
            person = people.session(token)
            wrong += [] if person and person.name == name else [f"server: session of {name}"]
    for kind, name, id in acknowledged:
        if kind == "dataset" and ids[name] not in belonging.of_dataset(workspace.datasets / id).owners:
            wrong.append(f"server: {id}")
        if kind == "run" and ids[name] not in belonging.of_run(workspace.root / "runs" / id).owners:
            wrong.append(f"server: {id}")
    found["server_kills"] += 1
    found["server_acts"] += len(acknowledged)
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--servers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=7996)
    given = parser.parse_args()
    found, kinds, wrong = Counter[str](), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace, known, begun = prepared(Path(folder)), Known(), time.monotonic()
        for number in range(given.kills):
            kill_worker(workspace.root, given.seed * 10**6 + number, known, found, kinds)
            wrong += known.wrong(workspace.root)
            if wrong:
                break
            if number % 10 == 9:
                print(f"{number + 1} kills, {found['acts']} acts", flush=True)
        for number in range(given.servers):
            # the picture codes that workers changed are set again
            wrong += kill_server(Path(folder) / "served", given.port, number, found) if _served(Path(folder)) else []
        counted = {"runs": len(workspace.runs()), "sets": len(library.list_datasets(workspace))}
        totals = {key: found[key] for key in ("kills", "acts", "server_kills", "server_acts")}
        took = round(time.monotonic() - begun)
        known_by = {"kinds": dict(kinds), "seed": given.seed, "wrong": wrong[:5], "seconds": took}
        Ledger("kills_people").append({**totals, **counted, **known_by})
    sys.exit(1 if wrong else 0)


def _served(folder: Path) -> bool:
    """Make the workspace of the servers, once."""
    root = folder / "served"
    if not root.exists():
        add_pupils(Workspace.open(root), PUPILS)
    return True


if __name__ == "__main__":
    main()
