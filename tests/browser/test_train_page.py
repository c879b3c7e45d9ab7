"""The tabs Train, Results and Runs in a real browser: keys, layout, accessibility, whose run it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hand_made
import pytest
from conftest import Server, serving, violations, visitors
from test_page import bring, choose, close, leaving, tab

from resnet_studio import labels
from resnet_studio.config import TrainConfig
from resnet_studio.events import EpochFinished, Queued, Started
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.browser

TABS = ("data", "train", "results", "predict", "runs")


@pytest.fixture(scope="module")
def studio(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose workspace holds runs of all kinds."""
    folder = tmp_path_factory.mktemp("train-page")
    workspace = Workspace.open(folder / "workspace")
    classes = ("circle", "square", "a class with a name that is much longer than its column")
    for number in range(8):
        run = hand_made.new_run(workspace, name=f"shapes {number}", classes=classes, count=9, dataset="shapes",
                                requested=TrainConfig(epochs=3 + number))  # fmt: skip
        hand_made.train(run, epochs=8)
        if number % 2:
            hand_made.finish(run, hand_made.report_of(run, wrong={0: 1, 4: 2}))
    _higher_training_loss(hand_made.new_run(workspace, name="the latest", classes=classes, count=9, dataset="shapes"))
    labels.write(run.folder, name="<b>noted</b>", note="a note\non two lines")
    with serving(folder) as started:
        yield started


def _higher_training_loss(run: Run) -> None:
    run.append(Queued())
    run.append(Started(device="CPU, 2 cores", precision="fp32", epochs=6, validation_pictures=9))
    epoch = EpochFinished(
        epoch=1, train_loss=0.9, train_accuracy=0.7, validation_loss=0.4, validation_accuracy=0.8, learning_rate=0.001,
        pictures_per_second=1, seconds=1, best=True,
    )  # fmt: skip
    for number in range(1, 7):
        run.append(replace(epoch, epoch=number, train_loss=0.9 / number, validation_loss=0.4 / number))
    hand_made.finish(run, hand_made.report_of(run))


@pytest.fixture(scope="module")
def visit(browser: Any, studio: Server) -> Iterator[Callable[..., Any]]:
    with visitors(browser, studio) as open_:
        yield open_


@pytest.fixture(scope="module")
def page(visit: Callable[..., Any]) -> Any:
    return visit()


def box(page: Any, selector: str) -> dict[str, float]:
    found: dict[str, float] = page.locator(selector).first.bounding_box()
    return found


@pytest.mark.parametrize(
    ("theme", "language"), [("light", "en-US"), pytest.param("dark", "zh-CN", marks=pytest.mark.long)]
)
def test_axe_finds_nothing_on_any_tab(
    visit: Callable[..., Any], page: Any, axe: str, theme: str, language: str
) -> None:
    page = page if language == "en-US" else visit(language)
    page.emulate_media(color_scheme=theme)
    found: list[str] = []
    for name in TABS:
        tab(page, name)
        page.wait_for_timeout(700)
        if name == "train":
            page.locator("#train-advanced > button").click()
        if name == "runs":
            for tick in page.locator(".res-runs input[type=checkbox]").all()[1:4]:
                tick.check()
            page.locator(".runs-compared").wait_for()
        page.wait_for_timeout(300)
        found += [f"{name} {theme}: {line}" for line in violations(page, axe)]
        if name == "train":
            page.locator("#train-advanced > button").click()
    page.locator("[data-rename]").first.click()
    page.locator("dialog[open]").wait_for()
    found += [f"rename {theme}: {line}" for line in violations(page, axe)]
    page.keyboard.press("Escape")
    assert "\n".join(found) == ""


@pytest.mark.long
def test_axe_finds_nothing_where_pictures_are_chosen(visit: Callable[..., Any], axe: str, class_zip_file: Path) -> None:
    page = visit()
    bring(page, class_zip_file, "zip")
    page.wait_for_timeout(1000)
    assert "\n".join(violations(page, axe)) == ""


def test_arrow_keys_choose_the_depth_and_the_group_is_one_stop(page: Any) -> None:
    tab(page, "train")
    page.locator("#train-why p").wait_for()  # what a fresh page restores has come
    page.locator('#train-depth input[value="18"]').focus()
    page.keyboard.press("ArrowRight")
    page.locator('#train-depth label.selected input[value="34"]').wait_for()
    page.locator("#train-why", has_text="ResNet-34").wait_for()
    page.keyboard.press("ArrowLeft")
    page.locator('#train-depth label.selected input[value="18"]').wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#train-epochs') !== null")


