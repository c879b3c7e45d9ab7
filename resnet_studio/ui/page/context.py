"""What every tab is built with: the server's parts, the shared components, words, and the guard around handlers.

How a tab uses it::

    def build(studio: Studio, shared: Shared) -> None:          # called inside the tab's ``gr.Tab``
        button = gr.Button(T("train.start"))                    # words of the layout: also inside HTML f-strings

        @guarded                                                # a StudioError becomes a sentence for the reader
        def start(dataset: str | None) -> str:
            '''In: the data set of this browser. Out: the run of this browser.'''
            run = new_run(...)
            toast(say("data.starting", reader()))               # words of a handler: ``say`` with ``reader()``
            return run.id

        button.click(start, shared.dataset, shared.run, api_visibility="private")

``T`` marks a text that is filled in when the page goes out, ``say`` gives the sentence itself; a handler uses ``say``
(marks of ``config.`` texts excepted), because only it can fill in values. ``guarded(instead=...)`` shows the sentence
in the tab's own outputs rather than as a toast.
"""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

import gradio as gr
from gradio.context import LocalContext
from gradio.i18n import I18nData
from markupsafe import escape

from resnet_studio import acting
from resnet_studio.belonging import PERSON
from resnet_studio.durable import disk_trouble
from resnet_studio.errors import StudioError
from resnet_studio.limits import ALONE, Limits
from resnet_studio.service.album import Album
from resnet_studio.service.analyses import Analyses
from resnet_studio.service.copying import Copyings
from resnet_studio.service.dataset_cache import DatasetCache
from resnet_studio.service.editor import Editor
from resnet_studio.service.exporting import Exporting
from resnet_studio.service.http.faults import Faults
from resnet_studio.service.http.metrics import Metrics
from resnet_studio.service.importing import Imports
from resnet_studio.service.making import Making
from resnet_studio.service.near_search import NearSearches
from resnet_studio.service.people.rules import NOBODY
from resnet_studio.service.predicting import PredictionJobs
from resnet_studio.service.prediction_table import PredictionTable
from resnet_studio.service.predictors import Models, Predictors
from resnet_studio.service.quota import Quota
from resnet_studio.service.run_data import RunData
from resnet_studio.service.warming import Warming
from resnet_studio.text import LANGUAGES, Language, keys, say, template
from resnet_studio.ui.page.access import Access
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.service.people.accounts import Accounts
    from resnet_studio.training.jobs import Jobs

