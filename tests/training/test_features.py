"""Kept features and the linear probe."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from made import ended, prepared
from PIL import Image, ImageOps
from sweeps import few

from resnet_studio.config import TrainConfig
from resnet_studio.data import cache
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.opening import open_data
from resnet_studio.data.views import Framed
from resnet_studio.events import Finished, Preparing, Probed
from resnet_studio.model import checkpoint
from resnet_studio.training import adapting, caching, plan, probe
from resnet_studio.training.batches import FreshBatches, decode_parts
from resnet_studio.training.control import Control
from resnet_studio.training.features import CachedFeatures
from resnet_studio.training.jobs import drive

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

MAPS = Path("/proc/self/maps")
QUICK = TrainConfig(weights="scratch", epochs=7, batch_size=16, picture_size=32, precision="fp32", device="cpu")


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 12, "seagreen": 12, "royalblue": 12}, side=48), workspace)


@pytest.fixture
def pretrained(dataset, workspace):
    """A checkpoint of the studio's own to start from, whose classes have other names."""
    run = plan.new_run(dataset, QUICK.replace(epochs=1, stem="standard"), workspace)
    drive(run, Control())
    loaded = checkpoint.load(run.best)
    path = workspace.imports / "before.safetensors"
    from dataclasses import replace

    checkpoint.save(path, loaded.model.state_dict(), replace(loaded.card, classes=("x", "y", "z"), unlike=None))
    return str(path)


@few("freeze", ["layer1", "layer3", "layer4"])
def test_kept_validation_features_are_what_the_prefix_computes(dataset, workspace, freeze):
    session, _ = prepared(plan.new_run(dataset, QUICK.replace(freeze=freeze), workspace))
    kept = session.materials.batches
    assert isinstance(kept, CachedFeatures)
    fresh = fresh_of(session.materials)
    assert kept.training.pixels.numel() == kept.validation.pixels.numel() == 0 < fresh.training.pixels.numel()
    for (mine, labels), (theirs, others) in zip(kept.validate(8), fresh.validate(8), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4) and torch.equal(labels, others)
    chosen = torch.arange(5)
    assert torch.allclose(kept.plain(chosen), fresh.plain(chosen), atol=1e-4)


@pytest.mark.parametrize("side", [16, 48])
def test_the_probe_sees_training_pictures_exactly_as_predictions_do(class_folders, workspace, side):
    """Resized twice, enlarged pictures were blurred: what the network made of them lay apart from test pictures."""
    data = open_data(class_folders({"crimson": 12, "seagreen": 12}, side=side), workspace)
    session, _ = prepared(plan.new_run(data, QUICK.replace(freeze="layer3", augmentation="standard"), workspace))
    m = session.materials
    view = Framed.of(m.card.preprocessing)
    files = [m.split.path(sample) for sample in m.batches.training.samples[:6]]
    pictures = np.stack([view.pixels(Image.open(file).convert("RGB")) for file in files])
    seen = fresh_of(m).through(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)
    assert torch.allclose(m.batches.plain(torch.arange(6)), seen, atol=1e-4)


def fresh_of(m):
    """The batches that are kept no features of, of the pictures of ``m``."""
    how, device = features_recipe(m), torch.device("cpu")
    end = Framed.of(m.card.preprocessing)
    reading, cache = m.card.preprocessing.reading, ArrayCache(m.run.cache)
    decoding = decode_parts(m.split, how, end, device, cache, reading, shown=True)
    (train, validation), _ = ended(decoding)
    return FreshBatches(train, validation, m.prefix, how, m.card.preprocessing, m.compute)


def features_recipe(materials):
    from resnet_studio.data.augment import recipe
    from resnet_studio.data.views import is_small

    return recipe(materials.config, small=is_small(materials.config, materials.split.median_side))


