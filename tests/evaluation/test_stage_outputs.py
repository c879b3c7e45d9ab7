"""What the stages make of pictures is kept, and the same as when it is computed again."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import made
import pytest
import torch

import resnet_studio as studio
from resnet_studio.data import cache as cache_module
from resnet_studio.data.cache import ArrayCache
from resnet_studio.evaluation.stage_outputs import Looker
from resnet_studio.prediction import Predictor
from resnet_studio.workspace import Workspace


def no_room(_: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.slow
@pytest.mark.parametrize("features", [pytest.param("layer3+layer4", marks=pytest.mark.long), "layer4"])
def test_new_pictures_alone_are_computed_and_all_are_as_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, features: str
) -> None:
    if features == "layer4":  # heads on two stages know the published widths; for the rest of the file
        request.getfixturevalue("narrow")
    files = {f"{'ab'[n % 2]}/{n}.png": made.encoded(made.scene(n, 32)) for n in range(12)}
    folder = made.write(tmp_path / "set", {**files, "a/copy.png": files["a/0.png"], "b/no.png": b"no picture"})
    workspace = Workspace.open(tmp_path / "workspace")
    data = studio.open_data(folder, workspace)
    run = studio.train(data, workspace=workspace, epochs=1, freeze="layer4", features=features, picture_size=32)
    pictures = sorted(folder.rglob("*.png"))
    contents = [path.read_bytes().hex()[-60:] for path in pictures]
    predictor, cache = Predictor(run.best, device="cpu"), ArrayCache(tmp_path / "cache")
    counted: list[int] = []
    activations = Predictor.activations

    def counting(self: Predictor, some: Any, **more: Any) -> Any:
        counted.append(len(some))
        return activations(self, some, **more)

    monkeypatch.setattr(Predictor, "activations", counting)
    wanted = Looker(predictor).outputs(pictures, contents)
    assert counted.pop() == 14 and len(wanted.places) == 13
    with monkeypatch.context() as full:
        full.setattr(cache_module, "reserve", no_room)
        assert Looker(predictor, cache).outputs(pictures[:8], contents[:8]).places == wanted.places[:8]
    assert counted.pop() == 8  # and nothing was kept
    Looker(predictor, cache).outputs(pictures[:8], contents[:8])
    found = Looker(predictor, cache).outputs(pictures, contents)
    assert counted.pop(0) == 8 and counted.pop(0) == 6
    again = Looker(predictor, cache).outputs(pictures[:5], contents[:5])
    assert counted == [] and again.places == wanted.places[:5]
    assert found.places == wanted.places
    for name, rows in (*wanted.stages.items(), ("logits", wanted.logits)):
        torch.testing.assert_close({**found.stages, "logits": found.logits}[name], rows, atol=1e-4, rtol=1e-4)
