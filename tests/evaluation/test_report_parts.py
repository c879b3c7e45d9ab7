"""A report holds the logits that it was computed from, and parts that may be missing or come later."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import made
import numpy as np
import pytest

import resnet_studio as studio
from resnet_studio.data.dataset import Sample
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import RunError
from resnet_studio.evaluation import outputs as outputs_file
from resnet_studio.evaluation import run_report, temperature
from resnet_studio.evaluation.calibration import CALIBRATION, calibrated
from resnet_studio.evaluation.missed import NEVER_PREDICTED
from resnet_studio.evaluation.outputs import Outputs
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import Report, make_report, report_of
from resnet_studio.model.card import read_card
from resnet_studio.service.run_data import RunData
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

SETTINGS = {"weights": "starter", "epochs": 1, "picture_size": 32, "batch_size": 16, "precision": "fp32"}
OLD = Path(__file__).parent
while not (OLD / "fixtures").is_dir():
    OLD = OLD.parent
OLD = OLD / "fixtures" / "runs-of-version-1" / "finished"


@pytest.fixture(scope="module", params=["layer4", "none"])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    workspace = Workspace.open(folder / "workspace")
    files = made.class_files({"cat": 20, "dog": 20, "owl": 20})
    data = studio.open_data(made.write(folder / "data", files), workspace)
    return studio.train(data, workspace=workspace, freeze=request.param, **SETTINGS)


@pytest.fixture
def copied(run, tmp_path):
    return Run(Path(shutil.copytree(run.folder, tmp_path / "runs" / run.id)))


def values_of(run):
    return json.loads(run.report_file.read_text())


@pytest.mark.slow
def test_the_logits_of_validation_and_test_pictures_are_kept_as_predictions_compute_them(run):
    outputs, split = studio.report(run).outputs, split_of(run)
    assert set(outputs) == {"validation", "test"}
    predictor = studio.Predictor(run.best, device="cpu")
    for part, kept in outputs.items():
        samples = getattr(split, part)
        assert kept.names == tuple(sample.name for sample in samples) and kept.logits.dtype == np.float32
        assert kept.labels.tolist() == [sample.label for sample in samples]
        again = predictor.activations([split.path(sample) for sample in samples])
        assert np.allclose(kept.logits, again.logits.numpy(), atol=2e-4)
    validation = outputs["validation"]
    right = float((validation.logits.argmax(1) == validation.labels).mean())
    assert right == pytest.approx(run.state().finished.validation_accuracy)


def test_the_figures_follow_from_the_logits(run):
    values, tested = values_of(run), studio.report(run).outputs["test"]
    assert values["version"] == 2
    shares = np.exp(tested.logits.astype(float))
    shares /= shares.sum(1, keepdims=True)
    assert values["accuracy"] == (tested.logits.argmax(1) == tested.labels).mean()
    assert values["loss"] == pytest.approx(-np.log(shares[np.arange(len(tested)), tested.labels]).mean())
    calibrated_shares = shares ** (1 / values["temperature"])
    calibrated_shares /= calibrated_shares.sum(1, keepdims=True)
    for row, picture in zip(calibrated_shares, values["pictures"], strict=True):
        assert picture["scores"] == pytest.approx(row.tolist(), abs=1e-6)
    samples = [Sample(*each) for each in zip(tested.names, tested.files, tested.labels.tolist(), strict=True)]
    again = make_report(values["classes"], samples, tested.at(values["temperature"]))
    kept = studio.report(run).report
    assert replace(again, loss=kept.loss, temperature=kept.temperature) == kept


def test_the_temperature_of_the_validation_pictures_is_in_the_card_and_in_every_answer(run):
    report, card = studio.report(run), read_card(run.best)
    assert card.temperature == temperature.fit(report.outputs["validation"]) == report.report.temperature != 1
    predictor, split = studio.Predictor(run.best, device="cpu"), split_of(run)
    answers = predictor([split.path(sample) for sample in split.test])
    for answer, picture in zip(answers, report.report.pictures, strict=True):
        assert answer.probability == pytest.approx(picture.probability, abs=1e-3)


def test_the_calibration_tells_before_from_after(run):
    report = studio.report(run)
    found, tested = report.get(CALIBRATION), report.outputs["test"]
    right = tested.logits.argmax(1) == tested.labels
    for temperature_, part in ((1.0, found.before), (found.temperature, found)):
        shares = tested.at(temperature_).max(1)
        assert part.error == pytest.approx(calibrated(list(zip(shares.tolist(), right.tolist(), strict=True))).error)
    assert found.fitted_on == len(report.outputs["validation"])
    assert CALIBRATION.from_json(json.loads(json.dumps(CALIBRATION.to_json(found)))) == found


def test_a_report_reads_back_as_it_was(run):
    report = studio.report(run).report
    assert Report.from_json(values_of(run)) == report
    assert report.outputs is not None and "outputs" not in report.to_json()
    assert json.loads(json.dumps(report.to_json())) == values_of(run)


def test_parts_are_stored_when_a_training_ends(run):
    report = studio.report(run)
    assert CALIBRATION.load(report) == CALIBRATION.compute(report)
    assert NEVER_PREDICTED.load(report) == NEVER_PREDICTED.compute(report)
    everything = run_report.to_json(report)
    assert everything["accuracy"] == report.report.accuracy and everything["calibration"]["bins"]
    assert everything["never_predicted"] == list(NEVER_PREDICTED.compute(report))


def test_a_part_of_another_version_or_of_other_scores_is_computed_again(copied, monkeypatch):
    later = CALIBRATION.version + 1
    monkeypatch.setattr(type(CALIBRATION), "version", later)
    assert CALIBRATION.load(RunReport(copied)) is None
    assert RunReport(copied).update(CALIBRATION) is not None
    assert copied.read_json("report-calibration.json")["version"] == later
    assert CALIBRATION.load(RunReport(copied)) is not None
    copied.write_json("report.json", {**values_of(copied), "accuracy": 0.5})
    assert CALIBRATION.load(RunReport(copied)) is None and RunReport(copied).get(CALIBRATION) is not None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1, "of": 3}', "null"])
def test_a_part_that_is_missing_or_damaged_is_computed_again(copied, content):
    before = RunReport(copied).get(CALIBRATION)
    (copied.folder / CALIBRATION.file).write_text(content)
    assert RunReport(copied).get(CALIBRATION) == before
    (copied.folder / CALIBRATION.file).unlink()
    assert RunReport(copied).update(CALIBRATION) == before and (copied.folder / CALIBRATION.file).is_file()


def test_a_part_whose_value_makes_no_sense_is_computed_again(copied):
    stored = copied.read_json(CALIBRATION.file)
    for value in (None, 3, {"error": "x"}, {"error": 0, "bins": [{}], "answers": []}):
        copied.write_json(CALIBRATION.file, {**stored, "value": value})
        assert CALIBRATION.load(RunReport(copied)) is None


def test_logits_of_other_scores_are_not_taken_for_those_of_the_report(copied):
    kept = dict(RunReport(copied).outputs)
    tested = kept["test"]
    turned = Outputs(tested.logits[:, ::-1].copy(), tested.labels, tested.names, tested.files)
    outputs_file.write(copied.logits_file, {**kept, "test": turned})
    report = RunReport(copied).report
    assert report is not None and report.outputs is None
    outputs_file.write(copied.logits_file, {"validation": kept["validation"]})
    assert RunReport(copied).report.outputs is None


def test_damaged_logits_cost_nothing_but_themselves(copied):
    whole = copied.logits_file.read_bytes()
    for content in (b"", b"x" * 100, whole[:-8], whole.replace(b"F32", b"I32")):
        copied.logits_file.write_bytes(content)
        with pytest.raises(RunError, match="logits"):
            outputs_file.read(copied.logits_file)
        report = RunReport(copied)
        assert report.outputs == {} and report.report.accuracy == values_of(copied)["accuracy"]


def test_runs_of_version_1_have_a_report_without_logits(tmp_path):
    workspace = Workspace.open(tmp_path)
    old = Run(Path(shutil.copytree(OLD, workspace.root / "runs" / "old")))
    values = values_of(old)
    assert "version" not in values
    report = studio.report(old)
    assert report.outputs == {} and report.report.outputs is None
    assert report.report.accuracy == values["accuracy"] and report.report.interval == tuple(values["interval"])
    assert [list(row) for row in report.report.confusion] == values["confusion"]
    answers = [(picture["probability"], picture["true"] == picture["predicted"]) for picture in values["pictures"]]
    assert report.get(CALIBRATION) == calibrated(answers)
    data = RunData(workspace)
    assert data.part(old, CALIBRATION) == calibrated(answers) and data.report(old)["accuracy"] == values["accuracy"]


def test_a_run_that_was_not_tested_has_no_scores_and_still_its_validation_logits(copied):
    kept = RunReport(copied).outputs["validation"]
    copied.report_file.unlink()
    run_report.write(copied, None, kept)
    report = RunReport(copied)
    assert report.report is None and set(report.outputs) == {"validation"}
    assert report.get(CALIBRATION) is None and run_report.to_json(report)["calibration"] is None


def test_logits_come_back_to_the_bit_with_names_of_any_kind(tmp_path):
    samples = [Sample("cat/\udcff.png", "0.png", 0), Sample("猫/ä.png", "1.png", 1)]
    logits = np.array([[1e-30, 3.4e38], [-0.1, 1 / 3]], dtype=np.float32)
    outputs_file.write(tmp_path / "a.safetensors", {"test": Outputs.of(samples, logits, ("gone.png",))})
    (found,) = outputs_file.read(tmp_path / "a.safetensors").values()
    assert found.logits.tobytes() == logits.tobytes() and found.names == ("cat/\udcff.png", "猫/ä.png")
    assert found.skipped == ("gone.png",) and found.labels.tolist() == [0, 1]


def test_scores_of_unseen_pictures_are_not_rounded():
    from resnet_studio.evaluation.seen import SeenPictures, add_unseen

    samples = [Sample("a.png", "a.png", 1, content="a"), Sample("b.png", "b.png", 0, content="b")]
    logits = np.array([[0.0, 1e-6], [1.0, 0.0]], dtype=np.float32)  # equal once rounded to six digits
    report = add_unseen(
        report_of(("x", "y"), Outputs.of(samples, logits)), samples, SeenPictures(frozenset(), frozenset())
    )
    assert report.accuracy == 1 and report.unseen.accuracy == 1


def test_the_calibration_error_is_that_of_the_definition():
    draw = np.random.default_rng(0)
    confidence = draw.uniform(0.2, 1, 500)
    right = draw.random(500) < confidence**2
    wanted = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            wanted += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    found = calibrated(list(zip(confidence.tolist(), right.tolist(), strict=True)))
    assert found.error == pytest.approx(wanted) and sum(each.count for each in found.bins) == 500


def test_exactly_right_probabilities_show_the_error_of_the_binomial():
    from scipy.stats import binom

    for count, share in ((9, 0.62), (40, 0.9)):
        right = np.arange(count + 1)
        wanted = (binom.pmf(right, count, share) * np.abs(right / count - share)).sum()
        assert calibrated([(share, False)] * count).by_chance == pytest.approx(wanted, rel=0.15)
    both = calibrated([(0.62, True)] * 9 + [(0.9, True)] * 40)
    alone = [calibrated([(share, True)] * count).by_chance * count for count, share in ((9, 0.62), (40, 0.9))]
    assert both.by_chance == pytest.approx(sum(alone) / 49, rel=0.1)
    assert calibrated([(1.0, True)] * 5).by_chance == 0


def test_the_calibration_curve_is_that_of_scikit_learn():
    from sklearn.calibration import calibration_curve

    draw = np.random.default_rng(1)
    confidence = np.append(draw.uniform(0.3, 1, 80), [1 / 3, 1.0, 0.0])  # also at the edges of bins
    right = draw.random(83) < 0.7
    bins = calibrated(list(zip(confidence.tolist(), right.tolist(), strict=True))).bins
    shares, means = calibration_curve(right, confidence, n_bins=15)
    assert [each.accuracy for each in bins] == pytest.approx(shares)
    assert [each.confidence for each in bins] == pytest.approx(means)