def test_training_draws_from_several_views_that_differ(dataset, workspace):
    session, _ = prepared(plan.new_run(dataset, QUICK.replace(freeze="layer4"), workspace))
    kept = session.materials.batches
    assert len(kept.varied_features) == caching.CACHED_VIEWS - 1
    views = torch.cat([kept.plain_features[None], kept.varied_features]).float()
    assert all((views[0] - views[view]).abs().mean() > 1e-3 for view in range(1, caching.CACHED_VIEWS))
    torch.manual_seed(0)
    drawn = torch.cat([kept.train(np.arange(10), 32)[0] for _ in range(20)])
    assert len(drawn.unique(dim=0)) > 30
    own = views[:, :10].reshape(-1, 1, views.shape[2])
    assert all((own == one).all(-1).any() for one in drawn.float())  # each is one of the views of these pictures


def test_trained_stages_get_more_views_than_a_head_alone_and_few_where_there_is_no_room(
    dataset, workspace, monkeypatch
):
    run = plan.new_run(dataset, QUICK.replace(freeze="layer3", epochs=20), workspace)
    session, _ = prepared(run)
    assert len(session.materials.batches.varied_features) == 10
    room = 8 * session.materials.batches.plain_features.nbytes
    monkeypatch.setattr(ArrayCache, "has_room", lambda self, size: size < room)
    session, _ = prepared(plan.new_run(dataset, QUICK.replace(freeze="layer3", epochs=20, seed=1), workspace))
    assert len(session.materials.batches.varied_features) == caching.CACHED_VIEWS - 1


def test_a_second_training_computes_no_feature_again(dataset, workspace):
    first = plan.new_run(dataset, QUICK.replace(freeze="layer4"), workspace)
    _, events = prepared(first)
    assert any(isinstance(event, Preparing) and event.stage == "features" for event in events)
    _, events = prepared(plan.new_run(dataset, QUICK.replace(freeze="layer4", optimizer="sgd"), workspace))
    assert not any(isinstance(event, Preparing) and event.stage == "features" for event in events)


@few(
    "change",
    [{"freeze": "layer3"}, {"picture_size": 40}, {"augmentation": "strong"}, {"seed": 1}],
    keep=2,
)
def test_another_cut_size_view_or_weight_never_meets_a_kept_entry(dataset, workspace, change):
    prepared(plan.new_run(dataset, QUICK.replace(freeze="layer4", augmentation="light"), workspace))
    changed = QUICK.replace(**{"freeze": "layer4", "augmentation": "light", **change})
    _, events = prepared(plan.new_run(dataset, changed, workspace))
    assert any(isinstance(event, Preparing) and event.stage == "features" for event in events)


def test_a_changed_picture_never_meets_a_kept_entry(dataset, workspace):
    run = plan.new_run(dataset, QUICK.replace(freeze="layer4"), workspace)
    prepared(run)
    files = run.split["train"]["file"]
    with Image.open(dataset.root / files[0]) as picture:
        changed = ImageOps.invert(picture.convert("RGB"))
    changed.save(dataset.root / files[0])
    _, events = prepared(run)
    assert any(isinstance(event, Preparing) and event.stage == "features" for event in events)


@pytest.mark.skipif(not MAPS.exists(), reason="this system does not say what is mapped")
def test_nothing_is_mapped_any_more_when_an_entry_is_renamed(dataset, workspace, monkeypatch):
    """Windows renames no folder in which a file is mapped."""
    entries = []

    def watched(source, target):
        assert source.name not in MAPS.read_text()
        entries.append(target.name)
        return source.replace(target)

    monkeypatch.setattr(cache, "renamed", watched)
    monkeypatch.setattr("resnet_studio.training.mirrored.load_body", lambda: torch.nn.Conv2d(3, 256, 8, 8).eval())
    prepared(plan.new_run(dataset, QUICK.replace(freeze="layer4", augmentation="light"), workspace))
    # what near-duplicates are compared by, ranges, pixels of both parts, those for training also as they are shown in
    # the end, which classes mirror each other, plain and varied features
    assert len(entries) == len(set(entries)) == 8


