"""Inspected pictures get their classes and parts from their folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from resnet_studio.data.choices import Choices, Purpose
from resnet_studio.data.dataset import Sample
from resnet_studio.data.layout import Layout, Part, are_bare_parts
from resnet_studio.data.names import comparison_key, composed, natural, shown
from resnet_studio.data.packed import pictures_in
from resnet_studio.data.teachable import is_model
from resnet_studio.data.trainable import refuse, too_small
from resnet_studio.errors import DataError

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".rar", ".7z")
_NAMED = 10
_UNUSABLE = ("heic", "truncated", "damaged", "unsupported", "empty_file", "too_large", "too_many_bytes")


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """A usable picture; ``animated`` where only its first frame will be used."""

    name: str
    sample: Sample
    animated: bool


@dataclass
class Labelled:
    """``samples`` with their ``classes``; ``unlabelled`` pictures; what was left out, and which classes that concerns.

    ``left_out`` holds file names by reason, ``about`` class names by reason.
    """

    samples: tuple[Sample, ...]
    classes: tuple[str, ...]
    unlabelled: tuple[Sample, ...] = ()
    left_out: dict[str, list[str]] = field(default_factory=dict)
    about: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Placed:
    inspected: InspectedFile
    inner: str
    kind: str
    part: Part | None


def label(
    inspected: Sequence[InspectedFile],
    layout: Layout,
    left_out: dict[str, list[str]],
    choices: Choices,
    purpose: Purpose,
    name: str,
) -> Labelled:
    """The pictures that lie in a class, sorted and labelled; the others go to ``left_out``.

    Raises :class:`DataError` where a data set called ``name`` does not serve its ``purpose``.
    """
    placed, unlabelled, loose = _placed(inspected, layout)
    unlabelled.sort(key=lambda sample: natural(sample.name))
    learnt = {each.kind for each in placed if each.part in (None, "train")}
    if choices.join_alike:
        placed, learnt = _joined(placed, learnt)
    kept = [each for each in placed if each.kind in learnt]
    unknown = [each for each in placed if each.kind not in learnt]
    left_out.setdefault("unknown_class", []).extend(each.inner for each in unknown)
    left_out.setdefault("animated", []).extend(each.inner for each in kept if each.inspected.animated)
    left_out.setdefault("unlabelled", []).extend(sample.name for sample in unlabelled)
    _classify(loose, {each.inspected.sample.content for each in kept}, left_out)
    classes = tuple(sorted(learnt, key=natural))
    labels = {kind: index for index, kind in enumerate(classes)}
    samples = tuple(
        sorted(
            (replace(each.inspected.sample, name=each.inner, label=labels[each.kind], part=each.part) for each in kept),
            key=lambda sample: (sample.label, sample.name),
        )
    )
    about = {"unknown_class": tuple(sorted({each.kind for each in unknown}, key=natural))}
    found = Labelled(samples, classes, tuple(unlabelled), left_out, about)
    if choices.leave_out_single:
        found = _without_single(found)
    _check(found, choices, purpose, name, _unusable(left_out, layout, learnt))
    return found


def _unusable(left_out: Mapping[str, Sequence[str]], layout: Layout, learnt: set[str]) -> dict[str, list[str]]:
    """By reason, the folders that would be classes if a single one of their pictures could be used."""
    found = {}
    for fault in _UNUSABLE:
        kinds = {layout.place(file)[1] for file in left_out.get(fault, ())}
        found[fault] = sorted({composed(kind) for kind in kinds if kind is not None} - learnt)
    return found


def _placed(
    inspected: Iterable[InspectedFile], layout: Layout
) -> tuple[list[_Placed], list[Sample], list[tuple[str, str, str]]]:
    """Pictures with a class, pictures without labels, and of others the reason, the name and the content."""
    placed: list[_Placed] = []
    unlabelled: list[Sample] = []
    loose: list[tuple[str, str, str]] = []
    for picture in inspected:
        inner, kind, part = layout.place(picture.name)
        if kind is not None:
            placed.append(_Placed(picture, inner, composed(kind), part))
            continue
        reason = layout.reason(picture.name)
        if reason == "unlabelled":
            unlabelled.append(replace(picture.sample, name=inner, label=-1, part=part))
        else:
            loose.append((reason, inner, picture.sample.content))
    return placed, unlabelled, loose


def _joined(placed: Sequence[_Placed], learnt: set[str]) -> tuple[list[_Placed], set[str]]:
    """The same, with classes of equivalent names merged under the name used in training."""
    known_as: dict[str, str] = {}
    for kind in sorted(learnt, key=natural):
        known_as.setdefault(comparison_key(kind), kind)
    return [replace(each, kind=known_as.get(comparison_key(each.kind), each.kind)) for each in placed], set(
        known_as.values()
    )


def _classify(loose: Iterable[tuple[str, str, str]], used: set[str], left_out: dict[str, list[str]]) -> None:
    for reason, inner, content in loose:
        again = reason == "outside" and content in used
        left_out.setdefault("repeated" if again else reason, []).append(inner)


def _without_single(found: Labelled) -> Labelled:
    """The same without the classes that cannot be validated."""
    small = set(too_small(found.samples, found.classes).classes)
    if not small:
        return found
    classes = tuple(kind for kind in found.classes if kind not in small)
    labels = {index: classes.index(kind) for index, kind in enumerate(found.classes) if kind in classes}
    kept = tuple(replace(each, label=labels[each.label]) for each in found.samples if each.label in labels)
    out = [sample.name for sample in found.samples if sample.label not in labels]
    return replace(
        found,
        samples=kept,
        classes=classes,
        left_out={**found.left_out, "single_class": out},
        about={**found.about, "single_class": tuple(kind for kind in found.classes if kind in small)},
    )


def _check(
    found: Labelled, choices: Choices, purpose: Purpose, name: str, unusable: Mapping[str, Sequence[str]]
) -> None:
    """Refuse what nothing can be learnt from, or measured on."""
    classes, left_out = found.classes, found.left_out
    if not classes:
        _refuse_nothing(left_out, name)
    if choices.layout == "auto" and are_bare_parts(classes):
        raise DataError("error.data.bare_parts", name=shown(name), folders=list(classes))
    if purpose == "score":
        return
    if len(classes) == 1:
        for key, faults in (("heic_class", ("heic",)), ("unusable_class", _UNUSABLE)):
            others = sorted({shown(kind) for fault in faults for kind in unusable[fault]})
            if others:
                raise DataError(f"error.data.{key}", name=shown(name), found=shown(classes[0]), others=others)
        raise DataError("error.data.one_class", name=shown(name), found=shown(classes[0]))
    if purpose == "train":
        refuse(too_small(found.samples, classes), classes)


_ALONE = ("heic", "odd_name", "unreadable", "truncated")
"""Reasons to leave files out that say what to do where all were left out for it."""


def _refuse_nothing(left_out: Mapping[str, Sequence[str]], name: str) -> None:
    """Say why there is not a single picture in a class."""
    loose = [file for kind in ("no_class", "outside", "unlabelled", "mask") for file in left_out.get(kind, ())]
    skipped = sum(len(files) for kind, files in left_out.items() if kind != "junk")
    archives = [file for file in left_out.get("not_a_picture", ()) if file.lower().endswith(_ARCHIVES)]
    for kind in _ALONE:
        if len(left_out.get(kind, ())) == skipped > 0:
            raise DataError(f"error.data.only_{kind}", name=shown(name), count=skipped)
    if left_out.get("link") and not loose:
        raise DataError("error.data.only_links", name=shown(name))
    if not loose and is_model(file for kind in left_out for file in left_out[kind]):
        raise DataError("error.data.teachable_model", name=shown(name))
    if not loose and (packed := pictures_in(left_out.get("not_a_picture", ()), name)):
        raise packed
    if archives and not loose:
        names = [shown(file) for file in archives[:_NAMED]]
        raise DataError("error.data.archives_inside", name=shown(name), count=len(archives), archives=names)
    key = "error.data.loose" if loose else "error.data.no_pictures" if skipped else "error.data.empty"
    raise DataError(key, name=shown(name), count=len(loose) or skipped)
