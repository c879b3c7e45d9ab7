"""Formats of phones, by the converters of those who make them, where these are installed."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.durable import renamed, replacing
from resnet_studio.model.exports import numpy_code
from resnet_studio.model.exports.source import Source, as_metadata, normaliser
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from resnet_studio.model.card import Card


@dataclass(frozen=True)
class CoreMl:
    """An ``.mlpackage`` for Apple's devices, by coremltools: a picture of crop x crop px in, class probabilities out.

    Only macOS can run it; elsewhere it is written and cannot be certified.
    """

    name: str = "coreml"
    suffix: str = ".mlpackage"
    packages: tuple[str, ...] = ("coremltools",)
    lossy: bool = True
    runs_here: bool = sys.platform == "darwin"

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        import coremltools
        import torch

        picture = torch.zeros(1, 3, source.side, source.side)
        network = _from_pixels(source)
        traced = torch.jit.trace(network, picture)  # type: ignore[no-untyped-call]
        converted = coremltools.convert(
            traced,
            inputs=[coremltools.ImageType(name="picture", shape=picture.shape)],
            classifier_config=coremltools.ClassifierConfig(list(source.card.classes)),
            convert_to="mlprogram",
        )
        converted.user_defined_metadata.update(as_metadata(source.card))
        making = target.with_name(f".{target.name}")  # its ending decides what is written
        shutil.rmtree(making, ignore_errors=True)
        converted.save(str(making))
        renamed(making, target)

    def classes(self, exported: Path) -> list[str] | None:  # noqa: ARG002 - it answers by their names
        """See :class:`formats.Format`."""
        return None

    def code(self, card: Card, file_name: str, language: Language = "en") -> str:
        """See :class:`formats.Format`."""
        answering = [
            "def predict(path):",
            f'    """{say("export.predict", language)}"""',
            '    answer = model.predict({"picture": Image.fromarray(pixels_of(path))})',
            "    scores = next(value for value in answer.values() if isinstance(value, dict))",
            "    return sorted(scores.items(), key=lambda pair: pair[1], reverse=True)",
        ]
        loading = [f"model = coremltools.models.MLModel({file_name!r})"]
        return numpy_code.program(card, ["import coremltools"], loading, answering, language)


@dataclass(frozen=True)
class LiteRt:
    """A ``.tflite`` file for Android and small boards, by litert-torch: normalised pictures in, logits out."""

    name: str = "litert"
    suffix: str = ".tflite"
    packages: tuple[str, ...] = ("litert_torch",)
    lossy: bool = False
    runs_here: bool = True

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        import litert_torch
        import torch

        converted = litert_torch.convert(source.model, (torch.zeros(1, 3, source.side, source.side),))
        with replacing(target) as temporary:
            converted.export(str(temporary))

    def classes(self, exported: Path) -> list[str] | None:  # noqa: ARG002
        """See :class:`formats.Format`."""
        return None

    def code(self, card: Card, file_name: str, language: Language = "en") -> str:
        """See :class:`formats.Format`."""
        loading = [
            f"CLASSES = {list(card.classes)!r}",
            f"# {say('export.temperature', language)}",
            f"TEMPERATURE = {card.temperature!r}",
            f"interpreter = Interpreter({file_name!r})",
            "interpreter.allocate_tensors()",
        ]
        answering = [
            *numpy_code.normalised(card.preprocessing),
            "",
            "",
            "def predict(path):",
            f'    """{say("export.predict", language)}"""',
            "    given, found = interpreter.get_input_details()[0], interpreter.get_output_details()[0]",
            '    interpreter.set_tensor(given["index"], normalised(pixels_of(path))[None])',
            "    interpreter.invoke()",
            '    logits = interpreter.get_tensor(found["index"])[0].astype(np.float64) / TEMPERATURE',
            "    scores = np.exp(logits - logits.max())",
            "    scores = (scores / scores.sum()).tolist()",
            "    return sorted(zip(CLASSES, scores), key=lambda pair: pair[1], reverse=True)",
        ]
        imports = ["from ai_edge_litert.interpreter import Interpreter"]
        return numpy_code.program(card, imports, loading, answering, language)


def _from_pixels(source: Source) -> torch.nn.Module:
    """The network from 0..255 to probabilities."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.normalise = source.model, normaliser(source.card.preprocessing)

        def forward(self, picture: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(self.normalise(picture / 255))
            return (logits / source.card.temperature).softmax(1)

    return Network().eval()
