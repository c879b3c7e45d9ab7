"""Every route and every handler of the app x nobody, another pupil, the owner, the teacher: who gets what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from resnet_studio import acting
from resnet_studio.service.people import declared, rules
from resnet_studio.service.people.secrets_of import code_of, hashed
from resnet_studio.service.serving.server import tokens_file
from resnet_studio.service.serving.tokens import Tokens
from resnet_studio.text import say
from resnet_studio.ui.people.events import Events

from . import people_scene
from .people_scene import Scene, tells

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

FIXED = {
    "{path:path}": "x.js", "{session_hash}": "abc", "{api_name}": "predict", "{index}": "0", "{place}": "0",
    "{take}": "0123456789abcdef", "{number}": "1", "{table}": "classes", "{plot}": "curves",
}  # fmt: skip
ASKS = {
    "GET /studio/mend/{dataset}/rows": "places=0", "GET /studio/asked/{name}/heat": "model=run:{run}&side=64",
    "GET /studio/asked/{name}/nearest": "model=run:{run}", "GET /studio/live": "run={run}&seen=x",
    "GET /studio/compare": "run={run}", "GET /studio/all/comparison.{format}": "run={run}",
    "GET /gradio_api/upload_progress": "upload_id=x", "GET /gradio_api/queue/data": "session_hash=x",
    "POST /studio/mend/{dataset}/near/by": "kind=time", "GET /studio/runs/{name}/heat/{part}/{index}": "side=64",
    "POST /studio/make/{dataset}/takes/{take}": "label=x", "POST /studio/predict/live": "model=run:{run}",
}  # fmt: skip
ENDLESS = {"GET /gradio_api/queue/data", "GET /gradio_api/upload_progress", "GET /gradio_api/heartbeat/{session_hash}"}
"""They stream until the browser goes away; the events have tests of their own."""
LISTS = {"GET /studio/live", "GET /studio/compare", "GET /studio/all/runs.{format}", "GET /studio/predictions"}
"""They answer everybody, with their own things."""
NOT_MADE = {
    "GET /studio/runs/{name}/export/{format}", "GET /studio/runs/{name}/export/{format}/certificate.json",
    "GET /studio/runs/{name}/export/{format}/certificate.html",
    "GET /studio/asked/{name}/nearest", "GET /studio/predictions/{id}/picture/{place}",
    "GET /studio/predictions/{id}/heat/{place}", "GET /studio/runs/{name}/changed/{index}",
    "GET /studio/runs/{name}/inside/{index}",
}  # fmt: skip
"""What the owner of the scene has not got, as nothing was computed."""
HARMLESS = {
    "POST /studio/make/{dataset}/takes/{take}/keep", "GET /studio/mend/{dataset}/review",
    "GET /studio/mend/{dataset}/near",
}  # fmt: skip
"""They answer that nothing was begun."""
ENDS = {"POST /studio/people/sign-out", "POST /studio/people/sign-out-everywhere"}
HEAVY = {"GET /studio/runs/{name}/report.html", "GET /studio/runs/{name}/model.pt"}
"""Of these only what others get is asked for."""
WHO = ("nobody", "other", "owner", "teacher")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    built = Scene(tmp_path_factory.mktemp("people"))
    with built.running():
        yield built


def open_routes(scene: Scene) -> list[str]:
    """The routes of the app that are declared, as the table has them."""
    known = {f"{method} {path}" for method, path in scene.routes() if method != "HEAD"}
    return sorted(known & set(declared.ROUTES))


def address(scene: Scene, route: str) -> tuple[str, str]:
    """Method and address of ``route``, about the owner's things."""
    method, _, path = route.partition(" ")
    kind = "picture" if "/asked/" in path else "run"
    formats = "png" if "/plot/" in path or "comparison" in path else "onnx" if "/export/" in path else "csv"
    part = "test" if "/picture/" in path or "/heat/" in path else "calibration"
    filled = {
        **FIXED, "{path_or_url:path}": scene.ids["upload"],
        "{dataset}": scene.ids["dataset"], "{name}": scene.ids[kind],
        "{id}": scene.ids["prediction"] if "/predictions/" in path else scene.ids["exchanged"]
        if "/exchange/" in path else scene.other.id,
        "{format}": formats, "{part}": part,
    }  # fmt: skip
    for name, value in filled.items():
        path = path.replace(name, value)
    query = ASKS.get(route, "").replace("{run}", scene.ids["run"])
    return method, f"{path}?{query}" if query else path


