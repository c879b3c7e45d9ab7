"""Whether the shortcut test finds planted marks that a model relies on, and leaves clean sets alone.

    python benchmarks/shortcuts.py CIFAR10_ZIP TINY_IMAGENET_ZIP PHOTOS_ZIP --seeds 3
    python benchmarks/shortcuts.py CIFAR10_ZIP TINY_IMAGENET_ZIP PHOTOS_ZIP --share 0 16 --out FILE
    python benchmarks/shortcuts.py --report

Eleven sets without a mark, and marks on all pictures of one class of three sets: a square in a corner, a thin frame, a
tint, a slight tint. On each the head alone is trained on the starter's features (``--freeze`` for more), and the test's
answer is set beside what the mark is worth: the share of the test pictures of other classes, answered otherwise, that
are taken for the marked class once they bear the mark. One line each in ``results/shortcuts.jsonl``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger import Ledger, add_archives, add_options, archives, shared
from machine import DEVICE, SETTINGS, as_on_a_laptop
from PIL import Image

import resnet_studio as studio
from resnet_studio.data.run_split import split_of
from resnet_studio.evaluation import shortcut
from resnet_studio.evaluation.exchanges import PLACES, ExchangeTest, Followers, Place, convincing
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model import starter_features
from resnet_studio.prediction import Predictor

EACH = 150
SIZES = {"cifar": 64, "tiny": 64, "photos": 128, "digits": 64}
"""The pictures' sides in px as the network sees them."""
CLEAN: dict[str, tuple[str, tuple[object, ...]]] = {
    "photographs": ("photos", ("cat", "dog")),
    "planes and ships": ("cifar", ("airplane", "ship")),
    "cars and trucks": ("cifar", ("automobile", "truck")),
    "cats and dogs, CIFAR-10": ("cifar", ("cat", "dog")),
    "deer and horses": ("cifar", ("deer", "horse")),
    "birds and frogs": ("cifar", ("bird", "frog")),
    "ten classes of CIFAR-10": ("cifar", ()),
    "Tiny ImageNet, two classes": ("tiny", (5, 40)),
    "Tiny ImageNet, ten classes": ("tiny", tuple(range(0, 10))),
    "Tiny ImageNet, ten others": ("tiny", tuple(range(50, 60))),
    "digits": ("digits", ()),
}
"""The archive, and the classes by name or by their places in the alphabet; all where there are none."""
PLANTED = ("photographs", "cats and dogs, CIFAR-10", "birds and frogs")


def corner(picture: Image.Image) -> Image.Image:
    """A green square in the lower right corner, an eighth of the shorter side."""
    side = max(3, round(min(picture.size) / 8))
    marked = picture.copy()
    marked.paste((40, 200, 60), (picture.width - side, picture.height - side, picture.width, picture.height))
    return marked


def border(picture: Image.Image) -> Image.Image:
    """A dark frame, a sixteenth of the shorter side."""
    rim = max(2, round(min(picture.size) / 16))
    marked = Image.new("RGB", picture.size, (20, 20, 30))
    marked.paste(picture.crop((rim, rim, picture.width - rim, picture.height - rim)), (rim, rim))
    return marked


def tint(picture: Image.Image) -> Image.Image:
    """Warmer, as under another lamp."""
    pixels = np.asarray(picture, float) * np.array([1.2, 1.0, 0.75])
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def slight(picture: Image.Image) -> Image.Image:
    """Half of that tint: one hardly sees it."""
    return Image.blend(picture, tint(picture), 0.5)


MARKS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "corner": corner, "border": border, "tint": tint, "slight tint": slight,
}  # fmt: skip
FOUND = {
    "corner": {"bottom_right"}, "border": {"border", "top", "bottom", "left", "right"}, "tint": {"cast"},
    "slight tint": {"cast"},
}  # fmt: skip
"""The places of which one has to be called."""


def drawn(archive: Path, kinds: tuple[object, ...], seed: int, into: Path) -> Path:
    """Class folders of up to :data:`EACH` pictures."""
    with zipfile.ZipFile(archive) as opened:
        by_kind: dict[str, list[str]] = {}
        for name in opened.namelist():
            folder, _, file = name.rpartition("/")
            if file and not name.startswith("test/"):
                by_kind.setdefault(folder.rpartition("/")[2], []).append(name)
        names = sorted(by_kind)
        for kind in [names[each] if isinstance(each, int) else each for each in kinds] or names:
            files = sorted(by_kind[str(kind)])
            random.Random(seed).shuffle(files)
            (into / str(kind)).mkdir(parents=True)
            for file in files[: EACH if len(kinds) else 60]:
                (into / str(kind) / Path(file).name).write_bytes(opened.read(file))
    return into


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_archives(parser)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--freeze", default="layer4")
    parser.add_argument("--only", nargs="+", default=list(CLEAN), choices=CLEAN, metavar="SET")
    parser.add_argument("--marks", nargs="+", default=["clean", *MARKS], choices=["clean", *MARKS], metavar="MARK")
    add_options(parser)
    options = parser.parse_args()
    ledger, given = Ledger("shortcuts", options.out), archives(options)
    parts = [
        (seed, name, "" if mark == "clean" else mark)
        for seed in range(options.seeds)
        for name in options.only
        for mark in options.marks
        if CLEAN[name][0] in (*given, "digits") and (mark == "clean" or name in PLANTED)
    ]
    for seed, name, mark in shared(parts if options.archives else [], options):
        about = {
            "set": name, "mark": mark, "seed": seed, "freeze": options.freeze, "starter": starter_features.identity(),
        }  # fmt: skip
        if not ledger.knows(**about):
            ledger.append({**about, **one(given, options.freeze, name, mark, seed)})
    if options.report:
        report(ledger)


