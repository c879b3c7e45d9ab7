"""Figures and health of a server."""

import logging

import hand_made
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from resnet_studio import space
from resnet_studio.events import EpochFinished, Failed, Finished, Started
from resnet_studio.service.http.counted import Counted
from resnet_studio.service.http.faults import Faults
from resnet_studio.service.http.health import Health
from resnet_studio.service.http.metrics import Metrics
from resnet_studio.service.http.routes import routes


class Waiting(hand_made.NoJobs):
    def queued(self):
        return ["one", "two"]


@pytest.fixture
def server(workspace):
    """An application without a page: what another server builds of the same parts."""
    metrics = Metrics()
    faults = Faults(metrics.failed)
    metrics.watch(workspace.root, Waiting())
    app, health = FastAPI(), Health(workspace.root, Waiting(), faults, lambda: "CPU, 2 cores")
    app.include_router(
        routes(health, metrics, lambda request: "operator" in request.headers, lambda _: "for operators")
    )
    app.add_middleware(Counted, answered=metrics.answered)
    return TestClient(app), metrics, faults


OPERATOR = {"operator": "yes"}


def epoch(number):
    return EpochFinished(
        epoch=number, train_loss=1.0, train_accuracy=0.5, validation_loss=1.0, validation_accuracy=0.5,
        learning_rate=0.1, pictures_per_second=9.0, seconds=1.0, best=True,
    )  # fmt: skip


def test_what_happens_is_counted(server):
    client, metrics, _ = server
    for event in (Started(device="cpu", precision="fp32", epochs=2), epoch(1), epoch(2), Failed(key="x")):
        metrics.training(event)
    metrics.training(
        Finished(reason="stopped", epochs_run=2, best_epoch=1, validation_accuracy=0.5, test_accuracy=None,
                 train_seconds=2.0)
    )  # fmt: skip
    metrics.uploaded(1234)
    with metrics.predicting("picture"):
        pass
    with metrics.predicting("picture", 0):  # nobody has chosen a picture yet
        pass
    with pytest.raises(ValueError), metrics.predicting("live"):
        raise ValueError
    client.get("/nothing")

    text = client.get("/metrics", headers=OPERATOR).text

    for line in (
        "resnet_studio_epochs_total 2.0", 'resnet_studio_trainings_total{event="started"} 1.0',
        'resnet_studio_trainings_total{event="stopped"} 1.0', 'resnet_studio_trainings_total{event="failed"} 1.0',
        "resnet_studio_uploads_total 1.0", "resnet_studio_upload_bytes_total 1234.0",
        'resnet_studio_predictions_total{kind="picture"} 1.0',
        'resnet_studio_prediction_seconds_count{kind="picture"} 1.0',
        'resnet_studio_http_requests_total{status="4xx"} 1.0', "resnet_studio_queue_waiting 2.0",
    ):  # fmt: skip
        assert line in text
    assert "resnet_studio_disk_free_bytes" in text and "process_cpu_seconds_total" in text
    assert 'kind="live"' not in text


def test_two_servers_in_one_process_have_figures_of_their_own(server):
    _, metrics, _ = server
    metrics.uploaded(5)
    assert b"resnet_studio_uploads_total 0.0" in Metrics().text()


def test_strangers_get_no_figures_and_learn_nothing_from_the_health(server):
    client, _, faults = server
    faults.emit(logging.makeLogRecord({"levelno": logging.ERROR, "name": "resnet_studio.x", "msg": "Eve's cat.png"}))
    assert client.get("/metrics").status_code == 403 and client.get("/metrics").text == "for operators"
    assert client.get("/healthz").json() == {"status": "ok", "disk": "ok", "queue": "ok"}


def test_the_last_failure_is_named_by_its_kind_and_never_by_its_words(server):
    client, _, faults = server
    with faults.listening():
        try:
            raise ZeroDivisionError("Eve's cat.png")
        except ZeroDivisionError:
            logging.getLogger("resnet_studio.training").exception("run of %s failed", "Eve")
    logging.getLogger("resnet_studio.training").error("after the server has ended")

    answer = client.get("/healthz", headers=OPERATOR)

    last = answer.json()["last_error"]
    assert (last["kind"], last["where"]) == ("ZeroDivisionError", "resnet_studio.training")
    assert "Eve" not in answer.text and "cat" not in answer.text
    assert answer.json()["device"] == "CPU, 2 cores" and answer.json()["queue"]["waiting"] == 2
    assert 'resnet_studio_errors_total{kind="ZeroDivisionError"} 1.0' in client.get("/metrics", headers=OPERATOR).text


@pytest.mark.parametrize(
    ("free", "code", "status"), [(space.SPARE_BYTES - 1, 200, "degraded"), (space.LEAST_BYTES - 1, 503, "failing")]
)
def test_a_disk_that_gets_full_shows_before_it_is(server, monkeypatch, free, code, status):
    client, _, _ = server
    monkeypatch.setattr("resnet_studio.space.free_bytes", lambda _: free)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (code, status)
