"""The models of a workspace as a catalogue, for the server of the page: each run by its id, loaded when it is asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from resnet_studio.errors import StudioError
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model.card import read_card
from resnet_studio.service.predictors import Model, Models, Predictors
from resnet_studio.service.serving.answers import About, Abouts, about
from resnet_studio.service.serving.models import Served, expected_of
from resnet_studio.text import Language

REMEMBERED = 16
"""Models whose answers are watched for drift; the weights of fewer are kept in memory."""
VERSION = 8
"""Digits of the SHA-256 of the weights that a version has."""


class WorkspaceModels:
    """See :class:`resnet_studio.service.serving.catalogue.Catalogue`; a run has one version, that of its weights."""

    def __init__(self, models: Models, predictors: Predictors) -> None:
        self._models, self._predictors = models, predictors
        self._known: OrderedDict[str, Served] = OrderedDict()
        self._lock = Lock()

    def all(self) -> Sequence[Served]:
        """Those that were asked last."""
        with self._lock:
            return tuple(self._known.values())

    def abouts(self, language: Language) -> Abouts:
        """What the runs with a model are like, by their files alone."""
        found = []
        for model in self._models.all():
            if model.run is not None:
                try:
                    found.append(self._about(model, language))
                except StudioError:
                    continue  # a damaged file answers nothing
        return Abouts(tuple(found))

    def find(self, key: str) -> Served | None:
        """The run called ``key``; None where there is none, or not of that version."""
        name, at, version = key.partition("@")
        try:
            model = self._models.find(f"run:{name}")
            card = read_card(model.file)
        except StudioError:
            return None
        if model.run is None or (at and version != card.sha256[:VERSION]):
            return None
        predictor = self._predictors.of(model.file)
        with self._lock:
            known = self._known.pop(name, None)
            if known is None or known.answers is not predictor:
                made = Served(
                    name, card.sha256[:VERSION], predictor, "torch", card.network.name, card.sha256,
                    self._models.calibration(model), expected_of(RunReport(model.run.run), card), model.file,
                    card.unlike is not None,
                )  # fmt: skip
                if known is not None and known.sha256 == made.sha256:
                    made.drift = known.drift
                known = made
            self._known[name] = known
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return known

    def shadow(self, served: Served) -> Served | None:  # noqa: ARG002 - as the protocol has it
        """None: whom to compare with is for those to say who serve models."""
        return None

    def _about(self, model: Model, language: Language) -> About:
        card = read_card(model.file)
        assert model.run is not None
        with self._lock:
            known = self._known.get(model.run.run.id)
        if known is not None and known.sha256 == card.sha256:
            return about(known, default=True, language=language)
        return About(
            model.run.run.id, card.sha256[:VERSION], True, card.classes, card.network.name, "torch",
            card.preprocessing.crop, card.unlike is not None, True, (),
        )  # fmt: skip