def test_arrow_keys_move_between_the_tabs_which_are_one_stop(page: Any) -> None:
    tab(page, "data")
    page.locator("#tab-data-button").focus()
    for key, name in (("ArrowRight", "train"), ("End", "runs"), ("ArrowRight", "data"), ("ArrowLeft", "runs"),
                      ("Home", "data")):  # fmt: skip
        page.keyboard.press(key)
        page.locator(f'#tab-{name}-button[aria-selected="true"]').wait_for()
        assert page.evaluate("document.activeElement.id") == f"tab-{name}-button"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") != "tab"


def test_epochs_stand_beside_depth_and_unfolded_settings_use_the_width_of_the_page(page: Any) -> None:
    tab(page, "train")
    depth, epochs = box(page, "#train-depth"), box(page, "#train-epochs")
    assert (
        epochs["x"] >= depth["x"] + depth["width"]
        and abs(epochs["y"] + epochs["height"] - depth["y"] - depth["height"]) < 12
    )
    page.locator("#train-advanced > button").click()
    page.locator("#train-batch_size input").wait_for()
    assert 0 < box(page, "#train-advanced > button")["y"] < 720, "what was clicked is still in view"
    fields = [box(page, f"#train-{name}") for name in ("batch_size", "accumulate_steps", "picture_size")]
    bottoms = [field["y"] + field["height"] for field in fields]
    assert max(bottoms) - min(bottoms) < 4, "three settings and more stand in one row"
    assert box(page, ".train-group")["width"] > 0.9 * 1280
    start = box(page, "#train-start")
    assert start["y"] + start["height"] <= 720, "the button is in view, however many settings there are"
    page.locator("#train-advanced > button").click()


def test_no_text_runs_under_an_arrow_and_a_field_has_one_ring(page: Any) -> None:
    tab(page, "train")
    under = page.evaluate("""[...document.querySelectorAll(".secondary-wrap")].filter((one) => one.offsetParent)
      .map((one) => { const input = one.querySelector("input"), arrow = one.querySelector(".icon-wrap");
        const end = input.getBoundingClientRect().right - parseFloat(getComputedStyle(input).paddingRight);
        return [one.closest(".block").id, end - arrow.getBoundingClientRect().left]; })""")
    assert len(under) >= 3 and all(overlap <= 0 for _, overlap in under), under
    for field in ("#train-freeze", "#train-epochs"):
        page.locator(f"{field} input").focus()
        rings = page.evaluate("""(selector) => { let rings = 0;
          let one = document.querySelector(`${selector} input`);
          for (; one.id !== "train-left"; one = one.parentElement) {
            const style = getComputedStyle(one);
            rings += style.outlineStyle !== "none" && style.outlineWidth !== "0px";
            rings += style.boxShadow !== "none";
          } return rings; }""", field)  # fmt: skip
        assert rings == 1, field
        page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [390, *(pytest.param(width, marks=pytest.mark.long) for width in (1280, 1920))])
def test_writing_in_charts_keeps_its_size_and_its_place(visit: Callable[..., Any], width: int) -> None:
    page = visit(width=width, height=900)
    tab(page, "results")
    page.locator(".res-curves .rs-plot").first.wait_for()
    heading = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.res-curves > h3')).fontSize)")
    title = page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('.res-curves .rs-plot-head b')).fontSize)"
    )
    assert title <= heading
    texts = page.evaluate("""[...document.querySelectorAll(".res-curves svg text")].map((one) => {
      const box = one.getBoundingClientRect(), svg = one.ownerSVGElement.getBoundingClientRect();
      const size = parseFloat(getComputedStyle(one).fontSize) * svg.width / one.ownerSVGElement.viewBox.baseVal.width;
      return { text: one.textContent, size, panel: svg.left, left: box.left, right: box.right, top: box.top,
               bottom: box.bottom, tick: one.classList.contains("tick") }; })""")
    assert all(10.5 <= text["size"] <= 15.5 for text in texts), texts
    ticks = [text for text in texts if text["tick"]]
    for one in ticks:
        for other in ticks:
            apart = (
                one is other or one["panel"] != other["panel"] or one["right"] <= other["left"] + 1
                or other["right"] <= one["left"] + 1 or one["bottom"] <= other["top"] + 2
                or other["bottom"] <= one["top"] + 2
            )  # fmt: skip
            assert apart, (one, other)
    close(page)


