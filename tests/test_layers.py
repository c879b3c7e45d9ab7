"""Imports never point upwards, and only the page knows gradio."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import resnet_studio

PACKAGE = Path(resnet_studio.__file__).parent
LAYERS = [
    {"version", "text", "compiler", "durations", "deprecation", "stepwise", "folder_names", "one_or_many"},
    {"errors", "owners", "locks", "limits"},
    {"acting"},
    {"belonging"},
    {"grouping", "thresholds"},
    {"config"},
    {"recipes"},
    {"events"},
    {"run_state"},
    {"durable", "space", "download", "assets", "event_log", "migrations", "run_settings", "run_requests"},
    {"labels", "run_log"},
    {"workspace"},
    {"data", "model"},
    {"batching"},
    {"training", "evaluation", "prediction", "ensemble", "onnx_model"},
    {"imported_onnx"},
    {"review", "studies", "predicting"},
    {"upkeep"},
    {"api", "terminal", "cleaning"},
    {"service"},
    {"commands", "ui"},
    {"cli"},
    {"__init__", "__main__"},
]
SIDEWAYS = {("commands", "ui")}  # the command `ui` opens the page


def package_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def level(name: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if name in names)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


def upward_imports(path):
    """What ``path`` must not import, and does."""
    here = package_of(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "resnet_studio" or len(parts) < 2:
            continue
        there = parts[1]
        if not ((PACKAGE / there).is_dir() or (PACKAGE / f"{there}.py").is_file()):
            continue  # a name of the public API
        banned = (here, there) in {("training", "prediction"), ("evaluation", "training"), ("prediction", "training")}
        if banned or level(there) > level(here):
            yield f"{path.relative_to(PACKAGE)} imports {name}"


def test_imports_point_downwards_or_sideways():
    assert [each for path in FILES for each in upward_imports(path)] == []


def test_only_the_page_imports_gradio():
    below = [path for path in FILES if package_of(path) != "ui"]
    assert len(below) > 100
    assert [path for path in below if any(name.split(".")[0] == "gradio" for name in imported(path))] == []


TABS = ("data", "train", "results", "predict", "runs")


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_imports_no_other_tab(tab):
    others = tuple(f"resnet_studio.ui.{other}" for other in TABS if other != tab)
    for path in (PACKAGE / "ui" / tab).glob("*.py"):
        crossing = {name for name in imported(path) if name.startswith(others)}
        assert not crossing, f"{path.name} imports {crossing}"


def test_the_page_has_few_rooms():
    assert len([path for path in (PACKAGE / "ui").iterdir() if path.name != "__pycache__"]) <= 12


def at_run_time(tree):
    """The nodes of ``tree`` that are not there for a type checker alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from at_run_time(node)


def files_imported(path):
    """The files of the package that ``path`` imports, at its top or inside of a function."""
    for node in at_run_time(parsed(path)):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("resnet_studio"):
            continue
        folder = PACKAGE.parent.joinpath(*node.module.split("."))
        inside = [folder / f"{alias.name}.py" for alias in node.names]
        yield from (file for file in [*inside, folder.with_suffix(".py")] if file.is_file())


def test_no_two_files_import_each_other_not_even_in_a_circle():
    arrows = {path: set(files_imported(path)) - {path} for path in FILES}
    done = set()

    def walk(path, trail):
        assert path not in trail, " -> ".join(str(p.relative_to(PACKAGE)) for p in [*trail[trail.index(path) :], path])
        if path not in done:
            for other in arrows[path]:
                walk(other, [*trail, path])
            done.add(path)

    for path in FILES:
        walk(path, [])


TESTS = Path(__file__).parent
NOT_OF_ONE_PACKAGE = {"browser", "fixtures"}  # the whole page in Chromium; files of earlier versions


def test_tests_lie_in_folders_named_as_those_of_the_package():
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    folders = {folder for folder in folders if folder.parts and folder.parts[0] not in NOT_OF_ONE_PACKAGE}
    assert {Path(name) for name in ("data", "model", "training", "evaluation", "ui")} <= folders
    assert [folder for folder in folders if not (PACKAGE / folder / "__init__.py").is_file()] == []
    without = [folder for folder in folders if not (TESTS / folder / "__init__.py").is_file()]
    assert not without, f"{without} need an __init__.py, or two test files of one name cannot run together"


@pytest.mark.parametrize("module", ["resnet_studio", "resnet_studio.cli", "resnet_studio.ui.app"])
def test_the_first_page_and_the_help_do_not_wait_for_torch(module):
    heavy = {"torch", "torchvision", "sklearn", "matplotlib.pyplot"}
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


LINES = 300
FUNCTION_LINES = 40


def too_long(path):
    """The module at ``path`` where it is too long, and its functions that are."""
    name, lines = path.relative_to(PACKAGE).as_posix(), len(path.read_text("utf-8").splitlines())
    if lines > LINES:
        yield f"{name} has {lines} lines"
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{name}: {node.name} has {lines} lines"


def test_modules_and_functions_stay_short_enough_to_read():
    assert [each for path in FILES for each in too_long(path)] == []


PACKAGES = [path for path in FILES if path.name == "__init__.py" and path.parent not in (PACKAGE, PACKAGE / "text")]


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_a_package_says_what_is_in_it_and_where_to_start(path):
    said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    named = set(re.findall(r"``(\w+)``", said))
    assert len(said.splitlines()) >= 3
    assert named
    assert not [name for name in named if not ((path.parent / f"{name}.py").is_file() or (path.parent / name).is_dir())]


def test_the_public_names_are_the_contract():
    assert sorted(resnet_studio.__all__) == resnet_studio.__all__
    assert all(hasattr(resnet_studio, name) for name in resnet_studio.__all__)
