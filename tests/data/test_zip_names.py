import struct
import sys
import zipfile
import zlib

import made
import pytest
from made import Entry, raw_zip

from resnet_studio.data import intake
from resnet_studio.data.checkup import inspect
from resnet_studio.data.choices import Choices
from resnet_studio.errors import DataError


def archive(tmp_path, content: bytes):
    path = tmp_path / "upload.zip"
    path.write_bytes(content)
    return path


def named(classes: list[bytes], count: int = 3, **options) -> list[Entry]:
    """Entries of ``count`` pictures in each of ``classes``, whose names do not say their encoding."""
    return [
        Entry(kind + f"/{number}.png".encode(), made.picture(number, label=label), flags=0, **options)
        for label, kind in enumerate(classes)
        for number in range(count)
    ]


WORDS = {
    "cp949": ("고양이", "강아지", "토끼굴"), "cp932": ("りんご", "みかん", "ぶどう"), "gbk": ("苹果", "香蕉", "葡萄"),
    "big5": ("蘋果", "香蕉", "葡萄"), "cp866": ("кошка", "собака", "птица"), "cp437": ("Bär", "Kröte", "Übung"),
    "cp1251": ("кошка", "собака", "птица"),
}  # fmt: skip


@pytest.mark.parametrize("encoding", WORDS)
def test_names_in_the_code_page_of_some_windows_are_guessed_and_the_guess_is_shown(tmp_path, workspace, encoding):
    words = WORDS[encoding]
    dataset = intake.from_zip(archive(tmp_path, raw_zip(named([word.encode(encoding) for word in words]))), workspace)
    assert set(dataset.classes) == set(words)
    (guess,) = [finding for finding in inspect(dataset) if finding.kind == "guessed_names"]
    assert words[0] in guess.sentence("en") and guess.offers
    assert all(offer.changes["name_encoding"] != encoding for offer in guess.offers)


def test_a_wrong_guess_is_changed_at_one_click_and_back(tmp_path, workspace):
    # two short names that are good Chinese too
    raw = ["사과".encode("cp949"), "배".encode("cp949")]
    wrong = intake.from_zip(archive(tmp_path, raw_zip(named(raw))), workspace, choices=Choices(name_encoding="gbk"))
    (guess,) = [finding for finding in inspect(wrong) if finding.kind == "guessed_names"]
    offer = next(offer for offer in guess.offers if offer.changes["name_encoding"] == "cp949")
    assert "사과" in offer.sentence("en")
    right = intake.reread(workspace, wrong.id, wrong.choices.with_changes(offer.changes))
    assert set(right.classes) == {"사과", "배"} and right.counts["배"] == 3
    assert all(right.path(sample).is_file() for sample in right.samples)
    assert not [problem for problem in right.problems if problem.kind == "empty_class"]
    again = intake.reread(workspace, right.id, right.choices.with_changes({"name_encoding": "gbk"}))
    assert again.classes == wrong.classes and again.id == wrong.id


def test_the_encoding_of_names_can_be_given_and_must_fit(tmp_path, workspace):
    path = archive(tmp_path, raw_zip(named([word.encode("gbk") for word in WORDS["gbk"]])))
    assert set(intake.from_zip(path, workspace, choices=Choices(name_encoding="gbk")).classes) == set(WORDS["gbk"])
    with pytest.raises(DataError, match="not in the encoding utf-8"):
        intake.from_zip(path, workspace, choices=Choices(name_encoding="utf-8"))


def unicode_path(raw: bytes, name: str, *, checksum: int | None = None) -> bytes:
    field = struct.pack("<BL", 1, zlib.crc32(raw) if checksum is None else checksum) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


def test_the_unicode_path_field_says_what_a_name_is(tmp_path, workspace):
    entries = [
        Entry(raw, made.picture(number, label=label), flags=0, extra=b"\1\0\0\0" + unicode_path(raw, name))
        for label, word in enumerate(("강아지", "고양이"))
        for number in range(3)
        for name in [f"{word}/{number}.png"]
        for raw in [name.encode("cp949")]
    ]  # fmt: skip
    # some packers write question marks or lines for what they cannot say
    entries += [
        Entry(raw, made.picture(9, label=label), flags=0, extra=unicode_path(raw, f"{word}/9.png"))
        for label, word in enumerate(("강아지", "고양이"))
        for raw in [f"___{label}/9.png".encode()]
    ]
    dataset = intake.from_zip(archive(tmp_path, raw_zip(entries)), workspace)
    assert dataset.counts == {"강아지": 4, "고양이": 4}
    assert not [finding for finding in inspect(dataset) if finding.kind == "guessed_names"]


