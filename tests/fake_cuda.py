"""A CUDA card without one: tensors have shapes and devices and no numbers, so that a step that mixes devices fails.

torch's FakeTensorMode raises where tensors of two devices meet in an operation. What a program reads back from the
card (a loss, a count) is made up here, and only from tensors on the CPU may numpy take anything, as on a real card.
"""

from __future__ import annotations

import importlib
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch
from safetensors.torch import save_file
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

CUDA = torch.device("cuda", 0)
CHOOSING = [f"resnet_studio.{name}" for name in ("training.setup", "training.finishing", "model.device", "prediction")]
MADE_UP = 1.0  # whatever number is read back
NUMPY = {torch.bfloat16: np.uint16, torch.float32: np.float32, torch.float64: np.float64, torch.int64: np.int64,
         torch.uint8: np.uint8, torch.bool: np.bool_, torch.uint16: np.uint16, torch.float16: np.float16,
         torch.int32: np.int32, torch.uint64: np.uint64}  # fmt: skip


class _Answers(TorchDispatchMode):
    """Answers what depends on numbers: reads, counts, and choices by a mask, which take everything."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        aten = torch.ops.aten
        if func is aten._local_scalar_dense.default:
            return (args[0].dtype.is_floating_point and MADE_UP) or int(MADE_UP)
        if func is aten._fused_sgd_.default:  # torch has no FakeTensor version of this one
            return _same_device(*args[0], *args[1], *args[2])
        if func is aten.equal.default:
            return True
        if func is aten.bincount.default:
            least = kwargs.get("minlength", args[2] if len(args) > 2 else 0)
            return args[0].new_ones(max(int(least), 1), dtype=torch.int64)
        if func is aten._unique2.default:
            return args[0].new_empty(2), torch.empty_like(args[0]), args[0].new_empty(2)
        if func is aten.nonzero.default:
            return args[0].new_empty((0, args[0].ndim), dtype=torch.int64)
        if func is aten.index.Tensor and any(i is not None and i.dtype == torch.bool for i in args[1]):
            _same_device(args[0], *[i for i in args[1] if i is not None])
            return args[0].clone()
        return func(*args, **kwargs)


def _real(values):
    """``values`` with zeros on the CPU in place of FakeTensors, for files."""

    def real(value):
        return torch.zeros(tuple(value.shape), dtype=value.dtype) if isinstance(value, FakeTensor) else value

    with unset_fake_temporarily():
        return tree_map(real, values)


def _written(save):
    return lambda values, *args, **kwargs: save(_real(values), *args, **kwargs)


def _same_device(*tensors):
    assert len({tensor.device for tensor in tensors if tensor.ndim}) == 1, [tensor.device for tensor in tensors]


def _to_numpy(tensor, **_):
    assert tensor.device.type == "cpu", f"numpy cannot read a tensor on {tensor.device}"
    return np.full(tuple(tensor.shape), MADE_UP if tensor.dtype.is_floating_point else 0, NUMPY[tensor.dtype])


def _to_list(tensor):
    return _to_numpy(tensor.detach().cpu()).tolist()


def _backward(loss, gradient=None):
    """Gradients on the devices of what they are of. torch's engine asks the driver for streams; the formulas of its
    backward passes are its own and stay on one device.
    """
    if gradient is not None:
        _same_device(loss, gradient)
    seen, nodes = set(), [loss.grad_fn]
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaf = node.variable
            leaf.grad = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad + torch.zeros_like(leaf)
        nodes += [following for following, _ in node.next_functions]


def _moved(module, *args, **kwargs):
    """``Module.to`` with new parameters: FakeTensors cannot be given another's data."""
    device, dtype, _, memory_format = torch._C._nn._parse_to(*args, **kwargs)

    def moved(value):
        layout = {"memory_format": memory_format} if memory_format is not None and value.ndim == 4 else {}
        return value.detach().to(device, dtype if value.is_floating_point() else None, **layout)

    shared = {}
    for part in module.modules():
        for name, value in part._parameters.items():
            if value is not None:
                shared.setdefault(id(value), torch.nn.Parameter(moved(value), value.requires_grad))
                part._parameters[name] = shared[id(value)]
        for name, value in part._buffers.items():
            if value is not None:
                part._buffers[name] = moved(value)
    return module


@contextmanager
def fake_cuda():
    """Within, ``cuda`` is a card with all the memory one could want, on which nothing is computed."""
    generator = torch.Generator()
    card = SimpleNamespace(total_memory=80 * 2**30, name="A card that is not there")
    for module in CHOOSING:
        importlib.import_module(module)
    on_fakes = {"numpy": _to_numpy, "tolist": _to_list, "backward": _backward, "pin_memory": lambda tensor, *_: tensor}
    with ExitStack() as stack:
        for name, value in (
            *((f"{module}.choose_device", lambda _: CUDA) for module in CHOOSING),
            ("torch.cuda.get_device_capability", lambda *_: (9, 0)),
            ("torch.cuda.get_device_name", lambda *_: card.name),
            ("torch.cuda.get_device_properties", lambda *_: card),
            ("torch.cuda.mem_get_info", lambda *_: (card.total_memory, card.total_memory)),
            ("torch.cuda.max_memory_allocated", lambda *_: 0),
            ("torch.cuda.empty_cache", lambda: None),
            ("torch.cuda.get_rng_state", lambda *_: generator.get_state()),
            ("torch.cuda.set_rng_state", lambda *_: None),
            ("torch.cuda.amp.common.amp_definitely_not_available", lambda: False),
            ("torch.cuda.is_bf16_supported", lambda *_: True),
            ("torch.save", _written(torch.save)),
            ("safetensors.torch.save_file", _written(save_file)),
            ("torch.nn.Module.to", _moved),
        ):
            stack.enter_context(mock.patch(name, value))
        for name, value in on_fakes.items():
            stack.enter_context(mock.patch.object(FakeTensor, name, value, create=True))
        stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        stack.enter_context(_Answers())
        yield


def train(folder: Path, options: dict) -> list[str]:
    """The events of a whole training with ``options`` on such a card, of pictures in ``folder``."""
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.opening import open_data
    from resnet_studio.training import loop, plan
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Workspace

    workspace = Workspace.open(folder / "workspace")
    config = TrainConfig(**{"weights": "scratch", "epochs": 1, "batch_size": 6, "picture_size": 32, "device": "cuda",
                            "test_fraction": 0.2} | options)  # fmt: skip
    dataset = open_data(folder / "pictures", workspace)
    with fake_cuda():
        run = plan.new_run(dataset, config, workspace)
        return [type(event).__name__ for event in loop.train(run, Control())]
