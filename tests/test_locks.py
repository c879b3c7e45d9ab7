"""Who holds a run: looking never takes it, never says so wrongly, and works where the file system has no locks."""

import errno
import os
import subprocess
import sys
import threading

import pytest
from filelock import FileLock, Timeout
from sweeps import few
from waiting import wait_for

from resnet_studio import locks, owners
from resnet_studio.locks import Lock

HOLD = (
    "import sys; from pathlib import Path; from resnet_studio.locks import Lock;"
    "lock = Lock(Path(sys.argv[1])).acquire(timeout=0); print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


def holder(path):
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout.readline().strip() == b"held"
    return child


def test_a_lock_is_held_from_taking_to_letting_go(path):
    lock = Lock(path)
    assert not lock.held()
    with lock:
        assert Lock(path).held()
        with pytest.raises(Timeout):
            Lock(path).acquire(timeout=0)
    assert not Lock(path).held()


def test_many_who_look_never_say_that_a_free_lock_is_held_nor_keep_it_from_being_taken(path):
    with Lock(path):
        pass
    stop, wrong, looks = threading.Event(), [], []

    def look():
        lock = Lock(path)
        while not stop.is_set():
            looks.append(1)
            if lock.held():
                wrong.append(1)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: len(looks) >= 500)
        for _ in range(200):  # nobody who looks is in the way, even of one who does not wait
            with FileLock(path, thread_local=False).acquire(timeout=0):
                pass
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong


def test_looking_takes_nothing_while_another_process_holds_the_lock_and_after_its_death(path):
    child = holder(path)
    assert all(Lock(path).held() for _ in range(50))
    child.kill()
    child.wait()
    assert not Lock(path).held()
    Lock(path).acquire(timeout=0).release()


def test_a_mark_that_a_dead_process_left_counts_for_nothing(path):
    child = holder(path)
    child.kill()
    child.wait()
    assert path.with_name("lock.owner").exists() and not Lock(path).held()
    with Lock(path).acquire(timeout=0):
        assert Lock(path).held()


def test_a_mark_from_another_machine_is_settled_by_the_lock_itself(path):
    path.touch()
    path.with_name("lock.owner").write_text("00000000-1-1")
    assert not Lock(path).held()
    with FileLock(path, thread_local=False):
        assert Lock(path).held()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows always has locks")
@few("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_the_file_system_has_no_locks_the_mark_is_the_lock(path, monkeypatch, number):
    import fcntl

    child = holder(path)

    def refused(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refused)
    assert Lock(path).held()
    child.kill()
    child.wait()
    assert not Lock(path).held()
    with Lock(path).acquire(timeout=0):
        assert Lock(path).held()
        with pytest.raises(Timeout):
            Lock(path).acquire(timeout=0.1)
    assert not Lock(path).held()
    path.with_name("lock.owner").write_text("00000000-1-1")  # of another machine, which wrote here just now
    assert Lock(path).held()
    monkeypatch.setattr(locks, "QUIET_SECONDS", -1.0)
    assert not Lock(path).held()


def test_this_process_lives_and_a_number_given_again_is_another_process():
    mine = owners.this_process()
    assert owners.is_alive(mine) is not False
    machine, process, began = mine.split("-")
    if began != "0":
        assert owners.is_alive(mine) is True
        assert owners.is_alive(f"{machine}-{process}-{int(began) + 1}") is False
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert owners.is_alive(f"{machine}-{child.pid}-1") is False
    assert owners.is_alive(f"00000000-{process}-{began}") is None
    for nonsense in ("", "x", f"{mine}-1", f"{machine}-99999999999999999999-1"):
        assert owners.is_alive(nonsense) in (None, False)
