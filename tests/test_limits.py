"""What one person or a broken disk can do to everyone is bounded, each bound with a sentence."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import made
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs, new_run
from sweeps import few
from waiting import wait_for

from resnet_studio import belonging, cli
from resnet_studio.acting import acting_as
from resnet_studio.config import TrainConfig
from resnet_studio.data import brought, made_here
from resnet_studio.data.opening import open_data
from resnet_studio.errors import StudioError
from resnet_studio.limits import ALONE, LimitError, Limits
from resnet_studio.run_state import RunState
from resnet_studio.service import importing
from resnet_studio.service.http.metrics import Metrics
from resnet_studio.service.http.throttle import Throttle
from resnet_studio.service.importing import Imports
from resnet_studio.service.people.rules import Person
from resnet_studio.service.quota import Quota, Usage
from resnet_studio.service.waits import expected_waits
from resnet_studio.service.warming import Warming
from resnet_studio.service.watch import RunSnapshot
from resnet_studio.training import jobs as jobs_module
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.app import build_app, limits_for
from resnet_studio.ui.page import bringing, repeated
from resnet_studio.ui.page.access import Access
from resnet_studio.ui.page.context import Studio, sentence_for
from resnet_studio.ui.page.folder_picker import Picked
from resnet_studio.ui.page.repeated import start_once
from resnet_studio.ui.train import live_queue
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Workspace

KNOWN = TrainConfig(epochs=2, picture_size=32)


@pytest.fixture
def studio(workspace, monkeypatch):
    """Nothing is really trained, and whatever is trained takes until the test is over."""
    over = threading.Event()
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: over.wait(30))
    jobs = Jobs(workspace)
    yield Studio(workspace, jobs)
    over.set()
    jobs.close()


@pytest.mark.slow
def test_two_hundred_clicks_are_one_run(studio, workspace, class_zip):
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    config, runs = TrainConfig(epochs=2), []

    def click(settings=config, by="browser:me"):
        runs.append(start_once(studio, dataset, settings, lambda: None, run_name="pets", by=by).id)

    threads = [threading.Thread(target=click) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 200 and len(set(runs)) == 1 and len(workspace.runs()) == 1
    click(TrainConfig(epochs=3))
    click(by="browser:you")
    assert len(workspace.runs()) == 3  # other settings and other people are other wishes


def test_clicks_that_wait_longer_than_they_took_are_one_run_too(studio, workspace, class_zip, monkeypatch):
    monkeypatch.setattr(repeated, "SECONDS", 0.5)
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    runs = []

    def click():
        call = {"run_name": "pets", "by": "browser:me"}
        runs.append(start_once(studio, dataset, TrainConfig(epochs=2), lambda: time.sleep(0.8), **call).id)

    threads = [threading.Thread(target=click) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 3 and len(set(runs)) == 1


def test_a_second_click_as_the_training_begins_is_the_same_run(studio, workspace, class_zip, monkeypatch):
    """It is among those that wait, then among those at work; whoever looked the other way round saw it nowhere."""
    dataset, waits = open_data(class_zip({"cat": 5, "dog": 5}), workspace), [True]

    def look(waiting: bool) -> list[str]:
        seen = [first.id] if waits[0] is waiting else []
        waits[0] = False  # it begins after the first look
        return seen

    first = start_once(studio, dataset, TrainConfig(epochs=2), lambda: None, run_name="pets", by="browser:me")
    monkeypatch.setattr(studio.jobs, "queued", lambda: look(True))
    monkeypatch.setattr(studio.jobs, "running", lambda: look(False))
    again = start_once(studio, dataset, TrainConfig(epochs=2), lambda: None, run_name="pets", by="browser:me")
    assert again.id == first.id


def test_the_same_again_later_is_another_run(studio, workspace, class_zip, monkeypatch):
    monkeypatch.setattr(repeated, "SECONDS", -1.0)
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    made_runs = [
        start_once(studio, dataset, TrainConfig(epochs=2), lambda: None, run_name="pets", by="browser:me")
        for _ in range(2)
    ]
    assert made_runs[0].id != made_runs[1].id


def test_the_queue_is_bounded_with_a_sentence(studio, workspace, class_zip, monkeypatch):
    monkeypatch.setattr(studio.jobs, "limits", Limits(waiting_all=2, waiting_each=0))
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)

    def start(number):
        config = TrainConfig(epochs=2, seed=number)
        start_once(studio, dataset, config, lambda: None, run_name="pets", by="browser:me")

    start(0)
    wait_for(studio.jobs.running)  # it waits no more, and is at work until the end
    with pytest.raises(StudioError, match="2 trainings wait already"):
        for number in range(1, 9):
            start(number)
    assert len(workspace.runs()) <= 3
    other = new_run(workspace, dataset="other")
    with pytest.raises(StudioError, match="2 trainings wait already"):
        studio.jobs.resume(other.id)


def test_imports_wait_for_each_other_in_the_order_of_asking_and_are_bounded_with_a_sentence(monkeypatch):
    monkeypatch.setattr(importing, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(importing, "MOST_WAITING", 5)
    imports, begun, over = Imports(), [], [threading.Event() for _ in range(5)]

    def work(number):
        return lambda progress: (begun.append(number), over[number].wait(20))

    names = [imports.start("pictures", work(number)) for number in range(5)]
    with pytest.raises(StudioError, match="5 data sets wait"):
        imports.start("pictures", work(0))
    wait_for(lambda: len(begun) == 2)
    imports.get(names[2]).cancel()
    assert imports.get(names[2]).wait(20) and isinstance(imports.get(names[2]).error, importing.Cancelled)
    assert [imports.get(name).waiting for name in names] == [False, False, True, True, True]
    over[1].set()
    wait_for(lambda: len(begun) == 3)
    over[0].set()
    wait_for(lambda: len(begun) == 4)
    assert sorted(begun[:2]) == [0, 1] and begun[2:] == [3, 4]
    for each in over:
        each.set()
    imports.close()
    assert imports.get(imports.start("pictures", lambda progress: None)).wait(20)


@pytest.mark.parametrize("command", [["runs"], ["check", "sample:digits"]])
def test_a_workspace_that_is_a_file_is_refused_with_a_sentence(tmp_path, capsys, command):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert cli.main([*command, "--json", "--workspace", str(place)]) == 2
        assert "is not a folder" in json.loads(capsys.readouterr().out)["error"]


def test_without_a_home_folder_a_workspace_is_asked_for(monkeypatch, capsys):
    def no_home(*_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("RESNET_STUDIO_WORKSPACE", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(Path, "expanduser", no_home)
    assert cli.main(["runs", "--json"]) == 2
    assert "--workspace" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_workspace_that_cannot_be_written_to_is_named(tmp_path, monkeypatch, capsys, number):
    def refused(self, *_, **__):
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "mkdir", refused)
    assert cli.main(["runs", "--json", "--workspace", str(tmp_path / "studio")]) == 2
    said = json.loads(capsys.readouterr().out)["error"]
    assert "cannot be written to" in said and str(tmp_path / "studio") in said


def test_what_can_be_done_without_writing_is_done_in_a_workspace_that_cannot_be_written_to(workspace, monkeypatch):
    run = new_run(workspace)
    real = Path.open

    def read_only(self, mode="r", *rest, **named):
        if set(mode) & set("wax+"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        return real(self, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", read_only)
    assert [each.id for each in Workspace.open(workspace.root).runs()] == [run.id]
    assert cli.main(["runs", "--workspace", str(workspace.root)]) == 0


def test_the_page_says_what_is_wrong_with_the_disk():
    assert "disk is full" in sentence_for(OSError(errno.ENOSPC, "No space left on device"))
    assert "/studio" in sentence_for(OSError(errno.EROFS, "Read-only", "/studio/runs"))
    assert "unexpected" in sentence_for(OSError(errno.ENOENT, "No such file"))


@pytest.mark.slow
@few("encoding", ["cp1252", "ascii", "utf-8"])
def test_output_in_any_encoding_loses_nothing(tmp_path, encoding):
    folder = made.write(tmp_path / "Bücher 猫", made.class_files({"猫": 5, "Ü": 5}))
    if os.name != "nt" and sys.platform != "darwin":
        (folder / "猫" / os.fsdecode(b"caf\xe9.txt")).write_text("no picture")
    command = [sys.executable, "-m", "resnet_studio", "check", str(folder), "--workspace", str(tmp_path / "studio")]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*command, "--json"], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    last = done.stdout.strip().splitlines()[-1].decode("ascii")
    assert json.loads(last)["classes"] == {"猫": 5, "Ü": 5}
    done = subprocess.run(command, capture_output=True, env=environment)
    assert done.returncode == 0 and b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names there are Unicode")
def test_names_that_are_not_utf8_are_written_down_and_come_back(tmp_path):
    from resnet_studio.durable import write_json

    name = os.fsdecode(b"caf\xe9.png")
    write_json(tmp_path / "file.json", {"names": [name, "猫"]})
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))["names"] == [name, "猫"]


# ---- what each person may take


def test_each_person_has_so_many_in_the_queue_and_the_others_go_on(studio, workspace, class_zip, monkeypatch):
    monkeypatch.setattr(studio.jobs, "limits", Limits(waiting_each=2))
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)

    def ask(by, seed):
        config = TrainConfig(epochs=2, seed=seed)
        return start_once(studio, dataset, config, lambda: None, run_name="pets", by=by)

    with pytest.raises(StudioError, match="2 trainings waiting"):
        for seed in range(9):
            ask("browser:me", seed)
    yours = ask("browser:you", 0)
    assert studio.jobs.place(yours.id) == studio.jobs.queued().index(yours.id) + 1 <= 2


def test_the_page_shows_the_order_of_the_turns_with_a_wait(workspace):
    at_work, *waiting = (new_run(workspace, name=name, resolved=KNOWN) for name in ("now", "next", "last"))
    snapshots = [
        RunSnapshot(run, run.about, run.config, RunState(), 0, place) for place, run in enumerate((at_work, *waiting))
    ]
    waits = expected_waits(snapshots, lambda config, counts: 60.0)
    assert waits == {waiting[0].id: 60.0, waiting[1].id: 120.0}
    shown = live_queue.queue(snapshots, None, "en", waits=waits)
    assert "waiting, place 2 · about 2 min" in shown and "place 1 · about 1 min" in shown
    assert expected_waits(snapshots, lambda config, counts: None) == {}


def test_two_devices_share_what_waits(workspace):
    runs = [new_run(workspace, name=str(place), resolved=KNOWN) for place in range(5)]
    places = (0, 0, 1, 2, 3)
    snapshots = [
        RunSnapshot(run, run.about, run.config, RunState(), 0, place) for run, place in zip(runs, places, strict=True)
    ]
    waits = expected_waits(snapshots, lambda config, counts: 10.0)
    assert [waits[run.id] for run in runs[2:]] == [10.0, 10.0, 20.0]


@pytest.fixture
def anna(workspace, class_zip):
    """A person with a data set of ten pictures."""
    dataset = open_data(class_zip({"cat": 5, "dog": 5}), workspace)
    brought.record(workspace, dataset.id, "browser:anna")
    return "browser:anna"


def test_pictures_and_disk_of_each_person_are_counted_and_bounded(workspace, anna):
    met = []
    quota = Quota(workspace, Limits(pictures_each=12, disk_mb_each=1), met.append)
    quota.check(anna, 2)
    with pytest.raises(StudioError, match="10 pictures"):
        quota.check(anna, 3)
    quota.check("browser:ben", 12)
    run = workspace.new_run(
        "big", requested=TrainConfig(), resolved=TrainConfig(), about={"started_by": anna}, split={}
    )
    (run.folder / "best.safetensors").write_bytes(bytes(2 * 2**20))
    quota.check(anna)  # counted a moment ago
    quota.forget()
    with pytest.raises(StudioError, match="2 MB of the 1 MB"):
        quota.check(anna)
    quota.check("browser:ben")
    quota.check("")
    assert met == ["pictures_each", "disk_mb_each"]
    with pytest.raises(StudioError, match="more than the 1 MB"):
        Quota(workspace, Limits(disk_mb_all=1)).check("")
    Quota(workspace, ALONE).check(anna, 10**9)


def test_what_is_brought_in_beyond_the_limit_is_not_kept(workspace, class_zip):
    studio = Studio(workspace, Jobs(workspace), limits=Limits(pictures_each=5))
    zipped = class_zip({"cat": 5, "dog": 5})
    before = made.fingerprint(workspace.datasets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bringing, "this_browser", lambda: "ben")
        work = bringing.brought_in(studio, lambda _: open_data(zipped, workspace))
        with pytest.raises(StudioError, match="the 5 that each person may have"):
            work(lambda *_: None)
    assert made.fingerprint(workspace.datasets) == before


def test_what_a_pupil_brings_in_beyond_the_limit_is_not_kept_either(workspace, class_zip):
    studio = Studio(workspace, Jobs(workspace), limits=Limits(pictures_each=5))
    ben, zipped = Person("ben-1", "Ben", "pupil"), class_zip({"cat": 5, "dog": 5})
    with acting_as(ben), pytest.MonkeyPatch.context() as patch:
        patch.setattr(bringing, "this_browser", lambda: "person:ben-1")
        work = bringing.brought_in(studio, lambda _: open_data(zipped, workspace))
        with pytest.raises(StudioError, match="the 5 that each person may have"):
            work(lambda *_: None)
    assert not list(workspace.datasets.iterdir())


def test_data_sets_that_are_brought_in_at_once_do_not_pass_the_limit_together(workspace, class_zip):
    studio = Studio(workspace, Jobs(workspace), limits=Limits(pictures_each=15))
    ben = Person("ben-1", "Ben", "pupil")
    sets = ({"cat": 5, "dog": 5}, {"cow": 5, "hen": 5})
    with acting_as(ben), pytest.MonkeyPatch.context() as patch:
        patch.setattr(bringing, "this_browser", lambda: "person:ben-1")
        begun = [bringing.brought_in(studio, lambda _, one=one: open_data(class_zip(one), workspace)) for one in sets]
        begun[0](lambda *_: None)
        studio.quota.usage("person:ben-1")
        with pytest.raises(StudioError, match="the 15 that each person may have"):
            begun[1](lambda *_: None)
    assert len(list(workspace.datasets.iterdir())) == 1


def test_what_is_coming_has_its_place_before_anything_of_it_is_written(workspace, class_zip):
    studio = Studio(workspace, Jobs(workspace), limits=Limits(pictures_each=15))
    first = Picked("a", (("a.zip", class_zip({"cat": 5, "dog": 5}, "a.zip")),), 0)
    second = Picked("b", (("b.zip", class_zip({"cow": 5, "hen": 5}, "b.zip")),), 0)
    assert first.coming().pictures == second.coming().pictures == 10 and first.coming().bytes > 500
    assert Picked("c", (("c.zip", made.write(workspace.root, {"c.zip": b"none"}) / "c.zip"),), 0).coming() == Usage()
    with acting_as(Person("ben-1", "Ben", "pupil")), pytest.MonkeyPatch.context() as patch:
        patch.setattr(bringing, "this_browser", lambda: "person:ben-1")
        begun = bringing.brought_in(studio, lambda _: pytest.fail("it was unpacked"), second.coming())

        def work(_):
            with pytest.raises(LimitError):  # both were let in while neither had begun
                begun(lambda *_: None)
            with pytest.raises(LimitError):
                bringing.brought_in(studio, lambda _: None, second.coming())
            assert not list(workspace.datasets.iterdir())
            return open_data(first.archive, workspace)

        bringing.brought_in(studio, work, first.coming())(lambda *_: None)
        with pytest.raises(ZeroDivisionError):
            bringing.brought_in(studio, lambda _: 1 / 0, Usage(0, 5))(lambda *_: None)
        bringing.brought_in(studio, lambda _: None, Usage(0, 5))  # its place is free again


def test_one_person_reads_in_so_many_data_sets_at_once(workspace):
    go_on, met = threading.Event(), []
    imports = Imports(2, met.append)

    def work(_):
        go_on.wait(20)

    with acting_as(Person("ben-1", "Ben", "pupil")):
        first, _ = imports.start("zip", work), imports.start("zip", work)
        with pytest.raises(LimitError):
            imports.start("zip", work)
    with acting_as(Person("eve-1", "Eve", "pupil")):
        imports.start("zip", work)
    go_on.set()
    with acting_as(Person("ben-1", "Ben", "pupil")):
        assert imports.get(first).wait(20)
        imports.start("zip", work)
    assert met == ["imports_each"]


def test_pictures_of_the_camera_count_as_well(workspace, monkeypatch):
    monkeypatch.setattr(Warming, "changed", lambda *_: None)
    studio = Studio(workspace, Jobs(workspace), limits=Limits(pictures_each=3))
    ben, id = Person("ben-1", "Ben", "pupil"), made_here.new_id()
    with acting_as(ben):
        for number in range(2):
            studio.making.stage("a" * 16, id, "cat", "1.png", made.picture(number), by="person:ben-1")
        kept = studio.making.keep("a" * 16, "mine", by="person:ben-1")
        studio.making.stage("b" * 16, kept.id, "cat", "1.png", made.picture(8), by="person:ben-1")
        with pytest.raises(StudioError, match="the 3 that each person may have"):
            studio.making.stage("b" * 16, kept.id, "cat", "1.png", made.picture(9), by="person:ben-1")


def test_what_lies_in_the_bin_and_imported_models_count_too(workspace):
    ben = Person("ben-1", "Ben", "pupil")
    with acting_as(ben):
        run = new_run(workspace)
        (run.folder / "best.safetensors").write_bytes(bytes(2 * 2**20))
        Bin(workspace).put_run(run, "person:ben-1")
        model = workspace.imports / "model.safetensors"
        model.parent.mkdir(exist_ok=True)
        model.write_bytes(bytes(2**20))
        belonging.add_owner(model)
    usage = Quota(workspace, Limits(disk_mb_each=1)).usage("person:ben-1")
    assert 3 * 2**20 <= usage.bytes < 4 * 2**20
    assert Quota(workspace, Limits(disk_mb_each=1)).usage("person:eva-1").bytes == 0


def test_a_bucket_of_requests_fills_again():
    now = [0.0]
    throttle = Throttle(60, lambda: now[0])
    assert [throttle.wait("a") for _ in range(61)] == [0] * 60 + [1]
    assert throttle.wait("b") == 0 and throttle.wait("") == 0
    now[0] = 2.0
    assert [throttle.wait("a") for _ in range(3)] == [0, 0, 1]
    assert Throttle(0).wait("a") == 0


@pytest.mark.slow
def test_the_page_refuses_too_many_requests_and_too_large_uploads_with_a_sentence(workspace):
    limits = Limits(requests_a_minute=20, upload_mb=1, requests_a_minute_address=100)
    metrics = Metrics()
    app = build_app(workspace, NoJobs(), limits=limits, metrics=metrics)
    client = TestClient(app, base_url="http://127.0.0.1:7860")
    client.get("/", headers={"accept-language": "zh"})
    sent = client.post("/gradio_api/upload", files={"files": ("a.png", bytes(2**20 + 1))})
    assert sent.status_code == 413 and "1 MB" in sent.text

    def until_refused():
        answers = (client.get("/studio/logo.svg", headers={"accept-language": "zh"}) for _ in range(2_000))
        return next(answer for answer in answers if answer.status_code == 429)  # a slow machine fills the buckets

    refused = until_refused()
    assert "请求过于频繁" in refused.text and int(refused.headers["retry-after"]) >= 1
    client.cookies.clear()  # without its number a browser counts by its address
    assert client.get("/studio/logo.svg").status_code == 200
    assert until_refused().status_code == 429
    assert 'resnet_studio_limited_total{limit="requests_a_minute"}' in metrics.text().decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "cannot be read"), ("[]", "no JSON object"), ('{"waiting": 3}', "no limit called waiting"),
     ('{"upload_mb": -1}', "cannot be -1"), ('{"upload_mb": "9"}', "cannot be '9'"), ('{"upload_mb": true}', "True")],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused_in_a_sentence(workspace, content, said, capsys):
    (workspace.root / "limits.json").write_text(content)
    assert cli.main(["limits", "--json", "--workspace", str(workspace.root)]) == 2
    assert said in json.loads(capsys.readouterr().out)["error"]


def test_whoever_is_alone_at_the_machine_has_the_totals_only(workspace, capsys):
    network = Access.of_server("0.0.0.0")
    assert limits_for(workspace, Access()) == ALONE and limits_for(workspace, network) == Limits()
    (workspace.root / "limits.json").write_text('{"waiting_each": 1}')
    assert limits_for(workspace, Access()).waiting_each == limits_for(workspace, network).waiting_each == 1
    assert cli.main(["limits", "--json", "--workspace", str(workspace.root)]) == 0
    assert json.loads(capsys.readouterr().out)["limits"]["waiting_each"] == 1
    with pytest.raises(StudioError):
        limits_for(workspace, network, workspace.root / "none.json")
