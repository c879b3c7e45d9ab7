"""The grid, the queue of labels, near-duplicates and folds, in a real browser that brought the set in."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from made import encoded, scene


@pytest.fixture(scope="module")
def page(open_page: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A page that shows a set of two classes; three pictures are in it twice, the second time smaller."""
    archive = tmp_path_factory.mktemp("mend") / "scenes.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number in range(24):
            opened.writestr(f"{'ab'[number % 2]}/{number}.png", encoded(scene(number, 64)))
        for number in range(3):
            opened.writestr(f"{'ab'[number % 2]}/small-{number}.png", encoded(scene(number, 64).resize((48, 48))))
    shown = open_page()
    shown.locator("#data-own").click()
    shown.locator('#data-picker input[data-input="zip"]').set_input_files(archive)
    shown.locator("#data-mend .rs-mend").wait_for()
    return shown


def opened(page: Any, button: str) -> Any:
    page.locator(f'#data-mend [data-mend="{button}"]').click()
    return page.locator("dialog.rs-mend-dialog")


def closed(page: Any, dialog: Any) -> None:
    dialog.get_by_role("button", name="Close", exact=True).first.click()
    dialog.wait_for(state="detached")


@pytest.mark.browser
@pytest.mark.slow
def test_the_grid_filters_selects_compares_moves_and_undoes(page: Any) -> None:
    grid = opened(page, "grid")
    grid.get_by_text("27 pictures, 0 selected").wait_for()
    grid.get_by_label("Class", exact=True).select_option("a")
    grid.get_by_text("14 pictures, 0 selected").wait_for()
    cells = grid.locator(".rs-mend-cell")
    page.wait_for_function(
        """() => [...document.querySelectorAll('.rs-mend-cell')].every((cell) =>
          cell.querySelector('img').naturalWidth && cell.innerText === 'a')"""
    )
    cells.nth(0).click()
    cells.nth(2).click(modifiers=["Shift"])
    grid.get_by_text("14 pictures, 3 selected").wait_for()
    cells.nth(1).click(modifiers=["Control"])
    grid.get_by_role("button", name="Compare", exact=True).click()
    assert page.locator(".rs-mend-compare img").count() == 2
    names = [cells.nth(at).get_attribute("title").split(" ")[0] for at in (0, 2)]
    for side, name in zip(page.locator(".rs-mend-compare figcaption").all(), names, strict=True):
        side.get_by_text("a", exact=True).wait_for()
        side.get_by_text(name, exact=True).wait_for()
    page.locator(".rs-mend-compare").get_by_role("button", name="Close").click()
    grid.get_by_label("Name of a class").fill("c")
    grid.get_by_role("button", name="Move to class").click()
    grid.get_by_text("12 pictures, 0 selected").wait_for()
    grid.locator(".rs-mend-pane").press("Control+z")
    grid.get_by_text("14 pictures, 0 selected").wait_for()
    touch = {"pointerType": "touch", "bubbles": True, "button": 0, **cells.nth(0).bounding_box()}
    touch |= {"clientX": touch["x"] + 9, "clientY": touch["y"] + 9}
    cells.nth(0).dispatch_event("pointerdown", touch)  # a finger that scrolls selects nothing
    cells.nth(0).dispatch_event("pointercancel", touch)
    grid.get_by_text("14 pictures, 0 selected").wait_for()
    cells.nth(0).dispatch_event("pointerdown", touch)
    cells.nth(0).dispatch_event("pointerup", touch)
    grid.get_by_text("14 pictures, 1 selected").wait_for()
    closed(page, grid)


