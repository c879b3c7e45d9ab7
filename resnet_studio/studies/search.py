"""A search for settings by Optuna: each trial an ordinary run without a test part, chosen by validation pictures.

A search lies in ``searches/ID`` of the workspace, with Optuna's journal; ID follows from pictures and settings, so that
the same search started again goes on, and more trials may be asked for. Trials that fall behind the median of the
others at the same share of their epochs are pruned, by what their logs say (Optuna: Akiba et al., 2019).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from resnet_studio import belonging
from resnet_studio.config import TrainConfig
from resnet_studio.errors import ConfigError
from resnet_studio.folder_names import slug
from resnet_studio.text import Language, say
from resnet_studio.training.waiting import SEARCH

if TYPE_CHECKING:
    import optuna

    from resnet_studio.data.dataset import Split
    from resnet_studio.workspace import Workspace

VERSION = 1
KIND, FOLDER = SEARCH, "searches"
Method = Literal["tpe", "random", "grid"]
METHODS: tuple[Method, ...] = get_args(Method)
Searched = Literal["learning_rate", "weight_decay", "augmentation", "epochs"]
SEARCHED: tuple[Searched, ...] = get_args(Searched)
FEWEST, MOST = 1, 1_000
AUGMENTATIONS = ("none", "light", "standard", "strong")
DECAYS = (1e-3, 1e-2, 1e-1)
LOWEST_RATE, HIGHEST_RATE = 1e-6, 1.0
STATUSES = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}


@dataclass(frozen=True)
class Trial:
    """A trial: the ``run`` that it is, how it ended, its validation accuracy and loss, and what was tried."""

    number: int
    run: str
    status: str
    accuracy: float | None
    loss: float
    settings: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"number": self.number, "run": self.run, "status": self.status, "accuracy": self.accuracy,
                "loss": self.loss if math.isfinite(self.loss) else None, "settings": dict(self.settings)}  # fmt: skip


@dataclass(frozen=True)
class Search:
    """A search of ``wanted`` trials as far as it is; ``base`` is what the settings that are not searched for are."""

    id: str
    dataset: str
    method: Method
    wanted: int
    base: TrainConfig
    trials: tuple[Trial, ...]

    @property
    def done(self) -> int:
        """How many trials are over."""
        return sum(trial.status in ("finished", "pruned", "failed") for trial in self.trials)

    @property
    def complete(self) -> bool:
        """Whether all are."""
        return self.done >= self.wanted

    @property
    def best(self) -> Trial | None:
        """The trial with the highest validation accuracy, of equal ones that with the lowest loss."""
        ended = [trial for trial in self.trials if trial.status == "finished" and trial.accuracy is not None]
        return max(ended, key=lambda trial: (trial.accuracy, -trial.loss), default=None)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the best trial; nothing without one."""
        return {} if self.best is None else dict(self.best.settings)

    def progress(self, language: Language = "en") -> str:
        """How far it is. Fewer trials may be asked for than there were before."""
        more = ".more" if self.done > self.wanted else ""
        return say(f"search.working{more}", language, done=self.done, wanted=self.wanted)

    def sentence(self, language: Language = "en") -> str:
        """What was found."""
        if self.best is None or self.best.accuracy is None:
            return say("search.none", language)
        return say("search.best", language, accuracy=self.best.accuracy, settings=spelled(self.settings, language),
                   done=self.done, wanted=self.wanted, number=self.best.number)  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: ``trials``, the ``best`` of them, and its ``settings``."""
        return {
            "search": self.id,
            "dataset": self.dataset,
            "method": self.method,
            "wanted": self.wanted,
            "done": self.done,
            "complete": self.complete,
            "trials": [trial.to_json() for trial in self.trials],
            "best": None if self.best is None else self.best.to_json(),
            "settings": self.settings,
        }


def spelled(settings: Mapping[str, Any], language: Language = "en") -> str:
    """Settings in words."""
    parts = [f"{say(f'config.{name}', language)} {_value(name, value, language)}" for name, value in settings.items()]
    return (", " if language == "en" else "，").join(parts)


def _value(name: str, value: Any, language: Language) -> str:
    if isinstance(value, str):
        return say(f"config.{name}.{value}", language).lower()
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def check(trials: int, method: str, over: Sequence[str]) -> None:
    """Raise :class:`ConfigError` for what no search can be."""
    if isinstance(trials, bool) or not FEWEST <= trials <= MOST:
        raise ConfigError("error.search.trials", value=trials, low=FEWEST, high=MOST)
    for value, allowed in ((method, METHODS), *((each, SEARCHED) for each in over)):
        if value not in allowed:
            raise ConfigError("error.search.choice", value=value, allowed=allowed)
    if not over:
        raise ConfigError("error.search.choice", value="", allowed=SEARCHED)


def search_id(split: Split, config: TrainConfig, method: Method, over: Sequence[Searched]) -> str:
    """A name that only a search on the same pictures with the same settings has, of the same person: its trials are
    runs of whoever began it.
    """
    samples = [[each.name, each.content or [each.bytes, each.modified], each.label]
               for each in (*split.train, *split.validation)]  # fmt: skip
    known = [VERSION, samples, len(split.train), config.to_json(), method, sorted(over)]
    text = json.dumps([*known, salt] if (salt := belonging.salt()) else known, sort_keys=True)
    return f"{slug(split.dataset_name)}-{KIND}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def folder_of(workspace: Workspace, id: str) -> Path:
    """Where the search called ``id`` lies."""
    return workspace.root / FOLDER / id


def open_study(workspace: Workspace, id: str, method: Method, seed: int) -> optuna.Study:
    """The study in the workspace's journal, made where there is none."""
    import sys

    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file = str(folder_of(workspace, id) / "journal.log")
    lock = JournalFileOpenLock(file) if sys.platform == "win32" else None
    storage = JournalStorage(JournalFileBackend(file, lock_obj=lock))
    study = optuna.create_study(study_name=id, storage=storage, direction="maximize", load_if_exists=True)
    drawn = seed + len(study.get_trials(deepcopy=False))  # a search that goes on draws anew
    tree = method == "tpe"
    study.sampler = optuna.samplers.TPESampler(seed=drawn) if tree else optuna.samplers.RandomSampler(seed=drawn)
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)
    return study


