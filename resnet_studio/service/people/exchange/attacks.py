"""Attacks: pictures of a known class that a model takes for another one, and who says that they are.

The attacker names the true class; the owner of the model or a teacher confirms, a teacher has the last word. An owner
who is shown what nobody should see hands it to the teacher with one click, and it is out of their sight.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image, ImageOps

from resnet_studio import acting
from resnet_studio.belonging import PERSON
from resnet_studio.durable import make_folder, replacing, write_json
from resnet_studio.errors import StudioError
from resnet_studio.limits import LimitError
from resnet_studio.service.people.exchange import STICKERS
from resnet_studio.service.people.exchange.entries import Entry, Exchange, _values

if TYPE_CHECKING:
    from resnet_studio.batching import Prediction

FILE, PICTURES = "attacks.json", "attacks"
SIDE, QUALITY = 384, 85
ALIKE_BITS = 8
"""Two pictures are the same one, cut or brightened a little, where so few of 64 bits differ, or fewer."""
Status = Literal["waiting", "counted", "rejected", "reported", "removed"]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """The ``number``\\ th attack on a model, by ``who`` (``person:ID``): the model ``said`` one class with the
    probability ``share``, the attacker says that it is ``true``. ``look`` is what pictures that look the same have in
    common. A teacher's judgement is ``final``.
    """

    number: int
    who: str
    said: str
    true: str
    share: float
    look: str
    time: float
    status: Status = "waiting"
    final: bool = False

    @property
    def person(self) -> str:
        """The id of the person; empty for somebody at a command line without accounts."""
        return self.who.removeprefix(PERSON) if self.who.startswith(PERSON) else ""

    def to_json(self) -> dict[str, Any]:
        """What may be shown of it to those who may see it."""
        values = asdict(self)
        del values["look"]
        return values


@dataclass(frozen=True)
class StoredAttacks:
    """What is kept about a model: the ``attacks`` on it, and by person the stickers that they put on it."""

    attacks: tuple[Attack, ...] = ()
    stickers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def count(self, status: Status) -> int:
        """How many attacks are in that state."""
        return sum(each.status == status for each in self.attacks)


def kept(entry: Entry) -> StoredAttacks:
    """What is kept about ``entry``."""
    values = _values(entry.root / FILE)
    found = [_attack(each) for each in values.get("attacks", ()) if isinstance(each, dict)]
    stickers = values.get("stickers")
    by = stickers if isinstance(stickers, dict) else {}
    known = {str(who): tuple(name for name in names if name in STICKERS) for who, names in by.items()}
    return StoredAttacks(tuple(each for each in found if each is not None), known)


def thing(entry: Entry, attack: Attack) -> acting.Thing:
    """The picture of ``attack`` as what it is: the attacker's, and while nothing is wrong with it the model owner's."""
    seen_by_owner = entry.owners if attack.status in ("waiting", "counted", "rejected") else frozenset()
    return acting.Thing("attack", f"{entry.id}/{attack.number}", seen_by_owner | {attack.person} - {""})


def find(entry: Entry, number: int) -> Attack:
    """An attack on ``entry``. Raises :class:`StudioError` where whoever acts here sees none of that number."""
    found = next((each for each in kept(entry).attacks if each.number == number), None)
    if found is None or not acting.allowed("see", thing(entry, found)):
        raise StudioError("error.exchange.no_attack")
    return found


def picture_of(entry: Entry, attack: Attack) -> bytes:
    """The picture, as JPEG. Raises :class:`StudioError` where it is removed, or not for whoever acts here."""
    acting.check("see", thing(entry, attack))
    try:
        return _file(entry, attack).read_bytes()
    except OSError as error:
        raise StudioError("error.exchange.no_picture") from error


def attack(exchange: Exchange, entry: Entry, picture: Image.Image, said: Prediction, true: str, who: str) -> Attack:
    """Write down that ``who`` fools ``entry`` with the ``picture``, which it answers with ``said`` and which is really
    of the class ``true``. Raises :class:`StudioError` where that is no attack, or one too many.
    """
    exchange.check_open()
    check_fooled(entry, said, true, who)
    look, small = look_of(picture), _small(picture)
    looks = (look, look_of(ImageOps.mirror(picture)))
    with exchange.locked():
        now = kept(entry)
        _check_room(exchange, now, who)
        if any(_apart(one, each.look) <= ALIKE_BITS for each in now.attacks for one in looks):
            raise StudioError("error.exchange.again")
        number = max((each.number for each in now.attacks), default=0) + 1
        share = round(float(said.probability), 4)
        made = Attack(number=number, who=who, said=said.label, true=true, share=share, look=look, time=time.time())
        make_folder(entry.root / PICTURES)
        with replacing(_file(entry, made)) as temporary:
            temporary.write_bytes(small)
        _write(exchange, entry, replace(now, attacks=(*now.attacks, made)))
    return made


def check_fooled(entry: Entry, said: Prediction, true: str, who: str) -> None:
    """Raise :class:`StudioError` where ``said`` of a picture of the class ``true`` fools nobody, or it is one's own."""
    if entry.owner and who == f"{PERSON}{entry.owner}":
        raise StudioError("error.exchange.own")
    if true not in entry.classes:
        raise StudioError("error.exchange.class", classes=list(entry.classes))
    if said.unknown:
        raise StudioError("error.exchange.unknown")
    if said.label == true:
        raise StudioError("error.exchange.right", name=true)


