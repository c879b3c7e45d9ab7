"""Near-duplicates: what is found, what is not, and that a split keeps them on one side."""

import io
import random

import numpy as np
import pytest
from made import class_files, encoded, scene, write
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from sweeps import few

from resnet_studio.data import checkup, inside, likeness, near
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.opening import open_data
from resnet_studio.workspace import Workspace


def recompressed(image, quality):
    return Image.open(io.BytesIO(encoded(image, "JPEG", quality=quality))).convert("RGB")


CHANGES = {
    "resized": lambda image: image.resize((80, 80), Image.Resampling.BICUBIC),
    "recompressed": lambda image: recompressed(image, 40),
    "cropped": lambda image: image.crop((20, 8, 148, 136)),
    "mirrored": ImageOps.mirror,
    "brightened": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
}


def finished(search):
    steps = []
    while True:
        try:
            steps.append(next(search))
        except StopIteration as stop:
            return stop.value, steps


@pytest.fixture
def look(tmp_path):
    """Opens ``files`` as a data set and looks for near-duplicates in it."""

    def looked(files):
        workspace = Workspace.open(tmp_path / "workspace")
        dataset = open_data(write(tmp_path / "set", files), workspace)
        paths = [dataset.path(sample) for sample in dataset.samples]
        groups, steps = finished(near.near_groups(dataset.samples, paths, ArrayCache(workspace.cache)))
        return dataset, groups, steps

    return looked


def scenes(count, start=0):
    return {f"{'ab'[n % 2]}/{n}.png": encoded(scene(start + n)) for n in range(count)}


@pytest.mark.slow
@few("change", CHANGES, keep=2)
def test_a_changed_copy_is_found_and_nothing_else(look, change):
    files = scenes(24)
    copied = {f"{'ab'[n % 2]}/copy-{n}.png": encoded(CHANGES[change](scene(n))) for n in range(0, 24, 6)}
    dataset, groups, _ = look(files | copied)
    names = [[dataset.samples[index].name for index in group] for group in groups]
    assert sorted(map(sorted, names)) == [
        [f"{'ab'[n % 2]}/{n}.png", f"{'ab'[n % 2]}/copy-{n}.png"] for n in (0, 12, 18, 6)
    ]


def test_small_crops_are_found_by_where_they_lie_and_without_a_network():
    images = [scene(n) for n in range(30)]
    draw = random.Random(0)
    for image in images[:10]:
        left, top = draw.randrange(36), draw.randrange(36)
        images.append(image.crop((left, top, left + 124, top + 124)))
    pixels = np.stack([np.asarray(image.resize((64, 64), Image.Resampling.BILINEAR)) for image in images])
    pairs = likeness.near_duplicates(likeness.cells_of(pixels), None)
    assert set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == {(n, 30 + n) for n in range(10)}


@pytest.mark.slow
def test_a_large_set_is_searched_with_a_network(look, monkeypatch):
    monkeypatch.setattr(inside, "MOST_PICTURES", 8)
    files = scenes(12) | {"b/copy.png": encoded(scene(1).crop((10, 10, 145, 145)))}
    dataset, groups, _ = look(files)
    assert [[dataset.samples[index].name for index in group] for group in groups] == [["b/1.png", "b/copy.png"]]


@pytest.mark.slow
def test_sets_without_a_pair_are_not_called_out(look):
    assert look(scenes(40))[1] == ()


def test_drawings_on_an_empty_ground_are_not_called_out(look):
    assert look(class_files({"round": 40, "square": 40}, side=48))[1] == ()


@pytest.mark.slow
def test_handwritten_digits_which_all_look_alike_are_not_called_out():
    from sklearn.datasets import load_digits

    images = load_digits().images[:600]
    pixels = np.stack(
        [np.asarray(Image.fromarray(np.uint8(cells * 15)).convert("RGB").resize((64, 64))) for cells in images]
    )
    pairs = likeness.near_duplicates(likeness.cells_of(pixels), None)
    assert len(pairs.first) <= 2  # a 7 and a 1 are written twice with a correlation of 0.97 and 0.98


def test_pictures_of_one_colour_are_like_no_other(look):
    plain = {f"{'ab'[n % 2]}/plain-{n}.png": encoded(Image.new("RGB", (50, 50), (n * 9, 80, 90))) for n in range(8)}
    assert look(scenes(8) | plain)[1] == ()


def test_a_damaged_picture_and_a_picture_of_one_pixel_do_not_stop_the_search(look):
    files = scenes(8) | {"a/one.png": encoded(Image.new("RGB", (1, 1), "red"))}
    assert look(files | {"b/copy.png": encoded(ImageOps.mirror(scene(1)))})[1]


def test_what_was_found_is_kept(look, monkeypatch):
    files = scenes(8) | {"b/copy.png": encoded(ImageOps.mirror(scene(1)))}
    _, first, steps = look(files)
    monkeypatch.setattr(near, "search_pairs", None)
    _, again, no_steps = look(files)
    assert first == again and steps and not no_steps


