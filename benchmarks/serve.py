"""How fast exported models answer, and how a server of them does under many clients.

    python benchmarks/serve.py engines RUN...            ms a picture: torch, ONNX Runtime, the same with 8 bits
    python benchmarks/serve.py load FILE.onnx PICTURES   30 clients for 180 s against ``serve FILE.onnx``

``load`` starts the server as users do and asks it by plain sockets, one picture a request and the connections kept.
Each client waits for its answer and then ``--pause`` seconds, half to one and a half of it by chance, so that clients
do not fall into step with the batches that answer them (0: as fast as the server can). Reported: answers a
second, times from the first byte sent to the last byte received, errors, seconds of CPU of server and clients, and the
load of the machine before, since clients and other work share its cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the server has it
sys.path.insert(0, str(Path(__file__).parent.parent))

BOUNDARY = "a7d1f0c2e4b"


def main() -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    engines = commands.add_parser("engines")
    engines.add_argument("runs", nargs="+", type=Path, help="folders of runs")
    engines.add_argument("--rounds", type=int, default=15)
    load = commands.add_parser("load")
    load.add_argument("file", type=Path)
    load.add_argument("pictures", type=Path, help="a folder")
    load.add_argument("--clients", type=int, default=30)
    load.add_argument("--seconds", type=float, default=180.0)
    load.add_argument("--pause", type=float, default=0.0)
    load.add_argument("--port", type=int, default=8017)
    options = parser.parse_args()
    found = measure_engines(options) if options.command == "engines" else measure_load(options)
    print(json.dumps(found, indent=1))


def measure_engines(options: argparse.Namespace) -> dict[str, object]:
    import torch

    from resnet_studio.api.exports import export
    from resnet_studio.onnx_model import OnnxModel
    from resnet_studio.prediction import Predictor
    from resnet_studio.workspace import Run

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for folder_of_run in options.runs:
            run = Run(folder_of_run.resolve())
            arms = {"torch": Predictor(run.best, "cpu")}
            for format in ("onnx", "onnx-int8"):
                arms[format] = OnnxModel(export(run, format, Path(folder) / f"{format}.onnx", check=False).file)
            side = arms["torch"].preprocessing.crop
            for count in (1, 8):
                batch = torch.randn(count, 3, side, side)
                wall, cpu = {arm: [] for arm in arms}, {arm: [] for arm in arms}
                for at in range(options.rounds + 2):
                    for arm, model in arms.items():
                        begun, used = time.perf_counter(), time.process_time()
                        model.compute(batch)
                        if at > 1:
                            wall[arm].append(1000 * (time.perf_counter() - begun) / count)
                            cpu[arm].append(1000 * (time.process_time() - used) / count)
                rows.append({
                    "side": side, "batch": count, "network": run.config.depth,
                    "milliseconds": {arm: round(statistics.median(each), 1) for arm, each in wall.items()},
                    "fastest": {arm: round(min(each), 1) for arm, each in wall.items()},
                    "cpu_milliseconds": {arm: round(statistics.median(each), 1) for arm, each in cpu.items()},
                })  # fmt: skip
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return {"engines": rows, "load": os.getloadavg()}


def measure_load(options: argparse.Namespace) -> dict[str, object]:
    before = os.getloadavg()
    command = [sys.executable, "-m", "resnet_studio", "serve", f"model={options.file.resolve()}"]
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--port", str(options.port), "--rate", "0", "--workspace", folder, "--json"]
        server = subprocess.Popen([*command, *arguments], cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE)
        try:
            wait_for(options.port)
            files = [path for path in sorted(options.pictures.rglob("*")) if path.suffix.lower() in (".jpg", ".png")]
            requests = [request(path) for path in files[:200]]
            seconds, errors = asyncio.run(clients(options, requests))
            used = server_seconds(server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    own = resource.getrusage(resource.RUSAGE_SELF)
    times = sorted(1000 * each for each in seconds)
    return {
        "clients": options.clients, "pause": options.pause, "seconds": options.seconds, "answers": len(times),
        "answers_a_second": round(len(times) / options.seconds, 1), "errors": errors,
        **{f"p{q}_ms": round(times[min(len(times) - 1, int(len(times) * q / 100))], 1) for q in (50, 95, 99)},
        "largest_ms": round(times[-1], 1), "server_cpu_seconds": round(used, 1),
        "clients_cpu_seconds": round(own.ru_utime + own.ru_stime, 1), "cores": os.cpu_count(),
        "load_before": [round(each, 1) for each in before], "load_after": [round(each, 1) for each in os.getloadavg()],
        "server_exit": server.returncode,
    }  # fmt: skip


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def request(path: Path) -> bytes:
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="pictures"; filename="{path.name}"\r\n\r\n'.encode()
        + path.read_bytes()
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )
    head = (
        "POST /v1/models/model/predict?top_k=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def clients(options: argparse.Namespace, requests: list[bytes]) -> tuple[list[float], int]:
    seconds: list[float] = []
    errors = 0
    until = time.perf_counter() + options.seconds

    async def client(number: int) -> None:
        nonlocal errors
        chance = random.Random(number)
        await asyncio.sleep(chance.random() * max(options.pause, 0.2))
        reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
        while time.perf_counter() < until:
            begun = time.perf_counter()
            try:
                writer.write(chance.choice(requests))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                if b" 200 " not in head.split(b"\r\n")[0] or b'"label"' not in body:
                    errors += 1
                seconds.append(time.perf_counter() - begun)
            except (OSError, asyncio.IncompleteReadError, IndexError):
                errors += 1
                reader, writer = await asyncio.open_connection("127.0.0.1", options.port)
            if options.pause:
                await asyncio.sleep(options.pause * (0.5 + chance.random()))
        writer.close()

    await asyncio.gather(*(client(number) for number in range(options.clients)))
    return seconds, errors


def server_seconds(pid: int) -> float:
    """Seconds of CPU that the process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
