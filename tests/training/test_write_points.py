"""Whatever is being written when a process dies or the disk gets full: nothing is lost, and the end is the same."""

import os
import signal

import pytest
from faults import (
    CONFIG,
    Points,
    check_after,
    check_end,
    die,
    disk_full,
    of_every_kind,
    one_of_each_file,
    run_in_child,
    train_to_end,
    trained,
    watched,
)

from resnet_studio.data.opening import open_data
from resnet_studio.errors import StudioError
from resnet_studio.events import Finished, Interrupted
from resnet_studio.training.plan import new_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.usefixtures("narrow"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A workspace with a data set, what a training on it comes to, and the names of its write points."""
    import made

    from resnet_studio.workspace import Workspace

    folder = tmp_path_factory.mktemp("faults")
    workspace = Workspace.open(folder / "workspace")
    pictures = made.write(folder / "pictures", made.class_files({"crimson": 12, "seagreen": 12}))
    dataset = open_data(pictures, workspace)
    straight = trained(dataset, workspace)
    run = new_run(dataset, CONFIG, workspace)
    with watched(Points(workspace.root)) as points:
        train_to_end(run)
    return workspace, dataset, straight, points.passed


def few_or_all(few):
    """``few`` by default; all points, in four shares, with ``make thorough``."""
    shares = [lambda names, share=share: of_every_kind(names)[share::4] for share in range(4)]
    long = [
        pytest.param(of, marks=[pytest.mark.long, pytest.mark.sweep], id=f"share {number}")
        for number, of in enumerate(shares)
    ]
    return pytest.mark.parametrize("points", [pytest.param(few, id="one of each file"), *long])


def last_first(names):
    return one_of_each_file(names, turn=-1)


def test_there_are_write_points_of_every_kind_and_the_few_that_are_always_tried_touch_each_file(world):
    *_, names = world
    for name in ("state.pt", "best.safetensors", "report.json", "events.jsonl", "ended.json", "lock.owner"):
        assert any(name in each for each in names), (name, names)
    everything, some, others = (
        [names[at - 1].rpartition(" ") for at in chosen(names)]
        for chosen in (of_every_kind, one_of_each_file, last_first)
    )
    for few in (some, others):
        assert {file.lstrip(".") for *_, file in few} == {file.lstrip(".") for *_, file in everything}
    assert {operation for operation, *_ in some + others} == {operation for operation, *_ in everything}


@few_or_all(one_of_each_file)
def test_dying_at_any_write_loses_nothing(world, points):
    workspace, dataset, straight, names = world
    for at in points(names):
        run = new_run(dataset, CONFIG, workspace)

        def work(run=run, at=at):
            with watched(Points(workspace.root, at, die)):
                train_to_end(run)

        _, status = os.waitpid(run_in_child(work), 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, names[at - 1]
        check_after(run, 0, straight)
        if run.state().status != "finished":
            assert isinstance(train_to_end(run), Finished), names[at - 1]
        check_end(run, straight)
        workspace.delete_run(run)


@few_or_all(last_first)
def test_a_disk_that_is_full_from_any_write_on_pauses_the_run_with_that_sentence(world, points):
    workspace, dataset, straight, names = world
    for at in points(names):
        run = new_run(dataset, CONFIG, workspace)
        with watched(Points(workspace.root, at, disk_full, lasting=True)):
            try:
                end = train_to_end(run)
                assert isinstance(end, (Interrupted, Finished)), (names[at - 1], end)
                said = end.key if isinstance(end, Interrupted) else "error.disk_full"
            except StudioError as error:
                said = error.key
        assert said == "error.disk_full", names[at - 1]
        check_after(run, 0, straight)
        if run.state().status != "finished":
            assert isinstance(train_to_end(run), Finished), names[at - 1]
        check_end(run, straight)
        workspace.delete_run(run)
