"""What a new user does first, on the page of a studio in which somebody else has trained before."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import serving, visitors  # those of this folder
from hand_made import finish, new_run, report_of, train

from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.browser

SEND = """async ({ kind, on, files }) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: name.endsWith(".png") ? "image/png" : "application/zip" }));
  }
  const how = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent(kind, { ...how, clipboardData: transfer })
    : new DragEvent(kind, { ...how, dataTransfer: transfer });
  document.querySelector(on).dispatchEvent(event);
}"""


def send(page: Any, kind: str, on: str, *files: tuple[str, bytes]) -> None:
    """Let a paste, or a drop, of ``files`` happen on the element ``on``."""
    packed = [[name, base64.b64encode(content).decode()] for name, content in files]
    page.evaluate(SEND, {"kind": kind, "on": on, "files": packed})


def tab(page: Any, name: str) -> None:
    page.locator(f"#tab-{name}-button").click()


def open_tab(page: Any) -> str:
    return str(page.locator('#tabs > .tab-wrapper [role="tab"][aria-selected="true"]').get_attribute("data-tab-id"))


class Studio:
    """A server that can be started again at the same address, the runs in its workspace, and pages of visitors."""

    def __init__(self, folder: Path, browser: Any) -> None:
        workspace = Workspace.open(folder / "workspace")
        self.older, self.newest = (
            _trained(workspace, "older"),
            _trained(workspace, "the newest"),
        )  # also by name, where both are made in one second
        self._folder, self.serving, self._pages = folder, ExitStack(), ExitStack()
        self.server = self.serving.enter_context(serving(folder))
        self.open: Callable[..., Any] = self._pages.enter_context(visitors(browser, self.server))

    def restart(self) -> None:
        """End the server and start it again; pages stay open."""
        self.serving.close()
        self.serving.enter_context(serving(self._folder, port=urlsplit(self.server.address).port))

    def close(self) -> None:
        """End pages and server."""
        self._pages.close()
        self.serving.close()


def _trained(workspace: Workspace, name: str) -> Run:
    """A finished run with a model that can be asked, though it has learned nothing."""
    import torch

    from resnet_studio.model import checkpoint, resnet
    from resnet_studio.model.card import Card
    from resnet_studio.model.preprocess import Preprocessing

    run = new_run(workspace, name=name)
    train(run, epochs=2)
    finish(run, report_of(run, wrong={0: 1}))
    torch.manual_seed(0)
    how = Preprocessing(resize=36, crop=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    card = Card(classes=("one", "two"), depth=18, preprocessing=how)
    checkpoint.save(run.best, resnet.build(18, 2).state_dict(), card)
    return run


@pytest.fixture(scope="module")
def studio(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    made = Studio(tmp_path_factory.mktemp("new-user"), browser)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser_page(studio: Studio) -> Any:
    return studio.open()


@pytest.fixture
def page(studio: Studio, browser_page: Any) -> Any:
    """The page of a new visitor: in a browser that has forgotten the one before, as starting another takes longer."""
    address, opened = studio.server.address, browser_page
    opened.leaving = True
    opened.goto("about:blank")
    forget = {"origin": address.rstrip("/"), "storageTypes": "all"}
    opened.context.new_cdp_session(opened).send("Storage.clearDataForOrigin", forget)
    opened.goto(address)
    opened.leaving = False
    opened.locator("#data-hero-time p").wait_for()
    return opened


@pytest.fixture(scope="module")
def picture(class_folder: Path) -> bytes:
    return (class_folder / "green" / "3.png").read_bytes()


# ---------- Data ----------


def test_training_on_the_sample_is_the_first_button_and_says_how_long_it_takes(page: Any) -> None:
    first = page.locator("#data-hero button").first
    assert first.inner_text().strip() == "Train on the sample"
    assert "primary" in first.get_attribute("class")
    page.locator("#data-hero-time", has_text="Handwritten digits: about").wait_for()


def test_a_zip_dropped_anywhere_is_taken_and_looks_chosen(page: Any, class_zip_file: Path) -> None:
    send(page, "dragover", "#data-hero")
    send(page, "drop", "#data-hero", ("my colours.zip", class_zip_file.read_bytes()))
    page.locator("#data-facts h2", has_text="my colours").wait_for()
    page.locator("#data-picker .rs-drop-chosen", has_text="In use: my colours").wait_for()
    assert page.locator("#data-from-computer[data-chosen]").count() == 1
    page.locator("#data-from-sample > button").click()
    things = page.locator('#data-samples [data-key="things"]')
    assert things.get_attribute("aria-pressed") == "false"
    things.click()
    page.locator('#data-samples [data-key="things"][aria-pressed="true"]').wait_for()
    page.locator("#data-from-earlier > button").click()
    page.locator('#data-earlier [aria-pressed="true"]', has_text="Everyday things").wait_for()
    assert page.locator('#data-earlier [aria-pressed="true"]').count() == 1


@pytest.mark.long
def test_a_problem_with_a_dropped_file_stands_at_the_place_for_files(page: Any) -> None:
    send(page, "drop", "#data-hero", ("bad.zip", b"nonsense"))
    page.locator("#data-note-computer [role=alert]", has_text="bad.zip").wait_for()
    assert page.locator(".rs-note.rs-bad").count() == 1


@pytest.mark.long
def test_a_pasted_zip_is_taken_and_a_pasted_picture_is_answered_with_what_is_needed(
    page: Any, class_zip_file: Path, picture: bytes
) -> None:
    send(page, "paste", "body", ("image.png", picture))
    page.locator(".rs-drop-message", has_text="single pictures").wait_for()
    send(page, "paste", "body", ("pasted.zip", class_zip_file.read_bytes()))
    page.locator("#data-facts h2", has_text="pasted").wait_for()


@pytest.mark.long
def test_the_same_pictures_in_another_folder_keep_the_name_of_that_folder(page: Any, class_folder: Path) -> None:
    page.locator("#data-own").click()
    page.locator('#data-picker input[data-input="folder"]').set_input_files(class_folder)
    page.locator("#data-facts h2", has_text=class_folder.name).wait_for()


@pytest.mark.long
def test_a_public_set_asks_before_anything_is_downloaded(page: Any) -> None:
    page.locator("#data-try").click()
    page.locator("#data-from-public > button").click()
    offer = page.locator('#data-publics [data-key="cifar10"]')
    offer.click()
    asked = page.get_by_role("dialog", name="Download CIFAR-10?")
    asked.wait_for()
    assert "163 MB" in asked.inner_text() and "Krizhevsky" in asked.inner_text()
    page.keyboard.press("Escape")
    asked.wait_for(state="detached")
    page.wait_for_timeout(500)
    assert not page.locator("#data-working").is_visible()
    assert offer.evaluate("(one) => one === document.activeElement")


# ---------- Tabs ----------


def test_a_reload_and_a_change_of_language_stay_on_the_tab_and_a_tab_opens_at_its_top(page: Any) -> None:
    tab(page, "results")
    page.get_by_role("heading", name="Confusion matrix").wait_for()
    page.evaluate("window.scrollTo(0, 400)")
    assert page.evaluate("scrollY") > 100
    tab(page, "runs")
    page.wait_for_function("scrollY === 0")
    for change in (page.reload, page.locator('[data-language="zh"]').click):
        page.leaving = True
        change()
        page.wait_for_load_state()
        page.leaving = False
        page.wait_for_function("document.querySelector('#tab-runs-button')?.getAttribute('aria-selected') === 'true'")
    assert page.locator("#tab-runs-button").inner_text().strip() == "训练记录"
    page.go_back()
    page.wait_for_function("document.querySelector('#tab-results-button').getAttribute('aria-selected') === 'true'")


# ---------- Predict ----------


def choose_older(page: Any, studio: Studio) -> None:
    tab(page, "results")
    page.locator("#results-view select[data-choose]").select_option(studio.older.id)
    page.locator("#results-view h2", has_text="older").wait_for()


def test_the_run_that_is_shown_is_the_one_that_is_tried(page: Any, studio: Studio) -> None:
    tab(page, "predict")
    chosen = page.locator("#predict-model input")
    page.wait_for_function("document.querySelector('#predict-model input')?.value.includes('newest')")
    choose_older(page, studio)
    page.get_by_role("button", name="Try it on new pictures").click()
    page.wait_for_function("document.querySelector('#predict-model input')?.value.includes('older')")
    chosen.click()
    page.get_by_role("option", name="newest").click()
    page.wait_for_function("document.querySelector('#predict-model input')?.value.includes('newest')")
    tab(page, "results")
    page.get_by_role("button", name="Try it on new pictures").click()
    page.wait_for_function("document.querySelector('#predict-model input')?.value.includes('older')")
    page.wait_for_timeout(800)
    assert "older" in chosen.input_value()


@pytest.mark.long
def test_test_pictures_can_be_tried_and_enlarged_by_keyboard(page: Any) -> None:
    tab(page, "predict")
    page.locator("#predict-tries [data-try]").first.click()
    page.locator("#predict-answer .predict-bars li").first.wait_for(timeout=60_000)
    shown = page.locator("#predict-picture .image-frame img")
    shown.focus()
    page.keyboard.press("Enter")
    page.locator("dialog.rs-zoomed img").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert shown.evaluate("(one) => one === document.activeElement")


def test_a_pasted_picture_gets_an_answer_and_a_second_one_takes_its_place(page: Any, picture: bytes) -> None:
    tab(page, "predict")
    page.locator("#predict-ways").wait_for()
    page.locator("#predict-draw-button").click()
    send(page, "paste", "body", ("image.png", picture))
    page.locator("#predict-answer .predict-bars li").first.wait_for(timeout=60_000)
    send(page, "paste", "body", ("other.png", picture))
    page.locator('#predict-picture img[src$="other.png"]').wait_for()
    send(page, "drop", "#predict-answer", ("a.png", picture), ("b.png", picture))
    rows = page.locator("#predict-answers tbody tr")
    rows.nth(1).wait_for()
    rows.nth(0).locator("[data-zoom]").press("Enter")
    page.locator("dialog .rs-zoom-caption", has_text="a.png").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator("dialog .rs-zoom-caption", has_text="b.png").wait_for()
    page.wait_for_function("document.querySelector('dialog img').naturalWidth === 24")
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")


@pytest.mark.long
def test_a_paste_that_comes_to_nothing_says_so_until_the_next_one(page: Any, picture: bytes) -> None:
    tab(page, "predict")
    page.locator("#predict-ways").wait_for()
    said = page.locator("#predict-inbox [role=alert]")
    page.route("**/gradio_api/upload", lambda route: route.fulfill(json=["/nowhere/image.png"]))
    send(page, "paste", "body", ("image.png", picture))
    page.wait_for_function("document.querySelector('#predict-inbox [role=alert]').textContent.includes('image.png')")
    page.unroute("**/gradio_api/upload")
    send(page, "paste", "body", ("image.png", picture))
    page.locator("#predict-answer .predict-bars li").first.wait_for(timeout=60_000)
    assert said.text_content() == ""


@pytest.mark.long
def test_a_drawing_outlives_a_reload(page: Any) -> None:
    tab(page, "predict")
    page.locator("#predict-ways").wait_for()
    page.locator("#predict-draw-button").click()
    box = page.locator("#predict-pad canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 160, steps=4)
    page.mouse.up()
    page.locator("#predict-drawn .predict-bars li").first.wait_for(timeout=60_000)
    page.leaving = True
    page.reload()
    page.leaving = False
    page.locator("#predict-draw-button").click()
    page.locator("#predict-drawn .predict-bars li").first.wait_for()


@pytest.mark.long
def test_pictures_of_the_results_enlarge(page: Any) -> None:
    tab(page, "results")
    page.locator(".res-figures [data-zoom]").first.press("Enter")
    page.wait_for_function("document.querySelector('dialog.rs-zoomed img')?.naturalWidth > 0")
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")


# ---------- A restart ----------


@pytest.mark.long
def test_an_open_page_recovers_after_a_restart(studio: Studio, picture: bytes) -> None:
    """Stands last: requests fail while the server is away."""
    page = studio.open()
    tab(page, "predict")
    page.locator("#predict-ways").wait_for()
    page.evaluate("window.before = true")
    page.leaving = True
    studio.restart()
    page.wait_for_function("window.before === undefined", timeout=60_000)
    page.locator("#predict-ways").wait_for()
    assert open_tab(page) == "predict"
    send(page, "paste", "body", ("image.png", picture))
    page.locator("#predict-answer .predict-bars li").first.wait_for(timeout=60_000)
