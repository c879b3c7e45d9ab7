"""ONNX: one file for ONNX Runtime and whatever else reads it, in full precision and rounded to 8 bits.

Exported by ``torch.onnx`` with dynamo, weights inside the file, any batch size. The 8-bit file is made by ONNX
Runtime's static quantisation (QDQ, weights per channel, all layers but the last), the ranges of activations the largest
and least seen on training pictures (Wu et al. 2020, arXiv 2004.09602, sections 3 and 4). Measured on one ResNet-18 at
its own training pictures that were not used for the ranges: probabilities differ by 0.0026 in the mean, by 0.0030 to
0.0050 where the ranges end at the 99.999th or 99.99th percentile, by 0.0032 where only convolutions are rounded. The
last layer in 8 bits would save a few kB: on 72 photographs logits differ by 0.26 at most with it, by 0.08 without. No
other layer is worth leaving out: with any one of the 19 others in full precision, logits are 0.94 to 1.08 times as far
off (0.018 of their spread for all in 8 bits), and the first one alone takes as long as a third of the network.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.durable import replacing
from resnet_studio.errors import ConfigError
from resnet_studio.model.exports import numpy_code
from resnet_studio.model.exports.source import Source, as_metadata
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from resnet_studio.model.card import Card

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
INPUT, LOGITS, PROBABILITIES, UNLIKE, MAPS = "input", "logits", "probabilities", "unlike", "maps"


@dataclass(frozen=True)
class Onnx:
    """Full precision. Input: float32 [N, 3, crop, crop], normalised; with ``prepared`` uint8 [N, crop, crop, 3].

    Outputs: ``logits`` and, at the temperature of the card, ``probabilities``, float32 [N, classes]; where the
    checkpoint can tell, ``unlike`` [N]: above the ``unlike_threshold`` of the metadata a picture is of none of them.
    """

    name: str = "onnx"
    suffix: str = ".onnx"
    packages: tuple[str, ...] = PACKAGES
    lossy: bool = False
    runs_here: bool = True

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        with replacing(target) as temporary:
            temporary.write_bytes(exported(source, prepared=source.prepared))

    def classes(self, exported: Path) -> list[str] | None:
        """See :class:`formats.Format`."""
        return classes_of(exported)

    def code(self, card: Card, file_name: str, language: Language = "en") -> str:
        """See :class:`formats.Format`."""
        return code(card, ["import json", "import onnxruntime"], repr(file_name), language)


def code(card: Card, imports: Sequence[str], model: str, language: Language, *, before: Sequence[str] = ()) -> str:
    """Python that predicts with ONNX Runtime; ``model`` is an expression for the file's name or its bytes, which may
    use what the lines ``before`` define.
    """
    loading = [
        *before,
        f"session = onnxruntime.InferenceSession({model})",
        'CLASSES = json.loads(session.get_modelmeta().custom_metadata_map["classes"])',
    ]
    answering = [*numpy_code.normalised(card.preprocessing), "", "", *_prediction(card, language)]
    tells_unlike = card.unlike is not None
    return numpy_code.program(card, imports, loading, answering, language, tells_unlike=tells_unlike)


@dataclass(frozen=True)
class OnnxInt8(Onnx):
    """Weights and activations of 8 bits: a quarter of the size, up to three times as fast on a CPU.

    Raises :class:`ConfigError` without pictures to choose the ranges by.
    """

    name: str = "onnx-int8"
    suffix: str = "-int8.onnx"
    lossy: bool = True

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`."""
        content = rounded(source)
        with replacing(target) as temporary:
            temporary.write_bytes(content)


def rounded(source: Source, *, maps: bool = False) -> bytes:
    """The bytes of an ONNX file of 8 bits; ``maps`` as for :func:`exported`.

    Raises :class:`ConfigError` without pictures to choose the ranges by.
    """
    if source.calibration is None or not len(source.calibration):
        raise ConfigError("error.export.no_calibration")
    with tempfile.TemporaryDirectory(prefix="resnet-studio-") as folder:
        before, after = Path(folder) / "full.onnx", Path(folder) / "rounded.onnx"
        before.write_bytes(exported(source, prepared=False, maps=maps))
        _quantise(before, after, source.calibration)
        return _with_metadata(after.read_bytes(), source.card)


