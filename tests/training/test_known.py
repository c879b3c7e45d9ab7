"""What a training knows of its pictures at its end is not computed again, and is the same as if it were."""

import made
import pytest
import torch
from sweeps import few

import resnet_studio as studio
from resnet_studio.evaluation import unlikeness
from resnet_studio.evaluation.strangers import strangers
from resnet_studio.prediction import Predictor
from resnet_studio.training import finishing
from resnet_studio.training import known as known_pictures
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]


@few("freeze", ["layer2", "layer1", "layer3"])
def test_no_picture_of_the_set_is_looked_at_again_and_all_scores_are_those_of_looking(tmp_path, monkeypatch, freeze):
    files = {f"{'ab'[n % 2]}/{n}.png": made.encoded(made.scene(n, 24)) for n in range(40)}
    folder, workspace = made.write(tmp_path / "set", files), Workspace.open(tmp_path / "workspace")
    counted, pairs, through = [], [], []
    activations, measure = Predictor.activations, finishing.measure

    def counting(self, pictures, **more):
        counted.append(len(pictures))
        return activations(self, pictures, **more)

    def both(*given, known, **more):
        counted.clear()
        through.clear()
        found = measure(*given, known=known, **more)
        split = given[2]
        assert sum(through) == len(split.train) + len(split.validation)  # those for testing were scored just before
        assert sum(counted) == sum(map(len, strangers()))
        pairs.append((found, measure(*given, **more)))
        assert sum(counted) == 2 * sum(map(len, strangers())) + len(files)
        return found

    monkeypatch.setattr(Predictor, "activations", counting)
    monkeypatch.setattr(finishing, "measure", both)
    suffix = known_pictures.through_suffix
    monkeypatch.setattr(known_pictures, "through_suffix", lambda m, some: through.append(len(some)) or suffix(m, some))
    settings = {
        "weights": "scratch",
        "epochs": 8,
        "picture_size": 32,
        "batch_size": 16,
        "precision": "fp32",
        "device": "cpu",
    }
    studio.train(studio.open_data(folder, workspace), workspace=workspace, freeze=freeze, **settings)
    ((known, looked),) = pairs
    assert isinstance(known, unlikeness.Unlikeness)
    assert known.test and torch.allclose(torch.tensor(known.test), torch.tensor(looked.test), atol=1e-3)
    assert known.accepted.scores == pytest.approx(looked.accepted.scores, abs=1e-3)
