"""What the names in a zip were meant to be.

APPNOTE.TXT 4.4.4 marks UTF-8 by a flag, 4.6.9 puts a Unicode name into the field 0x7075. Without either the names are
in the code page of the machine that packed them, which nothing says: it is guessed, and the guess is shown.
"""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_UNICODE_PATH = 0x7075
_UTF8_FLAG = 0x800
_CJK = ("gbk", "big5", "cp932", "cp949")
_GUESSED = (
    "gbk", "cp949", "big5", "cp932", "cp866", "cp437", "cp850", "cp852", "cp1251", "cp1252", "cp737", "cp857", "cp862",
    "cp864", "cp874",
)  # fmt: skip
_WINDOWS = (*_CJK, "cp1251", "cp1252", "cp874")
# one table of letters for each of these: how far a word all in them is to be trusted
_SCRIPTS = {"CYRILLIC": 0.85, "GREEK": 0.7, "HEBREW": 0.5, "ARABIC": 0.5, "THAI": 0.5}
_OTHERS_SHOWN = 4
_UNLIKELY = 0.25
_SAMPLE = 400
# the commonest 200 or so of 11,172 syllables make up most of any Korean text
_HANGUL = frozenset(
    "가각간갈감강개거건걸검것게겨결경계고곡골공과관광괴교구국군권귀규그근글금급기긴길김까깨꽃나낙난날남내너네노녹논농눈느는늘능니다단달담당대더도독돌동되두드득"
    "든들등디따또라란람랑래러려력련령로록론료루류르른를름리린림마막만말망매머먹면명모목몬무문물미민바박반발방배백버번벌범베별병보복본봉부북분불비빈빨사산살삼상"
    "새색생서석선설성세소손솔송쇠수숙순술숭스슬습승시식신실심싱아악안알암앙애야약양어억언얼엄업에여역연열염영예오옥온올와왕외요용우운울원월위유육은을음의이인일임"
    "입잎자작잔잠장재저적전절점정제조족존종좋주죽준줄중쥐즈증지직진질짐집차참창채책처천철첫청체초총추축춘출충치친칠카커코콩크키타탄태터토통투트특티파판팔팽퍼평포폭표"
    "푸품풀프피하학한할함항해행향허현형호화환황회후훈휴흑흰희히고양강아지토끼굴돼닭뱀곰쥐"
)


@dataclass(frozen=True)
class Guess:
    """The names that did not say their encoding: their ``raw`` bytes by what they were taken for, in ``encoding``."""

    encoding: str
    raw: Mapping[str, bytes]

    def others(self) -> list[str]:
        """Other encodings that all the names can be in, the likeliest first."""
        ranked = _ranked(list(self.raw.values()))
        return [encoding for encoding in ranked if encoding != self.encoding][:_OTHERS_SHOWN]


def entry_names(infos: Sequence[zipfile.ZipInfo], encoding: str = "auto") -> tuple[list[str], Guess | None]:
    """The names of the entries ``infos``, and what of them is a guess.

    ``encoding`` is used instead of guessing unless it is ``auto``. The part behind a NUL, which the zip module cuts
    off, is kept, so that the name is refused. ``UnicodeDecodeError`` where a name cannot be in ``encoding``.
    """
    said = [_declared_name(info) for info in infos]
    raw = [info.orig_filename.encode("cp437") if name is None else b"" for info, name in zip(infos, said, strict=True)]
    unsaid = list(dict.fromkeys(name for name, known in zip(raw, said, strict=True) if known is None))
    if not unsaid:
        return _plain([name or "" for name in said]), None
    if encoding == "auto":
        encoding = next(iter(_ranked(unsaid)), "")
    read = [_decoded(each, encoding) if name is None else name for each, name in zip(raw, said, strict=True)]
    names = _plain(read)
    return names, Guess(encoding or "cp437", {name: each for name, each in zip(names, raw, strict=True) if each})


def likely_encoding(words: Sequence[bytes]) -> str:
    """The code page of Windows that makes words of all these ``words``; empty where none does."""
    return next((encoding for encoding in _ranked(words) if encoding in _WINDOWS), "")


