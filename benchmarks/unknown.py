# ruff: noqa: E501
"""Which score tells pictures unlike all seen: networks are trained on some sets and looked at with others.

    python benchmarks/unknown.py measure CIFAR10_ZIP TINY_ZIP PHOTOS_ZIP --folder DIR --seeds 0,1
    python benchmarks/unknown.py measure CIFAR10_ZIP TINY_ZIP PHOTOS_ZIP --folder DIR --arms "layer4 trained" --share 0 6 --out FILE
    python benchmarks/unknown.py score --folder DIR --choose 0
    python benchmarks/unknown.py frozen CIFAR10_ZIP TINY_ZIP PHOTOS_ZIP --folder DIR --seeds 0,1
    python benchmarks/unknown.py measure CIFAR10_ZIP TINY_ZIP PHOTOS_ZIP --folder DIR --own --more 50 --out FILE
    python benchmarks/unknown.py told --out FILE

``measure`` draws the sets anew for each seed, trains a network on each known set (the head alone, layer4, everything,
and from scratch), scores known and unknown pictures by some 150 single scores of every stage of it and of the starter
(``unknown_scores.py``), several networks at once, and ends with ``score``; with ``--out``, which is for many processes,
each network also gets a line there with the areas of the checkpoint's own score and of some candidates, and ``told``
sums these up. With ``--own`` these areas are all that is measured, which takes a third of the time; ``--more`` scores so many
further pictures of each known class beside those of the test, as the area of a few is chance for the most part. What is in the folder is not computed again; several calls may share it. TINY_ZIP is the validation zip
of Tiny ImageNet (that of the figures in ``results/unknown.txt``), or a training zip, which has other classes. ``score`` combines the single scores, chooses on the seeds of
``--choose`` and reports the areas under the ROC curve on the others, so that no method is judged by the pictures that
chose it. ``frozen`` looks at networks of which the head alone is trained, whose
features are the starter's, so that none has to be trained. The folder is that of ``--folder``, else ``$UNKNOWN_FOLDER``. ``--tried`` tries the steps, in
a folder of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # as many processes as there are cores
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
import unknown_scores
from ledger import Ledger, add_options, shared
from machine import DEVICE, SETTINGS, as_on_a_laptop
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import resnet_studio as studio
from resnet_studio.data.run_split import split_of
from resnet_studio.evaluation.unlikeness import some
from resnet_studio.model import resnet, weights
from resnet_studio.model.acceptance import CURRENT
from resnet_studio.model.checkpoint import Card, Checkpoint, Preprocessing, load
from resnet_studio.model.starter_features import identity
from resnet_studio.prediction import Predictor

STAGES = ("layer2", "layer3", "layer4")
PARTS = ("train", "validation", "test")
MORE = "more known"
ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
VEHICLES = ("airplane", "automobile", "ship", "truck")
NEAR = {
    "digits": ("letters", "things", "photos", "cifar vehicles", "tiny objects"),
    "photos": ("cifar vehicles", "tiny objects", "tiny animals", "things", "digits"),
    "things": ("photos", "tiny objects", "digits", "cifar vehicles"),
    "cifar animals": ("cifar vehicles", "tiny objects", "digits", "things"),
    "cifar vehicles": ("cifar animals", "photos", "tiny animals", "digits"),
    "tiny animals": ("tiny objects", "tiny others", "cifar vehicles", "digits", "things"),
}
"""Unknown to a network that was trained on the set before the colon. "tiny others" are other animals."""
EVERYWHERE = ("noise", "solid")
ARMS = {
    "head alone": ("layer4", "starter"),
    "layer4 trained": ("layer3", "starter"),
    "all trained": ("none", "starter"),
    "from scratch": ("none", "scratch"),
}
SIZES = {"photos": 128}
"""Sides in px that the studio chooses by itself; 96 for smaller pictures."""
SCRATCH = ("photos", "cifar animals", "digits")
CANDIDATES = (
    unknown_scores.TODAY, unknown_scores.BEFORE, *unknown_scores.STARTED, "own 4|mean+max|unit|neighbours 10|mean",
    "start 4|mean+max|unit|neighbours 10|mean", "own 3|mean+max|unit|neighbours 10|mean",
    "own 3-4|mean+max|unit|neighbours 10|mean", "own 4|softmax", "own 4|energy", "own 4|ViM",
)  # fmt: skip
"""Those that ``--out`` has."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    measuring, freezing, scoring, telling = (
        commands.add_parser(name) for name in ("measure", "frozen", "score", "told")
    )
    for each in (measuring, freezing):
        for name in ("cifar10", "tiny", "photos"):
            each.add_argument(name, type=Path)
        each.add_argument("--seeds", default="0,1", help="of the drawn sets")
    measuring.add_argument("--epochs", type=int, default=8)
    measuring.add_argument("--processes", type=int, default=min(12, os.cpu_count() or 1))
    measuring.add_argument("--known", nargs="*", choices=list(NEAR), help="known sets; all where not given")
    measuring.add_argument("--arms", nargs="*", choices=list(ARMS), help="what is trained; all where not given")
    measuring.add_argument("--own", action="store_true", help="only what the checkpoint itself says, with --out")
    measuring.add_argument(
        "--more", type=int, default=0, help="further pictures of each known class, where there are any"
    )
    measuring.add_argument("--tried", action="store_true", help="24 pictures of each part")
    for each in (measuring, telling):
        add_options(each)
    for each in (measuring, freezing, scoring):
        each.add_argument("--folder", type=Path, default=os.environ.get("UNKNOWN_FOLDER"))
        each.add_argument("--choose", default="0", help="the seeds that choose; the others report")
        each.add_argument(
            "--without", default="tiny others", help="unknown sets that do not choose, reported all the same"
        )
        each.add_argument("--rows", type=int, default=8, help="candidates of each cost to print")
    options = parser.parse_args()
    if options.command == "told":
        told(Ledger("unknown", options.out))
        return
    if options.command == "measure" and options.own and not options.out:
        parser.error("--own needs --out")
    if options.folder is None:
        parser.error("--folder or $UNKNOWN_FOLDER is needed")
    if options.command == "measure":
        measure(options)
        if options.out:  # others are still at work
            return
    if options.command == "frozen":
        for seed in options.seeds.split(","):
            frozen(options, int(seed))
    unknown_scores.report(options.folder, options.choose.split(","), options.without.split(","), options.rows)


