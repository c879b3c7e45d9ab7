"""A grid of picture sets against the studio's default: is there a kind of set on which it loses?

    python benchmarks/grid.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip
    python benchmarks/grid.py --cifar cifar10.zip --only cifar --arms default logistic --most 10
    python benchmarks/grid.py --table

A cell is a set cut from these files: so many classes with so many pictures, resized to a median side, square or not, in
colour or grey, for a seed. Three arms train on the same pictures and answer the same test pictures, which are touched
once: the studio with its defaults; the same network, size and freeze level in a plain loop (AdamW, one cycle, crops and
mirroring, the last epoch); scikit-learn's logistic regression on the starter's features at the same size, its C by
cross-validation. The latter two train on validation pictures too, as nothing is chosen by them. A further arm,
``gpu``, is the default with what it chooses where there is a GPU. Each arm of a cell is a line in
``results/grid.jsonl`` with one sign for each test picture; what is there is not run again.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ledger import Ledger
from machine import DEVICE, SETTINGS, as_on_a_laptop
from PIL import Image

LEDGER = Ledger("grid")
ARMS = ("default", "gpu", "loop", "logistic")
USUAL = ("default", "loop", "logistic")
TESTED = 200
WIDE = 2.0
LOOP_EPOCHS, LOOP_BATCH = 12, 32
CS = (1e-4, 1e-3, 1e-2, 1e-1)


@dataclass(frozen=True)
class Cell:
    """``per_class`` pictures for training and validation together, of ``classes`` classes of the set ``source``."""

    source: str
    classes: int
    per_class: int
    side: int
    wide: bool = False
    grey: bool = False
    seed: int = 0


def cells() -> Iterator[Cell]:
    """The cheap ones first: each kind once, then with more pictures, classes and seeds."""
    for seed in range(3):
        yield Cell("cifar", 10, 20, 100, seed=seed)
        yield Cell("cifar", 10, 20, 32, seed=seed)
        yield Cell("cifar", 2, 5, 64, seed=seed)
        yield Cell("tiny", 20, 15, 64, seed=seed)
        yield Cell("photos", 2, 60, 300, seed=seed)
        yield Cell("digits", 10, 20, 20, seed=seed)
        yield Cell("cifar", 10, 20, 100, wide=True, seed=seed)
        yield Cell("cifar", 10, 20, 100, grey=True, seed=seed)
        yield Cell("photos", 2, 60, 600, wide=True, seed=seed)
        yield Cell("cifar", 2, 100, 128, seed=seed)
        yield Cell("tiny", 100, 15, 64, seed=seed)
        yield Cell("cifar", 10, 100, 100, seed=seed)
        yield Cell("cifar", 10, 165, 100, seed=seed)
        yield Cell("cifar", 4, 1000, 40, seed=seed)


def sources(doc: str | None) -> argparse.ArgumentParser:
    """A parser with the zips that sets are cut from, and ``--table``."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for source in ("cifar", "tiny", "photos"):
        parser.add_argument(f"--{source}", type=Path, metavar="ZIP")
    parser.add_argument("--table", action="store_true")
    return parser


def each_cell(
    doc: str | None,
    cells: Callable[[], Iterable[Cell]],
    measure: Callable[[Cell, argparse.Namespace], None],
    table: Callable[[], str],
) -> None:
    """The command of a benchmark that measures each of its ``cells`` for which the set and the seed are given."""
    parser = sources(doc)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    given = parser.parse_args()
    if given.table:
        print(table())
        return
    for cell in cells():
        if cell.seed in given.seeds and (cell.source == "digits" or getattr(given, cell.source)):
            measure(cell, given)