COOKIE = "studio_language"
LOCALES: dict[Language, str] = {"en": "en", "zh": "zh-CN"}

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Studio:
    """The server's parts that handlers use.

    ``workspace`` says where things are, ``jobs`` trains, ``access`` tells who may reach the server; ``runs`` is what
    was read of the runs, ``dataset_cache`` the data sets that pages show, ``imports`` those being imported,
    ``album`` pictures that a model has classified, ``editor`` the data sets that are being mended,
    ``near`` searches for their near-duplicates, ``making`` those that are being made; ``models`` are all there are,
    ``predictors`` those used last, in memory, ``analyses`` the slow parts of reports that are being computed;
    ``predictions`` are the answers for many pictures, ``prediction_table`` pages of them, ``copyings`` sorted copies;
    ``metrics`` are the figures of this server, ``faults`` its last failure, ``bin`` what was deleted and may come back;
    ``limits`` say how much one person may have, and ``quota`` whether somebody has more;
    ``accounts`` are the people who use it; None where they are not told apart.
    """

    workspace: Workspace
    jobs: Jobs
    access: Access = field(default_factory=Access)
    imports: Imports = field(init=False)
    album: Album = field(default_factory=Album)
    predictors: Predictors = field(default_factory=Predictors)
    metrics: Metrics = field(default_factory=Metrics)
    faults: Faults = field(init=False)
    analyses: Analyses = field(default_factory=Analyses)
    runs: RunData = field(init=False)
    models: Models = field(init=False)
    dataset_cache: DatasetCache = field(init=False)
    editor: Editor = field(init=False)
    near: NearSearches = field(init=False)
    making: Making = field(init=False)
    exporting: Exporting = field(init=False)
    predictions: PredictionJobs = field(init=False)
    prediction_table: PredictionTable = field(init=False)
    copyings: Copyings = field(default_factory=Copyings)
    bin: Bin = field(init=False)
    limits: Limits = ALONE
    quota: Quota = field(init=False)
    accounts: Accounts | None = None

    def __post_init__(self) -> None:
        self.metrics.watch(self.workspace.root, self.jobs)
        object.__setattr__(self, "faults", Faults(self.metrics.failed))
        object.__setattr__(self, "quota", Quota(self.workspace, self.limits, self.metrics.limited))
        object.__setattr__(self, "imports", Imports(self.limits.imports_each, self.metrics.limited))
        object.__setattr__(self, "bin", Bin(self.workspace))
        object.__setattr__(self, "runs", RunData(self.workspace))
        object.__setattr__(self, "models", Models(self.runs))
        object.__setattr__(self, "dataset_cache", DatasetCache(self.workspace))
        object.__setattr__(self, "exporting", Exporting(self.workspace))
        object.__setattr__(self, "editor", Editor(self.workspace, self.dataset_cache, self.runs))
        object.__setattr__(self, "near", NearSearches(self.workspace))
        warming = Warming(self.workspace, lambda: bool(self.jobs.running()))

        def changed(dataset: Dataset) -> None:
            self.quota.forget()
            warming.changed(dataset)

        object.__setattr__(self, "making", Making(self.workspace, self.editor, changed, room=self.quota.check))
        object.__setattr__(
            self,
            "predictions",
            PredictionJobs(
                self.workspace,
                self.predictors,
                self.metrics.predicting,
                each=self.limits.predictions_each,
                met=self.metrics.limited,
                acts=self.person_of,
            ),
        )
        object.__setattr__(self, "prediction_table", PredictionTable(self.predictions))

    def person_of(self, who: str) -> acting.Actor | None:
        """Who acts for ``who`` as runs and predictions name people; None where people are not told apart."""
        known = self.accounts if who.startswith(PERSON) else None
        return (known.people.find(who.removeprefix(PERSON)) or NOBODY) if known else None


@dataclass(frozen=True)
class Shared:
    """Components that several tabs read or set.

    ``dataset`` and ``run`` hold the ids of the data set and the run that this browser looks at, ``split`` the shares
    ``[validation, test]`` chosen for the next training, ``form`` the settings in the Train tab that differ from the
    defaults; all of these outlive a reload. ``live_phase`` holds the JSON of what runs (see
    :mod:`resnet_studio.ui.train.live`); its ``change`` event fires when a run begins, waits or ends. A tab reacts with
    ``shared.dataset.change(...)`` and reads the state of a fresh page with ``shared.demo.load(...)``; where the
    browser has kept a value, a fresh page fires both. To move to another tab, return ``gr.Tabs(selected="train")``
    for ``tabs``; to have the Predict tab use the model of a run, whatever was chosen there before, return
    :func:`to_try` of it for ``tried``; to have the Train tab take over some settings, :func:`to_set` of them for
    ``suggested``.
    """

    demo: gr.Blocks
    tabs: gr.Tabs
    dataset: gr.BrowserState
    run: gr.BrowserState
    split: gr.BrowserState
    form: gr.BrowserState
    live_phase: gr.HTML
    tried: gr.State
    suggested: gr.State


def to_try(run: str) -> dict[str, Any]:
    """A new value of ``shared.tried``, which fires its ``change`` also where the same ``run`` was tried before."""
    return {"model": f"run:{run}", "at": time.monotonic_ns()}


def to_set(settings: Mapping[str, Any], dataset: str) -> dict[str, Any]:
    """A new value of ``shared.suggested`` for ``dataset``, which fires its ``change`` also where the same was suggested
    before.
    """
    return {"settings": dict(settings), "dataset": dataset, "at": time.monotonic_ns()}