def measure(options: argparse.Namespace) -> None:
    """Train and score; what is there is left alone."""
    begun, tasks = time.monotonic(), []
    wanted = [
        (seed, name, arm)
        for seed in map(int, options.seeds.split(","))
        for name in options.known or NEAR
        for arm in options.arms or ARMS
        if arm != "from scratch" or name in SCRATCH
    ]
    for seed, name, arm in shared(wanted, options):
        target = options.folder / f"{seed} {name} {arm}.npz"
        about = about_network(options, seed, name, arm)
        measured = Ledger("unknown", options.out).knows(**about) if options.out else target.exists()
        if not measured:
            found = sources(options, seed)
            tasks.append((target, seed, name, arm, found, options))
    if len(tasks) == 1 or options.processes == 1:
        for task in tasks:
            print(one(*task), flush=True)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, min(options.processes, len(tasks))), mp_context=context) as pool:
        for done in as_completed([pool.submit(one, *task) for task in tasks]):
            print(f"{time.monotonic() - begun:.0f} s:", done.result(), flush=True)


def about_network(options: argparse.Namespace, seed: int, name: str, arm: str) -> dict[str, object]:
    """What a line of ``--out`` is known by."""
    about = {"known": name, "arm": arm, "seed": seed, "tiny": options.tiny.stem, "starter": identity()}
    return about | {"method": CURRENT} | ({"more": options.more} if options.more else {})