def verdict(scene: Scene, route: str, who: str) -> bool:
    """Whether the declared rule lets ``who`` have the owner's thing through ``route``."""
    need = declared.ROUTES[route]
    person = {"other": scene.other, "owner": scene.owner, "teacher": scene.teacher}.get(who, rules.NOBODY)
    if not need.admits(person.role):
        return False
    if need.kind is None or need.kind == "studio":
        return True
    thing = acting.Thing(need.kind, owners=frozenset({scene.owner.id}))
    return person.may(need.action or "see", thing)


def asked(scene: Scene, route: str, who: str) -> Any:
    method, path = address(scene, route)
    body: dict[str, Any] = {"json": {}} if method == "POST" else {}
    return scene.clients[who].request(method, path, **body)


def test_every_route_and_every_handler_says_whom_it_is_for(scene: Scene) -> None:
    own = {f"{method} {path}" for method, path in scene.routes() if path.startswith("/studio/") and method != "HEAD"}
    assert own - set(declared.ROUTES) == set()
    assert {key for key in declared.ROUTES if key.partition(" ")[2].startswith("/studio/")} - own == set()
    names = {declared.name_of(each.fn) for _, each in scene.handlers()}
    assert names - set(declared.HANDLERS) == set()
    assert set(declared.HANDLERS) - names <= {"predict.many.Handlers.offer_unlabelled"}  # where no folder can be named
    assert declared.of_route("GET", "/studio/new") is None
    assert declared.of_handler(lambda: None) is None


def test_a_route_that_nobody_declared_is_closed_to_the_teacher_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declared, "of_route", lambda *_: None)
    monkeypatch.setattr(declared, "of_handler", lambda _: None)
    assert scene.clients["teacher"].get("/studio/machine").status_code == 404


def test_every_route_answers_each_of_them_as_the_rule_says(scene: Scene) -> None:
    wrong = [each for route in open_routes(scene) if route not in ENDLESS for each in misjudged(scene, route)]
    assert wrong == []


def misjudged(scene: Scene, route: str) -> Iterator[str]:
    before = scene.owners_files() if route.startswith("POST") else None
    for who in WHO:
        if who in ("owner", "teacher") and (route.startswith("POST") or route in HEAVY):
            continue  # what they change would be gone for the next one
        if route in ENDS and who != "nobody":
            continue
        answer, may = asked(scene, route, who), verdict(scene, route, who)
        said = f"{who}: {route}: {answer.status_code}"
        if not may and who == "nobody":
            yield from [said] if answer.status_code != 401 or tells(answer, scene) else []
        elif not may:
            told = tells(answer, scene)
            yield from [f"{said} tells {told}"] if told else []
            yield from [said] if answer.status_code < 400 and route not in LISTS | HARMLESS else []
        elif route.startswith("GET") and declared.ROUTES[route].level != "anybody":
            yield from [said] if answer.status_code >= 400 and route not in NOT_MADE else []
        else:
            yield from [said] if answer.status_code == 401 else []
    if before is not None and scene.owners_files() != before:
        yield f"{route} changed something of the owner"


