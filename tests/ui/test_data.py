from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import made
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hand_made import finish, new_run, report_of, train

from resnet_studio.data import intake, opening
from resnet_studio.data.samples import outline
from resnet_studio.errors import DataError
from resnet_studio.service import quick
from resnet_studio.service.importing import Cancelled, Imports
from resnet_studio.service.machine import Machine
from resnet_studio.ui.data import choices as data_choices
from resnet_studio.ui.data import offers as data_offers
from resnet_studio.ui.data import sources as data_sources
from resnet_studio.ui.data import tab as data_tab
from resnet_studio.ui.data import view as data_view
from resnet_studio.ui.page import frame
from resnet_studio.ui.page.access import Access
from resnet_studio.ui.page.bringing import take_in
from resnet_studio.ui.page.bundle import Bundle
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.folder_picker import Picked, uploads
from resnet_studio.ui.page.routes import routes
from resnet_studio.ui.shell import blocks
from resnet_studio.workspace import Workspace

Folders = Callable[..., Path]


@pytest.fixture
def studio(workspace: Workspace) -> Studio:
    return Studio(workspace, SimpleNamespace())


def clicked(**data: Any) -> Any:
    """The event of a click on something that carries ``data``."""
    return SimpleNamespace(_data=data)


def run(page: Any, handler: str, *values: Any) -> Any:
    """What the handler of the Data tab called so answers to ``values``."""
    handlers = {fn.fn.__name__: fn.fn for fn in page.fns.values() if fn.fn and fn.fn.__module__ == data_tab.__name__}
    return handlers[handler](*values)


def ended(studio: Studio, name: str | None) -> data_sources.Following:
    """What following the import ``name`` ends with."""
    return list(data_sources.follow(studio, name))[-1]


# ---------- What is on offer ----------


def test_a_public_set_asks_first_with_its_size_and_terms_unless_it_is_here() -> None:
    asked = data_offers.publics(set(), "en")
    cifar = re.search(r'<button[^>]*data-key="cifar10"[^>]*>', asked)
    assert cifar is not None
    assert 'data-ask="Download CIFAR-10?"' in cifar[0]
    assert 'data-yes="Download 163 MB"' in cifar[0] and "Krizhevsky" in cifar[0]
    here = data_offers.publics({"public:cifar10"}, "zh")
    assert here.count("data-ask=") == asked.count("data-ask=") - 1
    assert "已下载" in here


@pytest.mark.slow
def test_a_data_set_whose_pictures_are_gone_is_said_to_be_gone_and_can_be_taken_off_the_list(
    studio: Studio, class_folders: Folders
) -> None:
    folder = class_folders({"cat": 3, "dog": 3})
    dataset = intake.from_folder(folder, studio.workspace)
    shutil.rmtree(folder)
    page = blocks(studio)
    shown = run(page, "look", dataset.id, [0.15, 0.15])
    assert "no longer there" in shown[0]["value"] and 'role="alert"' in shown[0]["value"]
    done = run(page, "removed", dataset.id, clicked(key=dataset.id))
    assert "is deleted" in done[2]
    assert list(studio.workspace.datasets.iterdir()) == []


# ---------- What goes wrong is said where it happened ----------


def test_a_problem_stands_at_the_way_in_that_was_taken(studio: Studio, tmp_path: Path) -> None:
    places = ("sample", "computer", "server")
    name, _ = data_sources.Starter(studio).path(str(tmp_path / "nowhere"))
    *_, last = data_tab.import_updates(studio, name, places)
    general, sample, computer, server = last[-4:]
    assert (general, sample, computer) == ("", "", "")
    assert "nowhere" in server and 'role="alert"' in server


def test_an_import_that_a_restart_has_ended_is_said_to_be_lost_where_it_was_begun(studio: Studio) -> None:
    *_, last = data_tab.import_updates(studio, "computer.of-another-server", ("sample", "computer"))
    assert last[-3:-1] == ("", "") and "restarted" in last[-1]


# ---------- The first look ----------


@pytest.mark.slow
def test_the_time_of_the_sample_is_forecast_and_then_measured(studio: Studio) -> None:
    time_of_sample = quick.QuickTime(studio.workspace)
    forecast = time_of_sample.sentence("en")
    assert re.search(r"Handwritten digits: about .*(s|min|h) on this machine", forecast)
    assert list(studio.workspace.datasets.iterdir()) == []
    sample = opening.open_data("sample:digits", studio.workspace)
    begun = new_run(studio.workspace, dataset=sample.id)
    train(begun, epochs=2)
    assert time_of_sample.measured() is None
    finish(begun, report_of(begun))
    measured = time_of_sample.measured()
    assert measured is not None and measured > 0
    assert "took" in time_of_sample.sentence("en")


