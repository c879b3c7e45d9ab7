"""Where the files are that come with the studio: sample pictures, starter weights, the mark and the styles."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def asset(*parts: str) -> Path:
    """The path of ``assets/<parts>``, in a checkout or installed; it may not exist.

    A wheel carries the folder inside of the package; in a checkout it lies beside it.
    """
    installed = PACKAGE / "_assets"
    return (installed if installed.is_dir() else PACKAGE.parent / "assets").joinpath(*parts)
