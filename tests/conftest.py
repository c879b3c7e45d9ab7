from __future__ import annotations

import gc
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import made
import narrow as narrow_resnet
import pytest
import web

from resnet_studio import compiler
from resnet_studio.workspace import Workspace

# The tests compute next to nothing, and several threads of several processes would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# As the program does it; where torch is imported first, by a plugin, this does nothing.
compiler.defer()

# Many tests start Python anew, which should not compile every module each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture(scope="session", autouse=True)
def machine_measured_once() -> Iterator[None]:
    """How the machine computes fastest is measured once, and not again by the first training of each new workspace.

    Tests that replace ``measure_ways`` get what theirs finds.
    """
    from resnet_studio.training import hardware

    real, measure_ways, once = hardware.measure_once, hardware.measure_ways, cache(hardware.measure_ways)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            hardware,
            "measure_once",
            lambda file, machine, measure, valid: real(
                file, machine, once if measure is measure_ways else measure, valid
            ),
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def disk_not_waited_for() -> Iterator[None]:
    """The power stays on during tests, which write gigabytes: nobody waits until they are on the disk.

    What asks for it when is looked at by ``faults.watched`` and the tests that replace ``os.fsync`` themselves.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def narrow_starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a built-in starter that fits the narrow network."""
    return narrow_resnet.write_starter(tmp_path_factory.mktemp("starter"))


@pytest.fixture(scope="module")
def narrow(narrow_starter: Path) -> Iterator[None]:
    """Trainings take a seventh of the time in this file, see :mod:`narrow`."""
    with narrow_resnet.networks(narrow_starter):
        yield


@pytest.fixture
def narrow_here(narrow_starter: Path) -> Iterator[None]:
    """As ``narrow``, for one test."""
    with narrow_resnet.networks(narrow_starter):
        yield


@pytest.fixture(scope="module", autouse=True)
def files_go_with_their_module(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """What passed leaves no files, also not those that a whole file shared; they would add up to gigabytes."""
    base, failed = tmp_path_factory.getbasetemp(), request.session.testsfailed
    before = set(base.iterdir())
    yield
    if request.session.testsfailed == failed and "browser" not in request.path.parts:  # there the whole session shares
        for folder in set(base.iterdir()) - before:
            if not folder.name.startswith(("starter", "test_")):  # of the session; of one test, as pytest decides
                shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site() -> Iterator[web.Site]:
    """A web server on this machine, with what a download can meet."""
    with web.served() as site:
        yield site


MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30


def pytest_configure(config: pytest.Config) -> None:
    """``make`` keeps the files of tests in memory, where there is room: the disk took a third of the time.

    They come to 150 MB with ``make quick``; of what ``make test`` runs, 870 MB at a time was the most that was seen.
    """
    if os.environ.get("STUDIO_TESTS_IN_MEMORY") and not config.option.basetemp and _takes_files(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def _takes_files(folder: Path) -> bool:
    """Whether ``folder`` has room, and programs in it may be run."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """``-n auto`` is one more than there are cores: tests wait for browsers and other programs; ``logical`` is none."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + (config.option.numprocesses == "auto")


# While torch, Gradio and the tests are imported, nothing becomes garbage.
gc.disable()


def pytest_collection_finish() -> None:
    """A million objects, of torch, Gradio and the tests themselves, are not looked through again and again.

    Others are looked through where there are 20,000 new ones, not 700 as by default: to read all files of the package
    as syntax trees takes a quarter of the time then.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with many slow tests first: a worker takes whole files, and a long one should not be left for the end."""
    slow = Counter(item.path for item in items if any(map(item.get_closest_marker, ("slow", "browser"))))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture
def class_folders(tmp_path: Path) -> Callable[..., Path]:
    """``class_folders({"cat": 5, "dog": 5})`` is a folder with that many pictures of each class."""

    def build(counts: Mapping[str, int], name: str = "pictures", **options: object) -> Path:
        return made.write(tmp_path / name, made.class_files(counts, **options))

    return build


@pytest.fixture
def class_zip(tmp_path: Path) -> Callable[..., Path]:
    """``class_zip({"cat": 5, "dog": 5})`` is a zip with that many pictures of each class."""

    def build(counts: Mapping[str, int], name: str = "pictures.zip", **options: object) -> Path:
        return made.zipped(tmp_path / name, made.class_files(counts, **options))

    return build


@pytest.fixture
def untouched(tmp_path: Path, workspace: Workspace) -> Iterator[None]:
    """Fails the test if anything in the workspace, or in a folder beside it, is not as it was before."""
    made.write(tmp_path / "beside", {"canary.txt": b"tweet"})
    before = made.fingerprint(workspace.root), made.fingerprint(tmp_path / "beside")
    yield
    assert (made.fingerprint(workspace.root), made.fingerprint(tmp_path / "beside")) == before
