"""How long the sample takes to train with one click, shown before that click."""

from __future__ import annotations

from resnet_studio.config import TrainConfig
from resnet_studio.data import library
from resnet_studio.service.forecast import Forecaster, format_estimate
from resnet_studio.service.run_data import RunData, format_duration
from resnet_studio.text import Language, say
from resnet_studio.workspace import Workspace

SAMPLE = "digits"


class QuickTime:
    """Gives the time; caches what it has read of the runs, since every opened page needs it."""

    def __init__(self, workspace: Workspace, runs: RunData | None = None) -> None:
        self._workspace = workspace
        self._runs = runs or RunData(workspace)
        self._forecaster = Forecaster(workspace, self._runs)

    def sentence(self, language: Language) -> str:
        """The name of the sample and the time: as it was measured here, else as it is forecast."""
        from resnet_studio.data.samples import SAMPLES

        name = SAMPLES[SAMPLE].name(language)
        key, known = "data.hero.time.measured", self.measured()
        time = format_duration(known, language) if known is not None else ""
        if not time and (guess := self.forecast()) is not None:
            key, time = "data.hero.time", format_estimate(guess, language)
        if not time:
            return ""
        return say(key, language, name=name, time=time)

    def measured(self) -> float | None:
        """Seconds from the click to the end of the latest such training here; None where there was none."""
        dataset = library.find_by_source(f"sample:{SAMPLE}", self._workspace)
        if dataset is None:
            return None
        usual = TrainConfig()
        for run in self._runs.overviews():
            done = run.state.status == "finished" and run.state.finished and run.state.finished.reason == "completed"
            if done and run.about.get("dataset") == dataset.id and run.requested == usual:
                return run.seconds
        return None

    def forecast(self) -> float | None:
        """Seconds that the training should take on this machine; the sample need not be there yet."""
        from resnet_studio.data.samples import outline

        return self._forecaster.forecast(TrainConfig(), outline(SAMPLE)).seconds
