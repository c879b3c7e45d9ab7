"""The certificate of an exported model: whether it answers as the studio does, measured in a process of its own.

The lines of code that go with a file are run by a fresh Python, without this package, on validation and test pictures.
What they answer is compared with what the studio answers.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.errors import ExportError
from resnet_studio.evaluation.certificate import Certificate, digest, size
from resnet_studio.evaluation.report import wilson_interval
from resnet_studio.prediction import Prediction, Predictor
from resnet_studio.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Sample, Split
    from resnet_studio.model.card import Card
    from resnet_studio.model.exports.formats import Format

MOST_PICTURES = 1000
TIMED = 30
UNLIKE_COMPARED = 100
_SECONDS = 1800
_TRIES = 2
"""A program that the system ended, as where memory is short for a moment, is run once more."""

_HARNESS = """
import json, runpy, sys, time
code, listed, found = sys.argv[1:]
given = json.load(open(listed, encoding="utf-8"))
used = runpy.run_path(code)
predict, answers, seconds, unknown = used["predict"], [], [], []
for path in given["files"]:
    began = time.perf_counter()
    try:
        scores = dict(predict(path))
    except Exception as error:
        answers.append(None)
        print(f"{path}: {error!r}", file=sys.stderr)
        continue
    seconds.append(time.perf_counter() - began)
    answers.append(scores)
for path in given["files"][: given["unlike"]] if "unknown" in used else ():
    try:
        unknown.append(bool(used["unknown"](path)))
    except Exception:
        unknown.append(None)
own = any(name.split(".")[0] == "resnet_studio" for name in sys.modules)
with open(found, "w", encoding="utf-8") as file:
    found = {"answers": answers, "seconds": seconds, "own": own, "unknown": unknown}
    json.dump({**found, "classes": list(used.get("CLASSES", []))}, file)
