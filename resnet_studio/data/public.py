"""Well-known data sets, downloaded at one click, read by torchvision and stored as class folders like any other."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from PIL import Image

from resnet_studio.data import library
from resnet_studio.data.archive import Unpacked, store
from resnet_studio.data.dataset import Dataset
from resnet_studio.data.formats import sniff
from resnet_studio.data.incoming import finish_import, incoming
from resnet_studio.data.scan import Progress, phase
from resnet_studio.download import Checksum, DamagedError, DownloadError, fetch
from resnet_studio.durable import is_disk_full
from resnet_studio.errors import DataError
from resnet_studio.text import Language, say
from resnet_studio.workspace import Workspace

SILENCE_SECONDS = 30
_ROOM = 1.05  # of what a set is known to download, before it is taken for something else
_DAMAGED = (RuntimeError, EOFError, ValueError, LookupError, tarfile.TarError, zipfile.BadZipFile, zlib.error)
_TRAIN_AND_TEST = {"train": {"train": True}, "test": {"train": False}}


@dataclass(frozen=True)
class PublicFile:
    """A file of a public set: where it is from, its MD5, and whether it is an archive."""

    url: str
    md5: str
    packed: bool = True

    @property
    def name(self) -> str:
        """Its own name."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class PublicSet:
    """A data set of ``torchvision.datasets``; its words are ``public.<key>.name``, ``.description`` and ``.terms``.

    ``files`` lie in the folder ``within`` where torchvision looks for them, unpacked; see ``torchvision.datasets``.
    ``parts`` maps part folders (``""`` where the set defines none) to the arguments of the torchvision class
    ``loads``; with ``by_path`` that class can give paths instead of decoded pictures.
    """

    key: str
    loads: str
    download_bytes: int
    pictures: int
    classes: int
    parts: Mapping[str, Mapping[str, Any]]
    files: tuple[PublicFile, ...] = ()
    within: str = ""
    by_path: bool = False
    hints: Mapping[str, object] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What :func:`resnet_studio.data.opening.open_data` calls it."""
        return f"public:{self.key}"

    def name(self, language: Language = "en") -> str:
        """What it is called."""
        return say(f"public.{self.key}.name", language)

    def description(self, language: Language = "en") -> str:
        """One sentence on what it shows."""
        return say(f"public.{self.key}.description", language)

    def terms(self, language: Language = "en") -> str:
        """Where it is from, and on which terms."""
        return say(f"public.{self.key}.terms", language)


_AMAZON = "https://s3.amazonaws.com/fast-ai-imageclas"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
_EUROSAT = "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd"
_TORONTO = "https://www.cs.toronto.edu/~kriz"
_OXFORD = "https://www.robots.ox.ac.uk/~vgg/data"
PUBLIC: Mapping[str, PublicSet] = {
    entry.key: entry
    for entry in (
        PublicSet(
            "cifar10", "CIFAR10", 170_498_071, 60_000, 10, _TRAIN_AND_TEST,
            (PublicFile(f"{_TORONTO}/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),),
        ),
        PublicSet(
            "fashion_mnist", "FashionMNIST", 30_878_645, 70_000, 10, _TRAIN_AND_TEST,
            (
                PublicFile(f"{_FASHION}/train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
                PublicFile(f"{_FASHION}/train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
                PublicFile(f"{_FASHION}/t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
                PublicFile(f"{_FASHION}/t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
            ),
            "FashionMNIST/raw",
        ),
        PublicSet(
            "imagenette", "Imagenette", 99_003_388, 13_394, 10,
            {part: {"split": part, "size": "160px"} for part in ("train", "val")},
            (PublicFile(f"{_AMAZON}/imagenette2-160.tgz", "e793b78cc4c9e9a4ccc0c1155377a412"),),
            by_path=True,
        ),
        PublicSet(
            "eurosat", "EuroSAT", 94_280_567, 27_000, 10, {"": {}},
            (PublicFile(f"{_EUROSAT}/EuroSAT.zip", "c8fa014336c82ac7804f0398fcb19387"),), "eurosat", by_path=True,
        ),
        PublicSet(
            "flowers102", "Flowers102", 344_877_876, 8_189, 102,
            {part: {"split": part} for part in ("train", "val", "test")},
            (
                PublicFile(f"{_OXFORD}/flowers/102/102flowers.tgz", "52808999861908f626f3c1f4e79d11fa"),
                PublicFile(f"{_OXFORD}/flowers/102/imagelabels.mat", "e0620be6f572b9609742df49c70aed4d", packed=False),
                PublicFile(f"{_OXFORD}/flowers/102/setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c", packed=False),
            ),
            "flowers-102", by_path=True,
        ),
        PublicSet(
            "pets", "OxfordIIITPet", 811_092_049, 7_349, 37,
            {"train": {"split": "trainval"}, "test": {"split": "test"}},
            (
                PublicFile(f"{_OXFORD}/pets/data/images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c"),
                PublicFile(f"{_OXFORD}/pets/data/annotations.tar.gz", "95a8c909bbe2e81eed6a22bccdf3f68f"),
            ),
            "oxford-iiit-pet",
        ),
    )
}  # fmt: skip


def open_public(key: str, workspace: Workspace, *, progress: Progress | None = None) -> Dataset:
    """The public set called ``key``, downloaded at first use and stored. Raises :class:`DataError`."""
    if key not in PUBLIC:
        raise DataError("error.public.unknown", given=key, known=list(PUBLIC))
    entry = PUBLIC[key]
    if kept := library.find_by_source(entry.source, workspace):
        return kept
    downloads = workspace.cache / "downloads" / key
    downloads.mkdir(parents=True, exist_ok=True)
    with _locked(downloads.parent / "lock", progress):
        if kept := library.find_by_source(entry.source, workspace):
            return kept
        parts = _downloaded(entry, downloads, phase(progress, 0, 3))
        with incoming(workspace) as folder:
            unpacked = _converted(parts, folder, phase(progress, 1, 3))
            dataset = finish_import(
                unpacked, folder, workspace,
                name=entry.name(), source=entry.source, hints=entry.hints, progress=phase(progress, 2, 3),
            )  # fmt: skip
    shutil.rmtree(downloads, ignore_errors=True)
    return dataset


@contextmanager
def _locked(path: Path, progress: Progress | None) -> Iterator[None]:
    """Hold the lock at ``path``; while another download holds it, ``progress`` is called with nothing done."""
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=1)
            break
        except Timeout:
            if progress:
                progress(0, 1)
    try:
        yield
    finally:
        lock.release()


def _downloaded(entry: PublicSet, into: Path, progress: Progress | None) -> dict[str, Any]:
    """The torchvision data set of each part."""
    from torchvision import datasets

    read = getattr(datasets, entry.loads)
    extra = {"loader": Path} if entry.by_path else {}
    try:
        _fetch_files(entry, into / entry.within, progress)
        parts = {part: read(into, download=False, **given, **extra) for part, given in entry.parts.items()}
        if sum(len(part) for part in parts.values()) < entry.pictures:
            raise EOFError("unpacking was broken off")
    except (DownloadError, OSError, *_DAMAGED) as error:
        raise _failure(error, entry, into) from error
    return parts


def _fetch_files(entry: PublicSet, folder: Path, progress: Progress | None) -> None:
    """Have the files of ``entry`` in ``folder``, and what is in them; an interrupted download is continued."""
    from torchvision.datasets.utils import extract_archive

    before, total = 0, entry.download_bytes
    for file in entry.files:
        path, checksum = folder / file.name, Checksum("md5", file.md5)

        def report(done: int, _: int, before: int = before) -> None:
            if progress:
                progress(min(before + done, total), total)

        if not checksum.is_of(path):
            fetch(
                file.url, path, checksum=checksum, most_bytes=int(total * _ROOM), resume=True, progress=report,
                timeout_seconds=SILENCE_SECONDS,
            )  # fmt: skip
        before += path.stat().st_size
        report(0, 0, before)
        if file.packed:
            extract_archive(str(path), str(folder))


def _failure(error: Exception, entry: PublicSet, into: Path) -> DataError:
    """The sentence for a download that failed; damaged files are removed, so that the next try starts over."""
    if is_disk_full(error):
        return DataError("error.data.disk_full")
    if isinstance(error, DownloadError) and error.status in (404, 410):
        return DataError("error.public.gone", name=entry.name())
    if isinstance(error, OSError | DownloadError) and not isinstance(error, DamagedError):
        return DataError("error.public.no_network", name=entry.name())
    shutil.rmtree(into, ignore_errors=True)
    return DataError("error.public.damaged", name=entry.name())


def _converted(parts: Mapping[str, Any], folder: Path, progress: Progress | None) -> Unpacked:
    """All pictures, stored under our names: ``train/cat/00001.jpg``."""
    pictures, done = [], 0
    total = sum(len(part) for part in parts.values())
    for part, dataset in parts.items():
        classes = [_class_name(name) for name in dataset.classes]
        for index, (data, label) in enumerate(_items(dataset)):
            kind = sniff(data)
            done += 1
            if kind is None:
                continue
            path = store(iter([data]), kind, folder)
            name = f"{classes[label]}/{index:05}{path.suffix}"
            pictures.append((f"{part}/{name}" if part else name, path))
            if progress and (done % 64 == 0 or done == total):
                progress(done, total)
    return Unpacked(tuple(pictures))


def _class_name(name: str | Sequence[str]) -> str:
    """A folder's name: of several the first, and no slash (Fashion-MNIST has a ``T-shirt/top``)."""
    return (name if isinstance(name, str) else name[0]).replace("/", " or ")


def _items(dataset: Any) -> Iterator[tuple[bytes, int]]:
    """The file of each picture as it was downloaded where there is one, else a PNG; and its class."""
    # OxfordIIITPet cannot give paths; without them its photographs are stored as PNG
    files, labels = getattr(dataset, "_images", None), getattr(dataset, "_labels", None)
    for index in range(len(dataset)):
        picture, label = (files[index], labels[index]) if files and labels else dataset[index]
        yield (_png(picture) if isinstance(picture, Image.Image) else Path(picture).read_bytes()), int(label)


def _png(picture: Image.Image) -> bytes:
    """``picture`` as an uncompressed PNG: the same bytes, and so the same split, on every machine."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()