@contextmanager
def cut(cell: Cell, given: argparse.Namespace) -> Iterator[Path]:
    """A folder with the pictures of ``cell`` in ``train`` and ``test``; what is put beside it goes with it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "set"
        write(pictures(cell, given), cell, folder)
        yield folder


def pictures(cell: Cell, given: argparse.Namespace) -> dict[str, list[Image.Image]]:
    """The pictures of each class, those for training first and those for the test behind them."""
    tested = max(5, TESTED // cell.classes)
    draw = random.Random(f"{cell.source}/{cell.seed}")
    found = digits() if cell.source == "digits" else zipped(Path(getattr(given, cell.source)))
    names = draw.sample(sorted(found), cell.classes)
    chosen = {}
    for name in names:
        opened = draw.sample(found[name], min(len(found[name]), cell.per_class + tested))
        chosen[name] = [shaped(each(), cell) for each in opened]
    return chosen


def zipped(path: Path) -> dict[str, list[Any]]:
    """For each class of a zip of class folders, what opens each of its pictures."""
    archive = zipfile.ZipFile(path)
    found: dict[str, list[Any]] = defaultdict(list)
    for name in sorted(archive.namelist()):
        if name.lower().endswith((".jpg", ".jpeg", ".png")):
            found[Path(name).parent.name].append(lambda name=name: Image.open(archive.open(name)).convert("RGB"))
    return dict(found)


def digits() -> dict[str, list[Any]]:
    from sklearn.datasets import load_digits

    values = load_digits()
    found: dict[str, list[Any]] = defaultdict(list)
    for pixels, label in zip(values.images, values.target, strict=True):
        picture = np.uint8(255 - pixels * 15.9)
        found[str(label)].append(lambda picture=picture: Image.fromarray(picture).convert("RGB"))
    return dict(found)


def shaped(picture: Image.Image, cell: Cell) -> Image.Image:
    """``picture`` with a short side of the cell's, square or twice as long: a crop of the one or of the other."""
    width, height = picture.size
    ratio = WIDE if cell.wide else 1.0
    across = min(width, height * ratio)
    left, top = (width - across) / 2, (height - across / ratio) / 2
    cropped = picture.crop((round(left), round(top), round(left + across), round(top + across / ratio)))
    whole = cropped.resize((round(cell.side * ratio), cell.side), Image.Resampling.BICUBIC)
    return whole.convert("L").convert("RGB") if cell.grey else whole


def write(chosen: dict[str, list[Image.Image]], cell: Cell, folder: Path) -> None:
    """``train`` and ``test`` with a folder a class, as PNG."""
    for name, every in chosen.items():
        train = min(cell.per_class, len(every) - 5)
        for place, picture in enumerate(every):
            file = folder / ("train" if place < train else "test") / name / f"{place:05}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            picture.save(file)


def by_default(
    folder: Path, cell: Cell, settings: dict[str, Any], kept: Path, *, of_a_laptop: bool = True
) -> tuple[dict[str, bool], Any]:
    """Whether each test picture was right, and the run; with the defaults of a laptop, or of this machine."""
    import resnet_studio as studio
    from resnet_studio.evaluation.parts import RunReport

    workspace = studio.Workspace.open(kept)
    dataset = studio.open_data(folder, workspace=workspace)
    with as_on_a_laptop() if of_a_laptop else nullcontext():
        given = SETTINGS if of_a_laptop else {"device": DEVICE}
        run = studio.train(dataset, workspace=workspace, seed=cell.seed, **given, **settings)
    report = RunReport(run).report
    assert report is not None
    right = {each.name.partition("test/")[2] or each.name: each.true == each.predicted for each in report.pictures}
    return right, run


def tensors(folder: Path, part: str, config: Any) -> tuple[Any, Any, list[str]]:
    """Pictures [N, 3, S, S] as the default shows them in the end, labels [N] and names."""
    import torch

    from resnet_studio.data.views import Framed

    names = sorted(path.name for path in (folder / part).iterdir())
    view = Framed(config.picture_size, config.picture_size, config.fit)
    pixels, labels, files = [], [], []
    for label, name in enumerate(names):
        for file in sorted((folder / part / name).iterdir()):
            pixels.append(view.pixels(Image.open(file).convert("RGB")))
            labels.append(label)
            files.append(f"{name}/{file.name}")
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255, torch.tensor(labels), files


def network(classes: int) -> Any:
    from resnet_studio.model import resnet, weights

    model = resnet.build(18, classes, seed=0)
    weights.load_into(model, 18, "starter")
    return model


def normalised(batch: Any) -> Any:
    import torch

    from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD

    mean, std = (torch.tensor(each, device=batch.device).view(1, 3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_STD))
    return (batch - mean) / std


def by_logistic(folder: Path, cell: Cell, config: Any) -> dict[str, bool]:
    import torch
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = network(cell.classes).eval().to(DEVICE)
    model.fc = torch.nn.Identity()
    parts = {part: tensors(folder, part, config) for part in ("train", "test")}
    with torch.inference_mode():
        features = {
            part: torch.cat([model(normalised(each.to(DEVICE))).cpu() for each in torch.split(pixels, 64)]).numpy()
            for part, (pixels, _, _) in parts.items()
        }
    fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    folds = StratifiedKFold(3, shuffle=True, random_state=cell.seed)
    search = GridSearchCV(fitted, {"logisticregression__C": CS}, cv=folds)
    answers = search.fit(features["train"], parts["train"][1].numpy()).predict(features["test"])
    return dict(zip(parts["test"][2], (answers == parts["test"][1].numpy()).tolist(), strict=True))


