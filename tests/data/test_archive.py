import random
import stat
import struct
import tracemalloc
import zipfile

import made
import pytest
from counting import growth
from made import Entry, raw_zip

from resnet_studio.data import intake
from resnet_studio.data.archive import ArchiveLimits, unpack
from resnet_studio.errors import DataError, StudioError

GOOD = made.class_files({"cat": 3, "dog": 3})
HONEST = [Entry(name.encode(), data) for name, data in GOOD.items()]


def refused(tmp_path, workspace, content: bytes, **limits) -> str:
    path = tmp_path / "upload.zip"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        intake.from_zip(path, workspace, limits=ArchiveLimits(**limits))
    sentence, chinese = caught.value.sentence("en"), caught.value.sentence("zh")
    assert sentence.endswith(".") and chinese.endswith("。") and len(sentence) < 300
    return caught.value.key


def accepted(tmp_path, workspace, content: bytes, **limits):
    path = tmp_path / "upload.zip"
    path.write_bytes(content)
    return intake.from_zip(path, workspace, limits=ArchiveLimits(**limits))


def test_pictures_are_stored_under_the_hash_of_their_bytes(tmp_path, class_zip):
    unpacked = unpack(class_zip({"cat": 2, "dog": 2}), tmp_path / "into")
    assert sorted(name for name, _ in unpacked.pictures) == ["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"]
    for name, path in unpacked.pictures:
        assert path.read_bytes() == made.class_files({"cat": 2, "dog": 2})[name]
        assert path.parent.name == path.stem[:2] and path.suffix == ".png" and len(path.stem) == 64


def test_the_hand_written_zip_of_these_tests_is_an_honest_one(tmp_path, workspace):
    assert accepted(tmp_path, workspace, raw_zip(HONEST)).counts == {"cat": 3, "dog": 3}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "name",
    [
        "../evil.png", "cat/../../evil.png", "/etc/evil.png", "C:/evil.png", "c:evil.png", "cat\\evil.png",
        "\\\\server\\share\\evil.png", "//server/share/evil.png", "cat//evil.png", "./cat/evil.png", "cat/./evil.png",
        "cat/evil\0.png", "cat/\u2025/evil.png", "\uff0e\uff0e/evil.png", "cat/\u2026", "\uff0e\uff0e\uff0fevil.png",
        "\u2024\u2024\u2215evil.png", "cat/. ./evil.png", "cat/.../evil.png", "cat/ /evil.png", "cat/new\nline.png",
        "../Icon\r",
        "cat/\x1b[31m.png", "cat/" + "x" * 252 + ".png", "cat/" + "图" * 86 + ".png", "/".join(["deep" * 20] * 60),
        "__MACOSX/../../evil.png", "", "..", "/",
    ],
)  # fmt: skip
def test_an_unsafe_name_refuses_the_whole_zip(tmp_path, workspace, name):
    evil = Entry(name.encode(), made.picture(9))
    assert refused(tmp_path, workspace, raw_zip([*HONEST, evil])) == "error.zip.unsafe_name"
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    "name",
    [
        "cat/..png", "cat/...a.png", "cat/a..b.png", "cat/x:y.png", "cat/C:.png", "cat/con.png",
        "cat/wait….png", "cat/男／女.png", "cat/<b>bold</b>.png", "cat/\u202etxt.png", "cat/=1+1.png", "cat/ a .png",
        "cat/a/b/c/d.png", "cat/" + "x" * 251 + ".png",
    ],
)  # fmt: skip
def test_an_odd_but_harmless_name_is_kept_literally(tmp_path, workspace, name):
    dataset = accepted(tmp_path, workspace, raw_zip([*HONEST, Entry(name.encode(), made.picture(9))]))
    junk = name == "cat/..png" or name.startswith("cat/...")
    assert (name in {sample.name for sample in dataset.samples}) is not junk
    assert junk is any(problem.kind == "junk" for problem in dataset.problems)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("first", "second"),
    [("cat/\u00e9.png", "cat/e\u0301.png"), ("caf\u00e9/a.png", "cafe\u0301/b.png"), ("cat/a.png", "cat/a.png")],
)  # fmt: skip
def test_names_that_nobody_can_tell_apart_are_refused(tmp_path, workspace, first, second):
    pair = [Entry(first.encode(), made.picture(8)), Entry(second.encode(), made.picture(9))]
    others = [entry for entry in HONEST if entry.name.startswith(b"dog")]
    assert refused(tmp_path, workspace, raw_zip([*others, *pair])) == "error.zip.same_name"


