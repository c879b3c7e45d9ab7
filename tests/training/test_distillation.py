"""Runs that teach: their answers are learnt, for the very views that the student sees, with and without labels."""

import json

import made
import pytest
import torch
from made import prepared

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import StudioError
from resnet_studio.events import Finished, Interrupted, Noted
from resnet_studio.model import checkpoint
from resnet_studio.training import plan
from resnet_studio.training.control import Control
from resnet_studio.training.driving import drive
from resnet_studio.training.loss import UNLABELLED, Objective, distilled
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="starter", epochs=6, batch_size=8, picture_size=32, precision="fp32", device="cpu", freeze="layer4",
    augmentation="light", learning_rate=0.01, test_fraction=0.2,
)  # fmt: skip
CLASSES = ("crimson", "seagreen")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A workspace, a teacher that knows its classes, and a set in which somebody exchanged the two."""
    folder = tmp_path_factory.mktemp("taught")
    workspace = Workspace.open(folder / "workspace")
    files = made.class_files(dict.fromkeys(CLASSES, 16))
    data = open_data(made.write(folder / "data", files), workspace)
    swapped = {name: name.replace(*CLASSES) if CLASSES[0] in name else name.replace(*CLASSES[::-1]) for name in files}
    exchanged = made.write(folder / "exchanged", {swapped[name]: content for name, content in files.items()})
    teacher = studio.train(data, QUICK, workspace=workspace)
    known = checkpoint.load(teacher.best)  # its head is the probe, which is careful; a teacher in doubt teaches little
    state = {name: value * (4 if name.startswith("fc.") else 1) for name, value in known.model.state_dict().items()}
    checkpoint.save(teacher.best, state, known.card, known.reference)
    return workspace, teacher, data, open_data(exchanged, workspace)


def distance(data, config, workspace):
    """How far the answers of the last epoch's network are from its teacher's; the best network may be the probe."""
    session, _ = prepared(plan.new_run(data, config, workspace))
    while not session.complete:
        for batch in session.batches_left():
            session.step(batch)
        session.next_epoch(session.score_epoch())
    batches = session.materials.batches
    logits = session.materials.suffix.eval()(batches.plain(torch.arange(len(batches.training))))
    return float(distilled(logits.float(), batches.plain_taught, 1.0))


@pytest.mark.parametrize(
    "changes", [{"freeze": "layer3", "augmentation": "none", "epochs": 20}, {"freeze": "layer2", "accumulate_steps": 2}]
)
def test_a_student_believes_its_teacher_as_far_as_it_is_told_to(world, changes):
    workspace, teacher, _, exchanged = world
    config = QUICK.replace(teacher=teacher.id, temperature=1.0, **changes)
    believing, doubting = (distance(exchanged, config.replace(teacher_weight=to), workspace) for to in (1.0, 0.0))
    assert believing < doubting / 2


@pytest.mark.parametrize("changes", [{"epochs": 8}, {"epochs": 2, "freeze": "none", "mix": "mixup"}])
def test_teachers_answer_the_view_that_the_student_is_shown(world, changes):
    workspace, teacher, data, _ = world
    config = QUICK.replace(teacher=f"{teacher.id},{teacher.best}", temperature=3.0, weights="starter", **changes)
    session, _ = prepared(plan.new_run(data, config, workspace))
    batches = session.materials.batches
    inputs, _, _, taught = batches.train(next(session.batches_left()), 32)
    known = checkpoint.load(teacher.best).model
    # the inputs are the starter's features, which the teacher sees too, or the pictures
    logits = known.fc(inputs) if config.freeze == "layer4" else known(inputs)
    assert torch.allclose(taught, (logits / 3).softmax(1), atol=2e-3)


def test_the_loss_is_the_divergence_from_the_softened_answers():
    logits, taught = torch.randn(4, 3), torch.randn(4, 3).softmax(1)
    expected = sum(
        (p * (p.log() - q)).sum() for p, q in zip(taught, (logits / 2).log_softmax(1), strict=True)
    )  # fmt: skip
    assert torch.isclose(distilled(logits, taught, 2.0), 4 * expected, atol=1e-5)
    weights = torch.tensor([1.0, 0.0, 0.0])
    only = taught.argmax(1) == 0
    assert torch.isclose(distilled(logits, taught, 2.0, weights), distilled(logits[only], taught[only], 2.0), atol=1e-5)
    unlabelled = torch.full((4,), UNLABELLED)
    for of_classes in (None, torch.ones(3)):
        assert Objective(of_classes, 0.1, 0.0, 2.0)(logits, unlabelled) == 0


def test_a_taught_run_goes_on_to_the_same_numbers_when_its_teacher_is_gone(world):
    workspace, _, data, _ = world
    other = studio.train(data, QUICK.replace(seed=1), workspace=workspace, epochs=1)
    config = QUICK.replace(teacher=other.id, freeze="layer1", epochs=3)
    straight, broken = (plan.new_run(data, config, workspace) for _ in range(2))
    drive(straight, Control())
    control = Control()
    ended = drive(broken, control, lambda event: control.pause() if type(event).__name__ == "EpochFinished" else None)
    assert isinstance(ended, Interrupted)
    workspace.delete_run(other)
    workspace_cache = sorted(workspace.cache.glob("*/notes.json"))
    assert workspace_cache
    for each in workspace_cache:  # what the teacher answered is computed again
        each.unlink()
    assert isinstance(drive(broken, Control()), Finished)
    losses = [[epoch.validation_loss for epoch in run.state().epochs] for run in (straight, broken)]
    assert losses[0] == losses[1]
    assert not list(broken.folder.glob("teacher-*"))  # nothing of them is left once it is over


def test_pictures_without_labels_are_learnt_from_the_teacher_alone(world, tmp_path, capsys):
    workspace, teacher, data, _ = world
    files = made.class_files({"a": 5, "b": 5}, side=30)
    folder = made.write(tmp_path / "more", {**files, "deep/note.txt": b"no picture"})
    said = studio.predict(teacher, *(folder / name for name in files), workspace=workspace)
    known = split_of(teacher).test[0]
    (folder / "copy of a test picture.png").write_bytes(data.path(known).read_bytes())
    arguments = ["train", str(data.root), "--teacher", teacher.id, "--unlabelled", str(folder), "--epochs", "1",
                 "--size", "32", "--freeze", "layer4", "--batch-size", "8", "--device", "cpu", "--test-fraction", "0.2",
                 "--json", "--workspace", str(workspace.root)]  # fmt: skip
    assert cli.main(arguments) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert any("10 pictures without a label" in note for note in found["notes"])
    split = split_of(workspace.run(found["run"]))
    added = [sample for sample in split.train if sample.labelled_by == "teacher"]
    assert {sample.name: CLASSES[sample.label] for sample in added} == {
        f"more/{name}": answer.label for name, answer in zip(files, said, strict=True)
    }
    (session, said) = prepared(plan.new_run(data, QUICK.replace(teacher=teacher.id, unlabelled=str(folder)), workspace))
    assert (session.materials.batches.training.targets >= 0).all() and not any(isinstance(e, Noted) for e in said)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"unlabelled": "own"}, "needs a teacher"),
        ({"teacher": "nobody"}, "no run 'nobody'"),
        ({"teacher": "TEACHER", "unlabelled": "/no/such"}, "no folder"),
        ({"teacher": "TEACHER", "unlabelled": "own"}, "without unlabelled pictures"),
    ],
)
def test_what_cannot_teach_is_refused_in_a_sentence_before_anything_is_made(world, given, words):
    workspace, teacher, data, _ = world
    before = workspace.runs()
    with pytest.raises(StudioError, match=words):
        plan.new_run(data, QUICK.replace(**{k: v.replace("TEACHER", teacher.id) for k, v in given.items()}), workspace)
    assert workspace.runs() == before


def test_a_teacher_of_other_classes_is_refused_by_their_names(world, tmp_path):
    workspace, teacher, *_ = world
    other = open_data(made.write(tmp_path / "other", made.class_files({"crimson": 8, "navy": 8})), workspace)
    with pytest.raises(StudioError, match="navy, seagreen"):
        plan.new_run(other, QUICK.replace(teacher=teacher.id), workspace)
