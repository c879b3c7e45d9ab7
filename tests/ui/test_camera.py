"""Live answers on Predict, as a visitor reaches them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import made
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs
from PIL import Image

from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page import sent_pictures
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")

HERE = "http://127.0.0.1:7860"
CLASSES = ("cup <b>", "笔")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.open(tmp_path_factory.mktemp("live") / "workspace")


@pytest.fixture(scope="module")
def model(workspace: Workspace) -> str:
    how = Preprocessing(resize=36, crop=32)
    network = resnet.build(18, 2).state_dict()
    checkpoint.save(workspace.imports / "live.safetensors", network, Card(classes=CLASSES, depth=18, preprocessing=how))
    return "import:live.safetensors"


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(build_app(workspace, NoJobs()), base_url=HERE, client=("127.0.0.1", 50_000)) as started:
        started.get("/")
        yield started


def frame(side: int = 64, kind: str = "JPEG") -> bytes:
    """A frame as a camera's page sends it."""
    written = io.BytesIO()
    Image.new("RGB", (side, side), (200, 40, 40)).save(written, kind)
    return written.getvalue()


def ask(client: TestClient, model: str, content: bytes, **headers: str) -> Any:
    return client.post("/studio/predict/live", params={"model": model}, content=content, headers=headers)


def test_a_frame_is_answered_with_the_best_classes(client: TestClient, model: str) -> None:
    answer = ask(client, model, frame()).json()
    names, shares = zip(*answer["scores"], strict=True)
    assert set(names) == set(CLASSES) and sum(shares) == pytest.approx(1, abs=1e-3) and shares[0] >= shares[1]
    assert answer["level"] in ("unrated", "unsure")  # nothing was tested, so nothing is sure


@pytest.mark.parametrize(
    "content",
    [
        b"", b"hello", frame()[:200], frame(kind="GIF"), frame(kind="TIFF"), frame(sent_pictures.MOST_SIDE + 1),
        made.picture()[:40],
    ],
)  # fmt: skip
def test_what_is_no_frame_is_refused_with_a_sentence(client: TestClient, model: str, content: bytes) -> None:
    answer = ask(client, model, content)
    assert answer.status_code == 400 and answer.json()["problem"].strip()


@pytest.mark.parametrize(
    "key", ["", "run:", "run:../x", "import:../browser-secret", "import:gone.safetensors", "x" * 300]
)
def test_a_model_is_known_by_its_key_alone(client: TestClient, model: str, key: str) -> None:
    assert model
    assert ask(client, key, frame()).status_code == 400


def test_too_large_and_from_elsewhere_is_refused(client: TestClient, model: str) -> None:
    assert ask(client, model, frame() + bytes(sent_pictures.MOST_BYTES)).status_code == 413
    assert ask(client, model, frame(), origin="https://evil.example").status_code == 403
    stranger = TestClient(client.app, base_url=HERE, client=("127.0.0.1", 50_001))
    assert ask(stranger, model, frame()).status_code == 403
