"""Who acts in this thread, and what they may do: the one place that every look-up of somebody's things asks.

Nobody in particular acts on the command line, in threads of the server's own, and on a page without accounts: then
everything is allowed, as there is no one to tell apart. Where there are accounts, the page sets who acts before any of
its code runs, for routes and handlers alike, and the look-ups of runs, data sets, predictions, models and uploads ask
:func:`check`::

    with acting_as(person):
        check("see", Thing("run", run.id, owners=frozenset({"anna-3f2a9c"})))

What a person may do is decided by the person's own ``may``, see :mod:`resnet_studio.service.people.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

from resnet_studio.errors import StudioError

Action = Literal["see", "change", "delete", "share", "manage"]
"""``see`` is also to train on, to predict with and to download; ``manage`` is for what concerns the whole studio.

A model in the exchange (``exchanged``) is another thing than its run: whoever sees it may ask it about pictures, and
no more.
"""
Kind = Literal["run", "dataset", "prediction", "model", "upload", "picture", "sealed", "exchanged", "attack", "studio"]


@dataclass(frozen=True)
class Thing:
    """What somebody wants to do something with: its kind, its id, the ids of its owners, whether the class shares it.

    Without owners it is from a time before accounts, or from the command line.
    """

    kind: Kind
    id: str = ""
    owners: frozenset[str] = frozenset()
    shared: bool = False


STUDIO = Thing("studio")
"""What belongs to all: caches, settings, the report about the machine."""


class Actor(Protocol):
    """Somebody who acts: an ``id``, and what they may do."""

    @property
    def id(self) -> str:
        """What things they own are marked with; empty for somebody who has not signed in."""

    def may(self, action: Action, thing: Thing) -> bool:
        """Whether they may do ``action`` with ``thing``."""

    def name_of(self, id: str) -> str:
        """What the person with ``id`` is called; empty where nobody has that id."""


class NotAllowedError(StudioError):
    """Something that the person who acts may not do."""


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


def actor() -> Actor | None:
    """Who acts here; None where people are not told apart."""
    return _actor.get()


def owner() -> str:
    """The id that new things are marked with; empty where people are not told apart."""
    acts = _actor.get()
    return acts.id if acts else ""


@contextmanager
def acting_as(somebody: Actor | None) -> Iterator[None]:
    """Inside of the block ``somebody`` acts; with None the server itself does, which may do everything."""
    before = _actor.set(somebody)
    try:
        yield
    finally:
        _actor.reset(before)


def allowed(action: Action, thing: Thing) -> bool:
    """Whether whoever acts here may do ``action`` with ``thing``."""
    acts = _actor.get()
    return acts is None or acts.may(action, thing)


def check(action: Action, thing: Thing) -> None:
    """Raise :class:`NotAllowedError` where whoever acts here may not do ``action`` with ``thing``."""
    if not allowed(action, thing):
        key = "error.people.staff" if thing.kind == "studio" else "error.people.not_yours"
        raise NotAllowedError(key)
