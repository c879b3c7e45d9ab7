from __future__ import annotations

import base64
import io
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import made
import onnx_made
import pytest
from hand_made import finish, new_run, report_of, train
from PIL import Image, ImageDraw
from waiting import wait_for

from resnet_studio.data import intake
from resnet_studio.errors import CheckpointError, DataError, StudioError
from resnet_studio.evaluation.calibration import UNTESTED, Record, calibrated
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.prediction import Prediction
from resnet_studio.service.predictors import KEPT, Predictors, level
from resnet_studio.text import say
from resnet_studio.ui.page.choices import filled_in_later
from resnet_studio.ui.page.context import Studio, to_try
from resnet_studio.ui.predict import camera, many, more
from resnet_studio.ui.predict import view as predict_view
from resnet_studio.ui.predict.drawing import Paper, centred, decoded, paper_of
from resnet_studio.ui.predict.handlers import Handlers
from resnet_studio.ui.predict.queries import ModelQueries
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

CLASSES = ("one", "<b>two</b>")


@pytest.fixture(scope="module")
def model_file(narrow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.manual_seed(0)
    how = Preprocessing(resize=36, crop=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    checkpoint.save(path, resnet.build(18, 2).state_dict(), Card(classes=CLASSES, depth=18, preprocessing=how))
    return path


@pytest.fixture
def trained(workspace: Workspace, model_file: Path) -> Callable[..., Run]:
    def make(name: str = "run", *, done: bool = True) -> Run:
        run = new_run(workspace, name=name, classes=CLASSES)
        train(run, epochs=2)
        if done:
            finish(run, report_of(run))
        run.best.write_bytes(model_file.read_bytes())
        return run

    return make


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (40, 40), "teal").save(path)
    return path


def prediction_of(*scores: float, names: tuple[str, ...] = ("cat", "dog", "cow")) -> Prediction:
    pairs = tuple(zip(names, scores, strict=False))
    return Prediction(pairs[0][0], pairs[0][1], pairs)


def report(answers: list[tuple[float, bool]]) -> dict[str, object]:
    return {"pictures": [{"probability": p, "true": 0, "predicted": 0 if right else 1} for p, right in answers]}


def test_the_newest_finished_run_is_asked_first(workspace: Workspace, trained: Callable[..., Run]) -> None:
    trained("1")
    newest = trained("2")
    trained("3", done=False)
    default = ModelQueries(workspace).default(None)
    assert default is not None and default.key == f"run:{newest.id}"


@pytest.mark.slow
def test_the_run_that_the_browser_looks_at_is_asked_where_it_is_finished(
    workspace: Workspace, trained: Callable[..., Run]
) -> None:
    old, newest = trained("1"), trained("2")
    queries = ModelQueries(workspace)
    default = queries.default(old.id)
    assert default is not None and default.key == f"run:{old.id}"
    unfinished = trained("3", done=False)
    default = queries.default(unfinished.id)
    assert default is not None and default.key == f"run:{newest.id}"


def offered(answer: Any) -> Any:
    """The model that an offer of the handlers chooses."""
    return answer[1].value


def test_the_run_to_try_is_asked_whatever_was_picked_before(workspace: Workspace, trained: Callable[..., Run]) -> None:
    older, newest = trained("1"), trained("2")
    handlers = Handlers(Studio(workspace, cast(Any, None)))
    picked = handlers.pick(f"run:{newest.id}")
    assert offered(handlers.show(newest.id, None, picked)) == f"run:{newest.id}"
    assert offered(handlers.show(newest.id, to_try(older.id), picked)) == f"run:{older.id}"


def test_a_model_picked_by_hand_stays_until_another_run_is_looked_at(
    workspace: Workspace, trained: Callable[..., Run]
) -> None:
    older, newest = trained("1"), trained("2")
    handlers = Handlers(Studio(workspace, cast(Any, None)))
    tried, picked = to_try(newest.id), handlers.pick(f"run:{older.id}")
    assert offered(handlers.show(newest.id, tried, picked)) == f"run:{older.id}"
    *offer, picked = handlers.follow(newest.id)
    assert offered(offer) == offered(handlers.show(newest.id, tried, picked)) == f"run:{newest.id}"


def test_several_models_answer_one_picture_and_a_threshold_decides(
    workspace: Workspace, trained: Callable[..., Run], picture: Path
) -> None:
    first, second = trained("1"), trained("2")
    studio = Studio(workspace, cast(Any, None))
    beside = more.Handlers(studio)
    others, note, rows, chosen = beside.follow(f"run:{first.id}", {"others": ["run:gone", f"run:{first.id}"]})
    assert [key for _, key in others["choices"]] == [f"run:{second.id}"] and chosen["others"] == []
    assert "&lt;b&gt;two" in rows and "<b>two" not in rows
    note, chosen = beside.others(f"run:{first.id}", [f"run:{second.id}"], chosen)
    assert "2 models answer together" in note and chosen["others"] == [f"run:{second.id}"]
    queries = ModelQueries(workspace)
    *_, plain = queries.answer_picture(f"run:{first.id}", str(picture), "en", chosen)
    asked = f"heat?model=run%3A{first.id}&amp;model=run%3A{second.id}&amp;label="
    assert "The mean of 2 models" in plain and asked in plain and "data-nearest" not in plain
    likeliest = 0 if plain.index("one") < plain.index("two") else 1
    given = {CLASSES[likeliest]: 1.0, CLASSES[1 - likeliest]: 0.01, "three": 0.5}
    chosen = beside.thresholds(f"run:{first.id}", chosen, SimpleNamespace(thresholds=given))  # type: ignore[arg-type]
    assert set(chosen["thresholds"]) == set(CLASSES)
    *_, decided = queries.answer_picture(f"run:{first.id}", str(picture), "en", chosen)
    assert "Its threshold of 1.0% decided" in decided
    found = camera.answer(studio, f"run:{first.id}", picture.read_bytes(), more=chosen)
    assert found["label"] == CLASSES[1 - likeliest] and found["scores"][0][0] == CLASSES[likeliest]


def test_the_own_run_is_asked_as_soon_as_it_is_finished(workspace: Workspace, trained: Callable[..., Run]) -> None:
    older, own = trained("1"), trained("2", done=False)
    handlers = Handlers(Studio(workspace, cast(Any, None)))
    *offer, picked = handlers.follow(own.id)
    assert offered(offer) == f"run:{older.id}"
    finish(own, report_of(own))
    assert offered(handlers.show(own.id, None, picked)) == f"run:{own.id}"


def test_a_model_can_be_asked_by_a_page_that_the_server_does_not_remember(workspace: Workspace) -> None:
    with gr.Blocks():
        dropdown = filled_in_later(gr.Dropdown(choices=[]))
    assert dropdown.preprocess("run:1") == "run:1"


def test_test_pictures_are_offered_in_turns_and_one_can_be_asked_about(
    workspace: Workspace, trained: Callable[..., Run]
) -> None:
    run = trained()
    queries = ModelQueries(workspace)
    model = queries.models.find(f"run:{run.id}")
    html = queries.tries(model, 0, "en")
    assert re.findall(r'data-try="(\d+)"', html) == ["0", "2", "1", "3"]  # one, two, one, two
    assert "&lt;b&gt;two&lt;/b&gt;" in html and "<b>two</b>" not in html
    copy = queries.copy_test_picture(model, 0)
    assert copy.is_relative_to(workspace.temporary)
    assert "predict-bars" in list(queries.answer_picture(model.key, str(copy), "en"))[-1]
    for wrong in (None, "0", -1, 10**6):
        with pytest.raises(DataError):
            queries.copy_test_picture(model, wrong)


def test_a_model_without_test_pictures_offers_none(workspace: Workspace, trained: Callable[..., Run]) -> None:
    run, queries = trained(), ModelQueries(workspace)
    model = queries.models.find(f"run:{run.id}")
    for file in (workspace.datasets / "digits").rglob("*.png"):
        file.unlink()
    assert queries.tries(model, 0, "en") == ""
    with pytest.raises(DataError, match="no longer there"):
        queries.copy_test_picture(model, 0)


def test_only_grey_pictures_on_plain_paper_ask_to_be_drawn(tmp_path: Path) -> None:
    for colour, drawn in (("black", True), ("red", False)):
        picture = Image.new("RGB", (40, 40), "white")
        ImageDraw.Draw(picture).rectangle((8, 8, 30, 30), fill=colour)
        picture.save(tmp_path / f"{colour}.png")
        assert paper_of([tmp_path / f"{colour}.png"] * 4).drawn is drawn


def test_what_is_pasted_goes_where_it_fits(workspace: Workspace, trained: Callable[..., Run], picture: Path) -> None:
    trained()
    handlers = Handlers(Studio(workspace, cast(Any, None)))
    sent = workspace.temporary / "sent"
    sent.mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy(picture, sent / name)
    one, both = [["a.png", str(sent / "a.png")]], [[name, str(sent / name)] for name in ("a.png", "b.png")]

    def brought(files: object, *, many: bool = False) -> Any:
        return handlers.bring_pictures(cast(Any, SimpleNamespace(_data={"files": files, "many": many})))

    assert brought(one)[0] == str(sent / "a.png")
    assert brought(one, many=True)[1] == [str(sent / "a.png")]
    assert brought(both)[1] == [str(sent / "a.png"), str(sent / "b.png")]
    *_, message = brought([["a.png", str(picture)]])
    assert "did not find the uploaded file a.png" in message


def test_what_goes_wrong_is_said_where_it_happened(
    workspace: Workspace, trained: Callable[..., Run], tmp_path: Path
) -> None:
    key = f"run:{trained().id}"
    handlers = Handlers(Studio(workspace, cast(Any, None)))
    bad = tmp_path / "model.safetensors"
    bad.write_bytes(b"no model")
    assert 'role="alert"' in handlers.bring(str(bad))[-1]
    assert 'role="alert"' in handlers.describe("run:gone")[0]
    assert 'role="alert"' in handlers.try_one(key, cast(Any, SimpleNamespace(index=10**6)))[1]
    assert 'role="alert"' in handlers.others("run:gone", cast(Any, SimpleNamespace(first=0)))


@pytest.mark.parametrize(
    "key", [None, "", "run:", "run:nothing", "import:../../etc/passwd", "import:a", "x:y", "run:.."]
)
def test_a_model_that_is_not_there_is_refused_with_a_sentence(workspace: Workspace, key: str | None) -> None:
    with pytest.raises(StudioError):
        ModelQueries(workspace).models.find(key)


def test_an_imported_model_can_be_asked(workspace: Workspace, model_file: Path, picture: Path) -> None:
    kept = checkpoint.import_checkpoint(model_file, workspace)
    answers = list(ModelQueries(workspace).answer_picture(f"import:{kept.name}", str(picture), "en"))
    assert "Loading the model" in answers[0]
    assert "&lt;b&gt;two&lt;/b&gt;" in answers[-1]
    assert "<b>two</b>" not in answers[-1]
    assert "not calibrated" in answers[-1]


@pytest.mark.slow
def test_an_onnx_file_is_imported_and_answers_without_a_heat_map(
    workspace: Workspace, picture: Path, tmp_path: Path
) -> None:
    (file := tmp_path / "birds.onnx").write_bytes(onnx_made.classifier(classes=2).SerializeToString())
    (names := tmp_path / "names.txt").write_text("\n".join(CLASSES), encoding="utf-8")
    studio = Studio(workspace, cast(Any, None))
    handlers, queries = Handlers(studio), ModelQueries(workspace)
    assert "does not say what its 2 classes are called" in handlers.bring([str(file)])[-1]
    *_, picked, about = handlers.bring([str(names), str(file)])
    assert "ONNX · 2 classes" in about
    assert "only answers" in about
    answers = list(queries.answer_picture(picked["model"], str(picture), "en"))
    assert "&lt;b&gt;two&lt;/b&gt;" in answers[-1]
    assert "/heat?" not in answers[-1]
    content = io.BytesIO()
    Image.new("RGB", (32, 32)).save(content, "JPEG")
    live = camera.answer(studio, picked["model"], content.getvalue(), heat=True)
    assert (len(live["scores"]), live["heat"]) == (2, "")
    with pytest.raises(CheckpointError, match="only answers"):
        studio.predictors.network_of(queries.models.find(picked["model"]).file)


def test_a_loaded_model_answers_at_once(workspace: Workspace, trained: Callable[..., Run], picture: Path) -> None:
    run, queries = trained(), ModelQueries(workspace)
    list(queries.answer_picture(f"run:{run.id}", str(picture), "en"))
    assert len(list(queries.answer_picture(f"run:{run.id}", str(picture), "en"))) == 1


def test_a_file_that_is_no_picture_gets_its_sentence(
    workspace: Workspace, trained: Callable[..., Run], tmp_path: Path
) -> None:
    run, bad = trained(), tmp_path / "notes.png"
    bad.write_text("no picture", encoding="utf-8")
    with pytest.raises(DataError):
        list(ModelQueries(workspace).answer_picture(f"run:{run.id}", str(bad), "en"))


def test_without_a_picture_the_tab_says_what_the_model_knows(workspace: Workspace, trained: Callable[..., Run]) -> None:
    run = trained()
    (html,) = ModelQueries(workspace).answer_picture(f"run:{run.id}", None, "en")
    assert "What is it?" in html
    assert "&lt;b&gt;two&lt;/b&gt;" in html


def test_a_replaced_file_is_loaded_again_and_only_a_few_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []
    monkeypatch.setattr("resnet_studio.imported_onnx.load_model", lambda path: loaded.append(path) or object())
    files = [tmp_path / f"{number}.safetensors" for number in range(KEPT + 1)]
    for file in files:
        file.write_bytes(b"")
    predictors = Predictors()
    first = predictors.of(files[0])
    assert predictors.of(files[0]) is first
    os.utime(files[0], ns=(1, 1))
    assert predictors.of(files[0]) is not first
    for file in files[1:]:
        predictors.of(file)
    assert not predictors.has(files[0])
    assert len(loaded) == KEPT + 2
    files[1].unlink()
    with pytest.raises(CheckpointError):
        predictors.of(files[1])


def test_how_often_such_answers_were_right_is_read_from_the_test() -> None:
    records = calibrated([(0.9, True)] * 28 + [(0.88, False)] * 2 + [(0.4, False)] * 50)
    assert records.near(0.9) == Record(30, 28)
    assert records.near(0.41) == Record(30, 0)
    assert records.near(0.65) is None
    assert UNTESTED.near(0.9) is None


def test_the_nearest_answers_count_where_there_are_many() -> None:
    records = calibrated([(0.80, False)] * 40 + [(0.86, True)] * 40)
    assert records.near(0.85) == Record(30, 30)


@pytest.mark.parametrize(
    ("prediction", "known", "expected"),
    [
        (prediction_of(0.95, 0.05), None, "unrated"),
        (prediction_of(0.53, 0.47), None, "unrated"),
        (prediction_of(0.45, 0.35), None, "unsure"),
        (prediction_of(0.95, 0.05), Record(20, 18), "likely"),
        (prediction_of(0.95, 0.05), Record(20, 19), "sure"),
        (prediction_of(0.95, 0.05), Record(20, 13), "unsure"),
        (prediction_of(0.95, 0.05), Record(30, 15), "unsure"),
        (prediction_of(0.5, 0.3), Record(30, 30), "sure"),
        (prediction_of(0.99, 0.01), Record(12, 12), "likely"),
        (prediction_of(1.0), None, "unrated"),
    ],
)
def test_the_verdict_follows_the_test_where_it_knows_better(
    prediction: Prediction, known: Record | None, expected: str
) -> None:
    assert level(prediction, known) == expected


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("probability", [1.0, 0.999, 0.8, 0.5, 0.34])
def test_no_word_says_sure_where_no_test_knows_how_often_that_was_right(probability: float, language: str) -> None:
    rest = (1 - probability) / 2
    html = predict_view.answer(prediction_of(probability, rest, rest), UNTESTED, language)  # type: ignore[arg-type]
    assert say("predict.verdict.sure.note", language) not in re.split(r"[<> ]", html)  # type: ignore[arg-type]
    assert "predict-level sure" not in html


def test_a_drawing_is_never_sure_because_the_test_had_no_drawings(
    workspace: Workspace, trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, queries = trained(), ModelQueries(workspace)
    list(queries.answer_picture(f"run:{run.id}", None, "en"))
    monkeypatch.setattr(
        queries.models, "calibration", lambda model: calibrated([(p / 40, True) for p in range(41)] * 30)
    )
    answer = list(queries.answer_drawing(f"run:{run.id}", as_address(drawing()), "en"))[-1]
    assert "predict-level" in answer and "predict-level sure" not in answer
    assert "test answers" not in answer


def test_the_answer_shows_a_few_bars_and_the_rest_together() -> None:
    names = tuple(f"class {number}" for number in range(20))
    html = predict_view.answer(prediction_of(*[0.05] * 20, names=names), UNTESTED, "en")
    assert html.count("<li") == 6
    assert "15 other classes" in html
    assert "It could also be" in html
    assert "不确定" in predict_view.answer(prediction_of(*[0.05] * 20, names=names), UNTESTED, "zh")


def test_the_answer_says_how_often_such_answers_were_right() -> None:
    html = predict_view.answer(prediction_of(0.9, 0.1), calibrated([(0.9, True)] * 19 + [(0.9, False)]), "en")
    assert "Of 20 test answers with a similar percentage, 19 were right." in html
    assert "not calibrated" not in html


def test_the_answer_warns_where_percentages_mislead() -> None:
    html = predict_view.answer(prediction_of(0.9, 0.1), calibrated([(0.9, False)] * 20), "en")
    assert "not calibrated" in html


def drawing(*, ink: str = "black", paper: str = "white") -> Image.Image:
    picture = Image.new("RGB", (200, 200), paper)
    ImageDraw.Draw(picture).rectangle((10, 20, 29, 59), fill=ink)
    return picture


def test_a_drawing_is_moved_to_the_middle_and_made_as_large_as_in_training() -> None:
    picture = centred(drawing(), Paper(fill=0.5))
    assert picture is not None
    assert picture.size == (80, 80)
    assert picture.convert("L").point(lambda value: 255 - value).getbbox() == (30, 20, 50, 60)


def test_an_empty_drawing_is_none() -> None:
    assert centred(Image.new("RGB", (50, 50), "black"), Paper()) is None


@pytest.mark.parametrize(("paper", "dark"), [("black", True), ("white", False)])
def test_the_paper_is_that_of_the_training_pictures(tmp_path: Path, paper: str, dark: bool) -> None:
    files = []
    for number in range(4):
        picture = Image.new("L", (16, 16), paper)
        ImageDraw.Draw(picture).rectangle((6, 0, 9, 15), fill="white" if dark else "black")
        files.append(tmp_path / f"{number}.png")
        picture.save(files[-1])
    found = paper_of(files)
    assert found.dark is dark
    assert found.fill > 0.9


def test_photographs_get_white_paper(tmp_path: Path) -> None:
    import numpy as np

    files = []
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 255, (32, 32, 3), dtype=np.uint8)
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(noise).resize((64, 64), Image.Resampling.NEAREST).save(files[-1])
    assert paper_of(files) == Paper()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://example.org/a.png",
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64,!!",
        "data:image/png;base64,AAAA",
    ],
)
def test_what_is_no_drawing_is_refused(address: str) -> None:
    with pytest.raises(DataError):
        decoded(address)


