"""Several models answer together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hand_made
import made
import numpy as np
import pytest

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.ensemble import Ensemble, mean_of
from resnet_studio.errors import CheckpointError, ConfigError, DataError
from resnet_studio.evaluation import together
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.prediction import Prediction, Predictor
from resnet_studio.service.ensembles import checkpoints
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

HOW = Preprocessing(resize=36, crop=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


def model(path: Path, seed: int, classes: Sequence[str]) -> Path:
    import torch

    torch.manual_seed(seed)
    net = resnet.build(18, len(classes)).state_dict()
    checkpoint.save(path, net, Card(classes=tuple(classes), depth=18, preprocessing=HOW))
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    return model(folder / "a.safetensors", 0, ("cat", "dog")), model(folder / "b.safetensors", 1, ("dog", "cat"))


def test_the_mean_goes_by_the_names_of_the_classes_and_not_by_their_order(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    picture = made.write(tmp_path, {"x.png": made.picture(5), "bad.png": b"no"}) / "x.png"
    first, second = (Predictor(file, device="cpu") for file in models)
    said, error = Ensemble([first, second])([picture, tmp_path / "bad.png"])
    assert isinstance(said, Prediction) and isinstance(error, DataError)
    alone = [dict(member([picture])[0].scores) for member in (first, second)]  # type: ignore[union-attr]
    for name, share in said.scores:
        assert share == pytest.approx(np.mean([each[name] for each in alone]), abs=1e-12)
    assert said.probability == max(share for _, share in said.scores) and said.label == said.scores[0][0]


def test_one_that_cannot_answer_makes_the_answer_an_error() -> None:
    error = DataError("error.predict.drawing")
    assert mean_of([Prediction("a", 1.0, (("a", 1.0),)), error], ["a"]) is error


def test_models_of_other_classes_cannot_answer_together(models: tuple[Path, Path], tmp_path: Path) -> None:
    other = Predictor(model(tmp_path / "c.safetensors", 2, ("cat", "cow")), device="cpu")
    with pytest.raises(CheckpointError, match=r"a and c do not know the same classes.*cow, dog"):
        Ensemble([Predictor(models[0], device="cpu"), other], ["a", "c"])


def scored_run(workspace: Workspace, wrong: dict[int, int], **about: Any) -> Run:
    run = hand_made.new_run(workspace, classes=("cat", "dog"), count=60)
    hand_made.train(run, epochs=2)
    hand_made.finish(run, hand_made.report_of(run, wrong=wrong))
    model(run.best, len(wrong), ("cat", "dog"))
    if about:
        settings = run.read_json("config.json")
        run.write_json("config.json", {**settings, "about": {**settings["about"], **about}})
    return run


def test_what_is_gained_is_said_with_a_paired_interval_and_honestly(workspace: Workspace) -> None:
    from scipy.stats import binomtest

    runs = [scored_run(workspace, dict.fromkeys(range(0, 6, 2), 1)), scored_run(workspace, {3: 0})]
    gain = together.gain_of([RunReport(run) for run in runs])

    pictures = [run.read_json("report.json")["pictures"] for run in runs]
    true = np.array([each["true"] for each in pictures[0]])
    scores = np.array([[each["scores"] for each in one] for one in pictures])
    ours, theirs = scores.mean(0).argmax(1) == true, scores[0].argmax(1) == true  # equal in validation: the first
    apart = (int((ours & ~theirs).sum()), int((theirs & ~ours).sum()))
    assert (gain.pictures, gain.accuracy, gain.single) == (len(true), ours.mean(), theirs.mean())
    assert gain.difference == pytest.approx(ours.mean() - theirs.mean())
    assert gain.p_value == pytest.approx(binomtest(apart[0], sum(apart)).pvalue if sum(apart) else 1.0)
    assert gain.interval is not None and gain.interval[0] <= gain.difference <= gain.interval[1]
    assert not gain.tells and "cannot tell" in gain.sentence("en") and "无法区分" in gain.sentence("zh")


def test_what_answering_together_costs(workspace: Workspace) -> None:
    runs = [scored_run(workspace, {}), scored_run(workspace, {})]
    cost = together.cost_of([RunReport(run) for run in runs])
    assert cost.models == 2 and cost.times == pytest.approx(2)
    assert cost.megabytes == pytest.approx(sum(run.best.stat().st_size for run in runs) / 1e6)


def test_runs_without_a_shared_test_picture_tell_nothing(workspace: Workspace, tmp_path: Path) -> None:
    one = scored_run(workspace, {})
    other = hand_made.new_run(Workspace.open(tmp_path / "w2"), classes=("cat", "dog"), dataset="others")
    hand_made.train(other, epochs=2)
    hand_made.finish(other, hand_made.report_of(other))
    gain = together.gain_of([RunReport(one), RunReport(other)])
    assert gain.pictures == 0 and gain.difference is None and "share no test picture" in gain.sentence()
    assert together.calibration_of([RunReport(one), RunReport(other)]) is None


def test_a_study_stands_for_all_its_runs(workspace: Workspace) -> None:
    runs = [scored_run(workspace, {}, group="mine-seeds", study={"part": n}) for n in range(2)]
    assert checkpoints(["mine-seeds"], workspace) == [run.best.resolve() for run in runs]
    assert checkpoints([runs[0].id, "mine-seeds"], workspace) == [run.best.resolve() for run in runs]


@pytest.mark.slow
def test_predict_and_evaluate_take_further_models(
    workspace: Workspace, models: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: object) -> tuple[int, dict[str, Any]]:
        status = cli.main([*map(str, words), "--workspace", str(workspace.root), "--json"])
        return status, json.loads(capsys.readouterr().out.splitlines()[-1])

    data = made.write(tmp_path / "data", made.class_files({"cat": 4, "dog": 4}))
    file = next(data.rglob("*.png"))
    status, found = call("predict", models[0], file, "--with", models[1])
    assert status == 0 and found["ensemble"]["gain"] is None and len(found["ensemble"]["models"]) == 2
    alone = [call("predict", each, file)[1]["predictions"][0]["scores"]["cat"] for each in models]
    assert found["predictions"][0]["scores"]["cat"] == pytest.approx(np.mean(alone), abs=1e-9)
    status, scored = call("evaluate", models[0], data, "--with", models[1])
    assert status == 0 and scored["pictures"] == 8 and len(scored["models"]) == 2
    mean = found["predictions"][0]["scores"]
    least = [f"--threshold={name}={mean[name] + change}" for name, change in (("cat", -0.01), ("dog", 0.01))]
    table = tmp_path / "out.csv"
    for way in ([], ["--out", table]):
        assert call("predict", models[0], file, "--with", models[1], *least, *way)[0] == 0
    assert f",cat,{mean['cat']:.4f}"[:9] in table.read_text("utf-8-sig")
    least = [f"--threshold={name}={mean[name] + change}" for name, change in (("cat", 0.01), ("dog", -0.01))]
    status, found = call("predict", models[0], file, "--with", models[1], *least, "--out", table)
    assert status == 0 and found["counts"] == {"cat": 0, "dog": 1} and ",dog," in table.read_text("utf-8-sig")
    dog = studio.predict_together(models, file, thresholds={"cat": 1.0, "dog": 0.0})[0]
    assert isinstance(dog, Prediction) and dog.label == "dog" and dog.probability == pytest.approx(mean["dog"])
    assert studio.predict(models[0], file, thresholds={"cat": 1, "dog": 0})[0].label == "dog"  # type: ignore[union-attr]
    files = [file, str(file)]
    for listed in ([files], [tuple(files)], [iter(files)], [files[:1], file]):
        assert studio.predict(models[0], *listed) == studio.predict(models[0], *files)
    assert studio.predict_together(models, files) == studio.predict_together(models, *files)
    with pytest.raises(ConfigError):
        studio.predict(models[0], file, thresholds={"cow": 0.5})
    other = model(tmp_path / "c.safetensors", 2, ("cat", "cow"))
    status, refused = call("predict", models[0], file, "--with", other)
    assert status == 2 and "same classes" in refused["error"]
