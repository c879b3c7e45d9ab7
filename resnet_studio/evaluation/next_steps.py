"""What to do next: at most three steps, the most promising first, each with its reason and its command.

Nothing is computed here: a step follows from the report, the log and the parts that are stored by now, so that it is
looked at anew each time. ``gain`` is a rough number of points of accuracy by which steps are ordered.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from resnet_studio.errors import RunError, StudioError
from resnet_studio.evaluation.groups import GROUPS
from resnet_studio.evaluation.missed import NEVER_PREDICTED
from resnet_studio.evaluation.paired_tests import surely_fewer, uncounted
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.report import Report, wilson_interval
from resnet_studio.text import Language, say, say_recorded
from resnet_studio.workspace import Run

MOST = 3
WIDE = 0.15
HALF_WIDTH = 0.05
OVERFITTED = 0.15
RUNS_COMPARED = 20
LEAST_KEPT, FEW_KNOWN = 0.1, 2_000
FINAL_FIT_POINTS = 0.4
"""What training on 15 % more pictures gained on average, in points, of three sets of up to 1,655 pictures."""
FOLDS, FROZEN = 5, "layer3"


@dataclass(frozen=True)
class NextStep:
    """A step of this ``kind``; ``values`` fill its text and say what a page selects, ``command`` is a line to type."""

    kind: str
    values: Mapping[str, Any]
    command: str
    gain: float = field(default=0.0, compare=False)

    def text(self, language: Language = "en") -> str:
        """What to do, and why."""
        return say(f"next.{self.kind}", language, **{**self.values, **self._words(language)})

    def _words(self, language: Language) -> dict[str, str]:
        """Values that are the names of changes and places, in words; as they are where there are none."""
        keys = {
            "change": f"robustness.{self.values.get('change')}.how",
            "place": f"shortcut.place.{self.values.get('place')}",
        }
        said = {name: say_recorded(key, language, {}) for name, key in keys.items() if name in self.values}
        return {name: text for name, text in said.items() if text != keys[name]}

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a training that the step changes; ``folds`` means a cross-validation. Empty where it is not
        about settings.
        """
        asked: Mapping[str, dict[str, Any]] = {
            "more_epochs": {"epochs": self.values.get("more")},
            "overfitted": {"freeze": FROZEN},
            "fragile": {"augmentation": "strong"},
            "together": {"groups": self.values.get("by")},
            "small_test": {"folds": FOLDS},
            "final_fit": {"final_fit": True},
        }
        return dict(asked.get(self.kind, {}))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, the text in English."""
        return {
            "kind": self.kind, "text": self.text(), "command": self.command, "values": dict(self.values),
            "settings": self.settings,
        }  # fmt: skip


class NextStepsPart(Part[tuple[NextStep, ...]]):
    """The three most promising steps; never stored, since other parts become known later."""

    name = "next_steps"

    def load(self, report: RunReport) -> tuple[NextStep, ...] | None:  # noqa: ARG002
        """None: see :class:`NextStepsPart`."""
        return None

    def store(self, report: RunReport, value: tuple[NextStep, ...]) -> None:
        """Nothing is stored."""

    def compute(self, report: RunReport) -> tuple[NextStep, ...] | None:
        """See :class:`Part`."""
        if report.report is None:
            return None
        found = sorted(_all(report, report.report), key=lambda step: -step.gain)
        return tuple(found[:MOST])

    def to_json(self, value: tuple[NextStep, ...]) -> list[dict[str, Any]]:
        """See :class:`Part`."""
        return [step.to_json() for step in value]

    def from_json(self, stored: Any) -> tuple[NextStep, ...]:
        """See :class:`Part`."""
        return tuple(NextStep(row["kind"], row["values"], row["command"]) for row in stored)


NEXT_STEPS = NextStepsPart()


def _all(report: RunReport, scores: Report) -> Iterator[NextStep]:
    yield from _never_predicted(report, scores)
    yield from _more_pictures(report, scores)
    yield from _suspects(report, scores)
    yield from _shortcut(report)
    yield from _fragile(report)
    yield from _uneven_groups(report, scores)
    yield from _kept_apart(report)
    yield from _small_test(report, scores)
    yield from _training(report)
    yield from _validation_pictures(report)
    yield from _smaller_network(report)


def _never_predicted(report: RunReport, scores: Report) -> Iterator[NextStep]:
    if names := report.get(NEVER_PREDICTED):
        share = sum(row.support for row in scores.per_class if row.name in names) / scores.count
        values = {"name": names[0], "count": len(names)}
        yield NextStep("never_predicted", values, _command("tables", report.run.id), 50 * share + 1)


def _more_pictures(report: RunReport, scores: Report) -> Iterator[NextStep]:
    """From the forecast; before there is one, for the class whose recall is surely below the accuracy."""
    curves = stored(report, "forecast")
    if isinstance(curves, dict) and curves.get("overall"):
        support = {row.name: row.support / scores.count for row in scores.per_class}
        worth = [curve for curve in (*curves["weakest"], curves["overall"]) if curve["verdict"] == "gain"]
        for curve in sorted(worth, key=lambda each: -each["advice"]["gain"] * support.get(each["name"], 1.0))[:1]:
            advice, name = curve["advice"], curve["name"]
            values = {"name": name, "extra": advice["extra"], "gain": f"{100 * advice['gain']:.1f}"}
            kind = "more_of_class" if name else "more_pictures"
            points = 100 * advice["gain"] * support.get(name, 1.0)
            yield NextStep(kind, values, _command("label-next", report.run.id, "FOLDER"), points)
        return
    weak = [
        row for row in scores.per_class
        if row.support and wilson_interval(row.correct, row.support)[1] < scores.accuracy
    ]  # fmt: skip
    if weak:
        row = min(weak, key=lambda each: each.correct / each.support)
        values = {"name": row.name, "correct": row.correct, "count": row.support}
        missed = 100 * (row.support - row.correct) / scores.count
        yield NextStep("weak_class", values, _command("report", report.run.id, "--parts", "forecast"), missed / 3)


def _suspects(report: RunReport, scores: Report) -> Iterator[NextStep]:
    found = stored(report, "suspects")
    estimate = found.get("estimate", 0) if isinstance(found, dict) else 0
    if isinstance(estimate, int) and estimate > 0:
        pictures = sum(report.run.about.get("counts", {}).values()) or scores.count
        values = {"count": estimate}
        yield NextStep("suspects", values, _command("review", report.run.id), 100 * estimate / pictures)


def _shortcut(report: RunReport) -> Iterator[NextStep]:
    found = stored(report, "shortcut", least=2)  # the first version named corners of sets without a mark
    called = found.get("called") if isinstance(found, dict) else None
    if called:
        yield NextStep("shortcut", {"place": str(called[0])}, _command("report", report.run.id), 20)


def _fragile(report: RunReport) -> Iterator[NextStep]:
    found = stored(report, "robustness")
    fragile = found.get("fragile") if isinstance(found, dict) else None
    if isinstance(fragile, dict) and isinstance(fragile.get("drop"), float) and isinstance(found.get("count"), int):
        if not surely_fewer(*uncounted(fragile, found["count"])):  # stored before this was asked
            return
        values = {"change": str(fragile["kind"]), "drop": f"{100 * fragile['drop']:.0f}"}
        command = _command("train", _data(report), "--augmentation", "strong")
        yield NextStep("fragile", values, command, 100 * fragile["drop"] / 4)


def _uneven_groups(report: RunReport, scores: Report) -> Iterator[NextStep]:
    for column in report.get(GROUPS) or ():
        if column.verdict == "real":
            worst = column.groups[0]
            values = {"column": column.name or column.kind, "name": worst.value, "share": worst.accuracy,
                      "other": scores.accuracy, "count": worst.count}  # fmt: skip
            points = 100 * (scores.accuracy - worst.accuracy) * worst.count / scores.count
            yield NextStep("group", values, _command("report", report.run.id), points)
            return


def _kept_apart(report: RunReport) -> Iterator[NextStep]:
    """Series on several sides of the split: the score says nothing of new objects."""
    notes = report.run.state().notes
    for note in notes:
        if note.key == "note.groups.series":
            by = str(note.values.get("by", "name"))
            values = {"groups": int(note.values.get("groups", 0)), "by": by}
            yield NextStep("together", values, _command("train", _data(report), "--groups", by), 15)
            return


def _small_test(report: RunReport, scores: Report) -> Iterator[NextStep]:
    low, high = scores.interval
    if high - low <= WIDE:
        return
    accuracy = min(0.95, max(0.5, scores.accuracy))
    wanted = round(1.96**2 * accuracy * (1 - accuracy) / HALF_WIDTH**2)
    extra = max(10, round((wanted - scores.count) / 10) * 10)
    values = {"count": scores.count, "low": low, "high": high, "extra": extra}
    if _may_be_folded(report.run):
        values["all"] = sum(report.run.about["counts"].values())
        command = _command("train", _data(report), "--folds", str(FOLDS))
        yield NextStep("small_test", values, command, 10 * (high - low))
    else:
        yield NextStep("few_tested", values, _command("label-next", report.run.id, "FOLDER"), 10 * (high - low))


def _may_be_folded(run: Run) -> bool:
    """Whether every picture can be tested by a cross-validation: where the parts are not preset, and it is none yet."""
    study, counts = run.about.get("study"), run.about.get("counts")
    folded = isinstance(study, dict) and study.get("kind") == "folds"
    return not folded and isinstance(counts, dict) and not run.split.get("preset")


def _training(report: RunReport) -> Iterator[NextStep]:
    """More epochs where the score still rose at the end; less freedom where only the training pictures are known."""
    epochs, config = report.run.state().epochs, report.run.config
    if len(epochs) < 2:
        return
    best = max(epochs, key=lambda epoch: epoch.validation_accuracy)
    last, before = epochs[-1], epochs[max(0, len(epochs) - 3)]
    rise = last.validation_accuracy - before.validation_accuracy
    if best is last and rise > 0.01 and last.validation_loss < before.validation_loss:
        more = 2 * len(epochs)
        values = {"epochs": len(epochs), "rise": f"{100 * rise:.1f}", "more": more}
        yield NextStep("more_epochs", values, _command("train", _data(report), "--epochs", str(more)), 50 * rise)
    elif (gap := best.train_accuracy - best.validation_accuracy) > OVERFITTED and config.freeze in ("none", "stem"):
        values = {"train": best.train_accuracy, "validation": best.validation_accuracy}
        yield NextStep("overfitted", values, _command("train", _data(report), "--freeze", FROZEN), 10 * gap)


def _validation_pictures(report: RunReport) -> Iterator[NextStep]:
    """Train on the validation pictures too, where they are a part worth having of few pictures."""
    counts, state = report.run.about.get("counts"), report.run.state()
    if report.run.config.final_fit or not isinstance(counts, dict) or state.status != "finished":
        return
    kept, known = counts.get("validation", 0), counts.get("validation", 0) + counts.get("train", 0)
    if LEAST_KEPT * known <= kept and known <= FEW_KNOWN:
        yield NextStep("final_fit", {"count": kept}, _command("train", _data(report), "--final-fit"), FINAL_FIT_POINTS)


def _smaller_network(report: RunReport) -> Iterator[NextStep]:
    """Another run on these pictures with a smaller network that the test cannot tell from this one."""
    from resnet_studio.evaluation.compare import compare
    from resnet_studio.model import architecture

    run = report.run
    try:
        own, dataset = run.config, run.about.get("dataset")
        others = sorted(run.folder.parent.iterdir(), reverse=True)[:RUNS_COMPARED]
        for folder in others:
            other = type(run)(folder)
            if folder == run.folder or not other.report_file.is_file():
                continue
            if other.about.get("dataset") != dataset or other.config.depth >= own.depth:
                continue
            (pair,) = compare([other, run]).pairs
            if pair.same_test_set and not pair.tells_apart:
                names = {"small": architecture.of(other.config).title, "large": architecture.of(own).title}
                command = _command("compare", other.id, run.id)
                yield NextStep("smaller", {**names, "other": other.id}, command, 0.5)
                return
    except (StudioError, OSError, LookupError, ValueError):
        return


def stored(report: RunReport, name: str, least: int = 1) -> Any:
    """The JSON of the part ``name``, of the version ``least`` or later, that was stored of these scores, whatever
    computes it; None where there is none.
    """
    try:
        content = report.run.read_json(f"report-{name}.json")
        return content["value"] if content["of"] == report.fingerprint and content["version"] >= least else None
    except (RunError, LookupError, TypeError, ValueError, json.JSONDecodeError):
        return None


def _data(report: RunReport) -> str:
    return f"dataset:{report.run.about.get('dataset', '')}"


def _command(*words: str) -> str:
    return "resnet-studio " + " ".join(shlex.quote(word) for word in words)