def as_address(picture: Image.Image) -> str:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return f"data:image/png;base64,{base64.b64encode(written.getvalue()).decode()}"


def test_a_drawing_comes_through_as_it_was_drawn() -> None:
    assert decoded(as_address(drawing())).tobytes() == drawing().tobytes()


def test_the_waiting_texts_exist_in_both_languages() -> None:
    for kind in ("one", "draw", "many"):
        english, chinese = (
            predict_view.waiting(kind, lambda key, language=language: say(key, language)) for language in ("en", "zh")
        )
        assert english != chinese


def test_pictures_without_labels_are_offered_and_named(
    workspace: Workspace, tmp_path: Path, trained: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made.class_files({"train/a": 4, "train/b": 4}) | {f"test/{n}.png": made.picture(n + 90) for n in range(3)}
    found = intake.from_zip(made.zipped(tmp_path / "a.zip", files), workspace)
    plain = intake.from_zip(made.zipped(tmp_path / "b.zip", made.class_files({"a": 4, "b": 4})), workspace)
    studio = Studio(workspace, cast("Any", SimpleNamespace()))
    handlers, run = many.Handlers(studio), trained()
    monkeypatch.setattr(many, "this_browser", lambda: "me")

    offer = handlers.offer_unlabelled(found.id)
    html = handlers.unlabelled(f"run:{run.id}", None, found.id)

    assert offer.visible and "3 pictures" in offer.value
    assert not any(handlers.offer_unlabelled(name).visible for name in (plain.id, "../gone", None))
    (job,) = studio.predictions.jobs.all()
    assert f'data-job="{job.id}"' in html
    wait_for(lambda: studio.predictions.state(job).status == "done", unless=lambda: studio.predictions.state(job).error)
    assert [each.name for each in job.pictures()] == [f"test/{number}.png" for number in range(3)]
    assert not any(row.error for row in job.rows)
    studio.predictions.close()


def test_files_begin_a_job_and_a_folder_of_this_machine_only_for_its_users(
    workspace: Workspace, trained: Callable[..., Run], picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, run = Studio(workspace, cast("Any", SimpleNamespace())), trained()
    handlers = many.Handlers(studio)
    monkeypatch.setattr(many, "this_browser", lambda: "me")
    handlers.files(f"run:{run.id}", None, [str(picture), str(picture)])
    (job,) = studio.predictions.jobs.all()
    assert [source.name for source in job.request.sources] == ["picture.png", "picture.png"]
    monkeypatch.setattr(many, "reader_is_local", lambda _: False)
    assert 'role="alert"' in handlers.folder(f"run:{run.id}", None, str(tmp_path))
    monkeypatch.setattr(many, "reader_is_local", lambda _: True)
    for wrong in ("", "relative", str(picture)):
        assert 'role="alert"' in handlers.folder(f"run:{run.id}", None, wrong)
    handlers.folder(f"run:{run.id}", None, f'"{tmp_path}"')
    assert studio.predictions.jobs.all()[0].request.sources[0].kind == "folder"
    monkeypatch.setattr(many, "this_browser", lambda: "")
    assert 'role="alert"' in handlers.folder(f"run:{run.id}", None, str(tmp_path))
    studio.predictions.close()
