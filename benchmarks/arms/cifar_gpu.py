"""CIFAR-10 from scratch on a GPU by a plain loop: what these pictures allow, beside the studio's recipe.

    python benchmarks/arms/cifar_gpu.py CIFAR10_ZIP --epochs 20 --erase 8

ResNet-18 with a 3x3 stem; SGD with Nesterov, one cycle, label smoothing, an average of the weights, bf16, batches of
512 that are shifted by up to 4 px and mirrored, as the recipe ``cifar10-fast`` has them. One JSON object in the end.
"""

from __future__ import annotations

import argparse
import io
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torch import Tensor, nn

BATCH, PEAK, DECAY = 512, 0.4, 5e-4
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def part(archive: str, name: str) -> tuple[Tensor, Tensor]:
    """Pictures uint8 [N, 3, 32, 32] and labels [N]."""
    with zipfile.ZipFile(archive) as opened:
        names = [each for each in sorted(opened.namelist()) if each.startswith(f"{name}/") and each[-1] != "/"]
        data = [opened.read(each) for each in names]
    classes = sorted({each.split("/")[1] for each in names})
    with ThreadPoolExecutor(8) as pool:
        pixels = list(pool.map(lambda each: np.asarray(Image.open(io.BytesIO(each)).convert("RGB")), data))
    labels = torch.tensor([classes.index(each.split("/")[1]) for each in names])
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous(), labels


def varied(batch: Tensor, erase: int) -> Tensor:
    """Each picture shifted, mirrored and, where ``erase`` is not 0, with a square of that side taken out."""
    count, side = len(batch), batch.shape[-1]
    padded = F.pad(batch, (4, 4, 4, 4), mode="reflect")
    x, y = torch.randint(0, 9, (2, count), device=batch.device)
    along = torch.arange(side, device=batch.device)
    columns = x[:, None] + along
    mirrored = torch.rand(count, device=batch.device) < 0.5
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    rows = y[:, None] + along
    which = torch.arange(count, device=batch.device)[:, None, None]
    batch = padded.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if erase:
        x, y = torch.randint(0, side - erase + 1, (2, count), device=batch.device)
        inside = [(along >= low[:, None]) & (along < low[:, None] + erase) for low in (x, y)]
        batch = batch.masked_fill((inside[1][:, :, None] & inside[0][:, None, :])[:, None], 0)
    return batch.contiguous(memory_format=torch.channels_last)


def network() -> nn.Module:
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model


def pictures(given: argparse.Namespace) -> list[tuple[Tensor, Tensor]]:
    """Normalised pictures [N, 3, 32, 32] and labels [N] of both parts, on the device."""
    device, parts = torch.device(given.device), []
    mean, std = (torch.tensor(each, device=device).view(1, 3, 1, 1) for each in (MEAN, STD))
    for name in ("train", "test"):
        pixels, labels = part(given.data, name)
        parts.append((((pixels.to(device).float() / 255) - mean) / std, labels.to(device)))
    inputs, labels = parts[0]
    chosen = torch.randperm(len(labels), device=device)[: given.pictures]
    return [(inputs[chosen], labels[chosen]), parts[1]]


def trained(inputs: Tensor, labels: Tensor, given: argparse.Namespace) -> nn.Module:
    """The average of the weights on the way."""
    device = inputs.device
    model = network().to(device, memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    kinds = [[each for each in model.parameters() if (each.ndim > 1) == many] for many in (True, False)]
    optimizer = torch.optim.SGD([{"params": kinds[0], "weight_decay": DECAY}, {"params": kinds[1]}], PEAK,
                                momentum=0.9, nesterov=True)  # fmt: skip
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK, total_steps=given.epochs * (len(labels) // BATCH), pct_start=0.2, anneal_strategy="linear",
        cycle_momentum=False,
    )  # fmt: skip
    for _ in range(given.epochs):
        order = torch.randperm(len(labels), device=device)
        for places in order[: len(order) // BATCH * BATCH].split(BATCH):
            with torch.autocast(device.type, torch.bfloat16):
                loss = F.cross_entropy(model(varied(inputs[places], given.erase)), labels[places], label_smoothing=0.1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update_parameters(model)
    return average.eval()


def measure(given: argparse.Namespace) -> dict[str, float | int]:
    """Train and answer the test pictures, as they are and with their mirror images."""
    torch.manual_seed(given.seed)
    (inputs, labels), (tested, answers) = pictures(given)
    synchronise = torch.cuda.synchronize if inputs.is_cuda else lambda: None
    synchronise()
    begun = time.perf_counter()
    model = trained(inputs, labels, given)
    synchronise()
    seconds = time.perf_counter() - begun
    right = mirrored = 0
    with torch.inference_mode(), torch.autocast(inputs.device.type, torch.bfloat16):
        for some, truth in zip(tested.split(1000), answers.split(1000), strict=True):
            plain = model(some.contiguous(memory_format=torch.channels_last)).float()
            both = plain + model(some.flip(-1).contiguous(memory_format=torch.channels_last)).float()
            right += int((plain.argmax(1) == truth).sum())
            mirrored += int((both.argmax(1) == truth).sum())
    return {"accuracy": right / len(answers), "mirrored_too": mirrored / len(answers), "seconds": round(seconds, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a zip with train/ and test/")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=50_000, help="to train on")
    parser.add_argument("--erase", type=int, default=0, metavar="PX")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda")
    given = parser.parse_args()
    settings = {name: getattr(given, name) for name in ("epochs", "pictures", "erase", "seed")}
    print(json.dumps({**settings, **measure(given)}))


if __name__ == "__main__":
    main()
