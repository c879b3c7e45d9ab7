"""A lesson: thirty pupils with accounts bring pictures, train, follow their trainings and try pictures, on one server.

    python benchmarks/lesson.py photos.zip --pupils 30 --minutes 10

The server is ``resnet-studio ui --accounts``, as it is started. Each pupil has two windows. In one they upload a zip of
their own, start a training with the page's form (the queue takes turns between them), follow it by the live request to
its end, and begin anew. In the other they try pictures on the model that the teacher handed out: upload, queue, answer.
Everything that is answered to a pupil is searched for the names of what the others brought. Reported: how long an
answer took from choosing the picture, in all and of those that were asked for while something was trained; how long
intake and the start of a training took; errors; trainings that ended. Each call is a line in ``results/lesson.jsonl``.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from idle import seconds_used
from ledger import Ledger
from pupils import PASSWORD, Browser, RefusedError, Server, add_pupils, some_of

import resnet_studio as studio
from resnet_studio.service.people import sharing
from resnet_studio.workspace import Workspace

PROBLEMS = (RefusedError, httpx.HTTPError, KeyError, ValueError, IndexError)


class Class:
    """What happens to all of them. Safe to use from threads."""

    def __init__(self, names: Sequence[str]) -> None:
        self.secrets = {name: f"geheim{n:02d}x" for n, name in enumerate(names)}
        self._lock = threading.Lock()
        self.errors: list[str] = []
        self.leaks: list[str] = []
        self.seconds: dict[str, list[float]] = {"ask": [], "ask_in_training": [], "bring": [], "start": [], "load": []}
        self.phases: list[str] = []
        self.looks = 0
        self.training = False

    def took(self, what: str, seconds: float) -> None:
        with self._lock:
            self.seconds[what].append(seconds)

    def failed(self, what: str, error: BaseException) -> None:
        with self._lock:
            self.errors.append(f"{what} {type(error).__name__} {str(error)[:160]}")

    def heard(self, name: str, text: str) -> None:
        """``text`` was answered to the pupil ``name``."""
        if "geheim" in text:
            found = [secret for other, secret in self.secrets.items() if other != name and secret in text]
            with self._lock:
                self.leaks += [f"{name} was told of {secret}" for secret in found]


def window(base: str, name: str, everybody: Class) -> Browser:
    """A browser of the pupil ``name``, signed in, with the page open."""
    browser = Browser(base)
    browser.heard = lambda text: everybody.heard(name, text)
    browser.sign_in(name)
    begun = time.perf_counter()
    browser.load()
    everybody.took("load", time.perf_counter() - begun)
    return browser


def train_again_and_again(
    base: str, name: str, archive: bytes, until: float, everybody: Class, options: argparse.Namespace
) -> None:
    """The first window."""
    number = 0
    while time.perf_counter() < until:
        try:
            browser = window(base, name, everybody)
            while time.perf_counter() < until:
                content = some_of(archive, hash((name, number)) % 10**6, options.pictures)
                begun = time.perf_counter()
                dataset = browser.bring(f"{everybody.secrets[name]}-{number}", content)
                everybody.took("bring", time.perf_counter() - begun)
                begun = time.perf_counter()
                run = browser.train(dataset, epochs=options.epochs)
                everybody.took("start", time.perf_counter() - begun)
                everybody.phases.append(followed(browser, run, until, everybody))
                number += 1
        except PROBLEMS as error:
            everybody.failed("train", error)
            number += 1
            time.sleep(2)


def followed(browser: Browser, run: str, until: float, everybody: Class) -> str:
    """The last phase of ``run``, which is followed as a page does."""
    seen = phase = ""
    while time.perf_counter() < until:
        news = browser.live(run, seen)
        everybody.looks += 1
        if news:
            seen, phase = str(news["seen"]), str(news["phase"])
            everybody.training = bool(news["running"]) or phase == "running" or int(news["ahead"]) > 0
            if phase in ("finished", "stopped", "failed", "interrupted"):
                return phase
            time.sleep(0.2)
    return phase


def try_pictures(
    base: str, name: str, model: str, pictures: Sequence[Path], until: float, everybody: Class, think: float
) -> None:
    """The second window."""
    rng = random.Random(name)
    time.sleep(rng.uniform(0, think))
    while time.perf_counter() < until:
        try:
            browser = window(base, name, everybody)
            browser.offer()
            browser.call("describe", model)
            while time.perf_counter() < until:
                picture, training = rng.choice(pictures), everybody.training
                took, answer = browser.ask(model, picture.name, picture.read_bytes())
                if "predict-answer" not in answer:
                    raise RefusedError(answer[:200])
                for what in ("ask", *(["ask_in_training"] if training else [])):
                    everybody.took(what, took)
                time.sleep(rng.expovariate(1 / think))
        except PROBLEMS as error:
            everybody.failed("ask", error)
            time.sleep(2)


def figures(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst, in seconds."""
    if len(values) < 2:
        return {"count": len(values)}
    return {"count": len(values), "median_s": round(statistics.median(values), 3),
            "p95_s": round(statistics.quantiles(values, n=20)[-1], 3), "worst_s": round(max(values), 3)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--weights", default="auto", help="that the teacher's model begins with")
    parser.add_argument("--pupils", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--think", type=float, default=10.0, help="mean seconds between an answer and the next picture")
    parser.add_argument("--pictures", type=int, default=20, help="of each class in a pupil's zip")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--port", type=int, default=7998)
    parser.add_argument("--nice", type=int, default=0, help="of the server")
    given = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace = Workspace.open(Path(folder))
        dataset = studio.open_data(given.data, workspace)
        answering = studio.train(dataset, workspace=workspace, weights=given.weights, freeze="layer4", epochs=2)
        sharing.share(workspace, "run", answering.id, shared=True)
        names = [person.name for person in add_pupils(workspace, given.pupils)]
        pictures, archive = [dataset.path(sample) for sample in dataset.samples[:50]], Path(given.data).read_bytes()
        server, everybody = Server(workspace.root, given.port, nice=given.nice), Class(names)
        began = server.start()
        try:
            with Browser(server.base).client as teacher:
                teacher.post("studio/people/sign-in", json={"name": "Teacher", "password": PASSWORD}).raise_for_status()
            assert server.process is not None
            used, started = seconds_used(server.process.pid), time.perf_counter()
            until = started + 60 * given.minutes
            model = f"run:{answering.id}"
            threads = [
                threading.Thread(
                    target=train_again_and_again, args=(server.base, name, archive, until, everybody, given)
                )
                for name in names
            ] + [
                threading.Thread(
                    target=try_pictures, args=(server.base, name, model, pictures, until, everybody, given.think)
                )
                for name in names
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            used = seconds_used(server.process.pid) - used
            took = time.perf_counter() - started
        finally:
            server.stop()
        Ledger("lesson").append({
            "pupils": given.pupils, "minutes": given.minutes, "think_s": given.think, "start_up_s": round(began, 1),
            **{name: figures(values) for name, values in everybody.seconds.items()},
            "live_answers": everybody.looks, "errors": len(everybody.errors),
            "kinds": sorted(set(everybody.errors))[:5], "others_named": len(everybody.leaks),
            "trainings_ended": everybody.phases.count("finished"), "server_cores": round(used / took, 2),
            "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", ""), "load": round(os.getloadavg()[0], 1),
        })  # fmt: skip
    met = everybody.seconds["ask_in_training"]
    good = not everybody.errors and not everybody.leaks and len(met) > 1 and figures(met)["p95_s"] <= 0.5
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
