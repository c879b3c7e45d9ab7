"""Small ONNX image classifiers made by hand, and what their files can be made to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

KINDS = {"float32": TensorProto.FLOAT, "uint8": TensorProto.UINT8}


def weights(classes: int, channels: int = 3) -> list[Any]:
    random = np.random.default_rng(0)
    values = {
        "kernel": random.normal(0, 0.5, (4, channels, 3, 3)), "w": random.normal(0, 1, (4, classes)),
        "b": random.normal(0, 0.2, classes),
    }  # fmt: skip
    return [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values.items()]


def classifier(
    shape: Sequence[int | str] = ("n", 3, 32, 32), classes: int = 3, *, pixels: str = "float32", softmax: bool = False,
    first: Sequence[Any] = (), more: Sequence[Any] = (), outputs: Sequence[str] = ("scores",),
) -> onnx.ModelProto:  # fmt: skip
    """Convolution, ReLU, mean, one linear layer; ``first`` nodes make "x" of "given", ``more`` come last."""
    nodes = list(first) or [helper.make_node("Identity", ["given"], ["x"])]
    nodes += [
        helper.make_node("Conv", ["x", "kernel"], ["c"], strides=[2, 2]), helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["g"]), helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Gemm", ["f", "w", "b"], ["linear"]),
        helper.make_node("Softmax" if softmax else "Identity", ["linear"], ["scores"]), *more,
    ]  # fmt: skip
    given = helper.make_tensor_value_info("given", KINDS[pixels], shape)
    rows = shape[0] if shape else "n"
    said = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, classes]) for name in outputs]
    graph = helper.make_graph(nodes, "made", [given], said, weights(classes))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def from_pixels() -> list[Any]:
    """Nodes that make the usual input of uint8 [N, H, W, 3], normalised by 0.5 and 0.25."""

    def number(name: str, value: float) -> Any:
        return helper.make_node(
            "Constant", [], [name], value=numpy_helper.from_array(np.full((1, 1, 1, 1), value, np.float32))
        )

    return [
        number("most", 255), number("mean", 0.5), number("std", 0.25),
        helper.make_node("Cast", ["given"], ["p"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["p"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("Div", ["t", "most"], ["s"]), helper.make_node("Sub", ["s", "mean"], ["m"]),
        helper.make_node("Div", ["m", "std"], ["x"]),
    ]  # fmt: skip