@few("freeze", ["none", "layer2"])
def test_trained_stages_start_with_the_statistics_of_these_pictures_and_frozen_ones_keep_theirs(
    dataset, workspace, pretrained, freeze
):
    config = QUICK.replace(weights=pretrained, freeze=freeze, batch_size=6, stem="standard")
    session, _ = prepared(plan.new_run(dataset, config, workspace))
    before, model = checkpoint.load(Path(pretrained)).model.state_dict(), session.materials.model
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        name = f"{stage}.0.bn1.running_mean"
        assert torch.equal(model.state_dict()[name], before[name]) == (
            freeze == "layer2" and stage in ("layer1", "layer2")
        )
    first = model.bn1 if freeze == "none" else model.layer3[0].bn1
    seen = []
    first.register_forward_hook(lambda layer, given, output: seen.append(given[0]))
    with torch.no_grad():
        session.materials.suffix(session.materials.batches.plain(torch.arange(len(session.materials.batches.training))))
    inputs = torch.cat(seen)
    assert torch.allclose(first.running_mean, inputs.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(first.running_var, inputs.var((0, 2, 3)), rtol=0.02)
    assert first.momentum == 0.1 and not first.training


@pytest.mark.slow
def test_training_goes_on_from_the_probe_on_pictures_unlike_those_of_the_starting_weights(workspace, tmp_path):
    """The statistics of the built-in weights are those of photographs; with them the loss of digits began at 99."""
    digits = open_data("sample:digits", workspace)
    for label in range(10):
        for sample in [each for each in digits.samples if each.label == label][:14]:
            place = tmp_path / "few" / digits.classes[label] / Path(sample.name).name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(digits.path(sample), place)
    config = TrainConfig(weights="starter", freeze="layer3", epochs=2, picture_size=64, precision="fp32", device="cpu")
    run = plan.new_run(open_data(tmp_path / "few", workspace), config, workspace)
    assert isinstance(drive(run, Control()), Finished)
    assert run.state().epochs[0].train_loss < 3


def test_without_room_the_prefix_is_computed_each_time(dataset, workspace, monkeypatch):
    monkeypatch.setattr(ArrayCache, "has_room", lambda self, size: False)
    session, _ = prepared(plan.new_run(dataset, QUICK.replace(freeze="layer4"), workspace))
    assert isinstance(session.materials.batches, FreshBatches)


@few(
    "changes",
    [{"freeze": "none"}, {"freeze": "layer4", "mix": "mixup"}, {"freeze": "layer4", "epochs": 2}],
    keep=2,
)
def test_features_are_not_kept_where_that_does_not_pay_or_changes_the_training(dataset, workspace, changes):
    session, _ = prepared(plan.new_run(dataset, QUICK.replace(**changes), workspace))
    assert isinstance(session.materials.batches, FreshBatches)


def test_the_probe_is_told_at_once_and_fine_tuning_never_loses_to_it(dataset, workspace, pretrained):
    config = QUICK.replace(weights=pretrained, freeze="layer4", learning_rate=5.0, optimizer="sgd", clip_gradient=0.0)
    run = plan.new_run(dataset, config, workspace)
    end = drive(run, Control())
    assert isinstance(end, Finished)
    probed = [event for event in run.events() if isinstance(event, Probed)]
    assert len(probed) == 1 and probed[0].seconds > 0
    assert end.validation_accuracy >= probed[0].validation_accuracy - 1e-6
    assert checkpoint.load(run.best).card.metrics["validation_accuracy"] == end.validation_accuracy


def test_where_adapted_statistics_answer_worse_those_that_came_are_what_fine_tuning_has_to_beat(
    dataset, workspace, monkeypatch
):
    adapt = adapting.adapt

    def badly(materials):
        adapt(materials)
        materials.model.layer4[1].bn2.weight.data.mul_(0)
        materials.model.layer4[1].bn2.bias.data.fill_(-1e6)  # behind it, all pictures look alike

    monkeypatch.setattr(adapting, "adapt", badly)
    config = QUICK.replace(weights="starter", freeze="layer3", stem="standard")
    session, on_event = prepared(plan.new_run(dataset, config, workspace))
    probed = next(event for event in on_event if isinstance(event, Probed))
    assert session.best.epoch == 0 and session.best.validation_accuracy > 0.6
    assert session.best.validation_accuracy == pytest.approx(probed.validation_accuracy)
    kept, now = session.best_network.suffix, session.materials.suffix.state_dict()
    assert kept["layer4.1.bn2.bias"].min() > -1e5 > now["layer4.1.bn2.bias"].max()  # training starts with adapted ones


def test_test_scores_through_kept_features_are_those_of_the_whole_network(dataset, workspace, pretrained):
    from resnet_studio.evaluation.report import score_test_pictures
    from resnet_studio.training import scoring

    config = QUICK.replace(weights=pretrained, freeze="layer3")
    for _ in range(2):  # computed, then found
        session, _ = prepared(plan.new_run(dataset, config, workspace))
        m = session.materials
        assert isinstance(m.batches, CachedFeatures)
        m.model.eval()
        mine = scoring.score(m)
        whole = score_test_pictures(m.model, m.card, m.split, m.device)
        assert [each.name for each in mine.pictures] == [each.name for each in whole.pictures]
        for one, other in zip(mine.pictures, whole.pictures, strict=True):
            assert np.allclose(one.scores, other.scores, atol=1e-5)
    with torch.no_grad():
        next(iter(m.prefix.parameters())).mul_(1.5)
    changed = score_test_pictures(m.model, m.card, m.split, m.device)
    assert np.allclose([each.scores for each in scoring.score(m).pictures], [each.scores for each in changed.pictures])


def test_the_probe_is_the_same_where_the_network_starts_from_the_pictures(dataset, workspace, pretrained):
    config = QUICK.replace(weights=pretrained, freeze="layer3", epochs=1, augmentation="none")
    runs = [plan.new_run(dataset, config.replace(**changes), workspace) for changes in ({}, {"adversarial": 0.01})]
    on_event = [next(event for event in prepared(run)[1] if isinstance(event, Probed)) for run in runs]
    assert on_event[0].validation_accuracy == on_event[1].validation_accuracy
    assert isinstance(drive(runs[1], Control()), Finished)


def test_from_scratch_there_is_nothing_to_probe(dataset, workspace):
    _, events = prepared(plan.new_run(dataset, QUICK, workspace))
    assert not any(isinstance(event, Probed) for event in events)


def test_the_probe_finds_what_can_be_told_apart_by_a_line():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 20)) * 3
    labels = np.repeat(np.arange(4), 30)
    points = centres[labels] + rng.normal(size=(120, 20)) + 100
    fitted = probe.fit(torch.from_numpy(points), torch.from_numpy(labels), 4, seed=0)
    assert fitted.accuracy(torch.from_numpy(points), torch.from_numpy(labels)) > 0.97


