"""What every tab is built with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from resnet_studio.text import LANGUAGES, Language, keys, template
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.training.jobs import Jobs

COOKIE = "studio_language"
LOCALES: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}


@dataclass(frozen=True)
class Studio:
    """The server's parts that handlers use: where things are, and who trains."""

    workspace: Workspace
    jobs: Jobs


@dataclass(frozen=True)
class Shared:
    """Components that several tabs read or set: the data set and the run that this browser looks at."""

    tabs: gr.Tabs
    dataset: gr.BrowserState
    run: gr.BrowserState


def language_of(request: gr.Request | Any) -> Language:
    """The reader's language: the cookie that the switch sets, else what the browser prefers, else English."""
    chosen = request.cookies.get(COOKIE) or request.headers.get("accept-language", "en")
    return "zh" if chosen.lower().startswith("zh") else "en"


def translations() -> gr.I18n:
    """All texts for :class:`gradio.I18n`, which picks the language in the browser."""
    return gr.I18n(**{LOCALES[language]: {key: template(key, language) for key in keys()} for language in LANGUAGES})