def one(
    target: Path, seed: int, name: str, arm: str, sets: dict[str, Path | str], options: argparse.Namespace
) -> str:  # fmt: skip
    """Train the network of one known set and arm, and store the single scores of known and unknown pictures."""
    torch.set_num_threads(1)
    begun, (freeze, start) = time.monotonic(), ARMS[arm]
    workspace = studio.Workspace.open(target.with_suffix(".workspace"))
    dataset = studio.open_data(sets[name], workspace)
    config = studio.TrainConfig(freeze=freeze, weights=start, epochs=options.epochs, depth=18, seed=seed, **SETTINGS)
    with as_on_a_laptop():
        run = studio.train(dataset, config, workspace=workspace)
    trained = time.monotonic() - begun
    best, split = load(run.best), split_of(run)
    looks: dict[str, list[Path]] = {}
    labels: dict[str, NDArray[np.int64]] = {}
    for part in PARTS:
        chosen = some(getattr(split, part))
        looks[part] = [split.path(sample) for sample in chosen]
        labels[part] = np.array([sample.label for sample in chosen])
    for other in NEAR[name]:
        pictures = files(sets[other], workspace)
        random.Random(seed + 1).shuffle(pictures)
        looks[other] = pictures[:150]
    for other in EVERYWHERE:
        looks[other] = files(sets[other], workspace)[:60]
    looks[MORE] = further(options, seed, name)
    if options.own:
        accuracy = run.state().finished.test_accuracy
        row = {"accuracy": round(accuracy, 4), **own_areas(best, looks, DEVICE), "areas": {}}
        Ledger("unknown", options.out).append({**about_network(options, seed, name, arm), **row})
        shutil.rmtree(workspace.root, ignore_errors=True)
        return f"{target.stem}: test accuracy {accuracy:.3f}, {trained:.0f} + {time.monotonic() - begun - trained:.0f} s, {row['own']}"
    looks.pop(MORE)
    if options.tried:
        looks = {part: pictures[:24] for part, pictures in looks.items()}
        labels = {part: each[:24] for part, each in labels.items()}
    starter = resnet.build(18, len(best.card.classes), seed=0)
    weights.load_into(starter, 18, "starter")
    rows = {
        "own": seen(Checkpoint(best.model, best.card), looks, DEVICE),
        "start": seen(Checkpoint(starter.eval(), best.card), looks, DEVICE),
    }
    looked = time.monotonic() - begun
    head = (best.model.fc.weight.detach().cpu().numpy(), best.model.fc.bias.detach().cpu().numpy())
    single = unknown_scores.single_scores(rows, labels["train"], head, [*PARTS, *NEAR[name], *EVERYWHERE])
    np.savez_compressed(target, **single)
    accuracy = run.state().finished.test_accuracy
    if options.out:
        about = about_network(options, seed, name, arm)
        own = own_areas(best, looks, DEVICE)
        Ledger("unknown", options.out).append(
            {**about, "accuracy": round(accuracy, 4), **own, "areas": some_areas(target)}
        )
    shutil.rmtree(workspace.root, ignore_errors=True)
    return f"{target.stem}: test accuracy {accuracy:.3f}, {trained:.0f} + {looked - trained:.0f} + {time.monotonic() - begun - looked:.0f} s"


def own_areas(best: Checkpoint, looks: dict[str, list[Path]], device: str) -> dict[str, object]:
    """What the checkpoint itself says: whether it can tell at all, and the area of its score by scikit-learn."""
    from sklearn.metrics import roc_auc_score

    assert best.reference is not None and best.card.unlike is not None
    usable = Checkpoint(
        best.model, replace(best.card, unlike=replace(best.card.unlike, separation=1.0)), best.reference
    )
    predictor = Predictor(usable, device=device)

    def scores(part: str) -> list[float]:
        unlike = predictor.activations(looks[part]).unlike
        assert unlike is not None
        return unlike.tolist()

    known = [*scores("test"), *(scores(MORE) if looks.get(MORE) else [])]
    found = {}
    for other in looks:
        if other not in (*PARTS, MORE):
            theirs = scores(other)
            area = roc_auc_score([0] * len(known) + [1] * len(theirs), known + theirs)
            found[other] = round(float(area), 4)
    kept = sum(score > best.card.unlike.threshold for score in known) / len(known)
    about = {"usable": best.card.unlike.usable, "separation": best.card.unlike.separation, "scored": len(known)}
    return {**about, "few": best.card.unlike.few, "rejected": round(kept, 4), "own": found}


def some_areas(target: Path) -> dict[str, dict[str, float]]:
    """Of some candidates the area for each unknown set."""
    network = unknown_scores.read_network(target)
    every = unknown_scores.candidates(network.names)
    chosen = {name: every[name] for name in CANDIDATES if name in every}
    scores = unknown_scores.combined(network, chosen)
    found: dict[str, dict[str, float]] = {name: {} for name in chosen}
    for other in network.unknown:
        for name, area in zip(chosen, unknown_scores.areas(scores["test"], scores[other]), strict=True):
            found[name][other] = round(float(area), 4)
    return found


def told(ledger: Ledger) -> None:
    """Mean and worst area of each score over the pairs, for each arm; the other animals and made-up pictures apart."""
    for arm in ARMS:
        rows = [row for row in ledger.results() if row["arm"] == arm and row["starter"] == identity()]
        rows = [row for row in rows if row.get("method", 1) == CURRENT]
        for name in ("own", *CANDIDATES) if rows else ():
            found = [(row["own"] if name == "own" else row["areas"].get(name, {})) for row in rows]
            pairs = [area for row in found for other, area in row.items() if other not in (*EVERYWHERE, "tiny others")]
            others = [row["tiny others"] for row in found if "tiny others" in row]
            if pairs:
                print(f"{arm:14} {len(rows)} networks, {len(pairs)} pairs: mean {np.mean(pairs):.3f}, worst {min(pairs):.3f}; "
                      f"other animals {', '.join(f'{each:.3f}' for each in others)} | {name}")  # fmt: skip


