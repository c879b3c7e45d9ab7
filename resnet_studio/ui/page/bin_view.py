"""What a page shows of the bin, and what its visitor may take back: what they deleted, and what was theirs."""

from __future__ import annotations

from resnet_studio import acting
from resnet_studio.text import Language
from resnet_studio.ui.page.context import Studio, reader_is_at_machine
from resnet_studio.ui.page.ownership import actor, started_by, this_browser
from resnet_studio.ui.page.templates import render
from resnet_studio.upkeep.bin import BinError, Binned, Kind


def may(studio: Studio, binned: Binned) -> bool:
    """Whether the browser whose event is being handled may take ``binned`` back, or remove it for good."""
    if acting.actor() is not None:
        return acting.allowed("delete", binned.thing)
    browser = this_browser()
    return reader_is_at_machine(studio) or (bool(browser) and binned.concerns(started_by(browser)))


def visible(studio: Studio, kind: Kind | None = None) -> list[Binned]:
    """What the browser whose event is being handled sees of the bin."""
    return [each for each in studio.bin.listed() if kind in (None, each.kind) and may(studio, each)]


def listed(studio: Studio, language: Language) -> str:
    """The bin as HTML; nothing where there is nothing to see."""
    rows = visible(studio)
    return render("page/bin.html", language, rows=rows) if rows else ""


def take_back(studio: Studio, entry: object) -> Binned:
    """Undo a deletion. Raises :class:`BinError` where the visitor may not, or it cannot be."""
    return studio.bin.take_back(_own(studio, entry).entry, actor())


def remove(studio: Studio, entry: object) -> tuple[Binned, int]:
    """Remove something for good; also says how many bytes that freed. Raises :class:`BinError`."""
    found = _own(studio, entry)
    freed = studio.bin.remove(found.entry, actor())
    studio.quota.forget()
    return found, freed


def _own(studio: Studio, entry: object) -> Binned:
    found = studio.bin.find(entry)
    if not may(studio, found):
        raise BinError("error.bin.not_yours")
    return found