BODIES: dict[str, dict[str, Any]] = {
    "POST /studio/people/share": {"kind": "run", "id": "{run}", "shared": True},
    "POST /studio/people/lesson/hand-in": {"run": "{run}", "on": True},
    "POST /studio/people/lesson/hold": {"text": "Look here"}, "POST /studio/people/lesson/end": {"run": "{run}"},
    "POST /studio/people/boards/{id}/submit": {"run": "{run}"},
    "POST /studio/people/add": {"name": "New", "role": "pupil"},
    "POST /studio/people/class": {"open": True, "name": "7b"},
    "POST /studio/people/{id}/role": {"role": "pupil"}, "POST /studio/people/{id}/reset": {},
    "POST /studio/people/sign-out": {},
}  # fmt: skip
"""What makes sense to these routes; the others get nothing, and say so."""
BARE = tuple(f"POST /studio/predictions/{{id}}/{act}" for act in ("stop", "resume", "delete"))
"""What makes sense to these routes is no body at all."""
SECRETS: dict[str, dict[str, Any]] = {
    "owner": {"old": list(people_scene.PICTURES), "new": ["sun", "sun", "cat", "boat"]},
    "teacher": {"old": people_scene.PASSWORD, "new": f"{people_scene.PASSWORD} staple"},
}
SECRET = "POST /studio/people/secret"
LAST = ("/delete", "/remove", "/clear", "/sign-out", "/sign-out-everywhere")
"""After these something is gone that the others need."""


@pytest.fixture(scope="module")
def spent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A scene whose things may be changed."""
    built = Scene(tmp_path_factory.mktemp("spent"))
    with built.running():
        yield built


def test_what_changes_something_is_done_for_whom_the_rule_says_and_for_nobody_else(spent: Scene) -> None:
    """Every route that is sent to, by its owner first and by the teacher then."""
    routes = [route for route in open_routes(spent) if route.startswith("POST /studio")]
    last = [route for route in routes if route.endswith(LAST)]
    wrong = []
    for route in [*(each for each in routes if each not in last), *last]:
        for who in ("owner", "teacher"):
            need, (method, path) = declared.ROUTES[route], address(spent, route)
            body = {
                key: value.replace("{run}", spent.ids["run"]) if isinstance(value, str) else value
                for key, value in BODIES.get(route, {}).items()
            }
            sent = {} if route in BARE else {"json": SECRETS[who] if route == SECRET else body}
            answer, may = spent.clients[who].request(method, path, **sent), verdict(spent, route, who)
            said = f"{who}: {route}: {answer.status_code} {answer.text[:80]}"
            if need.level == "staff" and who == "owner":
                wrong += [] if answer.status_code == 403 and not may else [said]
            elif need.level != "anybody":
                wrong += [said] if not may or answer.status_code in (401, 403) or answer.status_code >= 500 else []
                given_back = who == "teacher" and route.endswith(("predictions/{id}/delete", "hand-in"))
                missing = route.endswith(("{id}/submit", "lesson/end"))  # there is no leaderboard, and no training
                sense = route in BODIES or route in BARE or route == SECRET
                wrong += [said] if sense and answer.status_code >= 400 and not (missing or given_back) else []
            person = spent.owner if who == "owner" else spent.teacher
            if route == SECRET:
                code = hashed(people_scene.PASSWORD if person.staff else code_of(people_scene.PICTURES))
                spent.accounts.people.set_secret(person, code, "password" if person.staff else "pictures")
            if route in {*ENDS, SECRET} and answer.status_code < 400:
                spent.clients[who] = spent.signed_in(person)
    assert len(routes) > 30 and wrong == []


def test_every_handler_listens_to_those_whom_it_is_for(spent: Scene) -> None:
    wrong, seen, refusal = [], set(), say("error.people.sign_in_again", "en")
    for index, handler in spent.handlers():
        name = declared.name_of(handler.fn)
        need = declared.of_handler(handler.fn)
        if name in seen or need is None:
            continue
        seen.add(name)
        for who in ("owner", "teacher"):
            answer = spent.event(who, index, [None] * len(handler.inputs))
            refused = answer.status_code in (401, 403, 404) or answer.json().get("error") == refusal
            admitted = need.admits(spent.teacher.role if who == "teacher" else spent.owner.role)
            wrong += [f"{who}: {name}: {answer.text[:80]}"] if admitted == refused else []
    assert len(seen) > 60 and wrong == []


@pytest.mark.parametrize("facts", [None, 5, "to", ["run"], True])
def test_facts_of_an_event_that_are_no_facts_are_none(spent: Scene, facts: Any) -> None:
    ids = {declared.name_of(handler.fn): index for index, handler in spent.handlers()}
    for name in ("remove", "rename", "undo", "remove_for_good", "go"):
        answer = spent.event("owner", ids[f"runs.tab.Handlers.{name}"], [], facts)
        assert say("shell.unexpected", "en")[:40] not in answer.text, (name, answer.text)


@pytest.mark.parametrize("value", [None, pytest.param(True, marks=pytest.mark.long), [[{}]]])
def test_what_no_page_sends_is_answered_with_a_sentence_and_never_as_a_fault_of_the_studio(
    spent: Scene, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Every handler, with nothing or nonsense in every input and as every fact of its event."""
    facts = dict.fromkeys(("key", "run", "index", "files", "to", "dataset", "validation"), value)
    for index, handler in unlike(spent):
        for event in (None, facts):
            answer = spent.event("owner", index, [value] * len(handler.inputs), event)
            unexpected = say("shell.unexpected", "en")[:40] in answer.text
            assert not unexpected, (declared.name_of(handler.fn), answer.text)
    assert [record for record in caplog.records if record.name.startswith("resnet_studio")] == []


