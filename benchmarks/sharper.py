"""Are pictures that are much sharper than the training pictures recognised better as they are, or reduced first?

A linear probe on the starter's features is fitted to pictures reduced to a few sizes and asked about held-out ones at
up to their own size.

    python benchmarks/sharper.py FOLDER_OF_CLASS_FOLDERS [--sides 24 32 48 64]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from ledger import Ledger
from PIL import Image

from resnet_studio.data.augment import normalise
from resnet_studio.data.opening import open_data
from resnet_studio.data.parts import Shares, assign
from resnet_studio.data.pictures import read_picture
from resnet_studio.data.views import Framed
from resnet_studio.model import resnet, weights
from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD
from resnet_studio.training.probe import fit
from resnet_studio.workspace import Workspace

SIZE, CHUNK = 96, 64
RATIOS = (1.5, 2.0, 3.0, None)


def with_side(picture: Image.Image, side: int | None) -> Image.Image:
    """``picture`` reduced to a short side of ``side`` px; as it is where that is None or more than it has."""
    short = min(picture.size)
    if side is None or side >= short:
        return picture
    size = (picture.width * side // short, picture.height * side // short)
    return picture.resize(size, Image.Resampling.BILINEAR)


def features(body: torch.nn.Module, pictures: list[Image.Image]) -> torch.Tensor:
    """Pooled features [N, 512]."""
    view, found = Framed(SIZE, SIZE), []
    for start in range(0, len(pictures), CHUNK):
        pixels = [torch.from_numpy(view.pixels(picture).copy()) for picture in pictures[start : start + CHUNK]]
        batch = torch.stack(pixels).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            found.append(body(normalise(batch, IMAGENET_MEAN, IMAGENET_STD)))
    return torch.cat(found).clone()


def main() -> None:
    """Measure and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[24, 32, 48, 64])
    parser.add_argument("--workspace", type=Path, required=True)
    given = parser.parse_args()
    dataset = open_data(given.folder, Workspace.open(given.workspace))
    labels = [sample.label for sample in dataset.samples]
    parts = assign(labels, [sample.content for sample in dataset.samples], Shares(0.3, 0), 0)
    pictures = [read_picture(dataset.path(sample)) for sample in dataset.samples]
    train, held = ([at for at, part in enumerate(parts) if part == name] for name in ("train", "validation"))
    body, truth = resnet.build(18, 1), torch.tensor(labels)
    weights.load_into(body, 18, "starter")
    body.fc = torch.nn.Identity()
    body.eval()
    ledger = Ledger("sharper")
    for side in given.sides:
        seen = features(body, [with_side(pictures[at], side) for at in train])
        probe = fit(seen, truth[train], len(dataset.classes), 0)
        for ratio in RATIOS:
            sharp = [with_side(pictures[at], None if ratio is None else round(ratio * side)) for at in held]
            reduced = [with_side(picture, side) for picture in sharp]
            ledger.append(
                {
                    "pictures": dataset.name, "training": len(train), "held_out": len(held), "side": side,
                    "ratio": ratio,
                    "as_it_is": round(probe.accuracy(features(body, sharp), truth[held]), 4),
                    "reduced": round(probe.accuracy(features(body, reduced), truth[held]), 4),
                }
            )  # fmt: skip


if __name__ == "__main__":
    main()
