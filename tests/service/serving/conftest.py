"""A service whose model is computed by hand: the share of red in a picture, without a network."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import made
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from resnet_studio.batching import BatchedModel
from resnet_studio.model.activations import Activations
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.http.metrics import Metrics
from resnet_studio.service.serving.catalogue import Selection
from resnet_studio.service.serving.drift import Expected
from resnet_studio.service.serving.limits import Limits
from resnet_studio.service.serving.models import Served
from resnet_studio.service.serving.server import Endpoint, Serving
from resnet_studio.workspace import Workspace

PREDICT_FORM = "/v1/models/{name}/predict"
PLAIN = Preprocessing(resize=8, crop=8, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class ByColour(BatchedModel):
    """Says "red" of pictures that are more red than blue; what is black is none of both."""

    def __init__(self, *, swapped: bool = False) -> None:
        super().__init__(("red", "blue"), PLAIN, accepted=0.5)
        self.sign, self.batches = -1 if swapped else 1, []

    def compute(self, batch, stages=()):
        self.batches.append(len(batch))
        red, blue = batch[:, 0].mean((1, 2)), batch[:, 2].mean((1, 2))
        logits = self.sign * 10 * torch.stack([red - blue, blue - red], 1)
        unlike = (batch.mean((1, 2, 3)) < 0.02).double()
        return Activations(logits, torch.zeros(len(batch), 0), unlike=unlike)


def served(name="cups", version="1", **values):
    values = {"answers": ByColour(), "expected": Expected((50, 50), 3, 100), **values}
    return Served(name, version, engine="torch", network="resnet18", sha256="0" * 64, tells_unknown=True, **values)


def colour(rgb):
    return made.encoded(Image.new("RGB", (12, 12), rgb))


RED, BLUE, BLACK = colour((220, 10, 10)), colour((10, 10, 220)), colour((0, 0, 0))


def in_text(*pictures):
    return {"pictures": [base64.b64encode(each).decode() for each in pictures]}


def serving(tmp_path: Path, *models: Served, endpoint=None, limits=None, shadows=None):
    selection = Selection(models or (served(),), shadows or {})
    there = Workspace.open(tmp_path / "workspace")
    return Serving(selection, endpoint or Endpoint(), limits or Limits(), there, lambda _: None, Metrics())


def client_of(server: Serving, host: str = "127.0.0.1") -> TestClient:
    return TestClient(server.app(), base_url=f"http://{host}:8000", client=("127.0.0.1", 50_000))


@pytest.fixture
def client(tmp_path):
    return client_of(serving(tmp_path))


def limited(**values):
    return replace(Limits(), **values)
