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
    in_child,
    of_every_kind,
    to_its_end,
    trained,
    watched,
)

from resnet_studio.data.doors import open_data
from resnet_studio.errors import StudioError
from resnet_studio.events import Finished, Interrupted
from resnet_studio.training.plan import new_run

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


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
        to_its_end(run)
    return workspace, dataset, straight, points.passed


def pytest_generate_tests(metafunc):
    if "share" in metafunc.fixturenames:
        metafunc.parametrize("share", range(4))


def test_there_are_write_points_of_every_kind(world):
    *_, names = world
    print(len(of_every_kind(names)), "of", len(names), "points")
    for name in ("state.pt", "best.safetensors", "report.json", "events.jsonl", "ended.json", "lock.owner"):
        assert any(name in each for each in names), (name, names)


def test_dying_at_any_write_loses_nothing(world, share):
    workspace, dataset, straight, names = world
    for at in of_every_kind(names)[share::4]:
        run = new_run(dataset, CONFIG, workspace)

        def work(run=run, at=at):
            with watched(Points(workspace.root, at, die)):
                to_its_end(run)

        _, status = os.waitpid(in_child(work), 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, names[at - 1]
        check_after(run, 0, straight)
        if run.state().status != "finished":
            assert isinstance(to_its_end(run), Finished), names[at - 1]
        check_end(run, straight)
        workspace.delete_run(run)


def test_a_disk_that_is_full_from_any_write_on_pauses_the_run_with_that_sentence(world, share):
    workspace, dataset, straight, names = world
    for at in of_every_kind(names)[share::4]:
        run = new_run(dataset, CONFIG, workspace)
        with watched(Points(workspace.root, at, disk_full, lasting=True)):
            try:
                end = to_its_end(run)
                assert isinstance(end, (Interrupted, Finished)), (names[at - 1], end)
                said = end.key if isinstance(end, Interrupted) else "error.disk_full"
            except StudioError as error:
                said = error.key
        assert said == "error.disk_full", names[at - 1]
        check_after(run, 0, straight)
        if run.state().status != "finished":
            assert isinstance(to_its_end(run), Finished), names[at - 1]
        check_end(run, straight)
        workspace.delete_run(run)
