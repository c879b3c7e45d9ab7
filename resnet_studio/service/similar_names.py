"""A new class whose name a reader takes for that of one that is there: asked about before it is made."""

from __future__ import annotations

from collections.abc import Iterable

from resnet_studio.data.names import comparison_key, composed, shown
from resnet_studio.errors import DataError


class SimilarNameError(DataError):
    """A name that was asked for, ``label``, is spelt almost like the class ``known``."""

    def __init__(self, label: str, known: str) -> None:
        super().__init__("error.edit.similar_class", found=shown(label), known=shown(known))
        self.label, self.known = label, known


def check_similar(given: str, replaced: Iterable[str], classes: Iterable[str]) -> None:
    """Raise :class:`SimilarNameError` where the class ``given`` would be a new one beside one of ``classes`` that is
    called the same but for case, blanks and the like; those that are ``replaced`` by it do not count.
    """
    label, here, gone = composed(given.strip()), set(classes), set(replaced)
    if not label or label in here:
        return
    for known in sorted(here - gone):
        if comparison_key(known) == comparison_key(label):
            raise SimilarNameError(label, known)
