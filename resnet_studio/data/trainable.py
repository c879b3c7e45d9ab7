"""Whether a network can be trained and validated on a data set."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from resnet_studio.data.dataset import Dataset, Sample
from resnet_studio.data.names import comparison_key, shown
from resnet_studio.errors import DataError

_NAMED = 40


@dataclass(frozen=True)
class TooSmall:
    """Classes that cannot be validated: those with a ``single`` picture, and those with ``copies`` of one."""

    single: tuple[str, ...] = ()
    copies: tuple[tuple[str, int], ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.single, *(name for name, _ in self.copies))


def too_small(samples: Sequence[Sample], classes: Sequence[str]) -> TooSmall:
    """The classes whose training pictures cannot be cut in two; none where validation pictures are preset."""
    if any(sample.part == "validation" for sample in samples):
        return TooSmall()
    different: dict[int, set[str]] = defaultdict(set)
    pictures: Counter[int] = Counter()
    for sample in samples:
        if sample.part in (None, "train"):
            different[sample.label].add(sample.content or sample.file)
            pictures[sample.label] += 1
    lacking = [label for label in range(len(classes)) if len(different[label]) < 2]
    return TooSmall(
        tuple(classes[label] for label in lacking if pictures[label] < 2),
        tuple((classes[label], pictures[label]) for label in lacking if pictures[label] > 1),
    )


def check_trainable(dataset: Dataset) -> None:
    """Raise :class:`DataError` where ``dataset`` has one class only, or classes that cannot be validated."""
    if len(dataset.classes) == 1:
        raise DataError("error.data.one_class", name=shown(dataset.name), found=shown(dataset.classes[0]))
    refuse(too_small(dataset.samples, dataset.classes), dataset.classes)


def refuse(found: TooSmall, classes: Sequence[str]) -> None:
    """Raise :class:`DataError` that names all ``classes`` that are too small; nothing where there are none.

    Where one of them is called nearly as another class, it names these two.
    """
    called = {name: comparison_key(name) for name in classes}
    for name in found.classes:
        others = [other for other in classes if other != name and called[other] == called[name]]
        if others:
            raise DataError("error.data.single_alike", found=shown(name), other=shown(others[0]))
    if len(found.classes) > 1:
        names = [shown(name) for name in found.classes[:_NAMED]]
        more = len(found.classes) - len(names)
        key = "error.data.single_pictures" if not more else "error.data.single_pictures_more"
        raise DataError(key, count=len(found.classes), classes=names, more=more)
    for name in found.single:
        raise DataError("error.data.single_picture", found=shown(name), count=1)
    for name, count in found.copies:
        raise DataError("error.data.same_picture", found=shown(name), count=count)
