"""A head on the features of layer3 and layer4: trained, resumed, exported and drawn as it is computed."""

import itertools

import pytest
import torch
import torchvision
from made import class_files, write
from PIL import Image

from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import ConfigError
from resnet_studio.evaluation import heatmaps
from resnet_studio.events import Finished, Interrupted
from resnet_studio.model import anatomy, checkpoint, foreign, joined, resnet
from resnet_studio.model.exports import formats
from resnet_studio.model.exports.source import Source
from resnet_studio.prediction import Predictor
from resnet_studio.service.forecast import Forecaster
from resnet_studio.training import plan
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive
from resnet_studio.ui.drawn import network
from resnet_studio.workspace import Workspace

JOINED = "layer3+layer4"
SETTINGS = TrainConfig(
    weights="starter", features=JOINED, epochs=5, batch_size=8, picture_size=32, precision="fp32", device="cpu",
    augmentation="none",
)  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace.open(tmp_path_factory.mktemp("joined") / "workspace")


@pytest.fixture(scope="module")
def new_run(workspace):
    folder = write(workspace.root.parent / "data", class_files({"round": 12, "square": 12}))
    dataset = open_data(folder, workspace)
    return lambda **changes: plan.new_run(dataset, SETTINGS.replace(**changes), workspace)


@pytest.fixture(scope="module")
def run(new_run):
    made = new_run()
    assert isinstance(drive(made, Control()), Finished)
    return made


def features_of(state, pictures):
    """The pooled features of both stages, by torchvision's own network."""
    plain = torchvision.models.resnet18(num_classes=2).eval()
    body = {name: value for name, value in state.items() if not name.startswith(("fc.", "avgpool."))}
    assert not plain.load_state_dict(body, strict=False).unexpected_keys
    seen = {}
    for stage in ("layer3", "layer4"):
        keep = lambda _, __, output, stage=stage: seen.update({stage: output.flatten(2).mean(2)})  # noqa: E731
        getattr(plain, stage).register_forward_hook(keep)
    with torch.no_grad():
        plain(pictures)
    return torch.cat([seen["layer4"], seen["layer3"]], 1)


def test_more_than_the_head_trained_is_refused_and_auto_means_the_head_alone(new_run):
    with pytest.raises(ConfigError, match="only where the head is trained alone"):
        TrainConfig(features=JOINED, freeze="layer3")
    assert new_run().config.freeze == "layer4"
    assert new_run(features="layer4").config.freeze == "layer3"


@pytest.mark.slow
def test_the_answer_is_that_of_both_stages_computed_apart(run):
    model = checkpoint.load(run.best).model
    state = model.state_dict()
    pictures = torch.randn(5, 3, 40, 52, generator=torch.Generator().manual_seed(1))  # layer3's sides are odd: 3 by 4
    found = features_of(state, pictures)
    standard = (found - state["avgpool.1.running_mean"]) / (state["avgpool.1.running_var"] + 1e-5).sqrt()
    with torch.no_grad():
        assert torch.allclose(model(pictures), standard @ state["fc.weight"].T + state["fc.bias"], atol=1e-4)
    assert (state["fc.weight"][:, 512:].abs().sum(1) > 0.1).all()
    count = anatomy.parameters(18, classes=2, freeze="layer4", features=JOINED)
    assert sum(count.values()) == sum(value.numel() for value in model.fc.parameters()) == 2 * 769


@pytest.mark.slow
def test_features_are_standardised_by_those_of_the_training_pictures(run):
    loaded = checkpoint.load(run.best)
    split = split_of(run)
    files = [split.path(sample) for sample in split.train]
    pictures = [checkpoint.preprocess(Image.open(file).convert("RGB"), loaded.card.preprocessing) for file in files]
    found = features_of(loaded.model.state_dict(), torch.stack(pictures))
    layer = joined.standardiser(loaded.model)
    assert torch.allclose(layer.running_mean, found.mean(0), atol=1e-3)
    lively = found.var(0, correction=0) > 0.02 * found[:, :512].var(0, correction=0).mean()
    assert lively.sum() > 256
    assert torch.allclose(layer.running_var[lively], found.var(0, correction=0)[lively], rtol=0.02)
    assert (layer.running_var > 0).all()


@pytest.mark.slow
def test_a_resumed_training_ends_in_the_same_bits_and_its_weights_go_on(run, new_run):
    class Once(Control):
        looks = itertools.count()

        @property
        def request(self):
            if next(self.looks) == 25:
                self.pause()
            return super().request

    broken = new_run()
    assert isinstance(drive(broken, Once()), Interrupted)
    assert isinstance(drive(broken, Control()), Finished)
    first, second = (checkpoint.load(each.best).model.state_dict() for each in (run, broken))
    assert all(torch.equal(first[name], second[name]) for name in first)

    for features, head in ((JOINED, True), ("layer4", False)):
        after = new_run(weights=str(run.best), features=features, freeze="layer4", epochs=1, learning_rate=1e-8)
        assert isinstance(drive(after, Control()), Finished)
        card = checkpoint.read_card(after.best)
        assert (card.features, card.weights_origin["detail"]["head"]) == (features, head)
        state = checkpoint.load(after.best).model.state_dict()
        if head:
            assert torch.equal(state["avgpool.1.running_mean"], first["avgpool.1.running_mean"])
            assert torch.allclose(state["fc.weight"], first["fc.weight"], atol=1e-4)


