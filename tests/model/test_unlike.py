"""How unlike all training pictures a picture is: against plain numpy, in the file, and where the line is drawn."""

import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from sweeps import few

from resnet_studio.errors import CheckpointError
from resnet_studio.model.acceptance import Acceptance
from resnet_studio.model.checkpoint import Card, Preprocessing, load, read_card, save, set_accepted
from resnet_studio.model.export import export_pt
from resnet_studio.model.exports import formats
from resnet_studio.model.exports.source import Source
from resnet_studio.model.header import opened, read_header
from resnet_studio.model.resnet import build
from resnet_studio.model.state import plain_state
from resnet_studio.model.unlike import EVERYTHING, METHODS, fit
from resnet_studio.prediction import Predictor

CARD = Card(
    classes=("a", "b", "c"),
    depth=18,
    preprocessing=Preprocessing(resize=40, crop=32),
    unlike=Acceptance((1.0, 2.0, 3.0)),
)
WIDTHS = {"layer2": 128, "layer3": 256, "layer4": 512}


def features(count, seed=0, shift=0.0, version=2):
    draw = torch.Generator().manual_seed(seed)
    rows = {stage: torch.rand(count, 2 * width, generator=draw) for stage, width in WIDTHS.items()}
    moved = {stage: each + shift * (torch.arange(each.shape[1]) % 2) for stage, each in rows.items()}
    return METHODS[version].of_pooled(moved)


def labels(count):
    return torch.arange(count) % 3


BEFORE = replace(CARD, unlike=replace(CARD.unlike, version=1))
"""Of a checkpoint that was written before the spreads were looked at."""


def saved(folder, card):
    path, version = folder / "best.safetensors", card.unlike.version
    torch.manual_seed(0)
    save(path, build(18, 3).state_dict(), card, fit(features(60, version=version), labels(60), version))
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("unlike"), CARD)


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("before"), BEFORE)


@pytest.mark.parametrize(("version", "stages", "least"), [(1, 3, 0.3), (2, 2, 1.0)])
def test_the_score_is_that_of_the_definition(version, stages, least):
    seen, other = features(90, version=version), features(7, seed=1, shift=0.1, version=version)
    wanted = np.zeros(7)
    assert len(seen) == stages
    for stage in seen:
        rows = seen[stage].double().numpy()
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        means = np.stack([rows[label::3].mean(0) for label in range(3)])
        centred = rows - means[np.arange(90) % 3]
        covariance = centred.T @ centred / 90
        inverse = np.linalg.inv(covariance + least * np.trace(covariance) / len(covariance) * np.eye(len(covariance)))
        asked = other[stage].double().numpy()
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
        away = asked[:, None] - means
        wanted += np.log(np.einsum("nci,ij,ncj->nc", away, inverse, away).min(1)) / stages
    assert fit(seen, labels(90), version).scores(other).tolist() == pytest.approx(wanted.tolist(), abs=1e-4)


def test_a_channel_is_its_mean_and_its_standard_deviation_over_the_picture():
    output = torch.rand(2, 5, 3, 4)
    values = output.double().numpy()
    both = np.concatenate([values.mean((2, 3)), values.std((2, 3))], 1)
    assert METHODS[2].pool(output).numpy() == pytest.approx(both, abs=1e-6)
    assert METHODS[1].pool(output).numpy() == pytest.approx(both[:, :5], abs=1e-6)
    assert METHODS[2].pool(output[:, :, :1, :1])[:, 5:].tolist() == [[0.0] * 5] * 2  # of a single place
    taken = METHODS[1].of_pooled({stage: EVERYTHING.pool(output) for stage in WIDTHS})
    assert taken.keys() == WIDTHS.keys() and torch.equal(taken["layer2"], METHODS[1].pool(output))


