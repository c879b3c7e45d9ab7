"""Downloads from a server that is slow, cut off, gone, moved, wrong or endless."""

import hashlib
import socket

import pytest
from web import BODY, FIRST

from resnet_studio.download import Checksum, DamagedError, DownloadError, fetch

MD5 = Checksum("md5", hashlib.md5(BODY).hexdigest())


@pytest.fixture
def target(tmp_path):
    return tmp_path / "downloads" / "file"


def remaining_files(target):
    return {path.name: path.stat().st_size for path in target.parent.iterdir()}


@pytest.mark.parametrize("page", ["whole", "slow", "moved", "no-ranges"])
@pytest.mark.parametrize("resume", [True, False])
def test_a_file_arrives_whole_and_says_how_far_it_is(site, target, page, resume):
    heard = []
    fetch(f"{site.address}/{page}", target, checksum=MD5, resume=resume, progress=lambda *told: heard.append(told))
    assert target.read_bytes() == BODY and remaining_files(target) == {"file": len(BODY)}
    assert heard[-1] == (len(BODY), len(BODY)) and heard == sorted(heard)


@pytest.mark.parametrize("page", ["gone", "busy", "cut", "silent", "circle", "moved-to-file"])
def test_a_download_that_fails_leaves_the_old_file_and_nothing_else(site, target, page):
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(DownloadError) as caught:
        fetch(f"{site.address}/{page}", target, checksum=MD5, timeout_seconds=0.3)
    assert remaining_files(target) == {"file": 3} and not isinstance(caught.value, DamagedError)
    assert caught.value.status == {"gone": 404, "busy": 503, "circle": 302, "moved-to-file": 302}.get(page)


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("page", ["other", "endless"])
def test_what_is_not_the_file_is_thrown_away(site, target, page, resume):
    with pytest.raises(DamagedError):
        fetch(f"{site.address}/{page}", target, checksum=MD5, most_bytes=2 * len(BODY), resume=resume)
    assert remaining_files(target) == {}


def test_no_address_but_that_of_a_web_server_is_opened(tmp_path, target):
    (tmp_path / "secret").write_bytes(BODY)
    with pytest.raises(DownloadError):
        fetch((tmp_path / "secret").as_uri(), target, checksum=MD5)
    assert not target.exists()


def test_a_download_that_was_cut_off_goes_on_where_it_was(site, target):
    with pytest.raises(DownloadError):
        fetch(f"{site.address}/cut", target, checksum=MD5, resume=True)
    assert remaining_files(target) == {"file.part": FIRST}
    heard = []
    fetch(f"{site.address}/whole", target, checksum=MD5, resume=True, progress=lambda *told: heard.append(told))
    assert target.read_bytes() == BODY and remaining_files(target) == {"file": len(BODY)}
    assert site.asked[-1] == ("whole", f"bytes={FIRST}-")
    assert heard[0][0] > FIRST and heard[-1] == (len(BODY), len(BODY))


def test_a_download_that_is_cancelled_goes_on_where_it_was(site, target):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(f"{site.address}/slow", target, checksum=MD5, resume=True, progress=stop)
    assert 0 < remaining_files(target)["file.part"] < len(BODY)
    fetch(f"{site.address}/whole", target, checksum=MD5, resume=True)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("begun", [b"x" * FIRST, BODY + b"more", BODY[:-1] + b"x", BODY[:-1] + b"xy"])
@pytest.mark.parametrize("page", ["whole", "no-ranges", "lying"])
def test_what_a_resumed_download_does_not_fit_is_downloaded_from_the_start(site, target, begun, page):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(begun)
    fetch(f"{site.address}/{page}", target, checksum=MD5, resume=True)
    assert target.read_bytes() == BODY and remaining_files(target) == {"file": len(BODY)}


def test_a_file_that_came_whole_before_a_crash_is_not_downloaded_again(site, target):
    target.parent.mkdir()
    target.with_name("file.part").write_bytes(BODY)
    fetch(f"{site.address}/whole", target, checksum=MD5, resume=True)
    assert target.read_bytes() == BODY and site.asked == []


def test_without_a_checksum_nothing_is_resumed(site, target):
    with pytest.raises(DownloadError):
        fetch(f"{site.address}/cut", target, resume=True)
    assert remaining_files(target) == {}


def test_without_a_network_a_download_fails_at_once(target, monkeypatch):
    def unreachable(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unreachable)
    with pytest.raises(DownloadError) as caught:
        fetch("https://example.org/file", target, checksum=MD5, resume=True)
    assert caught.value.status is None
