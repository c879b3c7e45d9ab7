import pytest

from resnet_studio.config import TrainConfig
from resnet_studio.data import augment
from resnet_studio.data.checkup import inspect
from resnet_studio.data.intake import open_data
from resnet_studio.data.mirroring import mirrored_pairs
from resnet_studio.text import LANGUAGES, say
from resnet_studio.training import plan
from resnet_studio.training.cautions import picture_cautions


@pytest.mark.parametrize(
    ("classes", "pairs"),
    [
        (("left", "right"), [("left", "right")]),
        (("Arrow Left", "Arrow Right", "Arrow Up"), [("Arrow Left", "Arrow Right")]),
        (("turnRight", "turnLeft", "stop"), [("turnRight", "turnLeft")]),
        (
            ("left_hand", "right_hand", "left_foot", "right_foot"),
            [("left_hand", "right_hand"), ("left_foot", "right_foot")],
        ),
        (("b", "d", "p", "q", "x"), [("b", "d"), ("p", "q")]),
        (("左转", "右转", "直行"), [("左转", "右转")]),
        (("links abbiegen", "rechts abbiegen"), [("links abbiegen", "rechts abbiegen")]),
        (("flèche-gauche", "flèche-droite"), [("flèche-gauche", "flèche-droite")]),
        (("hand_l", "hand_r"), [("hand_l", "hand_r")]),
        (("L", "R"), [("L", "R")]),
        (("←", "→", "↑"), [("←", "→")]),
        (("clockwise", "counterclockwise"), [("clockwise", "counterclockwise")]),
        (("turn left ahead", "turn right ahead"), [("turn left ahead", "turn right ahead")]),
    ],
)  # fmt: skip
def test_names_that_are_each_other_s_mirror_image_are_found(classes, pairs):
    assert list(mirrored_pairs(classes)) == pairs


@pytest.mark.parametrize(
    "classes",
    [
        ("cat", "dog"), ("left", "up"), ("bright", "dark"), ("bread", "dread"), ("bog", "dog"), ("cleft", "right"),
        ("b", "c"), ("L", "M", "N", "R"), ("model l", "model m"), ("forest", "highway"),
        ("east side",), ("0", "1", "2"), ("B", "D"), ("bear", "dear"), ("right", "wrong"),
    ],
)  # fmt: skip
def test_other_names_are_not(classes):
    assert mirrored_pairs(classes) == ()


def test_classes_that_mirror_each_other_are_a_finding_and_a_note_and_are_not_mirrored(class_folders, workspace):
    dataset = open_data(class_folders({"turn left": 10, "turn right": 10, "stop": 10}), workspace)
    (finding,) = [found for found in inspect(dataset) if found.kind == "mirrored"]
    assert "turn left / turn right" in finding.sentence("en") and "turn left / turn right" in finding.sentence("zh")
    asked = TrainConfig(weights="scratch", device="cpu")
    settled, parts = plan.settled_for(dataset, asked)
    assert not settled.horizontal_flip and not augment.recipe(settled, small=False).flip
    (note,) = picture_cautions(settled, asked, parts)
    assert note.key == "note.plan.mirrored"
    for language in LANGUAGES:
        assert "turn left / turn right" in say(note.key, language, **note.values)
    assert not list(picture_cautions(settled, asked.replace(horizontal_flip=False), parts))


def test_other_classes_are_mirrored_as_ever(class_folders, workspace):
    dataset = open_data(class_folders({"cat": 10, "dog": 10}), workspace)
    settled, _ = plan.settled_for(dataset, TrainConfig(weights="scratch", device="cpu"))
    assert settled.horizontal_flip and not [found for found in inspect(dataset) if found.kind == "mirrored"]
