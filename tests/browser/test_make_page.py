"""Classes made with a camera, in a real browser whose camera is a moving picture."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BROWSERS, FLAGS, serving, visitors

from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing

WATCHED = """
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices), within = AbortSignal.timeout;
  window.cameras = [];
  navigator.mediaDevices.getUserMedia = async (...given) => {
    const stream = await open(...given);
    window.cameras.push(...stream.getVideoTracks());
    return stream;
  };
  AbortSignal.timeout = (time) => within.call(AbortSignal, time / 20);
"""
"""Notes which cameras were opened; nobody waits as long for an answer that is lost as a user may have to."""
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def camera_page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A fresh visitor's page, with a camera."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    seeing = browser.browser_type.launch(executable_path=found, args=[*FLAGS, *CAMERA])
    with serving(tmp_path_factory.mktemp("camera")) as server, visitors(seeing, server) as open_:
        known = Card(classes=("cup", "pen"), depth=18, preprocessing=Preprocessing(resize=36, crop=32))
        checkpoint.save(server.workspace / "imports" / "live.safetensors", resnet.build(18, 2).state_dict(), known)
        page = open_(script=WATCHED)
        yield page
        # browsers note the refusal of a file that is no picture
        assert [each for each in page.problems if "status of 400" not in each] == []
    seeing.close()


def card(page: Any, name: str) -> Any:
    return page.locator(f'.rs-make-card[data-name="{name}"]')


def count_of(page: Any, name: str) -> int:
    return int(card(page, name).locator(".rs-make-about .rs-number").inner_text().split()[0])


def saved(page: Any) -> None:
    page.locator(".rs-make-note", has_text="Everything is saved.").wait_for()


def record(page: Any, name: str, least: int) -> None:
    """Hold the button of the card until it has ``least`` pictures."""
    shown = card(page, name)
    shown.get_by_role("button", name="Camera", exact=True).click()
    hold = shown.get_by_role("button", name="Hold to record")
    page.wait_for_function("() => document.querySelector('.rs-make .rs-make-view video')?.videoWidth > 0")
    hold.scroll_into_view_if_needed()
    box = hold.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_function(
        """([name, least]) => parseInt(document.querySelector(
          `.rs-make-card[data-name="${name}"] .rs-make-about .rs-number`).textContent) >= least""", arg=[name, least],
    )  # fmt: skip
    page.mouse.up()
    saved(page)


@pytest.fixture(scope="module")
def recording(camera_page: Any) -> Any:
    """A page with three classes of a dozen pictures and more, of which the second was renamed."""
    page = camera_page
    page.locator("#data-make-first").click()
    page.get_by_role("button", name="Add a class").click()
    for name in ("Class 1", "Class 2", "Class 3"):
        record(page, name, 12)
    field = card(page, "Class 2").get_by_label("Name of the class")
    field.fill("disc <b>")
    field.press("Enter")
    card(page, "disc <b>").wait_for()
    saved(page)
    return page


@pytest.mark.browser
@pytest.mark.slow
def test_live_answers_go_on_after_one_is_lost_and_end_with_the_camera(camera_page: Any) -> None:
    page = camera_page
    page.get_by_role("tab", name="Predict").click()
    page.get_by_role("tab", name="Live", exact=True).click()
    page.locator("#predict-live-model [data-model]").wait_for(state="attached")
    on = "() => window.cameras.filter((track) => track.readyState === 'live').length"
    answers = "Number(document.querySelector('.predict-camera').dataset.answers ?? 0)"
    # a double click leaves one camera on, and no second one that nothing turns off
    page.evaluate(
        "() => { const start = document.querySelector('#predict-live [data-do=start]'); start.click(); start.click(); }"
    )
    page.wait_for_function(f"() => {answers} > 2")
    assert page.evaluate(on) == 1
    lost: list[Any] = []
    with page.expect_request("**/predict/live?*"):
        page.route("**/predict/live?*", lambda route: route.continue_() if lost else lost.append(route))
    with page.expect_request("**/predict/live?*"):  # the one after
        pass
    before = page.evaluate(f"() => {answers}")
    page.wait_for_function(f"() => {answers} > {before} + 2")
    assert len(lost) == 1
    page.unroute("**/predict/live?*")
    page.evaluate("() => window.cameras.at(-1).dispatchEvent(new Event('ended'))")
    page.locator(".predict-camera-note", has_text="unplugged").wait_for()
    page.get_by_role("button", name="Start the camera").wait_for()
    page.get_by_role("tab", name="Data", exact=True).click()


@pytest.mark.browser
@pytest.mark.slow
def test_classes_are_recorded_renamed_and_moved_and_are_there_after_a_reload(recording: Any) -> None:
    page = recording
    counts = [count_of(page, name) for name in ("Class 1", "disc <b>", "Class 3")]

    pictures = card(page, "Class 1").locator(".rs-make-picture")
    for at in range(10):
        pictures.nth(at).click()
    card(page, "Class 1").get_by_text("10 selected").wait_for()
    pictures.first.drag_to(card(page, "Class 3"))
    page.wait_for_function(
        """(left) => parseInt(document.querySelector(
          '.rs-make-card[data-name="Class 1"] .rs-make-about .rs-number').textContent) === left""", arg=counts[0] - 10,
    )  # fmt: skip
    assert count_of(page, "Class 3") == counts[2] + 10

    page.get_by_role("button", name="Undo", exact=True).last.click()
    page.wait_for_function(
        """(left) => parseInt(document.querySelector(
          '.rs-make-card[data-name="Class 1"] .rs-make-about .rs-number').textContent) === left""", arg=counts[0],
    )  # fmt: skip
    page.leaving = True
    page.reload()
    page.leaving = False
    card(page, "disc <b>").wait_for()
    assert [count_of(page, name) for name in ("Class 1", "disc <b>", "Class 3")] == counts
    assert page.locator(".rs-make-card .rs-make-name").evaluate_all("all => all.map(one => one.value)") == [
        "Class 1", "disc <b>", "Class 3",
    ]  # fmt: skip


@pytest.mark.browser
@pytest.mark.slow
def test_a_class_keeps_its_place_and_leaves_no_empty_card_when_its_name_changes(recording: Any) -> None:
    page = recording
    names = "() => [...document.querySelectorAll('.rs-make-card .rs-make-name')].map((one) => one.value)"
    before = page.evaluate(names)
    assert before == ["Class 1", "disc <b>", "Class 3"]

    def expect(wanted: list[str]) -> None:
        page.wait_for_function(f"(wanted) => JSON.stringify(({names})()) === JSON.stringify(wanted)", arg=wanted)

    held: list[Any] = []
    page.route("**/keep?*", lambda route: route.continue_() if held else held.append(route))
    hold = card(page, "Class 1").locator(".rs-make-hold")
    card(page, "Class 1").get_by_role("button", name="Camera", exact=True).press("Enter")
    page.wait_for_function("() => document.querySelector('.rs-make .rs-make-view video')?.videoWidth > 0")
    hold.focus()
    with page.expect_request("**/keep?*"):
        page.keyboard.down("Space")
        page.wait_for_timeout(300)
        page.keyboard.up("Space")
    field = card(page, "Class 1").get_by_label("Name of the class")
    field.fill("ring")
    field.press("Enter")  # while what was recorded has yet to be saved under the old name
    held[0].continue_()
    expect(["ring", "disc <b>", "Class 3"])
    saved(page)
    page.unroute("**/keep?*")
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(before)
    page.get_by_role("button", name="Redo", exact=True).last.click()
    expect(["ring", "disc <b>", "Class 3"])
    for _ in range(2):  # what was recorded too
        page.get_by_role("button", name="Undo", exact=True).last.click()
        saved(page)
    expect(before)
    page.get_by_role("button", name="Camera off").click()


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.slow
def test_keys_alone_record_select_and_delete_and_a_class_is_switched_off(recording: Any) -> None:
    page = recording
    first = count_of(page, "Class 1")
    card(page, "Class 1").get_by_role("button", name="Camera", exact=True).press("Enter")
    page.wait_for_function("() => document.querySelector('.rs-make .rs-make-view video')?.videoWidth > 0")
    hold = card(page, "Class 1").locator(".rs-make-hold")
    hold.focus()
    page.keyboard.down("Space")
    page.wait_for_timeout(600)
    page.keyboard.up("Space")
    saved(page)
    now = count_of(page, "Class 1")
    assert now > first
    picture = card(page, "Class 1").locator(".rs-make-picture").first
    picture.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    page.wait_for_function(
        """(left) => parseInt(document.querySelector(
          '.rs-make-card[data-name="Class 1"] .rs-make-about .rs-number').textContent) === left""", arg=now - 1,
    )  # fmt: skip
    card(page, "Class 3").get_by_role("switch").click()
    card(page, "Class 3").get_by_text("Switched off").wait_for()
    assert card(page, "Class 3").get_by_role("button", name="Add files").is_disabled()
    card(page, "Class 3").get_by_role("switch").click()
    card(page, "Class 3").get_by_text("Switched off").wait_for(state="detached")


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.slow
def test_files_are_added_and_what_is_no_picture_is_named(recording: Any, class_folder: Path, tmp_path: Path) -> None:
    page = recording
    before = count_of(page, "Class 1")
    wrong = tmp_path / "notes.png"
    wrong.write_text("no picture", encoding="utf-8")
    files = [*sorted((class_folder / "green").iterdir())[:3], wrong]
    field, held = card(page, "Class 1").locator("input[type=file]").first, []
    page.route("**/keep?*", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/keep?*"):
        field.set_input_files(files)
    # what is added meanwhile is saved after it, and does not take the place of the problem
    field.set_input_files(files[:1])
    held[0].continue_()
    page.wait_for_function(
        """(now) => parseInt(document.querySelector(
          '.rs-make-card[data-name="Class 1"] .rs-make-about .rs-number').textContent) === now""", arg=before + 4,
    )  # fmt: skip
    page.locator(".rs-make-note.bad", has_text="notes.png").wait_for()
    page.unroute("**/keep?*")


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.slow
def test_what_was_recorded_is_trained_and_answers_live_until_it_is_frozen(recording: Any) -> None:
    page = recording
    page.get_by_role("button", name="Train on these classes").click()
    page.wait_for_function("() => document.querySelector('#studio-now')?.textContent.includes('Training')")
    page.wait_for_function("() => !document.querySelector('#studio-now').textContent", timeout=400_000, polling=500)
    page.get_by_role("tab", name="Predict").click()
    page.get_by_role("tab", name="Live", exact=True).click()
    page.locator("#predict-live [data-do=start]").click()
    answers = "() => Number(document.querySelector('.predict-camera').dataset.answers ?? 0)"
    page.wait_for_function(f"{answers.replace('() => ', '() => 12 < ')}")
    assert page.locator("#predict-live .predict-bars li").count() == 3
    assert "disc <b>" in page.locator("#predict-live .predict-bars").inner_text()
    page.get_by_role("button", name="Freeze").click()
    page.wait_for_timeout(1000)
    before = page.evaluate(answers)
    page.wait_for_timeout(700)
    assert page.evaluate(answers) == before
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function(f"{answers.replace('() => ', f'() => {before} < ')}")
    page.locator("#predict-live [data-do=start]").click()
    page.get_by_role("button", name="Start the camera").wait_for()


@pytest.mark.long  # goes on where the one before ends
@pytest.mark.browser
@pytest.mark.slow
def test_more_pictures_are_recorded_trained_again_and_the_new_model_answers(recording: Any) -> None:
    page = recording
    chosen = page.locator("#predict-model input").first
    earlier = chosen.input_value()
    page.get_by_role("tab", name="Data", exact=True).click()
    page.locator("#data-make-more button").click()
    before = count_of(page, "Class 1")
    record(page, "Class 1", before + 8)
    page.get_by_role("button", name="Train on these classes").click()
    page.wait_for_function("() => document.querySelector('#studio-now')?.textContent.includes('Training')")
    page.wait_for_function("() => !document.querySelector('#studio-now').textContent", timeout=400_000, polling=500)
    page.get_by_role("tab", name="Predict").click()
    page.wait_for_function(
        "(earlier) => document.querySelector('#predict-model input')?.value !== earlier", arg=earlier
    )
    page.get_by_role("tab", name="Live", exact=True).click()
    page.evaluate("() => { document.querySelector('.predict-camera').dataset.answers = 0; }")
    page.locator("#predict-live [data-do=start]").click()
    page.wait_for_function("() => Number(document.querySelector('.predict-camera').dataset.answers ?? 0) > 3")
    page.locator("#predict-live [data-do=start]").click()
    page.get_by_role("button", name="Start the camera").wait_for()