def _declared_name(info: zipfile.ZipInfo) -> str | None:
    """The name where the entry itself, or its bytes, say what it is."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_FLAG:
        return name
    raw = name.encode("cp437")
    if (unicode_path := _unicode_path(info.extra, raw)) is not None:
        return unicode_path
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in the Unicode path field; nothing where it is not of this name any more."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BL", 1, zlib.crc32(raw)) and len(field) > 5:
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _plain(names: list[str]) -> list[str]:
    """Names with ``/`` between folders, and without a ``./`` before every one of them; nothing else is repaired.

    Windows PowerShell 5 writes backslashes throughout; an archive that has both signs is left to be refused.
    """
    if not any("/" in name for name in names):
        names = [name.replace("\\", "/") for name in names]
    if names and all(name.startswith("./") for name in names):
        names = [name[2:] for name in names]
    return names


def _decoded(raw: bytes, encoding: str) -> str:
    if encoding:
        return raw.decode(encoding)
    # no single encoding fits all of them: each for itself
    return raw.decode(next(iter(_ranked([raw])), "cp437"))


def _ranked(names: Sequence[bytes], least: float = 0.3) -> list[str]:
    """The encodings that all of ``names`` can be in and that make words of them, the likeliest first.

    ``least`` is the score that the likeliest has to have.
    """
    scores: dict[str, float] = {}
    for encoding in _GUESSED:
        try:
            texts = [name.decode(encoding) for name in names]
        except UnicodeDecodeError:
            continue
        score = _score(texts[:_SAMPLE], encoding)
        if score >= _UNLIKELY:
            scores[encoding] = score
    found = sorted(scores, key=lambda encoding: -scores[encoding])
    return found if found and scores[found[0]] >= least else []


def _score(texts: Iterable[str], encoding: str) -> float:
    """How much the letters outside of ASCII look like words: 1 where all are common letters of one alphabet."""
    weights = [weight for text in texts for word in _words(text) for weight in _weights(word, encoding)]
    return sum(weights) / len(weights) if weights else 0.0


def _words(text: str) -> list[str]:
    return [
        word for word in "".join(c if c not in "/\\. _-()[],;" else " " for c in text).split() if not word.isascii()
    ]


def _weights(word: str, encoding: str) -> list[float]:
    foreign = [letter for letter in word if not letter.isascii()]
    latin = any(letter.isascii() and letter.isalpha() for letter in word)
    if encoding in _CJK:
        return [_cjk(letter, encoding) * (0.4 if latin else 1) for letter in foreign]
    scripts = {unicodedata.name(letter, "?").split(" ")[0] for letter in foreign}
    if scripts & _SCRIPTS.keys():
        # letters of two alphabets in one word, or capitals after small letters, are no word
        odd = latin or len(scripts) > 1 or not (word.islower() or word.isupper() or word.istitle() or not _cased(word))
        usual = _SCRIPTS[scripts.pop()] if len(scripts) == 1 else 0.0
        usual -= 0.25 if len(word) < 3 or word.isupper() else 0
        return [0.1 if odd else usual] * len(foreign)
    accented = [letter.isalpha() and "LATIN" in unicodedata.name(letter, "") for letter in foreign]
    # accents are rare among the letters of a word
    rare = sum(letter.isascii() and letter.isalpha() for letter in word) >= len(foreign)
    return [(0.6 if rare else 0.2) if good else 0.0 for good in accented]


def _cased(word: str) -> bool:
    return word.lower() != word.upper()


def _cjk(letter: str, encoding: str) -> float:
    try:
        raw = letter.encode(encoding)
    except UnicodeEncodeError:
        return 0.0
    lead = raw[0]
    if encoding == "cp949":
        if "\uac00" <= letter <= "\ud7a3":
            return 1.0 if letter in _HANGUL else 0.35
        return 0.1
    if encoding == "cp932":
        if "\u3041" <= letter <= "\u30fe":
            return 1.0
        if len(raw) == 1:
            return 0.05
        return 0.7 if 0x88 <= lead <= 0x97 else 0.1
    common = 0xB0 <= lead <= 0xD7 and raw[-1] >= 0xA1 if encoding == "gbk" else 0xA4 <= lead <= 0xC6
    return 0.8 if common else 0.1
