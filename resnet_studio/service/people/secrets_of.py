"""Passwords and picture codes: hashed with Argon2id, checked without a sign of whether anybody has that name.

Parameters as OWASP's cheat sheet on password storage gives them (19 MiB, two passes, one lane): about 20 ms on a core,
and thirty pupils who sign in at once do not take the memory of a server. No more than two are computed at a time.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from resnet_studio.errors import StudioError

SHORTEST, LONGEST = 10, 200
PICTURES = ("cat", "dog", "fish", "bird", "tree", "flower", "sun", "moon", "star", "house", "boat", "apple")
"""What a picture code is chosen of."""
CODE_LENGTH = 4
UNAMBIGUOUS = "23456789abcdefghjkmnpqrstuvwxyz"
JOIN_LENGTH = 6
AT_ONCE = 2

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turns = threading.BoundedSemaphore(AT_ONCE)
_NOBODYS = _hasher.hash(secrets.token_hex(16))
"""Checked where nobody has the name, so that this takes as long as a wrong password."""


def hashed(secret: str) -> str:
    """The Argon2id hash of ``secret``, which is all that is stored of it."""
    with _turns:
        return _hasher.hash(_composed(secret))


def verify(secret: str, hash: str) -> bool:
    """Whether ``hash`` is that of ``secret``; never where it is empty, which takes as long."""
    with _turns:
        try:
            return _hasher.verify(hash or _NOBODYS, _composed(secret)) and bool(hash)
        except (VerificationError, InvalidHashError):
            return False


def check_password(password: str, name: str) -> None:
    """Raise :class:`StudioError` where ``password`` is too short, too long, or the name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise StudioError("error.people.password_length", least=SHORTEST, most=LONGEST)
    if len(set(password)) < 4 or password.casefold() == name.casefold():
        raise StudioError("error.people.password_plain")


def code_of(pictures: Sequence[object]) -> str:
    """A picture code as a secret. Raises :class:`StudioError` where it is none."""
    chosen = [each for each in pictures if isinstance(each, str) and each in PICTURES]
    if len(chosen) != CODE_LENGTH or len(pictures) != CODE_LENGTH:
        raise StudioError("error.people.pictures", count=CODE_LENGTH)
    return "pictures " + " ".join(chosen)


def new_password() -> str:
    """A password to be used once: 60 random bits in groups of four that can be read out."""
    signs = "".join(secrets.choice(UNAMBIGUOUS) for _ in range(12))
    return "-".join(signs[at : at + 4] for at in range(0, 12, 4))


def new_pictures() -> tuple[str, ...]:
    """A random picture code."""
    return tuple(secrets.choice(PICTURES) for _ in range(CODE_LENGTH))


def new_join_code() -> str:
    """A code to join a class with: 29 random bits, which the brake makes enough."""
    return "".join(secrets.choice(UNAMBIGUOUS) for _ in range(JOIN_LENGTH)).upper()


def _composed(secret: str) -> bytes:
    """The same letters as the same bytes, whatever keyboard they were typed on."""
    return unicodedata.normalize("NFC", secret).encode("utf-8", "surrogatepass")