def unlike(scene: Scene) -> Iterator[tuple[int, Any]]:
    """The handlers, each function once."""
    seen = set()
    for index, handler in scene.handlers():
        if declared.name_of(handler.fn) not in seen:
            seen.add(declared.name_of(handler.fn))
            yield index, handler


def attempts(scene: Scene, handler: Any) -> Iterator[tuple[list[Any], Any]]:
    """Inputs and facts of events that name the owner's things in every way that a handler might take them."""
    ids = scene.ids
    run, dataset, model = ids["run"], ids["dataset"], f"import:{ids['model']}"
    file = {"path": ids["upload"], "meta": {"_type": "gradio.FileData"}}
    phase = f'{{"run": "{run}", "phase": "finished", "agreed": "{run}"}}'
    facts = {
        "key": dataset, "dataset": dataset, "run": run, "job": ids["prediction"], "part": "calibration", "index": 0,
        "kind": "leave_out",
        "places": [0], "files": [["x.png", ids["upload"]]], "picture": "", "to": "results", "name": "x", "note": "",
        "changes": {}, "validation": 0.2, "test": 0.2,
    }  # fmt: skip
    count = len(handler.inputs)
    opens_sample = declared.name_of(handler.fn).endswith(
        "train_now.wire.<locals>.train"
    )  # without a set; that takes seconds
    for value in (run, dataset, f"run:{run}", model, phase, *([] if opens_sample else [None])):
        yield [value] * count, facts
    for at, block in enumerate(handler.inputs):
        if type(block).__name__ in ("Image", "File", "UploadButton"):
            listed = [file] if type(block).__name__ == "File" else file
            yield [listed if at == each else f"run:{run}" for each in range(count)], facts
    yield [run if n % 2 else dataset for n in range(count)], {**facts, "key": run}


@pytest.mark.parametrize("who", ["nobody", "other"])
def test_no_handler_tells_anybody_of_the_things_of_somebody_else(scene: Scene, who: str) -> None:
    before, seen, tried = scene.owners_files(), set(), 0
    for index, handler in scene.handlers():
        name = declared.name_of(handler.fn)
        if name in seen and len(handler.inputs) > 10:
            continue  # the same function, for another field of one form
        seen.add(name)
        for data, facts in attempts(scene, handler):
            answer, tried = scene.event(who, index, data, facts), tried + 1
            text = answer.text.replace(scene.ids["upload"], "").replace(
                scene.ids["model"], ""
            )  # as they were asked for
            assert people_scene.CANARY not in text, (name, data, answer.text[:2000])
            assert who != "nobody" or answer.status_code == 401, name
    assert tried > 300
    assert {name: mark for name, mark in scene.owners_files().items() if name in before} == before