@pytest.mark.browser
@pytest.mark.slow
def test_on_a_phone_the_pages_of_the_gallery_stay_in_one_line_beside_two_filters(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    heights = page.evaluate(
        """() => { const head = document.querySelector('.rs-gallery .rs-card-head');
          const filter = head.querySelector('select'), second = filter.cloneNode(true);
          const range = head.querySelector('.rs-gallery-range');
          filter.style.width = second.style.width = '98px';
          filter.after(second); range.textContent = '1–16 / 300';
          const line = parseFloat(getComputedStyle(range).lineHeight);
          const found = [range.offsetHeight, line, head.scrollWidth - head.clientWidth];
          second.remove(); filter.style.width = ''; return found; }"""
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    assert heights[0] < 1.5 * heights[1] and heights[2] <= 0


@pytest.mark.browser
@pytest.mark.slow
def test_pictures_that_were_made_already_come_with_their_names_in_one_answer(page: Any) -> None:
    grid = opened(page, "grid")
    shown = """() => [...document.querySelectorAll('.rs-mend-cell img')].every((image) => image.naturalWidth)"""
    grid.locator(".rs-mend-cell").first.wait_for()
    page.wait_for_function(shown)
    closed(page, grid)
    page.evaluate("performance.clearResourceTimings()")
    grid = opened(page, "grid")
    grid.locator(".rs-mend-cell").first.wait_for()
    page.wait_for_function(shown)
    asked = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name.split('?')[0])")
    assert len([each for each in asked if each.endswith("/rows")]) == 1
    assert not [each for each in asked if "/thumb/" in each]
    closed(page, grid)


@pytest.mark.browser
@pytest.mark.slow
def test_the_grid_shows_what_is_alike_beside_each_other(page: Any) -> None:
    grid = opened(page, "grid")
    grid.get_by_label("Order").select_option("like")
    page.wait_for_function(
        """() => { const cells = [...document.querySelectorAll('.rs-mend-cell')];
          const names = cells.map((each) => each.title.split(' ')[0]);
          const at = names.findIndex((name) => name.endsWith('/small-0.png'));
          return at >= 0 && [names[at - 1], names[at + 1]].includes('a/0.png'); }"""
    )
    closed(page, grid)


@pytest.mark.browser
@pytest.mark.slow
def test_pictures_chosen_on_the_map_stand_first_and_a_name_almost_like_another_class_is_asked_about(page: Any) -> None:
    page.locator("#tab-train-button").click()
    page.evaluate("window.studioWanted = { places: [25, 26], until: Date.now() + 9e4 }")
    page.locator("#tab-data-button").click()
    grid = page.locator("dialog.rs-mend-dialog")
    grid.get_by_text("27 pictures, 2 selected").wait_for()
    assert [page.locator(".rs-mend-cell").nth(at).get_attribute("id") for at in (0, 1)] == ["mend-25", "mend-26"]
    grid.get_by_label("Order").select_option("name")
    page.locator(".rs-mend-cell").first.and_(page.locator("#mend-0")).wait_for()

    grid.get_by_label("Name of a class").fill("B")
    move, asked = grid.get_by_role("button", name="Move to class"), page.locator(".runs-dialog")
    page.locator("#mend-0").click()
    for answer, shown in (("Cancel", ["a", "b"]), ("Use “b”", ["a", "b"]), ("Make “B”", ["B", "a", "b"])):
        move.click()
        asked.get_by_text("There is a class “b” already").wait_for()
        asked.get_by_role("button", name=answer).click()
        asked.wait_for(state="detached")
        if answer != "Cancel":
            grid.get_by_text("1 picture moved to").wait_for()
        kinds = grid.get_by_label("Class", exact=True).locator("option").all_inner_texts()
        assert sorted(kinds[1:]) == shown
        if answer != "Cancel":
            grid.locator(".rs-mend-pane").press("Control+z")
            grid.get_by_text("Nothing has been changed").wait_for()
    closed(page, grid)


@pytest.mark.browser
@pytest.mark.slow
def test_near_duplicates_are_shown_with_what_keeping_them_together_does(page: Any) -> None:
    dialog = opened(page, "near")
    dialog.get_by_text("3 groups of near-duplicates, 6 pictures in all.").wait_for()
    assert dialog.locator(".rs-mend-group").count() == 3
    dialog.locator('tr[data-by="near"]').wait_for()
    dialog.get_by_role("button", name="Show").click()
    dialog.get_by_text("No picture of", exact=False).wait_for()  # none says when it was taken
    table = {"name": "groups.csv", "mimeType": "text/csv", "buffer": b"file,group\n2.png,x\n4.png,x\n"}
    dialog.locator("input[type=file]").set_input_files(table)
    dialog.locator('tr[data-by="csv"] td', has_text="4").first.wait_for()
    rows = ["picture,day,mug", *(f"{number}.png,{number},mug {number // 6}" for number in range(24))]
    table = {"name": "mugs.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    dialog.locator("input[type=file]").set_input_files(table)
    dialog.get_by_label("Column:").select_option("mug")
    chosen = dialog.locator('tr[data-by="csv"]', has_text="By “mug”")
    keep = chosen.get_by_role("button", name="Keep together")
    page.set_viewport_size({"width": 390, "height": 844})
    assert keep.bounding_box()["height"] < 40 and dialog.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    page.set_viewport_size({"width": 1280, "height": 900})
    keep.click()
    dialog.get_by_text("Kept together from now on, in every training.").wait_for()
    dialog.locator('tr[data-by="auto"]').wait_for()  # what trainings do unasked
    closed(page, dialog)
    page.locator("#data-mend", has_text="24 pictures kept together in groups").wait_for(state="attached")
    page.locator('#data-mend [data-mend="undo"]').click()
    page.locator("#data-mend", has_text="Nothing has been changed").wait_for(state="attached")


@pytest.mark.browser
@pytest.mark.slow
def test_labels_are_reviewed_with_keys_and_a_decision_is_taken_back(page: Any) -> None:
    queue = opened(page, "review")
    queue.get_by_text("No label stands out as wrong.").wait_for()
    queue.get_by_role("button", name="Look at more labels").click()
    queue.locator(".rs-mend-shown img").wait_for()
    first = queue.locator(".rs-mend-name").inner_text()
    queue.press("k")
    page.wait_for_function("(name) => document.querySelector('.rs-mend-name')?.textContent !== name", arg=first)
    page.locator("#data-mend", has_text="1 label found right").wait_for(state="attached")
    queue.press("u")
    page.wait_for_function("(name) => document.querySelector('.rs-mend-name')?.textContent === name", arg=first)
    page.locator("#data-mend", has_text="Nothing has been changed").wait_for(state="attached")
    closed(page, queue)


@pytest.mark.browser
@pytest.mark.slow
def test_after_the_likely_wrong_labels_the_queue_ends_and_leads_to_the_training(page: Any) -> None:
    def one_likely(route: Any) -> None:
        answer = route.fetch()
        rows = answer.json()
        route.fulfill(response=answer, json={**rows, "estimate": min(1, len(rows.get("suspects", [])))})

    page.route("**/review", one_likely)
    queue = opened(page, "review")
    queue.get_by_text("Likely wrong labels: 1 of 1").wait_for()
    queue.press("t")
    queue.get_by_text("Done. What you changed counts from the next training on.").wait_for()
    page.locator("#data-mend", has_text="moved to").wait_for(state="attached")
    queue.press("u")
    queue.get_by_text("Likely wrong labels: 1 of 1").wait_for()
    page.locator("#data-mend", has_text="Nothing has been changed").wait_for(state="attached")
    queue.press("k")
    queue.get_by_text("Done: all of these labels stay as they are.").wait_for()
    queue.press("u")
    queue.press("l")
    queue.get_by_role("button", name="Train again").click()
    page.locator("#tab-train-button[aria-selected='true']").wait_for()
    page.unroute("**/review")
    page.locator("#tab-data-button").click()
    page.locator('#data-mend [data-mend="undo"]').click()
    page.locator("#data-mend", has_text="Nothing has been changed").wait_for(state="attached")


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.slow
def test_two_pages_edit_one_set_and_neither_undoes_unseen_what_the_other_did(page: Any) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    grids = []
    for shown in (page, other):
        grids.append(opened(shown, "grid"))
        grids[-1].get_by_text("27 pictures, 0 selected").wait_for()
    grids[0].locator(".rs-mend-cell").nth(0).click()
    grids[0].locator(".rs-mend-pane").press("Delete")
    grids[0].get_by_text("26 pictures, 0 selected").wait_for()
    grids[1].locator(".rs-mend-cell").nth(1).click()
    grids[1].locator(".rs-mend-pane").press("Delete")
    grids[1].get_by_text("25 pictures, 0 selected").wait_for()  # what both did
    grids[0].locator(".rs-mend-pane").press("Control+z")
    grids[0].get_by_text("changed on another page meanwhile").wait_for()
    grids[0].get_by_text("25 pictures, 0 selected").wait_for()
    for left in (26, 27):
        grids[0].locator(".rs-mend-pane").press("Control+z")
        grids[0].get_by_text(f"{left} pictures, 0 selected").wait_for()
    other.close()
    closed(page, grids[0])


@pytest.mark.browser
@pytest.mark.slow
def test_a_small_set_is_offered_folds(page: Any) -> None:
    page.get_by_role("tab", name="Train").click()
    page.locator("#train-advanced > button").click()
    page.locator("#train-seeds input").click()
    page.get_by_role("option", name="5 folds: test every picture once").click()
    assert page.locator("#train-seeds input").input_value() == "5 folds: test every picture once"
