"""A finished model for use without the studio: a plain PyTorch file, and the lines of code that use either file."""

from __future__ import annotations

from pathlib import Path
from pprint import pformat
from typing import Literal

from resnet_studio.durable import replacing
from resnet_studio.model.anatomy import feature_channels
from resnet_studio.model.card import Card
from resnet_studio.text import Language, say

Kind = Literal["safetensors", "pt"]


def export_pt(checkpoint_path: Path, into: Path) -> Path:
    """Write the weights of the checkpoint as a plain state dict that ``torch.load(weights_only=True)`` reads.

    ``into`` is the file, or a folder for a file of the checkpoint's name; gives the file's path. The last layer of a
    linear head is ``fc`` even where it was trained with dropout, so that the dict loads into torchvision's model as it
    is. Raises :class:`CheckpointError` where the checkpoint is not sound.
    """
    import torch

    from resnet_studio.model.checkpoint import load

    checkpoint = load(checkpoint_path)
    state = checkpoint.model.state_dict()
    if checkpoint.card.head == "linear":
        state = {name.replace("fc.1.", "fc."): value for name, value in state.items()}
    target = into / f"{checkpoint_path.stem}.pt" if into.is_dir() else into
    with replacing(target) as temporary, temporary.open("wb") as file:
        torch.save(state, file)
    return target


def export_code(card: Card, *, kind: Kind, file_name: str, language: Language = "en") -> str:
    """Python that predicts with the exported file ``file_name``, ready to copy; needs neither the studio nor more
    than torch, torchvision and, for ``kind`` safetensors, safetensors.

    Run as a script it classifies the pictures named on its command line; ``predict(path)`` gives all classes with
    their probabilities, the best first: the same as the studio's own, as pictures are read and prepared the same way.
    """
    return "\n".join(
        [
            *_imports(kind),
            "",
            f"CLASSES = {pformat(list(card.classes), width=110, compact=True)}",
            "",
            *_model(card, kind, file_name, language),
            "",
            *_preparation(card),
            "",
            "",
            *_reading(card, language),
            "",
            "",
            *_prediction(language),
            "",
        ]
    )


def _imports(kind: Kind) -> list[str]:
    safetensors = ["from safetensors.torch import load_file"] if kind == "safetensors" else []
    return [
        "import sys",
        "",
        "import torch",
        "from PIL import Image, ImageOps",
        *safetensors,
        "from torchvision import models, transforms",
    ]


def _model(card: Card, kind: Kind, file_name: str, language: Language) -> list[str]:
    """Lines that build the model and load its weights."""
    lines = [f"model = models.resnet{card.depth}(num_classes=len(CLASSES))"]
    if card.stem == "small":
        lines += [
            f"# {say('export.small_stem', language)}",
            "model.conv1 = torch.nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)",
            "model.maxpool = torch.nn.Identity()",
        ]
    lines += _head(card, kind)
    if kind == "safetensors":
        lines.append(f"model.load_state_dict(load_file({file_name!r}))")
    else:
        lines.append(f'model.load_state_dict(torch.load({file_name!r}, map_location="cpu", weights_only=True))')
    return [*lines, "model.eval()"]


def _head(card: Card, kind: Kind) -> list[str]:
    if card.head == "hidden":
        return [
            "model.fc = torch.nn.Sequential(",
            f"    torch.nn.Linear({feature_channels(card.depth)}, {card.hidden_units}),",
            "    torch.nn.ReLU(),",
            f"    torch.nn.Dropout({card.dropout}),",
            f"    torch.nn.Linear({card.hidden_units}, len(CLASSES)),",
            ")",
        ]
    if card.dropout > 0 and kind == "safetensors":
        return [f"model.fc = torch.nn.Sequential(torch.nn.Dropout({card.dropout}), model.fc)"]
    return []


def _preparation(card: Card) -> list[str]:
    how = card.preprocessing
    return [
        "prepare = transforms.Compose(",
        "    [",
        f"        transforms.Resize({how.resize}),",
        f"        transforms.CenterCrop({how.crop}),",
        "        transforms.ToTensor(),",
        f"        transforms.Normalize(mean={list(how.mean)}, std={list(how.std)}),",
        "    ]",
        ")",
    ]


def _reading(card: Card, language: Language) -> list[str]:
    """Lines that read a picture by the rule of :func:`resnet_studio.data.pictures.read_picture`."""
    side = 2 * card.preprocessing.resize
    return [
        "def read(path):",
        f'    """{say("export.read", language)}"""',
        "    picture = Image.open(path)",
        f'    picture.draft("RGB", ({side}, {side}))  # {say("export.draft", language)}',
        "    picture = ImageOps.exif_transpose(picture)",
        f'    if picture.mode.startswith("I;16"):  # {say("export.grey", language)}',
        '        picture = picture.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")',
        "    if picture.has_transparency_data:",
        '        picture = picture.convert("RGBA")',
        '        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)',
        '    return picture.convert("RGB")',
    ]


def _prediction(language: Language) -> list[str]:
    return [
        "def predict(path):",
        f'    """{say("export.predict", language)}"""',
        "    with torch.inference_mode():",
        "        scores = model(prepare(read(path)).unsqueeze(0)).softmax(1)[0].tolist()",
        "    return sorted(zip(CLASSES, scores), key=lambda pair: pair[1], reverse=True)",
        "",
        "",
        'if __name__ == "__main__":',
        "    for path in sys.argv[1:]:",
        "        label, probability = predict(path)[0]",
        '        print(f"{path}: {label} ({probability:.1%})")',
    ]
