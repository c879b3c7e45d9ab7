"""A model card in the form of the Hugging Face Hub: Markdown with YAML in front.

See https://huggingface.co/docs/hub/model-cards. Names are escaped: they are no Markdown, HTML or YAML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resnet_studio.evaluation import card_details, handin, html_report
from resnet_studio.evaluation.final_fit import FINAL_FIT
from resnet_studio.evaluation.markdown import clean, code, fenced, heading, plain, row
from resnet_studio.evaluation.outside import OUTSIDE_TEST
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.evaluation.unknown import UNKNOWN
from resnet_studio.model import architecture
from resnet_studio.text import Language, joined, say
from resnet_studio.version import __version__
from resnet_studio.workspace import Run

MOST_CLASSES = 50


def model_card(
    run: Run,
    language: Language = "en",
    further: Sequence[Part[Any]] = (),
    *,
    program: str = "",
    library: str = "pytorch",
) -> str:
    """The card of the best model of ``run``. Raises what :func:`resnet_studio.evaluation.html_report.to_json` does.

    ``program`` is Python that predicts with the files beside the card, by the ``library`` as the Hub calls it; without
    one the card says how the studio does.
    """
    values = html_report.to_json(run, further)
    body = [
        f"# {plain(values['name'])}", "", _intro(run, values, language), "",
        *heading("handin.scores", language), *_scores(values, language),
        *_again(run, language), *_outside(run, language),
        *card_details.matrix(values, language), *card_details.groups(run, language),
        *heading("handin.data", language), *_data(run, values, language),
        *card_details.settings(run, values, language),
        *_calibration(values, language), *_unknown(run, language), *card_details.shortcuts(run, values, language),
        *heading("handin.limits", language),
        *(f"- {plain(limit)}" for limit in handin.limits(RunReport(run), language)), "",
        *heading("card.use", language), *(fenced(program) if program else _use(run)),
        *heading("handin.software", language), *_software(run, language),
        *heading("handin.reproduce", language), "```sh", code(values["reproduce"]), "```",
    ]  # fmt: skip
    return "\n".join([*_front_matter(run, values, library), "", *body, ""])


def _front_matter(run: Run, values: Mapping[str, Any], library: str) -> list[str]:
    """The metadata, as the library of the Hub writes it."""
    from huggingface_hub import EvalResult, ModelCardData

    scored = [("accuracy", "Accuracy", values["accuracy"]), ("f1", "Macro F1", values.get("macro_f1"))]
    dataset = clean(values["dataset"])
    results = [
        EvalResult(
            "image-classification",
            "imagefolder",
            dataset,
            kind,
            round(value, 4),
            metric_name=name,
            dataset_split="test",
        )
        for kind, name, value in scored
        if value is not None
    ]
    card = ModelCardData(
        license="other",  # that of the model is for its author to choose, within the terms of weights and pictures
        license_name="see-software-and-weights",
        library_name=library,
        pipeline_tag="image-classification",
        tags=["image-classification", "resnet", architecture.of(run.config).name, "resnet-studio"],
        metrics=["accuracy", "f1"],
        model_name=clean(values["name"]),
        eval_results=results or None,
    )
    return ["---", card.to_yaml(), "---"]


def _intro(run: Run, values: Mapping[str, Any], language: Language) -> str:
    names = list(run.about["classes"])
    shown = [plain(name) for name in names[:MOST_CLASSES]]
    said = say("card.intro", language, network=architecture.of(run.config).title, count=len(names), names=shown,
               dataset=plain(values["dataset"]), version=__version__)  # fmt: skip
    more = "" if len(names) <= MOST_CLASSES else f" (+{len(names) - MOST_CLASSES})"
    note = f"\n\n{plain(values['note'])}" if values["note"] else ""
    return said + more + note


def _scores(values: Mapping[str, Any], language: Language) -> list[str]:
    if values["accuracy"] is None:
        accuracy = values["validation_accuracy"]
        return [say("handin.untested", language, accuracy=accuracy), ""] if accuracy is not None else [""]
    low, high = values["interval"]
    lines = [
        say("handin.accuracy", language, accuracy=values["accuracy"], low=low, high=high, count=values["count"],
            f1=values["macro_f1"]), "",
        row([say("results.table.class", language), say("results.table.pictures", language),
              say("results.table.precision", language), say("results.table.recall", language), "F1"]),
        "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    for each in values["per_class"][:MOST_CLASSES]:
        scores = [f"{each[name]:.3f}" for name in ("precision", "recall", "f1")]
        lines.append(row([plain(each["name"]), each["support"], *scores]))
    return [*lines, ""]


def _data(run: Run, values: Mapping[str, Any], language: Language) -> list[str]:
    data = handin.data_of(run, language)
    if data is None:
        return [""]
    train, validation, test = data.totals
    lines = [
        say("handin.data.counts", language, dataset=plain(values["dataset"]), classes=len(data.classes), train=train,
            validation=validation, test=test),
        say("handin.data.preset" if data.preset else "handin.data.split", language),
    ]  # fmt: skip
    return [joined(lines, language), "", *(f"- {plain(finding)}" for finding in data.findings), ""]


def _again(run: Run, language: Language) -> list[str]:
    """That it was trained on validation pictures too, and what that changed."""
    again = RunReport(run).get(FINAL_FIT)
    return [again.sentence(language), ""] if again else []


def _outside(run: Run, language: Language) -> list[str]:
    """What it scores on pictures of another set, where it was tested on one."""
    found = RunReport(run).get(OUTSIDE_TEST)
    return [*heading("handin.section.outside_test", language), plain(found.sentence(language)), ""] if found else []


def _calibration(values: Mapping[str, Any], language: Language) -> list[str]:
    found = values["calibration"]
    if not found:
        return []
    said = say("handin.calibration", language, error=found["error"])
    if found.get("before"):
        said = say(
            "handin.calibration.both", language, before=found["before"]["error"], after=found["error"],
            temperature=f"{found['temperature']:.2f}", count=found["fitted_on"],
        )  # fmt: skip
    chance = say("handin.calibration.chance", language, count=len(found["answers"]), chance=found["by_chance"])
    even = [say("trust.calibration.even", language), ""] if found.get("even") else []
    return [*heading("handin.section.calibration", language), said, chance, "", *even]


def _unknown(run: Run, language: Language) -> list[str]:
    """How it tells pictures of no class, and whether that can be relied on."""
    found = RunReport(run).get(UNKNOWN)
    if found is None or not (said := found.sentence(language)):
        return []
    return [*heading("handin.section.unknown", language), said, ""]


def _use(run: Run) -> list[str]:
    return [
        "```python", "import resnet_studio as studio", "",
        f'prediction = studio.predict("{run.best.name}", "picture.jpg")[0]',
        "print(prediction.label, prediction.probability)",
        "```", "",
    ]  # fmt: skip


def _software(run: Run, language: Language) -> list[str]:
    name, terms = handin.weights(run, language)
    versions = " · ".join(f"{each} {version}" for each, version in handin.software(run))
    said = joined([say("handin.weights", language, weights=plain(name)), terms], language)
    return [said, "", versions, ""]