def test_what_is_like_the_training_pictures_scores_lower_than_what_is_not():
    def ranged(count, seed, kind):
        """What varies in ten directions, which are those of a ``kind``."""
        draw, of_kind = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(kind)
        return {
            stage: torch.relu(torch.randn(count, 10, generator=draw) @ torch.randn(10, width, generator=of_kind) + 1)
            for stage, width in WIDTHS.items()
        }

    reference = fit(ranged(200, 0, kind=0), labels(200))
    known, other = reference.scores(ranged(40, 1, kind=0)), reference.scores(ranged(40, 2, kind=5))
    assert known.max() < other.min()


@pytest.mark.slow
def test_the_reference_comes_back_and_the_weights_stay_those_of_the_network_alone(sound, tmp_path):
    loaded, seen = load(sound), features(9, seed=4)
    assert torch.equal(loaded.reference.scores(seen), fit(features(60), labels(60)).scores(seen))
    assert loaded.card.unlike == CARD.unlike and read_card(sound).to_json()["version"] == 7
    assert plain_state(sound).keys() == loaded.model.state_dict().keys() == build(18, 3).state_dict().keys()
    assert torch.load(export_pt(sound, tmp_path), weights_only=True).keys() == loaded.model.state_dict().keys()


@pytest.mark.slow
def test_a_checkpoint_of_before_keeps_its_method(before, tmp_path):
    """To the byte of its tensors, after another share was chosen too, and a studio of before still reads it."""
    copy = shutil.copyfile(before, tmp_path / "copy.safetensors")
    loaded, seen = load(copy), features(9, seed=4, version=1)
    wanted = fit(features(60, version=1), labels(60), 1).scores(seen)
    assert loaded.reference.version == 1 and torch.equal(loaded.reference.scores(seen), wanted)
    assert read_card(copy).to_json()["version"] == 4 and "version" not in read_card(copy).to_json()["unlike"]
    set_accepted(copy, 0.9)
    again = load(copy)
    assert again.card.unlike.version == again.reference.version == 1 and again.card.unlike.accept == 0.9
    assert torch.equal(again.reference.scores(seen), wanted)


def test_a_reference_of_another_version_than_the_card_says_is_refused(tmp_path):
    state = build(18, 3).state_dict()
    with pytest.raises(ValueError, match="go together"):
        save(tmp_path / "a.safetensors", state, BEFORE, fit(features(60), labels(60)))
    for version in (0, 3, "2", True):
        with pytest.raises(ValueError, match="version"):
            replace(CARD.unlike, version=version)


@pytest.mark.slow
@few("name, version", [
    ("safetensors", 2), ("onnx", 1), ("onnx", 2), ("safetensors", 1), ("safetensors-half", 2), ("pt", 2), ("pt2", 2),
    ("huggingface", 2), ("pt2", 1), ("huggingface", 1),
], keep=3)  # fmt: skip
def test_files_for_other_programs_say_none_of_these_as_the_studio_does(
    name, version, sound, before, tmp_path, monkeypatch
):
    """Their own code is run; in a process of its own it is by each certificate."""
    from PIL import Image

    sound = sound if version == 2 else before
    format, target = formats.get(name), tmp_path / f"model{formats.get(name).suffix}"
    format.write(Source(sound), target)
    monkeypatch.chdir(tmp_path)
    used = {"__name__": "used"}
    exec(format.code(read_card(sound), target.name), used)
    for colour in ("red", "white"):
        Image.new("RGB", (50, 40), colour).save(tmp_path / "picture.png")
        (said,) = Predictor(sound, device="cpu")([tmp_path / "picture.png"])
        scores = dict(used["predict"]("picture.png"))
        close = 0.02 if format.lossy else 1e-4
        assert scores[said.label] == pytest.approx(said.probability, abs=close)
        assert used["unlike"]("picture.png") == pytest.approx(said.unlike, abs=close)
        assert used["unknown"]("picture.png") == said.unknown