LONG = [pytest.param(name, marks=pytest.mark.long) for name in ("pt2", "onnx-int8")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["safetensors-half", "onnx", "huggingface", *LONG])
def test_every_format_answers_alike_or_says_that_it_cannot(name, run, tmp_path, monkeypatch):
    predictor = Predictor(run.best, device="cpu")
    format, target = formats.get(name), tmp_path / f"model{formats.get(name).suffix}"
    calibration = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0)).numpy()
    if name == "huggingface":
        with pytest.raises(ConfigError, match="features of layer4"):
            format.write(Source(run.best), target)
        return
    format.write(Source(run.best, calibration=calibration), target)
    monkeypatch.chdir(tmp_path)
    used = {"__name__": "used"}
    exec(format.code(predictor.card, target.name), used)
    for colour in ("red", "white"):
        Image.new("RGB", (50, 40), colour).save(tmp_path / "picture.png")
        (said,) = predictor([tmp_path / "picture.png"])
        close = {"onnx-int8": 0.2, "safetensors-half": 0.02}.get(name, 1e-4)
        assert dict(used["predict"]("picture.png"))[said.label] == pytest.approx(said.probability, abs=close)


@pytest.mark.slow
def test_its_own_files_come_back_with_both_stages(run, tmp_path):
    formats.get("pt").write(Source(run.best), tmp_path / "a.pt")
    card = foreign.convert(
        tmp_path / "a.pt", tmp_path / "b.safetensors", foreign.ImportOptions(classes=["round", "square"])
    )
    pictures = torch.randn(2, 3, 32, 32)
    ours, theirs = checkpoint.load(run.best), checkpoint.load(tmp_path / "b.safetensors")
    assert card.features == JOINED == ours.card.features and ours.card.to_json()["version"] == 7
    assert torch.equal(ours.model(pictures), theirs.model(pictures))


@pytest.mark.slow
def test_maps_are_grad_cam_of_layer4_s_own_output(run):
    predictor = Predictor(run.best, device="cpu")
    assert heatmaps.method_of(predictor.model) == "grad-cam"
    (found,) = heatmaps.heat_maps(predictor, [Image.new("RGB", (32, 32), "red")])
    assert found.method == "grad-cam" and found.heat.shape == (1, 1)
    activations = predictor.activations([Image.new("RGB", (32, 32), "red")], stages=("layer3", "layer4"))
    assert [activations.stages[name].shape[1] for name in ("layer3", "layer4")] == [256, 512]
    assert activations.features.shape[1] == 768
    assert heatmaps.method_of(resnet.build(18, 2)) == "cam"


def test_the_drawing_shows_the_way_past_layer4():
    for language, words in (("en", "features of layer3 beside"), ("zh", "同时使用 layer3 和 layer4")):
        drawn = network.drawing(18, "layer4", classes=2, features=JOINED, language=language)
        assert "link joined" in drawn and words in drawn
        assert "link joined" not in network.drawing(18, "layer4", classes=2, language=language)


@pytest.mark.parametrize("name", ["resnet50", "seresnet18"])
def test_other_networks_and_heads_see_both_stages_too(name):
    if name == "seresnet18":
        pytest.importorskip("timm")
    model = resnet.build(name, 3, head="hidden", hidden_units=8, features=JOINED).eval()
    parts = resnet.cut(model, "layer4")
    pictures = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        seen = parts.prefix(pictures)
        assert seen.shape == (2, model.architecture.features * 3 // 2)
        assert torch.equal(parts.suffix(seen), model(pictures))
    seen = torch.randn(50, seen.shape[1], generator=torch.Generator().manual_seed(0)) * 3 + 7
    seen[:, -1] = 7
    joined.standardise(model, [seen[:20], seen[20:]])
    standard = joined.standardiser(model)(seen[..., None, None]).flatten(1)
    assert torch.allclose(standard.mean(0), torch.zeros(standard.shape[1]), atol=1e-4)
    assert torch.allclose(standard[:, :-1].std(0, correction=0), torch.ones(standard.shape[1] - 1), atol=1e-3)
    dead = joined.standardiser(model)(torch.full((1, standard.shape[1], 1, 1), 8.0))[0, -1]
    assert 0 < float(dead) < 10  # a feature that is always the same is not blown up


def test_before_there_are_pictures_the_drawing_says_that_the_head_alone_is_trained(workspace):
    forecaster = Forecaster(workspace)
    assert forecaster.forecast(TrainConfig(features=JOINED), None).frozen_to_the_end == "layer4"
    assert forecaster.forecast(TrainConfig(), None).frozen_to_the_end == "auto"
