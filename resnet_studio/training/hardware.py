"""What this machine computes with: the device, the precision that is faster on it, memory, thread priority."""

from __future__ import annotations

import copy
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.training.measurement import measure_once, processor, stored

if TYPE_CHECKING:
    import torch

PRECISIONS = ("fp32", "bf16")
CLEARLY = 1.2
ROUNDS = 4  # of a measurement that is made once a machine


def describe(device: torch.device) -> str:
    """What a person calls the device: ``NVIDIA H200``, ``Apple GPU``, ``CPU, 2 cores``."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "Apple GPU" if device.type == "mps" else f"CPU, {os.cpu_count() or 1} cores"


def is_gpu(described: str) -> bool:
    """Whether what :func:`describe` calls ``described`` is a GPU."""
    return not described.startswith("CPU")


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether ``error`` says that the device has no memory left; Metal has no exception of its own for that."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)


@dataclass(frozen=True)
class Compute:
    """How to compute: ``precision`` is ``fp32`` or ``bf16``; on a CPU also the number of ``threads`` (else 0), and
    whether small convolutions are computed as ``matrix_products``.
    """

    precision: str
    threads: int = 0
    matrix_products: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """The precision as torch names it."""
        import torch

        return torch.bfloat16 if self.precision == "bf16" else torch.float32

    def apply(self) -> None:
        """Use this many threads for the calling thread's work from now on."""
        import torch

        if self.threads:
            torch.set_num_threads(self.threads)

    def shared_by(self, processes: int) -> Compute:
        """The same for each of ``processes`` of this machine, which share its cores."""
        return replace(self, threads=max(1, self.threads // processes)) if self.threads else self

    def prepare(self, network: torch.nn.Module) -> None:
        """Make ``network`` compute like this."""
        if self.matrix_products:
            from resnet_studio.training.convolution import use_matrix_products

            use_matrix_products(network)


def choose_compute(precision: str, device: torch.device, file: Path | None = None) -> Compute:
    """What is fastest on ``device``; ``precision`` is auto, fp32 or bf16.

    A GPU says what it can do. A CPU is measured for a second where it does not say enough: processors without bf16
    instructions emulate them slowly. Precision, kernels and threads all change the sums, and so the model: they are
    measured once a machine, and read from ``file`` after that.
    """
    import torch

    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device)[0] >= 8
        return Compute(("bf16" if fast else "fp32") if precision == "auto" else precision)
    if device.type == "mps":
        return Compute("fp32" if precision == "auto" else precision)
    found = measure_once(file, _this_processor(), measure_ways, _is_measured)
    return Compute(**found[found["fastest"] if precision == "auto" else precision])


def known_compute(precision: str, file: Path | None) -> Compute | None:
    """What :func:`choose_compute` has found and written to ``file`` for this CPU; None where it has not been asked."""
    found = stored(file, _this_processor(), _is_measured)
    return None if found is None else Compute(**found[found["fastest"] if precision == "auto" else precision])


def _this_processor() -> str:
    import torch

    instructions = torch.backends.cpu.get_cpu_capability()
    return f"{processor()}, {most_threads()} threads, {instructions}, torch {torch.__version__}"


def measure_ways() -> dict[str, Any]:
    """The fastest way in each precision, and which of the two is ``fastest``."""
    ways = [Compute("bf16", 1, True), Compute("bf16", 1)]
    bf16, fp32 = ways[0] if has_matrix_units() else fastest(ways, ROUNDS), Compute("fp32", 1)
    best = bf16 if has_matrix_units() else fastest([bf16, fp32], ROUNDS)
    threads = choose_threads(best, ROUNDS).threads
    return {"fastest": best.precision} | {way.precision: asdict(replace(way, threads=threads)) for way in (bf16, fp32)}


def _is_measured(found: Mapping[str, Any]) -> bool:
    """Whether ``found`` is what :func:`measure_ways` gives; the file may have been edited."""
    ways = [Compute(**found[precision]) for precision in PRECISIONS]
    usable = all(isinstance(way.threads, int) and way.threads >= 1 for way in ways)
    return usable and [way.precision for way in ways] == list(PRECISIONS) and found["fastest"] in PRECISIONS


def has_matrix_units() -> bool:
    """Whether the processor has units for bf16 matrix products (Intel AMX), which leave nothing to be measured."""
    return _has("amx_bf16")


def has_bf16_units() -> bool:
    """Whether the processor has instructions for bf16 at all, as far as torch can tell."""
    return _has("amx_bf16") or _has("avx512_bf16")


def _has(capability: str) -> bool:
    import torch

    tell = getattr(torch.cpu, "get_capabilities", None)  # newer than the oldest torch that we take
    return tell is not None and bool(tell().get(capability))


@cache
def most_threads() -> int:
    """How many threads torch takes by itself: one a core, or what ``OMP_NUM_THREADS`` says."""
    import torch

    return torch.get_num_threads()


def choose_threads(compute: Compute, rounds: int = 2) -> Compute:
    """``compute`` with the number of threads that is faster: a thread a core, or half as many where that is clearly
    better, as where cores are only halves of one. What is measured holds for long, and others may be busy just now.
    """
    if not compute.threads:
        return compute
    most = most_threads()
    numbers = sorted({most, max(1, most // 2)}, reverse=True)
    return fastest([replace(compute, threads=threads) for threads in numbers], rounds, CLEARLY)


def fastest(candidates: list[Compute], rounds: int = 2, clearly: float = 1.0) -> Compute:
    """The candidate that takes the least time for a layer of the kind that ResNets end in, forward and backward.

    They are tried in turn, some times in a row each: the first after a change has to wake threads or build kernels.
    Their shortest times count: what is found holds for long, and others may be busy just now (where five to eight
    processes wanted two cores, both were chosen in 13 of 22 measurements, by the median in 8). The first wins unless
    another is ``clearly`` times as fast; who is far from that after a round need not try again.
    """
    import torch

    from resnet_studio.model.resnet import Uninitialised

    with Uninitialised():  # other threads may be drawing numbers that have to follow from their seed
        convolution = torch.nn.Conv2d(256, 256, 3, padding=1, bias=False)
    torch.nn.init.constant_(convolution.weight, 0.01)
    layer = torch.nn.Sequential(convolution).to(memory_format=torch.channels_last)
    pictures = torch.zeros(16, 256, 7, 7, requires_grad=True).contiguous(memory_format=torch.channels_last)
    seconds: dict[Compute, list[float]] = {candidate: [] for candidate in candidates}
    handicaps = dict.fromkeys(candidates, clearly) | {candidates[0]: 1.0}
    for _ in range(rounds):
        for candidate in list(seconds) if len(seconds) > 1 else []:
            candidate.apply()
            candidate.prepare(used := copy.deepcopy(layer))
            seconds[candidate] += [seconds_for(candidate, used, pictures) for _ in range(4)][1:]
        shortest = {candidate: handicaps[candidate] * min(each, default=0.0) for candidate, each in seconds.items()}
        best = min(shortest.values())
        seconds = {candidate: each for candidate, each in seconds.items() if shortest[candidate] <= 1.5 * best}
    return min(shortest, key=lambda candidate: shortest[candidate])


def seconds_for(compute: Compute, layer: torch.nn.Module, pictures: torch.Tensor) -> float:
    """The seconds that ``layer`` takes for ``pictures`` in the way of ``compute``, forward and backward."""
    import torch

    begun = time.perf_counter()
    with torch.autocast("cpu", compute.dtype, enabled=compute.precision != "fp32"):
        layer(pictures).float().sum().backward()
    return time.perf_counter() - begun


def memory_mb(device: torch.device) -> float:
    """Megabytes in use: of the GPU by this process, else of the process itself."""
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return _resident_bytes() / 2**20


def _resident_bytes() -> float:
    if sys.platform == "win32":
        return 0.0
    if sys.platform == "darwin":
        import resource

        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def lower_priority() -> None:
    """Give the page and predictions priority: the calling thread, and the OpenMP threads it will start, at nice 19.

    Linux counts priority a thread, so that this must come before the thread's first parallel work; elsewhere
    priorities belong to the whole process, and nothing is done.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def keep_freed_memory() -> None:
    """Tell glibc to reuse freed memory instead of returning it to the system after every tensor.

    A training step frees and takes the same hundreds of megabytes again; each return costs page faults (16,000 a step
    against 260 measured for a ResNet-18). Only glibc has the call; elsewhere nothing is done.
    """
    import ctypes

    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    trim_threshold, mmap_max, arena_max = -1, -4, -8  # <malloc.h>
    mallopt(arena_max, 1)
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**30)
