"""A finished model for use without the studio: a plain PyTorch file, and the lines of code that use either file."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from pprint import pformat
from typing import Any, Literal

from resnet_studio.data import pixels
from resnet_studio.data.formats import ROWS_PIXEL_LIMIT
from resnet_studio.data.views import LARGEST_ASPECT, PADDING, SHARPER, Shown
from resnet_studio.durable import replacing
from resnet_studio.model.card import Card
from resnet_studio.model.export_head import head_lines
from resnet_studio.model.export_unlike import loading, tells_unlike, unlike_lines
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.text import Language, say

Kind = Literal["safetensors", "half", "pt", "pt2", "timm"]


IMPORTS = (
    "import io", "import re", "import struct", "import sys", "import zlib",
    "from functools import lru_cache", "from pathlib import Path", "", "import numpy as np",
)  # fmt: skip
PILLOW = "from PIL import Image, ImageCms, JpegImagePlugin, PngImagePlugin"
HEIC = (
    "", "try:  # HEIC", "    import pillow_heif", "", "    pillow_heif.register_heif_opener()",
    "except ImportError:", "    pass",
)  # fmt: skip
"""Lines that all exported code begins with."""


def export_pt(checkpoint_path: Path, into: Path) -> Path:
    """Write the weights of the checkpoint as a plain state dict that ``torch.load(weights_only=True)`` reads.

    ``into`` is the file, or a folder for a file of the checkpoint's name; gives the file's path. The last layer of a
    linear head is ``fc`` even where it was trained with dropout, so that the dict loads into the library's model as it
    is; its attribute ``unlike`` tells unlike pictures. Raises :class:`CheckpointError` for an unsound checkpoint.
    """
    import torch

    from resnet_studio.model.checkpoint import load

    checkpoint = load(checkpoint_path)
    state = checkpoint.model.state_dict()
    if checkpoint.card.head == "linear":
        state = OrderedDict((name.replace("fc.1.", "fc."), value) for name, value in state.items())
    if checkpoint.reference is not None:
        state.unlike = checkpoint.reference.tensors()
    target = into / f"{checkpoint_path.stem}.pt" if into.is_dir() else into
    with replacing(target) as temporary, temporary.open("wb") as file:
        torch.save(state, file)
    return target


def export_code(card: Card, *, kind: Kind, file_name: str, language: Language = "en") -> str:
    """Python that predicts with the exported file ``file_name``, ready to copy; needs neither the studio nor more
    than torch, torchvision with the numpy and Pillow that it brings, the library that builds the network, and, for
    ``kind`` safetensors, safetensors.

    Run as a script it classifies the pictures named on its command line; ``predict(path)`` gives all classes with
    their probabilities, the best first: the same as the studio's own, as pictures are read and prepared the same way.
    """
    return "\n".join(
        [
            *_imports(card, kind),
            "",
            f"CLASSES = {pformat(list(card.classes), width=110, compact=True)}",
            "",
            *_model(card, kind, file_name, language),
            "",
            *_temperature(card, language),
            *_preparation(card, language),
            "",
            "",
            *read_lines(card, language),
            "",
            "",
            *_prediction(card, kind, language),
            *(unlike_lines(card, kind, language) if tells_unlike(card) else []),
            *(line for function in pixels.EXPORTED for line in ("", "", *copied(function, language))),
            "",
            "",
            *script_lines(tells_unlike(card)),
            "",
        ]
    )


def _imports(card: Card, kind: Kind) -> list[str]:
    library = card.network.library.imports if kind not in ("pt2", "timm") else "import timm" if kind == "timm" else ""
    loads = kind in ("safetensors", "half") or (kind == "timm" and tells_unlike(card))
    safetensors = ["from safetensors.torch import load_file"] if loads else []
    return [
        *IMPORTS,
        *([library] if library else []),
        "import torch",
        PILLOW,
        *safetensors,
        "from torchvision import transforms"
        if kind in ("pt2", "timm")
        else "from torchvision import models, transforms",
        *HEIC,
    ]


def _model(card: Card, kind: Kind, file_name: str, language: Language) -> list[str]:
    """Lines that build the model and load its weights."""
    network = card.network
    if kind == "pt2":
        return [f"model = torch.export.load({file_name!r}).module()"]
    if kind == "timm":
        weights = f"{file_name}/model.safetensors"
        return [
            f"model = timm.create_model({network.name!r}, num_classes=len(CLASSES), checkpoint_path={weights!r})",
            *(loading(card, kind, file_name) if tells_unlike(card) else []),
            "model.eval()",
        ]
    lines = [f"model = {network.library.code(network.name, 'len(CLASSES)')}"]
    if card.stem == "small":
        lines += [
            f"# {say('export.small_stem', language)}",
            "model.conv1 = torch.nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)",
            "model.maxpool = torch.nn.Identity()",
        ]
    lines += head_lines(card, kind, language)
    if tells_unlike(card):
        lines += loading(card, kind, file_name)
    elif kind in ("safetensors", "half"):
        lines.append(f"model.load_state_dict(load_file({file_name!r}))")
    else:
        lines.append(f'model.load_state_dict(torch.load({file_name!r}, map_location="cpu", weights_only=True))')
    return [*lines, "model.eval()"]


def _temperature(card: Card, language: Language) -> list[str]:
    if card.temperature == 1:
        return []
    return [f"TEMPERATURE = {card.temperature!r}  # {say('export.temperature', language)}", ""]


def _preparation(card: Card, language: Language) -> list[str]:
    """Lines that make the network's input of a picture, as :class:`resnet_studio.data.views.Framed` does."""
    preprocessing = card.preprocessing
    return [
        *(reduced_lines(preprocessing, language) if preprocessing.native_side else []),
        "def framed(picture):",
        f'    """{say(f"export.fit.{preprocessing.fit}", language)}"""',
        *(["    picture = reduced(picture)"] if preprocessing.native_side and preprocessing.reduces == "all" else []),
        *_FRAMED[preprocessing.fit](preprocessing, language),
        "",
        "",
        "prepare = transforms.Compose(",
        "    [",
        "        framed,",
        "        transforms.ToTensor(),",
        f"        transforms.Normalize(mean={list(preprocessing.mean)}, std={list(preprocessing.std)}),",
        "    ]",
        ")",
    ]


