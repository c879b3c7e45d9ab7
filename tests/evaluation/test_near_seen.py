"""Pictures that a model has seen in another size or file are no news to it: they are counted, said and left out."""

import json

import pytest
from made import encoded, scene, write

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.evaluation import near_seen
from resnet_studio.evaluation.seen import SeenPictures, together
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

SETTINGS = {"weights": "scratch", "epochs": 1, "picture_size": 16, "batch_size": 16, "precision": "fp32"}


def copied(number):
    """The same picture, smaller and in another format."""
    return encoded(scene(number).resize((120, 120)), "JPEG", quality=80)


def of(numbers, make, ending):
    return {f"{('cat', 'dog')[n % 2]}/{make.__name__}{n}.{ending}": make(n) for n in numbers}


def original(number):
    return encoded(scene(number))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    workspace = Workspace.open(folder / "workspace")
    data = studio.open_data(write(folder / "data", of(range(24), original, "png")), workspace)
    return studio.train(data, workspace=workspace, **SETTINGS), workspace


def known(run):
    """The numbers of the pictures that the run was trained on or chosen by."""
    names = [name for part in ("train", "validation") for name in run.split[part]["name"]]
    return sorted(int("".join(filter(str.isdigit, name))) for name in names)


@pytest.fixture(scope="module")
def brought(trained, tmp_path_factory):
    """Four copies, two files of the training itself and five new pictures."""
    seen = known(trained[0])
    files = of(seen[:4], copied, "jpg") | of(seen[4:6], original, "png") | of(range(500, 505), original, "png")
    return write(tmp_path_factory.mktemp("brought"), files)


@pytest.fixture
def evaluate(trained, capsys):
    def call(*arguments, model=None):
        where = str(trained[1].root)
        status = cli.main(
            ["evaluate", str(model or trained[0].id), *map(str, arguments), "--json", "--workspace", where]
        )
        return status, json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return call


def test_copies_are_counted_beside_the_files_themselves_and_left_out_of_the_score_on_unseen_pictures(evaluate, brought):
    status, found = evaluate(brought)
    assert status == 0 and found["pictures"] == 11
    assert (found["trained_on"] + found["chosen_by"], found["near_seen"], found["unseen"]["count"]) == (2, 4, 5)
    assert "4 pictures more are near-duplicates of what the model has seen" in found["notes"][1]
    _, fresh = evaluate(brought, "--only-unseen")
    assert (fresh["pictures"], fresh["near_seen"], fresh["notes"]) == (5, 0, [])
    assert fresh["accuracy"] == pytest.approx(found["unseen"]["accuracy"])


def test_people_read_it_beside_the_accuracy(trained, brought, capsys):
    run, workspace = trained
    assert cli.main(["evaluate", run.id, str(brought), "--workspace", str(workspace.root)]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert "on 5 pictures that the model has not seen" in first and "4 near-duplicates" in second


def test_nothing_is_left_of_copies_alone(evaluate, trained, tmp_path):
    folder = write(tmp_path / "copies", of(known(trained[0])[:3], copied, "jpg"))
    _, found = evaluate(folder)
    assert found["trained_on"] == 0 and found["near_seen"] == 3 and found["unseen"] is None
    assert "all of these pictures or near-duplicates" in found["notes"][0]
    assert evaluate(folder, "--only-unseen")[0] == 2


def test_it_is_said_where_none_were_looked_for(evaluate, trained, brought, monkeypatch):
    run, workspace = trained
    apart = studio.train(
        studio.open_data(f"dataset:{run.about['dataset']}", workspace), workspace=workspace, groups="none", **SETTINGS
    )
    _, found = evaluate(brought, model=apart.id)
    assert found["near_seen"] is None and "was not looked for" in found["notes"][-1]
    monkeypatch.setattr(near_seen, "MOST", 20)
    _, found = evaluate(brought)
    assert found["near_seen"] is None and found["unseen"]["count"] == 9 and "was not looked for" in found["notes"][-1]


def test_copies_of_what_the_starting_weights_have_seen_count_too(trained, evaluate, tmp_path):
    run, workspace = trained
    data = studio.open_data(write(tmp_path / "more", of(range(100, 124), original, "png")), workspace)
    second = studio.train(data, workspace=workspace, **SETTINGS | {"weights": f"run:{run.id}"})
    files = of(known(run)[:2], copied, "jpg") | of(known(second)[:3], copied, "jpg") | of([500, 501], original, "png")
    _, found = evaluate(write(tmp_path / "scored", files), model=second.id)
    assert (found["near_seen"], found["unseen"]["count"]) == (5, 2)


def test_what_one_of_several_models_has_seen_a_copy_of_is_seen(trained, brought, tmp_path):
    run, workspace = trained
    data = studio.open_data(write(tmp_path / "more", of(range(100, 124), original, "png")), workspace)
    second = studio.train(data, workspace=workspace, **SETTINGS)
    files = of(known(run)[:2], copied, "jpg") | of(known(second)[:3], copied, "jpg") | of([500, 501], original, "png")
    folder = write(tmp_path / "scored", files)
    report = studio.evaluate_together([run, second], folder, workspace=workspace)
    assert report.near_seen == 5 and report.unseen is not None and report.unseen.count == 2
    assert studio.evaluate_together([run, second], folder, workspace=workspace, only_unseen=True).count == 2


def test_several_models_know_no_copies_where_one_was_not_searched():
    looked, not_looked = (
        SeenPictures(frozenset("a"), frozenset(), frozenset("n")),
        SeenPictures(frozenset("b"), frozenset()),
    )
    assert together([looked, not_looked]).near is None
    assert together([looked, looked]).near == {"n"} and together([looked, None]) is None