@pytest.mark.slow
def test_the_forecast_is_that_of_the_sample_itself(studio: Studio) -> None:
    sample, message = opening.open_data("sample:digits", studio.workspace), outline("digits")
    assert (len(message.samples), len(message.classes), message.median_side, message.hints) == (
        len(sample.samples), len(sample.classes), sample.median_side, sample.hints,
    )  # fmt: skip


# ---------- Ways in ----------


def test_a_path_becomes_a_data_set(studio: Studio, class_folders: Folders) -> None:
    name, note = data_sources.Starter(studio).path(f' "{class_folders({"cat": 4, "dog": 5})}" ')

    found = ended(studio, name)

    assert note == ""
    assert studio.dataset_cache.dataset(found.dataset or "").counts == {"cat": 4, "dog": 5}


def test_an_empty_path_is_answered_with_what_to_type(studio: Studio) -> None:
    name, note = data_sources.Starter(studio).path("  ")

    assert name is None
    assert "Type the path" in note


def test_a_path_is_not_opened_for_readers_on_other_machines(workspace: Workspace, class_folders: Folders) -> None:
    remote = Studio(workspace, SimpleNamespace(), access=Access(loopback=False))

    name, note = data_sources.Starter(remote).path(str(class_folders({"cat": 4, "dog": 5})))

    assert name is None
    assert 'role="alert"' in note


def test_a_wrong_path_is_told_as_a_sentence(studio: Studio, tmp_path: Path) -> None:
    name, _ = data_sources.Starter(studio).path(str(tmp_path / "nowhere"))

    with pytest.raises(DataError, match="nowhere"):
        ended(studio, name)


def uploaded(studio: Studio, files: dict[str, bytes]) -> list[list[str]]:
    """``files`` where Gradio's upload route puts them, as the picker reports them."""
    reported = []
    for number, (name, content) in enumerate(files.items()):
        folder = studio.workspace.temporary / f"upload{number}"
        made.write(folder, {Path(name).name: content})
        reported.append([name, str(folder / Path(name).name)])
    return reported


def test_a_picked_folder_keeps_its_class_folders_and_leaves_the_uploads_where_they_are(
    studio: Studio,
) -> None:
    files = uploaded(studio, made.class_files({"cat": 3, "dog": 3}))

    name, _ = data_sources.Starter(studio).picked(clicked(name="pets", files=files, left_out=2))
    found = ended(studio, name)

    dataset = studio.dataset_cache.dataset(found.dataset or "")
    assert dataset.name == "pets"
    assert dataset.counts == {"cat": 3, "dog": 3}
    assert "2 files that are not pictures" in (found.note or "")
    assert {path.name[:6] for path in studio.workspace.temporary.iterdir()} == {"upload"}


def test_a_picked_zip_is_unpacked_under_its_name(studio: Studio, class_zip: Folders) -> None:
    files = uploaded(studio, {"v1.2 pets.zip": class_zip({"cat": 3, "dog": 3}).read_bytes()})

    name, _ = data_sources.Starter(studio).picked(clicked(name="v1.2 pets.zip", files=files, left_out=0))
    found = ended(studio, name)

    assert studio.dataset_cache.dataset(found.dataset or "").name == "v1.2 pets"
    assert {path.name[:6] for path in studio.workspace.temporary.iterdir()} == {"upload"}


def test_a_file_outside_of_the_upload_folder_is_never_taken(studio: Studio, tmp_path: Path) -> None:
    made.write(tmp_path, {"secret.png": made.picture()})
    inside = studio.workspace.temporary
    (inside / "link.png").symlink_to(tmp_path / "secret.png")

    for path in (
        tmp_path / "secret.png",
        inside / ".." / ".." / "secret.png",
        inside / "link.png",
        inside / "none.png",
    ):
        with pytest.raises(DataError):
            uploads({"name": "pets", "files": [["cat/1.png", str(path)]]}, inside)
    assert (tmp_path / "secret.png").is_file()


@pytest.mark.parametrize("name", ["../cat/1.png", "/cat/1.png", "cat/../../1.png", "cat\\1.png", "cat/\0.png", ""])
def test_an_unsafe_name_from_the_browser_is_refused(studio: Studio, name: str) -> None:
    path = made.write(studio.workspace.temporary, {"1.png": made.picture()}) / "1.png"

    with pytest.raises(DataError, match="not allowed"):
        uploads({"name": "pets", "files": [[name, str(path)]]}, studio.workspace.temporary)


