"""The models that are served at this moment, and their exchange for others while requests run.

A request takes its model once and keeps it until it has answered, so that models can be exchanged at any moment: those
before go once their last request has ended. Where new ones cannot be loaded the old ones stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Protocol

from resnet_studio.errors import ConfigError, StudioError
from resnet_studio.service.serving import models
from resnet_studio.service.serving.answers import Abouts, abouts
from resnet_studio.service.serving.models import Engine, ModelRequest, Served, Talk
from resnet_studio.text import Language
from resnet_studio.workspace import Workspace


class Catalogue(Protocol):
    """Where routes look models up."""

    def all(self) -> Sequence[Served]:
        """All that are in memory; of several versions of a name, the default one first."""

    def abouts(self, language: Language) -> Abouts:
        """What all models are like."""

    def find(self, key: str) -> Served | None:
        """The model called NAME, or NAME@VERSION; None where there is none."""

    def shadow(self, served: Served) -> Served | None:
        """The model that is asked the same as ``served`` and whose answers are only compared; None without one."""


@dataclass(frozen=True)
class Selection:
    """A fixed set of models: the first of a name is its default; ``shadows`` by the key of the model they follow."""

    models: tuple[Served, ...]
    shadows: Mapping[str, Served] = field(default_factory=dict)

    def all(self) -> Sequence[Served]:
        """See :class:`Catalogue`."""
        return self.models

    def abouts(self, language: Language) -> Abouts:
        """See :class:`Catalogue`."""
        return abouts(self.models, language)

    def find(self, key: str) -> Served | None:
        """See :class:`Catalogue`."""
        name, at, version = key.partition("@")
        return next((m for m in self.models if m.name == name and (not at or m.version == version)), None)

    def shadow(self, served: Served) -> Served | None:
        """See :class:`Catalogue`."""
        return self.shadows.get(served.key)


@dataclass(frozen=True)
class ServedModels:
    """What to serve: models and ``shadows`` as the user wrote them, and a ``listed`` file that has a model a line."""

    wanted: tuple[str, ...]
    shadows: tuple[str, ...] = ()
    listed: Path | None = None
    engine: Engine = "auto"

    def models(self) -> list[ModelRequest]:
        """All that are to be served, as they stand now. Raises :class:`ConfigError`."""
        texts = list_of(self.listed) if self.listed else []
        return [ModelRequest.of(text) for text in (*self.wanted, *texts)]


def list_of(file: Path) -> list[str]:
    """The lines of a list of models, without comments. Raises :class:`ConfigError` where it cannot be read."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError("error.serve.list", path=str(file)) from error
    return [line for each in lines if (line := each.partition("#")[0].strip())]


class Current:
    """A :class:`Catalogue` of what ``choice`` says, which can be loaded anew at any moment from any thread."""

    def __init__(self, choice: ServedModels, workspace: Workspace, talk: Talk = lambda _: None) -> None:
        self._choice, self._workspace, self._talk = choice, workspace, talk
        self._loading = Lock()
        self._stamp = self.stamp()
        self._selection = self._load(Selection(()))

    def all(self) -> Sequence[Served]:
        """See :class:`Catalogue`."""
        return self._selection.all()

    def abouts(self, language: Language) -> Abouts:
        """See :class:`Catalogue`."""
        return self._selection.abouts(language)

    def find(self, key: str) -> Served | None:
        """See :class:`Catalogue`."""
        return self._selection.find(key)

    def shadow(self, served: Served) -> Served | None:
        """See :class:`Catalogue`."""
        return self._selection.shadow(served)

    def reload(self) -> bool:
        """Load all models again and exchange them; says why, and is false, where that cannot be done."""
        with self._loading:
            stamp = self.stamp()
            try:
                self._selection = self._load(self._selection)
            except StudioError as error:
                self._stamp = stamp  # the same fault is said once
                self._talk(f"kept the models as they are: {error}")
                return False
            self._stamp = stamp
        self._talk(f"loaded again: {', '.join(each.key for each in self._selection.models)}")
        return True

    def changed(self) -> bool:
        """Whether a file has changed since the models were loaded."""
        return self.stamp() != self._stamp

    def stamp(self) -> tuple[object, ...]:
        """Changes when a model's file does, the list, or what ``last`` means; stays while a file is gone."""
        found: list[object] = []
        try:
            for wanted in (*self._choice.models(), *map(ModelRequest.of, self._choice.shadows)):
                file, _ = wanted.files(self._workspace)
                state = file.stat()
                found.append((wanted, str(file), state.st_mtime_ns, state.st_size))
        except (StudioError, OSError):
            return getattr(self, "_stamp", ())
        return tuple(found)

    def _load(self, before: Selection) -> Selection:
        kept = {(old.key, old.sha256, old.engine): old for old in (*before.models, *before.shadows.values())}

        def loaded(wanted: ModelRequest) -> Served:
            made = models.load(wanted, self._workspace, self._choice.engine, self._talk)
            same = kept.get((made.key, made.sha256, made.engine))
            if same is not None and same.answers.classes == made.answers.classes:
                made.drift = same.drift  # the answers so far count on
            return made

        chosen = tuple(map(loaded, self._choice.models()))
        if not chosen:
            raise ConfigError("error.serve.nothing")
        keys = [each.key for each in chosen]
        if double := next((key for key in keys if keys.count(key) > 1), ""):
            raise ConfigError("error.serve.twice", key=double)
        selection = Selection(chosen)
        return Selection(
            chosen, dict(_shadow(ModelRequest.of(text), selection, loaded) for text in self._choice.shadows)
        )


def _shadow(wanted: ModelRequest, selection: Selection, loaded: Callable[[ModelRequest], Served]) -> tuple[str, Served]:
    """The key of the model that a shadow follows, and the shadow: ``[NAME[@VERSION]=]MODEL``, the first by default."""
    key = f"{wanted.name}@{wanted.version}" if wanted.version else wanted.name
    followed = selection.find(key) if key else selection.models[0]
    if followed is None:
        raise ConfigError("error.serve.shadow", name=key, known=[each.key for each in selection.models])
    shadow = loaded(ModelRequest(wanted.model))
    if set(shadow.answers.classes) != set(followed.answers.classes):
        raise ConfigError("error.serve.shadow_classes", shadow=wanted.model, name=followed.key)
    return followed.key, shadow
