"""The model card is what the Hub reads: YAML, then Markdown in which names are only names."""

from __future__ import annotations

import json
import re
from typing import Any

import hand_made
import pytest
import yaml
from huggingface_hub import ModelCard

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.evaluation.model_card import model_card
from resnet_studio.events import Noted
from resnet_studio.run_state import MEAN
from resnet_studio.workspace import Run, Workspace

EVIL = (
    "a: 'b' #\"c\"",
    "---",
    "# [x](http://evil) <img src=x>\n\n---\nlicense: mit",
    "a|b",
    "\u202egpj",
    "\ud800half",
    "{{x}}",
)


def run_of(workspace: Workspace, name: str) -> Run:
    run = hand_made.new_run(workspace, name="plain", classes=(name, "two"), count=12)
    hand_made.train(run, epochs=2)
    hand_made.finish(run, hand_made.report_of(run, wrong={0: 1}))
    settings = run.read_json("config.json")
    run.write_json("config.json", {**settings, "about": {**settings["about"], "name": name, "dataset_name": name}})
    return run


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    assert text.startswith("---\n")
    head, body = text[4:].split("\n---\n", 1)
    return yaml.safe_load(head), body


@pytest.mark.parametrize("name", EVIL)
def test_names_are_only_names_in_yaml_and_in_markdown(workspace: Workspace, name: str) -> None:
    text = model_card(run_of(workspace, name))
    text.encode()
    head, body = front_matter(text)
    assert head["license"] == "other" and head["pipeline_tag"] == "image-classification"
    assert head["model-index"][0]["name"].strip("\ufffd")
    body = re.sub(r"```.*?```", "", body, flags=re.DOTALL)
    assert "<img" not in body and "](http" not in body
    assert [line for line in body.splitlines() if line.startswith("# ")] == [body.strip().splitlines()[0]]
    assert sum(line == "---" for line in body.splitlines()) == 0


def test_a_program_with_fences_in_it_stays_one_block(workspace: Workspace) -> None:
    program = 'CLASSES = ["````", "# two"]'
    head, body = front_matter(model_card(run_of(workspace, "cats"), program=program, library="timm"))
    assert head["library_name"] == "timm" and f"\n`````python\n{program}\n`````\n" in body


def test_the_library_of_the_hub_reads_the_same_scores(workspace: Workspace) -> None:
    run = run_of(workspace, "cats")
    report = run.read_json("report.json")
    card = ModelCard(model_card(run))
    results = {each.metric_type: each for each in card.data.eval_results}
    assert results["accuracy"].metric_value == round(report["accuracy"], 4)
    assert results["f1"].metric_value == round(report["macro_f1"], 4)
    assert results["accuracy"].dataset_split == "test" and results["accuracy"].dataset_name == "cats"
    assert {"image-classification", "resnet18"} <= set(card.data.tags) and card.data.library_name == "pytorch"


def test_a_run_without_a_test_has_no_results_in_front(workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    hand_made.train(run, epochs=1)
    hand_made.finish(run, None)
    head, body = front_matter(model_card(run, "zh"))
    assert "model-index" not in head and "没有独立的成绩" in body


def test_the_command_line_writes_it(workspace: Workspace, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = run_of(workspace, "cats"), tmp_path / "README.md"
    assert cli.main(["card", run.id, "--out", str(tmp_path), "--workspace", str(workspace.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["file"] == str(out)
    for section in ("What this model is not known to do", "To train it again", "Software and weights", "How to use it"):
        assert f"## {section}" in out.read_text("utf-8")


@pytest.mark.slow
def test_it_has_the_matrix_the_groups_the_settings_and_which_weights_are_kept(workspace: Workspace) -> None:
    run = hand_made.new_run(workspace, classes=("a|b", "two"), count=36, requested=TrainConfig(epochs=7, depth=34))
    split = run.read_json("split.json")
    split["test"]["facts"] = [json.dumps({"place": "w|ood" if at % 2 else "farm"}) for at in range(24)]
    run.write_json("split.json", split)
    run = Run(run.folder)
    run.append(Noted(key=MEAN, values={"right": 4, "pictures": 4, "epoch": 2, "of_epoch": 4}))
    hand_made.train(run, epochs=2)
    hand_made.finish(run, hand_made.report_of(run, wrong={0: 1, 2: 1, 20: 0}))
    for language, words in (
        (
            "en",
            (
                "Predicted class →",
                "| farm | 12 | 75.0% |",
                "| **Epochs** | 12 |",
                "The model is the mean of the weights",
            ),
        ),
        ("zh", ("预测类别", "| farm | 12 | 75.0% |", "| **训练轮数** | 12 |", "模型采用微调前后权重的平均")),
    ):
        body = front_matter(model_card(run, language))[1].replace("\\", "")  # type: ignore[arg-type]
        assert "| **a|b** | 10 | 2 |" in body and "| **two** | 1 | 11 |" in body and "| w|ood | 12 | 100.0% |" in body
        assert [word for word in words if word not in body] == [], body
    wide = hand_made.new_run(workspace, classes=[f"class {at}" for at in range(13)], count=6)
    hand_made.train(wide, epochs=1)
    hand_made.finish(wide, hand_made.report_of(wide))
    assert "Confusion matrix" not in model_card(wide) and "Accuracy by group" not in model_card(wide)
