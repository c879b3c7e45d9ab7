"""What a browser may send to a handler: files only where a file is expected, and only files that were uploaded.

Gradio copies whatever file a value names into the folder that it serves to all, unless its own guard stops it; that one
watches only a launched page, and lets addresses in the network pass, which it then fetches. So every value is looked at
here before Gradio does anything with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from resnet_studio.text import say
from resnet_studio.ui.page.context import reader
from resnet_studio.ui.page.open_routes import is_upload

FILE_COMPONENTS: tuple[type[gr.blocks.Block], ...] = (gr.File, gr.Image, gr.UploadButton)
MOST_LEVELS = 100
"""No value that the page sends is nested deeper."""


class StudioBlocks(gr.Blocks):
    """The page; ``uploads`` is the folder that Gradio keeps uploaded files in."""

    uploads: Path

    async def process_api(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        """Refuse values, and facts of an event, that no answer could repeat; then continue as Gradio does."""
        event = getattr(kwargs.get("event_data"), "_data", None)
        if not (is_unicode(inputs) and is_unicode(event)):
            raise gr.Error(say("shell.not_text", reader()), print_exception=False)
        return await super().process_api(block_fn, inputs, *args, **kwargs)

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        """Refuse values that name a file which this input does not take, then continue as Gradio does."""
        for block, value in zip(block_fn.inputs, inputs, strict=False):
            if not acceptable(value, isinstance(block, FILE_COMPONENTS), self.uploads):
                raise gr.Error(say("shell.not_a_file", reader()), print_exception=False)
        return await super().preprocess_data(block_fn, inputs, *args, **kwargs)


def acceptable(value: Any, takes_files: bool, uploads: Path) -> bool:
    """Whether ``value`` names no file, or, for an input that takes them, only files in the folder ``uploads``."""
    return all(takes_files and _uploaded(named, uploads) for named in _files(value, MOST_LEVELS))


def is_unicode(value: Any) -> bool:
    """Whether all text in ``value``, which was JSON, can be encoded: half of a surrogate pair cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _uploaded(named: Mapping[str, Any], uploads: Path) -> bool:
    return is_upload(named.get("path"), uploads) and not named.get("is_stream")


def _files(value: Any, levels: int) -> Iterator[Mapping[str, Any]]:
    """Everything in ``value`` that Gradio, now or in an earlier or later release, might take for a file."""
    if levels == 0:
        yield {}
    elif isinstance(value, Mapping):
        if "path" in value or "_type" in value or ("meta" in value and isinstance(value["meta"], Mapping)):
            yield value
        for key, inside in value.items():
            if key not in ("path", "meta"):
                yield from _files(inside, levels - 1)
    elif isinstance(value, (list, tuple)):
        for inside in value:
            yield from _files(inside, levels - 1)
