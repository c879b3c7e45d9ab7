"""An ONNX image classifier of others, or one that the studio exported, on its way into the workspace."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from resnet_studio import belonging
from resnet_studio.data.views import OVERSCAN
from resnet_studio.durable import replacing
from resnet_studio.errors import CheckpointError
from resnet_studio.folder_names import slug
from resnet_studio.model.foreign import SIDE, ImportOptions
from resnet_studio.model.header import opened
from resnet_studio.model.onnx_card import KEY, MOST_BYTES, SUFFIX, OnnxCard, metadata, with_card, without_card
from resnet_studio.model.onnx_process import SECONDS, OnnxProcess
from resnet_studio.model.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from resnet_studio.workspace import Workspace

_SCORES = "logits"
_UNLIKE = "unlike"


@dataclass(frozen=True)
class _Said:
    """What stands in the metadata of a file."""

    classes: tuple[str, ...] | None = None
    preprocessing: Preprocessing | None = None
    temperature: float = 1.0
    accepted: float | None = None
    called: str = ""
    run: str = ""


def import_onnx(path: Path, workspace: Workspace, options: ImportOptions, *, seconds: float = SECONDS) -> Path:
    """Check the ONNX file at ``path`` and keep a copy with its card in the workspace; gives the copy's path.

    It is opened and tried in a process of its own, which is stopped after ``seconds``. Raises :class:`CheckpointError`,
    and then leaves the workspace as it was.
    """
    name = path.name
    with opened(path, name) as file:
        if (size := file.seek(0, 2)) > MOST_BYTES:
            raise CheckpointError("error.onnx.too_large", file=name, megabytes=size // 2**20, most=MOST_BYTES // 2**20)
        said = _said(metadata(file, name), name)
        file.seek(0)
        content = without_card(file.read(), name)
    side = options.side or (said.preprocessing.crop if said.preprocessing else SIDE)
    process = OnnxProcess(content, name, side=side, seconds=seconds)
    process.close()
    card = _card(process.found, said, options, hashlib.sha256(content).hexdigest(), name)
    kept = with_card(content, card)
    mark = hashlib.sha256(kept).hexdigest()
    mark = f"{mark[:16]}-{salt}" if (salt := belonging.salt()) else mark[:8]
    target = workspace.imports / f"{slug(path.stem)}-{mark}{SUFFIX}"
    with replacing(target) as temporary:
        temporary.write_bytes(kept)
    belonging.add_owner(target)
    return target


def _said(found: dict[str, str], name: str) -> _Said:
    """What the metadata of a file called ``name`` says, where the studio wrote it: as an export, or as an import."""
    try:
        if KEY in found:
            card = OnnxCard.from_json(json.loads(found[KEY]))
            return _Said(card.classes, card.preprocessing, card.temperature, card.accepted, card.called, card.run)
        if "preprocessing" in found and "studio_version" in found:
            prepared = json.loads(found["preprocessing"])
            threshold = json.loads(found.get("unlike_threshold", "null"))
            return _Said(
                tuple(json.loads(found["classes"])),
                Preprocessing(**{key: value for key, value in prepared.items() if key != "scale"}),
                float(json.loads(found.get("temperature", "1"))), None if threshold is None else float(threshold),
                found.get("network", "")[:100], found.get("run", ""),
            )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError("error.onnx.damaged", file=name) from error
    return _Said()


def _card(found: dict[str, Any], said: _Said, options: ImportOptions, sha256: str, name: str) -> OnnxCard:
    takes = found["takes"]
    if options.side not in (None, takes["side"]):
        raise CheckpointError("error.onnx.side", file=name, side=takes["side"], given=options.side)
    output = _output(found["outputs"], name)
    classes = _classes(options.classes or said.classes, output["width"], name)
    unlike = said.accepted is not None and any(each["name"] == _UNLIKE for each in found["outputs"])
    try:
        return OnnxCard(
            classes=classes, preprocessing=_preprocessing(takes, said, options), input=takes["input"],
            output=output["name"], pixels=takes["pixels"], layout=takes["layout"], batch=takes["batch"],
            probabilities=output["probabilities"], unlike=_UNLIKE if unlike else "",
            accepted=said.accepted if unlike else None, temperature=said.temperature, called=said.called, run=said.run,
            sha256=sha256,
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        raise CheckpointError("error.onnx.damaged", file=name) from error


def _output(outputs: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The output that has a score for each class."""
    scores = [each for each in outputs if each["width"]]
    named = [each for each in scores if each["name"] == _SCORES]
    if len(named or scores) != 1:
        raise CheckpointError("error.onnx.outputs", file=name)
    if (found := (named or scores)[0])["width"] < 2:
        raise CheckpointError("error.import.one_score", file=name)
    return found


def _classes(given: Sequence[str] | None, count: int, name: str) -> tuple[str, ...]:
    if given is None:
        raise CheckpointError("error.import.no_classes", file=name, count=count)
    if len(given) != count:
        raise CheckpointError("error.import.other_classes", file=name, count=count, given=len(given))
    return tuple(given)


def _preprocessing(takes: dict[str, Any], said: _Said, options: ImportOptions) -> Preprocessing:
    """How pictures are prepared; a file that takes uint8 normalises them itself."""
    side = takes["side"]
    found = said.preprocessing or Preprocessing(resize=round(side * OVERSCAN), crop=side)
    if found.crop != side:
        found = replace(found, resize=round(side * OVERSCAN), crop=side)
    if takes["pixels"] == "uint8":
        return replace(found, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    usual = (found.mean, found.std) if said.preprocessing else (IMAGENET_MEAN, IMAGENET_STD)
    return replace(found, mean=options.mean or usual[0], std=options.std or usual[1])
