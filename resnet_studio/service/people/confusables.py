"""What names look like: two that cannot be told apart by eye must not be two people.

Unicode's own table of confusable signs (UTS #39) is much longer; here are the letters of Cyrillic, Greek and Armenian
that most fonts draw as Latin ones, what fonts draw as one stroke, and what they do not draw at all.
"""

from __future__ import annotations

import re
import unicodedata

MOST_MARKS = 4
"""No writing puts more marks on one letter; a heap of them covers the lines above and below."""
_UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_LATIN = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u04ae\u0425\u051a\u051c"
    "\u0430\u0435\u0455\u0456\u0458\u043a\u043e\u0440\u0441\u0443\u04af\u0445\u04bb\u0501\u051b\u051d\u04cf\u0391"
    "\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03bd\u03b9\u03bf\u03ba"
    "\u03c1\u03c5\u03c7\u0585\u0251\u0261\u0131I1|0",
    "ABESlJKMHOPCTYYXQWaesijkopcyyxhdqwlABEZHlKMNOPTYXaviokpuxoagilllo",
)


def seen(name: str) -> str:
    """``name`` without what is not drawn."""
    return _UNSEEN.sub("", name)


def look(name: str) -> str:
    """What names have in common that look the same."""
    plain = seen(unicodedata.normalize("NFKC", name)).translate(_LATIN)
    return "".join(plain.casefold().split())


def is_heap(name: str) -> bool:
    """Whether ``name`` has more marks on one letter than any writing has."""
    run = 0
    for each in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.combining(each) else 0
        if run > MOST_MARKS:
            return True
    return False
