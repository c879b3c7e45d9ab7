"""What a server costs while nobody does anything: CPU time of its process over a minute, with pages open.

    python benchmarks/idle.py [--pages 2] [--seconds 60] [--hidden] [--json benchmarks/results/idle.json]

Needs Linux (``/proc``), Chromium and playwright. The pages are open and in front, which is the worst case; ``--hidden``
puts them into the background. What the threads used is listed, so that a busy one is found.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

TICKS = os.sysconf("SC_CLK_TCK")
SETTLING = 45.0


def seconds_used(process: int) -> float:
    """CPU time of the whole process."""
    return _used(Path(f"/proc/{process}/stat"))


def threads(process: int) -> dict[str, float]:
    """CPU time of each thread."""
    found = {}
    for task in Path(f"/proc/{process}/task").iterdir():
        name = (task / "comm").read_text(encoding="utf-8").strip()
        found[f"{name} {task.name}"] = _used(task / "stat")
    return found


def _used(stat: Path) -> float:
    fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def serve(workspace: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "resnet_studio", "ui", "--port", str(port), "--workspace", str(workspace)]
    server = subprocess.Popen(command, cwd=Path(__file__).resolve().parent.parent)
    until = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            return server


def measure(options: argparse.Namespace) -> dict[str, object]:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tool:
        server = serve(Path(folder), options.port)
        browser = tool.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        try:
            pages = [browser.new_context().new_page() for _ in range(options.pages)]
            for page in pages:
                page.goto(f"http://127.0.0.1:{options.port}/")
                if options.hidden:
                    page.evaluate(
                        "Object.defineProperty(document, 'hidden', { get: () => true });"
                        "document.dispatchEvent(new Event('visibilitychange'))"
                    )
            time.sleep(SETTLING)
            before, begun, each = seconds_used(server.pid), time.monotonic(), threads(server.pid)
            for _ in range(options.seconds):  # the browser has to be attended to meanwhile
                pages[0].wait_for_timeout(1000) if pages else time.sleep(1)
            took, used = time.monotonic() - begun, seconds_used(server.pid) - before
            busiest = {name: spent - each.get(name, 0.0) for name, spent in threads(server.pid).items()}
        finally:
            browser.close()
            server.terminate()
            server.wait(30)
    ranked = sorted(busiest.items(), key=lambda item: -item[1])[:5]
    return {"pages": options.pages, "hidden": options.hidden, "seconds": round(took, 1), "cpu_seconds": round(used, 2),
            "percent_of_a_core": round(100 * used / took, 2),
            "busiest_threads": [f"{name.rpartition(' ')[0]}: {spent:.2f} s" for name, spent in ranked]}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("--port", type=int, default=7875)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