def by_loop(folder: Path, cell: Cell, config: Any) -> dict[str, bool]:
    """A plain strong loop: the frozen part in eval mode, AdamW with one cycle, crops and mirroring."""
    import torch
    from torchvision.transforms import v2

    from resnet_studio.model import resnet

    torch.manual_seed(cell.seed)
    model = network(cell.classes).to(DEVICE)
    cut = resnet.cut(model, config.freeze)
    varied = v2.Compose([v2.RandomResizedCrop(config.picture_size, scale=(0.35, 1.0), antialias=True),
                         *([v2.RandomHorizontalFlip()] if config.horizontal_flip else [])])  # fmt: skip
    pixels, labels, _ = tensors(folder, "train", config)
    pixels, labels = pixels.to(DEVICE), labels.to(DEVICE)
    steps = LOOP_EPOCHS * -(-len(labels) // LOOP_BATCH)
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], 1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=steps, pct_start=0.25)
    for _ in range(LOOP_EPOCHS):
        resnet.train_mode(model, config.freeze)
        for chosen in torch.tensor_split(torch.randperm(len(labels)), -(-len(labels) // LOOP_BATCH)):
            batch = normalised(torch.stack([varied(pixels[place]) for place in chosen]))
            with torch.no_grad():
                inputs = cut.prefix(batch)
            loss = torch.nn.functional.cross_entropy(cut.suffix(inputs), labels[chosen], label_smoothing=0.1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    tested, answers, names = tensors(folder, "test", config)
    with torch.inference_mode():
        right = torch.cat([model(normalised(each.to(DEVICE))).argmax(1).cpu() for each in torch.split(tested, 64)])
    return dict(zip(names, (right == answers).tolist(), strict=True))


def measure(cell: Cell, arms: tuple[str, ...], settings: dict[str, Any], given: argparse.Namespace) -> None:
    """Run the ``arms`` of ``cell`` that are not known yet."""
    left = [arm for arm in arms if not LEDGER.knows(**asdict(cell), arm=named(arm, settings))]
    if not left:
        return
    with cut(cell, given) as folder:
        config = None
        for arm in sorted(left, key=ARMS.index):
            begun, more = time.perf_counter(), {}
            if arm in ("default", "gpu"):
                home = folder.parent / ("home" if arm == "default" else "home of a gpu")
                right, run = by_default(folder, cell, settings, home, of_a_laptop=arm == "default")
                state, config = run.state(), run.config if arm == "default" else config
                more = {"epochs": state.finished.epochs_run, "best_epoch": state.finished.best_epoch,
                        "validation": state.finished.validation_accuracy, "freeze": run.config.freeze,
                        "size": run.config.picture_size}  # fmt: skip
            else:
                config = config or resolved(folder, folder.parent / "home")
                right = (by_loop if arm == "loop" else by_logistic)(folder, cell, config)
            signs = "".join("1" if right[name] else "0" for name in sorted(right))
            accuracy = round(signs.count("1") / len(signs), 4)
            LEDGER.append({**asdict(cell), "arm": named(arm, settings), "accuracy": accuracy,
                           "seconds": round(time.perf_counter() - begun, 1), **more, "right": signs})  # fmt: skip


def named(arm: str, settings: dict[str, Any]) -> str:
    """The default with other ``settings`` is an arm of its own."""
    changed = " ".join(f"{name}={value}" for name, value in sorted(settings.items()) if name != "device")
    return f"default {changed}" if arm == "default" and changed else arm


def resolved(folder: Path, home: Path) -> Any:
    """The settings that the default would train with."""
    import resnet_studio as studio
    from resnet_studio.training.plan import resolve_for

    dataset = studio.open_data(folder, workspace=studio.Workspace.open(home))
    with as_on_a_laptop():
        return resolve_for(dataset, studio.TrainConfig(**SETTINGS))[0]


Answers = dict[str, list[dict[str, Any]]]
"""For each arm, its results for the same sets."""


def table() -> str:
    """A row a cell, then a row a kind of cell with all its seeds: accuracies, and what the default lacks of each other
    arm with the 95 % interval of that; at last how many are sure losses, one by one and by Holm's correction.
    """
    cells: dict[tuple[Any, ...], Answers] = defaultdict(lambda: defaultdict(list))
    kinds: dict[tuple[Any, ...], Answers] = defaultdict(lambda: defaultdict(list))
    for result in LEDGER.results():
        *kind, seed = (result[name] for name in asdict(Cell("", 0, 0, 0)))
        cells[*kind, seed][result["arm"]].append(result)
        kinds[*kind, "all"][result["arm"]].append(result)
    arms = sorted({arm for found in cells.values() for arm in found} - {"default"})
    lines = ["| set | classes | a class | side | shape | seed | default | " + " | ".join(arms) + " |",
             "|" + "---|" * (7 + len(arms))]  # fmt: skip
    said = []
    for found, what in ((cells, "cells"), (kinds, "kinds, their seeds taken together")):
        rows, gaps = rows_of(found, arms)
        lines += rows
        said.append(losses(gaps, what))
    return "\n".join([*lines, "", *said])


def rows_of(rows: dict[tuple[Any, ...], Answers], arms: list[str]) -> tuple[list[str], list[tuple[int, int, int]]]:
    """The lines, and for ``loop`` and ``logistic`` how many pictures only the default, and only the other, had right,
    of how many.
    """
    lines, gaps = [], []
    for (source, classes, per_class, side, wide, grey, seed), found in rows.items():
        shown = []
        for arm in arms if "default" in found else ():
            pairs = [pair for mine in found["default"] for other in found[arm] if mine["seed"] == other["seed"]
                     for pair in zip(mine["right"], other["right"], strict=True)]  # fmt: skip
            if not pairs:
                shown.append("")
                continue
            gap = (pairs.count(("1", "0")), pairs.count(("0", "1")), len(pairs))
            gaps += [gap] if arm in ("loop", "logistic") else []
            shown.append(compared(sum(other == "1" for _, other in pairs) / len(pairs), gap))
        if shown:
            shape = ("wide" if wide else "square") + (", grey" if grey else "")
            mine = "".join(each["right"] for each in found["default"])
            lines.append(f"| {source} | {classes} | {per_class} | {side} | {shape} | {seed} | "
                         f"{mine.count('1') / len(mine):.3f} | {' | '.join(shown)} |")  # fmt: skip
    return lines, gaps


def compared(accuracy: float, gap: tuple[int, int, int]) -> str:
    """The ``accuracy`` of another arm, and what the default has more."""
    from resnet_studio.evaluation.paired_tests import paired_bootstrap

    low, high = paired_bootstrap(*gap)
    mark = " **lost**" if high < 0 else ""
    return f"{accuracy:.3f} ({(gap[0] - gap[1]) / gap[2]:+.3f}, {low:+.3f} to {high:+.3f}){mark}"


def losses(gaps: list[tuple[int, int, int]], what: str) -> str:
    """How many comparisons with the loop and the regression are lost."""
    from resnet_studio.evaluation.paired_tests import holm, mcnemar, paired_bootstrap

    lost = sum(paired_bootstrap(*gap)[1] < 0 for gap in gaps)
    won = sum(paired_bootstrap(*gap)[0] > 0 for gap in gaps)
    adjusted = holm([mcnemar(ahead, behind) for ahead, behind, _ in gaps])
    surely = sum(p < 0.05 and ahead < behind for p, (ahead, behind, _) in zip(adjusted, gaps, strict=True))
    mean = 100 * sum((ahead - behind) / count for ahead, behind, count in gaps) / max(1, len(gaps))
    said = f"{what}: {lost} of {len(gaps)} comparisons lost by more than their interval, {won} won"
    return f"{said}; {surely} lost after Holm's correction; {mean:+.1f} points on average"


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--only", nargs="+", help="sets, such as cifar")
    parser.add_argument("--arms", nargs="+", default=USUAL, choices=ARMS)
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--most", type=int, help="at most so many cells")
    parser.add_argument("--share", type=int, nargs=2, default=[0, 1], metavar=("I", "N"), help="the I-th of N shares")
    parser.add_argument("--largest", type=int, default=10**9, help="no cell with more training pictures")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the default, as an arm")
    given = parser.parse_args()
    if given.table:
        print(table())
        return
    from resnet_studio.config import parse

    settings = {name: parse(name, value) for name, _, value in (each.partition("=") for each in given.set)}
    wanted = [cell for cell in cells() if (cell.source == "digits" or getattr(given, cell.source))
              and (not given.only or cell.source in given.only) and (given.seeds is None or cell.seed in given.seeds)
              and cell.classes * cell.per_class <= given.largest]  # fmt: skip
    share, shares = given.share
    for cell in wanted[: given.most][share::shares]:
        measure(cell, tuple(given.arms), settings, given)


if __name__ == "__main__":
    main()
