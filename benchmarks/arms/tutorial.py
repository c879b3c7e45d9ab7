"""The loop of PyTorch's transfer-learning tutorial as written (Sasank Chilamkurthy), read for this benchmark's data.

Batch 4, SGD 0.001 / 0.9, step 7 / 0.1, fp32, four workers, the best validation epoch kept in a file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from common import MEAN, STD, network, options, say
from torch import nn, optim
from torch.optim import lr_scheduler
from torchvision import datasets, transforms


def main() -> None:
    given = options()
    torch.manual_seed(given.seed)
    data_transforms = {
        "train": transforms.Compose(
            [
                transforms.RandomResizedCrop(given.size),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        ),
        "val": transforms.Compose(
            [
                transforms.Resize(given.size * 256 // 224),
                transforms.CenterCrop(given.size),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        ),
    }
    data_transforms["test"] = data_transforms["val"]
    image_datasets = {x: datasets.ImageFolder(given.data / x, data_transforms[x]) for x in data_transforms}
    dataloaders = {
        x: torch.utils.data.DataLoader(image_datasets[x], batch_size=4, shuffle=True, num_workers=4)
        for x in data_transforms
    }
    dataset_sizes = {x: len(image_datasets[x]) for x in data_transforms}
    device = torch.device("cpu")

    model = network(given.weights, len(image_datasets["train"].classes), given.row).to(device)
    criterion = nn.CrossEntropyLoss()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = optim.SGD(trained, lr=0.001, momentum=0.9)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)

    with tempfile.TemporaryDirectory() as tempdir:
        best_model_params_path = Path(tempdir) / "best_model_params.pt"
        torch.save(model.state_dict(), best_model_params_path)
        best_acc = 0.0
        for _ in range(given.epochs):
            for phase in ["train", "val"]:
                if phase == "train":
                    model.train()
                else:
                    model.eval()
                running_loss, running_corrects = 0.0, 0
                for inputs, labels in dataloaders[phase]:
                    inputs, labels = inputs.to(device), labels.to(device)
                    optimizer.zero_grad()
                    with torch.set_grad_enabled(phase == "train"):
                        outputs = model(inputs)
                        _, preds = torch.max(outputs, 1)
                        loss = criterion(outputs, labels)
                        if phase == "train":
                            loss.backward()
                            optimizer.step()
                    running_loss += loss.item() * inputs.size(0)
                    running_corrects += torch.sum(preds == labels.data)
                if phase == "train":
                    scheduler.step()
                epoch_acc = running_corrects.double() / dataset_sizes[phase]
                if phase == "val" and epoch_acc > best_acc:
                    best_acc = epoch_acc
                    torch.save(model.state_dict(), best_model_params_path)
        model.load_state_dict(torch.load(best_model_params_path, weights_only=True))

    model.eval()
    right = 0
    with torch.no_grad():
        for inputs, labels in dataloaders["test"]:
            right += int((model(inputs).argmax(1) == labels).sum())
    say(accuracy=right / dataset_sizes["test"])


if __name__ == "__main__":
    main()
