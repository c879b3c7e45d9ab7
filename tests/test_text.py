import re
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

import resnet_studio
from resnet_studio import config, text
from resnet_studio.config import TrainConfig

PACKAGE = Path(resnet_studio.__file__).parent
KEYS = text.keys()


def names_in(template: str) -> set[str]:
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in Formatter().parse(template) if name}


def test_no_key_stands_in_two_tables():
    assert len(KEYS) == len(set(KEYS))


def test_both_languages_say_the_same_values():
    said = {key: [text.template(key, language) for language in text.LANGUAGES] for key in KEYS}
    assert [key for key, templates in said.items() if not all(map(str.strip, templates))] == []
    assert [key for key, (english, chinese) in said.items() if names_in(english) != names_in(chinese)] == []


def test_every_key_used_in_the_package_has_a_text():
    families = sorted({key.split(".")[0] for key in KEYS})
    pattern = re.compile(rf"[\"']((?:{'|'.join(families)})\.[a-z0-9_.-]+[a-z0-9])[\"']")
    used = set()
    for path in (path for suffix in ("*.py", "*.html") for path in PACKAGE.rglob(suffix)):
        if path.parent.name != "text":
            used |= set(pattern.findall(path.read_text("utf-8")))
    missing = {
        key for key in used if key not in KEYS and not key.endswith((".py", ".js", ".css", ".csv", ".json", ".svg"))
    }
    assert not missing


@pytest.mark.parametrize("spec", fields(TrainConfig), ids=lambda spec: spec.name)
def test_every_setting_and_choice_is_named_and_explained(spec):
    assert text.say(f"config.{spec.name}", "zh") and text.say(f"config.{spec.name}.help", "zh")
    for choice in config.choices(spec.name):
        if isinstance(choice, str):
            assert text.say(f"config.{spec.name}.{choice}", "zh")


def test_counts_shares_and_thousands_are_written_as_people_do():
    assert text.say("note.out_of_memory", "en", size=1).split(" micro-batches of ")[1].startswith("1 picture ")
    assert "1,024 pictures" in text.say("note.out_of_memory", "en", size=1024)
    assert "95.0%" in text.say("error.config.split_too_large", "en", total=0.95)


def test_chinese_uses_chinese_punctuation():
    for key in KEYS:
        chinese = text.template(key, "zh")
        if re.search(r"[\u4e00-\u9fff]", chinese):
            assert not re.search(r"(?<!…)…(?!…)", chinese), key
            assert not re.search(r"[\u4e00-\u9fff][,;:!?]", chinese), (key, chinese)


def test_chinese_addresses_its_reader_in_one_way():
    assert [key for key in KEYS if "您" in text.template(key, "zh")] == []


SENTENCES = re.compile(r"say\([^}]*\}\}(?:\{%[^%]*%\}|\s)*\s(?:\{%[^%]*%\}|\s)*\{\{-? ?say\(")


def test_templates_put_no_blank_between_two_sentences_which_chinese_has_not():
    templates = sorted(Path(resnet_studio.__file__).parent.rglob("templates/**/*.html"))
    assert len(templates) > 90
    found = {
        path.name: match[0] for path in templates for match in SENTENCES.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == {}


def test_sentences_of_comparisons_stand_without_a_blank_in_chinese():
    from resnet_studio.evaluation.compare import RunPair

    values = {spec.name: None for spec in fields(RunPair)} | {"first": "a", "second": "b", "pictures": 40, "groups": 12}
    values |= {"same_test_set": False, "difference": 0.1, "difference_interval": (-0.1, 0.3), "p_adjusted": 0.4,
               "both_right": 30, "only_first": 6, "only_second": 2}  # fmt: skip
    made = RunPair(**values)
    assert "。 " not in made.sentence({"a": "一", "b": "二"}, "zh") and ". " in made.sentence(
        {"a": "x", "b": "y"}, "en"
    )