def with_extra(tmp_path, extra):
    entries = [
        Entry(f"{kind}/{number}.png".encode(), made.picture(number, label=label), flags=0, extra=extra)
        for label, kind in enumerate(("cat", "dog"))
        for number in range(2)
    ]
    return archive(tmp_path, raw_zip(entries))


def test_a_unicode_path_field_of_another_name_is_passed_over(tmp_path, workspace):
    source = with_extra(tmp_path, unicode_path(b"x", "evil", checksum=1))
    assert intake.from_zip(source, workspace).counts == {"cat": 2, "dog": 2}


def test_a_unicode_path_field_that_is_none_is_passed_over_where_python_reads_the_zip(tmp_path, workspace):
    short, too_long = (struct.pack("<HHB", 0x7075, length, 1) for length in (1, 900))
    if sys.version_info < (3, 13):  # from then on zipfile calls it corrupt
        assert intake.from_zip(with_extra(tmp_path, short), workspace).counts == {"cat": 2, "dog": 2}
    else:
        with pytest.raises(DataError, match="damaged"):
            intake.from_zip(with_extra(tmp_path, short), workspace)
    with pytest.raises(DataError, match="damaged"):
        intake.from_zip(with_extra(tmp_path, too_long), workspace)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "C:/evil.png", "cat/../../evil.png", "cat\\evil.png"])
def test_a_unicode_path_is_checked_like_any_name(tmp_path, workspace, name):
    raw = b"cat/9.png"
    entry = Entry(raw, made.picture(9), flags=0, extra=unicode_path(raw, name))
    with pytest.raises(DataError) as caught:
        intake.from_zip(archive(tmp_path, raw_zip([*named([b"cat", b"dog"]), entry])), workspace)
    assert caught.value.key == "error.zip.unsafe_name"


def test_a_zip_with_backslashes_throughout_is_read(tmp_path, workspace):
    entries = named([b"pets\\cat", b"pets\\dog"])
    entries = [Entry(entry.name.replace(b"/", b"\\"), entry.data, flags=0) for entry in entries]
    entries.insert(0, Entry(b"pets\\cat\\", b"", flags=0, method=0))
    assert intake.from_zip(archive(tmp_path, raw_zip(entries)), workspace).counts == {"cat": 3, "dog": 3}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "name",
    [b"..\\evil.png", b"cat\\..\\..\\evil.png", b"C:\\evil.png", b"\\evil.png", b"\\\\server\\share\\evil.png",
     b"cat\\\\evil.png", b"cat\\.\\evil.png"],
)  # fmt: skip
def test_backslashes_lead_nowhere_either(tmp_path, workspace, name):
    entries = [Entry(entry.name.replace(b"/", b"\\"), entry.data, flags=0) for entry in named([b"cat", b"dog"])]
    with pytest.raises(DataError) as caught:
        intake.from_zip(archive(tmp_path, raw_zip([*entries, Entry(name, made.picture(9), flags=0)])), workspace)
    assert caught.value.key == "error.zip.unsafe_name"


@pytest.mark.usefixtures("untouched")
def test_backslashes_do_not_hide_two_names_that_are_the_same(tmp_path, workspace):
    entries = [Entry(entry.name.replace(b"/", b"\\"), entry.data, flags=0) for entry in named([b"cat", b"dog"])]
    for name, key in ((b"cat\\0.png", "same_name"), (b"cat\\0.png\\1.png", "file_and_folder")):
        with pytest.raises(DataError) as caught:
            intake.from_zip(archive(tmp_path, raw_zip([*entries, Entry(name, made.picture(9), flags=0)])), workspace)
        assert caught.value.key == f"error.zip.{key}"


def test_a_dot_before_every_name_is_nothing(tmp_path, workspace):
    entries = [Entry(b"./" + entry.name, entry.data, flags=0) for entry in named([b"cat", b"dog"])]
    content = raw_zip([Entry(b"./", b"", flags=0, method=0), *entries])
    dataset = intake.from_zip(archive(tmp_path, content), workspace)
    assert dataset.counts == {"cat": 3, "dog": 3} and dataset.samples[0].name == "cat/0.png"


