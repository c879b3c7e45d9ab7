"""A plain PyTorch loop for CIFAR-10: torchvision's transforms, two workers, SGD with Nesterov momentum, one cycle.

The network, batch size, rates, schedule and augmentation are those of the studio's recipe; everything else is what a
tutorial does: fp32, pictures read and augmented one by one, no averaging of weights.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from common import say
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
from torchvision.models import resnet18

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    plain = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    varied = [transforms.RandomCrop(32, 4, padding_mode="reflect"), transforms.RandomHorizontalFlip()]
    train = datasets.ImageFolder(given.data / "train", transforms.Compose(varied + plain))
    test = datasets.ImageFolder(given.data / "test", transforms.Compose(plain))
    loader = DataLoader(train, given.batch_size, shuffle=True, num_workers=2, persistent_workers=True)
    model = resnet18(num_classes=10, zero_init_residual=True)
    model.conv1, model.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    optimizer = optim.SGD(model.parameters(), given.learning_rate, 0.9, weight_decay=5e-4, nesterov=True)
    steps = given.epochs * len(loader)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, given.learning_rate, total_steps=steps, pct_start=0.2)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    for _ in range(given.epochs):
        model.train()
        for inputs, labels in loader:
            optimizer.zero_grad()
            criterion(model(inputs), labels).backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.inference_mode():
        right = sum(int((model(inputs).argmax(1) == labels).sum()) for inputs, labels in DataLoader(test, 250))
    say(accuracy=right / len(test))


if __name__ == "__main__":
    main()
