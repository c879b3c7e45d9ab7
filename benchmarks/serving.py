"""Many users asking for predictions while a training runs: how long they wait, and how much the training is slowed.

    python benchmarks/serving.py photos.zip --weights resnet18.safetensors --users 30 --think 3

The server runs as users start it, the training is started in it as the page does. The users are threads of this
process that speak to it as browsers do: upload a picture, join the queue, wait for the answer. Quiet and busy
stretches take turns; the training's speed is read from its log. The first question of all is that of one user alone
beside the training. Each call is a line in ``results/serving.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import httpx
from ledger import Ledger

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import resnet_studio as studio
from resnet_studio.workspace import Run, Workspace

SERVER = """
import sys
from pathlib import Path
import uvicorn
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.app import build_app
from resnet_studio.workspace import Workspace
workspace = Workspace.open(Path(sys.argv[1]))
jobs = Jobs(workspace)
jobs.submit(workspace.run(sys.argv[2]))
uvicorn.run(build_app(workspace, jobs, warm=True), port=int(sys.argv[3]), log_level="error")
"""


class User:
    """A browser that asks about one picture after the other."""

    def __init__(
        self, base: str, config: dict[str, object], model: str, pictures: list[Path],
        cookies: httpx.Cookies | None = None,
    ) -> None:  # fmt: skip
        self.client = httpx.Client(base_url=base, timeout=120, cookies=cookies)
        self.session = uuid.uuid4().hex
        self.function, self.model, self.pictures = handler(config, ["predict-answer"]), model, pictures
        offer = handler(config, ["predict-nothing", "predict-model", "predict-asking"])
        shown = {"data": [None, None, None], "fn_index": offer, "session_hash": self.session}
        self.client.post("gradio_api/run/predict", json=shown).raise_for_status()

    def ask(self) -> float:
        """Seconds from choosing a picture to its answer."""
        picture = random.choice(self.pictures)
        begun = time.perf_counter()
        sent = self.client.post("gradio_api/upload", files={"files": (picture.name, picture.read_bytes())}).json()
        file = {"path": sent[0], "orig_name": picture.name, "meta": {"_type": "gradio.FileData"}}
        asked = {"data": [self.model, None, file], "fn_index": self.function, "session_hash": self.session}
        self.client.post("gradio_api/queue/join", json=asked).raise_for_status()
        with self.client.stream("GET", "gradio_api/queue/data", params={"session_hash": self.session}) as answers:
            for line in answers.iter_lines():
                if line.startswith("data:") and (said := json.loads(line[5:]))["msg"] == "process_completed":
                    assert said["success"], said
                    break
        return time.perf_counter() - begun


def handler(config: dict[str, object], outputs: list[str]) -> int:
    """The number of the first handler with three inputs and these ``outputs``."""
    ids = {part["id"]: part["props"].get("elem_id") for part in config["components"]}  # type: ignore[index,union-attr]
    for each in config["dependencies"]:  # type: ignore[attr-defined]
        if [ids.get(part) for part in each["outputs"]] == outputs and len(each["inputs"]) == 3:
            return int(each["id"])
    raise SystemExit("the page has no such handler")


def trained(run: Run) -> float:
    """Pictures that the training has gone through."""
    state = run.state()
    pictures = state.started.train_pictures if state.started else 0
    part = state.progress.batch / state.progress.batches if state.progress else 0.0
    return pictures * (len(state.epochs) + (part if state.progress and state.progress.epoch > len(state.epochs) else 0))


def busy(users: list[User], seconds: float, think: float) -> list[float]:
    waits: list[float] = []
    end = time.perf_counter() + seconds

    def live(user: User) -> None:
        time.sleep(random.uniform(0, think))
        while time.perf_counter() < end:
            waits.append(user.ask())
            time.sleep(random.expovariate(1 / think))

    threads = [threading.Thread(target=live, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--weights", default="auto")
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--think", type=float, default=3.0, help="mean seconds between an answer and the next picture")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of a stretch")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--port", type=int, default=7999)
    given = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace = Workspace.open(Path(folder))
        dataset = studio.open_data(given.data, workspace)
        settings = {"weights": given.weights, "freeze": "layer4", "epochs": 5}
        answering = studio.train(dataset, workspace=workspace, **settings)
        from resnet_studio.config import TrainConfig
        from resnet_studio.training.plan import new_run

        long = TrainConfig(weights=given.weights, freeze="none", epochs=10_000, augmentation="standard")
        run = new_run(dataset, long, workspace)
        pictures = [dataset.path(sample) for sample in dataset.samples[:50]]
        server = subprocess.Popen([sys.executable, "-c", SERVER, folder, run.id, str(given.port)], cwd=ROOT)
        try:
            base = f"http://127.0.0.1:{given.port}/"
            while True:
                try:
                    config = httpx.get(f"{base}config", timeout=60).json()
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            users = [User(base, config, f"run:{answering.id}", pictures) for _ in range(given.users)]
            while run.state().progress is None:
                time.sleep(0.5)
            first = users[0].ask()
            waits, rates = [], []
            for _ in range(given.rounds):
                pair = []
                for crowd in ([], users):
                    before, begun = trained(run), time.perf_counter()
                    if crowd:
                        waits += busy(crowd, given.seconds, given.think)
                    else:
                        time.sleep(given.seconds)
                    pair.append((trained(run) - before) / (time.perf_counter() - begun))
                rates.append(pair)
            slowed = 1 - statistics.median(with_users / alone for alone, with_users in rates)
            Ledger("serving").append({
                "users": given.users, "think_s": given.think, "answers": len(waits), "first_s": round(first, 3),
                "median_s": round(statistics.median(waits), 3),
                "p95_s": round(statistics.quantiles(waits, n=20)[-1], 3), "worst_s": round(max(waits), 3),
                "training_alone_per_s": [round(pair[0], 1) for pair in rates],
                "training_with_users_per_s": [round(pair[1], 1) for pair in rates],
                "training_slowed_by": round(slowed, 3),
            })  # fmt: skip
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
