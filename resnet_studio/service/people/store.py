"""People and their sessions, in a file of the workspace. Safe to use from many threads and several processes."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from resnet_studio import labels
from resnet_studio.errors import StudioError
from resnet_studio.folder_names import slug
from resnet_studio.service.people import confusables, schema
from resnet_studio.service.people.brake import Brake
from resnet_studio.service.people.rules import ROLES, Person, Role, Secret

LONGEST_NAME = 40
MOST_PEOPLE = 1_000
MOST_DEVICES = 10
"""Of one person; the one that was used the longest ago is forgotten."""
TOUCH_SECONDS = 60.0
SEEN = "seen:"
"""Before the id of a person, the fact of when they last did something."""


@dataclass(frozen=True)
class Lasting:
    """How long a session lasts: seconds without a request, and at most."""

    idle: float
    most: float


HOUR = 3600.0
STAFF_SESSIONS, PUPIL_SESSIONS = Lasting(12 * HOUR, 14 * 24 * HOUR), Lasting(3 * HOUR, 12 * HOUR)
"""Pupils share computers: what one of them left signed in must not wait for the next lesson."""


class People:
    """All that the file keeps. ``clock`` gives seconds since 1970; ``writes`` grows as this process writes to it."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.clock, self.writes = clock, 0
        self._database = schema.opened(folder)
        self._lock = threading.RLock()
        self.brake = Brake(self._database, clock)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of the block happens, or nothing of it. May be nested."""
        with self._lock:
            if self._database.in_transaction:
                yield self._database
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
                self.writes += 1
            except BaseException:
                self._database.execute("ROLLBACK")
                raise

    # ---- people

    def all(self) -> list[Person]:
        """Everybody, by name."""
        with self._lock:
            rows = self._database.execute(f"SELECT {_PERSON} FROM people ORDER BY called").fetchall()
        return [self._person(row) for row in rows]

    def find(self, id: str) -> Person | None:
        """The person with ``id``."""
        return self._one("id = ?", id)

    def named(self, name: str, kind: Secret | None = None) -> Person | None:
        """The person called ``name``; those who come through a proxy have names apart from all others."""
        return self._one("called = ?", called(name, kind or "password"))

    def name_of(self, id: str) -> str:
        """What the person with ``id`` is called; empty where there is none."""
        found = self.find(id)
        return found.name if found else ""

    def hash_of(self, id: str) -> str:
        """What is kept of the secret of the person with ``id``; empty where there is none."""
        with self._lock:
            row = self._database.execute("SELECT hash FROM people WHERE id = ?", (id,)).fetchone()
        return str(row[0]) if row else ""

    def has_administrator(self) -> bool:
        """Whether anybody can manage the others."""
        return self._one("role = ?", "administrator") is not None

    def add(self, name: str, role: Role, hash: str, *, kind: Secret = "password", must_change: bool = False) -> Person:
        """A new person. Raises :class:`StudioError` where the name is taken or no name, or there are too many."""
        name, key = checked_name(name), called(name, kind)
        if role not in ROLES:
            raise StudioError("error.people.role", role=role, allowed=list(ROLES))
        id = f"{slug(name)[:20].casefold()}-{secrets.token_hex(4)}"
        row = (id, name, key, role, kind, hash, int(must_change), self.clock())
        with self.writing() as database:
            if database.execute("SELECT count(*) FROM people").fetchone()[0] >= MOST_PEOPLE:
                raise StudioError("error.people.too_many", most=MOST_PEOPLE)
            taken = database.execute("SELECT 1 FROM people WHERE called = ?", (key,)).fetchone()
            if taken or (kind != "proxy" and self._looks_taken(name)):
                raise StudioError("error.people.name_taken", name=name)
            database.execute("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return Person(id, name, role, kind, must_change, self)

    def _looks_taken(self, name: str) -> bool:
        """Whether somebody who did not come through a proxy has a name that looks like ``name``."""
        look = confusables.look(name)
        return any(each.secret != "proxy" and confusables.look(each.name) == look for each in self.all())

    def set_secret(self, person: Person, hash: str, kind: Secret, *, must_change: bool = False) -> None:
        """Give ``person`` another secret, and end all their sessions."""
        values = (hash, kind, int(must_change), person.id)
        with self.writing() as database:
            database.execute("UPDATE people SET hash = ?, kind = ?, must_change = ? WHERE id = ?", values)
            self.end_sessions(person)
            self.brake.forget(place_of(person.name))

    def set_role(self, person: Person, role: Role) -> None:
        """Make ``person`` a ``role``; their sessions end. Raises :class:`StudioError` for the last administrator."""
        if role not in ROLES:
            raise StudioError("error.people.role", role=role, allowed=list(ROLES))
        with self.writing() as database:
            self._keep_one_administrator(person, role)
            database.execute("UPDATE people SET role = ? WHERE id = ?", (role, person.id))
            self.end_sessions(person)

    def remove(self, person: Person) -> None:
        """Remove ``person``; what they made stays, for teachers. Raises for the last administrator."""
        with self.writing() as database:
            self._keep_one_administrator(person, "")
            database.execute("DELETE FROM people WHERE id = ?", (person.id,))
            database.execute("DELETE FROM facts WHERE key = ?", (f"{SEEN}{person.id}",))

    def _keep_one_administrator(self, person: Person, role: str) -> None:
        count = self._database.execute("SELECT count(*) FROM people WHERE role = 'administrator'").fetchone()[0]
        now = self.find(person.id)
        if now and now.role == "administrator" and role != "administrator" and count < 2:
            raise StudioError("error.people.last_administrator")

    def _one(self, where: str, value: str) -> Person | None:
        with self._lock:
            row = self._database.execute(f"SELECT {_PERSON} FROM people WHERE {where} LIMIT 1", (value,)).fetchone()
        return self._person(row) if row else None

    def _person(self, row: tuple[object, ...]) -> Person:
        id, name, role, kind, must_change = row
        return Person(str(id), str(name), cast(Role, role), cast(Secret, kind), bool(must_change), self)

    # ---- sessions

    def begin_session(self, person: Person) -> str:
        """A new session of ``person``; gives its token, of which only a hash is kept."""
        token, now = secrets.token_urlsafe(32), self.clock()
        with self.writing() as database:
            database.execute("DELETE FROM sessions WHERE used < ?", (now - STAFF_SESSIONS.idle,))
            database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (_digest(token), person.id, now, now))
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"{SEEN}{person.id}", repr(now)))
        return token

    def session(self, token: str, *, touch: bool = True) -> Person | None:
        """Whose session has ``token``; None where it has ended. With ``touch`` this counts as its use."""
        if not token:
            return None
        with self._lock:
            query = f"SELECT s.created, s.used, {_OF_PERSON} FROM sessions s JOIN people p ON p.id = s.person"
            row = self._database.execute(f"{query} WHERE s.token = ?", (_digest(token),)).fetchone()
        if row is None:
            return None
        person, now = self._person(row[2:]), self.clock()
        lasting = STAFF_SESSIONS if person.staff else PUPIL_SESSIONS
        if now - row[1] > lasting.idle or now - row[0] > lasting.most:
            self.end_session(token)
            return None
        if touch and now - row[1] > TOUCH_SECONDS:
            with self.writing() as database:
                database.execute("UPDATE sessions SET used = ? WHERE token = ?", (now, _digest(token)))
                database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"{SEEN}{person.id}", repr(now)))
        return person

    def end_session(self, token: str) -> None:
        """Sign out here."""
        with self.writing() as database:
            database.execute("DELETE FROM sessions WHERE token = ?", (_digest(token),))

    def end_sessions(self, person: Person) -> None:
        """Sign ``person`` out everywhere."""
        with self.writing() as database:
            database.execute("DELETE FROM sessions WHERE person = ?", (person.id,))

    # ---- devices

    def know_device(self, person: Person, device: str) -> None:
        """Write down that ``person`` has signed in with the ``device``, of whose token only a hash is kept."""
        if not device:
            return
        with self.writing() as database:
            database.execute(
                "INSERT OR REPLACE INTO devices VALUES (?, ?, ?)", (_digest(device), person.id, self.clock())
            )
            database.execute(
                "DELETE FROM devices WHERE person = ? AND token IN (SELECT token FROM devices WHERE person = ? "
                "ORDER BY used DESC LIMIT -1 OFFSET ?)",
                (person.id, person.id, MOST_DEVICES),
            )

    def known_device(self, person: Person | None, device: str) -> str:
        """What is kept of the ``device`` where ``person`` has signed in with it before; empty where not."""
        if person is None or not device:
            return ""
        with self._lock:
            query = "SELECT token FROM devices WHERE token = ? AND person = ?"
            row = self._database.execute(query, (_digest(device), person.id)).fetchone()
        return str(row[0]) if row else ""

    @staticmethod
    def mark_of_device(device: str) -> str:
        """By which a ``device`` is told from others, and which opens nothing; empty where it is not known."""
        return _digest(f"mark {device}")[:16] if device else ""

    def last_seen(self) -> dict[str, float]:
        """When each person last did something, in seconds since 1970; those who never did are left out."""
        with self._lock:
            rows = self._database.execute("SELECT key, value FROM facts WHERE key LIKE ?", (f"{SEEN}%",)).fetchall()
        return {str(key).removeprefix(SEEN): float(value) for key, value in rows}

    # ---- facts

    def fact(self, key: str) -> str:
        """A fact about the studio; empty where it is not known."""
        with self._lock:
            row = self._database.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def set_fact(self, key: str, value: str) -> None:
        """Write down a fact."""
        with self.writing() as database:
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))


_PERSON = "id, name, role, kind, must_change"
_OF_PERSON = "p.id, p.name, p.role, p.kind, p.must_change"


def checked_name(given: str) -> str:
    """``given`` as a name. Raises :class:`StudioError` where it is empty or too long."""
    name = labels.on_one_line(given)
    if (
        len(name) > LONGEST_NAME
        or not any(each.isalnum() for each in confusables.seen(name))
        or confusables.is_heap(name)
    ):
        raise StudioError("error.people.name", most=LONGEST_NAME)
    return name


def called(name: str, kind: str = "password") -> str:
    """What two names have in common that are taken for the same; a proxy's names are apart from all others."""
    plain = " ".join(unicodedata.normalize("NFKC", labels.on_one_line(name)).casefold().split())
    return f"proxy:{plain}" if kind == "proxy" else f"name:{plain}"


def place_of(name: str) -> str:
    """Where the brake counts attempts at ``name``, whether anybody is called so or not."""
    return f"at {called(name)[:200]}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
