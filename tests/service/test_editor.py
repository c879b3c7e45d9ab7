"""A data set on the editor: pages of its pictures, edits by place, thumbnails made once, a review in the background."""

from __future__ import annotations

import io
import itertools

import made
import numpy as np
import pytest
from counting import growth
from PIL import Image
from waiting import wait_for

from resnet_studio.config import TrainConfig
from resnet_studio.data import alike, brought, editing, library
from resnet_studio.data.dataset import Dataset, Sample, save
from resnet_studio.data.fingerprints import fingerprint
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError
from resnet_studio.review.next_labels import rank
from resnet_studio.service import small_pictures
from resnet_studio.service.editor import Editor, NotYoursError
from resnet_studio.service.near_search import NearSearches
from resnet_studio.service.run_data import RunData
from resnet_studio.training.control import Control
from resnet_studio.training.driving import drive
from resnet_studio.training.plan import new_run


@pytest.fixture
def editor(workspace):
    return Editor(workspace)


@pytest.fixture
def dataset(class_zip, workspace):
    opened = open_data(class_zip({"cat": 12, "dog": 12}), workspace)
    brought.record(workspace, opened.id, "browser:x")
    return opened


def names_of(editor, dataset, places):
    return [editor.row(dataset.id, place)["name"] for place in places]


def test_pictures_are_filtered_and_sorted_as_people_count(editor, dataset):
    found = editor.places(dataset.id, kind="cat", sort="name")
    assert names_of(editor, dataset, found) == [f"cat/{number}.png" for number in range(12)]
    assert len(editor.places(dataset.id)) == 24
    assert editor.places(dataset.id, standing="left_out") == []


@pytest.mark.usefixtures("narrow")
@pytest.mark.slow
def test_pictures_without_a_label_are_sorted_by_which_to_label_next_and_keep_that_order(
    workspace, tmp_path, monkeypatch
):
    files = {f"{kind}/{n}.png": made.picture(n, label=at) for at, kind in enumerate(("cat", "dog")) for n in range(8)}
    files |= {f"unlabelled/{n}.png": made.picture(100 + n, label=n % 2) for n in range(6)}
    opened = open_data(made.write(tmp_path / "pets", files), workspace)
    editor = Editor(workspace)
    assert editor.label_next(opened.id) is None  # no model yet
    config = TrainConfig(weights="scratch", epochs=1, picture_size=32, device="cpu")
    drive(run := new_run(opened, config, workspace), Control())
    wait_for(lambda: (order := editor.label_next(opened.id)).ranks is not None or order.error)
    assert editor.label_next(opened.id).error is None
    asked = editor.places(opened.id, standing="unlabelled", sort="next")
    expected = rank(run.best, [opened.path(each) for each in opened.unlabelled]).ranked
    assert names_of(editor, opened, asked) == [opened.unlabelled[each.place].name for each in expected]
    row = editor.row(opened.id, asked[0])
    assert row["likely"] == (expected[0].suggested, round(expected[0].probability, 4)) and not row["label"]
    brought.record(workspace, opened.id, "browser:x")
    editor.edit(opened.id, {"kind": "move", "places": asked[1:2], "label": "cat"}, "browser:x")
    assert editor.places(opened.id, standing="unlabelled", sort="next") == [asked[0], *asked[2:]]
    assert editor.row(opened.id, asked[1])["likely"] is None
    monkeypatch.setattr(RunData, "overviews", lambda _: [])  # as for somebody who may not see that run
    assert editor.row(opened.id, asked[0])["likely"] is None