def reduced_lines(preprocessing: Preprocessing, language: Language) -> list[str]:
    """``reduced(picture)``, see :func:`resnet_studio.data.views.reduced`."""
    side = preprocessing.native_side
    return [
        "def reduced(picture):",
        f'    """{say("export.reduced", language)}"""',
        "    short = min(picture.size)",
        f"    if short <= {SHARPER} * {side}:",
        "        return picture",
        f"    size = (picture.width * {side} // short, picture.height * {side} // short)",
        "    return picture.resize(size, Image.Resampling.BILINEAR)",
        "",
        "",
    ]


def _cropped(preprocessing: Preprocessing, language: Language) -> list[str]:
    return [
        "    width, height = picture.size",
        f"    longest = {LARGEST_ASPECT} * min(width, height)",
        f"    if max(width, height) > longest:  # {say('export.middle', language)}",
        "        left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)",
        "        picture = picture.crop((left, top, left + min(width, longest), top + min(height, longest)))",
        f"    picture = transforms.functional.resize(picture, {preprocessing.resize})",
        f"    return transforms.functional.center_crop(picture, {preprocessing.crop})",
    ]


def padded(preprocessing: Preprocessing, language: Language) -> list[str]:  # noqa: ARG001 - as its siblings
    """The body of ``framed``: the whole picture in a square."""
    crop = preprocessing.crop
    return [
        f"    scale = {crop} / max(picture.size)",
        "    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))",
        f'    square = Image.new("RGB", ({crop}, {crop}), {PADDING})',
        "    whole = picture.resize(size, Image.Resampling.BILINEAR)",
        f"    square.paste(whole, (({crop} - whole.width) // 2, ({crop} - whole.height) // 2))",
        "    return square",
    ]


def squeezed(preprocessing: Preprocessing, language: Language) -> list[str]:  # noqa: ARG001 - as its siblings
    """The body of ``framed``: the whole picture as a square."""
    return [f"    return picture.resize(({preprocessing.crop}, {preprocessing.crop}), Image.Resampling.BILINEAR)"]


