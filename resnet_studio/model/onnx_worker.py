"""``python -m resnet_studio.model.onnx_worker BYTES SIDE``: runs an ONNX file from elsewhere, apart from the studio.

The first BYTES of standard input are the file. A line of JSON on standard output says what was found, or the ``key``
and ``values`` of the text that says why it is refused. SIDE is that of the pictures which it is tried with where the
file names none; 0: it was tried before. Then each batch, a line of JSON and the bytes
of its pixels, is answered with a line of JSON and the bytes of the outputs as float32, until the input ends.
"""

from __future__ import annotations

import json
import math
import os
import sys
from contextlib import suppress
from typing import IO, Any

from resnet_studio.model.onnx_graph import Refused, Takes, looked_at

MEMORY = 4 * 2**30
"""Bytes of addresses besides four times the file."""
_THREADS = 16


def main(size: int, side: int, given: IO[bytes], out: IO[bytes]) -> None:
    """Answer until ``given`` ends."""
    _limit(MEMORY + 4 * size)
    content = given.read(size)
    try:
        takes = looked_at(content)
        session = _opened(content)
        del content
        found = _tried(session, takes, side) if side else {}
    except Refused as refused:
        found, session = {"key": refused.key, "values": refused.values}, None
    except Exception:  # noqa: BLE001 - whatever a damaged file makes the libraries raise
        found, session = {"key": "error.onnx.damaged", "values": {}}, None
    _say(out, found)
    while session is not None and _answered(session, given, out):
        pass


def _limit(memory: int) -> None:
    """Take away what a model has no use for, where the system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _opened(content: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = min(os.cpu_count() or 1, _THREADS), 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _tried(session: Any, takes: Takes, side: int) -> dict[str, Any]:
    """What the model takes and gives, as it answers two different pictures."""
    import numpy as np

    takes = Takes(takes.input, takes.pixels, takes.layout, takes.side or side, takes.batch)
    one = (3, takes.side, takes.side) if takes.layout == "nchw" else (takes.side, takes.side, 3)
    noise = np.random.default_rng(0).uniform(0, 255 if takes.pixels == "uint8" else 1, (takes.batch or 2, *one))
    batch, fixed = noise.astype(takes.pixels), takes.batch
    try:
        values = _run(session, batch)
    except Exception:  # noqa: BLE001 - the graph may allow one picture at a time alone
        if fixed:
            raise Refused("error.onnx.fails", side=takes.side) from None
        fixed, values = 1, _alone(session, batch[:1], takes.side)
    outputs = []
    for each, value in zip(session.get_outputs(), values, strict=True):
        if value.dtype.kind == "f" and value.ndim in (1, 2) and len(value) == (fixed or len(batch)):
            width = value.shape[1] if value.ndim == 2 else 0
            shares = width > 1 and bool((value >= 0).all() and np.allclose(value.sum(1), 1, atol=1e-2))
            outputs.append({"name": each.name, "width": width, "probabilities": shares})
    return {"takes": {**vars(takes), "batch": fixed}, "outputs": outputs}


def _alone(session: Any, batch: Any, side: int) -> list[Any]:
    try:
        return _run(session, batch)
    except Exception:  # noqa: BLE001 - whatever it raises, it does not answer
        raise Refused("error.onnx.fails", side=side) from None


def _run(session: Any, batch: Any) -> list[Any]:
    found: list[Any] = session.run(None, {session.get_inputs()[0].name: batch})
    return found


def _answered(session: Any, given: IO[bytes], out: IO[bytes]) -> bool:
    """Whether there was something to answer."""
    import numpy as np

    asked = given.readline()
    if not asked:
        return False
    wanted = json.loads(asked)
    kind = np.dtype(wanted["pixels"])
    content = given.read(math.prod(wanted["shape"]) * kind.itemsize)
    batch = np.frombuffer(content, kind).reshape(wanted["shape"])
    try:
        found = session.run(wanted["outputs"], {session.get_inputs()[0].name: batch})
        values = [np.ascontiguousarray(each, np.float32) for each in found]
    except Exception:  # noqa: BLE001 - said to whoever asked
        _say(out, {"key": "error.onnx.fails", "values": {"side": max(batch.shape[1:])}})
        return True
    _say(out, {"shapes": [each.shape for each in values]})
    for each in values:
        out.write(each.tobytes())
    out.flush()
    return True


def _say(out: IO[bytes], found: dict[str, Any]) -> None:
    out.write(json.dumps(found, default=str).encode() + b"\n")  # a name that is not UTF-8 comes as bytes
    out.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    main(int(sys.argv[1]), int(sys.argv[2]), sys.stdin.buffer, answers)
