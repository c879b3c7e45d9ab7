"""What Results has beyond its scores, in a real browser: panels, next steps, and what they lead to on other tabs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made
import pytest
from conftest import Server, serving, violations, visitors
from sweeps import few
from test_page import close, tab

import resnet_studio as studio

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETTINGS = {"weights": "scratch", "stem": "standard", "picture_size": 32, "freeze": "layer4", "device": "cpu",
            "test_fraction": 0.4, "groups": "none", "epochs": 1}  # fmt: skip


TINY_WORDS = """[...document.querySelectorAll(".rs-plot text")].filter((each) => each.checkVisibility() &&
  each.getBoundingClientRect().height < 11.5).map((each) => each.textContent)"""


@pytest.fixture(scope="module")
def served(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a run on pictures taken at two places, which learned next to nothing, and a copy of it."""
    folder = tmp_path_factory.mktemp("results-page")
    workspace = studio.Workspace.open(folder / "workspace")
    for number in range(60):
        file = folder / "shapes" / f"kind {number % 2}" / ("shed" if number % 3 else "field") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        made.scene(number, 32).save(file)
    dataset = studio.open_data(folder / "shapes", workspace)
    run = studio.train(dataset, studio.TrainConfig(**SETTINGS), workspace=workspace)
    shutil.copytree(run.folder, run.folder.with_name(f"{run.id}-again"))
    with serving(folder) as started:
        yield started


@pytest.fixture(scope="module")
def visit(browser: Any, served: Server) -> Iterator[Callable[..., Any]]:
    with visitors(browser, served) as open_:
        yield open_


@pytest.fixture(scope="module")
def page(visit: Callable[..., Any]) -> Any:
    return visit()


def panel(page: Any, part: str) -> Any:
    return page.locator(f'.res-panel[data-part="{part}"]')


@few(("theme", "language"), [("dark", "zh-CN"), ("light", "en-US")])
def test_axe_finds_nothing_in_any_panel(visit: Callable[..., Any], axe: str, theme: str, language: str) -> None:
    page = visit(language, 390 if theme == "dark" else 1280)
    page.emulate_media(color_scheme=theme)
    tab(page, "results")
    page.locator(".res-panel").first.wait_for()
    parts = [str(each.get_attribute("data-part")) for each in page.locator(".res-panel").all()]
    assert len(parts) > 8
    for part in parts:  # one after the other, without waiting: none may be forgotten
        panel(page, part).locator("summary").click()
    for part in parts:
        panel(page, part).and_(page.locator('[data-state="ready"]')).wait_for()
    assert "\n".join(violations(page, axe)) == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(TINY_WORDS) == []
    close(page)


@few(("theme", "language"), [("dark", "zh-CN"), ("light", "en-US")])
def test_axe_finds_nothing_in_answers_for_one_picture_and_for_several(
    visit: Callable[..., Any], axe: str, tmp_path: Path, theme: str, language: str
) -> None:
    page = visit(language)
    page.emulate_media(color_scheme=theme)
    tab(page, "predict")
    pictures = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(pictures):
        made.scene(number, 32).save(path)
    page.locator("#predict-more button.label-wrap").click()
    page.locator("#predict-picture input[type=file]").set_input_files(pictures[0])
    page.locator("#predict-answer .predict-bars li").first.wait_for()
    found = violations(page, axe)
    page.locator("#predict-many-button").click()
    page.locator("#predict-files input[type=file]").set_input_files(pictures)
    page.locator("#predict-answers tbody tr").nth(2).wait_for()
    found += violations(page, axe)
    assert "\n".join(found) == ""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    close(page)


def test_the_button_of_a_step_leads_to_its_setting_and_says_what_it_set(page: Any) -> None:
    tab(page, "results")
    page.locator('[data-step="small_test"]').click()
    page.locator("#train-seeds:focus").wait_for()
    page.get_by_text("Set for you:", exact=False).first.wait_for()
    page.wait_for_function("() => document.querySelector('#train-seeds input').value.includes('5')")


def test_a_threshold_from_results_is_the_one_that_predict_answers_by(page: Any, tmp_path: Path) -> None:
    tab(page, "results")
    points = panel(page, "operating_points")
    points.locator("summary").click()
    points.locator('[data-point="threshold"]').fill("100")
    points.locator("[data-point-use]").click()
    field = page.locator('#predict-thresholds input[data-class="kind 0"]')
    field.wait_for()
    page.wait_for_function("(field) => field.value === '100'", arg=field.element_handle())
    made.scene(3, 32).save(tmp_path / "one.png")
    page.locator("#predict-picture input[type=file]").set_input_files(tmp_path / "one.png")
    page.locator("#predict-answer h2", has_text="kind 1").wait_for()


def test_the_share_that_is_accepted_is_drawn_once_it_is_stored_and_the_slider_keeps_the_keyboard(page: Any) -> None:
    asked = []

    def answer(route: Any) -> None:
        asked.append(route)
        stored = 3 if len(asked) < 4 else 1  # the server takes its time
        slider = f'<input type="range" max="3" value="{stored}" aria-label="share" data-accept="[0.5, 0.8, 0.9, 1]"'
        html = f'<div>{slider} data-readings="[1, 2, 3, 4]"><p class="act-reading">{stored}</p></div>'
        route.fulfill(json={"state": "ready", "html": html})

    def store(route: Any) -> None:  # so few pictures have no share to choose, which the server would say
        chosen = '"action":"accept:' in (route.request.post_data or "")
        route.fulfill(json={"data": []}) if chosen else route.continue_()

    page.route("**/panel/unknown", answer)
    page.route("**/run/predict", store)
    tab(page, "results")
    panel(page, "unknown").locator("summary").click()
    slider = panel(page, "unknown").locator("[data-accept]")
    slider.focus()
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    page.wait_for_function(
        """() => { const held = document.activeElement;
          return held.matches("[data-accept]") && held.getAttribute("value") === "1"; }"""
    )
    page.unroute("**/panel/unknown")
    page.unroute("**/run/predict")


def test_runs_answer_together_once_a_second_one_is_chosen(page: Any) -> None:
    tab(page, "predict")
    fold = page.locator("#predict-more button.label-wrap")
    if "open" not in str(fold.get_attribute("class")):
        fold.click()
    page.locator("#predict-others input").click()
    page.get_by_role("option").first.click()
    page.locator("#predict-answer", has_text="The mean of 2 models.").wait_for()


def test_no_page_asked_another_host_or_wrote_an_error(page: Any) -> None:
    assert page.problems == []