@pytest.mark.parametrize(
    ("first", "second"),
    [("cat/a.png", "cat/A.png"), ("cat/a.png", "cat/a.PNG"), ("Cat/a.png", "cat/a.png"), ("cat /a.png", "cat/a.png"),
     ("cat./a.png", "cat/a.png"), ("cat/ß.png", "cat/SS.png")],
)  # fmt: skip
def test_names_that_differ_in_case_or_blanks_are_two_pictures_and_overwrite_nothing(tmp_path, workspace, first, second):
    pair = [Entry(first.encode(), made.picture(8)), Entry(second.encode(), made.picture(9))]
    others = [entry for entry in HONEST if entry.name.startswith(b"dog")]
    more = [Entry(f"{name.split('/')[0]}/more {number}.png".encode(), made.picture(20 + number))
            for number, name in enumerate(("cat/", first))]  # fmt: skip
    dataset = accepted(tmp_path, workspace, raw_zip([*others, *pair, *more]))
    found = {sample.name: dataset.path(sample).read_bytes() for sample in dataset.samples}
    assert found[first] == made.picture(8) and found[second] == made.picture(9)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("order", [1, -1])
def test_a_file_where_a_folder_is_is_refused(tmp_path, workspace, order):
    both = [Entry(b"cat/0.png", made.picture(1)), Entry(b"cat/0.png/deep.png", made.picture(2))]
    assert refused(tmp_path, workspace, raw_zip([*HONEST[1:], *both[::order]])) == "error.zip.file_and_folder"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path, workspace, kind):
    link = Entry(b"cat/link.png", b"/etc/passwd", attributes=(kind | 0o777) << 16)
    assert refused(tmp_path, workspace, raw_zip([*HONEST, link])) == "error.zip.link"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("flags", "method", "key"), [
    (0x801, 8, "encrypted"), (0x841, 8, "encrypted"), (0x2800, 8, "encrypted"), (0x801, 99, "encrypted"),
    (0x800, 9, "method"), (0x800, 12, "method"), (0x800, 14, "method"), (0x800, 93, "method"), (0x800, 65535, "method"),
])  # fmt: skip
def test_encrypted_and_oddly_packed_zips_are_refused(tmp_path, workspace, flags, method, key):
    entry = Entry(b"cat/9.png", made.picture(9), flags=flags, method=method)
    assert refused(tmp_path, workspace, raw_zip([*HONEST, entry])) == f"error.zip.{key}"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("content", "key"), [
    (b"", "incomplete"), (b"PK", "incomplete"), (b"hello, I am a text" * 50, "not_a_zip"),
    (b"Rar!\x1a\x07\x01\0" * 99, "not_a_zip"),
    (raw_zip(HONEST)[:-30], "incomplete"), (raw_zip(HONEST)[:300], "incomplete"), (raw_zip([]), "empty"),
    (b"PK\5\6" + b"\xff" * 18, "damaged"),
])  # fmt: skip
def test_what_is_no_whole_zip_is_refused(tmp_path, workspace, content, key):
    assert refused(tmp_path, workspace, content) == f"error.zip.{key}"


def test_every_truncation_of_a_zip_is_refused(tmp_path, workspace, untouched):
    whole = raw_zip(HONEST)
    for length in range(0, len(whole), 7):
        refused(tmp_path, workspace, whole[:length])