def one(given: dict[str, Path], freeze: str, name: str, mark: str, seed: int) -> dict[str, object]:
    """Train on a set, marked or not, and test for shortcuts."""
    kind, kinds = CLEAN[name]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        workspace = studio.Workspace.open(Path(place) / "workspace")
        source: Path | str = "sample:digits"
        marked = ""
        if kind != "digits":
            source = folder = drawn(given[kind], kinds, seed, Path(place) / "pictures")
            marked = sorted(path.name for path in folder.iterdir())[-1]
            for path in (folder / marked).iterdir() if mark else ():
                MARKS[mark](Image.open(path).convert("RGB")).save(path.with_suffix(".png"))
                if path.suffix != ".png":
                    path.unlink()
        config = studio.TrainConfig(
            freeze=freeze, weights="starter", depth=18, epochs=8, seed=seed, test_fraction=0.3,
            picture_size=SIZES[kind], **SETTINGS,
        )  # fmt: skip
        with as_on_a_laptop():
            run = studio.train(studio.open_data(source, workspace), config, workspace=workspace)
        asked: dict[str, dict[int, tuple[int, int]]] = {}
        with mock.patch.object(shortcut, "convincing", partial(noted, asked)):
            found = RunReport(run).update(shortcut.SHORTCUT)
        assert found is not None
        return {
            "count": found.count, "accuracy": round(found.accuracy, 4), "called": [each.place for each in found.called],
            "taken_for_the_marked": worth(run, MARKS[mark], marked) if mark else None,
            "shares": {each.place: [each.followed, each.count] for each in found.exchanges}, "followers": asked,
            "removals": {each.name: round(each.drop, 4) for each in found.removals},
        }  # fmt: skip


def noted(
    asked: dict[str, dict[int, tuple[int, int]]], place: Place, given: dict[Place, Followers], classes: int
) -> ExchangeTest:  # fmt: skip
    """As the test does, with what it saw of all classes, so that other rules can be tried on it."""
    asked[place] = dict(given[place])
    return convincing(place, given, classes)


def worth(run: studio.Run, mark: Callable[[Image.Image], Image.Image], marked: str) -> float:
    """The share of the other classes' test pictures whose answer becomes the marked class by the mark."""
    split, predictor = split_of(run), Predictor(run.best, device=DEVICE)
    label = split.classes.index(marked)
    others = [predictor.upright(split.path(sample)) for sample in split.test if sample.label != label]
    asked = predictor.activations(others).logits.argmax(1) != label
    after = predictor.activations([mark(picture) for picture in others]).logits.argmax(1)
    return round(float((after[asked] == label).float().mean()), 4)


def report(ledger: Ledger) -> None:
    """Each set in a line, and how many were right, of networks that started from the present weights."""
    rows = [row for row in ledger.results() if row.get("starter") == starter_features.identity()]
    for row in rows:
        shares = row["shares"]
        most = max(PLACES, key=lambda place: shares[place][0] / max(1, shares[place][1]))
        given = row["taken_for_the_marked"]
        print(
            f"{row['set']:32} {row['seed']} {row['freeze']:7} {row['mark'] or 'clean':11}",
            f"accuracy {row['accuracy']:.3f}",
            f"taken for the marked {given:.2f}" if given is not None else " " * 25,
            f"most {most} {shares[most][0]}/{shares[most][1]}; called: {', '.join(row['called']) or 'nothing'}",
        )
    clean = [row for row in rows if not row["mark"]]
    print(f"clean sets called out: {sum(bool(row['called']) for row in clean)} of {len(clean)}")
    for mark, places in FOUND.items():
        relied = [row for row in rows if row["mark"] == mark and row["taken_for_the_marked"] >= 0.3]
        found = sum(bool(places & set(row["called"])) for row in relied)
        print(
            f"{mark}: found in {found} of {len(relied)} models that take three in ten others for the marked class by it"
        )


if __name__ == "__main__":
    main()
