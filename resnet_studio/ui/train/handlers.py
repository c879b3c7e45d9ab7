"""What the events of the Train tab do: plain functions of what the page sends. None of them trains."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.config import DEPTHS, TrainConfig
from resnet_studio.errors import StudioError
from resnet_studio.model import architecture, weights
from resnet_studio.model.anatomy import frozen_stages
from resnet_studio.model.architecture import STAGES
from resnet_studio.service.forecast import Forecaster
from resnet_studio.service.outside_sets import OutsideSets
from resnet_studio.text import Language, say
from resnet_studio.training import hold
from resnet_studio.ui.drawn import network
from resnet_studio.ui.page.context import Studio, guarded, reader
from resnet_studio.ui.page.frame import dataset_name
from resnet_studio.ui.page.notes import alert, caution, small
from resnet_studio.ui.page.ownership import started_by, this_browser
from resnet_studio.ui.page.repeated import start_once
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train import offered
from resnet_studio.ui.train import recipe as train_recipe
from resnet_studio.ui.train.ending import RunControls, parse_phase
from resnet_studio.ui.train.form import LISTED, NAMES, SPLIT, changed_values, config_of, restored
from resnet_studio.ui.train.repetitions import FOLDED, FOLDS, may_be_folded, repetition_choices, seeds_of

if TYPE_CHECKING:
    from PIL import Image

    from resnet_studio.data.dataset import Dataset

EXAMPLES = 8
EXAMPLE_SIDE = 112
RESUMABLE = ("stopped", "interrupted", "failed")


class Handlers(RunControls):
    """The handlers; each says which components come in and go out.

    "The dependents" are, in this order: recipe and the sentence on it, starting weights, the teacher, the pictures to
    test on and the sentence on them, the fields of :data:`train_form.NEEDS`, the line on the pictures, the reason for
    the starting weights, the network, the forecast with what to think over, the place for a problem, the Train button.
    """

    def __init__(self, studio: Studio, before_training: Callable[[], None] = lambda: None) -> None:
        super().__init__(studio)
        self._before_training = before_training
        self._forecaster = Forecaster(studio.workspace, studio.runs, studio.editor.in_memory)
        self._outside = OutsideSets(studio.workspace)

    def find_dataset(self, name: str | None) -> Dataset | None:
        """The data set called ``name``; None where there is none."""
        return self._forecaster.find_dataset(name)

    def changed(self, dataset: str | None, *values: Any) -> list[Any]:
        """In: the data set and the form. Out: what the browser keeps of the form, and the dependents."""
        return [changed_values(values), *self._dependents(dataset, values)]

    def family(self, dataset: str | None, *values: Any) -> list[Any]:
        """In: the data set and the form, whose family changed. Out: as :meth:`changed`; the depths of that family."""
        given = dict(zip(NAMES, values, strict=True))
        if given["family"] not in DEPTHS:
            return [*self.changed(dataset, *values), gr.skip()]
        given["depth"] = train_form.depth_in(given["family"], int(given["depth"] or 0))
        return [*self.changed(dataset, *given.values()), train_form.depths(given["family"], given["depth"])]

    def restore(self, form: Any, split: Any, dataset: str | None) -> list[Any]:
        """In: what the browser stored of form and split, and the data set. Out: the form, and the dependents.

        Fields at their default are left alone, so that a choice made before this answer arrived is not overwritten;
        empty ones are not, because a fresh page shows them as 0 (Gradio 6.31).
        """
        found, usual = restored(form, split), train_form.defaults()
        untouched = {name for name in NAMES if found[name] == usual[name] is not None} | LISTED
        shown = train_form.updates(found, untouched)
        return [*shown, *self._dependents(dataset, [found[name] for name in NAMES])]

    def pictures(self, form: Any, split: Any, dataset: str | None) -> list[Any]:
        """In: what the browser keeps of form and split, and the data set, which changed. Out: the dependents.

        A fresh page fires this too, before the form is restored: what the form holds then must not be stored.
        """
        found = restored(form, split)
        return self._dependents(dataset, [found[name] for name in NAMES])

    def reset(self, split: Any, dataset: str | None) -> list[Any]:
        """In: the split and the data set. Out: what the browser keeps of the form, the form, and the dependents."""
        found = restored(None, split)
        shown = train_form.updates(found, LISTED)
        return [{}, *shown, *self._dependents(dataset, [found[name] for name in NAMES])]

    def choose(self, recipe: str, dataset: str | None, *values: Any) -> list[Any]:
        """In: the recipe, the data set and the form. Out: the browser's copy of the form, the form, the dependents."""
        return self._filled(train_recipe.filled(recipe, values), dataset)

    def take(self, settings: Mapping[str, Any], dataset: str | None, values: Sequence[Any]) -> list[Any]:
        """In: settings, the data set and the form's values. Out: as :meth:`choose`, with ``settings`` in the form."""
        return self._filled({**dict(zip(NAMES, values, strict=True)), **settings}, dataset)

    def _filled(self, found: Mapping[str, Any], dataset: str | None) -> list[Any]:
        shown = train_form.updates(found, LISTED)
        filled = [found[name] for name in NAMES]
        return [changed_values(filled), *shown, *self._dependents(dataset, filled)]

    def share(self, validation: Any, test: Any) -> Any:
        """In: the two shares in the form. Out: the split of this browser, where they are fit for one."""
        given = {"validation_fraction": validation, "test_fraction": test}
        try:
            config = config_of([given.get(name) for name in NAMES])
        except StudioError:
            return gr.skip()
        return [config.validation_fraction, config.test_fraction]

    def take_split(self, split: Any) -> list[Any]:
        """In: the split of this browser. Out: the two shares in the form."""
        found = restored(None, split)
        return [found[name] for name in SPLIT]

    def freeze_at(self, event: gr.EventData, dataset: str | None, *values: Any) -> Any:
        """In: data set and form; the event names the stage that was clicked. Out: the freeze level."""
        given = dict(zip(NAMES, values, strict=True))
        try:
            forecast = self._forecaster.forecast(
                config_of(values, self._studio.workspace), self._forecaster.find_dataset(dataset)
            )
        except StudioError:
            return gr.skip()
        level = given["freeze"] if forecast.resolved is None else forecast.resolved.freeze
        return level_after_click(str(event.stage), level)

    @guarded(instead=lambda sentence: [gr.skip(), alert(sentence)])
    def start(self, dataset: str | None, *values: Any) -> list[Any]:
        """In: data set, form, and with how many seeds (one where that is left out). Out: the run of this browser, which
        is in the queue now; the place for a problem.
        """
        values, seeds = values[: len(NAMES)], values[len(NAMES) :]
        found, language = self._forecaster.find_dataset(dataset), reader()
        if found is None:
            return [gr.skip(), alert(say("train.start.why_none", language))]
        try:
            run_name = dataset_name(found, language)
            config = config_of(values, self._studio.workspace)
            by = started_by(this_browser())
            made = start_once(
                self._studio, found, config, self._before_training, run_name=run_name, by=by, seeds=seeds_of(seeds),
                folds=FOLDS if seeds and seeds[0] == FOLDED else 0,
            )  # fmt: skip
        except StudioError as error:
            return [gr.skip(), alert(train_form.sentence(error, language))]
        return [made.id, ""]

    def repetitions(self, dataset: str | None, chosen: Any) -> Any:
        """In: the data set, how often to train. Out: that choice; a cross-validation is offered for a small set without
        validation or test pictures of its own, and while no set is known: it may just be on its way.
        """
        found = self._forecaster.find_dataset(dataset)
        choices = repetition_choices(folded=not found or may_be_folded(found))
        # a choice that stays is not sent: it may have been changed meanwhile
        stays = chosen in [value for _, value in choices]
        return gr.update(choices=choices) if stays else gr.update(choices=choices, value=1)

    def starting(self) -> Any:
        """Out: the Train button, busy."""
        return gr.update(value=say("train.starting", reader()), interactive=False)

    def ready(self, dataset: str | None) -> Any:
        """In: the data set. Out: the Train button, ready for the next one."""
        found, jobs = self._forecaster.find_dataset(dataset), self._studio.jobs
        may = found is not None and hold.held(self._studio.workspace.root) is None
        return gr.update(**start_button(len(jobs.running()) + len(jobs.queued())), interactive=may)

    def show_results(self, phase: str) -> list[Any]:
        """In: what runs. Out: the run of this browser; the tabs, moved to Results."""
        return [parse_phase(phase)["run"], gr.Tabs(selected="results")]

    def show_data(self) -> Any:
        """Out: the tabs, moved to Data."""
        return gr.Tabs(selected="data")

    def buttons(self, phase: str) -> list[Any]:
        """In: what runs. Out: the buttons pause, stop, resume and results; what is ahead of a new training; the Train
        button.

        A run that was stopped has results: to see them is what one wants next, to go on is the exception.
        """
        state, language = parse_phase(phase), reader()
        now, ahead = state["phase"], state["ahead"]
        waits = small(say("train.start.waits", language, count=ahead)) if ahead else ""
        stop = say("train.leave" if now == "queued" else "train.stop", language)
        return [
            gr.update(value=say("train.pause", language), visible=now == "running", interactive=True),
            gr.update(value=stop, visible=now in ("running", "queued"), interactive=True),
            gr.update(visible=now in RESUMABLE, variant="secondary" if now == "stopped" else "primary"),
            gr.update(visible=now in ("finished", "stopped"), variant="primary"),
            small(say("error.lesson.held", language)) if state["look"] else waits,
            gr.update(**start_button(ahead)),
        ]

    @guarded(instead=lambda sentence: alert(sentence))
    def examples(self, dataset: str | None, *values: Any) -> str:
        """In: the data set and the form. Out: training pictures as the network would meet them."""
        found, language = self._forecaster.find_dataset(dataset), reader()
        if found is None:
            return small(say("train.example.none", language))
        from resnet_studio.data.augment import preview
        from resnet_studio.data.dataset import split

        config = config_of(values, self._studio.workspace)
        resolved = self._forecaster.forecast(config, found).resolved
        assert resolved is not None
        parts = split(found, validation=config.validation_fraction, test=config.test_fraction, seed=config.seed)
        pictures = [_jpeg(one) for one in preview(parts, resolved, EXAMPLES, config.seed)]
        return render("train/examples.html", language, pictures=pictures, side=EXAMPLE_SIDE)

    def _dependents(self, dataset: str | None, values: Sequence[Any]) -> list[Any]:
        language, given = reader(), dict(zip(NAMES, values, strict=True))
        found = self._forecaster.find_dataset(dataset)
        data = data_line(found, dataset, language)
        shown = [gr.update(visible=not useless) for useless in train_form.hidden(given).values()]
        try:
            kind = architecture.of(TrainConfig(depth=given["depth"], family=given["family"]))
            kind.check_installed()
            choices = offered.everything(self._forecaster, self._studio.workspace, kind, found, given, language)
            filled = [choices[name][1] if name in choices else given[name] for name in NAMES]
            config = config_of(filled, self._studio.workspace)
            forecast, tested = self._forecaster.forecast(config, found), self._outside.planned(config, found)
        except StudioError as error:
            said = alert(train_form.sentence(error, language))
            unknown = [gr.skip()] * 6
            return [*unknown, *shown, data, gr.skip(), gr.skip(), "", said, gr.update(interactive=False)]
        recipe = train_recipe.matching(config)
        start = weights.explain(config.weights, kind)
        unasked = start.key == "scratch" and config.weights == "auto"
        why = (caution if unasked else small)(start.sentence(language))
        notes = [small(forecast.sentence(language) if found else say("train.start.why_none", language))]
        notes += [small(sentence) for sentence in [tested.short[language]] if sentence]
        notes += [caution(sentence) for sentence in forecast.cautions(language)]
        return [
            recipe, small(train_recipe.why(recipe, language)),
            *offered.updates(choices, small(tested.all[language]), shown), data, why,
            network.planned(forecast, language), "".join(notes), "", gr.update(interactive=found is not None),
        ]  # fmt: skip


def start_button(ahead: int) -> dict[str, Any]:
    """What the Train button says and how it looks with so many runs ``ahead`` of a new one."""
    return {"value": say("train.another" if ahead else "train.start", reader()),
            "variant": "secondary" if ahead else "primary"}  # fmt: skip


def level_after_click(stage: str, level: str) -> str:
    """The freeze level after a click on ``stage``: a trained stage is frozen with all before it, a frozen one is
    trained with all after it. The head is always trained: a click on it leaves nothing else to train.
    """
    if stage not in STAGES or level == "auto" or stage == "head":
        return "layer4" if stage == "head" else stage if stage in STAGES else level
    frozen = frozen_stages(level)  # type: ignore[arg-type]
    if stage not in frozen:
        return stage
    before = STAGES[: STAGES.index(stage)]
    return before[-1] if before else "none"


def data_line(found: Dataset | None, requested: str | None, language: Language) -> str:
    """Which pictures the next training takes; where to find some if there are none."""
    name = dataset_name(found, language) if found else ""
    return render("train/data_line.html", language, dataset=found, name=name, gone=bool(requested))


def _jpeg(picture: Image.Image) -> str:
    """``picture`` as a JPEG in Base64."""
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=85)
    return base64.b64encode(held.getvalue()).decode()
