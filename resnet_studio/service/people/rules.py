"""The one rule: who may do what with which thing.

=================  =========================  ============================  ==========
who                their own things           shared with the class         all others
=================  =========================  ============================  ==========
nobody signed in   nothing                    nothing                       nothing
pupil              see, change, delete        see (train on, predict with)  nothing
teacher            everything                 everything                    everything
administrator      everything                 everything                    everything
=================  =========================  ============================  ==========

Sharing, and what concerns the whole studio, is for teachers and administrators. Things without an owner are from before
there were accounts, or from the command line: teachers and administrators see them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from resnet_studio.acting import Action, Thing

Role = Literal["administrator", "teacher", "pupil"]
ROLES: tuple[Role, ...] = ("administrator", "teacher", "pupil")
STAFF: frozenset[str] = frozenset({"administrator", "teacher"})
Secret = Literal["password", "pictures", "proxy"]
"""How somebody proves who they are; with ``proxy`` the one in front of the server has done so."""


def may(role: str, id: str, action: Action, thing: Thing) -> bool:
    """Whether somebody in the ``role`` with the ``id`` may do ``action`` with ``thing``; any other role may nothing."""
    if role in STAFF:
        return True
    if role != "pupil" or not id or thing.kind == "studio" or action in ("share", "manage"):
        return False
    return id in thing.owners or (action == "see" and thing.shared)


class Names(Protocol):
    """Whoever knows what people are called."""

    def name_of(self, id: str) -> str:
        """The name of the person with ``id``; empty where there is none."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account, who has signed in. ``must_change`` is the password that an administrator gave."""

    id: str
    name: str
    role: Role
    secret: Secret = "password"
    must_change: bool = False
    names: Names | None = field(default=None, compare=False, repr=False)

    @property
    def staff(self) -> bool:
        """Whether it is a teacher or an administrator."""
        return self.role in STAFF

    def may(self, action: Action, thing: Thing) -> bool:
        """See :func:`may`."""
        return may(self.role, self.id, action, thing)

    def name_of(self, id: str) -> str:
        """What the person with ``id`` is called."""
        return self.names.name_of(id) if self.names else ""


@dataclass(frozen=True)
class Nobody:
    """Whoever has not signed in."""

    id: str = ""
    role: str = ""
    name: str = ""

    def may(self, action: Action, thing: Thing) -> bool:
        """Nothing at all."""
        return may("", "", action, thing)

    def name_of(self, id: str) -> str:  # noqa: ARG002
        """Names are for those who have signed in."""
        return ""


NOBODY = Nobody()
