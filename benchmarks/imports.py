"""CPU seconds until a training could begin: torch, torchvision and an optimiser, with and without torch's compiler.

    python benchmarks/imports.py --rounds 7

Each round starts two fresh processes in turn; ``RESNET_STUDIO_COMPILER=1`` is what imports the compiler with torch.
CPU seconds hardly change with what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGIN = """
from resnet_studio import compiler
compiler.defer()
import torch, torchvision
network = torchvision.models.resnet18(num_classes=2)
optimizer = torch.optim.AdamW(network.parameters())
network(torch.zeros(2, 3, 32, 32)).sum().backward()
optimizer.step()
"""


def seconds(whole: str) -> float:
    begun = cpu()
    environment = {**os.environ, "RESNET_STUDIO_COMPILER": whole, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", BEGIN], env=environment, check=True)
    return cpu() - begun


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    turns = [(seconds("1"), seconds("0")) for _ in range(rounds + 1)][1:]
    with_compiler, without = (statistics.median(times) for times in zip(*turns, strict=True))
    ratios = sorted(first / second for first, second in turns)
    print(
        f"with the compiler {with_compiler:.2f} s, without {without:.2f} s; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


if __name__ == "__main__":
    main()
