"""k-fold cross-validation: every picture is tested once, by a network that was not trained on it.

Where pictures are too few for one split, its test part says little: here all of them count. The parts are runs with
equal settings, each tested on another fold (:mod:`resnet_studio.data.folds`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from resnet_studio.data.folds import Fold
from resnet_studio.errors import ConfigError
from resnet_studio.folder_names import slug
from resnet_studio.studies.repeats import Repeats, summary

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Sample
    from resnet_studio.evaluation.report import Report
    from resnet_studio.workspace import Run, Workspace

KIND = "folds"
FEWEST, MOST = 2, 20


@dataclass(frozen=True)
class CrossValidation:
    """What the runs of a cross-validation came to: each of them in ``study``, and all pictures tested so far together.

    ``report`` scores these as one test, with Wilson's 95% confidence interval of the accuracy, which counts groups
    where pictures were kept together; None before the first fold is done.
    """

    study: Repeats
    report: Report | None

    @property
    def complete(self) -> bool:
        """Whether all folds are done, and so every picture that can be read was tested."""
        return self.study.done == len(self.study.parts)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values of the pooled test; shares are from 0 to 1."""
        from resnet_studio.evaluation.report import wilson_interval

        found = self.report
        if found is None:
            return {"test": None, "per_class": [], "confusion": [], "skipped": []}
        values = [
            part.finished.test_accuracy for part in self.study.parts if part.status == "finished" and part.finished
        ]
        return {
            "test": {
                "mean": found.accuracy,
                "interval": list(found.interval),
                "values": values,
                "pictures": found.count,
                "macro_f1": found.macro_f1,
            },
            "per_class": [
                {
                    "name": row.name, "support": row.support, "correct": row.correct, "precision": row.precision,
                    "recall": row.recall, "f1": row.f1,
                    "interval": list(wilson_interval(row.correct, row.support)) if row.support else None,
                }
                for row in found.per_class
            ],
            "confusion": [list(row) for row in found.confusion],
            "skipped": list(found.skipped),
        }  # fmt: skip


def new_folds(
    dataset: Dataset,
    config: TrainConfig,
    workspace: Workspace,
    folds: int,
    *,
    run_name: str | None = None,
    started_by: str = "program",
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Run, ...]:
    """A run of ``config`` for each of ``folds`` folds of ``dataset``: the parts of one study, nothing trained yet.
    ``facts`` are about each of them; a ``name`` among them is followed by the number of the fold.

    Raises :class:`ConfigError` for a number that is not allowed, :class:`DataError` for a data set with validation or
    test pictures of its own or with too few pictures, and as :func:`resnet_studio.training.plan.new_run`.
    """
    from resnet_studio.training.plan import new_run

    if isinstance(folds, bool) or not FEWEST <= folds <= MOST:
        raise ConfigError("error.study.folds", value=folds, low=FEWEST, high=MOST)
    group = f"{slug(dataset.name)}-{KIND}-{secrets.token_hex(4)}"
    runs: list[Run] = []
    try:
        for part in range(1, folds + 1):
            study = {"kind": KIND, "part": part, "of": folds, "new_split": True}
            name = {"name": f"{facts['name']} (fold {part})"} if "name" in facts else {}
            runs.append(
                new_run(
                    dataset, config, workspace, run_name=run_name, started_by=started_by,
                    facts={**facts, **name, "group": group, "study": study}, suffix=f"fold-{part}",
                    fold=Fold(part, folds),
                )
            )  # fmt: skip
    except BaseException:
        for run in runs:  # half a study answers nothing
            workspace.delete_run(run)
        raise
    return tuple(runs)


def is_cross_validation(runs: Sequence[Run]) -> bool:
    """Whether ``runs``, the parts of one study, are the folds of a cross-validation."""
    study = runs[0].about.get("study") if runs else None
    return isinstance(study, Mapping) and study.get("kind") == KIND


def cross_validation(runs: Sequence[Run]) -> CrossValidation:
    """What ``runs``, the parts of one cross-validation, came to so far."""
    study = summary(runs)
    return CrossValidation(study, _pooled([part.run for part in study.parts if part.status == "finished"]))


def _pooled(runs: Sequence[Run]) -> Report | None:
    """The tests of ``runs`` as one."""
    import numpy as np

    from resnet_studio.data.dataset import Sample
    from resnet_studio.data.run_split import split_of
    from resnet_studio.evaluation.parts import RunReport
    from resnet_studio.evaluation.report import counted_by_group, make_report

    samples: list[Sample] = []
    scores: list[tuple[float, ...]] = []
    skipped: list[str] = []
    tested: list[Sample] = []
    losses: list[float] = []
    counts: list[int] = []
    classes: tuple[str, ...] = ()
    for run in runs:
        if (found := RunReport(run).report) is None:
            continue
        classes = found.classes
        samples += [Sample(each.name, each.file, each.true) for each in found.pictures]
        scores += [each.scores for each in found.pictures]
        skipped += found.skipped
        losses.append(found.loss)
        counts.append(found.count)
        tested += split_of(run).test
    if not samples:
        return None
    pooled = make_report(classes, samples, np.array(scores, np.float64), tuple(skipped))
    pooled = replace(pooled, loss=float(np.average(losses, weights=counts)))  # of the logits; scores are calibrated
    return counted_by_group(pooled, tested)
