"""What programs get that send pictures to a service."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_for

from resnet_studio.service.serving import pictures
from resnet_studio.service.serving.server import Endpoint
from resnet_studio.service.serving.tokens import Tokens

from .conftest import BLACK, BLUE, RED, ByColour, client_of, in_text, limited, served, serving

pytestmark = pytest.mark.usefixtures("narrow")

PREDICT = "/v1/models/cups/predict"


def ask(client, *pictures, **options):
    return client.post(
        PREDICT, files=[("pictures", (f"{at}.png", each)) for at, each in enumerate(pictures)], **options
    )


def figures(client):
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


def test_each_picture_gets_its_class_probability_and_words_in_their_order(client):
    answered = ask(client, RED, BLUE, BLACK).json()
    assert (answered["model"], answered["version"]) == ("cups", "1")
    red, blue, black = answered["predictions"]
    assert [red["label"], blue["label"]] == ["red", "blue"] and red["picture"] == "0.png"
    assert red["probability"] == pytest.approx(red["scores"][0]["probability"]) and red["probability"] > 0.99
    assert sum(each["probability"] for each in red["scores"]) == pytest.approx(1)
    assert red["level"] == "unrated" and "Not rated" in red["words"] and not red["unknown"]
    assert black["unknown"] and black["level"] == "unknown" and black["words"] == "None of these classes."
    assert ask(client, RED, params={"top_k": 1}).json()["predictions"][0]["scores"] == red["scores"][:1]


def test_base64_in_json_is_answered_like_a_form(client):
    sent, form = client.post(PREDICT, json=in_text(RED, BLUE)).json(), ask(client, RED, BLUE).json()
    for ours, theirs in zip(sent["predictions"], form["predictions"], strict=True):
        assert {**ours, "picture": ""} == {**theirs, "picture": ""}
    address = {"pictures": [f"data:image/png;base64,{base64.b64encode(RED).decode()}"]}
    assert client.post(PREDICT, json=address).json()["predictions"][0]["label"] == "red"


def test_what_is_no_picture_gets_its_sentence_in_place_and_alone_it_is_refused(client):
    answered = ask(client, RED, b"hello", BLUE)
    assert answered.status_code == 200
    assert [each["label"] for each in answered.json()["predictions"]] == ["red", None, "blue"]
    assert "1.png" in answered.json()["predictions"][1]["error"]
    alone = ask(client, b"hello", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert alone.status_code == 422 and "不是图片" in alone.json()["error"] and "0.png" in alone.json()["error"]


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, 415, "multipart/form-data"),
        ({"json": {"pictures": "AAAA"}}, 400, "BASE64"), ({"json": ["AAAA"]}, 400, "BASE64"),
        ({"json": {"pictures": ["@@@"]}}, 400, "no base64"), ({"json": {"pictures": []}}, 400, "no picture"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, "BASE64"),
        ({"content": b"[" * 9_000, "headers": {"content-type": "application/json"}}, 400, "BASE64"),
        ({"content": b"--", "headers": {"content-type": "multipart/form-data"}}, 400, "curl -F"),
        ({"json": in_text(RED), "params": {"top_k": 0}}, 422, "top_k"),
        ({"json": in_text(RED), "params": {"heat_map": "perhaps"}}, 422, "heat_map"),
        ({"json": in_text(RED), "params": {"topk": 3}}, 422, "known are: top_k, heat_map"),
        ({"json": in_text(*[RED] * 5)}, 422, "4 at most"),
        ({"files": [("p", ("a.png", RED))] * 5}, 422, "4 at most"),
        ({"json": in_text(b"0" * 5000)}, 413, "larger than"),
        ({"files": [("p", ("big.png", b"0" * 5000))]}, 413, "big.png is larger"),
        ({"json": in_text(b"0" * 9000)}, 413, "A request may have"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_with_a_sentence(tmp_path, given, status, said):
    server = serving(tmp_path, limits=limited(pictures=4, picture_bytes=4000, request_bytes=10_000))
    answered = client_of(server).post(PREDICT, **given)
    assert answered.status_code == status and said in answered.json()["error"]
    assert set(answered.json()) == {"error"}


def test_a_body_of_very_many_values_is_not_even_read(client, monkeypatch):
    read, sizes = json.loads, []
    monkeypatch.setattr(json, "loads", lambda content: sizes.append(len(content)) or read(content))
    body = b'{"pictures": [' + b",".join([b"[]"] * 1_000_000) + b"]}"
    answered = client.post(PREDICT, content=body, headers={"content-type": "application/json"})
    assert answered.status_code == 400 and "BASE64" in answered.json()["error"]
    assert max(sizes) < 1000  # of the answer


def test_a_body_that_is_longer_than_it_says_is_cut_off(tmp_path):
    def endless():
        yield b'{"pictures": ["'
        for _ in range(100):
            yield b"A" * 1000

    server = serving(tmp_path, limits=limited(request_bytes=10_000))
    headers = {"content-type": "application/json"}
    assert client_of(server).post(PREDICT, content=endless(), headers=headers).status_code == 413


@pytest.mark.parametrize(("path", "headers", "status"), [
    (PREDICT, {"content-type": "text/plain"}, 415), (PREDICT, {"content-type": "multipart/form-data; boundary=b"}, 400),
    (PREDICT, {"authorization": "Bearer rs_wrong"}, 401), ("/v1/models/none/predict", {}, 404),
    (PREDICT, {"content-type": "application/json", "content-length": "30000"}, 413),
])  # fmt: skip
def test_a_refused_body_is_read_to_its_end_so_that_the_refusal_arrives(tmp_path, path, headers, status):
    left = [b"--b\r\n" + b"x" * 995] * 30

    async def receive():
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    assert asked(tmp_path, path, headers, receive, before=lambda: not left) == status


def test_who_waits_for_leave_to_send_is_refused_without_it_and_who_sends_no_more_is_too(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "PATIENCE", 0.01)

    async def never():
        await asyncio.sleep(3600)

    async def leave():
        pytest.fail("whoever is to be refused was told to send")

    wrong = {"authorization": "Bearer rs_wrong", "content-length": "99999999999"}
    assert asked(tmp_path, PREDICT, wrong, never) == 401
    assert asked(tmp_path, PREDICT, {**wrong, "expect": "100-continue"}, leave) == 401


def test_who_leaves_while_sending_is_no_fault_of_the_server(tmp_path):
    messages = []

    async def receive():
        return messages.pop()

    for kind in ("multipart/form-data; boundary=b", "application/json"):
        messages[:] = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"{", "more_body": True}]
        assert asked(tmp_path, PREDICT, {"content-type": kind}, receive) == 400


def asked(tmp_path, path, headers, receive, before=lambda: True):
    """The status that a request gets whose body comes by ``receive``; ``before`` has to hold when it is answered."""
    app, sent = serving(tmp_path, limits=limited(request_bytes=10_000)).app(), []

    async def send(message):
        assert before(), "a connection that is closed now is reset"
        sent.append(message)

    given = [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1", **headers}.items()]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": path, "headers": given,
        "raw_path": path.encode(), "root_path": "", "query_string": b"", "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 5),
    }  # fmt: skip
    with ThreadPoolExecutor(1) as apart:  # browser tests of the same process leave an event loop running
        apart.submit(asyncio.run, app(scope, receive, send)).result()
    return sent[0]["status"]


def test_health_is_told_to_those_who_ask_for_the_head_alone(client):
    answered = client.head("/healthz")
    assert answered.status_code == 200 and not answered.content


def test_models_have_versions_and_the_first_of_a_name_is_its_default(tmp_path):
    other = served(version="2", answers=ByColour(swapped=True))
    client = client_of(serving(tmp_path, served(), other, served("plates")))
    listed = client.get("/v1/models").json()["models"]
    assert [(each["name"], each["version"], each["default"]) for each in listed] == [
        ("cups", "1", True), ("cups", "2", False), ("plates", "1", True),
    ]  # fmt: skip
    said = [
        client.post(f"/v1/models/{name}/predict", json=in_text(RED)).json()["predictions"][0]["label"]
        for name in ("cups", "cups@1", "cups@2", "plates")
    ]
    assert said == ["red", "red", "blue", "red"]
    one = client.get("/v1/models/cups@2").json()
    assert (one["version"], one["default"], one["classes"], one["picture_side"]) == ("2", False, ["red", "blue"], 8)
    for name in ("cups@3", "bowls", "cups%2F..%2Fplates", "%00"):
        missing = client.post(f"/v1/models/{name}/predict", json=in_text(RED))
        assert missing.status_code == 404 and "error" in missing.json()


def test_a_shadow_is_asked_the_same_and_only_compared(tmp_path):
    shadow = served("next", answers=ByColour(swapped=True))
    client = client_of(serving(tmp_path, shadows={"cups@1": shadow}))
    assert [each["label"] for each in ask(client, RED, BLACK).json()["predictions"]][:1] == ["red"]
    key = ("resnet_studio_api_shadow_total", ("agrees", "no"), ("model", "next"), ("version", "1"))
    assert wait_for(lambda: figures(client).get(key, 0)) >= 1
    assert [each["name"] for each in client.get("/v1/models").json()["models"]] == ["cups"]


def test_requests_that_arrive_together_are_computed_together(tmp_path):
    model, began, go = ByColour(), threading.Event(), threading.Event()
    compute = model.compute

    def slow(batch, stages=()):
        began.set()
        go.wait(20)
        return compute(batch, stages)

    model.compute = slow
    client = client_of(serving(tmp_path, served(answers=model)))
    with client, ThreadPoolExecutor(9) as pool:
        first = pool.submit(ask, client, RED)
        began.wait(20)
        others = [pool.submit(ask, client, (RED, BLUE)[at % 2]) for at in range(8)]
        wait_for(lambda: model.waiting == 8)
        go.set()
        labels = [each.result().json()["predictions"][0]["label"] for each in (first, *others)]
    assert labels == ["red", *["red", "blue"] * 4]
    assert model.batches == [1, 8]


def test_more_than_may_wait_is_told_to_come_again(tmp_path):
    model, began, go = ByColour(), threading.Event(), threading.Event()
    compute = model.compute
    model.compute = lambda batch, stages=(): (began.set(), go.wait(20), compute(batch))[2]
    client = client_of(serving(tmp_path, served(answers=model), limits=limited(waiting=1)))
    with client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, client, RED)
        began.wait(20)
        refused = ask(client, RED)
        go.set()
        assert first.result().status_code == 200
    assert refused.status_code == 503 and refused.headers["retry-after"] == "1"


def test_too_many_requests_a_second_are_told_to_wait(tmp_path):
    client = client_of(serving(tmp_path, limits=limited(rate=0.01, burst=3)))
    assert [ask(client, RED).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("/v1/models")
    assert "0.01 requests a second" in refused.json()["error"] and int(refused.headers["retry-after"]) > 10


def test_figures_count_pictures_classes_and_times(client):
    ask(client, RED, RED, BLACK, b"hello")
    found = figures(client)
    model = (("model", "cups"), ("version", "1"))
    assert found["resnet_studio_api_answers_total", ("label", "red"), *model] == 3
    assert found["resnet_studio_api_unknown_total", *model] == 1
    assert found["resnet_studio_api_pictures_total", model[0], ("outcome", "unreadable"), model[1]] == 1
    assert found["resnet_studio_api_seconds_count", *model] == 1
    assert found["resnet_studio_http_requests_total", ("status", "2xx")] >= 1


def test_the_health_of_a_server_that_is_to_end_sends_requests_elsewhere(tmp_path):
    server = serving(tmp_path)
    client = client_of(server)
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (200, {"status": "ok", "models": 1})
    server.closing = lambda: True
    assert client.get("/healthz").status_code == 503


# ---- doors


@pytest.fixture
def tokens(tmp_path):
    return Tokens(tmp_path / "tokens.json")


def test_off_this_machine_a_token_is_needed_and_one_removed_is_worth_nothing(tmp_path, tokens):
    token = tokens.add("shop")
    client = client_of(serving(tmp_path, endpoint=Endpoint("0.0.0.0", tokens=tokens.file)), "192.0.2.7")
    routes = [("GET", "/v1/models"), ("GET", "/v1/models/cups"), ("POST", PREDICT), ("GET", "/metrics")]
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": f"Basic {token}"}, {"authorization": token}):
        for method, path in routes:
            refused = client.request(method, path, headers=headers)
            assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
            assert "Bearer TOKEN" in refused.json()["error"]
    good = {"authorization": f"Bearer {token}"}
    assert [client.request(*each, headers=good).status_code for each in routes] == [200, 200, 415, 200]
    tokens.remove("shop")
    assert {client.request(*each, headers=good).status_code for each in routes} == {401}
    assert client.get("/healthz").status_code == 200


def test_no_other_web_site_may_ask_by_a_browser_of_this_machine(client, tmp_path):
    asked = in_text(RED)
    for headers in (
        {"host": "evil.example"}, {"host": "evil.example:8000"}, {"origin": "https://evil.example"}, {"origin": "null"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
    ):  # fmt: skip
        assert client.post(PREDICT, json=asked, headers=headers).status_code == 401
        assert client.get("/metrics", headers=headers).status_code == 401
    assert client.post(PREDICT, json=asked, headers={"host": "localhost:8000"}).status_code == 200
    named = client_of(serving(tmp_path, endpoint=Endpoint(hosts=("box.example",))), "box.example")
    assert named.post(PREDICT, json=asked).status_code == 200
    crossing = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answered = client.options(PREDICT, headers=crossing)
    assert not [name for name in answered.headers if name.startswith("access-control")]


def test_with_open_nobody_needs_a_token_and_with_tokens_this_machine_does(tmp_path, tokens):
    asked = in_text(RED)
    wide = client_of(serving(tmp_path, endpoint=Endpoint("0.0.0.0", open=True, tokens=tokens.file)), "192.0.2.7")
    assert wide.post(PREDICT, json=asked).status_code == 200
    here = client_of(serving(tmp_path, endpoint=Endpoint(tokens=tokens.file)))
    assert here.post(PREDICT, json=asked).status_code == 200
    tokens.add("shop")
    assert here.post(PREDICT, json=asked).status_code == 401
    assert wide.post(PREDICT, json=asked).status_code == 200


@pytest.mark.slow
def test_a_heat_map_is_a_png_to_lay_over_the_picture(tmp_path):
    from resnet_studio.model.checkpoint import Card, save
    from resnet_studio.model.resnet import build
    from resnet_studio.prediction import Predictor

    from .conftest import PLAIN

    path = tmp_path / "best.safetensors"
    card = Card(classes=("red", "blue"), depth=18, preprocessing=PLAIN.__class__(resize=32, crop=32))
    save(path, build(18, 2).state_dict(), card)
    client = client_of(serving(tmp_path, served(answers=Predictor(path, "cpu"), checkpoint=path)))
    (found,) = ask(client, RED, params={"heat_map": True}).json()["predictions"]
    over = Image.open(io.BytesIO(base64.b64decode(found["heat_map"])))
    assert (over.format, over.size) == ("PNG", (12, 12))
    without = client_of(serving(tmp_path)).post(PREDICT, json=in_text(RED), params={"heat_map": True})
    assert without.status_code == 409 and "no heat maps" in without.json()["error"]