@pytest.mark.slow
def test_an_import_can_be_cancelled_and_leaves_nothing(studio: Studio) -> None:
    files = tuple((name, Path(path)) for name, path in uploaded(studio, made.class_files({"cat": 70, "dog": 70})))
    begun, go_on = threading.Event(), threading.Event()

    def work(progress: Callable[[int, int], None]) -> Any:
        def held(done: int, total: int) -> None:
            begun.set()
            go_on.wait(10)
            progress(done, total)

        return take_in(Picked("pets", files, 0), studio, held)

    name = studio.imports.start("pictures", work)
    assert begun.wait(10)
    studio.imports.get(name).cancel()
    go_on.set()

    assert "Cancelled" in (ended(studio, name).note or "")
    assert list(studio.workspace.datasets.iterdir()) == []
    assert {path.name[:6] for path in studio.workspace.temporary.iterdir()} == {"upload"}


def test_progress_is_shown_while_an_import_runs(studio: Studio) -> None:
    go_on, a_quarter_done = threading.Event(), threading.Event()

    def work(progress: Callable[[int, int], None]) -> Any:
        progress(1, 4)
        a_quarter_done.set()
        go_on.wait(10)
        raise DataError("error.disk_full")

    name = studio.imports.start("pictures", work)
    steps = data_sources.follow(studio, name)
    assert a_quarter_done.wait(10)

    assert "25%" in next(steps).panel
    go_on.set()
    with pytest.raises(DataError, match="disk is full"):
        list(steps)


def test_an_import_that_a_restart_has_ended_is_said_to_be_lost(studio: Studio) -> None:
    assert "restarted" in (ended(studio, "of-another-server").note or "")
    assert ended(studio, None) == data_sources.Following()


def test_a_closing_server_cancels_its_imports() -> None:
    imports, begun = Imports(), threading.Event()

    def work(progress: Callable[[int, int], None]) -> Any:
        begun.set()
        while True:
            progress(0, 0)
            time.sleep(0.01)

    name = imports.start("pictures", work)
    begun.wait(10)
    imports.close()

    assert isinstance(imports.get(name).error, Cancelled)


def test_data_sets_opened_before_are_listed_with_their_names_made_harmless(
    studio: Studio, class_folders: Folders
) -> None:
    intake.from_folder(class_folders({"a": 3, "b": 3}), studio.workspace, name="<script>alert(1)</script>")

    html, frame = data_offers.earlier_list(studio)

    assert "<script>" not in html
    assert "6 pictures" in html
    assert frame["visible"] is True


def test_before_anything_was_opened_the_list_is_hidden(studio: Studio) -> None:
    assert data_offers.earlier_list(studio)[1]["visible"] is False


# ---------- What was understood ----------


def test_facts_count_pictures_and_classes_in_both_languages(studio: Studio, class_folders: Folders) -> None:
    dataset = intake.from_folder(class_folders({"cat": 4, "dog": 5}), studio.workspace, name="pets")

    assert "9 pictures · 2 classes · typically 24 px" in data_view.facts(dataset, "en")
    assert "9 张图片 · 2 个类别" in data_view.facts(dataset, "zh")


def test_a_sample_is_called_by_its_name_in_the_language_of_the_reader() -> None:
    sample = SimpleNamespace(source="sample:digits", name="Handwritten digits")
    own = SimpleNamespace(source="picked", name="my digits")

    assert frame.dataset_name(sample, "zh") == "手写数字"
    assert frame.dataset_name(own, "zh") == "my digits"


def test_names_of_classes_and_files_cannot_become_markup() -> None:
    bars = data_view.classes({'<img src=x onerror="alert(1)">': 3, "ok": 1}, "en")
    found = SimpleNamespace(severity="info", files=("<b>.png",), sentence=lambda language: "A <i>thing</i>.")

    assert "<img" not in bars
    assert "<b>.png" not in data_view.findings([found], "en")
    assert "<i>" not in data_view.findings([found], "en")


def test_a_few_classes_keep_their_order_and_many_are_sorted_by_size() -> None:
    few = data_view.classes({"b": 1, "a": 9}, "en")
    many = data_view.classes({f"class {number:03}": number for number in range(400)}, "en")

    assert few.index(">b<") < few.index(">a<")
    assert many.index("class 399") < many.index("class 398")
    assert "and 100 more classes" in many
    assert len(many) < 200_000


