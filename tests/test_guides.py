"""What CONTRIBUTING and README name is there: files, folders, make targets, commands and their options."""

import re
import shlex
from pathlib import Path

import pytest

from resnet_studio import cli
from resnet_studio.errors import StudioError

ROOT = Path(__file__).parent.parent
CONTRIBUTING, README = ((ROOT / name).read_text("utf-8") for name in ("CONTRIBUTING.md", "README.md"))
PLACES = (ROOT, ROOT / "resnet_studio", ROOT / "tests", ROOT / "resnet_studio" / "ui")
FILE = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml|txt|lock|yml|sh|ipynb)|(?:[\w-]+/)+[\w-]*")
NOT_HERE = {"tab.py", "sealed/", "train/", "val/", "test/"}
"""A file of each tab, and folders of data."""


def quoted(text):
    """What stands in backticks, outside of blocks of code."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def blocks(text):
    return re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.parametrize("text", [CONTRIBUTING, README], ids=["CONTRIBUTING", "README"])
def test_files_and_folders_that_are_named_are_there(text):
    named = {word for each in quoted(text) for word in each.split() if FILE.fullmatch(word)} - NOT_HERE
    assert len(named) > 15
    named = {name for name in named if not name.partition("/")[0].isupper()}  # such as YOU/NAME
    assert [name for name in sorted(named) if not any((place / name).exists() for place in PLACES)] == []


def test_names_in_capitals_are_in_the_file_that_is_named_beside_them():
    pairs = re.findall(r"`([A-Z][A-Z_]+)`,? (?:in|of) `([\w/.]+\.py)`", CONTRIBUTING)
    assert len(pairs) > 5
    files = {file: next(place / file for place in PLACES if (place / file).exists()) for _, file in pairs}
    assert [(name, file) for name, file in pairs if not re.search(rf"\b{name}\b", files[file].read_text("utf-8"))] == []


def test_targets_of_make_that_are_named_are_there_and_all_are_named():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    there = set(re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[1].split())
    text = "\n".join([*quoted(CONTRIBUTING), *quoted(README), *blocks(CONTRIBUTING), *blocks(README)])
    named = set(re.findall(r"^make ([\w-]+)", text, flags=re.MULTILINE))
    assert named - there == set()
    assert there - named - {"check", "style", "types", "suite", "clean"} == set()  # parts of make test
    assert [name for name in there if not re.search(rf"^{name}:", makefile, flags=re.MULTILINE)] == []


def written_commands():
    """Each command line of the guides, without what only a reader needs; alternatives one by one."""
    for line in re.findall(r"python -m resnet_studio (.+)$", "\n".join([*blocks(README), *blocks(CONTRIBUTING)]), re.M):
        words = shlex.split(line, comments=True)
        at = next((place for place, word in enumerate(words) if re.fullmatch(r"[\w-]+(\|[\w-]+)+", word)), None)
        for word in words[at].split("|") if at is not None else [""]:
            yield [word if place == at else given.removesuffix("...") for place, given in enumerate(words)]
    for each in quoted(README):
        if each.startswith("python -m resnet_studio "):
            yield shlex.split(each.removeprefix("python -m resnet_studio "))


def test_commands_that_are_shown_can_be_typed(capsys):
    parser, wrong, count = cli.build_parser(), [], 0
    for words in written_commands():
        count += 1
        try:
            parser.parse_args(words)
        except (SystemExit, StudioError) as error:
            wrong.append((words, str(error), capsys.readouterr().err))
    assert count > 50
    assert wrong == []
