import gzip
import hashlib
import io
import socket
import struct
from dataclasses import replace

import made
import numpy as np
import pytest
from PIL import Image

from resnet_studio import assets
from resnet_studio.data import library, opening, public, samples
from resnet_studio.data.dataset import split
from resnet_studio.data.pictures import read_picture
from resnet_studio.errors import DataError
from resnet_studio.text import LANGUAGES


@pytest.fixture
def offline(monkeypatch):
    def unreachable(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    monkeypatch.setattr(socket, "getaddrinfo", unreachable)


@pytest.mark.slow
def test_the_digits_are_made_at_first_use(workspace):
    told = []
    dataset = opening.open_data("sample:digits", workspace, progress=lambda done, total: told.append(done / total))
    assert dataset.classes == tuple("0123456789")
    assert len(dataset.samples) == 1797 and dataset.median_side == 16
    assert dataset.hints == {"horizontal_flip": False, "epochs": 8, "near_duplicates": False}
    assert told[-1] == 1
    cut = split(dataset)
    assert len(cut.train) + len(cut.validation) + len(cut.test) == 1797 and len(cut.test) == 269
    assert opening.open_data("sample:digits", workspace) == dataset


@pytest.mark.slow
def test_the_digits_are_the_same_bytes_on_every_machine(workspace):
    dataset = opening.open_data("sample:digits", workspace)
    first = dataset.samples[0]
    assert (first.name, dataset.id) == ("0/0000.png", "478dc7a1838a5744")
    picture = np.asarray(read_picture(dataset.path(first)))[..., 0]
    assert picture.shape == (16, 16)
    assert picture[8, 7:9].max() < 90 < picture[8, 3:5].max()  # a zero is empty in the middle


@pytest.mark.parametrize("entry", [*samples.SAMPLES.values(), *samples.PUBLIC.values()], ids=lambda entry: entry.key)
def test_every_set_on_offer_is_described_in_both_languages(entry):
    for language in LANGUAGES:
        assert entry.name(language) and entry.terms(language)
        assert entry.description(language).endswith("." if language == "en" else "。")
    if isinstance(entry, public.PublicSet):
        assert f"{entry.pictures:,}" in entry.description("en") and f"{entry.pictures:,}" in entry.description("zh")
        assert f"{round(entry.download_bytes / 2**20)} MB" in entry.description("en")


def test_a_sample_that_is_not_installed_is_not_offered(workspace, monkeypatch, tmp_path):
    monkeypatch.setattr(samples, "asset", lambda *parts: tmp_path.joinpath(*parts))
    assert [sample.key for sample in samples.available_samples()] == ["digits"]
    with pytest.raises(DataError, match="not part of this installation"):
        opening.open_data("sample:things", workspace)


def test_a_sample_is_opened_from_its_zip(workspace, monkeypatch, tmp_path):
    monkeypatch.setattr(samples, "asset", lambda *parts: tmp_path.joinpath(*parts))
    (tmp_path / "samples").mkdir()
    made.zipped(tmp_path / "samples" / "things.zip", made.class_files({"cup": 5, "key": 5}))
    dataset = opening.open_data("sample:things", workspace)
    assert dataset.classes == ("cup", "key") and dataset.source == "sample:things"
    assert dataset.name == "Everyday things"
    assert opening.open_data("sample:things", workspace) == dataset


def test_assets_are_found_in_a_checkout_and_when_installed(tmp_path, monkeypatch):
    assert assets.asset("samples").parent.name == "assets"
    package = tmp_path / "site-packages" / "resnet_studio"
    monkeypatch.setattr(assets, "PACKAGE", package)
    (package / "_assets").mkdir(parents=True)
    assert assets.asset("a", "b") == package / "_assets" / "a" / "b"


class Arrays:
    """Like torchvision's CIFAR10: decoded pictures, one object for each part."""

    classes = ("cat", "T-shirt/top")

    def __init__(self, root, train, download):
        assert not download
        self.count = 6 if train else 4

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return Image.open(io.BytesIO(made.picture(index + 10 * self.count, label=index % 2))), index % 2


class Files:
    """Like torchvision's Imagenette: files on the disk, classes with several names."""

    classes = (("tench", "Tinca tinca"), ("church",))

    def __init__(self, root, split, size, download, loader):
        self.loader, self.files = loader, []
        for index in range(6 if split == "train" else 4):
            data = made.picture(index, label=len(split), format="JPEG")
            self.files.append(made.write(root / split, {f"{index}.JPEG": data}) / f"{index}.JPEG")

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        return self.loader(str(self.files[index])), index % 2


def pretend(monkeypatch, name, stand_in, pictures=10, files=()):
    """torchvision's class ``name`` is ``stand_in``, and its set has only so many pictures and these files."""
    from torchvision import datasets

    monkeypatch.setattr(datasets, name, stand_in)
    few = {key: replace(entry, pictures=pictures, files=files) for key, entry in public.PUBLIC.items()}
    monkeypatch.setattr(public, "PUBLIC", few)


def test_a_public_set_becomes_class_folders_with_its_own_parts(workspace, monkeypatch):
    pretend(monkeypatch, "CIFAR10", Arrays)
    told = []
    dataset = opening.open_data("public:cifar10", workspace, progress=lambda done, total: told.append(done / total))
    assert dataset.classes == ("T-shirt or top", "cat") and dataset.name == "CIFAR-10"
    assert {sample.name.split("/")[0] for sample in dataset.samples} == {"train", "test"}
    cut = split(dataset)
    assert cut.preset and (len(cut.train) + len(cut.validation), len(cut.test)) == (6, 4)
    assert told == sorted(told) and told[-1] == 1
    assert not (workspace.cache / "downloads" / "cifar10").exists()
    pretend(monkeypatch, "CIFAR10", None)
    assert opening.open_data("public:cifar10", workspace) == dataset


def test_pictures_that_come_as_files_are_kept_as_they_are(workspace, monkeypatch):
    pretend(monkeypatch, "Imagenette", Files)
    dataset = opening.open_data("public:imagenette", workspace)
    assert dataset.classes == ("church", "tench")
    assert dataset.path(dataset.samples[0]).suffix == ".jpg"
    stored = {dataset.path(sample).read_bytes() for sample in dataset.samples}
    assert made.picture(0, label=len("train"), format="JPEG") in stored


@pytest.mark.parametrize("entry", samples.PUBLIC.values(), ids=lambda entry: entry.key)
def test_the_real_torchvision_class_takes_the_arguments_that_are_given(entry):
    import inspect

    from torchvision import datasets

    loads = inspect.signature(getattr(datasets, entry.loads))
    for given in entry.parts.values():
        loads.bind("root", download=False, **given, **({"loader": str} if entry.by_path else {}))


@pytest.mark.usefixtures("untouched_pictures", "offline")
@pytest.mark.parametrize("key", samples.PUBLIC)
def test_without_a_network_there_is_one_sentence(workspace, key):
    with pytest.raises(DataError) as caught:
        opening.open_data(f"public:{key}", workspace)
    assert caught.value.key == "error.public.no_network"
    assert "check the network connection" in caught.value.sentence("en") and "网络" in caught.value.sentence("zh")


@pytest.fixture
def untouched_pictures(workspace):
    yield
    assert library.list_datasets(workspace) == [] and not list(workspace.temporary.iterdir())


@pytest.mark.usefixtures("untouched_pictures")
def test_a_set_whose_unpacking_was_broken_off_is_not_taken_for_whole(workspace, monkeypatch):
    pretend(monkeypatch, "Imagenette", Files, pictures=11)
    with pytest.raises(DataError, match="arrived damaged"):
        opening.open_data("public:imagenette", workspace)
    assert not (workspace.cache / "downloads" / "imagenette").exists()


def test_a_second_download_waits_for_the_first_and_can_be_cancelled(workspace):
    from filelock import FileLock

    def progress(done, total):
        raise RuntimeError("cancelled")

    (workspace.cache / "downloads").mkdir()
    with FileLock(workspace.cache / "downloads" / "lock"), pytest.raises(RuntimeError, match="cancelled"):
        opening.open_data("public:eurosat", workspace, progress=progress)


@pytest.mark.parametrize("entry", samples.PUBLIC.values(), ids=lambda entry: entry.key)
def test_the_files_are_those_of_torchvision(entry):
    import inspect

    from torchvision import datasets

    kind = getattr(datasets, entry.loads)
    source = inspect.getsource(inspect.getmodule(kind))
    for file in entry.files:
        folder, _, name = file.url.rpartition("/")
        assert file.md5 in source and name in source and folder in source
    assert entry.files


def test_what_is_downloaded_lies_where_torchvision_reads_it(workspace, site, monkeypatch):
    """The real readers of the real formats, in small: packed, checked, fetched and read without a network."""
    made_set = fashion(site)
    few = {"fashion_mnist": replace(samples.PUBLIC["fashion_mnist"], pictures=10, files=made_set, download_bytes=9_000)}
    monkeypatch.setattr(public, "PUBLIC", few)
    reports = []
    dataset = opening.open_data("public:fashion_mnist", workspace, progress=lambda *told: reports.append(told))
    assert len(dataset.samples) == 10 and {sample.part for sample in dataset.samples} == {"train", "test"}
    assert len(reports) > 4


def fashion(site):
    """Fashion-MNIST with six and four pictures on ``site``."""
    files = []
    for part, count in (("train", 6), ("t10k", 4)):
        pixels = np.random.default_rng(count).integers(0, 255, (count, 28, 28), np.uint8)
        labels = (np.arange(count) % 2).astype(np.uint8)
        for name, magic, shape, content in (
            (f"{part}-images-idx3-ubyte.gz", 2051, pixels.shape, pixels),
            (f"{part}-labels-idx1-ubyte.gz", 2049, labels.shape, labels),
        ):
            packed = gzip.compress(struct.pack(f">{1 + len(shape)}i", magic, *shape) + content.tobytes())
            files.append(public.PublicFile(f"{site.address}/{name}", hashlib.md5(packed).hexdigest()))
            site.files[name] = packed
    return tuple(files)


BODY = bytes(range(256)) * 4096


@pytest.fixture
def broken(site, monkeypatch):
    """``broken("gone")`` has EuroSAT's file at that address of the site."""

    def at(address, body=BODY):
        file = public.PublicFile(address, hashlib.md5(body).hexdigest(), packed=False)
        pretend(monkeypatch, "EuroSAT", lambda *_, **__: None, files=(file,))

    return at


@pytest.mark.usefixtures("untouched_pictures")
@pytest.mark.parametrize(("page", "key", "kept"), [
    ("gone", "gone", 0), ("busy", "no_network", 0), ("silent", "no_network", 100_000), ("cut", "no_network", 100_000),
    ("other", "damaged", 0),
])  # fmt: skip
def test_a_download_that_fails_is_one_sentence(workspace, site, broken, monkeypatch, page, key, kept):
    monkeypatch.setattr(public, "SILENCE_SECONDS", 0.3)
    broken(f"{site.address}/{page}")
    with pytest.raises(DataError) as caught:
        opening.open_data("public:eurosat", workspace)
    assert caught.value.key == f"error.public.{key}"
    arrived = workspace.cache / "downloads" / "eurosat" / "eurosat" / f"{page}.part"
    assert (arrived.stat().st_size if arrived.exists() else 0) == kept


@pytest.mark.usefixtures("untouched_pictures")
@pytest.mark.parametrize(("error", "key"), [
    (EOFError(), "error.public.damaged"), (RuntimeError("not found"), "error.public.damaged"),
    (OSError(28, "No space left on device"), "error.data.disk_full"),
])  # fmt: skip
def test_a_set_that_cannot_be_read_is_one_sentence(workspace, monkeypatch, error, key):
    def read(*_, **__):
        raise error

    pretend(monkeypatch, "EuroSAT", read)
    with pytest.raises(DataError) as caught:
        opening.open_data("public:eurosat", workspace)
    assert caught.value.key == key


def test_a_download_reports_its_bytes_can_be_broken_off_and_goes_on(workspace, site, monkeypatch):
    class Cancelled(Exception):  # noqa: N818
        pass

    files = fashion(site)
    pretend(monkeypatch, "FashionMNIST", None, files=files)
    heard = []

    def progress(done, total):
        heard.append(done / total)
        raise Cancelled

    with pytest.raises(Cancelled):
        opening.open_data("public:fashion_mnist", workspace, progress=progress)
    assert len(heard) == 1 and heard[0] < 0.01
    monkeypatch.undo()
    few = {"fashion_mnist": replace(samples.PUBLIC["fashion_mnist"], pictures=10, files=files, download_bytes=9_000)}
    monkeypatch.setattr(public, "PUBLIC", few)
    assert len(opening.open_data("public:fashion_mnist", workspace).samples) == 10


def test_nothing_of_torchvision_or_of_the_process_is_changed_by_a_download(workspace, site, monkeypatch):
    from torchvision.datasets import utils

    def state():
        return getattr(utils, "tqdm", None), socket.getdefaulttimeout()

    before, during, files = state(), [], fashion(site)
    few = {"fashion_mnist": replace(samples.PUBLIC["fashion_mnist"], pictures=10, files=files, download_bytes=9_000)}
    monkeypatch.setattr(public, "PUBLIC", few)
    opening.open_data("public:fashion_mnist", workspace, progress=lambda *_: during.append(state()))
    assert during and set(during) == {before}