@pytest.mark.usefixtures("untouched")
def test_wrong_checksums_and_lying_sizes_are_refused(tmp_path, workspace):
    data = made.picture(9)
    lies = [{"checksum": 1}, {"size": 5}, {"size": len(data) - 1}, {"size": len(data) + 1},
            {"local_name": b"cat/8.png"}, {"packed": b"\xff" * 40}, {"packed": b""},
            {"extra": b"\1\0\xff\xff"}]  # fmt: skip
    for lie in lies:
        assert refused(tmp_path, workspace, raw_zip([*HONEST, Entry(b"cat/9.png", data, **lie)])), lie


@pytest.mark.usefixtures("untouched")
def test_overlapping_entries_are_refused(tmp_path, workspace):
    kernel = Entry(b"cat/9.png", made.picture(9))
    at = len(raw_zip(HONEST)) - len(raw_zip(HONEST).partition(b"PK\1\2")[2]) - 4
    copies = [Entry(b"cat/9.png", made.picture(9), offset=at) for _ in range(2)]
    again = [
        Entry(f"dog/{number}.png".encode(), made.picture(9), offset=at, local_name=b"x") for number in range(9, 19)
    ]
    assert refused(tmp_path, workspace, raw_zip([*HONEST, kernel, *again])) == "error.zip.overlap"
    assert refused(tmp_path, workspace, raw_zip([*HONEST, kernel, *copies])) == "error.zip.same_name"


@pytest.mark.usefixtures("untouched")
def test_an_entry_that_reaches_into_the_directory_is_refused(tmp_path, workspace):
    data = made.picture(9)
    last = Entry(b"cat/9.png", data, packed_size=len(Entry(b"", data).body()) + 1)
    assert refused(tmp_path, workspace, raw_zip([*HONEST, last])) == "error.zip.overlap"


@pytest.mark.usefixtures("untouched")
def test_a_bomb_is_stopped_while_it_inflates_and_takes_no_memory(tmp_path, workspace):
    bomb = Entry(b"cat/bomb.bmp", b"BM" + bytes(30_000_000))
    content = raw_zip([*HONEST, bomb])
    assert len(content) < 60_000
    del bomb
    tracemalloc.start()
    assert refused(tmp_path, workspace, content, ratio_from=10_000_000) == "error.zip.ratio"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_high_ratios_are_fine_where_little_comes_out(tmp_path, workspace):
    flat = made.encoded(made.Image.new("RGB", (2000, 2000), "white"), "BMP")
    dataset = accepted(tmp_path, workspace, raw_zip([*HONEST, Entry(b"cat/flat.bmp", flat)]))
    assert dataset.counts["cat"] == 4


@pytest.mark.usefixtures("untouched")
def test_limits_on_entries_and_bytes_hold(tmp_path, workspace):
    content = raw_zip(HONEST)
    assert refused(tmp_path, workspace, content, entries=5) == "error.zip.entries"
    assert refused(tmp_path, workspace, content, total_bytes=500) == "error.zip.too_large"


def test_a_picture_of_too_many_bytes_is_left_out_without_inflating_it(tmp_path, workspace):
    large = Entry(b"cat/large.bmp", b"BM" + bytes(5000))
    dataset = accepted(tmp_path, workspace, raw_zip([*HONEST, large]), picture_bytes=5001, total_bytes=2000)
    assert [(problem.kind, problem.files) for problem in dataset.problems] == [("too_many_bytes", ("cat/large.bmp",))]


def test_just_within_the_limits_is_accepted(tmp_path, workspace):
    total = sum(map(len, GOOD.values()))
    assert accepted(tmp_path, workspace, raw_zip(HONEST), entries=6, total_bytes=total).counts["cat"] == 3


@pytest.mark.usefixtures("untouched")
def test_an_entry_count_that_lies_does_not_get_past_the_limit(tmp_path, workspace):
    content = bytearray(raw_zip(HONEST))
    content[-14:-10] = struct.pack("<2H", 1, 1)
    assert refused(tmp_path, workspace, bytes(content), entries=5) == "error.zip.entries"