def grid(base: TrainConfig, over: Sequence[Searched]) -> list[dict[str, Any]]:
    """All points of the grid around a resolved ``base``: the values of each setting with those of all others."""
    import itertools

    assert base.learning_rate is not None and base.epochs is not None
    values: dict[Searched, Sequence[Any]] = {
        "learning_rate": [_rate(base.learning_rate * factor) for factor in (1 / 3, 1, 3)],
        "weight_decay": DECAYS,
        "augmentation": AUGMENTATIONS,
        "epochs": sorted({max(2, base.epochs // 2), base.epochs}),
    }
    chosen = [name for name in SEARCHED if name in over]
    return [dict(zip(chosen, point, strict=True)) for point in itertools.product(*(values[name] for name in chosen))]


def propose(trial: optuna.Trial, base: TrainConfig, over: Sequence[Searched]) -> dict[str, Any]:
    """The settings that a trial tries, around a resolved ``base``."""
    assert base.learning_rate is not None and base.epochs is not None
    rate, epochs = base.learning_rate, base.epochs
    drawn: dict[str, Any] = {}
    if "learning_rate" in over:
        drawn["learning_rate"] = trial.suggest_float("learning_rate", _rate(rate / 10), _rate(rate * 10), log=True)
    if "weight_decay" in over:
        drawn["weight_decay"] = trial.suggest_float("weight_decay", 1e-4, 0.3, log=True)
    if "augmentation" in over:
        drawn["augmentation"] = trial.suggest_categorical("augmentation", AUGMENTATIONS)
    if "epochs" in over:
        drawn["epochs"] = trial.suggest_int("epochs", max(2, epochs // 3), max(3, round(1.5 * epochs)))
    return drawn


def _rate(rate: float) -> float:
    return min(HIGHEST_RATE, max(LOWEST_RATE, rate))


def trials_of(study: optuna.Study) -> tuple[Trial, ...]:
    """The trials that have begun, in their order; of one that was begun again, the last."""
    found: dict[str, Trial] = {}
    for each in study.get_trials(deepcopy=False):
        status, run = STATUSES[each.state.name], str(each.user_attrs.get("run", ""))
        if not run:
            continue
        shown = dict(each.params) or dict(each.user_attrs.get("settings", {}))
        loss = float(each.user_attrs.get("loss", math.inf))
        reached = each.value if status == "finished" else max(each.intermediate_values.values(), default=None)
        found[run] = Trial(each.number, run, status, reached, loss, shown)
    return tuple(found.values())
