"""ONNX Runtime for browsers, which goes into the one HTML file: fetched when it is first needed, and kept.

It is no part of the studio. It comes from a folder that the user names, else by npm where that is installed, else from
a public copy of npm's packages; the exact files are known by their SHA-256, wherever they come from.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from resnet_studio.download import Checksum, DownloadError, fetch
from resnet_studio.durable import make_folder, replacing
from resnet_studio.errors import ExportError

NPM_SECONDS = 600


@dataclass(frozen=True)
class Runtime:
    """One ``version`` of a package of npm, and the SHA-256 of those of its files in ``dist/`` that are needed.

    ``package_bytes`` is what npm downloads, ``file_bytes`` what the files alone take.
    """

    package: str
    version: str
    files: Mapping[str, str]
    package_bytes: int
    file_bytes: int

    @property
    def name(self) -> str:
        """Of its folder in the cache."""
        return f"{self.package}-{self.version}"

    def is_in(self, folder: Path) -> bool:
        """Whether all files lie in ``folder``, whole."""
        return all(Checksum("sha256", digest).is_of(folder / name) for name, digest in self.files.items())


SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
RUNTIME = Runtime(
    "onnxruntime-web",
    "1.30.0",
    {
        SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
        WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
    },
    package_bytes=33_106_585,
    file_bytes=14312951,
)
COPIES = "https://cdn.jsdelivr.net/npm/{package}@{version}/dist/{file}"
INSIDE = (".", "dist", "package/dist", "onnxruntime-web/dist", "node_modules/onnxruntime-web/dist")
"""Where the files lie in a folder that npm wrote, or in one that somebody prepared."""


def folder_in(cache: Path, runtime: Runtime = RUNTIME) -> Path:
    """Where ``runtime`` lies in a ``cache``."""
    return cache / runtime.name


def is_here(cache: Path, runtime: Runtime = RUNTIME) -> bool:
    """Whether ``runtime`` needs no download, by the names of its files: they were checked when they were put there."""
    return all((folder_in(cache, runtime) / name).is_file() for name in runtime.files)


def download_bytes(runtime: Runtime = RUNTIME) -> int:
    """What will be downloaded here where the runtime is not in the cache."""
    return runtime.package_bytes if shutil.which("npm") else runtime.file_bytes


def ready(
    cache: Path,
    given: Path | None = None,
    *,
    runtime: Runtime = RUNTIME,
    on_download: Callable[[int], None] | None = None,
) -> Path:
    """The folder in ``cache`` that has ``runtime``, which is fetched where it is not there yet.

    ``given`` is a folder that has its files. ``on_download`` is called with the bytes before anything is downloaded.
    Raises :class:`ExportError` where the files cannot be had.
    """
    kept = folder_in(cache, runtime)
    if given is not None:
        found = next((given / inside for inside in INSIDE if runtime.is_in(given / inside)), None)
        if found is None:
            raise ExportError(
                "error.export.runtime.folder", path=str(given), files=list(runtime.files), version=runtime.version
            )
        _keep(found, kept, runtime)
    if runtime.is_in(kept):
        return kept
    if on_download is not None:
        on_download(download_bytes(runtime))
    if not _by_npm(kept, runtime):
        _by_copies(kept, runtime)
    return kept


def _keep(found: Path, kept: Path, runtime: Runtime) -> None:
    make_folder(kept)
    for name in runtime.files:
        if (found / name).resolve() != (kept / name).resolve():
            with replacing(kept / name) as temporary:
                shutil.copyfile(found / name, temporary)


def _by_npm(kept: Path, runtime: Runtime) -> bool:
    """Whether npm is there and gave the very files; it uses the registry that it is set up for, and runs no scripts."""
    npm = shutil.which("npm")
    if npm is None:
        return False
    with tempfile.TemporaryDirectory(prefix="resnet-studio-") as name:
        folder = Path(name)
        command = [npm, "pack", f"{runtime.package}@{runtime.version}", "--ignore-scripts", "--silent"]
        try:
            subprocess.run(
                command, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=NPM_SECONDS
            )
            for package in folder.glob("*.tgz"):
                _unpack(package, folder, runtime)
        except (OSError, subprocess.SubprocessError, tarfile.TarError, LookupError):
            return False
        if not runtime.is_in(folder):
            return False
        _keep(folder, kept, runtime)
    return True


def _unpack(package: Path, folder: Path, runtime: Runtime) -> None:
    with tarfile.open(package) as archive:
        for name in runtime.files:
            source = archive.extractfile(f"package/dist/{name}")
            if source is not None:
                with source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target)


def _by_copies(kept: Path, runtime: Runtime) -> None:
    make_folder(kept)
    for name, digest in runtime.files.items():
        address = COPIES.format(package=runtime.package, version=runtime.version, file=name)
        checksum = Checksum("sha256", digest)
        if checksum.is_of(kept / name):
            continue
        try:
            fetch(address, kept / name, checksum=checksum, most_bytes=2 * runtime.file_bytes, resume=True)
        except DownloadError as error:
            raise ExportError(
                "error.export.runtime.download", files=list(runtime.files), version=runtime.version, problem=str(error)
            ) from error
