"""Whoever has one picture, model or setting gives it as it is; it is not taken for the list of its letters."""

import io
import shutil

import hand_made
import pytest
from PIL import Image

import resnet_studio as studio
from resnet_studio.api.explanations import explain_all
from resnet_studio.api.reports import cheapest_thresholds
from resnet_studio.data import intake
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.one_or_many import as_list

pytestmark = pytest.mark.usefixtures("narrow")
CLASSES = ("one", "two")


@pytest.fixture
def run(workspace, narrow_model):
    """A run with a model, whose letters are no models."""
    made = hand_made.new_run(workspace, name="own", classes=CLASSES)
    hand_made.train(made, epochs=2)
    hand_made.finish(made, hand_made.report_of(made))
    for file in narrow_model.iterdir():
        shutil.copy(file, made.best.parent)
    return made


@pytest.fixture(scope="module")
def narrow_model(narrow, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "best.safetensors"
    card = Card(classes=CLASSES, depth=18, preprocessing=Preprocessing(resize=36, crop=32))
    checkpoint.save(path, resnet.build(18, 2).state_dict(), card)
    return path.parent


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.png"
    Image.radial_gradient("L").convert("RGB").save(path)
    return path


@pytest.mark.parametrize("given", ["a.jpg", b"a", {"a": 1}, 7, None, io.BytesIO(b"a"), Image.new("L", (1, 1))])
def test_one_thing_is_a_list_of_one(given):
    assert as_list(given) == [given]
    assert as_list((given, given)) == as_list(each for each in [given, given]) == [given, given]


def test_one_picture_is_one_picture_wherever_pictures_are_asked_for(run, picture, workspace):
    predictor = studio.Predictor(str(run.best), device="cpu")
    (expected,) = predictor([picture])
    opened = Image.open(picture)
    for given in (str(picture), picture, opened, [str(picture)], iter([picture]), io.BytesIO(picture.read_bytes())):
        assert predictor(given) == [expected]
    with picture.open("rb") as file:
        assert studio.predict(run, file, device="cpu") == [expected]
    answers = studio.predict(run, str(picture), [[picture]], device="cpu")
    assert [answer.label for answer in answers] == [expected.label] * 2
    together = studio.predict_together(run.id, str(picture), workspace=workspace, device="cpu")
    assert [answer.scores for answer in together] == [expected.scores]
    assert predictor.activations(str(picture), stages="layer3").stages.keys() == {"layer3"}
    (seen,) = explain_all(run, str(picture), device="cpu")
    assert seen.label == expected.label


def test_one_setting_is_one_setting(run, workspace, class_folders):
    with pytest.raises(RunError) as refused:
        studio.compare([run], workspace=workspace)
    assert refused.value.key == "error.compare.two"
    with pytest.raises(ConfigError) as wrong:
        cheapest_thresholds(run, "three=5:1")
    assert "three" in wrong.value.sentence()
    dataset = intake.from_folder(class_folders({"cat": 4, "dog": 4}), workspace)
    moved = studio.edit_data(dataset, studio.Edit(kind="move", pictures="cat/0.png", label="dog"), workspace)
    assert [sample.name for sample in moved.samples if sample.label != dataset.classes.index("cat")].count("cat/0.png")


def test_one_thing_to_compare_or_to_search_is_one(workspace, class_folders, monkeypatch):
    asked = []
    monkeypatch.setattr("resnet_studio.studies.racing.run_race", lambda *given: asked.append(given[-1]) or iter(()))
    monkeypatch.setattr("resnet_studio.studies.searching.run_search", lambda *given, **_: asked.append(given[-1]))
    monkeypatch.setattr("resnet_studio.api.studies.result_of", lambda *_: None)
    studio.race(None, depths=18, sizes=64, levels="layer4", workspace=workspace)
    studio.race(None, workspace=workspace)
    studio.search(None, over="epochs", workspace=workspace)
    assert [(field.depths, field.sizes, field.levels) for field in asked[:2]] == [
        ([18], [64], ["layer4"]),
        (None, None, ["layer4", "layer3", "layer2"]),
    ]
    assert asked[2].over == ("epochs",)