@pytest.mark.parametrize(("classes", "C"), [(2, 0.1), (5, 0.01), (5, 1.0)])
def test_the_solution_costs_no_more_than_that_of_scikit_learn(classes, C):
    from sklearn.linear_model import LogisticRegression

    torch.manual_seed(0)
    labels = torch.arange(90) % classes
    features = torch.randn(90, 30) + torch.randn(classes, 30)[labels] / 2

    def cost(weight, bias):
        logits = features.double() @ weight.double().T + bias.double()
        return float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum") * C + (weight**2).sum() / 2)

    def error(logits, labels):
        return torch.nn.functional.cross_entropy(logits, labels, reduction="sum") * C

    solution = probe.solve(features, labels, torch.zeros(classes, 31), error, probe.ITERATIONS)
    theirs = LogisticRegression(C=C, max_iter=1000).fit(features.numpy(), labels.numpy())
    weight, bias = torch.from_numpy(theirs.coef_), torch.from_numpy(theirs.intercept_)
    if classes == 2:  # one row of log-odds: as two rows of half of them
        weight, bias = torch.cat([-weight, weight]) / 2, torch.cat([-bias, bias]) / 2
    assert cost(solution[:, :-1], solution[:, -1]) <= cost(weight, bias) + 1e-3


def test_the_strength_is_chosen_by_pictures_that_were_not_fitted_to():
    torch.manual_seed(0)
    labels = torch.arange(60) % 3
    noisy = torch.randn(60, 400) + 0.2 * torch.randn(3, 400)[labels]  # easy to learn by heart
    clear = torch.randn(60, 4) + 3 * torch.eye(4)[labels]
    assert probe.best_c(noisy, labels, 3, seed=0) < probe.best_c(clear, labels, 3, seed=0)


