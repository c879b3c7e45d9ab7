"""How long the page takes to answer after its program was started, beside what ``import gradio`` alone takes.

    python benchmarks/first_byte.py --rounds 5

Both are started in turn, each in a fresh process; the ratio is printed for each pair.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def import_seconds() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio"], check=True, cwd=ROOT)
    return time.perf_counter() - begun


def first_byte_seconds(workspace: Path) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.perf_counter()
    command = [sys.executable, "-m", "resnet_studio", "ui", "--port", str(port), "--workspace", str(workspace)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
                    answer.read(1)
                    return time.perf_counter() - begun
            except urllib.error.URLError:
                time.sleep(0.01)
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds + 1):
            pair = import_seconds(), first_byte_seconds(Path(folder))
            if turn:  # the first fills the disk cache
                pairs.append(pair)
                print(f"import gradio {pair[0]:.2f} s, first byte {pair[1]:.2f} s, allowed {1.5 * pair[0] + 0.5:.2f} s")
    kept = sum(first <= 1.5 * alone + 0.5 for alone, first in pairs)
    ratio = statistics.median(first / alone for alone, first in pairs)
    print(f"median ratio {ratio:.2f}; within 1.5 times and half a second in {kept} of {rounds}")


if __name__ == "__main__":
    main()