@pytest.mark.slow
def test_a_pair_in_two_classes_is_a_conflict_and_in_two_parts_a_leak(look):
    files = {f"train/{name}": data for name, data in scenes(16).items()}
    files |= {f"test/{name}": data for name, data in scenes(6, start=50).items()}
    files |= {"test/a/leak.png": encoded(ImageOps.mirror(scene(2)))}
    files |= {"train/a/other.png": encoded(ImageEnhance.Brightness(scene(3)).enhance(0.8))}
    dataset, groups, _ = look(files)
    found = {(finding.kind, finding.files) for finding in near.findings(dataset, groups)}
    assert found == {
        ("leak", ("test/a/leak.png", "train/a/2.png")),
        ("near_duplicate", ("test/a/leak.png", "train/a/2.png")),
        ("conflict", ("train/a/other.png", "train/b/3.png")),
        ("near_duplicate", ("train/a/other.png", "train/b/3.png")),
    }
    assert not {"leak", "conflict"} & {finding.kind for finding in checkup.inspect(dataset)}


@pytest.mark.slow
def test_memory_grows_with_the_pictures_not_with_their_square():
    import tracemalloc

    draw = np.random.default_rng(0)
    peaks = []
    for count in (1500, 3000):
        cells = draw.integers(0, 255, (count, 3, 24, 24), dtype=np.uint8)
        features = draw.normal(size=(count, 32)).astype(np.float32)
        tracemalloc.start()
        likeness.near_duplicates(cells, features)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2.6 * peaks[0]


@pytest.mark.slow
def test_frames_of_a_video_are_one_group(look):
    wide = scene(1, 200)
    frames = {f"a/frame-{n}.png": encoded(wide.crop((n, n // 2, n + 160, n // 2 + 160))) for n in range(0, 20, 2)}
    dataset, groups, _ = look(frames | scenes(40, start=100))
    (group,) = groups
    assert {dataset.samples[index].name for index in group} == set(frames)


def test_groups_follow_from_pairs_by_others():
    pairs = likeness.Pairs(np.array([0, 1, 5]), np.array([1, 2, 6]), np.ones(3, np.float32))
    assert pairs.groups() == [[0, 1, 2], [5, 6]]


@pytest.mark.slow
def test_the_search_is_the_same_whatever_the_order(look):
    files = scenes(12) | {"b/copy.png": encoded(ImageOps.mirror(scene(1)))}
    shuffled = list(files.items())
    random.Random(1).shuffle(shuffled)
    assert look(files)[1] == look(dict(shuffled))[1]


@pytest.mark.slow
def test_what_an_earlier_search_found_is_known_and_summed_up(look):
    files = scenes(12) | {
        "b/copy.png": encoded(ImageOps.mirror(scene(1))),
        "b/four.png": encoded(ImageOps.mirror(scene(4))),
    }
    dataset, groups, _ = look(files)
    cache = ArrayCache(dataset.root.parent / "workspace" / "cache")
    assert near.known_groups(dataset.samples, cache) == groups and len(groups) == 2
    assert near.known_groups(dataset.samples[1:], cache) == ()
    kinds = {finding.kind: finding for finding in near.summary(dataset, groups)}
    assert len(kinds["near_duplicate"].files) == 4 and kinds["conflict"].files == ("a/4.png", "b/four.png")
    assert all(finding.sentence("en") and finding.sentence("zh") for finding in kinds.values())


@pytest.mark.slow
def test_after_an_edit_only_new_pictures_are_read_and_the_groups_are_the_same(tmp_path, monkeypatch):
    from resnet_studio.data import decode

    workspace, read = Workspace.open(tmp_path / "workspace"), []
    files = scenes(12) | {"a/copy-0.png": encoded(scene(0).resize((30, 30)))}

    def search(opened):
        paths = [opened.path(sample) for sample in opened.samples]
        groups, _ = finished(near.near_groups(opened.samples, paths, ArrayCache(workspace.cache)))
        return [sorted(opened.samples[index].name for index in group) for group in groups]

    plain = decode.read_picture
    monkeypatch.setattr(
        decode, "read_picture", lambda file, **options: read.append(file.name) or plain(file, **options)
    )
    write(tmp_path / "set", files)
    first = search(open_data(tmp_path / "set", workspace))
    assert len(read) == 13
    write(tmp_path / "set", {"b/copy-1.png": encoded(scene(1).resize((30, 30)))})
    again = open_data(tmp_path / "set", workspace)
    read.clear()
    found = search(again)
    assert read == ["copy-1.png"]
    assert sorted(found) == sorted([*first, ["b/1.png", "b/copy-1.png"]])

    (tmp_path / "set" / "b" / "copy-1.png").write_bytes(encoded(scene(77)))  # changed under its old name
    read.clear()
    assert search(open_data(tmp_path / "set", workspace)) == first and read == ["copy-1.png"]
