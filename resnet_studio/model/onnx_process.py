"""An ONNX file from elsewhere in a process of its own: if it crashes, hangs or eats memory, the studio goes on."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from resnet_studio.errors import CheckpointError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECONDS = 120.0
"""For opening a file and for each batch: the largest networks take a tenth of it on slow machines."""
_LONGEST_LINE = 2**20
_MOST_VALUES = 2**26
_PACKAGE = Path(__file__).resolve().parents[2]


class OnnxProcess:
    """Runs ``content``, an ONNX file called ``name`` in errors; one call at a time.

    With ``side`` it is looked at first, and tried with pictures of ``side`` px where it names no size: ``found`` says
    what came of that. Raises :class:`CheckpointError` where it is refused, or was stopped after ``seconds``.
    """

    def __init__(self, content: bytes, name: str, *, side: int = 0, seconds: float = SECONDS) -> None:
        self._name, self._seconds = name, seconds
        command = [sys.executable, "-m", "resnet_studio.model.onnx_worker", str(len(content)), str(side)]
        limits = {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        paths = os.pathsep.join(filter(None, [str(_PACKAGE), os.environ.get("PYTHONPATH", "")]))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=tempfile.gettempdir(), env={**os.environ, **limits, "PYTHONPATH": paths, "PYTHONSAFEPATH": "1"},
        )  # fmt: skip
        self._close = weakref.finalize(self, _end, self._process)
        self.found = self._exchanged(content)[0]

    @property
    def alive(self) -> bool:
        """Whether it can be asked; a new one has to be started otherwise."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the process."""
        self._close()

    def __call__(self, batch: NDArray[Any], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """The ``outputs`` for ``batch``, float32. Raises :class:`CheckpointError`."""
        asked = {"outputs": list(outputs), "shape": batch.shape, "pixels": str(batch.dtype)}
        return self._exchanged(json.dumps(asked).encode() + b"\n" + batch.tobytes())[1]

    def _exchanged(self, content: bytes) -> tuple[dict[str, Any], list[Any]]:
        """What comes back for ``content``: a line of JSON, and the arrays whose shapes it says."""
        out: Any = self._process.stdout
        timer = threading.Timer(self._seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            self._process.stdin.write(content)  # type: ignore[union-attr]
            self._process.stdin.flush()  # type: ignore[union-attr]
            found: dict[str, Any] = json.loads(out.readline(_LONGEST_LINE))
            if "key" in found:
                raise CheckpointError(str(found["key"]), **found["values"], file=self._name)
            return found, [_array(out, shape) for shape in found.get("shapes", ())]
        except (OSError, ValueError) as error:
            self.close()
            raise CheckpointError("error.onnx.stopped", file=self._name, seconds=round(self._seconds)) from error
        finally:
            timer.cancel()


def _array(out: IO[bytes], shape: Sequence[int]) -> NDArray[np.float32]:
    import numpy as np

    size = math.prod(shape)
    if size > _MOST_VALUES:
        raise ValueError("more values than any classifier gives")
    return np.frombuffer(bytearray(out.read(4 * size)), np.float32).reshape(shape)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except OSError:
            pass  # what was not written to it yet
    process.wait()
