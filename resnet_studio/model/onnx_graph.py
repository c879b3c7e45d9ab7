"""What an ONNX file from elsewhere computes, and why it is refused: looked at in a process of its own alone.

Only what classifies pictures is let in: operations of the standard without control flow, weights in the file, one input
of pictures. So nothing runs for ever; sizes that are known before it runs are bounded here, others by the memory that
the process may have.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

STANDARD = ("", "ai.onnx")
MOST_NODES = 20_000
MOST_ELEMENTS = 2**28
"""Of one tensor, with the unknown sizes as 1: a GB of floats."""
OPERATIONS = frozenset(
    """
    Abs Add And ArgMax AveragePool BatchNormalization Cast CastLike Ceil Celu Clip Concat Constant ConstantOfShape Conv
    ConvInteger DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand Flatten Floor Gather
    Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid
    HardSwish Identity InstanceNormalization LRN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul
    MatMulInteger Max MaxPool Mean Min Mish Mod Mul Neg Not Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear
    Range Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare Relu Reshape Resize Round Selu Shape Sigmoid Sign Size Slice Softmax Softplus Softsign SpaceToDepth
    DepthToSpace Split Sqrt Squeeze Sub Sum Swish Tanh ThresholdedRelu Tile Transpose Unsqueeze Where
    """.split()  # noqa: SIM905 - a table, which a list of so many names is not
)
_PIXELS = {1: "float32", 10: "float16", 2: "uint8"}


class Refused(Exception):  # noqa: N818 - a verdict, which crosses to another process as JSON
    """Why a file is not taken: the key of a text, and the values in it."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True)
class Takes:
    """The input: ``side`` px and ``batch`` pictures at a time, 0 for any."""

    input: str
    pixels: str
    layout: str
    side: int
    batch: int


def looked_at(content: bytes) -> Takes:
    """What the graph in ``content`` takes. Raises :class:`Refused`, and what the library ``onnx`` raises."""
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    if model.functions or model.training_info or graph.sparse_initializer:
        raise Refused("error.onnx.operations", names=["functions, training or sparse weights"])
    if not graph.node or len(graph.node) > MOST_NODES:
        raise Refused("error.onnx.damaged")
    _check_operations(graph)
    constants = [each.t for node in graph.node for each in node.attribute if each.HasField("t")]
    _check_tensors([*graph.initializer, *constants])
    onnx.checker.check_model(content)
    _check_sizes(onnx.shape_inference.infer_shapes(model, data_prop=True).graph)
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) != 1:
        raise Refused("error.onnx.inputs", count=len(inputs))
    return _taken(inputs[0])


def _check_operations(graph: Any) -> None:
    strange = {
        f"{node.domain}.{node.op_type}" if node.domain not in STANDARD else node.op_type
        for node in graph.node
        if node.domain not in STANDARD
        or node.op_type not in OPERATIONS
        or any(each.HasField("g") or each.graphs or each.HasField("sparse_tensor") for each in node.attribute)
    }
    if strange:
        raise Refused("error.onnx.operations", names=sorted(name[:60] for name in strange)[:5])


def _check_tensors(tensors: Iterable[Any]) -> None:
    for each in tensors:
        if each.data_location or each.external_data:
            raise Refused("error.onnx.external")
        if min(each.dims, default=0) < 0 or math.prod(each.dims) > MOST_ELEMENTS:
            raise Refused("error.onnx.huge")


def _check_sizes(graph: Any) -> None:
    for each in (*graph.input, *graph.value_info, *graph.output):
        known = [abs(size.dim_value) for size in each.type.tensor_type.shape.dim if size.HasField("dim_value")]
        if math.prod(known) > MOST_ELEMENTS:
            raise Refused("error.onnx.huge")


def _taken(given: Any) -> Takes:
    sizes = [each.dim_value if each.HasField("dim_value") else 0 for each in given.type.tensor_type.shape.dim]
    shown = " x ".join(str(size or "?") for size in sizes[:8]) or "?"
    pixels = _PIXELS.get(given.type.tensor_type.elem_type)
    refused = Refused("error.onnx.input", shape=shown)
    if pixels is None or len(sizes) != 4:
        raise refused
    layout = "nhwc" if sizes[3] == 3 and sizes[1] != 3 else "nchw"
    batch, (height, width) = sizes[0], sizes[1:3] if layout == "nhwc" else sizes[2:4]
    channels = sizes[3] if layout == "nhwc" else sizes[1]
    if channels not in (0, 3) or (height and width and height != width) or not 0 <= batch <= 1024:
        raise refused
    return Takes(given.name, pixels, layout, height or width, batch)