@pytest.mark.long
def test_a_projector_shows_writing_that_can_be_read_and_uses_its_width(visit: Callable[..., Any]) -> None:
    page = visit(width=1920, height=1080)
    for name in ("train", "results", "runs"):
        tab(page, name)
        page.wait_for_timeout(700)
        assert box(page, f"#tab-{name}")["width"] > 0.9 * 1920
        small = page.evaluate(
            """(panel) => [...document.querySelectorAll(`#tab-${panel} *`)].filter((one) =>
          !one.ownerSVGElement && one.getClientRects().length && !one.closest("[aria-hidden=true], .rs-visually-hidden")
          && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
          && parseFloat(getComputedStyle(one).fontSize) < 13.5)
          .map((one) => `${one.className} ${getComputedStyle(one).fontSize} ${one.textContent.slice(0, 30)}`)""",
            name,
        )
        assert small == []


def test_why_the_training_loss_is_higher_is_explained_until_it_was_understood(page: Any) -> None:
    tab(page, "runs")
    page.locator(".res-runs [data-open]", has_text="the latest").click()
    tab(page, "train")
    told = page.locator("[data-once]", has_text="Why is the training loss above")
    told.wait_for()
    told.locator("button").click()
    told.wait_for(state="hidden")
    with leaving(page):
        page.reload()
    tab(page, "train")
    page.locator("#train-live [data-live=reading] .rs-note").wait_for()
    assert not told.is_visible()


def test_a_run_is_renamed_and_noted(page: Any) -> None:
    tab(page, "runs")
    assert page.locator(".res-runs tbody b b").count() == 0
    row = page.locator("tr[data-run]", has_text="shapes 2")
    row.locator("[data-rename]").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("input").fill("Best so far")
    dialog.locator("textarea").fill("learning rate by hand")
    page.keyboard.press("Tab")
    dialog.get_by_role("button", name="Save").click()
    page.locator("tr[data-run]", has_text="Best so far").filter(has_text="learning rate by hand").wait_for()
    page.wait_for_timeout(2500)  # what a fresh page restores is not taken for a wish to see a run
    page.locator("tr[data-run]", has_text="Best so far").locator("[data-open]").click()
    page.locator(".rs-run-name", has_text="Best so far").wait_for()


@pytest.mark.long
def test_stopping_a_run_of_another_browser_asks_first(
    visit: Callable[..., Any], studio: Server, class_zip_file: Path
) -> None:
    mine = visit()
    bring(mine, class_zip_file, "zip")
    mine.locator("#data-choose-model").click()
    choose(mine, "weights", "From scratch (random)")
    mine.locator("#train-epochs input").fill("400")
    mine.locator("#train-epochs input").press("Tab")
    mine.locator("#train-start:not([disabled])").click()
    mine.locator("#train-start", has_text="Queue another").wait_for()
    mine.locator('[data-live-phase="running"]').wait_for(state="attached")
    mine.locator(".rs-whose", has_text="started in this browser").wait_for()

    other = visit()
    tab(other, "train")
    other.locator(".rs-whose", has_text="started in another browser").wait_for()
    other.locator("#train-stop").click()
    other.locator("dialog[open]", has_text="not started in this browser").wait_for()
    other.get_by_role("button", name="Let it run").click()
    other.wait_for_timeout(1500)
    assert other.locator('[data-live-phase="running"]').count() == 1
    assert other.locator("#train-stop").inner_text() == "Stop and keep the best"
    other.locator("#train-stop").click()
    other.get_by_role("button", name="Stop it").click()
    for page in (mine, other):
        page.locator('[data-live-phase="stopped"]').wait_for(state="attached")
    assert "primary" in (mine.locator("#train-results").get_attribute("class") or "")
    assert "primary" not in (mine.locator("#train-resume").get_attribute("class") or "")
    mine.locator("#train-start", has_text="Train").wait_for()


def test_no_page_asked_another_host_or_wrote_an_error(page: Any) -> None:
    """Stands last: it judges all pages that the tests above have opened."""
    assert "\n".join(page.problems) == ""