def test_warnings_come_before_what_is_merely_worth_knowing() -> None:
    info = SimpleNamespace(severity="info", files=(), sentence=lambda language: "By the way.")
    warning = SimpleNamespace(severity="warning", files=("a.png",), sentence=lambda language: "Look at this.")

    shown = data_view.findings([info, warning], "en")

    assert shown.index("Look at this.") < shown.index("By the way.")
    assert "2 notes on" in shown
    assert "no problems found" in data_view.findings([], "en")


def test_the_split_shows_real_counts_and_can_be_moved(studio: Studio, class_folders: Folders) -> None:
    dataset = intake.from_folder(class_folders({"cat": 20, "dog": 20}), studio.workspace)

    card = data_tab.split_of(dataset, [0.25, 0.1])

    assert 'data-validation="25" data-test="10"' in card
    assert card.count('role="slider"') == 2
    assert ">26<" in card
    assert ">10<" in card


def test_a_split_that_came_with_the_pictures_is_shown_as_it_is(studio: Studio, tmp_path: Path) -> None:
    parts = {"train": 10, "validation": 4, "test": 6}
    files = {
        f"{part}/{name}": data for part, count in parts.items() for name, data in _two_classes(part, count).items()
    }
    dataset = intake.from_folder(made.write(tmp_path / "preset", files), studio.workspace)

    card = data_tab.split_of(dataset, [0.4, 0.4])

    assert "came already split" in card
    assert "slider" not in card
    assert "<input" not in card
    assert all(f">{2 * count}<" in card for count in parts.values())


def _two_classes(part: str, count: int) -> dict[str, bytes]:
    start = {"train": 0, "validation": 100, "test": 200}[part]
    return {
        f"{name}/{number}.png": made.picture(start + number, label=label)
        for label, name in enumerate(("cat", "dog"))
        for number in range(count)
    }


@pytest.mark.parametrize("kept", [None, [], [0.2], ["x", 0.1], [0.7, 0.7], [0, 0.1], [float("nan"), 0.1], "no"])
def test_shares_that_make_no_sense_fall_back_to_the_usual_ones(kept: Any) -> None:
    assert data_tab.checked_shares(kept) == [0.15, 0.15]


def test_sensible_shares_are_kept() -> None:
    assert data_tab.checked_shares([0.3, 0]) == [0.3, 0.0]


# ---------- Pictures by route ----------


@pytest.fixture
def client(workspace: Workspace) -> TestClient:
    app = FastAPI()
    app.include_router(routes(Studio(workspace, SimpleNamespace()), Bundle.read(), Machine(warm=False)))
    return TestClient(app)


def test_the_gallery_pages_through_the_pictures_with_the_classes_taking_turns(
    workspace: Workspace, class_folders: Folders, client: TestClient
) -> None:
    dataset = intake.from_folder(class_folders({"cat": 5, "dog": 2}), workspace)
    everything = f"/studio/pictures/{dataset.id}"

    first = client.get(everything, params={"first": 0, "count": 4}).json()
    dogs = client.get(everything, params={"label": 1}).json()
    past = client.get(everything, params={"first": 70}).json()

    assert first["total"] == 7
    assert [picture["label"] for picture in first["pictures"]] == ["cat", "dog", "cat", "dog"]
    assert [picture["name"] for picture in dogs["pictures"]] == ["dog/0.png", "dog/1.png"]
    assert past["pictures"] == []


def test_thumbnails_are_small_pictures_that_browsers_may_keep(
    workspace: Workspace, class_folders: Folders, client: TestClient
) -> None:
    import io

    from PIL import Image

    dataset = intake.from_folder(class_folders({"cat": 3, "dog": 3}, side=400), workspace)

    answer = client.get(f"/studio/thumb/{dataset.id}/0")

    assert max(Image.open(io.BytesIO(answer.content)).size) <= 160
    assert answer.headers["content-type"].startswith("image/")
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["thumb/{id}/999", "thumb/{id}/-1", "thumb/{id}/x", "thumb/..%2F..%2Fruns/0", "thumb/none/0", "pictures/none",
     "pictures/..", "thumb/{id}/0?side=99999", "pictures/{id}?count=100000"],
)  # fmt: skip
def test_what_is_not_a_picture_of_a_data_set_is_not_there(
    workspace: Workspace, class_folders: Folders, client: TestClient, path: str
) -> None:
    dataset = intake.from_folder(class_folders({"cat": 3, "dog": 3}), workspace)

    assert client.get(f"/studio/{path.format(id=dataset.id)}").status_code in {404, 422}


