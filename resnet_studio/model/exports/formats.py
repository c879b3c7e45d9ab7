"""The formats that a model can be exported in."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from resnet_studio.errors import ConfigError
from resnet_studio.model.exports.converters import CoreMl, LiteRt
from resnet_studio.model.exports.hugging_face import HuggingFace
from resnet_studio.model.exports.one_file import OneFile
from resnet_studio.model.exports.onnx_files import Onnx, OnnxInt8
from resnet_studio.model.exports.torch_files import Half, Program, Safetensors, StateDict
from resnet_studio.model.exports.usage import PIP
from resnet_studio.text import Language

if TYPE_CHECKING:
    from pathlib import Path

    from resnet_studio.model.card import Card
    from resnet_studio.model.exports.source import Source


class Format(Protocol):
    """One format.

    ``suffix`` ends its file's name; empty where it is a folder. ``packages`` are what must be installed to write and to
    run it, as Python imports them. ``lossy`` says that its answers are meant to differ a little.
    """

    @property
    def name(self) -> str:
        """As ``--format`` names it."""

    @property
    def suffix(self) -> str:
        """With its dot."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Besides those that the studio requires."""

    @property
    def lossy(self) -> bool:
        """Whether the weights are rounded."""

    @property
    def runs_here(self) -> bool:
        """Whether this machine can run the file that it writes."""

    def write(self, source: Source, target: Path) -> None:
        """Write the model to ``target``, durably: a file, or a folder that does not exist yet.

        Raises :class:`ConfigError` for a model that the format cannot hold.
        """

    def classes(self, exported: Path) -> list[str] | None:
        """The classes that the written file itself names, in the order of its outputs; None where it names none.

        Raises ``ValueError`` or ``LookupError`` for what is no such file.
        """

    def code(self, card: Card, file_name: str, language: Language = "en") -> str:
        """Python that predicts with the written file, ready to copy; as :func:`resnet_studio.model.export.export_code`.

        It runs in the folder that ``file_name`` lies in.
        """


FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Safetensors(), Half(), StateDict(), Program(), Onnx(), OnnxInt8(), OneFile(), HuggingFace(), CoreMl(), LiteRt(),
    )
}  # fmt: skip
INSTEAD: Mapping[str, Format] = {"html": OneFile(lossy=False)}
"""By name, the full precision of a format that is rounded where rounding does no harm."""


def get(name: str) -> Format:
    """The format called ``name``. Raises :class:`ConfigError` for another name, and where its packages are missing."""
    if name not in FORMATS:
        raise ConfigError("error.export.no_format", name=name, known=list(FORMATS))
    if absent := missing(FORMATS[name]):
        raise ConfigError("error.export.not_installed", name=name, packages=" ".join(absent))
    return FORMATS[name]


def missing(format: Format) -> tuple[str, ...]:
    """The packages of ``format`` that are not installed, as pip calls them."""
    return tuple(PIP.get(name, name) for name in format.packages if importlib.util.find_spec(name) is None)