def test_what_is_no_picture_is_never_inflated(tmp_path, workspace):
    movie, inner = Entry(b"cat/movie.mp4", bytes(5_000_000)), Entry(b"cat/inner.zip", raw_zip(HONEST))
    total = sum(map(len, GOOD.values()))
    dataset = accepted(tmp_path, workspace, raw_zip([*HONEST, movie, inner]), total_bytes=total)
    assert dataset.problems[0].kind == "not_a_picture"
    assert dataset.problems[0].files == ("cat/inner.zip", "cat/movie.mp4")


def test_junk_is_left_out_and_counted(tmp_path, workspace):
    junk = [
        "__MACOSX/cat/._0.png",
        "cat/.DS_Store",
        "dog/Thumbs.db",
        "desktop.ini",
        ".ipynb_checkpoints/0.png",
        "cat/Icon\r",
    ]
    dataset = accepted(
        tmp_path, workspace, raw_zip([*HONEST, *(Entry(name.encode(), made.picture(7)) for name in junk)])
    )
    assert len(dataset.samples) == 6
    assert [(problem.kind, len(problem.files)) for problem in dataset.problems] == [("junk", 6)]


def test_a_name_in_utf8_or_gbk_without_the_flag_is_read_as_meant(tmp_path, workspace):
    names = ["猫咪/一.png".encode(), "狗狗/二.png".encode("gbk"), "caf\u00e9/3.png".encode("cp437")]
    entries = [Entry(name, made.picture(10 + number), flags=0) for number, name in enumerate(names)]
    more = [Entry(name[:-4] + b"x.png", made.picture(20 + number), flags=0) for number, name in enumerate(names)]
    dataset = accepted(tmp_path, workspace, raw_zip([*entries, *more]))
    assert dataset.classes == ("café", "狗狗", "猫咪")


def test_a_zip_behind_other_bytes_and_one_with_a_comment_are_read(tmp_path, workspace):
    content = bytearray(raw_zip(HONEST, before=b"#!/bin/sh\n"))
    assert accepted(tmp_path, workspace, bytes(content)).counts == {"cat": 3, "dog": 3}
    content = bytearray(raw_zip(HONEST, after=b"PK means Phil Katz"))
    content[-20:-18] = struct.pack("<H", 18)
    assert accepted(tmp_path, workspace, bytes(content)).counts == {"cat": 3, "dog": 3}