def frozen(options: argparse.Namespace, seed: int) -> None:
    """The networks whose head alone is trained, without training one: what stands before the head is the starter."""
    begun, sets = time.monotonic(), sources(options, seed)
    workspace = studio.Workspace.open(options.folder / "workspace")
    known = [name for name in NEAR if name not in ("digits", "things")]  # theirs are told, see results/unknown.txt
    for name in known:
        target, size = options.folder / f"{seed} {name} head alone.npz", SIZES.get(name, 96)
        if target.exists():
            continue
        looks, labels = parted(files(sets[name], workspace), seed)
        for other in (*NEAR[name], *EVERYWHERE):
            pictures = files(sets[other], workspace)
            random.Random(seed + 1).shuffle(pictures)
            looks[other] = pictures[: 40 if other in EVERYWHERE else 80]
        starter = resnet.build(18, 2, seed=0)
        origin = weights.load_into(starter, 18, "starter")
        card = Card(
            classes=("a", "b"), depth=18,
            preprocessing=Preprocessing(resize=size, crop=size, mean=origin.mean, std=origin.std),
        )  # fmt: skip
        rows = {"own": seen(Checkpoint(starter.eval(), card), looks, "auto")}
        np.savez_compressed(target, **unknown_scores.single_scores(rows, labels, None, list(looks)))
        print(
            f"{time.monotonic() - begun:.0f} s: {target.stem}",
            {part: len(each) for part, each in looks.items()},
            flush=True,
        )


