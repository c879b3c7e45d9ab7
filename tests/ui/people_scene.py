"""A studio with accounts, in which one pupil owns one thing of each kind; every text of them holds a canary."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hand_made
import made
from fastapi.testclient import TestClient
from PIL import Image

from resnet_studio import belonging, labels
from resnet_studio.acting import acting_as
from resnet_studio.batching import Prediction
from resnet_studio.data import intake
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.predicting.jobs import Request
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.exchange import attacks
from resnet_studio.service.people.exchange.entries import Exchange
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.secrets_of import code_of, hashed
from resnet_studio.service.people.store import People
from resnet_studio.service.thumbnails import Thumbnail
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui import shell
from resnet_studio.ui.app import prepare_environment
from resnet_studio.ui.page.access import Access
from resnet_studio.ui.page.context import Studio
from resnet_studio.workspace import Run, Workspace

HERE = "http://127.0.0.1:7860"
CANARY = "kanarie7f31"
COLOUR = (201, 7, 133)
"""Of every picture of the owner."""
CLASSES = (f"{CANARY}-a", f"{CANARY}-b")
PASSWORD, PICTURES = "correct horse battery", ("cat", "sun", "cat", "boat")


class StillJobs(Jobs):
    """A queue that takes runs and trains none."""

    def submit(self, *runs: Run) -> None:
        """Nothing is trained here."""


class Scene:
    """The server; ``ids`` are those of the owner's things by kind."""

    portal: Any = None

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace.open(folder / "workspace")
        prepare_environment(self.workspace)
        self.accounts = Accounts(People(self.workspace.root))
        self.teacher = self.accounts.people.add("Teacher", "teacher", hashed(PASSWORD))
        self.owner, self.other = self._pupil("Owner"), self._pupil("Other")
        self.studio = Studio(self.workspace, StillJobs(self.workspace), Access(), accounts=self.accounts)
        self.app = shell.mount(self.studio, warm=False)
        self.clients = {
            "nobody": self.client(), "other": self.signed_in(self.other), "owner": self.signed_in(self.owner),
            "teacher": self.signed_in(self.teacher),
        }  # fmt: skip
        with acting_as(self.owner):
            self.ids = self._things(folder)

    def _pupil(self, name: str) -> Person:
        return self.accounts.people.add(name, "pupil", hashed(code_of(PICTURES)), kind="pictures")

    def client(self) -> TestClient:
        client = TestClient(self.app, base_url=HERE, client=("127.0.0.1", 50_000))
        client.portal = self.portal
        return client

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within, the app has begun, and all clients share its event loop: one for each request takes longer."""
        with self.clients["nobody"] as first:
            self.portal = first.portal
            for client in self.clients.values():
                client.portal = self.portal
            self._settled()
            yield

    def signed_in(self, person: Person) -> TestClient:
        client = self.client()
        secret = {"password": PASSWORD} if person.staff else {"pictures": PICTURES}
        answer = client.post("/studio/people/sign-in", json={"name": person.name, **secret})
        assert answer.status_code == 200, answer.text
        return client

    @property
    def blocks(self) -> Any:
        return next(route.app for route in self.app.routes if hasattr(getattr(route, "app", None), "get_blocks")).blocks

    def _things(self, folder: Path) -> dict[str, str]:
        files = {f"{name}/{CANARY}{n}.png": picture(n) for name in CLASSES for n in range(4)}
        dataset = intake.from_zip(made.zipped(folder / f"{CANARY}.zip", files), self.workspace)
        belonging.append(dataset.root / belonging.BROUGHT, f"{belonging.PERSON}{self.owner.id}")
        run = hand_made.new_run(self.workspace, name="owners", classes=CLASSES, dataset=dataset.id)
        labels.write(run.folder, name=f"{CANARY}-run", note=CANARY)
        hand_made.train(run, epochs=2)
        hand_made.finish(run, hand_made.report_of(run, wrong={0: 1}))
        card = Card(classes=CLASSES, depth=18, preprocessing=Preprocessing(resize=36, crop=32))
        checkpoint.save(run.best, resnet.build(18, 2, seed=1).state_dict(), card)
        model = folder / f"{CANARY}.safetensors"
        model.write_bytes(run.best.read_bytes())
        request = Request(
            models=(f"run:{run.id}",), model_name=CANARY, classes=CLASSES, title=CANARY, sources=(),
            started_by=f"{belonging.PERSON}{self.owner.id}",
        )  # fmt: skip
        job = self.studio.predictions.jobs.new(request, [(f"{CANARY}.png", _file(folder / "one.png", picture(9)))])
        sent = self.clients["owner"].post("/gradio_api/upload", files={"files": (f"{CANARY}.png", picture(5))})
        return {
            "dataset": dataset.id, "run": run.id, "prediction": job.id, "upload": sent.json()[0],
            "model": checkpoint.import_checkpoint(model, self.workspace).name,
            "picture": self.studio.album.keep(Thumbnail(picture(3), "image/png")), "exchanged": self._attacked(run),
        }  # fmt: skip

    def _attacked(self, run: Run) -> str:
        """The run is in the exchange, which is closed again, with an attack of the teacher on it."""
        exchange, said = Exchange(self.workspace), Prediction(CLASSES[0], 0.9, ((CLASSES[0], 0.9),))
        with acting_as(None):
            exchange.set_open(open=True)
            entry = exchange.bring(run)
            shown = Image.open(io.BytesIO(picture(7)))
            attacks.attack(exchange, entry, shown, said, CLASSES[1], f"{belonging.PERSON}{self.teacher.id}")
            exchange.set_open(open=False)
        return entry.id

    def _settled(self) -> None:
        """Wait until the server has ended the prediction that it found, which changes files by itself."""
        predictions = self.studio.predictions
        job = predictions.jobs.all()[0]
        for _ in range(3_000):
            if predictions.state(job).status in ("done", "failed") and not job.lock().held():
                return
            time.sleep(0.01)
        raise AssertionError(predictions.state(job))

    def handlers(self) -> Iterator[tuple[int, Any]]:
        yield from ((index, each) for index, each in self.blocks.fns.items() if each.fn)

    def event(self, who: str, index: int, data: list[Any], event: Any = None) -> Any:
        body = {"data": data, "fn_index": index, "session_hash": f"s{who}", "event_data": event}
        return self.clients[who].post("/gradio_api/run/predict", json=body)

    def routes(self) -> set[tuple[str, str]]:
        """Method and path of every route that is open."""
        found = set(_routes_in(self.app))
        gradio = next(each.app for each in self.app.routes if hasattr(getattr(each, "app", None), "get_blocks"))
        return found | set(_routes_in(gradio))

    def owners_files(self) -> dict[str, tuple[int, int]]:
        """All files of the owner's things, by when they were written and how long they are."""
        places = [self.workspace.root / place for place in ("datasets", "runs", "predictions", "imports")]
        files = [file for place in places for file in place.rglob("*") if file.is_file()]
        return {str(file): (file.stat().st_mtime_ns, file.stat().st_size) for file in files}


def picture(seed: int) -> bytes:
    """A picture in the owner's colour."""
    image, buffer = Image.new("RGB", (24, 24), COLOUR), io.BytesIO()
    image.putpixel((seed % 24, seed // 24), (255, 255, 255))
    image.save(buffer, "PNG")
    return buffer.getvalue()


def tells(answer: Any, scene: Scene) -> str:
    """What an answer tells of the owner's things; empty where nothing."""
    if answer.headers.get("content-type", "").startswith("image/") and answer.status_code == 200:
        return "a picture"
    text = answer.text
    for id in scene.ids.values() if answer.status_code >= 400 else ():
        text = text.replace(id, "what was asked for")
    if CANARY in text:
        return "a text"
    known = [name for name in (*scene.ids.values(), scene.owner.id) if name in text]
    return f"an id: {known[0]}" if known else ""


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _routes_in(router: Any) -> Iterator[tuple[str, str]]:
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from _routes_in(route.original_router)
        for method in getattr(route, "methods", None) or ():
            yield method, route.path
