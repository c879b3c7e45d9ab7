"""Well-known data sets, downloaded by torchvision at one click and kept as class folders like any other."""

from __future__ import annotations

import io
import shutil
import socket
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from resnet_studio.data.incoming import incoming, settle
from resnet_studio.data.scan import Progress, phase
from resnet_studio.durable import is_disk_full
from resnet_studio.errors import DataError
from resnet_studio.text import Language, say
from resnet_studio.workspace import Workspace

_SILENCE_SECONDS = 30
_DAMAGED = (RuntimeError, EOFError, ValueError, LookupError, tarfile.TarError, zipfile.BadZipFile, zlib.error)
_TRAIN_AND_TEST = {"train": {"train": True}, "test": {"train": False}}


@dataclass(frozen=True)
class PublicSet:
    """A data set of ``torchvision.datasets``; its words are ``public.<key>.name``, ``.description`` and ``.terms``.

    ``parts`` maps part folders (``""`` where the set defines none) to the arguments of the torchvision class
    ``loads``; with ``by_path`` that class can be told to give paths instead of decoded pictures.
    """

    key: str
    loads: str
    download_bytes: int
    pictures: int
    classes: int
    parts: Mapping[str, Mapping[str, Any]]
    by_path: bool = False
    hints: Mapping[str, object] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What :func:`resnet_studio.data.doors.open_data` calls it."""
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


PUBLIC: Mapping[str, PublicSet] = {
    entry.key: entry
    for entry in (
        PublicSet("cifar10", "CIFAR10", 170_498_071, 60_000, 10, _TRAIN_AND_TEST),
        PublicSet("fashion_mnist", "FashionMNIST", 30_878_645, 70_000, 10, _TRAIN_AND_TEST),
        PublicSet(
            "imagenette", "Imagenette", 99_003_388, 13_394, 10,
            {part: {"split": part, "size": "160px"} for part in ("train", "val")}, by_path=True,
        ),
        PublicSet("eurosat", "EuroSAT", 94_280_567, 27_000, 10, {"": {}}, by_path=True),
        PublicSet(
            "flowers102", "Flowers102", 344_877_876, 8_189, 102,
            {part: {"split": part} for part in ("train", "val", "test")}, by_path=True,
        ),
        PublicSet(
            "pets", "OxfordIIITPet", 811_092_049, 7_349, 37,
            {"train": {"split": "trainval"}, "test": {"split": "test"}},
        ),
    )
}  # fmt: skip


def open_public(key: str, workspace: Workspace, *, progress: Progress | None = None) -> Dataset:
    """The public set called ``key``, downloaded at first use and kept. Raises :class:`DataError`."""
    if key not in PUBLIC:
        raise DataError("error.public.unknown", given=key, known=list(PUBLIC))
    entry = PUBLIC[key]
    if kept := library.kept_from(entry.source, workspace):
        return kept
    downloads = workspace.cache / "downloads" / key
    downloads.mkdir(parents=True, exist_ok=True)
    with _locked(downloads.parent / "lock", progress):
        if kept := library.kept_from(entry.source, workspace):
            return kept
        parts = _downloaded(entry, downloads, phase(progress, 0, 3))
        with incoming(workspace) as folder:
            unpacked = _converted(parts, folder, phase(progress, 1, 3))
            dataset = settle(
                unpacked, folder, workspace,
                name=entry.name(), source=entry.source, hints=entry.hints, progress=phase(progress, 2, 3),
            )  # fmt: skip
    shutil.rmtree(downloads, ignore_errors=True)
    return dataset


@contextmanager
def _locked(path: Path, progress: Progress | None) -> Iterator[None]:
    """Hold the lock at ``path``; while another download holds it, ``progress`` hears that nothing is done yet."""
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

    load = getattr(datasets, entry.loads)
    extra = {"loader": Path} if entry.by_path else {}
    try:
        with _watched(entry.download_bytes, progress):
            parts = {part: load(into, download=True, **given, **extra) for part, given in entry.parts.items()}
        if sum(len(part) for part in parts.values()) < entry.pictures:
            raise EOFError("unpacking was broken off")
    except (OSError, *_DAMAGED) as error:
        raise _failure(error, entry, into) from error
    return parts


def _failure(error: Exception, entry: PublicSet, into: Path) -> DataError:
    """The sentence for a download that failed; what is damaged is thrown away, so that the next try begins anew."""
    if isinstance(error, OSError) and is_disk_full(error):
        return DataError("error.data.disk_full")
    # torchvision wraps some network errors; then nothing has arrived
    arrived = any(path.is_file() and path.stat().st_size for path in into.rglob("*"))
    if isinstance(error, OSError) or (isinstance(error, RuntimeError) and not arrived):
        return DataError("error.public.no_network", name=entry.name())
    shutil.rmtree(into, ignore_errors=True)
    return DataError("error.public.damaged", name=entry.name())


@contextmanager
def _watched(total: int, progress: Progress | None) -> Iterator[None]:
    """Within the block torchvision's download bar reports to ``progress``, and a silent server is given up.

    torchvision offers no other way to follow, or to end, a download; the caller holds a lock.
    """
    from torchvision.datasets import utils

    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(min(done, total), total)

    bar, timeout = getattr(utils, "tqdm", None), socket.getdefaulttimeout()
    utils.tqdm = lambda *_, **__: _Bar(more)
    socket.setdefaulttimeout(_SILENCE_SECONDS)
    try:
        yield
    finally:
        utils.tqdm = bar
        socket.setdefaulttimeout(timeout)


class _Bar:
    """As much of a tqdm bar as torchvision uses."""

    def __init__(self, more: Callable[[int], None]) -> None:
        self.update = more

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        return


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
    # OxfordIIITPet cannot be told to give paths; without them its photographs are kept as PNG
    files, labels = getattr(dataset, "_images", None), getattr(dataset, "_labels", None)
    for index in range(len(dataset)):
        picture, label = (files[index], labels[index]) if files and labels else dataset[index]
        yield (_png(picture) if isinstance(picture, Image.Image) else Path(picture).read_bytes()), int(label)


def _png(picture: Image.Image) -> bytes:
    """``picture`` as an uncompressed PNG: the same bytes, and so the same split, on every machine."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()