def T(key: str) -> Any:  # noqa: N802 - the customary name of a translation mark
    """The text ``key`` as a mark that the page replaces by the reader's language; also works inside HTML f-strings."""
    template(key)
    return I18nData(key)


def language_of(request: gr.Request | Any) -> Language:
    """The reader's language: the cookie that the switch sets, else what the browser prefers, else English."""
    chosen = request.cookies.get(COOKIE) or request.headers.get("accept-language", "en")
    return "zh" if chosen.lower().startswith("zh") else "en"


def reader() -> Language:
    """The language of the user whose event is being handled; English outside of events."""
    request = LocalContext.request.get(None)
    return "en" if request is None else language_of(request)


def reader_is_local(studio: Studio) -> bool:
    """Whether the user whose event is being handled may name folders of this machine.

    Outside of events, whether anybody could. Where there are accounts only those may who see everything anyway: in the
    folders lie the things of others too.
    """
    if not acting.allowed("manage", acting.STUDIO):
        return False
    request = LocalContext.request.get(None)
    scope = getattr(getattr(request, "request", None), "scope", None)
    if studio.access.local_folders or scope is None:
        return studio.access.local_folders or studio.access.may_be_local
    return bool(scope.get("studio_local"))


def reader_is_at_machine(studio: Studio) -> bool:
    """Whether the user whose event is being handled is at this very machine, and may change whatever is on it.

    Outside of events, whether anybody could be.
    """
    request = LocalContext.request.get(None)
    scope = getattr(getattr(request, "request", None), "scope", None)
    return studio.access.may_be_local if scope is None else bool(scope.get("studio_at_machine"))


def translations() -> gr.I18n:
    """The texts that a handler may return as marks: those of the settings, which choices are made of.

    All other marks stand in the layout; :mod:`resnet_studio.ui.page.middleware` fills these in as the page goes out.
    """
    known = [key for key in keys() if key.startswith("config.")]
    return gr.I18n(**{LOCALES[language]: {key: template(key, language) for key in known} for language in LANGUAGES})


def sentence_for(error: Exception) -> str:
    """The message for the reader about ``error``; one that is no :class:`StudioError` goes to the log in full."""
    if isinstance(error, StudioError):
        return error.sentence(reader())
    if (said := disk_trouble(error)) is not None:
        return said.sentence(reader())
    logging.getLogger(__name__).error("a handler of the page failed", exc_info=error)
    return say("shell.unexpected", reader())


@overload
def guarded(handler: Callable[P, R]) -> Callable[P, R]: ...


@overload
def guarded(*, instead: Callable[[str], Any]) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def guarded(handler: Callable[P, R] | None = None, *, instead: Callable[[str], Any] | None = None) -> Any:
    """Make a handler of the page (a function or a generator) answer errors with a sentence in the reader's language.

    By default the sentence is a toast. With ``instead``, the handler returns ``instead(sentence)``: the updates that
    show it near where it happened.
    """
    if handler is None:
        return functools.partial(_guarded, instead=instead)
    return _guarded(handler, instead=instead)


def _guarded(handler: Callable[..., Any], *, instead: Callable[[str], Any] | None) -> Callable[..., Any]:
    def answer(error: Exception) -> Any:
        sentence = sentence_for(error)
        if instead is None:
            sentence = str(escape(sentence))  # Gradio takes it for HTML
            raise gr.Error(sentence, title=say("shell.error", reader()), print_exception=False) from error
        return instead(sentence)

    @functools.wraps(handler)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except gr.Error:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary between the page and everything below it
            return answer(error)

    @functools.wraps(handler)
    def steps(*args: Any, **kwargs: Any) -> Iterator[Any]:
        try:
            yield from handler(*args, **kwargs)
        except gr.Error:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            yield answer(error)

    return steps if inspect.isgeneratorfunction(handler) else call