def test_the_owner_and_the_teacher_see_them(scene: Scene) -> None:
    """Else the tests above would say nothing."""
    ids = {declared.name_of(handler.fn): index for index, handler in scene.handlers()}
    for who in ("owner", "teacher"):
        for name in ("runs.tab.Handlers.show", "data.tab._wire_imports.<locals>.listing"):
            count = len(scene.blocks.fns[ids[name]].inputs)
            assert people_scene.CANARY in scene.event(who, ids[name], [""] * count).text, (who, name)
        looked = scene.event(who, ids["data.tab._wire_view.<locals>.look"], [scene.ids["dataset"], [0.15, 0.15]])
        assert people_scene.CANARY in looked.text
    assert re.search(people_scene.CANARY, scene.clients["owner"].get("/studio/predictions").text)


KINDS = {
    "run": "GET /studio/runs/{name}/report.csv", "dataset": "GET /studio/thumb/{dataset}/{index}",
    "prediction": "GET /studio/predictions/{id}", "upload": "GET /gradio_api/file={path_or_url:path}",
    "picture": "GET /studio/asked/{name}", "attack": "GET /studio/people/exchange/{id}/attacks/{number}",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_without_the_rule_for_a_kind_the_matrix_finds_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    real, route = rules.may, KINDS[kind]
    expected = verdict(scene, route, "other")
    assert not expected and list(misjudged(scene, route)) == []
    monkeypatch.setattr(rules, "may", lambda role, id, do, thing: thing.kind == kind or real(role, id, do, thing))
    assert tells(asked(scene, route, "other"), scene)


HANDLERS_OF = {
    "run": ("runs.tab.Handlers.show", ["x"]), "dataset": ("data.tab._wire_imports.<locals>.listing", []),
    "model": ("predict.handlers.Handlers.show", [None, None, None]),
}  # fmt: skip


@pytest.mark.parametrize("kind", HANDLERS_OF)
def test_without_the_rule_for_a_kind_handlers_tell_of_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    real, (name, data) = rules.may, HANDLERS_OF[kind]
    index = next(index for index, each in scene.handlers() if declared.name_of(each.fn) == name)
    assert people_scene.CANARY not in scene.event("other", index, data).text
    monkeypatch.setattr(rules, "may", lambda role, id, do, thing: thing.kind == kind or real(role, id, do, thing))
    assert people_scene.CANARY in scene.event("other", index, data).text


def test_programs_need_a_token_that_was_made_at_the_machine(scene: Scene) -> None:
    paths = [key.partition(" ")[2] for key, need in declared.ROUTES.items() if need.by_token]
    assert len(paths) == 3
    for who in WHO:
        for path in paths:
            address = path.replace("{name}", scene.ids["run"])
            method = "POST" if path.endswith("predict") else "GET"
            answer = scene.clients[who].request(method, address)
            assert answer.status_code in (401, 404) and people_scene.CANARY not in answer.text, (who, path)
    token = Tokens(tokens_file(scene.workspace)).add("shop")
    try:
        headers = {"authorization": f"Bearer {token}"}
        assert scene.ids["run"] in scene.clients["nobody"].get("/v1/models", headers=headers).text
        assert scene.clients["teacher"].get("/v1/models").status_code == 401
    finally:
        tokens_file(scene.workspace).unlink()


def test_events_of_one_session_name_are_apart(scene: Scene) -> None:
    """A state that Gradio keeps under the name that a browser made up is not that of another person's browser."""
    events = Events(lambda _: ())
    assert events.mark("same", scene.owner) != events.mark("same", scene.other)
    ids = {declared.name_of(handler.fn): index for index, handler in scene.handlers()}
    for client in (scene.clients["owner"], scene.clients["other"]):
        body = {"data": [None], "fn_index": ids["runs.tab.Handlers.show"], "session_hash": "same"}
        assert client.post("/gradio_api/run/predict", json=body).status_code == 200
    held = next(r.app for r in scene.app.routes if hasattr(getattr(r, "app", None), "get_blocks")).state_holder
    assert "same" not in held.session_data