def parted(pictures: Sequence[Path], seed: int) -> tuple[dict[str, list[Path]], NDArray[np.int64]]:
    """Seven in ten pictures of each class to train, at most 300, and the others; the labels of those to train."""
    kinds: dict[str, list[Path]] = {}
    for path in pictures:
        kinds.setdefault(path.parent.name, []).append(path)
    looks: dict[str, list[Path]] = {part: [] for part in PARTS}
    labels: list[int] = []
    for label, each in enumerate(kinds.values()):
        random.Random(seed).shuffle(each)
        train, held = round(0.7 * len(each)), round(0.85 * len(each))
        chosen = each[: min(train, 300 // len(kinds))]
        labels += [label] * len(chosen)
        looks["train"] += chosen
        looks["validation"] += each[train:held]
        looks["test"] += each[held:]
    return looks, np.array(labels)


def seen(checkpoint: Checkpoint, looks: dict[str, list[Path]], device: str) -> dict[str, NDArray[np.float32]]:
    """Of each part and stage the channels' means, maxima and standard deviations over the picture, [N, 3 F]; the logits."""
    predictor = Predictor(checkpoint, device=device, batch_size=64)
    batches: dict[str, list[torch.Tensor]] = {}
    hooks = []

    def keep(stage: str):
        def hook(_module, _inputs, output):
            flat = output.detach().float().flatten(2)
            spread = flat.std(2, correction=0)
            batches.setdefault(stage, []).append(torch.cat([flat.mean(2), flat.amax(2), spread], 1).cpu())

        return hook

    for stage in STAGES:
        hooks.append(getattr(predictor.model, stage).register_forward_hook(keep(stage)))
    found: dict[str, NDArray[np.float32]] = {}
    for part, pictures in looks.items():
        batches.clear()
        result = predictor.activations(pictures)
        assert not result.errors, result.errors
        found[f"logits {part}"] = result.logits.numpy()
        for stage in STAGES:
            found[f"{stage} {part}"] = torch.cat(batches[stage]).numpy()
            assert len(found[f"{stage} {part}"]) == len(pictures)
    for hook in hooks:
        hook.remove()
    return found


def files(source: Path | str, workspace: studio.Workspace | None) -> list[Path]:
    """The pictures of a set, the same order each time."""
    if isinstance(source, str):
        assert workspace is not None
        dataset = studio.open_data(source, workspace)
        return [dataset.root / sample.file for sample in dataset.samples]
    return sorted(path for path in source.rglob("*") if path.is_file())


def sources(options: argparse.Namespace, seed: int) -> dict[str, Path | str]:
    """The sets of a ``seed`` by name: folders of class folders, or samples."""
    root, draw = options.folder / "pictures" / str(seed), random.Random(seed)
    with zipfile.ZipFile(options.tiny) as opened:
        top = opened.namelist()[0].split("/")[0]
        rows = sorted({name.split("/")[1] for name in opened.namelist() if name.count("/") == 2})
    animals = [wnid for wnid in rows if wnid < "n02500000" and not "n02085" < wnid < "n02124"]  # no dogs, no cats
    objects = [wnid for wnid in rows if wnid > "n02700000"]
    draw.shuffle(animals)
    draw.shuffle(objects)
    half = min(10, len(animals) // 2)
    made(root, seed)
    return {
        "digits": "sample:digits", "things": "sample:things",
        "letters": root / "letters", "noise": root / "noise", "solid": root / "solid",
        "photos": extract(options.photos, ["cat", "dog"], 120, root / "photos", seed),
        "cifar animals": extract(options.cifar10, [f"train/{name}" for name in ANIMALS], 100, root / "cifar animals", seed),
        "cifar vehicles": extract(options.cifar10, [f"train/{name}" for name in VEHICLES], 120, root / "cifar vehicles", seed),
        "tiny animals": extract(options.tiny, [f"{top}/{each}" for each in animals[:half]], 25, root / "tiny animals", seed),
        "tiny others": extract(options.tiny, [f"{top}/{each}" for each in animals[half : 2 * half]], 15, root / "tiny others", seed),
        "tiny objects": extract(options.tiny, [f"{top}/{each}" for each in objects[:15]], 10, root / "tiny objects", seed),
    }  # fmt: skip


def further(options: argparse.Namespace, seed: int, name: str) -> list[Path]:
    """``--more`` pictures of each class of a known set that are not in it; of sets without any, none."""
    if not options.more or name not in ("cifar animals", "cifar vehicles", "tiny animals"):
        return []
    root, into = (
        options.folder / "pictures" / str(seed) / name,
        options.folder / "pictures" / str(seed) / f"more {name}",
    )
    archive, top, used = (
        options.cifar10,
        "train",
        {"cifar animals": 100, "cifar vehicles": 120, "tiny animals": 25}[name],
    )
    if name == "tiny animals":
        with zipfile.ZipFile(options.tiny) as opened:
            archive, top = options.tiny, opened.namelist()[0].split("/")[0]
    folders = [f"{top}/{folder.name}" for folder in sorted(root.iterdir())]
    return files(extract(archive, folders, options.more, into, seed, after=used), None)


def extract(archive: Path, folders: Sequence[str], count: int, into: Path, seed: int, *, after: int = 0) -> Path:
    """``count`` pictures of each of the ``folders`` in ``archive``, in a folder for each below ``into``: those that come
    ``after`` so many others in an order that is drawn.
    """
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        for folder in folders:
            found = sorted(name for name in names if name.startswith(f"{folder}/") and name[-1] != "/")
            random.Random(seed).shuffle(found)
            with whole(into / folder.rsplit("/", 1)[-1]) as target:
                for name in found[after : after + count] if target else ():
                    (target / Path(name).name).write_bytes(opened.read(name))
    return into


@contextmanager
def whole(target: Path) -> Iterator[Path | None]:
    """A folder to fill, which is there as ``target`` when it is full; None where it is there. Others may do the same."""
    if target.exists():
        yield None
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=target.parent.parent, prefix="making-"))
    yield making
    try:
        making.rename(target)
    except OSError:  # another process was quicker
        shutil.rmtree(making)


def made(into: Path, seed: int, count: int = 120) -> None:
    """Letters as a pupil would write them, noise, and plain colours."""
    for number, kind in enumerate(("letters", "noise", "solid")):
        with whole(into / kind) as target:
            draw = np.random.default_rng([seed, number])
            for at in range(count) if target else ():
                drawn(kind, at, draw).save(target / f"{at}.png")


def drawn(kind: str, at: int, draw: np.random.Generator) -> Image.Image:
    if kind == "solid":
        return Image.new("RGB", (64, 64), tuple(int(value) for value in draw.integers(0, 256, 3)))
    if kind == "noise":
        return Image.fromarray(draw.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    page = Image.new("L", (64, 64), 255)
    ImageDraw.Draw(page).text((12, 2), "ABEFGHKMNPRTXYW"[at % 15], fill=0, font_size=float(draw.integers(44, 58)))
    return page.rotate(float(draw.uniform(-12, 12)), fillcolor=255)


if __name__ == "__main__":
    main()
