"""A lesson: thirty pupils with accounts follow their trainings and try pictures; the server trains for them in turns.

    python benchmarks/lesson.py photos.zip --weights resnet18.safetensors --pupils 30 --minutes 10

The server has accounts and a class. Each pupil signs in over HTTP, has a training of their own in the queue (it takes
turns between them), follows it by the live request as a page does, and tries pictures on the model that the teacher
handed out: upload, queue, answer. Reported: how long an answer took from choosing the picture, errors, answers that
named a run of somebody else, trainings that ended. Each call is a line in ``results/lesson.jsonl``.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
from ledger import Ledger
from serving import User

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import resnet_studio as studio
from resnet_studio.belonging import PERSON
from resnet_studio.config import TrainConfig
from resnet_studio.service.people import secrets_of, sharing
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.store import People
from resnet_studio.training.plan import new_run
from resnet_studio.workspace import Run, Workspace

SERVER = """
import sys
from pathlib import Path
import uvicorn
from resnet_studio.limits import Limits
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.store import People
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.app import build_app
from resnet_studio.workspace import Workspace
workspace = Workspace.open(Path(sys.argv[1]))
jobs = Jobs(workspace)
for run in sys.argv[3:]:
    jobs.submit(workspace.run(run))
app = build_app(workspace, jobs, warm=True, limits=Limits(), accounts=Accounts(People(workspace.root)))
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""
CODE = ("cat", "sun", "boat", "cat")


class Pupil:
    """A browser of one pupil: signed in, watching, trying pictures."""

    def __init__(self, base: str, person: Person, run: Run, others: list[str]) -> None:
        self.base, self.person, self.run, self.others = base, person, run, others
        self.errors: list[str] = []
        self.leaks: list[str] = []
        self.looks = 0
        self.cookies = self._signed_in()

    def _signed_in(self) -> httpx.Cookies:
        with httpx.Client(base_url=self.base, timeout=60) as client:
            body = {"name": self.person.name, "pictures": list(CODE)}
            client.post("studio/people/sign-in", json=body).raise_for_status()
            return client.cookies

    def watch(self, until: float) -> None:
        """Follow the own training until then, as the page does."""
        seen = ""
        with httpx.Client(base_url=self.base, timeout=60, cookies=self.cookies) as client:
            while time.perf_counter() < until:
                try:
                    answer = client.get("studio/live", params={"run": self.run.id, "seen": seen, "lang": "en"})
                    self.looks += 1
                    if answer.status_code == 200:
                        seen = str(answer.json().get("seen", ""))
                        self.leaks += [name for name in self.others if name in answer.text]
                    elif answer.status_code != 204:
                        self.errors.append(f"live {answer.status_code}")
                except httpx.HTTPError as error:
                    self.errors.append(f"live {type(error).__name__}")
                time.sleep(0.4)

    def try_pictures(self, user: User, until: float, think: float, waits: list[float]) -> None:
        """Ask about one picture after the other until then."""
        time.sleep(random.uniform(0, think))
        while time.perf_counter() < until:
            try:
                waits.append(user.ask())
            except (httpx.HTTPError, AssertionError, KeyError, ValueError) as error:
                self.errors.append(f"ask {type(error).__name__} {str(error)[:80]}")
            time.sleep(random.expovariate(1 / think))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--weights", default="auto")
    parser.add_argument("--pupils", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--think", type=float, default=10.0, help="mean seconds between an answer and the next picture")
    parser.add_argument("--port", type=int, default=7998)
    given = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace = Workspace.open(Path(folder))
        dataset = studio.open_data(given.data, workspace)
        settings = {"weights": given.weights, "freeze": "layer4", "epochs": 2}
        answering = studio.train(dataset, workspace=workspace, **settings)
        sharing.share(workspace, "run", answering.id, shared=True)
        accounts, hashed = Accounts(People(workspace.root)), secrets_of.hashed(secrets_of.code_of(CODE))
        accounts.open_class("Benchmark")
        people = [
            accounts.people.add(f"Pupil {number:02d}", "pupil", hashed, kind="pictures")
            for number in range(given.pupils)
        ]
        config = TrainConfig(weights=given.weights, freeze="layer4", epochs=3)
        runs = [
            new_run(dataset, config, workspace, facts={"owner": f"{PERSON}{each.id}", "name": f"secret of {each.name}"})
            for each in people
        ]
        pictures = [dataset.path(sample) for sample in dataset.samples[:50]]
        command = [sys.executable, "-c", SERVER, folder, str(given.port), *(run.id for run in runs)]
        server = subprocess.Popen(command, cwd=ROOT)
        try:
            base = f"http://127.0.0.1:{given.port}/"
            while True:
                try:
                    httpx.get(f"{base}healthz", timeout=60)
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            pupils = [
                Pupil(base, person, run, [f"secret of {each.name}" for each in people if each is not person])
                for person, run in zip(people, runs, strict=True)
            ]
            with httpx.Client(base_url=base, cookies=pupils[0].cookies, timeout=120) as client:
                page = client.get("config").json()
            users = [User(base, page, f"run:{answering.id}", pictures, cookies=each.cookies) for each in pupils]
            waits: list[float] = []
            until = time.perf_counter() + 60 * given.minutes
            threads = [threading.Thread(target=each.watch, args=(until,)) for each in pupils] + [
                threading.Thread(target=each.try_pictures, args=(user, until, given.think, waits))
                for each, user in zip(pupils, users, strict=True)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            errors = [error for each in pupils for error in each.errors]
            Ledger("lesson").append({
                "pupils": given.pupils, "minutes": given.minutes, "think_s": given.think, "answers": len(waits),
                "median_s": round(statistics.median(waits), 3),
                "p95_s": round(statistics.quantiles(waits, n=20)[-1], 3), "worst_s": round(max(waits), 3),
                "live_answers": sum(each.looks for each in pupils), "errors": len(errors),
                "kinds": sorted(set(errors))[:5],
                "others_named": sum(len(each.leaks) for each in pupils),
                "trainings_ended": sum(run.state().finished is not None for run in runs),
                "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", ""), "load": round(os.getloadavg()[0], 1),
            })  # fmt: skip
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