def test_a_zip64_and_a_streamed_zip_are_read(tmp_path, workspace):
    path = tmp_path / "streamed.zip"

    class Pipe:
        def __init__(self, file):
            self.write, self.flush = file.write, file.flush

    with path.open("wb") as file, zipfile.ZipFile(Pipe(file), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in GOOD.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(data)
    assert intake.from_zip(path, workspace).counts == {"cat": 3, "dog": 3}


def test_a_progress_that_breaks_off_leaves_nothing_behind(class_zip, workspace, untouched):
    def cancel(done, total):
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        intake.from_zip(class_zip({"cat": 3, "dog": 3}), workspace, progress=cancel)


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(class_zip, workspace, monkeypatch, untouched):
    from resnet_studio.data import archive

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write_new", full)
    with pytest.raises(DataError, match="disk is full"):
        intake.from_zip(class_zip({"cat": 3, "dog": 3}), workspace)


@pytest.mark.slow
def test_mutated_zips_never_raise_anything_but_a_sentence(tmp_path, workspace):
    rng = random.Random(0)
    seed, path = raw_zip(HONEST), tmp_path / "upload.zip"
    spots = [at for sign in (b"PK\1\2", b"PK\3\4", b"PK\5\6") for at in range(len(seed)) if seed.startswith(sign, at)]
    for _ in range(200):
        content = bytearray(seed)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.choice(spots) + rng.randrange(46) if rng.random() < 0.7 else rng.randrange(len(content))
            content[min(at, len(content) - 1)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        path.write_bytes(content)
        try:
            intake.from_zip(path, workspace)
        except StudioError as error:
            assert error.sentence("zh")
    assert not list(workspace.temporary.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"upload.zip", "workspace"}


def test_the_work_of_checking_entries_grows_evenly_with_them(tmp_path, workspace):
    def checking(count):
        content = raw_zip([Entry(f"c{number % 50}/{number}.txt".encode(), b"", method=0) for number in range(count)])
        return lambda: refused(tmp_path, workspace, content)

    assert growth(checking, 300) < 2.5


def inner(name: str, files: dict[str, bytes], **more) -> Entry:
    return Entry(name.encode(), raw_zip([Entry(each.encode(), data) for each, data in files.items()]), **more)


DOGS = {
    f"train/{kind}.{number}.png": made.picture(number, label=kind == "dog")
    for kind in ("cat", "dog")
    for number in range(4)
}
UNKNOWN = {f"test1/{number}.png": made.picture(50 + number) for number in range(3)}


@pytest.mark.parametrize("method", [0, 8])
def test_zips_in_a_zip_without_pictures_are_folders(tmp_path, workspace, method):
    table = Entry(b"sampleSubmission.csv", b"id,label\n1,0\n2,0\n")
    packed = [inner("train.zip", DOGS, method=method), inner("test1.zip", UNKNOWN, method=method), table]
    dataset = accepted(tmp_path, workspace, raw_zip(packed), picture_bytes=3000)
    assert dataset.counts == {"cat": 4, "dog": 4} and len(dataset.unlabelled) == 3
    assert not list((workspace.datasets / dataset.id).rglob("*.part"))
    assert [problem.kind for problem in dataset.problems] == ["unlabelled"]


def test_a_zip_in_a_zip_in_a_zip_stays_closed(tmp_path, workspace):
    outer = raw_zip([Entry(b"b.zip", raw_zip([inner("a.zip", DOGS)]))])
    assert refused(tmp_path, workspace, outer) == "error.data.archives_inside"


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("content", "limits", "key"),
    [
        (raw_zip([Entry(b"../evil.png", GOOD["cat/0.png"])]), {}, "error.zip.unsafe_name"),
        (raw_zip(HONEST)[:-40], {}, "error.zip.incomplete"),
        (raw_zip([Entry(b"a/1.png", GOOD["cat/0.png"], flags=0x801)]), {}, "error.zip.encrypted"),
        (raw_zip(HONEST), {"entries": 6}, "error.zip.entries"),
        (
            raw_zip(HONEST),
            {"total_bytes": len(raw_zip(HONEST)) + sum(map(len, GOOD.values())) - 1},
            "error.zip.too_large",
        ),
        (raw_zip([Entry(b"a/1.png", GOOD["cat/0.png"][:60] + bytes(10**6))]), {"ratio_from": 10**5}, "error.zip.ratio"),
    ],
)
def test_a_zip_in_a_zip_is_trusted_no_more_than_the_one_around_it(tmp_path, workspace, content, limits, key):
    outer = raw_zip([Entry(b"train.zip", content), Entry(b"notes.txt", b"x")])
    assert refused(tmp_path, workspace, outer, **limits) == key
    assert not list(workspace.root.rglob("*.part"))


def test_mutated_zips_in_zips_never_raise_anything_but_a_sentence(tmp_path):
    honest, chance = raw_zip([inner("train.zip", DOGS, method=0)]), random.Random(8)
    for number in range(150):
        content = bytearray(honest)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path = tmp_path / f"{number}.zip"
        path.write_bytes(content)
        into = tmp_path / str(number)
        into.mkdir()
        try:
            unpack(path, into)
        except StudioError as error:
            assert error.sentence("en").endswith(".")
        assert not (into / "inner.part").exists()


@pytest.mark.usefixtures("untouched")
def test_zips_inside_whose_names_differ_in_case_do_not_hide_each_other_s_pictures(tmp_path, workspace):
    inner = [raw_zip([Entry(f"{kind}/{n}.png".encode(), made.picture(n)) for kind in ("cat", "dog") for n in some])
             for some in (range(3), range(2, 5))]  # fmt: skip
    outer = raw_zip([Entry(b"a.zip", inner[0]), Entry(b"a.ZIP", inner[1])])
    assert refused(tmp_path, workspace, outer) == "error.zip.same_name"
