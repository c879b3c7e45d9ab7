"""The teacher's page: the class at a glance, and what a teacher does with it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from resnet_studio import belonging
from resnet_studio.acting import STUDIO, check
from resnet_studio.data import editing
from resnet_studio.errors import StudioError
from resnet_studio.folder_names import slug
from resnet_studio.service.people import clearing, collecting
from resnet_studio.service.people.lesson import Lessons
from resnet_studio.text import Language, say
from resnet_studio.training import hold
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.downloads import disposition
from resnet_studio.ui.people import lesson_view, pages
from resnet_studio.ui.people.asked import PeopleRequests, Values, sender, text
from resnet_studio.ui.people.gate import Gate
from resnet_studio.upkeep import audit


def routes(studio: Studio, gate: Gate) -> APIRouter:
    """The routes under ``/studio/people/lesson``."""
    router = APIRouter(prefix="/studio/people/lesson")
    lessons = Lessons(studio.workspace, gate.accounts.people, studio.runs)
    asked = PeopleRequests(gate, studio.workspace)
    _add_views(router, studio, gate, lessons)
    _add_acts(router, studio, asked)
    _add_collecting(router, gate, asked, studio, lessons)
    _add_deleting(router, studio, asked, lessons)
    _add_clearing(router, studio, gate, asked, lessons)
    return router


def _add_views(router: APIRouter, studio: Studio, gate: Gate, lessons: Lessons) -> None:
    root, name = gate.access.root_path, gate.accounts

    def pieces(language: Language) -> Any:
        return lesson_view.table(lessons.look(tuple(studio.jobs.queued())), language)

    @router.get("")
    def page(request: Request) -> HTMLResponse:
        """The page, with the class in it."""
        language = language_of(request)
        held = hold.held(studio.workspace.root)
        shown = pages.page(
            "people/lesson.html", language, root, wide=True, at="lesson", title=say("lesson.title", language),
            person=sender(request), class_name=name.class_name, typed=clearing.called(name), held=held,
            longest=hold.LONGEST, table=pieces(language),
        )  # fmt: skip
        return HTMLResponse(shown)

    @router.get("/pupils")
    def pupils(request: Request) -> HTMLResponse:
        """The class as a piece of HTML: one answer for everybody in it."""
        return HTMLResponse(str(pieces(language_of(request))))


def _add_collecting(router: APIRouter, gate: Gate, asked: PeopleRequests, studio: Studio, lessons: Lessons) -> None:
    @router.get("/collected.zip")
    def collected(request: Request, checkpoints: bool = False) -> StreamingResponse:
        """One zip with each pupil's runs; ``checkpoints`` says whether their models are in it."""
        found = collecting.chosen(lessons.look().pupils)
        pieces = collecting.zipped(found, checkpoints=checkpoints, language=language_of(request))
        name = f"{slug(clearing.called(gate.accounts))}.zip"
        return StreamingResponse(pieces, media_type="application/zip", headers=disposition(name))

    @router.post("/hand-in")
    async def hand_in(request: Request) -> Any:
        """Choose one's ``run`` to be collected where ``on``, or no more."""

        def done(values: Values, _: Request) -> dict[str, Any]:
            collecting.hand_in(studio.workspace.run(text(values, "run")), on=values.get("on") is True)
            return {"on": values.get("on") is True}

        return await asked.answer(request, done)


def _add_acts(router: APIRouter, studio: Studio, asked: PeopleRequests) -> None:
    @router.post("/hold")
    async def held(request: Request) -> Any:
        """``on`` switches training off or, where it is false, on again; ``text`` is what every page says."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            check("manage", STUDIO)
            on = values.get("on") is False
            audit.record(studio.workspace, _by(request), "training.on" if on else "training.off")
            if on:
                hold.release(studio.workspace)
                return {"held": False}
            hold.hold(studio.workspace, text(values, "text"))
            return {"held": True}

        return await asked.answer(request, done)

    @router.post("/end")
    async def end(request: Request) -> Any:
        """Stop or pause the ``run``; ``how`` is one of these."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            run, pause = studio.workspace.run(text(values, "run")), values.get("how") == "pause"
            (studio.jobs.pause if pause else studio.jobs.stop)(run.id)
            audit.record(studio.workspace, _by(request), "run.pause" if pause else "run.stop", run.id)
            return {"run": run.id}

        return await asked.answer(request, done)


def _add_deleting(router: APIRouter, studio: Studio, asked: PeopleRequests, lessons: Lessons) -> None:
    @router.post("/delete")
    async def delete(request: Request) -> Any:
        """Move a ``run`` or a ``dataset``, by its ``id``, into the bin."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            by, id = _by(request), text(values, "id")
            if values.get("kind") == "run":
                binned = studio.bin.put_run(studio.workspace.run(id), by)
            elif values.get("kind") == "dataset":
                binned, _ = studio.bin.put_dataset(editing.folder_of(studio.workspace, id).name, by)
            else:
                raise StudioError("error.people.not_json")
            lessons.forget()
            return {"entry": binned.entry, "undo": binned.name}

        return await asked.answer(request, done)

    @router.post("/undo")
    async def undo(request: Request) -> Any:
        """Take the ``entry`` back out of the bin."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            check("delete", studio.bin.find(text(values, "entry")).thing)
            lessons.forget()
            return {"id": studio.bin.take_back(text(values, "entry"), _by(request)).id}

        return await asked.answer(request, done)


def _add_clearing(router: APIRouter, studio: Studio, gate: Gate, asked: PeopleRequests, lessons: Lessons) -> None:
    @router.get("/clear")
    def preview(request: Request) -> dict[str, Any]:
        """What clearing the class would take, as a sentence."""
        found = clearing.preview(studio.workspace, gate.accounts)
        return {**found.to_json(), "said": lesson_view.preview(found, language_of(request))}

    @router.post("/clear")
    async def clear(request: Request) -> Any:
        """Clear the class; ``name`` has to be what it is called."""

        def done(values: Values, request: Request) -> dict[str, Any]:
            found = clearing.clear(
                studio.workspace, gate.accounts, text(values, "name"), stop=studio.jobs.stop,
                stop_predicting=studio.predictions.stop, by=_by(request),
            )  # fmt: skip
            lessons.forget()
            audit.record(studio.workspace, _by(request), "class.clear", found.name)
            return {"said": lesson_view.cleared(found, language_of(request))}

        return await asked.answer(request, done)


def _by(request: Request) -> str:
    """Who sends ``request``, as the bin and the audit log name them."""
    return f"{belonging.PERSON}{sender(request).id}"