def test_a_picture_that_has_gone_since_is_a_missing_picture(
    workspace: Workspace, class_folders: Folders, client: TestClient
) -> None:
    folder = class_folders({"cat": 3, "dog": 3})
    dataset = intake.from_folder(folder, workspace)
    shutil.rmtree(folder)

    assert client.get(f"/studio/thumb/{dataset.id}/0").status_code == 404


# ---------- Other ways to read the pictures ----------


def many_shapes(studio: Studio, tmp_path: Path) -> Any:
    """A zip of two folders that hold the same classes."""
    files = {
        f"{top}/{name}": data
        for place, top in enumerate(("red", "blue"))
        for name, data in _two_classes(("train", "test")[place], 6).items()
    }
    report = uploaded(studio, {"shapes.zip": made.zipped(tmp_path / "shapes.zip", files).read_bytes()})
    name, _ = data_sources.Starter(studio).picked(clicked(name="shapes.zip", files=report, left_out=0))
    return studio.dataset_cache.dataset(ended(studio, name).dataset or "")


def test_a_finding_that_asks_has_a_button_for_each_answer(studio: Studio, tmp_path: Path) -> None:
    found = studio.dataset_cache.findings(many_shapes(studio, tmp_path).id)

    for language, answer in (("en", "The classes are cat, dog"), ("zh", "类别是 cat、dog")):
        html = data_choices.cards(found, language)
        assert answer in html
        assert html.count("data-offer=") == 4
    assert not [finding for finding in found if finding.offers and finding.sentence("en") in data_view.findings(
        [each for each in found if not each.offers], "en")]  # fmt: skip


def test_a_click_on_an_answer_reads_the_upload_anew_and_another_undoes_it(studio: Studio, tmp_path: Path) -> None:
    shown = many_shapes(studio, tmp_path)
    starter = data_sources.Starter(studio)

    name, note = starter.read_anew(shown.id, clicked(changes={"layout": "inner"}))
    inner = studio.dataset_cache.dataset(ended(studio, name).dataset or "")
    back, _ = starter.read_anew(inner.id, clicked(changes={"layout": "auto"}))

    assert note == ""
    assert (shown.classes, inner.classes) == (("blue", "red"), ("cat", "dog"))
    assert ended(studio, back).dataset == shown.id
    assert "inside the top folders" in data_choices.cards(studio.dataset_cache.findings(inner.id), "en")


@pytest.mark.parametrize(
    "changes",
    [None, [], "layout", {"layout": "../.."}, {"root": "/"}, {"folder": 3}, {"folder": "../../x"}, {"layout": []}],
)
def test_an_answer_that_nobody_offered_is_a_sentence(studio: Studio, tmp_path: Path, changes: Any) -> None:
    shown = many_shapes(studio, tmp_path)

    name, note = data_sources.Starter(studio).read_anew(shown.id, clicked(changes=changes))

    if name is None:
        assert 'role="alert"' in note
    else:
        with pytest.raises(DataError):
            ended(studio, name)


def test_names_in_questions_cannot_become_markup(studio: Studio, tmp_path: Path) -> None:
    files = {f"{top}/<b>{kind}/{n}.png": made.picture(n, label=place) for place, top in enumerate(("<i>x", 'y"'))
             for kind in "ab" for n in range(3)}  # fmt: skip
    report = uploaded(studio, {"a.zip": made.zipped(tmp_path / "a.zip", files).read_bytes()})
    name, _ = data_sources.Starter(studio).picked(clicked(name="a.zip", files=report, left_out=0))

    html = data_choices.cards(studio.dataset_cache.findings(ended(studio, name).dataset or ""), "en")

    assert "<i>" not in html and "<b>" not in html and "&lt;i&gt;x" in html


def test_classes_with_one_picture_are_shown_with_all_their_names_before_training(
    studio: Studio, class_folders: Folders
) -> None:
    folder = class_folders({"a": 5, "b": 5, **{f"whale {number}": 1 for number in range(6)}})
    name, _ = data_sources.Starter(studio).path(str(folder))
    found = studio.dataset_cache.findings(ended(studio, name).dataset or "")

    html = data_choices.cards(found, "en")

    assert all(f"whale {number}" in html for number in range(6))
    assert "leave_out_single" in html
    assert "Not ready" in data_choices.ready(found, "en") and "Ready" in data_choices.ready((), "en")
