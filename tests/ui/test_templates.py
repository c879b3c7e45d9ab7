"""Markup comes from templates alone, and whatever a user names is text in it, wherever it is shown."""

from __future__ import annotations

import ast
import re
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hand_made import finish, new_run, report_of, train

import resnet_studio
from resnet_studio import labels
from resnet_studio.data.finding import Finding, Offer
from resnet_studio.errors import DataError
from resnet_studio.evaluation.calibration import UNTESTED
from resnet_studio.predicting.jobs import Jobs, Picture, Request
from resnet_studio.predicting.rows import AnswerRow, Appender, Index
from resnet_studio.prediction import Prediction
from resnet_studio.service.copying import Copying
from resnet_studio.service.predicting import JobState
from resnet_studio.service.prediction_table import Page, Query, TableEntry
from resnet_studio.service.run_data import RunData
from resnet_studio.ui.data import choices, view
from resnet_studio.ui.page.bundle import Bundle
from resnet_studio.ui.page.middleware import localized
from resnet_studio.ui.page.notes import alert, caution, small
from resnet_studio.ui.page.templates import FOLDERS, render
from resnet_studio.ui.predict import many_view, tries
from resnet_studio.ui.predict import view as predict_view
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.ui.runs.compare import compared
from resnet_studio.ui.runs.view import table
from resnet_studio.workspace import Workspace

PACKAGE = Path(resnet_studio.__file__).parent
MARKUP = re.compile(r"</?[a-zA-Z][\w-]*[\s/>]")
ALLOWED = {
    ("ui", "page", "middleware.py"),  # puts the head of the page into what Gradio makes
    ("ui", "page", "templates.py"),  # the filter that isolates a name
    ("ui", "page", "access.py"),  # named groups of a regular expression
    ("service", "people", "declared.py"),  # functions inside of others, as Python names them: <locals>
}
EVIL = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "{{ 7*7 }}",
    "{% raise %}", "</title></textarea><svg onload=alert(1)>", "a\u202egpj.exe", "&lt;b&gt;",
)  # fmt: skip


def code_strings(path: Path) -> list[str]:
    """The string constants of a module that are no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents
    ]


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["ui", "service"])
def test_no_module_builds_markup_out_of_strings(folder: str) -> None:
    for path in (PACKAGE / folder).rglob("*.py"):
        if path.relative_to(PACKAGE).parts in ALLOWED:
            continue
        assert not [text for text in code_strings(path) if MARKUP.search(text)], path.name
        assert "html import escape" not in path.read_text("utf-8"), path.name


@pytest.mark.slow
def test_every_template_can_be_compiled_and_is_used() -> None:
    from resnet_studio.ui.page.templates import environment

    files = {f"{name}/{file.name}" for name in FOLDERS for file in (PACKAGE / "ui" / name / "templates").glob("*")}
    assert len(files) > 50
    sources = [path.read_text("utf-8") for suffix in ("*.py", "*.html") for path in (PACKAGE / "ui").rglob(suffix)]
    for name in files:
        environment().get_template(name)
        assert any(f'"{name}"' in source for source in sources), name


class Parts(HTMLParser):
    """What a browser would make of it: elements, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.values: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.values.append(data)


def assert_harmless(html: str, name: str) -> None:
    parts = Parts(html)
    assert "script" not in parts.tags and not [name for name in parts.attributes if name.startswith("on")]
    assert not any(value == "x" for value in parts.values)  # the source of the picture
    shown = name.replace("\u202e", "\\u202e")
    assert any(shown in value for value in parts.values), html
    assert "\u202e" not in html
    assert not any(value.strip() == "49" for value in parts.values)


@pytest.mark.parametrize("name", EVIL)
def test_names_of_runs_notes_and_classes_are_text_in_the_views_of_runs(workspace: Workspace, name: str) -> None:
    runs = [new_run(workspace, name=f"{name}{number}", classes=(name, "dog"), count=12) for number in (1, 2)]
    for run in runs:
        train(run, epochs=2)
        finish(run, report_of(run, wrong={0: 1}))
        labels.write(run.folder, note=name)
    data = RunData(workspace)
    overviews = data.overviews()

    assert_harmless(table(overviews, "en"), name)
    assert_harmless(compared(data, overviews, "zh"), name)
    assert_harmless(results_tab.page(data, overviews, overviews[0], "en"), name)


@pytest.mark.parametrize("name", EVIL)
def test_names_of_classes_and_files_are_text_in_the_views_of_data_and_answers(name: str) -> None:
    found = [
        Finding(
            "single",
            "data.gone",
            {"reason": name},
            (name,),
            offers=(Offer("data.gone", {"a": name}, {"reason": name}),),
        )
    ]
    said = Prediction(name, 0.5, ((name, 0.5), (f"{name}2", 0.3), ("c", 0.2)))

    assert_harmless(view.classes({name: 3}, "en"), name)
    assert_harmless(view.findings(found, "en"), name)
    assert_harmless(choices.cards(found, "en"), name)
    assert_harmless(view.progress(name, 1, 2), name)
    assert_harmless(predict_view.answer(said, UNTESTED, "zh"), name)
    assert_harmless(predict_view.waiting("one", str, [name]), name)
    assert_harmless(tries.panel([tries.Try("run", 0, name)], 0, 1, "en", drawn=False), name)
    assert_harmless(render("train/status.html", phase="running", headline="", name=name, figures=[name]), name)
    for sentence in (alert, caution, small, view.note):
        assert_harmless(sentence(name), name)


@pytest.mark.parametrize("name", EVIL)
def test_names_of_classes_and_files_are_text_in_the_answers_for_many_pictures(name: str, tmp_path: Path) -> None:
    request = Request(models=(), model_name=name, classes=(name, f"{name}2", "c"), title=name, sources=())
    job = Jobs(Workspace.open(tmp_path)).new(request)
    with closing(Appender(job.rows_file)) as rows:
        rows.add([AnswerRow((0.5, 0.3, 0.2), "unsure"), AnswerRow(error=DataError("data.gone", reason=name))])
    index = Index(job.rows_file)
    index.update()
    picture = Picture(name, Path(name))
    page = Page(2, 0, tuple(TableEntry(place, picture, row) for place, row in enumerate(job.rows)))
    copying = Copying(Path("/") / name.replace("/", "_"), error=DataError("data.gone", reason=name))

    for state in (JobState("done", 2, 2), JobState("failed", 0, None, DataError("data.gone", reason=name))):
        assert_harmless(many_view.head(job, state, index, Query(), "en"), name)
        assert_harmless(many_view.listed([(job, state)], "zh"), name)
    assert_harmless(many_view.rows(job, page, Query(), "en"), name)
    assert_harmless(many_view.copying(copying, "en"), name)


def test_the_tags_of_the_page_that_gradio_makes_stay_tags() -> None:
    page = localized('<html><head></head><body style="margin: 0">text</body></html>', "en", Bundle.read())
    assert '<body style="margin: 0"><link rel="stylesheet"' in page
    assert "&lt;body" not in page
