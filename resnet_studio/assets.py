"""Where the files are that come with the studio: sample pictures, starter weights, the mark and the styles."""

from __future__ import annotations

import sys
from pathlib import Path


def asset(*parts: str) -> Path:
    """The path of ``assets/<parts>``, in a checkout or installed; it may not exist.

    In a checkout the folder lies beside the package; installed, inside of it or under ``share/resnet-studio``.
    """
    package = Path(__file__).resolve().parent
    folders = [package / "assets", Path(sys.prefix) / "share" / "resnet-studio" / "assets"]
    if (package.parent / "pyproject.toml").is_file():
        folders.insert(0, package.parent / "assets")
    found = next((folder for folder in folders if folder.is_dir()), folders[0])
    return found.joinpath(*parts)