def judge(exchange: Exchange, entry: Entry, number: int, *, counts: bool) -> Attack:
    """Say whether an attack counts: the owner of the model until a teacher has."""
    acting.check("change", entry.thing)
    exchange.check_open()
    staff = acting.allowed("manage", acting.STUDIO)

    def judged(found: Attack) -> Attack:
        if found.status == "removed":
            raise StudioError("error.exchange.no_picture")
        if not staff and found.final:
            raise StudioError("error.exchange.final")
        return replace(found, status="counted" if counts else "rejected", final=staff)

    return _change(exchange, entry, number, judged)


def report(exchange: Exchange, entry: Entry, number: int) -> Attack:
    """Hand an attack to the teacher: the owner of the model does not see its picture any more, and it does not count.

    Also while the exchange is stopped: nobody has to keep looking at such a picture.
    """
    acting.check("change", entry.thing)

    def reported(found: Attack) -> Attack:
        if found.final or found.status == "removed":
            raise StudioError("error.exchange.final")
        return replace(found, status="reported")

    return _change(exchange, entry, number, reported)


def remove_picture(exchange: Exchange, entry: Entry, number: int) -> Attack:
    """Remove the picture of an attack at once and for good, by a teacher or who sent it; it does not count any more,
    and still does as one of those that may be sent.
    """
    found = find(entry, number)
    acting.check("delete", acting.Thing("attack", owners=frozenset({found.person} - {""})))
    _file(entry, found).unlink(missing_ok=True)
    return _change(exchange, entry, number, lambda each: replace(each, status="removed", final=True))


def stick(exchange: Exchange, entry: Entry, sticker: str, who: str, *, on: bool) -> None:
    """Put a ``sticker`` of ``who`` on ``entry``, or take it off. Raises :class:`StudioError` where there is no such."""
    exchange.check_open()
    if sticker not in STICKERS:
        raise StudioError("error.exchange.sticker", allowed=list(STICKERS))
    if entry.owner and who == f"{PERSON}{entry.owner}":
        raise StudioError("error.exchange.own_sticker")
    with exchange.locked():
        now = kept(entry)
        mine = tuple(each for each in now.stickers.get(who, ()) if each != sticker)
        _write(exchange, entry, replace(now, stickers={**now.stickers, who: (*mine, sticker) if on else mine}))


def forget(exchange: Exchange, people: frozenset[str]) -> None:
    """Remove the attacks and the stickers of ``people``, by id, from the models of all others."""
    gone = {f"{PERSON}{id}" for id in people}
    for entry in exchange.every():
        with exchange.locked():
            now = kept(entry)
            for each in now.attacks:
                if each.who in gone:
                    _file(entry, each).unlink(missing_ok=True)
            left = tuple(each for each in now.attacks if each.who not in gone)
            stickers = {who: names for who, names in now.stickers.items() if who not in gone}
            _write(exchange, entry, StoredAttacks(left, stickers))


def look_of(picture: Image.Image) -> str:
    """64 bits that hardly differ between a picture and the same one resized, recompressed or brightened: the signs of
    differences between neighbours in a grid of 8 x 9 greys (dHash, N. Krawetz 2013).
    """
    small = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = "".join("01"[small[row * 9 + at] > small[row * 9 + at + 1]] for row in range(8) for at in range(8))
    return f"{int(bits, 2):016x}"


def _apart(one: str, other: str) -> int:
    try:
        return (int(one, 16) ^ int(other, 16)).bit_count()
    except ValueError:
        return 64


def _small(picture: Image.Image) -> bytes:
    """``picture`` anew as a small JPEG: nothing that its file said besides is kept."""
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    plain, written = Image.new("RGB", small.size), io.BytesIO()
    plain.paste(small)
    plain.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def _check_room(exchange: Exchange, now: StoredAttacks, who: str) -> None:
    each, most = exchange.limits.attacks_each, exchange.limits.attacks_all
    if each and sum(known.who == who for known in now.attacks) >= each:
        raise LimitError("attacks_each", "error.exchange.attacks", most=each)
    if most and sum(1 for _ in exchange.folder.glob(f"models/*/{PICTURES}/*.jpg")) >= most:
        raise LimitError("attacks_all", "error.exchange.full", most=most)


def _change(exchange: Exchange, entry: Entry, number: int, change: Any) -> Attack:
    with exchange.locked():
        find(entry, number)
        now = kept(entry)
        after = tuple(change(each) if each.number == number else each for each in now.attacks)
        _write(exchange, entry, replace(now, attacks=after))
    return next(each for each in after if each.number == number)


def _write(exchange: Exchange, entry: Entry, now: StoredAttacks) -> None:
    stickers = {who: list(names) for who, names in now.stickers.items() if names}
    write_json(entry.root / FILE, {"attacks": [asdict(each) for each in now.attacks], "stickers": stickers})
    exchange.changed()


def _file(entry: Entry, attack: Attack) -> Path:
    return entry.root / PICTURES / f"{attack.number}.jpg"


def _attack(values: dict[str, Any]) -> Attack | None:
    try:
        found = Attack(**{each.name: values[each.name] for each in fields(Attack) if each.name in values})
    except TypeError:
        return None
    return found if type(found.number) is int and isinstance(found.who, str) else None
