"""A trained network says of pictures of another kind that they are none of its classes."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.metrics import roc_auc_score

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import CheckpointError
from resnet_studio.evaluation import model_card
from resnet_studio.evaluation.strangers import named, separation, strangers
from resnet_studio.evaluation.unknown import SHARES, UNKNOWN
from resnet_studio.model import checkpoint
from resnet_studio.model.checkpoint import read_card
from resnet_studio.workspace import Run, Workspace


def digit(number, draw):
    """A digit written dark on light, each a little different."""
    page = Image.new("L", (32, 32), 245)
    ImageDraw.Draw(page).text((8, 3), str(number), fill=20, font_size=float(draw.integers(20, 26)))
    return page.rotate(float(draw.uniform(-10, 10)), fillcolor=245).convert("RGB")


def photograph(draw):
    """Coloured patches of all sizes, as a photograph of things has."""
    patches = draw.integers(0, 256, (int(draw.integers(3, 9)), int(draw.integers(3, 9)), 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((48, 48), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("unknown")


@pytest.fixture(scope="module")
def workspace(folder):
    return Workspace.open(folder / "workspace")


@pytest.fixture(scope="module")
def run(folder, workspace):
    draw = np.random.default_rng(0)
    for number in range(3):
        for at in range(45):
            path = folder / "digits" / f"digit {number}" / f"{at}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            digit(number, draw).save(path)
    data = studio.open_data(folder / "digits", workspace)
    return studio.train(
        data, workspace=workspace, weights="starter", freeze="layer3", epochs=2, picture_size=48, batch_size=16
    )


def files_of(folder, name, picture, count=40):
    draw = np.random.default_rng(1)
    (folder / name).mkdir(exist_ok=True)
    for at in range(count):
        picture(draw).save(folder / name / f"{at}.png")
    return sorted((folder / name).iterdir())


@pytest.mark.slow
def test_what_is_no_digit_is_none_of_these_and_digits_are_accepted(run, folder):
    split = split_of(run)
    known = studio.predict(run, *[split.path(sample) for sample in split.test])
    other = studio.predict(run, *files_of(folder, "photographs", photograph))
    order = np.argsort([each.unlike for each in (*known, *other)]).argsort() + 1
    area = (order[len(known) :].sum() - len(other) * (len(other) + 1) / 2) / (len(known) * len(other))
    assert area > 0.95
    assert np.mean([each.unknown for each in other]) > 0.9 and np.mean([each.unknown for each in known]) < 0.2


@pytest.mark.slow
def test_the_part_of_the_report_counts_the_test_pictures_as_predictions_do(run):
    found, split = studio.report(run).get(UNKNOWN), split_of(run)
    known = studio.predict(run, *[split.path(sample) for sample in split.test])
    right = [each.label == split.classes[sample.label] for each, sample in zip(known, split.test, strict=True)]
    accepted = [good for each, good in zip(known, right, strict=True) if not each.unknown]
    assert found.test == len(known) and found.chosen.accept == 0.97
    assert found.chosen.accepted == pytest.approx(len(accepted) / len(known))
    assert found.chosen.accuracy == pytest.approx(sum(accepted) / len(accepted))
    assert [point.accept for point in found.curve] == list(SHARES)
    shares = [point.accepted for point in found.curve]
    assert shares == sorted(shares, reverse=True) and shares[0] == 1
    assert UNKNOWN.from_json(json.loads(json.dumps(UNKNOWN.to_json(found)))) == found
    assert found.few == (found.validation < 33)


@pytest.mark.slow
def test_the_command_line_says_none_of_these_and_changes_how_readily(run, workspace, folder, capsys):
    (picture, *_) = files_of(folder, "photographs", photograph, 3)
    common = ["--json", "--workspace", str(workspace.root)]

    def said(*words):
        assert cli.main([*words, *common]) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    (row,) = said("predict", run.id, str(picture))["predictions"]
    assert row["unknown"] and row["level"] == "unknown" and row["unlike"] > read_card(run.best).unlike.threshold
    (row,) = said("predict", run.id, str(picture), "--accept", "all")["predictions"]
    assert not row["unknown"] and row["level"] != "unknown"
    assert said("set-unknown", run.id, "--accept", "all")["unknown"]["chosen"]["threshold"] is None
    assert not said("predict", run.id, str(picture))["predictions"][0]["unknown"]
    assert said("set-unknown", run.id, "--accept", "0.97")["unknown"]["chosen"]["accept"] == 0.97
    assert said("predict", run.id, str(picture))["predictions"][0]["unknown"]
    for wrong in ("0", "2", "many"):
        assert cli.main(["set-unknown", run.id, "--accept", wrong, *common]) == 2
        capsys.readouterr()


@pytest.mark.slow
def test_a_network_that_cannot_tell_strangers_says_so_and_accepts_everything(run, workspace, folder, capsys):
    """Trained weights tell written characters from digits in colour; a card that says they do not is believed."""
    card = read_card(run.best).unlike
    assert card.usable and card.separation > 0.6
    assert UNKNOWN.compute(studio.report(run)).sentence().startswith("Checked on pictures of no class")
    loaded = checkpoint.load(run.best)
    chance = replace(loaded.card, unlike=replace(card, separation=0.55))
    copy = Run(folder / "chance" / run.id)
    shutil.copytree(run.folder, copy.folder)
    checkpoint.save(copy.best, loaded.model.state_dict(), chance, loaded.reference)
    answers = studio.predict(copy.best, *files_of(folder, "photographs", photograph, 4))
    assert not any(each.unknown for each in answers) and all(each.unlike is None for each in answers)
    found = UNKNOWN.compute(studio.report(copy))
    assert not found.usable and "is off" in UNKNOWN.to_json(found)["verdict"] and found.chosen.threshold is None
    assert UNKNOWN.from_json(UNKNOWN.to_json(found)) == found
    assert "“None of these” is off" in "".join(model_card.model_card(copy, "en"))
    with pytest.raises(CheckpointError, match="stays off"):
        checkpoint.set_accepted(copy.best, 0.9)


def test_the_separation_is_the_area_that_scikit_learn_computes():
    known, kinds = [0.1, 0.4, 0.4, 0.9], [[0.4, 0.5, 2.0], [0.0, 1.0]]
    areas = [roc_auc_score([0] * 4 + [1] * len(kind), [*known, *kind]) for kind in kinds]
    assert separation(known, kinds) == pytest.approx(np.mean(areas))
    assert [len(kind) for kind in strangers()] == [32, 32]


def test_the_things_of_the_sample_are_no_strangers_to_who_trains_on_it(workspace):
    """They told nothing from themselves, so that "none of these" was off for this sample."""
    contents = [sample.content for sample in studio.open_data("sample:things", workspace).samples]
    assert [len(kind) for kind in strangers(contents)] == [32]
    some = strangers(contents[: len(contents) // 2])
    assert [len(kind) for kind in some] == [32, 32] and named(some[1]) != named(strangers()[1])
