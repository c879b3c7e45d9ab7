"""A disk that is really full: a small file system of its own where this machine lets us make one."""

import errno
import os
import shutil
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from resnet_studio import durable
from resnet_studio.data.cache import ArrayCache
from resnet_studio.durable import disk_trouble, is_disk_full, replacing, reserve
from resnet_studio.errors import StudioError
from resnet_studio.event_log import EventLog, Recorder
from resnet_studio.events import Interrupted

MEGABYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds four megabytes and no more."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    done = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True)
    if not done or done.returncode:
        pytest.skip("no file system can be made here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    with (folder / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(bytes(8 * MEGABYTE)),
        lambda path: torch.save({"a": torch.zeros(2 * MEGABYTE)}, path.open("wb")),
        lambda path: save_file({"a": torch.zeros(2 * MEGABYTE)}, path),
    ],
    ids=["bytes", "torch", "safetensors"],
)
def test_every_writer_says_that_the_disk_is_full_and_leaves_the_old_file(small_disk, write):
    target = small_disk / "file"
    target.write_bytes(b"old")
    with pytest.raises(StudioError, match="disk is full"), replacing(target) as draft:
        write(draft)
    assert [path.name for path in small_disk.iterdir()] == ["file"] and target.read_bytes() == b"old"


@pytest.mark.slow
def test_building_an_entry_that_does_not_fit_is_an_error_and_not_the_end_of_the_process(small_disk):
    code = (
        "import sys; from pathlib import Path; from resnet_studio.data.cache import ArrayCache;"
        "from resnet_studio.errors import StudioError\n"
        "try:\n"
        "    with ArrayCache(Path(sys.argv[1])).building('k', {'a': ((8 << 20,), 'u1')}) as building:\n"
        "        building.arrays['a'][:] = 1\n"
        "except StudioError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(small_disk)], capture_output=True, text=True)
    assert done.returncode == 0 and "disk is full" in done.stdout, done
    assert list(small_disk.iterdir()) == []


def test_the_log_says_that_the_disk_is_full_and_is_whole_again_with_space(small_disk):
    log = EventLog(small_disk / "events.jsonl")
    record = Recorder(log)
    record(Interrupted())
    fill(small_disk)
    with pytest.raises(StudioError, match="disk is full"):
        for _ in range(100):
            record(Interrupted(key="error.disk_full", values={"x": "y" * 200}))
    known = len(log.read()[0])
    (small_disk / "ballast").unlink()
    record(Interrupted())
    events = log.read()[0]
    assert len(events) == known + 1 and [event.number for event in events] == list(range(1, known + 2))


@pytest.mark.slow
def test_a_training_on_a_full_disk_pauses_with_that_sentence_and_goes_on_with_space(small_disk, class_folders):
    from resnet_studio import cli
    from resnet_studio.workspace import Workspace

    subprocess.run(["mount", "-o", "remount,size=70m", str(small_disk)], check=True)  # a checkpoint takes 45 MB
    folder, where = class_folders({"cat": 12, "dog": 12}), ["--workspace", str(small_disk / "studio")]
    training = ["train", str(folder), "--weights", "scratch", "--epochs", "2", "--picture-size", "16"]
    assert cli.main([*training, "--batch-size", "16", *where]) == 1
    (run,) = Workspace.open(small_disk / "studio").runs()
    state = run.state()
    assert state.status == "interrupted" and state.interrupted.key == "error.disk_full" and not run.held()
    subprocess.run(["mount", "-o", "remount,size=900m", str(small_disk)], check=True)
    assert cli.main(["resume", run.id, *where]) == 0
    assert run.state().status == "finished"


def test_place_is_taken_for_every_byte_and_what_is_written_stays(tmp_path, monkeypatch):
    path = tmp_path / "array.npy"
    array = np.lib.format.open_memmap(path, "w+", np.dtype("u1"), (3 * MEGABYTE,))
    array[5] = 7
    array.flush()
    reserve(path)
    assert path.stat().st_blocks * 512 >= 3 * MEGABYTE and np.load(path)[5] == 7
    other = tmp_path / "other.npy"
    np.lib.format.open_memmap(other, "w+", np.dtype("u1"), (3 * MEGABYTE,))[5] = 7

    def not_here(*_):
        raise OSError(errno.EOPNOTSUPP, "no")

    monkeypatch.setattr(os, "posix_fallocate", not_here)
    reserve(other)
    assert other.stat().st_blocks * 512 >= 3 * MEGABYTE and np.load(other)[5] == 7
    assert other.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("Error while serializing: I/O error: There is not enough space on the disk. (os error 112)"),
    ],
)
def test_a_full_disk_is_known_in_every_disguise(error):
    assert is_disk_full(error) and disk_trouble(error).key == "error.disk_full"
    try:
        try:
            raise error
        except (OSError, RuntimeError):
            raise RuntimeError("unexpected pos 576 vs 534")  # noqa: B904 - as torch does it
    except RuntimeError as hidden:
        assert is_disk_full(hidden)


@pytest.mark.parametrize(
    ("number", "key"),
    [(errno.EROFS, "error.disk.read_only"), (errno.EACCES, "error.disk.read_only"), (errno.EIO, "error.disk.broken")],
)
def test_other_troubles_of_the_disk_have_sentences_too(number, key):
    assert disk_trouble(OSError(number, "no", "/some/where")).key == key
    assert "/some/where" in str(disk_trouble(OSError(number, "no", "/some/where")))
    assert disk_trouble(OSError(errno.ENOENT, "no")) is None and disk_trouble(ValueError("no")) is None


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_sync_folders_is_no_error(tmp_path, monkeypatch, number):
    def refused(_):
        raise OSError(number, "no")

    monkeypatch.setattr(os, "fsync", refused)
    durable.write_json(tmp_path / "file.json", {"a": 1})
    assert (tmp_path / "file.json").exists()


def test_an_entry_of_the_cache_is_reserved_before_it_is_filled(tmp_path, monkeypatch):
    from resnet_studio.data import cache

    taken = []
    monkeypatch.setattr(cache, "reserve", lambda path: taken.append(path.name))
    with ArrayCache(tmp_path).building("k", {"a": ((8,), "u1"), "b": ((8,), "u1")}):
        assert taken == ["a.npy", "b.npy"]
