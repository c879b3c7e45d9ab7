"""What a browser may send to a handler: files only where a file is expected, and only files that were uploaded.

Gradio copies whatever file a value names into the folder that it serves to all, unless its own guard stops it; that one
watches only a launched page, and lets addresses in the network pass, which it then fetches. So every value is looked at
here before Gradio does anything with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from resnet_studio.acting import acting_as
from resnet_studio.belonging import add_owner
from resnet_studio.errors import StudioError
from resnet_studio.service.people import declared
from resnet_studio.service.people.rules import NOBODY, Nobody, Person
from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import language_of, reader
from resnet_studio.ui.page.open_routes import is_upload

FILE_COMPONENTS: tuple[type[gr.blocks.Block], ...] = (gr.File, gr.Image, gr.UploadButton)
MOST_LEVELS = 100
"""No value that the page sends is nested deeper."""
IDS = ("studio-dataset", "studio-run")
"""Where a browser keeps the ids of what it looks at; what is no text there is none."""


class StudioBlocks(gr.Blocks):
    """The page; ``uploads`` is the folder that Gradio keeps uploaded files in, ``accounts`` whether people sign in."""

    uploads: Path
    accounts: bool = False

    async def process_api(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        """Refuse values, and facts of an event, that no answer could repeat; then continue as Gradio does.

        Where there are accounts, whoever sent the event acts in all that follows, and only what is declared is done.
        """
        if not self.accounts:
            return await self._processed(block_fn, inputs, *args, **kwargs)
        acts, language = sender(kwargs.get("request"))
        need = declared.of_handler(block_fn.fn) if block_fn.fn else declared.SIGNED_IN
        if need is None or not need.admits(acts.role):
            raise gr.Error(say("error.people.sign_in_again", language), print_exception=False)
        with acting_as(acts):
            answer = await self._processed(block_fn, inputs, *args, **kwargs)
            for block, value in zip(block_fn.outputs, answer.get("data") or (), strict=False):
                for named in _files(value, MOST_LEVELS) if isinstance(block, FILE_COMPONENTS) else ():
                    own(named.get("path"), self.uploads)
            return answer

    async def _processed(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        event = kwargs.get("event_data")
        if not (is_unicode(inputs) and is_unicode(getattr(event, "_data", None))):
            raise gr.Error(say("shell.not_text", reader()), print_exception=False)
        if event is not None:
            event._data = EventFacts(event._data if isinstance(event._data, Mapping) else ())
        return await super().process_api(block_fn, inputs, *args, **kwargs)

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        """Refuse values that name a file which this input does not take, then continue as Gradio does."""
        for block, value in zip(block_fn.inputs, inputs, strict=False):
            if not acceptable(value, isinstance(block, FILE_COMPONENTS), self.uploads):
                raise gr.Error(say("shell.not_a_file", reader()), print_exception=False)
        plain = [
            None if _is_id(block) and not isinstance(value, str) else value
            for block, value in zip(block_fn.inputs, inputs, strict=False)
        ]
        return await super().preprocess_data(block_fn, plain + inputs[len(plain) :], *args, **kwargs)


class EventFacts(dict[str, Any]):
    """What an event says besides the inputs, by name; where one is missing, that is said to whoever sent it."""

    def __missing__(self, name: str) -> Any:
        raise StudioError("error.shell.incomplete")


def sender(request: Any) -> tuple[Person | Nobody, Language]:
    """Who sent the event that came as ``request``, and their language."""
    one = request[0] if isinstance(request, list) and request else request
    scope = getattr(getattr(one, "request", None), "scope", None)
    if scope is None:
        return NOBODY, "en"
    found = scope.get("studio_person")
    return found if isinstance(found, Person) else NOBODY, language_of(one)


def own(path: object, uploads: Path) -> None:
    """Write down that the file at ``path``, which was uploaded or given out, is of whoever acts here."""
    if isinstance(path, str) and "\0" not in path and (file := Path(path).resolve()).is_relative_to(uploads.resolve()):
        with suppress(OSError):
            if file.is_file():
                add_owner(file)


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


def _is_id(block: gr.blocks.Block) -> bool:
    return isinstance(block, gr.BrowserState) and block.storage_key.startswith(IDS)


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
