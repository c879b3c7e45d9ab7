"""The description of the service is true: requests made up from it get answers that it allows."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from .conftest import PREDICT_FORM, RED, client_of, limited, serving

CALM = {
    "deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.explicit, Phase.generate),
    "derandomize": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    app = serving(tmp_path_factory.mktemp("described"), limits=limited(rate=0)).app()
    found = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    # a schema cannot say that bytes are a picture: that none can be read is 422
    found.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "404", "409", "422"]
    return found


def ask_at_random(schema, mode, count):
    """Send ``count`` requests to each route that the description allows, or that it forbids, and look at answers."""
    asked = []

    def of(operation):
        @settings(max_examples=count, **CALM)
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case):
            case.headers = {**(case.headers or {}), "host": "127.0.0.1"}
            name = (case.path_parameters or {}).get("name")
            if name and len(str(name)) <= 300 and len(asked) % 4:
                case.path_parameters["name"] = "cups"  # a made-up name is none of ours
            asked.append(case.call_and_validate().status_code)

        return holds

    for found in schema.get_all_operations():
        operation = found.ok()
        if mode == GenerationMode.POSITIVE or operation.path.endswith("predict"):
            of(operation)()
    return asked


@pytest.mark.slow
@pytest.mark.parametrize("mode", GenerationMode)
def test_requests_made_up_from_the_description_are_answered_as_it_says(schema, mode):
    assert len(ask_at_random(schema, mode, 15)) > 5


@pytest.mark.long
@pytest.mark.sweep
@pytest.mark.parametrize("mode", GenerationMode)
def test_a_thousand_requests_for_each_route_are_answered_as_described(schema, mode):
    assert len(ask_at_random(schema, mode, 1000)) > 500


def test_the_description_has_examples_that_work(tmp_path):
    client = client_of(serving(tmp_path))
    described = client.get("/v1/openapi.json").json()
    predict = described["paths"][PREDICT_FORM]["post"]
    example = predict["requestBody"]["content"]["application/json"]["example"]
    answered = client.post(PREDICT_FORM.format(name="cups"), json=example)
    shown = predict["responses"]["200"]["content"]["application/json"]["example"]
    assert answered.status_code == 200 and set(shown) == set(answered.json())
    assert set(shown["predictions"][0]) <= set(answered.json()["predictions"][0])
    assert {"400", "401", "404", "413", "415", "422", "429", "503"} < set(predict["responses"])
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer" and RED