def test_an_entry_that_was_put_in_twice_counts_once(tmp_path, workspace):
    entries = named([b"cat", b"dog"])
    dataset = intake.from_zip(archive(tmp_path, raw_zip([*entries, entries[0], entries[0]])), workspace)
    assert dataset.counts == {"cat": 3, "dog": 3}


def bzip2(tmp_path, files) -> bytes:
    return made.zipped(tmp_path / "b.zip", files, method=zipfile.ZIP_BZIP2).read_bytes()


def test_a_zip_packed_by_bzip2_is_read(tmp_path, workspace):
    files = made.class_files({"cat": 3, "dog": 3}) | {
        "cat/large.bmp": made.encoded(made.Image.new("RGB", (900, 700)), "BMP")
    }
    dataset = intake.from_zip(archive(tmp_path, bzip2(tmp_path, files)), workspace)
    assert dataset.counts == {"cat": 4, "dog": 3}
    assert {sample.name: dataset.path(sample).read_bytes() for sample in dataset.samples} == files


@pytest.mark.slow
@pytest.mark.usefixtures("untouched")
def test_a_bomb_of_bzip2_is_stopped_and_takes_no_memory(tmp_path, workspace):
    import tracemalloc

    from resnet_studio.data.archive import ArchiveLimits

    files = made.class_files({"cat": 3, "dog": 3}) | {"cat/bomb.bmp": b"BM" + bytes(60_000_000)}
    path = archive(tmp_path, bzip2(tmp_path, files))
    (tmp_path / "b.zip").unlink()
    assert path.stat().st_size < 60_000
    tracemalloc.start()
    with pytest.raises(DataError) as caught:
        intake.from_zip(path, workspace, limits=ArchiveLimits(ratio_from=10_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.key == "error.zip.ratio" and peak < 12_000_000


@pytest.mark.slow
@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("declared", [None, 20])
def test_what_is_no_picture_cannot_cost_a_block_of_bzip2_each_without_end(tmp_path, workspace, declared, monkeypatch):
    import bz2

    block = bz2.compress(b"ab" * 440_000)
    bombs = [
        Entry(f"cat/{n}.txt".encode(), b"ab" * 440_000, method=12, packed=block, packed_size=len(block), size=declared)
        for n in range(400)
    ]
    unpacked, real = [], bz2.BZ2Decompressor

    class Counted:
        def __init__(self):
            self.within = real()

        def decompress(self, *given):
            out = self.within.decompress(*given)
            unpacked.append(len(out))
            return out

        def __getattr__(self, name):
            return getattr(self.within, name)

    monkeypatch.setattr(bz2, "BZ2Decompressor", Counted)
    with pytest.raises(DataError) as caught:
        intake.from_zip(archive(tmp_path, raw_zip([*named([b"cat", b"dog"]), *bombs])), workspace)
    assert caught.value.key == ("error.zip.damaged" if declared else "error.zip.ratio")
    assert 0 < sum(unpacked) < sum(len(bomb.data) for bomb in bombs) / 3


@pytest.mark.parametrize("at", range(60, 10_000, 700))
def test_damage_inside_of_bzip2_never_makes_another_picture(tmp_path, at):
    from resnet_studio.data.archive import unpack

    noise = {f"{kind}/1.bmp": made.encoded(made.Image.effect_noise((64, 64), 60), "BMP") for kind in "ab"}
    content = bytearray(bzip2(tmp_path, noise))
    content[at] ^= 0x55
    (tmp_path / "into").mkdir()
    try:
        unpacked = unpack(archive(tmp_path, bytes(content)), tmp_path / "into")
    except DataError as error:
        assert error.key in ("error.zip.damaged", "error.zip.method")  # the byte may be the one that names the method
    else:
        assert len(unpacked.pictures) < 2
        assert all(path.read_bytes() in noise.values() for _, path in unpacked.pictures)


def test_archives_inside_of_an_archive_that_are_no_zips_are_named(tmp_path, workspace):
    with pytest.raises(DataError, match=r"2 archives \(test.7z, train.7z\)|2 archives \(train.7z, test.7z\)"):
        intake.from_zip(made.zipped(tmp_path / "a.zip", {"train.7z": b"7z", "test.7z": b"7z"}), workspace)
