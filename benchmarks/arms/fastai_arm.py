"""fastai 2 as its course teaches it: ``vision_learner`` with one cycle, frozen body or not, or ``fine_tune``, which
trains the head for an epoch and then everything; defaults otherwise.
"""

from __future__ import annotations

import torch
from common import network, options, say
from fastai.vision.all import (
    CategoryBlock,
    DataBlock,
    GrandparentSplitter,
    ImageBlock,
    Learner,
    Normalize,
    RandomSplitter,
    Resize,
    accuracy,
    aug_transforms,
    create_head,
    get_image_files,
    imagenet_stats,
    parent_label,
    set_seed,
)  # fmt: skip
from torch import nn


def split(model: nn.Module) -> list[list[nn.Parameter]]:
    return [list(model[0].parameters()), list(model[1].parameters())]


def main() -> None:
    given = options()
    set_seed(given.seed)
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=lambda folder: [f for f in get_image_files(folder) if f.parent.parent.name != "test"],
        splitter=GrandparentSplitter("train", "val") if (given.data / "val").is_dir() else RandomSplitter(0.15),
        get_y=parent_label,
        item_tfms=Resize(given.size * 256 // 224),
        batch_tfms=[*aug_transforms(size=given.size), Normalize.from_stats(*imagenet_stats)],
    )
    loaders = block.dataloaders(given.data, bs=64, num_workers=2)
    body = nn.Sequential(*list(network(given.weights, loaders.c, "all").children())[:-2])
    model = nn.Sequential(body, create_head(512, loaders.c))
    learner = Learner(loaders, model, metrics=accuracy, splitter=split)
    if given.row == "head":
        learner.freeze()
    with learner.no_bar(), learner.no_logging():
        if given.row == "fine_tune":
            learner.fine_tune(given.epochs)
        else:
            learner.fit_one_cycle(given.epochs, slice(1e-4, 1e-3) if given.row != "head" else 1e-3)
    files = [f for f in get_image_files(given.data) if f.parent.parent.name == "test"]
    test = loaders.test_dl(files, with_labels=True)
    with learner.no_bar():
        answers, labels = learner.get_preds(dl=test)
    say(accuracy=float((answers.argmax(1) == labels).float().mean()))


if __name__ == "__main__":
    torch.set_num_threads(torch.get_num_threads())
    main()
