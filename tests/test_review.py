"""Wrong labels are found, and nothing is changed by itself."""

from __future__ import annotations

import json

import made
import numpy as np
import pytest
from PIL import Image

from resnet_studio import cli
from resnet_studio.data import editing
from resnet_studio.data.dataset import split
from resnet_studio.data.edits import Edit
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError
from resnet_studio.evaluation import embedding
from resnet_studio.review import next_labels, suspects
from resnet_studio.review.report import review_dataset

pytestmark = pytest.mark.usefixtures("narrow")


def clusters(counts, *, apart=3.0, seed=0):
    """Features and labels of as many pictures of each class as ``counts`` says, around a centre of its own."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(len(counts), 32))
    labels = np.repeat(np.arange(len(counts)), counts)
    return (centres[labels] * apart / 2 + draw.normal(size=(len(labels), 32))).astype(np.float32), labels


def names(count):
    return [str(number) for number in range(count)]


@pytest.mark.slow
def test_flipped_labels_come_first_with_the_right_suggestion():
    features, labels = clusters([120, 120, 120])
    flipped = np.random.default_rng(1).choice(len(labels), 18, replace=False)
    given = labels.copy()
    given[flipped] = (labels[flipped] + 1) % 3
    judged = suspects.judge(features, given, 3, names(len(labels)))
    first = judged.order[:18]
    assert len(set(first) & set(flipped)) >= 16
    assert 12 <= judged.estimate <= 20
    taken = given.copy()
    taken[judged.order[: judged.estimate]] = judged.suggested[judged.order[: judged.estimate]]
    assert (taken != labels).sum() <= 4
    assert sorted(judged.order) == list(range(len(labels)))
    assert all(np.diff(judged.score[judged.order]) <= 1e-9)


@pytest.mark.slow
def test_taking_the_suggestions_of_a_classifier_that_is_often_wrong_does_no_harm():
    for seed in (1, 2):
        features, labels = clusters([200, 200], apart=0.35, seed=seed)
        flipped = np.random.default_rng(seed).choice(400, 20, replace=False)
        taken = labels.copy()
        taken[flipped] = 1 - labels[flipped]
        judged = suspects.judge(features, taken, 2, names(400))
        chosen = judged.order[: judged.estimate]
        taken[chosen] = judged.suggested[chosen]
        assert judged.estimate > 0 and (taken != labels).sum() <= 20


@pytest.mark.slow
def test_in_a_set_without_wrong_labels_hardly_any_is_suspected():
    features, labels = clusters([150, 150])
    assert suspects.judge(features, labels, 2, names(300)).estimate <= 3


def test_no_estimate_where_nothing_can_be_told():
    draw = np.random.default_rng(0)
    features, labels = draw.normal(size=(200, 16)).astype(np.float32), np.arange(200) % 2
    assert suspects.judge(features, labels, 2, names(200)).estimate <= 40


def test_rare_classes_are_uncertain_come_later_and_are_not_counted():
    features, labels = clusters([100, 100, 4])
    judged = suspects.judge(features, labels, 3, names(204))
    assert judged.rare == (2,)
    assert set(judged.order[-4:]) == {200, 201, 202, 203}


@pytest.mark.slow
def test_what_a_person_has_settled_comes_last():
    features, labels = clusters([60, 60])
    given = labels.copy()
    given[:3] = 1
    assert set(suspects.judge(features, given, 2, names(120)).order[:3]) == {0, 1, 2}
    judged = suspects.judge(features, given, 2, names(120), reviewed=[place == 0 for place in range(120)])
    assert judged.order[-1] == 0


def test_copies_are_held_out_together():
    labels = np.arange(40) % 2
    contents = [str(number // 4) for number in range(40)]
    fold = suspects.folds(labels, contents, 0)
    assert all(len(set(fold[start : start + 4])) == 1 for start in range(0, 40, 4))
    assert len(set(fold)) == 5


def test_a_single_class_cannot_be_reviewed():
    features, labels = clusters([50])
    with pytest.raises(DataError, match="two classes"):
        suspects.judge(features, labels, 1, names(50))


def striped(number, label):
    """Pictures of label 0 have dark stripes across, of 1 bright ones downwards."""
    draw = np.random.default_rng([number, label])
    lines = (np.arange(64) + draw.integers(12)) // (4 + draw.integers(3)) % 2 * (90 + 60 * label)
    pixels = np.repeat(lines[:, None], 64, 1) if label else np.repeat(lines[None], 64, 0)
    colour = draw.integers(20, 80, 3) + np.array([60, 0, 0] if label else [0, 0, 60])
    whole = pixels[..., None] + colour + draw.integers(0, 12, (64, 64, 3))
    return made.encoded(Image.fromarray(whole.clip(0, 255).astype(np.uint8)))


WRONG = ("cat/3.png", "cat/17.png", "dog/5.png", "dog/21.png")


@pytest.fixture
def stripes(tmp_path):
    """A zip with 30 pictures of each of two kinds that are easily told apart, four of them in the wrong class."""
    names = [(f"{kind}/{number}.png", number, at) for at, kind in enumerate(("cat", "dog")) for number in range(30)]
    files = {name: striped(number, 1 - at if name in WRONG else at) for name, number, at in names}
    return made.zipped(tmp_path / "stripes.zip", files)


@pytest.fixture
def mislabelled(stripes, workspace):
    return open_data(stripes, workspace), set(WRONG)


@pytest.mark.slow
def test_a_data_set_is_reviewed_without_a_training_and_nothing_changes(mislabelled, workspace):
    dataset, wrong = mislabelled
    before = editing.history(workspace, dataset.id)
    review = review_dataset(workspace, dataset)
    assert {each.sample.name for each in review.suspects[:4]} == wrong
    found = review.to_json()
    assert len(found["suspects"]) == 60
    first = found["suspects"][0]
    assert first["label"] != first["suggested"]
    assert found["estimate"] in range(7)
    if found["estimate"]:
        assert len(first["neighbours"]["label"]) == len(first["neighbours"]["suggested"]) == 4
    assert editing.history(workspace, dataset.id) == before


@pytest.mark.slow
def test_after_an_edit_only_new_pictures_are_computed(mislabelled, workspace, monkeypatch, tmp_path):
    from resnet_studio.data import adding

    dataset, _ = mislabelled
    first = review_dataset(workspace, dataset)
    computed = []
    whole = embedding.compute_features
    monkeypatch.setattr(
        embedding,
        "compute_features",
        lambda backbone, files, *more: computed.extend(files) or whole(backbone, files, *more),
    )
    extra = made.write(tmp_path / "new", {"a.png": striped(900, 0), "b.png": striped(901, 0)})
    editing.edit(workspace, dataset.id, Edit(kind="move", pictures=("cat/1.png",), label="dog"))
    edited, _ = adding.add(workspace, dataset.id, adding.files_in([extra]), "cat")
    second = review_dataset(workspace, edited)
    assert len(computed) == 2
    was = {sample.content: row for sample, row in zip(first.samples, first.features, strict=True)}
    for sample, row in zip(second.samples, second.features, strict=True):
        if sample.content in was:
            np.testing.assert_array_equal(row, was[sample.content])


@pytest.mark.slow
def test_features_of_other_starter_weights_are_not_taken_from_the_cache(mislabelled, workspace, monkeypatch):
    from resnet_studio.model import starter_features

    dataset, _ = mislabelled
    review_dataset(workspace, dataset)
    computed, whole = [], embedding.compute_features
    monkeypatch.setattr(
        embedding, "compute_features", lambda to, files, *more: computed.extend(files) or whole(to, files, *more)
    )
    review_dataset(workspace, dataset)
    assert not computed
    monkeypatch.setattr(starter_features, "identity", lambda: "of a later version")
    review_dataset(workspace, dataset)
    assert len(computed) == 60


@pytest.mark.slow
def test_a_picture_found_right_is_not_suspected_again(mislabelled, workspace):
    dataset, _ = mislabelled
    kept = editing.edit(workspace, dataset.id, Edit(kind="keep", pictures=("cat/3.png",)))
    review = review_dataset(workspace, kept)
    assert review.suspects[-1].sample.name == "cat/3.png"
    assert "cat/3.png" not in {each.sample.name for each in review.suspects[:3]}
    editing.edit(workspace, dataset.id, Edit(kind="move", pictures=("cat/5.png",), label="dog", why="label review"))
    before = review_dataset(workspace, dataset)  # as it came in, where that label is what it was
    assert {before.samples[place].name for place in before.reviewed_places} == {"cat/3.png"}


@pytest.fixture
def command(workspace, capsys):
    def call(*arguments, status=0):
        found = cli.main([*map(str, arguments), "--json", "--workspace", str(workspace.root)])
        out, _ = capsys.readouterr()
        assert found == status, out
        return json.loads(out.strip().splitlines()[-1])

    return call


FAST = ("--epochs", "1", "--freeze", "layer4", "--augmentation", "none", "--picture-size", "64", "--precision", "fp32")


@pytest.mark.slow
def test_a_run_is_reviewed_and_unlabelled_pictures_are_ranked_and_labelled(command, stripes, workspace, tmp_path):
    data = stripes
    run = command("train", data, *FAST, "--depth", "18")
    found = command("review", run["run"])
    assert found["dataset"] == workspace.run(run["run"]).about["dataset"]
    assert {row["file"] for row in found["suspects"]} == {f"{c}/{n}.png" for c in ("cat", "dog") for n in range(30)}
    assert len({row["file"] for row in found["suspects"][:6]} & set(WRONG)) >= 2
    assert all(row["suggested"] != row["label"] for row in found["suspects"])
    assert command("review", "no-such-run", status=2)["error"]

    new = made.write(tmp_path / "new", {f"{n}.png": striped(300 + n, n % 2) for n in range(6)})
    ranked = command("label-next", run["run"], new)
    assert len(ranked["pictures"]) == 6
    assert all(0 <= row["doubt"] <= 1 for row in ranked["pictures"])
    assert "error" in command("label-next", run["run"], status=2)
    added = command("label-next", run["run"], new, "--add", "--pseudo-label", "0.5")
    assert added["pseudo_labelled"] == 6
    log = command("dataset", "log", f"dataset:{added['dataset']}")["log"]
    assert {row["labelled_by"] for row in log if row["kind"] == "move" and "labelled_by" in row} == {"model"}
    again = command("train", f"dataset:{added['dataset']}", *FAST, "--depth", "18")
    from resnet_studio.model.card import read_card

    # those that are near-duplicates of a picture that is scored are left out
    marked = read_card(workspace.run(again["run"]).best).pseudo_labelled
    assert 1 <= marked <= 6
    assert any(note.startswith(f"{marked} of ") and "a model gave" in note for note in again["notes"])


def test_pseudo_labels_are_for_training_alone(mislabelled, workspace):
    dataset, _ = mislabelled
    marked = tuple(f"cat/{number}.png" for number in range(10, 20))
    edited = editing.edit(workspace, dataset.id, Edit(kind="move", pictures=marked, label="cat", labelled_by="model"))
    for seed in range(4):
        parts = split(edited, seed=seed)
        assert not {sample.name for sample in (*parts.validation, *parts.test)} & set(marked)
        assert set(marked) <= {sample.name for sample in parts.train}


def test_next_to_label_are_doubtful_pictures_of_different_kinds():
    doubt = np.array([0.9, 0.89, 0.88, 0.5, 0.1])
    features = np.array([[1, 0, 0], [1, 0.01, 0], [0.99, 0, 0.01], [-1, 1, 0], [0, -1, 1]], np.float32)
    order = next_labels.spread_out(doubt, features, 5)
    assert order[0] == 0
    assert order[1] == 3  # not another of the same kind
    assert sorted(order) == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_the_ranking_and_the_estimate_are_those_of_the_definition():
    """Confident learning by hand on classifiers of scikit-learn: a label is as likely right as a classifier fitted
    without the picture finds it; a class is given where its probability reaches the mean of those that have its label.
    """
    from scipy.special import log_softmax, softmax
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    features, labels = clusters([40, 40, 40])
    labels[::9] = (labels[::9] + 1) % 3
    judged = suspects.judge(features, labels, 3, names(120))
    total = np.zeros((120, 3))
    C = 0.77 / 32 * 240 / 120
    for repeat in range(3):
        fold = suspects.folds(labels, names(120), repeat)
        for out in range(5):
            scaler = StandardScaler().fit(features[fold != out])
            classifier = LogisticRegression(C=C, max_iter=1000)
            classifier.fit(scaler.transform(features[fold != out]), labels[fold != out])
            total[fold == out] += classifier.predict_proba(scaler.transform(features[fold == out]))
    shares = total / total.sum(1, keepdims=True)
    assert judged.probabilities == pytest.approx(shares, abs=1e-3)

    shares = judged.probabilities
    likely = [shares[at][label] for at, label in enumerate(labels)]
    assert judged.order.tolist() == sorted(range(120), key=likely.__getitem__)
    assert judged.score == pytest.approx([1 - each for each in likely])
    for at, label in enumerate(labels):
        others = {each: shares[at][each] for each in range(3) if each != label}
        assert judged.suggested[at] == max(others, key=others.__getitem__)

    reached = [np.mean([shares[at][each] for at in range(120) if labels[at] == each]) for each in range(3)]
    given = [[each for each in range(3) if shares[at][each] >= reached[each]] for at in range(120)]
    wrong = sum(max(each, key=lambda label: shares[at][label]) != labels[at] for at, each in enumerate(given) if each)
    surest = sorted(range(120), key=lambda at: -shares[at].max())[:30]
    contradicted = sum(shares[at].argmax() != labels[at] for at in surest) / 30
    share = min(wrong / 120, contradicted)
    logs = np.log(shares)
    fits = [(log_softmax(each * logs, axis=1)[range(120), labels].sum(), each) for each in np.arange(0.2, 5, 0.001)]
    calibrated = softmax(max(fits)[1] * logs, axis=1)[range(120), labels]
    # given p that a label is the true class, it is given with p (1 - share) + (1 - p) share / 2
    true = ((calibrated - share / 2) / (1 - share - share / 2)).clip(0, 1)
    doubtful = (1 - true * (1 - share) / calibrated > 0.5) & (shares.argmax(1) != labels)
    assert 0 < share < 14 / 120 and judged.estimate == min(doubtful.sum(), round(share * 120)) > 5