def test_the_probe_of_two_classes_or_of_rare_ones_works_too():
    rng = np.random.default_rng(0)
    labels = np.array([0] * 40 + [1] * 2)
    points = rng.normal(size=(42, 5)) + labels[:, None] * 4
    fitted = probe.fit(torch.from_numpy(points), torch.from_numpy(labels), 2, seed=0)
    assert fitted.weight.shape == (2, 5)
    assert fitted.accuracy(torch.from_numpy(points), torch.from_numpy(labels)) > 0.95


def test_a_balanced_probe_does_not_give_up_a_class_of_few_pictures():
    draw = torch.Generator().manual_seed(0)
    labels = torch.tensor([0] * 100 + [1] * 5)
    features = torch.randn(105, 64, generator=draw) + 0.4 * labels[:, None]
    new = torch.randn(400, 64, generator=draw) + 0.4
    found = {}
    for weighting in ("none", "balanced", "adjusted"):
        fitted = probe.fit(features, labels, 2, 0, weighting=weighting)
        found[weighting] = fitted.accuracy(new, torch.ones(400, dtype=torch.int64))
    assert found["none"] < 0.1 and found["balanced"] > 0.2 and found["adjusted"] > found["balanced"] + 0.1


def test_an_installed_probe_makes_the_head_answer_like_it():
    fitted = probe.Probe(torch.randn(3, 8), torch.randn(3))
    head = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(8, 3)).eval()
    assert probe.install(fitted, head)
    features_ = torch.randn(10, 8)
    assert torch.allclose(head(features_), features_ @ fitted.weight.T + fitted.bias, atol=1e-6)
    hidden = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    assert not probe.install(fitted, hidden)


def test_after_an_edit_only_new_pictures_go_through_the_frozen_stages(class_zip, workspace, monkeypatch):
    from resnet_studio.data import decode as decoding
    from resnet_studio.data import editing
    from resnet_studio.data.edits import Edit
    from resnet_studio.data.opening import open_data
    from resnet_studio.training.batches import FreshBatches

    dataset = open_data(class_zip({"cat": 30, "dog": 30}, side=32), workspace)
    config = TrainConfig(weights="scratch", freeze="layer2", epochs=8, picture_size=32, batch_size=16, precision="fp32")
    first, _ = prepared(plan.new_run(dataset, config, workspace))
    to_device, decoded = [], []
    through, read = FreshBatches.through, decoding.read_picture
    monkeypatch.setattr(
        FreshBatches, "through", lambda self, batch: to_device.append(len(batch)) or through(self, batch)
    )
    monkeypatch.setattr(decoding, "read_picture", lambda file, **how: decoded.append(file) or read(file, **how))
    names = ("cat/3.png", "cat/9.png")
    edited = editing.edit(workspace, dataset.id, Edit(kind="move", pictures=names, label="dog"))
    second, _ = prepared(plan.new_run(edited, config, workspace))
    views = 1 + len(second.materials.batches.varied_features)
    moved = set(first.materials.batches.training.contents) ^ set(second.materials.batches.training.contents)
    # each call looks once at the shape of what comes out; a picture that changed its part goes through once a view
    assert sum(to_device) <= len(moved) * views + 6
    assert len(decoded) <= 2 * len(moved)
    rows = {content: row for row, content in enumerate(first.materials.batches.training.contents)}
    for place, content in enumerate(second.materials.batches.training.contents):
        if content in rows:
            assert torch.equal(
                second.materials.batches.plain_features[place], first.materials.batches.plain_features[rows[content]]
            )
            assert torch.equal(
                second.materials.batches.varied_features[:, place],
                first.materials.batches.varied_features[:, rows[content]],
            )
