"""How fast trainings are: what is assumed of a machine until one has been timed on it, and what a timed one tells.

On two idle cores of an AMD EPYC, in bf16, ``seconds = 4 + GFLOP / 220`` holds for the usual training of 170 photographs
(15 s measured, 14 s by the formula), 700 and 1,650 small pictures (30 and 30 s, 60 and 57 s), and the sample of digits
(56 and 60 s); computed by one core, 40 photographs at all freeze levels and random weights at 32 px fit it, too
(27 November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from resnet_studio.training import hardware

FIXED_SECONDS = 4.0
"""Of a training that takes next to no arithmetic: starting, loading weights, testing, writing the report."""
GFLOPS_A_CORE: Mapping[str, float] = {"bf16": 110.0, "AVX512": 80.0, "": 40.0}
"""By what the processor computes with: bf16 instructions, else fp32 with AVX-512, else fp32. The last is a guess."""
GFLOPS_OF_A_GPU = 10_000.0


def assumed(precision: str, *, on_gpu: bool, file: Path | None = None) -> float:
    """GFLOP a second until a training has been timed, in ``precision`` (auto, fp32 or bf16).

    ``file`` may say which way to compute was found to be fastest here; nothing is measured. Waits for torch to load.
    """
    if on_gpu:
        return GFLOPS_OF_A_GPU
    import torch

    known = hardware.known_compute(precision, file)
    fast = hardware.has_bf16_units() if precision == "auto" else precision == "bf16" and hardware.has_bf16_units()
    if known is not None:
        fast = known.precision == "bf16"
    threads = hardware.most_threads() if known is None else known.threads
    capability = torch.backends.cpu.get_cpu_capability()
    return threads * (GFLOPS_A_CORE["bf16"] if fast else GFLOPS_A_CORE.get(capability, GFLOPS_A_CORE[""]))


def measured(gflop: float, seconds: float, assumed: float) -> float:
    """GFLOP a second of a machine on which a training of ``gflop`` took ``seconds``, and of which so many are
    ``assumed``: what does not depend on the pictures is taken to be slower or faster in proportion.
    """
    return (gflop + FIXED_SECONDS * assumed) / seconds


def seconds(gflop: float, speed: float, assumed: float) -> float:
    """How long a training of ``gflop`` takes at a ``speed`` that was :func:`measured`, or at the one ``assumed``."""
    return (gflop + FIXED_SECONDS * assumed) / speed
