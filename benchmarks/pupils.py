"""What benchmarks with people share: a studio with accounts as it is started, and pupils' browsers that speak to it.

A :class:`Browser` does over HTTP what the page does: signs in, uploads a zip and follows its import, starts a training
with the page's own form, follows it by the live request, asks about pictures, deletes.
"""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from resnet_studio.config import TrainConfig
from resnet_studio.service.people import secrets_of
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.store import People
from resnet_studio.workspace import Workspace

CODE = ("cat", "sun", "boat", "cat")
PASSWORD = "correct horse battery"
FIELDS = [each.name for each in fields(TrainConfig)]
FORM = {each.name: each.default for each in fields(TrainConfig)}


class RefusedError(Exception):
    """The studio answered with a sentence that says why not."""


class Server:
    """``resnet-studio ui --accounts`` on a workspace, as a process of its own."""

    def __init__(self, workspace: Path, port: int, *, nice: int = 0, options: Sequence[str] = ()) -> None:
        self.workspace, self.port, self.base = workspace, port, f"http://127.0.0.1:{port}/"
        self._nice, self._options = nice, options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; the seconds until it answers."""
        begun = time.monotonic()
        command = [sys.executable, "-m", "resnet_studio", "ui", "--accounts", "--port", str(self.port)]
        command += ["--workspace", str(self.workspace), *self._options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, preexec_fn=lambda: os.nice(self._nice)
        )
        while True:
            try:
                httpx.get(f"{self.base}healthz", timeout=60)
                return time.monotonic() - begun
            except httpx.TransportError:
                if self.process.poll() is not None:
                    raise SystemExit("the server has ended") from None
                time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:  # on a machine that has no time for it
                self.kill()


def add_pupils(workspace: Workspace, count: int) -> list[Person]:
    """``count`` pupils with the picture code :data:`CODE`, and a teacher with :data:`PASSWORD`."""
    accounts = Accounts(People(workspace.root))
    accounts.open_class("Benchmark")
    accounts.people.add("Teacher", "teacher", secrets_of.hashed(PASSWORD))
    hashed = secrets_of.hashed(secrets_of.code_of(CODE))
    found = [accounts.people.add(f"Pupil {n:02d}", "pupil", hashed, kind="pictures") for n in range(count)]
    accounts.people.close()
    return found


def drawn_zip(seed: int, count: int = 8, side: int = 48) -> bytes:
    """A zip of two classes of small drawings, the same for the same ``seed``."""
    rng, out = random.Random(seed), io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for label in ("round", "square"):
            for number in range(count):
                picture = Image.new("RGB", (side, side), tuple(rng.randrange(256) for _ in range(3)))
                at, size = rng.randrange(side // 2), rng.randrange(side // 4, side // 2)
                shape = ImageDraw.Draw(picture)
                (shape.ellipse if label == "round" else shape.rectangle)((at, at, at + size, at + size), fill="white")
                part = io.BytesIO()
                picture.save(part, "PNG")
                archive.writestr(f"{label}/{number}.png", part.getvalue())
    return out.getvalue()


def some_of(archive: bytes, seed: int, each: int) -> bytes:
    """A zip with ``each`` pictures of every class of the zip ``archive``, chosen by ``seed``."""
    rng, out = random.Random(seed), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as whole, zipfile.ZipFile(out, "w") as part:
        classes: dict[str, list[str]] = {}
        for name in whole.namelist():
            if not name.endswith("/"):
                classes.setdefault(name.rpartition("/")[0], []).append(name)
        for names in classes.values():
            for name in sorted(rng.sample(names, min(each, len(names)))):
                part.writestr(name, whole.read(name))
    return out.getvalue()


class Browser:
    """One browser. What it asks for is refused with :class:`RefusedError` where the studio says why not.

    ``heard`` is called with the text of every answer.
    """

    def __init__(self, base: str, timeout: float = 120) -> None:
        self.client = httpx.Client(base_url=base, timeout=timeout)
        self.session = uuid.uuid4().hex
        self.functions: dict[str, int] = {}
        self.heard: Callable[[str], None] = lambda _: None

    def close(self) -> None:
        """Close the window."""
        self.client.close()

    # ---- people

    def sign_in(self, name: str, **secret: Any) -> None:
        """Sign in, by the pictures of :data:`CODE` where nothing else is given."""
        self.post("studio/people/sign-in", name=name, **(secret or {"pictures": list(CODE)}))

    def sign_out(self) -> None:
        """Sign out here."""
        self.post("studio/people/sign-out")

    def post(self, path: str, **values: Any) -> dict[str, Any]:
        """Send ``values`` as JSON; what is answered."""
        answer = self.client.post(path, json=values)
        self.heard(answer.text)
        if answer.status_code >= 400:
            raise RefusedError(f"{path}: {answer.status_code} {answer.text[:200]}")
        return dict(answer.json())

    def load(self) -> None:
        """Load the page, as a new window or a reload does."""
        self.client.get("").raise_for_status()
        config = self.client.get("config").raise_for_status().json()
        self.heard(json.dumps(config))
        self.functions = {each["api_name"]: each["id"] for each in config["dependencies"] if each.get("api_name")}
        self.session = uuid.uuid4().hex

    # ---- events

    def call(self, name: str, *data: Any, event: Any = None) -> list[Any]:
        """What the handler ``name`` answers at once."""
        body = {"data": list(data), "fn_index": self.functions[name], "session_hash": self.session, "event_data": event}
        answer = self.client.post("gradio_api/run/predict", json=body)
        self.heard(answer.text)
        if answer.status_code != 200:
            raise RefusedError(f"{name}: {answer.status_code} {answer.text[:200]}")
        return list(answer.json()["data"])

    def queue(self, name: str, *data: Any, event: Any = None) -> list[Any]:
        """What the handler ``name`` answers at last, through the queue as the page asks."""
        body = {"data": list(data), "fn_index": self.functions[name], "session_hash": self.session, "event_data": event}
        asked = self.client.post("gradio_api/queue/join", json=body)
        if asked.status_code != 200:
            raise RefusedError(f"{name}: {asked.status_code} {asked.text[:200]}")
        event_id, last = asked.json()["event_id"], []
        for said in self._answers():
            if said.get("event_id") != event_id:
                continue
            if said["msg"] in ("process_generating", "process_completed") and not said.get("success", True):
                raise RefusedError(f"{name}: {said.get('output')}")
            if said["msg"] == "process_completed":
                return list(said["output"].get("data") or last)
        raise RefusedError(f"{name}: no answer")

    def _answers(self) -> Iterator[dict[str, Any]]:
        with self.client.stream("GET", "gradio_api/queue/data", params={"session_hash": self.session}) as answers:
            for line in answers.iter_lines():
                if line.startswith("data:"):
                    self.heard(line)
                    yield json.loads(line[5:])

    # ---- the work of a lesson

    def upload(self, name: str, content: bytes) -> str:
        """Where the server keeps what was sent."""
        answer = self.client.post("gradio_api/upload", files={"files": (name, content)})
        if answer.status_code != 200:
            raise RefusedError(f"upload: {answer.status_code} {answer.text[:200]}")
        return str(answer.json()[0])

    def bring(self, name: str, archive: bytes) -> str:
        """Upload a zip, and follow its import; the id of the data set."""
        sent = self.upload(f"{name}.zip", archive)
        picked = {"name": f"{name}.zip", "files": [[f"{name}.zip", sent]], "left_out": 0}
        importing, note = self.queue("_picked", event=picked)[:2]
        if not importing:
            raise RefusedError(f"import: {note}")
        outputs = self.queue("following_2", importing)
        if not isinstance(outputs[2], str):
            raise RefusedError(f"import: {[each for each in outputs if isinstance(each, str) and each]}")
        return outputs[2]

    def train(self, dataset: str, **settings: Any) -> str:
        """Start a training by the page's form; the id of the run."""
        form = [{**FORM, **settings}[name] for name in FIELDS]
        run, problem = self.queue("start", dataset, *form, 1)[:2]
        if problem or not isinstance(run, str):
            raise RefusedError(f"start: {problem}")
        return run

    def live(self, run: str, seen: str = "") -> dict[str, Any] | None:
        """What is new about ``run``, once there is something; None where nothing was for a while."""
        answer = self.client.get("studio/live", params={"run": run, "seen": seen, "lang": "en"})
        self.heard(answer.text)
        if answer.status_code == 204:
            return None
        if answer.status_code != 200:
            raise RefusedError(f"live: {answer.status_code}")
        return dict(answer.json())

    def until_over(self, run: str, seconds: float = 600) -> str:
        """Follow ``run`` to its end; its phase then."""
        seen, phase, until = "", "", time.monotonic() + seconds
        while time.monotonic() < until:
            news = self.live(run, seen)
            if news:
                seen, phase = str(news["seen"]), str(news["phase"])
                if phase in ("finished", "stopped", "failed", "interrupted"):
                    return phase
        return phase

    def ask(self, model: str, name: str, picture: bytes) -> tuple[float, str]:
        """Seconds from choosing a picture to its answer, and the answer."""
        begun = time.perf_counter()
        file = {"path": self.upload(name, picture), "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        answer = self.queue("ask_picture", model, None, file)
        return time.perf_counter() - begun, str(answer[0])

    def offer(self) -> str:
        """What the Predict tab offers when it is opened."""
        return json.dumps(self.call("show_3", None, None, None))

    def delete_run(self, run: str) -> None:
        """Move ``run`` into the bin."""
        self.call("remove", event={"run": run})

    def delete_dataset(self, dataset: str) -> None:
        """Move ``dataset`` into the bin."""
        self.queue("removed", None, event={"key": dataset})