@pytest.mark.slow
def test_a_flipped_byte_in_the_reference_is_refused(sound, tmp_path):
    with opened(sound, "x") as file:
        header = read_header(file, "x")
    for name in (f"unlike.{stage}.{part}" for stage in METHODS[2].stages for part in ("means", "basis", "floor")):
        place, copy = header.tensors[name], shutil.copyfile(sound, tmp_path / "copy.safetensors")
        content = bytearray(copy.read_bytes())
        content[header.size + place.begin + 1] ^= 1
        copy.write_bytes(content)
        with pytest.raises(CheckpointError) as caught:
            load(copy)
        assert caught.value.key == "error.checkpoint.damaged"


def test_a_reference_without_its_card_and_a_card_without_its_reference_are_refused(tmp_path):
    state = build(18, 3).state_dict()
    for card, reference in ((CARD, None), (replace(CARD, unlike=None), fit(features(60), labels(60)))):
        with pytest.raises(ValueError, match="go together"):
            save(tmp_path / "a.safetensors", state, card, reference)


@pytest.mark.slow
def test_a_chosen_share_is_in_the_file_and_is_what_a_predictor_goes_by(sound, tmp_path):
    from PIL import Image

    copy = shutil.copyfile(sound, tmp_path / "copy.safetensors")
    pictures = [Image.new("RGB", (40, 40), colour) for colour in ("red", "white")]
    said = Predictor(copy, device="cpu")(pictures)
    assert all(each.unknown == (each.unlike > 3.0) for each in said)
    low = min(each.unlike for each in said) - 1
    save(copy, load(copy).model.state_dict(), replace(CARD, unlike=Acceptance((low,))), load(copy).reference)
    assert all(each.unknown for each in Predictor(copy, device="cpu")(pictures))
    assert not any(each.unknown for each in Predictor(copy, device="cpu", accept=1)(pictures))
    assert set_accepted(copy, 1.0).unlike.accept == read_card(copy).unlike.accept == 1
    again = Predictor(copy, device="cpu")(pictures)
    assert not any(each.unknown for each in again) and [each.unlike for each in again] == [each.unlike for each in said]


@pytest.mark.slow
def test_a_checkpoint_of_before_says_nothing_of_unlike_pictures(tmp_path):
    from PIL import Image

    save(tmp_path / "a.safetensors", build(18, 3).state_dict(), replace(CARD, unlike=None))
    (said,) = Predictor(tmp_path / "a.safetensors", device="cpu")([Image.new("RGB", (40, 40))])
    assert said.unlike is None and not said.unknown
    with pytest.raises(CheckpointError) as caught:
        set_accepted(tmp_path / "a.safetensors", 0.9)
    assert caught.value.sentence("en") and caught.value.sentence("zh")


@pytest.mark.parametrize(
    ("count", "accept", "rank", "few"),
    [(99, 0.97, 97, False), (33, 0.97, 33, False), (32, 0.97, 32, True), (19, 0.95, 19, False), (1, 0.5, 1, False)],
)
def test_the_line_is_where_conformal_prediction_draws_it(count, accept, rank, few):
    known = Acceptance.of([float(each) for each in range(count, 0, -1)]).at(accept)
    assert known.threshold == rank and known.few is few
    assert known.at(1.0).threshold == math.inf and not known.at(1.0).few


def test_many_scores_are_thinned_and_the_line_hardly_moves():
    draw = np.random.default_rng(0).normal(size=20_000)
    known = Acceptance.of(draw.tolist())
    assert len(known.scores) == 400 and Acceptance.from_json(known.to_json()).threshold == pytest.approx(
        known.threshold, abs=1e-4
    )
    assert (draw <= known.threshold).mean() == pytest.approx(0.97, abs=0.005)


@pytest.mark.parametrize("wrong", [(), (2.0, 1.0), (math.nan,), (math.inf,), tuple(range(401))])
def test_scores_that_no_checkpoint_has_are_refused(wrong):
    with pytest.raises(ValueError):
        Acceptance(wrong)
    for accept in (0, -1, 1.5, True, "0.9"):
        with pytest.raises(ValueError):
            Acceptance((1.0,), accept)
