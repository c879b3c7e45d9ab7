"""Whom each route and each handler of the page is for, where there are accounts.

What is not named here is closed to everybody: a new route or handler does nothing until somebody has said whom it is
for, and a test says so. ``Need("see", "run")`` means: people who have signed in, and of runs only those that the rule
(:mod:`resnet_studio.service.people.rules`) lets them see; the look-up of the run asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from resnet_studio.acting import Action, Kind
from resnet_studio.service.people.rules import STAFF

Level = Literal["anybody", "person", "staff"]


@dataclass(frozen=True)
class Need:
    """What it takes: the ``action`` that is done with things of the ``kind``, if any; at least the ``level``.

    ``by_token`` is for programs: the route itself asks for a token, which was made at the machine, and opens all.
    """

    action: Action | None = None
    kind: Kind | None = None
    level: Level = "person"
    by_token: bool = False

    def admits(self, role: str) -> bool:
        """Whether somebody in the ``role`` may ask for it at all; an empty role has not signed in."""
        if self.level == "anybody":
            return True
        return role in STAFF if self.level == "staff" else bool(role)


ANYBODY, SIGNED_IN, TEACHERS = Need(level="anybody"), Need(), Need("manage", "studio", "staff")
BY_TOKEN = Need(level="anybody", by_token=True)
SEES_RUN, SEES_DATASET, SEES_JOB = Need("see", "run"), Need("see", "dataset"), Need("see", "prediction")
CHANGES_RUN, CHANGES_DATASET, CHANGES_JOB = (
    Need("change", "run"),
    Need("change", "dataset"),
    Need("change", "prediction"),
)
SEES_PICTURE, SEES_UPLOAD, SEES_MODEL = Need("see", "picture"), Need("see", "upload"), Need("see", "model")

ROUTES: Mapping[str, Need] = {
    # the frame, and what the page of Gradio consists of
    "GET /": ANYBODY,  # who has not signed in gets the page to sign in at
    "GET /config": SIGNED_IN, "GET /config/": SIGNED_IN,
    "GET /assets/{path:path}": ANYBODY, "GET /static/{path:path}": ANYBODY, "GET /svelte/{path:path}": ANYBODY,
    "GET /theme.css": ANYBODY, "GET /gradio_api/theme.css": ANYBODY, "GET /favicon.ico": ANYBODY,
    "GET /robots.txt": ANYBODY, "GET /manifest.json": ANYBODY,
    "GET /gradio_api/startup-events": SIGNED_IN, "GET /gradio_api/info": SIGNED_IN,
    "GET /gradio_api/queue/data": SIGNED_IN, "GET /gradio_api/upload_progress": SIGNED_IN,
    "GET /gradio_api/heartbeat/{session_hash}": SIGNED_IN,
    "POST /gradio_api/run/{api_name}": SIGNED_IN, "POST /gradio_api/queue/join": SIGNED_IN,
    "POST /gradio_api/cancel": SIGNED_IN, "POST /gradio_api/reset": SIGNED_IN, "POST /gradio_api/upload": SIGNED_IN,
    "GET /gradio_api/file={path_or_url:path}": SEES_UPLOAD,
    "GET /studio/studio.css": ANYBODY, "GET /studio/studio.js": ANYBODY, "GET /studio/logo.svg": ANYBODY,
    "GET /studio/machine": SIGNED_IN, "GET /healthz": ANYBODY, "GET /metrics": ANYBODY,
    # programs
    "GET /v1/models": BY_TOKEN, "GET /v1/models/{name}": BY_TOKEN, "POST /v1/models/{name}/predict": BY_TOKEN,
    "GET /v1/openapi.json": ANYBODY,
    # people
    "GET /studio/people/sign-in": ANYBODY, "POST /studio/people/sign-in": ANYBODY,
    "POST /studio/people/join": ANYBODY, "POST /studio/people/first": ANYBODY,
    "POST /studio/people/sign-out": SIGNED_IN, "POST /studio/people/sign-out-everywhere": SIGNED_IN,
    "GET /studio/people/huggingface": ANYBODY, "GET /studio/people/huggingface/back": ANYBODY,
    "GET /studio/people/account": SIGNED_IN, "POST /studio/people/secret": SIGNED_IN,
    "GET /studio/people/class": TEACHERS, "POST /studio/people/class": TEACHERS,
    "POST /studio/people/add": TEACHERS, "POST /studio/people/{id}/reset": TEACHERS,
    "POST /studio/people/{id}/role": TEACHERS, "POST /studio/people/{id}/remove": TEACHERS,
    "POST /studio/people/share": Need("share", "studio", "staff"),
    # a lesson
    "GET /studio/people/lesson": TEACHERS, "GET /studio/people/lesson/pupils": TEACHERS,
    "GET /studio/people/lesson/clear": TEACHERS, "GET /studio/people/lesson/collected.zip": TEACHERS,
    "POST /studio/people/lesson/hand-in": CHANGES_RUN,
    **{f"POST /studio/people/lesson/{act}": TEACHERS for act in ("hold", "end", "delete", "undo", "clear")},
    "GET /studio/people/boards": SIGNED_IN, "GET /studio/people/boards/list": SIGNED_IN,
    "POST /studio/people/boards/{id}/submit": Need("change", "run"),
    "POST /studio/people/boards/new": TEACHERS, "POST /studio/people/boards/names": TEACHERS,
    "POST /studio/people/boards/{id}/{act}": TEACHERS,
    # the exchange
    "GET /studio/people/exchange": SIGNED_IN, "GET /studio/people/exchange/list": SIGNED_IN,
    "GET /studio/people/exchange/{id}/attacks/{number}": Need("see", "attack"),
    "POST /studio/people/exchange/bring": CHANGES_RUN,
    "POST /studio/people/exchange/{id}/try": Need("see", "exchanged"),
    "POST /studio/people/exchange/{id}/sticker": Need("see", "exchanged"),
    "POST /studio/people/exchange/{id}/take-out": Need("change", "exchanged"),
    "POST /studio/people/exchange/{id}/attacks/{number}/{act}": Need("see", "attack"),
    "POST /studio/people/exchange/switch": TEACHERS, "POST /studio/people/exchange/bar": TEACHERS,
    # data sets
    "GET /studio/pictures/{dataset}": SEES_DATASET, "GET /studio/thumb/{dataset}/{index}": SEES_DATASET,
    "GET /studio/mend/{dataset}/places": SEES_DATASET, "GET /studio/mend/{dataset}/rows": SEES_DATASET,
    "GET /studio/mend/{dataset}/thumb/{place}": SEES_DATASET, "GET /studio/mend/{dataset}/set.zip": SEES_DATASET,
    "GET /studio/mend/{dataset}/review": SEES_DATASET, "GET /studio/mend/{dataset}/near": SEES_DATASET,
    "POST /studio/mend/{dataset}/near/by": SEES_DATASET, "POST /studio/mend/{dataset}/edit": CHANGES_DATASET,
    "POST /studio/make/new": SIGNED_IN, "GET /studio/make/{dataset}": SEES_DATASET,
    "POST /studio/make/{dataset}/edit": CHANGES_DATASET, "POST /studio/make/{dataset}/takes/{take}": CHANGES_DATASET,
    "POST /studio/make/{dataset}/takes/{take}/keep": CHANGES_DATASET,
    # runs
    "GET /studio/live": SEES_RUN, "GET /studio/compare": SEES_RUN,
    "GET /studio/all/runs.{format}": SEES_RUN, "GET /studio/all/comparison.{format}": SEES_RUN,
    **{
        f"GET /studio/runs/{{name}}/{path}": SEES_RUN
        for path in (
            "model.safetensors", "model.pt", "report.csv", "predictions.csv", "report.json", "picture/{part}/{index}",
            "table/{table}.{format}", "plot/{plot}.{format}", "report.html", "heat/{part}/{index}",
            "export/{format}", "export/{format}/certificate.json",
            "export/{format}/certificate.html", "export/{format}/program.py", "panel/{part}", "next", "changed/{index}",
            "inside/{index}", "pictures", "matrix",
        )
    },
    "GET /studio/runs/{name}/card.md": SEES_RUN, "POST /studio/runs/{name}/inside": SEES_RUN,
    # predictions
    "POST /studio/predict/live": SEES_MODEL, "GET /studio/asked/{name}": SEES_PICTURE,
    "GET /studio/asked/{name}/heat": SEES_PICTURE, "GET /studio/asked/{name}/nearest": SEES_PICTURE,
    "GET /studio/predictions": SEES_JOB, "GET /studio/predictions/{id}": SEES_JOB,
    **{
        f"GET /studio/predictions/{{id}}/{path}": SEES_JOB
        for path in ("picture/{place}", "predictions.{format}", "sorted.zip", "heat/{place}")
    },
    "POST /studio/predictions/bin/{id}/undo": CHANGES_JOB,
    **{f"POST /studio/predictions/{{id}}/{act}": CHANGES_JOB for act in ("stop", "resume", "delete", "copy")},
}  # fmt: skip
"""By method and path as FastAPI has it."""

HANDLERS: Mapping[str, Need] = {
    "data.make.wire.<locals>.made": SEES_DATASET, "data.make.wire.<locals>.shown": SEES_DATASET,
    "data.mend.wire.<locals>.begun": SEES_DATASET, "data.mend.wire.<locals>.edited": SEES_DATASET,
    "data.mend.wire.<locals>.searched": SEES_DATASET, "data.mend.wire.<locals>.shown": SEES_DATASET,
    "data.sources.Starter._path": Need("manage", "studio"), "data.sources.Starter._picked": SEES_UPLOAD,
    "data.sources.Starter._public": SIGNED_IN, "data.sources.Starter._read_anew": SEES_DATASET,
    "data.sources.Starter._sample": SIGNED_IN,
    "data.tab._followers.<locals>.following": SEES_UPLOAD, "data.tab._followers.<locals>.resumed": SEES_UPLOAD,
    "data.tab._wire_earlier.<locals>.opened": SEES_DATASET,
    "data.tab._wire_earlier.<locals>.removed": Need("delete", "dataset"),
    "data.tab._wire_imports.<locals>.<lambda>": SEES_UPLOAD, "data.tab._wire_imports.<locals>.listing": SEES_DATASET,
    "data.train_now.wire.<locals>.time_of_sample": SIGNED_IN, "data.train_now.wire.<locals>.train": SEES_DATASET,
    "data.train_now.wire.<locals>.train_made": SEES_DATASET,
    "data.tab._wire_view.<locals>.look": SEES_DATASET, "data.tab._wire_view.<locals>.moved": SEES_DATASET,
    **{
        f"train.handlers.Handlers.{name}": SEES_DATASET
        for name in (
            "changed", "choose", "examples", "family", "freeze_at", "pictures", "ready", "repetitions", "reset",
            "restore", "share", "show_data", "start", "starting", "take_split",
        )
    },
    "train.handlers.Handlers.buttons": SEES_RUN, "train.handlers.Handlers.show_results": SEES_RUN,
    "train.rates.RateHandlers.look": SEES_DATASET, "train.rates.RateHandlers.pressed": SEES_DATASET,
    "train.rates.RateHandlers.use": SEES_DATASET,
    **{f"train.ending.RunControls.{name}": CHANGES_RUN for name in ("stop", "pause", "resume")},
    "results.panels.handler.<locals>.analyse": SEES_RUN,
    **{f"results.tab.build.<locals>.{name}": SEES_RUN for name in ("look_at", "show")},
    "results.tab.going.<locals>.go": SEES_RUN, "train.suggested.Suggestions.take": SEES_DATASET,
    **{f"predict.more.Handlers.{name}": SEES_MODEL for name in ("follow", "thresholds", "others")},
    **{
        f"predict.handlers.Handlers.{name}": SEES_MODEL
        for name in ("ask_drawing", "bring", "describe", "follow", "others", "pick", "show", "try_one")
    },
    **{f"predict.camera.{name}": SEES_MODEL for name in ("named",)},
    **{
        f"predict.handlers.Handlers.{name}": SEES_UPLOAD
        for name in ("ask_picture", "bring_pictures", "keep_drawing", "open_data_tab")
    },
    "predict.many.Handlers._files": SEES_UPLOAD, "predict.many.Handlers._folder": Need("manage", "studio"),
    "predict.many.Handlers._open": SEES_JOB, "predict.many.Handlers._unlabelled": SEES_DATASET,
    "predict.many.Handlers.offer": SEES_DATASET, "predict.many.Handlers.offer_unlabelled": SEES_DATASET,
    "predict.many.Handlers.offer_again": SEES_UPLOAD,
    **{f"runs.tab.Handlers.{name}": SEES_RUN for name in ("open_run", "show", "go")},
    "runs.tab.Handlers.remove": Need("delete", "run"), "runs.tab.Handlers.rename": CHANGES_RUN,
    "runs.tab.Handlers.resume": CHANGES_RUN,
    **{f"runs.tab.Handlers.{name}": Need("delete", "run") for name in ("undo", "remove_for_good")},
    "data.tab._wire_earlier.<locals>.undone": Need("delete", "dataset"),
    "runs.checking.build.<locals>.offer_examination": SIGNED_IN,
    "runs.checking.build.<locals>.examine_machine": TEACHERS, "runs.checking.build.<locals>.clean_up": TEACHERS,
    "train.testing.TestingHandlers.picked": SEES_UPLOAD, "train.testing.TestingHandlers.path": Need("manage", "studio"),
    "train.testing.TestingHandlers.offer": SIGNED_IN, "train.every.EveryHandlers.look": SEES_DATASET,
    "train.every.EveryHandlers.press": SIGNED_IN,
    **{f"train.race.RaceHandlers.{name}": SEES_DATASET for name in ("look", "pressed", "take")},
    **{f"train.search.SearchHandlers.{name}": SEES_DATASET for name in ("look", "pressed", "take")},
}  # fmt: skip
"""By module and name, without ``resnet_studio.ui.`` in front."""


def of_route(method: str, path: str) -> Need | None:
    """What the route needs that answers ``method`` at ``path``; None where none is named, and so nobody may ask."""
    asked = "GET" if method == "HEAD" else method
    return next((need for known, pattern, need in _patterns() if known == asked and pattern.fullmatch(path)), None)


def of_handler(function: object) -> Need | None:
    """What ``function`` needs, a handler of the page; None where it is not named, and so nobody may call it."""
    return HANDLERS.get(name_of(function))


def name_of(function: object) -> str:
    """What the table calls ``function``."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    return f"{module}.{name}".removeprefix("resnet_studio.ui.")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], Need], ...]:
    """Method, path as a pattern, and need; the longest template first, so that fixed words go before parameters."""
    found = []
    for key, need in sorted(ROUTES.items(), key=lambda item: (item[0].count("{"), -len(item[0]))):
        method, _, template = key.partition(" ")
        parts = re.split(r"(\{[^}]*\})", template)
        pattern = "".join(
            (".*" if part.endswith(":path}") else "[^/]+") if part.startswith("{") else re.escape(part)
            for part in parts
        )
        found.append((method, re.compile(pattern), need))
    return tuple(found)
