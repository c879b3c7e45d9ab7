"""Requests made up from the page's own routes, with ids of other people's things among them: none ends in an error of
the server, and none tells of what belongs to somebody else.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from resnet_studio.service.people import declared
from resnet_studio.ui.train import live

from .people_scene import Scene, tells

pytestmark = pytest.mark.usefixtures("narrow")

CALM: dict[str, Any] = {
    "deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.explicit, Phase.generate),
    "derandomize": True, "database": None,
}  # fmt: skip
KEYS = (
    "run", "id", "kind", "name", "on", "shared", "role", "text", "set", "tries", "picture", "pictures", "password",
    "code", "token", "old", "new", "open", "entry", "people", "what", "label", "model", "models", "index", "part",
)  # fmt: skip
OWN_ANSWERS = {"/studio/live", "/studio/compare", "/studio/predictions", "/studio/logo.svg"}
"""They answer everybody, with their own things or with those of all."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    built = Scene(tmp_path_factory.mktemp("routes"))
    with built.running():
        yield built


def bodies(ids: list[str]) -> st.SearchStrategy[Any]:
    """JSON as a page sends it, and as it never does."""
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
    value = st.sampled_from(ids) | plain | st.lists(st.sampled_from(ids) | plain, max_size=3)
    return st.dictionaries(st.sampled_from(KEYS), value, max_size=5) | st.lists(value, max_size=2) | plain


def ask_at_random(scene: Scene, who: str, count: int) -> tuple[int, list[str]]:
    """``count`` requests to each route as ``who``; how many in all, and what was wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(scene.app.openapi())
    ids, wrong, asked = [*scene.ids.values(), scene.owner.id], list[str](), []
    client = scene.clients[who]

    def of(operation: Any) -> Any:
        @settings(max_examples=count, **CALM)
        @given(case=operation.as_strategy(), data=st.data())
        def ask(case: Any, data: Any) -> None:
            for name in case.path_parameters or ():
                if data.draw(st.integers(0, 3)):
                    case.path_parameters[name] = data.draw(st.sampled_from([*ids, "0", "test", "csv", "predictions"]))
            query = {str(key): value for key, value in (case.query or {}).items()}
            if operation.method.upper() == "GET" and data.draw(st.booleans()):
                query |= {"run": scene.ids["run"], "model": f"run:{scene.ids['run']}"}
            sent = {"json": data.draw(bodies(ids))} if operation.method.upper() == "POST" else {}
            asked.append(operation.path)
            answer = client.request(operation.method.upper(), case.formatted_path, params=query, **sent)
            said = f"{operation.method} {case.formatted_path} {query} {sent}: {answer.status_code}"
            if answer.status_code >= 500:
                wrong.append(f"{said} {answer.text[:200]}")
            elif operation.path not in OWN_ANSWERS and (told := tells(answer, scene)):
                echoed = answer.request.content.decode("utf-8", "replace") + str(answer.request.url)
                wrong.extend([] if told.startswith("an id") and told[7:] in echoed else [f"{said} tells {told}"])

        return ask

    for found in schema.get_all_operations():
        operation = found.ok()
        key = f"{operation.method.upper()} {operation.path}"
        if key in declared.ROUTES and operation.path.startswith("/studio") and not operation.path.endswith("sign-out"):
            of(operation)()
    return len(asked), wrong


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "who"),
    [(1, "nobody"), (3, "other"), *(pytest.param(300, who, marks=pytest.mark.long) for who in ("nobody", "other"))],
)
def test_no_request_ends_in_an_error_or_tells_of_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, count: int, who: str
) -> None:
    monkeypatch.setattr(live, "WAIT_SECONDS", 0.01)
    before = scene.owners_files()
    asked, wrong = ask_at_random(scene, who, count)
    assert asked > 60 * count and wrong == []
    after = scene.owners_files()
    assert {name: after.get(name) for name in before} == before