_FRAMED: Mapping[Shown, Callable[[Preprocessing, Language], list[str]]] = {
    "crop": _cropped, "pad": padded, "squeeze": squeezed,
}  # fmt: skip


def read_lines(card: Card, language: Language) -> list[str]:
    """Lines that read a picture by the rule of :func:`resnet_studio.data.pictures.read_picture`."""
    preprocessing = card.preprocessing
    return [
        f"RANGES = {pformat(dict(preprocessing.ranges))}  # {say('export.ranges', language)}",
        f"Image.MAX_IMAGE_PIXELS = {ROWS_PIXEL_LIMIT}  # {say('export.large', language)}",
        f"PngImagePlugin.MAX_TEXT_CHUNK = {2**24}",
        "",
        "",
        "def read(path):",
        f'    """{say("export.read", language)}"""',
        "    data = Path(path).read_bytes()",
        r"    if data[:64].lstrip(b'\xef\xbb\xbf \t\r\n\0').startswith(b'\xff\xd8\xff'):",
        r"        data = data[data.index(b'\xff\xd8\xff') :]",
        r"        data = data if b'\xff\xd9' in data else with_end(data)",
        r"    if data.startswith(b'\x89PNG'):",
        "        data = with_sound_chunks(data)",
        r"    if re.match(rb'P[1-6]\s', data):",
        "        data = netpbm_in_binary(data)",
        "    picture, low = (Image.open(io.BytesIO(data)) for _ in range(2))",
        "    unscaled(picture)",
        "    unscaled(low)",
        f"    reduce_jpeg(picture, {preprocessing.resize})  # {say('export.draft', language)}",
        "    picture.load()",
        '    if "rgb16" in RANGES and low_tiles(low):',
        "        low.tile = low_tiles(low)",
        '        picture = from_deep_colour(picture, low, RANGES["rgb16"])',
        f"    return rendered(picture, RANGES, {preprocessing.colour_managed}, {preprocessing.resize})",
    ]


def copied(function: Callable[..., Any], language: Language) -> list[str]:
    """The lines of ``function`` as they stand in its module, without types, what it does said in ``language``."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    lines = source.splitlines()
    (tree,) = ast.parse(source).body
    assert isinstance(tree, ast.FunctionDef)
    first = tree.body[1]
    return [
        *lines[: tree.lineno - 1],
        f"def {tree.name}({', '.join(argument.arg for argument in tree.args.args)}):",
        f'    """{say(f"export.doc.{tree.name}", language)}"""',
        *lines[first.lineno - 1 :],
    ]


def _prediction(card: Card, kind: Kind, language: Language) -> list[str]:
    preprocessing, logits = card.preprocessing, "[0][0]" if kind == "pt2" and tells_unlike(card) else "[0]"
    reduces_drawings = bool(preprocessing.native_side) and preprocessing.reduces == "drawings"
    given, read = ("path, drawing=False", "picture") if reduces_drawings else ("path", "read(path)")
    reading = ["    picture = reduced(read(path)) if drawing else read(path)"] if reduces_drawings else []
    return [
        f"def predict({given}):",
        f'    """{say("export.predict.drawing" if reduces_drawings else "export.predict", language)}"""',
        *reading,
        "    with torch.inference_mode():",
        f"        logits = model(prepare({read}).unsqueeze(0)){logits}",
        f"    scores = {'(logits / TEMPERATURE)' if card.temperature != 1 else 'logits'}.softmax(0).tolist()",
        "    return sorted(zip(CLASSES, scores), key=lambda pair: pair[1], reverse=True)",
    ]


def script_lines(tells_unlike: bool) -> list[str]:
    """Lines that name the pictures on the command line."""
    return [
        'if __name__ == "__main__":',
        "    for path in sys.argv[1:]:",
        "        label, probability = predict(path)[0]",
        *(['        label = f"none of these, nearest {label}" if unknown(path) else label'] if tells_unlike else []),
        '        print(f"{path}: {label} ({probability:.1%})")',
    ]