def test_pictures_sorted_by_likeness_have_their_copies_beside_them(editor, workspace, tmp_path):
    files = {f"{'ab'[n % 2]}/{n}.png": made.encoded(made.scene(n, 64)) for n in range(8)}
    files |= {f"{'ba'[n % 2]}/copy-{n}.png": made.encoded(made.scene(n, 64).resize((48, 48))) for n in range(8)}
    opened = open_data(made.write(tmp_path / "pairs", files), workspace)
    order = editor.by_likeness(opened.id)
    wait_for(lambda: order.ranks is not None, unless=lambda: order.error)
    numbers = [
        name.rpartition("/")[2].removeprefix("copy-")
        for name in names_of(editor, opened, editor.places(opened.id, sort="like"))
    ]
    assert sorted(numbers) == sorted(2 * [f"{n}.png" for n in range(8)])
    assert sum(one == other for one, other in itertools.pairwise(numbers)) >= 6
    of_a = editor.places(opened.id, kind="a", sort="like")
    assert of_a == [place for place in editor.places(opened.id, sort="like") if place in set(of_a)]


def test_an_order_by_likeness_keeps_clusters_whole_and_takes_any_number_of_rows():
    draw = np.random.default_rng(0)
    rows = np.repeat(20 * np.eye(5, 32), 30, axis=0) + draw.normal(size=(150, 32))
    shuffled = draw.permutation(150)
    clusters = (shuffled[alike.order_of(rows[shuffled].astype(np.float32))] // 30).tolist()
    assert len(list(itertools.groupby(clusters))) <= 7  # five, but for a few that lie apart
    for count in (0, 1, 2, 9):
        assert sorted(alike.order_of(np.ones((count, 4), np.float32)).tolist()) == list(range(count))


def test_pictures_are_filtered_by_a_finding_near_duplicates_too(editor, workspace, tmp_path):
    files = {f"{'ab'[n % 2]}/{n}.png": made.encoded(made.scene(n, 64)) for n in range(8)}
    files |= {"a/small.png": made.encoded(made.scene(1, 64).resize((48, 48))), "b/again.png": files["a/2.png"]}
    opened = open_data(made.write(tmp_path / "pairs", files), workspace)
    found = editor.places(opened.id, finding="conflict", sort="name")
    assert names_of(editor, opened, found) == ["a/2.png", "b/again.png"]
    assert editor.places(opened.id, finding="near_duplicate") == []  # nobody has looked for them
    searches = NearSearches(workspace)
    search = searches.begin(opened)
    wait_for(lambda: search.found is not None, unless=lambda: search.error)
    found = editor.places(opened.id, finding="near_duplicate", sort="name")
    assert names_of(editor, opened, found) == ["a/small.png", "b/1.png"]


def test_edits_name_pictures_by_place_and_can_be_undone(editor, dataset, workspace):
    first, second = editor.places(dataset.id, kind="cat", sort="name")[:2]
    after = editor.edit(dataset.id, {"kind": "move", "places": [first, second], "label": "dog"}, "browser:x")
    assert after.counts == {"cat": 10, "dog": 14}
    out = editor.edit(dataset.id, {"kind": "leave_out", "places": [first]}, "browser:x")
    assert names_of(editor, out, editor.places(out.id, standing="left_out")) == ["cat/0.png"]
    assert editor.edit(out.id, {"kind": "undo"}, "browser:x").id == after.id
    assert {line.by for line in editing.history(workspace, dataset.id).lines} == {"browser:x"}


def test_a_step_back_is_of_what_a_page_shows_and_not_of_what_another_one_did_since(editor, dataset):
    first, second = editor.places(dataset.id, sort="name")[:2]
    for place in (first, second):
        now = editor.edit(dataset.id, {"kind": "leave_out", "places": [place]}, "browser:x")
    with pytest.raises(DataError, match="another page"):
        editor.edit(dataset.id, {"kind": "undo", "seen": 1}, "browser:x")
    assert editor.opened(dataset.id).dataset().id == now.id
    before = editor.edit(dataset.id, {"kind": "undo", "seen": 2}, "browser:x")
    assert names_of(editor, before, editor.places(before.id, standing="left_out")) == names_of(editor, before, [first])
    with pytest.raises(DataError, match="another page"):
        editor.edit(dataset.id, {"kind": "redo", "seen": 2}, "browser:x")
    assert editor.edit(dataset.id, {"kind": "redo", "seen": 3}, "browser:x").id == now.id


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"kind": "add", "places": [0]}, {"kind": "move", "places": [0]},
        {"kind": "move", "places": ["0"], "label": "x"},
        {"kind": "leave_out", "places": [-1, 10**9, 2.5, None]}, {"kind": "leave_out", "places": "all"},
        {"kind": "rename", "classes": ["cow"], "label": "ox"}, {"kind": "rename", "classes": {"a": 1}, "label": "ox"},
        {"kind": "part", "places": [0], "part": "../x"}, {"kind": "undo"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_sentence(editor, dataset, asked, workspace):
    with pytest.raises(DataError):
        editor.edit(dataset.id, asked, "browser:x")
    assert editing.current(workspace, dataset.id) == dataset


def test_a_set_is_changed_by_those_who_brought_it_in_and_at_the_machine(editor, class_zip, workspace):
    archive = class_zip({"cat": 3, "dog": 3})
    dataset, out = open_data(archive, workspace), {"kind": "leave_out", "places": [0]}
    for by in ("browser:x", "browser:", ""):
        with pytest.raises(NotYoursError):
            editor.edit(dataset.id, out, by)
    assert editing.current(workspace, dataset.id) == dataset
    for by in ("browser:x", "browser:y", "browser:x"):  # two bring in the same pictures
        brought.record(workspace, open_data(archive, workspace).id, by)
    assert editor.edit(dataset.id, out, "browser:x").counts == {"cat": 2, "dog": 3}
    assert editor.edit(dataset.id, {"kind": "undo"}, "browser:y").id == dataset.id
    with pytest.raises(NotYoursError):
        editor.edit(dataset.id, out, "browser:z")
    assert editor.edit(dataset.id, out, "browser:z", local=True).counts == {"cat": 2, "dog": 3}


def test_who_brought_in_a_set_that_was_deleted_is_forgotten(editor, class_zip, workspace):
    archive = class_zip({"cat": 3, "dog": 3})
    dataset = open_data(archive, workspace)
    brought.record(workspace, dataset.id, "browser:x")
    library.delete(workspace, dataset.id)
    assert open_data(archive, workspace).id == dataset.id
    assert not brought.may_change(workspace, dataset.id, "browser:x")


def test_a_thumbnail_is_made_once(editor, class_zip, workspace, monkeypatch):
    dataset = open_data(class_zip({"cat": 2, "dog": 2}, side=300), workspace)
    made_first = editor.small(dataset.id, 0)
    (row,) = editor.rows(dataset.id, [0], pictures=True)
    monkeypatch.setattr(small_pictures, "thumbnail", None)
    assert editor.small(dataset.id, 0) == made_first and row["picture"] == made_first.address
    assert editor.rows(dataset.id, [0], pictures=True) == [row]
    assert editor.small(dataset.id, 99) is None


def test_pictures_that_take_long_to_make_are_left_to_be_asked_for_one_by_one(editor, dataset, monkeypatch):
    ready = editor.small(dataset.id, 3).address
    monkeypatch.setattr(small_pictures, "MAKING_SECONDS", 0)
    found = {row["place"]: row["picture"] for row in editor.rows(dataset.id, [2, 3, 4], pictures=True)}
    assert found == {2: "", 3: ready, 4: ""}


def test_a_small_picture_of_which_only_the_file_is_left_is_made_again(editor, dataset, workspace):
    before = editor.small(dataset.id, 0)
    (kept,) = (workspace.cache / "thumbnails").rglob("*.png")
    kept.write_bytes(b"")
    assert editor.small(dataset.id, 0) == before and kept.read_bytes() == before.content


@pytest.mark.slow
def test_a_small_jpeg_is_given_as_it_is_unless_it_would_be_shown_in_another_way(editor, tmp_path, workspace):
    def jpeg(number, **more):
        written = io.BytesIO()
        Image.new("RGB", (40, 20), (number, 9, 200)).save(written, "JPEG", **more)
        return written.getvalue()

    turned = Image.Exif()
    turned[0x0112] = 6
    files = {"a/1.jpg": jpeg(1), "a/2.jpg": jpeg(2, exif=turned), "b/3.jpg": jpeg(3), "b/4.jpg": jpeg(4)}
    dataset = open_data(made.write(tmp_path / "set", files), workspace)
    small = {row["name"]: editor.small(dataset.id, row["place"]) for row in editor.rows(dataset.id, range(4))}
    assert small["a/1.jpg"].content == files["a/1.jpg"] and small["a/1.jpg"].media_type == "image/jpeg"
    assert small["a/2.jpg"].picture().size == (20, 40)  # upright
    assert editor.small(dataset.id, 0, 16).picture().size == (16, 8)


def test_a_review_runs_in_the_background_and_forgets_what_was_settled(editor, workspace, tmp_path, monkeypatch):
    import numpy as np

    from resnet_studio.review import report

    rows = []

    def features(backbone, files, contents, cache, **more):
        draw = np.random.default_rng(0)
        return np.array(
            [draw.normal(size=8) + (6 if "a/" in name or "wrong" in name else 0) for name in rows], np.float32
        )

    files = {f"{kind}/{n}.png": made.picture(n, label=at) for at, kind in enumerate(("a", "b")) for n in range(20)}
    files["b/wrong.png"] = made.picture(99)
    wrong, name = open_data(made.zipped(tmp_path / "x.zip", files), workspace), "b/wrong.png"
    place = editor.places(wrong.id, kind="b", sort="name")[-1]
    rows += [sample.name for sample in wrong.samples]
    monkeypatch.setattr(report, "embed", features)
    begun = editor.review(wrong.id)
    assert editor.review(wrong.id) is begun
    wait_for(lambda: begun.found is not None, unless=lambda: begun.error)
    first = editor.suspects(wrong.id, 40)[0]
    assert (first["name"], first["label"], first["suggested"]) == (name, "b", "a")
    assert len(first["own"]) == len(first["other"]) == 4
    assert editor.places(wrong.id, sort="doubt")[0] == place
    editor.edit(wrong.id, {"kind": "keep", "places": [place]}, "x", local=True)
    left = editor.suspects(wrong.id, 40)
    assert place not in [row["place"] for row in left]
    assert first["likely"] and not any(row["likely"] for row in left)  # none that is right moves up in its stead


def large(workspace, count):
    """The name of a stored set of ``count`` pictures, whose files are not there."""
    samples = tuple(
        Sample(f"class{n % 10}/{n:05}.jpg", f"pictures/{n}.jpg", n % 10, None, f"{n:064x}", 9, 9) for n in range(count)
    )
    samples = tuple(sorted(samples, key=lambda each: (each.label, each.name)))
    classes = tuple(f"class{number}" for number in range(10))
    name = f"large-{count}"
    folder = workspace.datasets / name
    folder.mkdir()
    save(
        Dataset(name, name, folder, classes, samples, source="zip", fingerprint=fingerprint(samples, classes)),
        folder,
    )
    return name


@pytest.mark.parametrize(
    "asked", [{"kind": "class3"}, {"sort": "name"}, {"sort": "size"}, {"standing": "left_out"}, {}], ids=str
)
def test_the_work_of_a_filter_grows_evenly_with_the_pictures_and_that_of_a_row_not_at_all(editor, workspace, asked):
    def filtering(count):
        name = large(workspace, count)
        editor.places(name)
        return lambda: (editor.places(name, **asked), [editor.row(name, place) for place in range(40)])

    def showing(count):
        name = large(workspace, count)
        editor.places(name)
        return lambda: [editor.row(name, place) for place in range(40)]

    assert growth(filtering, 300) < 2.3 and growth(showing, 350) < 1.2
