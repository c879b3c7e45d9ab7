"""timm's own parts (model, transforms, loader, optimiser, schedule), put together as its training script does.

Batch 64, bf16 autocast, channels_last, two workers, AdamW with one cosine and a warm-up epoch; ``row`` all only.
"""

from __future__ import annotations

import timm
import torch
from common import network, options, say
from timm.data import create_dataset, create_loader
from timm.loss import LabelSmoothingCrossEntropy
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import accuracy


def main() -> None:
    given = options()
    torch.manual_seed(given.seed)
    parts = {part: create_dataset("", given.data / part) for part in ("train", "val", "test")}
    classes = len(parts["train"].reader.class_to_idx)
    model = timm.create_model("resnet18", num_classes=classes)
    model.load_state_dict(network(given.weights, classes, "all").state_dict())
    model = model.to(memory_format=torch.channels_last)
    loaders = {
        part: create_loader(
            dataset, (3, given.size, given.size), 64, is_training=part == "train", use_prefetcher=False, num_workers=2,
            scale=(0.35, 1.0), color_jitter=0.2, crop_pct=0.875, persistent_workers=True,
        )
        for part, dataset in parts.items()
    }  # fmt: skip
    optimizer = create_optimizer_v2(model, opt="adamw", lr=3e-4, weight_decay=0.01)
    schedule, _ = create_scheduler_v2(optimizer, "cosine", num_epochs=given.epochs, warmup_epochs=1, warmup_lr=1e-5)
    criterion = LabelSmoothingCrossEntropy(0.1)

    def score(part: str) -> float:
        model.eval()
        right, count = 0.0, 0
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            for inputs, labels in loaders[part]:
                answers = model(inputs.contiguous(memory_format=torch.channels_last))
                right += float(accuracy(answers, labels)[0]) / 100 * len(labels)
                count += len(labels)
        return right / count

    best, kept = -1.0, None
    for epoch in range(given.epochs):
        model.train()
        for inputs, labels in loaders["train"]:
            with torch.autocast("cpu", torch.bfloat16):
                outputs = model(inputs.contiguous(memory_format=torch.channels_last))
            loss = criterion(outputs.float(), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step(epoch + 1)
        if (found := score("val")) > best:
            best, kept = found, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    say(accuracy=score("test"))


if __name__ == "__main__":
    main()