"""


def certify(
    exported: Path, format: Format, checkpoint: Path, pictures: Sequence[tuple[Path, int | None, str]]
) -> Certificate:
    """Measure the ``exported`` file against the studio's answers by ``checkpoint``.

    ``pictures`` are (file, label, part of the split). The file is not judged: see :attr:`Certificate.problem`. Raises
    :class:`ExportError` where its code does not run at all.
    """
    predictor = Predictor(checkpoint, "cpu")
    card, files = predictor.card, [path for path, _, _ in pictures]
    answered = _answers(exported, format.code(card, exported.name), files)
    theirs = _matrix(_as_named(answered, format.classes(exported)), card.classes)
    ours, app_unknown, app_seconds = _own(predictor, files)
    readable = np.isfinite(ours).all(1)
    both: NDArray[np.bool_] = np.logical_and(readable, np.isfinite(theirs).all(1))
    a, b = ours[both], theirs[both]
    scored_on, scored, labels = _scored(pictures, both)
    accuracy, interval = _accuracy(b[scored], labels[scored])
    app_accuracy, app_interval = _accuracy(a[scored], labels[scored])
    return replace(
        unchecked(exported, format, card),
        pictures=int(both.sum()),
        agreement=float((a.argmax(1) == b.argmax(1)).sum() / readable.sum()) if readable.any() else None,
        largest_difference=float(np.abs(a - b).max()) if len(a) else None,
        scored_on=scored_on,
        accuracy=accuracy,
        interval=interval,
        app_accuracy=app_accuracy,
        app_interval=app_interval,
        milliseconds=_median(answered["seconds"]),
        app_milliseconds=_median(app_seconds),
        unreadable=len(pictures) - int(both.sum()),
        checked=True,
        unknown_agreement=_same(answered["unknown"], app_unknown),
        answered=_answered(pictures, theirs, answered["unknown"]),
        scored=int(scored.sum()),
    )


def _as_named(answered: dict[str, Any], named: Sequence[str] | None) -> list[dict[str, float] | None]:
    """The answers by the classes that the file itself has ``named``, since programs read those; none where it has not
    as many as it gives answers.
    """
    answers: list[dict[str, float] | None] = answered["answers"]
    used = answered["classes"]
    if named is None or not used or list(named) == used:
        return answers
    if len(named) != len(used):
        return [None] * len(answers)
    other = dict(zip(used, named, strict=True))
    return [each and {other[label]: score for label, score in each.items()} for each in answers]


def _answered(
    pictures: Sequence[tuple[Path, int | None, str]], theirs: NDArray[np.float64], unknown: Sequence[bool | None]
) -> dict[str, Any] | None:
    """What the file answered to validation pictures, else to test pictures; ``unknown`` is that of the first ones."""
    parts = [part for _, _, part in pictures]
    part = next((part for part in ("validation", "test") if part in parts), None)
    rows = [at for at, each in enumerate(parts) if each == part and np.isfinite(theirs[at]).all()]
    if part is None or not rows:
        return None
    looked = [bool(each) for each in unknown if each is not None]
    counts = np.bincount(theirs[rows].argmax(1), minlength=theirs.shape[1]).tolist()
    return {"counts": counts, "unknown": sum(looked), "seen": len(looked)}


def unchecked(exported: Path, format: Format, card: Card) -> Certificate:
    """What there is to say of a file that was not run."""
    return Certificate(
        format=format.name, file=exported.name, sha256=digest(exported), megabytes=round(size(exported) / 1e6, 2),
        pictures=0, agreement=None, largest_difference=None, scored_on="", accuracy=None, interval=None,
        app_accuracy=None, app_interval=None, milliseconds=None, app_milliseconds=None, unreadable=0,
        lossy=format.lossy, checked=False, created=datetime.now(UTC).isoformat(timespec="seconds"),
        studio_version=__version__, network=card.network.name, run=card.run,
    )  # fmt: skip


def _scored(
    pictures: Sequence[tuple[Path, int | None, str]], both: NDArray[np.bool_]
) -> tuple[str, NDArray[np.bool_], NDArray[np.int64]]:
    """The part that is scored, which of the rows of ``both`` are of it, and their labels."""
    labels = np.array([-1 if label is None else label for _, label, _ in pictures])[both]
    parts = np.array([part for _, _, part in pictures])[both]
    part = next((part for part in ("test", "validation") if (parts == part).any()), "")
    return part, (parts == part) & (labels >= 0), labels


def pictures_of(split: Split, most: int = MOST_PICTURES) -> list[tuple[Path, int | None, str]]:
    """The test and validation pictures of ``split``, at most so many, the same ones each time."""
    found: list[tuple[Path, int | None, str]] = []
    for part, samples in (("test", split.test), ("validation", split.validation)):
        there = [(split.path(each), each.label, part) for each in _some(samples, most - len(found))]
        found += [each for each in there if each[0].is_file()]
    return found


def made_pictures(folder: Path, side: int, count: int = 32) -> list[tuple[Path, int | None, str]]:
    """Pictures of coarse noise in ``folder``, without labels: for a model whose own pictures are gone."""
    from PIL import Image

    random, made = np.random.default_rng(0), []
    for at in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (4 + at % 5, 4 + at % 7, 3), dtype=np.uint8))
        made.append(folder / f"made-{at}.png")
        coarse.resize((side + at, side + 2 * at), Image.Resampling.BICUBIC).save(made[-1])
    return [(path, None, "made") for path in made]


def _some(samples: Sequence[Sample], most: int) -> Sequence[Sample]:
    if len(samples) <= most:
        return samples
    return [samples[at * len(samples) // most] for at in range(max(0, most))]


def _answers(exported: Path, code: str, files: Sequence[Path]) -> dict[str, Any]:
    """What the ``code`` says of ``files`` in a fresh Python, in the folder of the exported file."""
    with tempfile.TemporaryDirectory(prefix="resnet-studio-") as name:
        folder = Path(name)
        for file, content in (("model_code.py", code), ("harness.py", _HARNESS)):
            (folder / file).write_text(content, encoding="utf-8")
        (folder / "files.json").write_text(
            json.dumps({"files": [str(path.resolve()) for path in files], "unlike": UNLIKE_COMPARED})
        )
        arguments = [folder / "harness.py", folder / "model_code.py", folder / "files.json", folder / "found.json"]
        environment = {**os.environ, "PYTHONPATH": "", "PYTHONIOENCODING": "utf-8", "OMP_WAIT_POLICY": "PASSIVE"}
        for _ in range(_TRIES):
            ran = subprocess.run(
                [sys.executable, "-I", *map(str, arguments)], cwd=exported.resolve().parent, env=environment,
                capture_output=True, timeout=_SECONDS, check=False,
            )  # fmt: skip
            if ran.returncode >= 0:
                break
        try:
            found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ExportError("error.export.does_not_run", file=exported.name, problem=_problem(ran)) from error
    assert not found["own"], "the exported code must not need this package"
    return found


def _problem(ran: subprocess.CompletedProcess[bytes]) -> str:
    """Why a program ended: what it said last, else the signal that ended it, such as that of a system out of memory."""
    said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
    if said and ran.returncode >= 0:
        return said[-1]
    with suppress(ValueError):
        return signal.Signals(-ran.returncode).name
    return said[-1] if said else str(ran.returncode)


def _same(theirs: Sequence[bool | None], ours: Sequence[bool | None]) -> float | None:
    """The share of pictures of which both say alike whether they are of none of the classes."""
    both = [(a, b) for a, b in zip(theirs, ours, strict=False) if a is not None and b is not None]
    return sum(a == b for a, b in both) / len(both) if both else None


def _own(predictor: Predictor, files: Sequence[Path]) -> tuple[NDArray[np.float64], list[bool | None], list[float]]:
    """The studio's probabilities [N, classes], rows of NaN where a picture cannot be read; which of them it takes for
    none of the classes; and some times.
    """
    import time

    answers = predictor(files)
    rows = [dict(answer.scores) if isinstance(answer, Prediction) else None for answer in answers]
    seconds = []
    for path in files[:TIMED]:
        began = time.perf_counter()
        predictor([path])
        seconds.append(time.perf_counter() - began)
    unknown = [answer.unknown if isinstance(answer, Prediction) else None for answer in answers]
    return _matrix(rows, predictor.card.classes), unknown, seconds


def _matrix(rows: Sequence[dict[str, float] | None], classes: Sequence[str]) -> NDArray[np.float64]:
    unknown = [float("nan")] * len(classes)
    values = [unknown if row is None else [row.get(name, float("nan")) for name in classes] for row in rows]
    return np.array(values, dtype=np.float64).reshape(len(rows), len(classes))


def _accuracy(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> tuple[float | None, tuple[float, float] | None]:
    if not len(labels):
        return None, None
    right = int((probabilities.argmax(1) == labels).sum())
    return right / len(labels), wilson_interval(right, len(labels))


def _median(seconds: Sequence[float]) -> float | None:
    return round(1000 * float(np.median(seconds)), 2) if seconds else None
