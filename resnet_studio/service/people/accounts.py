"""What a page does with people: sign in and out, join a class, change and reset what proves who they are."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from resnet_studio.acting import NotAllowedError
from resnet_studio.errors import StudioError
from resnet_studio.service.people import secrets_of
from resnet_studio.service.people.brake import ADDRESS, Limit, at_address, at_name
from resnet_studio.service.people.rules import Person, Role
from resnet_studio.service.people.store import People, checked_name, place_of

MOST_PUPILS = 120
CODE, OPEN, CLASS, FIRST, NAMES = "class.code", "class.open", "class.name", "first", "class.names"


class BrakedError(StudioError):
    """Too many wrong attempts: the next one has to wait."""


@dataclass(frozen=True)
class Given:
    """A new password or picture code, to be handed to its person: it is stored nowhere."""

    person: Person
    password: str = ""
    pictures: tuple[str, ...] = ()


class Accounts:
    """Everything about accounts that a server does."""

    def __init__(self, people: People) -> None:
        self.people = people

    # ---- signing in

    def sign_in(self, name: str, secret: str, address: str, device: str = "") -> tuple[Person, str]:
        """The person and the token of a new session. The same sentence and the same work for every wrong attempt.

        ``device`` is the token by which the browser is known again. Raises :class:`BrakedError` where there were too
        many, :class:`NotAllowedError` where it is wrong.
        """
        found = self.people.named(name)
        places = at_name(place_of(name), address, self.people.known_device(found, device))
        self._brake(*places)
        known = self.people.hash_of(found.id) if found and found.secret != "proxy" else ""
        if not secrets_of.verify(secret[: secrets_of.LONGEST + 1], known) or found is None:
            raise NotAllowedError("error.people.wrong")
        with self.people.writing():
            if self.people.hash_of(found.id) != known:  # changed while it was being looked at
                raise NotAllowedError("error.people.wrong")
            self.people.brake.release(places)
            self.people.know_device(found, device)
            return found, self.people.begin_session(found)

    def through_proxy(self, name: str) -> Person | None:
        """The person whom the proxy in front of the server calls ``name``; a new one is a pupil. None for no name."""
        try:
            known = self.people.named(name, "proxy") if name.strip() else None
            return known or (self.people.add(name, "pupil", "", kind="proxy") if name.strip() else None)
        except StudioError:  # added in the same moment, or no name
            return self.people.named(name, "proxy")

    def _brake(self, *places: tuple[str, Limit]) -> None:
        with self.people.writing():
            wait = self.people.brake.attempt(places)
        if wait > 0:
            raise BrakedError("error.people.braked", seconds=max(1, round(wait)))

    # ---- the first administrator

    def invite_first(self) -> str:
        """A token for whoever makes the first administrator; the one given out before is worth nothing any more."""
        token = secrets.token_urlsafe(24)
        self.people.set_fact(FIRST, secrets_of.hashed(token))
        return token

    def make_first(self, token: str, name: str, password: str, address: str) -> tuple[Person, str]:
        """The first administrator, with the token of a session. Raises :class:`StudioError`."""
        self._brake((at_address(address), ADDRESS))
        if self.people.has_administrator() or not secrets_of.verify(token[:100], self.people.fact(FIRST)):
            raise NotAllowedError("error.people.first_used")
        secrets_of.check_password(password, name)
        hash = secrets_of.hashed(password)
        with self.people.writing():
            if self.people.has_administrator():
                raise NotAllowedError("error.people.first_used")
            person = self.people.add(name, "administrator", hash)
            self.people.set_fact(FIRST, "")
            return person, self.people.begin_session(person)

    # ---- a class

    def open_class(self, name: str = "") -> str:
        """Let pupils join; gives the code, the same one until it is renewed."""
        if name:
            self.people.set_fact(CLASS, checked_name(name))
        self.people.set_fact(OPEN, "1")
        return self.join_code or self.renew_code()

    def close_class(self) -> None:
        """Let nobody else join; those who have go on."""
        self.people.set_fact(OPEN, "")

    def renew_code(self) -> str:
        """Another code; the old one is worth nothing any more."""
        code = secrets_of.new_join_code()
        self.people.set_fact(CODE, code)
        return code

    @property
    def join_code(self) -> str:
        """The code that pupils join with; empty where there never was a class."""
        return self.people.fact(CODE)

    @property
    def names_shown(self) -> bool:
        """Whether pupils see what others in the class are called."""
        return bool(self.people.fact(NAMES))

    def show_names(self, *, shown: bool) -> None:
        """Let pupils see what others in the class are called, or no more."""
        self.people.set_fact(NAMES, "1" if shown else "")

    @property
    def class_name(self) -> str:
        """What the class is called."""
        return self.people.fact(CLASS)

    @property
    def joining(self) -> bool:
        """Whether pupils may join."""
        return bool(self.people.fact(OPEN)) and bool(self.join_code)

    def join(
        self, code: str, name: str, pictures: Sequence[object], address: str, device: str = ""
    ) -> tuple[Person, str]:
        """A new pupil, with the token of a session. Raises :class:`StudioError`."""
        self._brake((at_address(address), ADDRESS))
        given, known = code.strip().upper().encode(), self.join_code.encode()
        if not self.joining or not hmac.compare_digest(given, known):
            raise NotAllowedError("error.people.join_code")
        hash = secrets_of.hashed(secrets_of.code_of(pictures))
        with self.people.writing():
            if sum(person.role == "pupil" for person in self.people.all()) >= MOST_PUPILS:
                raise StudioError("error.people.class_full", most=MOST_PUPILS)
            person = self.people.add(name, "pupil", hash, kind="pictures")
            self.people.brake.release(at_name(place_of(name), address))
            self.people.know_device(person, device)
            return person, self.people.begin_session(person)

    # ---- passwords

    def change(self, person: Person, old: str, new: str | Sequence[object], address: str, device: str = "") -> str:
        """Another password, or picture code, of ``person``; all sessions end, and the token of a new one is given.

        Raises :class:`StudioError`, also where the ``old`` one is wrong.
        """
        places = at_name(place_of(person.name), address, self.people.known_device(person, device))
        self._brake(*places)
        if person.secret == "proxy" or not secrets_of.verify(
            old[: secrets_of.LONGEST + 1], self.people.hash_of(person.id)
        ):
            raise NotAllowedError("error.people.wrong_old")
        with self.people.writing():
            self.people.brake.release(places)
        if isinstance(new, str):
            secrets_of.check_password(new, person.name)
        secret = new if isinstance(new, str) else secrets_of.code_of(new)
        if hmac.compare_digest(secret.encode("utf-8", "replace"), old.encode("utf-8", "replace")):
            raise StudioError("error.people.same_password")
        if not isinstance(new, str) and person.staff:
            raise StudioError("error.people.password_plain")
        self.people.set_secret(person, secrets_of.hashed(secret), "password" if isinstance(new, str) else "pictures")
        return self.people.begin_session(person)

    def add(self, by: Person | None, name: str, role: Role, password: str = "") -> Given:
        """A new person with a ``password``, or with one to be changed at the first sign-in. ``by`` None is somebody at
        the command line. Raises :class:`StudioError`.
        """
        _check_manages(by, role)
        if password:
            secrets_of.check_password(password, name)
            return Given(self.people.add(name, role, secrets_of.hashed(password)))
        password = secrets_of.new_password()
        return Given(self.people.add(name, role, secrets_of.hashed(password), must_change=True), password)

    def reset(self, by: Person | None, person: Person, password: str = "") -> Given:
        """A new password or picture code for ``person``, who is signed out everywhere; one that was made up here has to
        be changed at the next sign-in. Raises :class:`StudioError`.
        """
        _check_manages(by, person.role)
        if person.secret == "proxy":
            raise StudioError("error.people.by_proxy", name=person.name)
        if password:
            secrets_of.check_password(password, person.name)
            self.people.set_secret(person, secrets_of.hashed(password), "password")
            return Given(person)
        if person.secret == "pictures":
            pictures = secrets_of.new_pictures()
            code = secrets_of.code_of(pictures)
            self.people.set_secret(person, secrets_of.hashed(code), "pictures", must_change=True)
            return Given(person, pictures=pictures)
        password = secrets_of.new_password()
        self.people.set_secret(person, secrets_of.hashed(password), "password", must_change=True)
        return Given(person, password)

    def set_role(self, by: Person | None, person: Person, role: Role) -> None:
        """Make ``person`` a ``role``. Raises :class:`StudioError`."""
        _check_manages(by, person.role, role)
        if person.secret == "pictures" and role != "pupil":
            raise StudioError("error.people.pictures_only", name=person.name)
        self.people.set_role(person, role)

    def remove(self, by: Person | None, person: Person) -> None:
        """Remove ``person``; what they made stays. Raises :class:`StudioError`."""
        _check_manages(by, person.role)
        self.people.remove(person)


def _check_manages(by: Person | None, *roles: str) -> None:
    """Raise :class:`NotAllowedError` where ``by`` may not manage people in ``roles``: teachers manage pupils alone."""
    if by is None or by.role == "administrator":
        return
    if by.role != "teacher" or any(role != "pupil" for role in roles):
        raise NotAllowedError("error.people.administrator")
