"""Starter weights by the studio's engine on a GPU: several recipes beside each other, and what each is worth.

    python benchmarks/starter_gpu.py train TINY_ZIP... --into W --recipe smooth label_smoothing=0.1 --recipe plain
    python benchmarks/starter_gpu.py score W/*.safetensors --cifar cifar10.zip --photos photos.zip

The zips hold ``train/<wnid>/`` and ``val/<wnid>/`` of Tiny ImageNet. ``train`` decodes all pictures once, trains a
network for each ``--recipe`` (a name and settings of the studio besides those below) in a process of its own, and packs
each in half precision into ``W``. ``score`` says how good a linear classifier on the features of the last stage is by
cross-validation on pictures of other kinds, which is what starter weights are for: by that a recipe is chosen. It takes
training pictures alone.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import random
import tempfile
import time
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from grid import digits
from machine import DEVICE
from PIL import Image

EPOCHS, SIDE = 60, 96
SETTINGS: dict[str, Any] = {
    "depth": 18, "weights": "scratch", "freeze": "none", "stem": "standard", "picture_size": SIDE,
    "early_picture_size": 56, "batch_size": 512, "optimizer": "sgd", "learning_rate": 0.4, "momentum": 0.9,
    "weight_decay": 5e-4, "schedule": "one_cycle", "warmup_fraction": 0.15, "clip_gradient": 5.0, "stage_factor": 1.0,
    "label_smoothing": 0.0, "augmentation": "standard", "groups": "none", "test_fraction": 0.0, "epochs": EPOCHS,
}  # fmt: skip
CS = (1e-3, 1e-2)


def read(archives: list[Path], part: str) -> list[tuple[str, bytes]]:
    """The class and the bytes of each picture of ``part``."""
    found = []
    for archive in archives:
        with zipfile.ZipFile(archive) as opened:
            for name in sorted(opened.namelist()):
                if name.startswith(f"{part}/") and name[-1] != "/":
                    found.append((name.split("/")[1], opened.read(name)))
    return found


def _pixels(given: tuple[bytes, Any]) -> np.ndarray:
    data, view = given
    found: np.ndarray = view.pixels(Image.open(io.BytesIO(data)).convert("RGB"))
    return found


def train(given: argparse.Namespace) -> None:
    """See the module; processes are forked, so that the pictures are in memory once."""
    from resnet_studio.data import views
    from resnet_studio.data.augment import LEVELS

    begun = time.perf_counter()
    end = views.Framed(SIDE, SIDE)
    shown = {"train": views.training_view(end, LEVELS["standard"]), "val": end}
    pixels, labels = {}, {}
    with multiprocessing.get_context("fork").Pool(given.processes) as pool:
        for part, view in shown.items():
            pictures = read(given.archives, part)
            classes = sorted({name for name, _ in pictures})
            labels[part] = np.array([classes.index(name) for name, _ in pictures])
            pixels[part] = np.stack(pool.map(_pixels, [(data, view) for _, data in pictures], chunksize=256))
            if part == "train":
                some = pictures
    print(f"{len(labels['train'])} and {len(labels['val'])} pictures, {time.perf_counter() - begun:.0f} s", flush=True)
    given.into.mkdir(parents=True, exist_ok=True)
    context, working = multiprocessing.get_context("fork"), []
    for recipe in given.recipe:
        working.append(context.Process(target=_train, args=(recipe, some, pixels, labels, given)))
        working[-1].start()
    for each in working:
        each.join()


def _train(
    recipe: list[str], some: list[tuple[str, bytes]], pixels: dict[str, np.ndarray], labels: dict[str, np.ndarray],
    given: argparse.Namespace,
) -> None:  # fmt: skip
    """Train one network on the decoded pictures and pack it."""
    import torch

    import resnet_studio as studio
    from resnet_studio.config import parse
    from resnet_studio.stepwise import result_of
    from resnet_studio.training import plan, saving, setup
    from resnet_studio.training.control import Control

    torch.set_num_threads(1)
    name, *changes = recipe
    changed = {key: parse(key, value) for key, _, value in (each.partition("=") for each in changes)}
    config = studio.TrainConfig(**{**SETTINGS, **changed, "device": DEVICE})
    _decode_nothing(pixels, labels)
    with tempfile.TemporaryDirectory() as folder:
        home = studio.Workspace.open(Path(folder) / "home")
        dataset = studio.open_data(_few(some, Path(folder) / "set"), workspace=home)

        def prepared() -> tuple[Any, Any]:
            run = plan.new_run(dataset, config, home)
            return run, result_of(setup.prepare(run, Control()))

        run, session = prepared()
        if given.seconds:
            affordable = int(given.seconds / _seconds_an_epoch(session))
            config = config.replace(epochs=max(8, min(config.epochs or EPOCHS, affordable)))
            run, session = prepared()
        _train_all(session, name)
        saving.save_best(session)
        _pack(run.best, given.into / f"{name}.safetensors", {**SETTINGS, **changed})


def _decode_nothing(pixels: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> None:
    """Have trainings of this process take these pictures for those of their data set."""
    import torch

    from resnet_studio.data.reading import AS_SEEN
    from resnet_studio.training import mirrored, setup
    from resnet_studio.training.batches import Part

    device = torch.device(DEVICE)

    def decoded(*prepared: Any) -> Generator[Any, None, Any]:
        yield from ()
        split = prepared[2]
        parts = [
            Part(torch.from_numpy(pixels[part]).to(device), torch.ones(len(labels[part]), device=device),
                 torch.from_numpy(labels[part]).to(device), split.train[:1] * len(labels[part]), (), ())
            for part in ("train", "val")
        ]  # fmt: skip
        return setup._Decoded(split, AS_SEEN, parts[0], parts[1], None, False)

    setup._decoded = decoded
    mirrored.mirrored_classes = lambda *_: []


def _few(pictures: list[tuple[str, bytes]], folder: Path) -> Path:
    """A data set with three pictures of each class to train on and one to validate."""
    counts: dict[str, int] = {}
    for kind, data in pictures:
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= 4:
            file = folder / ("val" if counts[kind] == 4 else "train") / kind / f"{counts[kind]}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    return folder


def _train_all(session: Any, name: str) -> None:
    begun = time.perf_counter()
    while not session.complete:
        for batch in session.batches_left():
            session.step(batch)
        finished = session.score_epoch()
        session.next_epoch(finished)
        if session.epoch % 5 == 0 or session.complete:
            print(f"{name}: epoch {session.epoch} of {session.epochs}, train loss {finished.train_loss:.3f}, "
                  f"validation {finished.validation_accuracy:.4f}, {time.perf_counter() - begun:.0f} s",
                  flush=True)  # fmt: skip


def _pack(file: Path, target: Path, recipe: dict[str, Any]) -> None:
    """Write the weights of a checkpoint in half precision, with what they were trained by."""
    from safetensors.torch import save_file

    from resnet_studio.model import checkpoint

    loaded = checkpoint.load(file)
    state = {key: value.half() if value.is_floating_point() else value
             for key, value in loaded.model.state_dict().items()}  # fmt: skip
    about = {"classes": json.dumps(loaded.card.classes), "metrics": json.dumps(dict(loaded.card.metrics)),
             "recipe": json.dumps(recipe)}  # fmt: skip
    save_file({key: value.contiguous() for key, value in state.items()}, target, about)


def _seconds_an_epoch(session: Any) -> float:
    """At full size, beside what else is computed now; smaller pictures before and what is recorded are quicker."""
    session.epoch, begun, steps = session.epochs - 1, 0.0, 40
    for at, batch in zip(range(-15, steps), session._epoch_batches() * 2, strict=False):
        if at == 0:
            float(session.tally.loss)
            begun = time.perf_counter()
        session._train_on(batch)
        session.update_weights()
    float(session.tally.loss)
    return 0.8 * (time.perf_counter() - begun) / steps * session.batches_per_epoch


def kinds(given: argparse.Namespace) -> dict[str, tuple[list[Image.Image], np.ndarray]]:
    """Pictures and labels of each kind that features are tried on."""
    found: dict[str, tuple[list[Image.Image], np.ndarray]] = {}

    def draw(name: str, opened: dict[str, list[Any]], classes: list[str], count: int) -> None:
        some = [random.Random(0).sample(opened[each], min(count, len(opened[each]))) for each in classes]
        found[name] = ([each() for every in some for each in every],
                       np.repeat(np.arange(len(classes)), [len(every) for every in some]))  # fmt: skip

    if given.cifar:
        with zipfile.ZipFile(given.cifar) as archive:
            opened: dict[str, list[Any]] = {}
            for name in sorted(archive.namelist()):
                if name.startswith("train/") and name[-1] != "/":
                    data = archive.read(name)
                    opened.setdefault(name.split("/")[1], []).append(
                        lambda data=data: Image.open(io.BytesIO(data)).convert("RGB")
                    )
        draw("CIFAR-10", opened, sorted(opened), 100)
        for pair in (("cat", "dog"), ("deer", "horse"), ("automobile", "truck")):
            draw(f"{pair[0]}, {pair[1]}", opened, list(pair), 300)
    if given.photos:
        with zipfile.ZipFile(given.photos) as archive:
            opened = {}
            for name in sorted(archive.namelist()):
                if name.lower().endswith((".jpg", ".jpeg", ".png")):
                    data = archive.read(name)
                    opened.setdefault(Path(name).parent.name, []).append(
                        lambda data=data: Image.open(io.BytesIO(data)).convert("RGB")
                    )
        draw("photographs", opened, sorted(opened), 120)
    opened = digits()
    draw("digits", opened, sorted(opened), 40)
    return found


def score(given: argparse.Namespace) -> None:
    """Print a row a file: accuracies by five folds, twice over, at two sizes."""
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from resnet_studio.data.views import Framed
    from resnet_studio.model import resnet, weights
    from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD

    tried = kinds(given)
    mean, std = (torch.tensor(each, device=DEVICE).view(1, 3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_STD))
    for file in given.files:
        model = resnet.build(18, 2, seed=0)
        weights.load_into(model, 18, str(file))
        model.fc = torch.nn.Identity()
        model.eval().to(DEVICE)
        found: dict[str, float] = {}
        for name, (pictures, labels) in tried.items():
            for side in (96, 128):
                view = Framed(side, side)
                pixels = torch.from_numpy(np.stack([view.pixels(each) for each in pictures])).permute(0, 3, 1, 2)
                with torch.inference_mode():
                    features = torch.cat([model((part.to(DEVICE).float() / 255 - mean) / std).cpu()
                                          for part in pixels.split(128)]).numpy()  # fmt: skip
                folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
                best = max(
                    cross_val_score(make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=200)), features,
                                    labels, cv=folds, n_jobs=given.jobs).mean() for C in CS
                )  # fmt: skip
                found[f"{name} {side}"] = round(float(best), 4)
        average = round(float(np.mean(list(found.values()))), 4)
        print(json.dumps({"file": file.name, "mean": average, **found}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("archives", nargs="+", type=Path)
    training.add_argument("--into", type=Path, required=True)
    training.add_argument("--recipe", nargs="+", action="append", required=True, metavar="NAME SETTING=VALUE")
    training.add_argument("--seconds", type=float, help="as many epochs as can be had in these, at most those set")
    training.add_argument("--processes", type=int, default=16, help="that decode")
    scoring = commands.add_parser("score")
    scoring.add_argument("files", nargs="+", type=Path)
    scoring.add_argument("--jobs", type=int, default=1, help="processes that fit classifiers")
    scoring.add_argument("--cifar", type=Path)
    scoring.add_argument("--photos", type=Path)
    given = parser.parse_args()
    {"train": train, "score": score}[given.command](given)


if __name__ == "__main__":
    main()
