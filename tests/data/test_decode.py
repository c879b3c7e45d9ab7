import numpy as np
import pytest
from made import ended
from PIL import Image

from resnet_studio.data import pictures
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.dataset import Sample
from resnet_studio.data.decode import are_checked, content, decode
from resnet_studio.data.views import Framed, Squeezed


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    made = []
    for number in range(5):
        path = tmp_path / f"{number}.png"
        Image.fromarray(rng.integers(0, 256, (30 + number, 40, 3), dtype=np.uint8)).save(path)
        made.append(path)
    return made


def test_the_centre_crop_is_torchvisions_to_the_pixel(files):
    from torchvision.transforms import v2

    decoded, _ = ended(decode(files, Framed(24, 20)))
    theirs = v2.Compose([v2.Resize(24), v2.CenterCrop(20)])
    for path, pixels in zip(files, decoded.pixels, strict=True):
        assert np.array_equal(np.asarray(theirs(Image.open(path))), pixels)


def test_a_squeezed_picture_is_whole_and_remembers_its_proportions(files):
    decoded, _ = ended(decode(files, Squeezed(16)))
    assert decoded.pixels.shape == (5, 16, 16, 3)
    assert decoded.aspect.tolist() == pytest.approx([40 / (30 + number) for number in range(5)])


def test_a_bad_file_is_left_out_and_the_others_stay_in_their_order(files):
    files[2].write_bytes(b"no picture at all")
    decoded, _ = ended(decode(files, Framed(16, 16)))
    assert decoded.indices == (0, 1, 3, 4) and decoded.skipped == (2,) and len(decoded.pixels) == 4


def seen(path):
    """``path`` as a scan leaves it."""
    status, found = path.stat(), content(Sample(path.name, path.name, 0), path)
    return Sample(path.name, path.name, 0, content=found, bytes=status.st_size, modified=status.st_mtime_ns)


def test_a_png_that_a_scan_found_whole_is_not_inflated_twice_unless_it_has_changed(files, monkeypatch):
    samples = [seen(path) for path in files]
    whole = files[3].read_bytes()
    files[3].write_bytes(whole[: len(whole) // 2])  # after the scan
    now = [content(sample, path) for sample, path in zip(samples, files, strict=True)]
    looked, walk = [], pictures.walkers.walk
    monkeypatch.setattr(
        pictures.walkers, "walk", lambda file, kind, *, rows: looked.append(rows) or walk(file, kind, rows=rows)
    )
    decoded, _ = ended(decode(files, Squeezed(16), contents=now, checked=are_checked(samples, now), threads=1))
    assert looked == [False, False, False, True, False] and decoded.skipped == (3,)
    unknown, _ = ended(decode(files, Squeezed(16), threads=1))
    assert looked[5:] == [True] * 5 and np.array_equal(unknown.pixels, decoded.pixels)


def test_progress_counts_up_to_all(files):
    _, counts = ended(decode(files, Squeezed(8)))
    assert counts[-1] == 5


def test_pictures_decoded_before_are_not_decoded_again(files, tmp_path, monkeypatch):
    cache = ArrayCache(tmp_path / "cache")
    names = ["a", "b", "c", "d", "e"]
    files[1].write_bytes(b"bad")
    first, _ = ended(decode(files, Squeezed(8), contents=names, cache=cache))
    monkeypatch.setattr("resnet_studio.data.decode.read_picture", lambda *_, **__: pytest.fail("decoded again"))
    second, _ = ended(decode(files, Squeezed(8), contents=names, cache=cache))
    assert np.array_equal(first.pixels, second.pixels) and first.indices == second.indices == (0, 2, 3, 4)


def test_another_content_order_or_size_is_another_entry(files, tmp_path):
    cache = ArrayCache(tmp_path / "cache")
    first, _ = ended(decode(files, Squeezed(8), contents=list("abcde"), cache=cache))
    other, _ = ended(decode(files[::-1], Squeezed(8), contents=list("edcba"), cache=cache))
    assert np.array_equal(first.pixels, other.pixels[::-1]) and not np.array_equal(first.pixels, other.pixels)
    larger, _ = ended(decode(files, Squeezed(9), contents=list("abcde"), cache=cache))
    assert larger.pixels.shape[1] == 9


def test_a_file_that_changed_since_it_was_scanned_has_another_content(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"first")
    stat = path.stat()
    sample = Sample("a/picture.png", "picture.png", 0, content="known", bytes=stat.st_size, modified=stat.st_mtime_ns)
    assert content(sample, path) == "known"
    path.write_bytes(b"second!")
    assert content(sample, path) not in ("known", "missing")
    path.unlink()
    assert content(sample, path) == "missing"