def exported(source: Source, *, prepared: bool, maps: bool = False) -> bytes:
    """The bytes of an ONNX file, traced with two pictures so that no batch size is fixed.

    With ``maps`` its last output are class activation maps, float32 [N, classes, h, w], for a linear head alone.
    """
    import onnxscript  # noqa: F401 - torch.onnx writes by it, and says so at the end only
    import torch

    from resnet_studio.model.exports.surrounded import Surrounded

    reference = source.checkpoint.reference
    network = Surrounded(source.model, source.card, reference, prepared=prepared, maps=maps).eval()
    side = source.side
    pictures = torch.zeros(2, side, side, 3, dtype=torch.uint8) if prepared else torch.zeros(2, 3, side, side)
    program = torch.onnx.export(
        network, (pictures,), dynamo=True, input_names=[INPUT],
        output_names=[LOGITS, PROBABILITIES, *([UNLIKE] if reference else []), *([MAPS] if maps else [])],
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},), external_data=False, verbose=False,
    )  # fmt: skip
    assert program is not None
    return _with_metadata(program.model_proto.SerializeToString(), source.card)


def _with_metadata(content: bytes, card: Card) -> bytes:
    import onnx

    model = onnx.load_from_string(content)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, dict(as_metadata(card)))
    model.producer_name = "ResNet Studio"
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString()
    return written


def _quantise(full: Path, rounded: Path, pictures: NDArray[np.float32]) -> None:
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = full.with_name("prepared.onnx")
    quant_pre_process(str(full), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared), str(rounded), _reader(pictures), quant_format=QuantFormat.QDQ, per_channel=True,
        weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8,
        calibrate_method=CalibrationMethod.MinMax, nodes_to_exclude=_unrounded(prepared),
    )  # fmt: skip


def _unrounded(file: Path) -> list[str]:
    """The names of the nodes that stay in full precision: the one that gives the logits, and all that they do without,
    as probabilities would no longer add up to 1, and distances are too fine for 8 bits.
    """
    import onnx

    graph = onnx.load(str(file)).graph
    maker = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    names = list(maker[LOGITS].input)
    while names:
        node = maker.get(names.pop())
        if node is not None and node.name not in needed:
            needed.add(node.name)
            names += node.input
    return sorted({node.name for node in graph.node} - needed)


def _reader(pictures: NDArray[np.float32]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._pictures: Iterator[NDArray[np.float32]] = iter(pictures)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            picture = next(self._pictures, None)
            return None if picture is None else {INPUT: picture[None]}

    return Reader()


def _unlike_lines(language: Language) -> list[str]:
    return [
        "",
        "",
        'LARGEST = json.loads(session.get_modelmeta().custom_metadata_map["unlike_threshold"])'
        f"  # {say('export.unlike.largest', language)}",
        "",
        "",
        "def unlike(path):",
        f'    """{say("export.unlike", language)}"""',
        f"    return float(computed({UNLIKE!r}, path))",
        "",
        "",
        "def unknown(path):",
        f'    """{say("export.unknown", language)}"""',
        "    return LARGEST is not None and unlike(path) > LARGEST",
    ]


def _prediction(card: Card, language: Language) -> list[str]:
    drawings = numpy_code.reduces_drawings(card)
    given, passed = ("path, drawing=False", "path, drawing") if drawings else ("path", "path")
    return [
        f"def computed(output, {given}):",
        f"    pixels = pixels_of({passed})",
        '    plain = session.get_inputs()[0].type == "tensor(uint8)"',
        "    batch = (pixels if plain else normalised(pixels))[None]",
        f"    return session.run([output], {{{INPUT!r}: batch}})[0][0]",
        "",
        "",
        f"def predict({given}):",
        f'    """{say("export.predict.drawing" if drawings else "export.predict", language)}"""',
        f"    scores = computed({PROBABILITIES!r}, {passed}).tolist()",
        "    return sorted(zip(CLASSES, scores), key=lambda pair: pair[1], reverse=True)",
        *(_unlike_lines(language) if card.unlike is not None else []),
    ]


def classes_of(file: Path) -> list[str]:
    """The classes that an exported ONNX ``file`` names."""
    import onnx

    model = onnx.load(str(file), load_external_data=False)
    classes: list[str] = json.loads(next(each.value for each in model.metadata_props if each.key == "classes"))
    return classes
