"""Classes recorded with a camera, trained, answered live; then more pictures, trained and answered again.

    python benchmarks/camera.py photos.zip [--rounds 3]

Each class is one photograph before a moving camera: frames of 320 px, eight a second, as the page sends them, to the
parts of the server that the page talks to. Time counts from the first frame of a round to the first live answer of the
model trained then; CPU time is that of the whole process. The result is a line in ``results/camera.jsonl``.

Two cores, four other programs on them (load 7 to 8) at a lower priority, 40 pictures of each of three classes, then 10
more of each: first round 30.1 s, of which 21.1 were recording and the pauses between classes; the next ones 15.4 and
14.0 s, of which 9.7 and 9.6 were that. The round after the click 8.6, 5.5 and 4.1 s. Before what the stages of the
network make of pictures was kept for the check of "none of these": 30.4, 17.1 and 20.1 s.

Earlier, on two cores that ten other programs kept busy, so that only CPU seconds say anything: first round (120
pictures) 13.9, the next ones (150, 180) 6.9 and 6.6. Before pictures were prepared while recording goes on, and only
the head was trained, 35.1, 35.4 and 37.9.

With mirror checks of new pictures alone as well, beside other programs (load 9): first round 10.6 CPU seconds, 86 s in
all of which 23 were recording; the next one 5.6, 3.9 of them after recording, 25 s in all of which 10 were recording.
"""

from __future__ import annotations

import argparse
import io
import itertools
import random
import secrets
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from resnet_studio import compiler

if __name__ == "__main__":
    compiler.defer()  # as the page's program does

from ledger import Ledger
from PIL import Image, ImageEnhance

from resnet_studio.config import TrainConfig
from resnet_studio.data import made_here
from resnet_studio.service import warming
from resnet_studio.training import hardware
from resnet_studio.training.jobs import Jobs
from resnet_studio.training.plan import new_run
from resnet_studio.ui.page.context import Studio
from resnet_studio.workspace import Run, Workspace

EVERY, BETWEEN = 0.125, 2.0
"""Seconds from frame to frame, and from class to class."""
BY = "browser:benchmark"


def frame(image: Image.Image, draw: random.Random) -> bytes:
    """What a camera in somebody's hand sees of ``image``."""
    turned = image.rotate(draw.uniform(-20, 20), Image.Resampling.BICUBIC)
    side = int(draw.uniform(0.5, 0.8) * min(image.size))
    left, top = draw.randrange(image.width - side + 1), draw.randrange(image.height - side + 1)
    shot = turned.crop((left, top, left + side, top + side)).resize((320, 320))
    written = io.BytesIO()
    ImageEnhance.Brightness(shot).enhance(draw.uniform(0.7, 1.3)).save(written, "JPEG", quality=92)
    return written.getvalue()


def record(studio: Studio, dataset: str, label: str, frames: list[bytes]) -> str:
    """Stage ``frames`` of the class ``label`` at the pace of a camera; the data set after that."""
    take = secrets.token_hex(12)
    begun = time.monotonic()
    for number, content in enumerate(frames):
        time.sleep(max(0.0, begun + number * EVERY - time.monotonic()))
        studio.making.stage(take, dataset, label, f"{number}.jpg", content, by=BY)
    after = studio.making.keep(take, "Webcam", by=BY)
    assert after is not None
    return after.id


def train(studio: Studio, dataset: str) -> Run:
    """A training with the usual settings, to its end."""
    run = new_run(studio.dataset_cache.dataset(dataset), TrainConfig(), studio.workspace, started_by=BY)
    studio.jobs.submit(run)
    while not run.state().ended:
        time.sleep(0.1)
    assert run.best.exists(), run.state().status
    return run


def stages(run: Run) -> dict[str, float]:
    """Seconds in which each stage of ``run`` was the last to be heard of."""
    spent: dict[str, float] = {}
    events = run.events()
    for before, after in itertools.pairwise(events):
        name = getattr(before, "stage", type(before).__name__)
        spent[name] = spent.get(name, 0) + after.time - before.time
    return {name: round(seconds, 2) for name, seconds in spent.items() if seconds >= 0.05}


def main() -> None:
    """Measure some rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zip", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--first", type=int, default=40, help="pictures of each class in the first round")
    parser.add_argument("--more", type=int, default=10, help="of each class in every other one")
    parser.add_argument("--busy", action="store_true", help="at usual priority: other programs would take every core")
    options = parser.parse_args()
    if options.busy:
        warming.NICENESS, hardware.lower_priority = 0, lambda: None
    draw = random.Random(0)
    with zipfile.ZipFile(options.zip) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        images = [Image.open(io.BytesIO(archive.read(name))).convert("RGB") for name in draw.sample(names, 3)]
    counts = [options.first] + [options.more] * (options.rounds - 1)
    frames = [[[frame(image, draw) for _ in range(count)] for image in images] for count in counts]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace = Workspace.open(Path(folder))
        studio = Studio(workspace, Jobs(workspace))
        threading.Thread(target=__import__, args=["torch"], daemon=True).start()  # as the page's server does
        dataset, rows = made_here.new_id(), []
        for each in frames:
            begun, cpu = time.perf_counter(), time.process_time()
            for number, some in enumerate(each):
                dataset = record(studio, dataset, f"class {number + 1}", some)
                time.sleep(BETWEEN)
            recorded, recorded_cpu = time.perf_counter(), time.process_time()
            run = train(studio, dataset)
            trained = time.perf_counter()
            studio.predictors.of(run.best)([Image.open(io.BytesIO(each[0][0]))])
            now = time.perf_counter()
            rows.append({
                "pictures": len(studio.dataset_cache.dataset(dataset).samples), "all_s": round(now - begun, 1),
                "recording_s": round(recorded - begun, 1), "training_s": round(trained - recorded, 1),
                "answer_s": round(now - trained, 2), "cpu_s": round(time.process_time() - cpu, 1),
                "cpu_after_recording_s": round(time.process_time() - recorded_cpu, 1), "stages": stages(run),
            })  # fmt: skip
            print(rows[-1], file=sys.stderr, flush=True)
        studio.jobs.close()
    Ledger("camera").append({"rounds": rows, "busy": options.busy})


if __name__ == "__main__":
    main()
