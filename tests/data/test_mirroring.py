import random

import pytest
from made import encoded, prepared, write
from PIL import Image, ImageDraw

from resnet_studio.config import TrainConfig
from resnet_studio.data import augment
from resnet_studio.data.checkup import inspect
from resnet_studio.data.mirroring import mirrored_pairs
from resnet_studio.data.opening import open_data
from resnet_studio.events import Noted
from resnet_studio.text import LANGUAGES, say
from resnet_studio.training import mirrored, plan
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
    resolved, parts = plan.resolve_for(dataset, asked)
    assert not resolved.horizontal_flip and not augment.recipe(resolved, small=False).flip
    (note,) = picture_cautions(resolved, asked, parts)
    assert note.key == "note.plan.mirrored"
    for language in LANGUAGES:
        assert "turn left / turn right" in say(note.key, language, **note.values)
    assert not list(picture_cautions(resolved, asked.replace(horizontal_flip=False), parts))


def test_other_classes_are_mirrored_as_ever(class_folders, workspace):
    dataset = open_data(class_folders({"cat": 10, "dog": 10}), workspace)
    resolved, _ = plan.resolve_for(dataset, TrainConfig(weights="scratch", device="cpu"))
    assert resolved.horizontal_flip and not [found for found in inspect(dataset) if found.kind == "mirrored"]


def arrow(rng, *, right):
    """A dark arrow of random size and place on light paper."""
    side = 1 if right else -1
    picture = Image.new("RGB", (80, 80), (250, 250, 250))
    draw = ImageDraw.Draw(picture)
    x, y = 40 + rng.randint(-8, 8), 40 + rng.randint(-8, 8)
    width, height = rng.randint(18, 26), rng.randint(4, 8)
    draw.rectangle((x - width, y - height // 2, x + width, y + height // 2), fill=(20, 20, 20))
    head = x + side * width
    draw.polygon([(head, y - 2 * height), (head, y + 2 * height), (head + side * height, y)], fill=(20, 20, 20))
    return picture


def disc(rng, *, full):
    """A disc or a ring, the same in a mirror."""
    picture = Image.new("RGB", (80, 80), (250, 250, 250))
    x, y, radius = 40 + rng.randint(-8, 8), 40 + rng.randint(-8, 8), rng.randint(14, 24)
    box = (x - radius, y - radius, x + radius, y + radius)
    ImageDraw.Draw(picture).ellipse(box, fill=(20, 20, 20) if full else None, outline=(20, 20, 20), width=5)
    return picture


@pytest.fixture
def two_classes(tmp_path, workspace):
    """``two_classes(make)``: classes a and z of 20 pictures each, which ``make`` draws for True and False."""

    def build(make, name):
        rng = random.Random(1)
        files = {f"{'za'[which]}/{n}.png": encoded(make(rng, bool(which))) for n in range(20) for which in (0, 1)}
        return open_data(write(tmp_path / name, files), workspace)

    return build


QUICK = TrainConfig(weights="scratch", epochs=2, batch_size=8, picture_size=32, device="cpu", precision="fp32")


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_pictures_that_mirror_each_other_are_noticed_whatever_their_classes_are_called(
    two_classes, workspace, precision
):
    dataset = two_classes(lambda rng, which: arrow(rng, right=which), "arrows")
    run = plan.new_run(dataset, QUICK.replace(epochs=2, precision=precision), workspace)
    assert run.config.horizontal_flip
    session, events = prepared(run)
    (note,) = [event for event in events if isinstance(event, Noted) and event.key == "note.mirrored"]
    assert note.values["pairs"] == ["a / z"]
    for language in LANGUAGES:
        assert "a / z" in say(note.key, language, **note.values)
    assert not session.materials.batches.augmentation.flip and not session.materials.config.horizontal_flip
    assert not run.config.horizontal_flip and run.requested.horizontal_flip


@pytest.mark.slow
def test_pictures_are_compared_with_their_mirror_images_once(two_classes, workspace, monkeypatch):
    dataset = two_classes(lambda rng, which: arrow(rng, right=which), "arrows")
    prepared(plan.new_run(dataset, QUICK, workspace))
    monkeypatch.setattr(mirrored, "pooled_features", lambda *_: pytest.fail("looked again"))
    session, events = prepared(plan.new_run(dataset, QUICK.replace(epochs=3), workspace))
    assert not session.materials.batches.augmentation.flip
    assert [event.key for event in events if isinstance(event, Noted)] == ["note.mirrored"]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    "make",
    [lambda rng, which: disc(rng, full=which), lambda rng, _: disc(rng, full=rng.random() < 0.5)],
    ids=["told_apart", "labels_that_mean_nothing"],
)
def test_pictures_that_look_the_same_in_a_mirror_are_mirrored_as_ever(two_classes, workspace, make, precision):
    session, events = prepared(plan.new_run(two_classes(make, "discs"), QUICK.replace(precision=precision), workspace))
    assert session.materials.batches.augmentation.flip and not [event for event in events if isinstance(event, Noted)]


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"horizontal_flip": False}, {"augmentation": "none"}])
def test_where_nothing_is_mirrored_nobody_looks(two_classes, workspace, monkeypatch, changes):
    monkeypatch.setattr(mirrored, "mirrored_classes", lambda *_: pytest.fail("looked"))
    prepared(
        plan.new_run(
            two_classes(lambda rng, which: disc(rng, full=which), "discs"), QUICK.replace(**changes), workspace
        )
    )
