"""The tutorial made strong: batch 64, bf16 autocast, channels_last, two workers that stay, a cosine with warm-up.

The frozen part in eval mode and without gradients, SGD 0.01 / 0.9 (Nesterov), the best validation epoch in memory.
"""

from __future__ import annotations

import copy

import torch
from common import MEAN, STD, network, options, say
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms


def main() -> None:
    given = options()
    torch.manual_seed(given.seed)
    varied = transforms.Compose(
        [
            transforms.RandomResizedCrop(given.size, scale=(0.35, 1.0)),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    plain = transforms.Compose(
        [
            transforms.Resize(given.size * 256 // 224),
            transforms.CenterCrop(given.size),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    folders = {part: datasets.ImageFolder(given.data / part, varied if part == "train" else plain)
               for part in ("train", "val", "test")}  # fmt: skip
    loaders = {
        part: DataLoader(folder, 64, shuffle=part == "train", num_workers=2, persistent_workers=True)
        for part, folder in folders.items()
    }
    model = network(given.weights, len(folders["train"].classes), given.row).to(memory_format=torch.channels_last)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    rate = 0.1 if given.row == "head" else 0.01
    optimizer = optim.SGD(trained, lr=rate, momentum=0.9, nesterov=True)
    steps = given.epochs * len(loaders["train"])
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.25)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)

    def right(part: str) -> int:
        model.eval()
        found = 0
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            for inputs, labels in loaders[part]:
                answers = model(inputs.contiguous(memory_format=torch.channels_last)).argmax(1)
                found += int((answers == labels).sum())
        return found

    best, kept = -1, None
    for _ in range(given.epochs):
        model.train(given.row == "all")
        if given.row == "layer4":
            model.layer4.train()
        for inputs, labels in loaders["train"]:
            with torch.autocast("cpu", torch.bfloat16):
                outputs = model(inputs.contiguous(memory_format=torch.channels_last))
            loss = criterion(outputs.float(), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        if (found := right("val")) > best:
            best, kept = found, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    say(accuracy=right("test") / len(folders["test"]))


if __name__ == "__main__":
    main()
