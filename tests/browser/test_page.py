from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import odd_files
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

NAMES = ["blue <b>", "green", "rot"]
CURVES = "#train-live .rs-chart:not(.example) path.line"
LONGEST = f"""(() => {{
  const found = [...document.querySelectorAll({CURVES!r})];
  const numbers = (curve) => (curve.getAttribute("d").match(/[\\d.]+/g) ?? []).length;
  const curve = found.sort((a, b) => numbers(b) - numbers(a))[0];
  return curve ? {{ points: numbers(curve) / 2, stroke: getComputedStyle(curve).stroke }} : {{ points: 0, stroke: "" }};
}})()"""


def tab(page: Any, name: str) -> None:
    page.locator(f"#tab-{name}-button").click()


@contextmanager
def leaving(page: Any) -> Iterator[None]:
    """Around what makes the page load again; ends when the new page is there."""
    page.leaving = True
    yield
    page.wait_for_load_state()
    page.locator("#tabs").wait_for()
    page.leaving = False


def close(page: Any) -> None:
    page.leaving = True
    page.context.close()


def bring(page: Any, path: Path, kind: str) -> None:
    """Choose a folder or a zip in the Data tab and wait until it is understood."""
    page.locator("#data-own").click()
    page.locator(f'#data-picker input[data-input="{kind}"]').set_input_files(path)
    page.locator("#data-understood").wait_for()


def choose(page: Any, field: str, option: str) -> None:
    page.locator(f"#train-{field} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def run_folders(workspace: Path) -> list[Path]:
    return sorted((workspace / "runs").glob("*/config.json"))


def events(workspace: Path) -> list[dict[str, Any]]:
    (config,) = run_folders(workspace)
    lines = (config.parent / "events.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def epochs_done(workspace: Path) -> int:
    return sum(event["event"] == "EpochFinished" for event in events(workspace))


@dataclass(frozen=True)
class Trained:
    """What was seen while a training was started, reloaded and stopped in one page."""

    page: Any
    workspace: Path
    stroke: str
    points: int
    epochs_at_reload: int
    epochs_after_reload: int
    starts: int


@pytest.fixture(scope="module")
def trained(open_page: Callable[..., Any], class_zip_file: Path, server: Any) -> Trained:
    """A zip is uploaded, trained from scratch, followed through a reload, and stopped."""
    page = open_page()
    bring(page, class_zip_file, "zip")
    page.locator("#data-choose-model").click()
    choose(page, "weights", "From scratch (random)")
    page.locator("#train-advanced > button").click()
    page.locator("#train-epochs input").fill("400")
    page.locator("#train-epochs input").press("Tab")
    page.locator("#train-start:not([disabled])").click()
    page.locator('[data-live-phase="running"]').wait_for(state="attached")
    page.wait_for_function(f"{LONGEST}.points >= 3", timeout=240_000)
    curve = page.evaluate(LONGEST)
    at_reload = epochs_done(server.workspace)
    with leaving(page):
        page.reload()
    tab(page, "train")
    page.wait_for_function(f"{LONGEST}.points >= 3")
    page.wait_for_function(
        f"Number(/(\\d+)/.exec(document.querySelector('#train-status b').textContent)?.[1]) > {at_reload + 1}",
        timeout=240_000,
    )
    after_reload = epochs_done(server.workspace)
    starts = sum(event["event"] == "Started" for event in events(server.workspace))
    page.locator("#train-stop").click()
    page.locator('[data-live-phase="stopped"]').wait_for(state="attached")
    return Trained(page, server.workspace, curve["stroke"], curve["points"], at_reload, after_reload, starts)


def test_a_picked_folder_keeps_its_class_folders(open_page: Callable[..., Any], class_folder: Path) -> None:
    page = open_page()
    bring(page, class_folder, "folder")
    shown = page.locator("#data-understood").inner_text()
    assert all(name in shown for name in NAMES)
    assert "42" in shown
    close(page)


@pytest.mark.long
def test_pictures_are_known_by_their_first_bytes_as_on_the_command_line(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    heic = odd_files.refused()["IMG_0001.HEIC"][1]
    for name in ("cats", "dogs"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(5):
            picture = Image.new("RGB", (24, 24), (40 * number, 99, 200 if name == "cats" else 0))
            (tmp_path / "photos" / name / f"{number:06x}a9").write_bytes(odd_files.encoded(picture, "JPEG"))
            (tmp_path / "photos" / name / f"{number}.PGM").write_bytes(odd_files.encoded(picture.convert("L"), "PPM"))
            (tmp_path / "photos" / name / f"{number:06x}b9").write_bytes(odd_files.encoded(picture, "PPM"))
        (tmp_path / "photos" / name / "IMG_1.HEIC").write_bytes(heic + bytes(200_000))
        (tmp_path / "photos" / name / "notes.txt").write_text("about the pictures", encoding="utf-8")
    page = open_page()
    bring(page, tmp_path / "photos", "folder")
    shown = page.locator("#data-panel, #data-understood").all_inner_texts()
    assert "30 pictures" in " ".join(shown)
    page.get_by_text("2 HEIC photographs were left out").first.wait_for(state="attached")
    close(page)


@pytest.mark.long
def test_a_reload_after_the_quick_start_shows_the_pictures_and_the_training(fresh_page: Any) -> None:
    page = fresh_page
    page.locator("#data-quick").click()
    run = page.locator("#train-status .rs-run-name", has_text="Handwritten digits-resnet18")
    run.wait_for(timeout=120_000)
    with leaving(page):
        page.reload()
    tab(page, "data")
    page.locator("#data-understood", has_text="Handwritten digits").wait_for()
    assert not page.locator("#data-hero").is_visible()
    tab(page, "train")
    page.locator("#train-data", has_text="Handwritten digits").wait_for()
    run.wait_for()
    assert page.problems == []


def test_the_curves_are_really_drawn(trained: Trained) -> None:
    assert trained.stroke not in ("none", "rgba(0, 0, 0, 0)", "")
    assert trained.points >= 3


def test_a_reload_in_the_middle_does_not_disturb_the_training(trained: Trained) -> None:
    assert 0 < trained.epochs_at_reload < trained.epochs_after_reload < 400
    assert trained.starts == 1


def test_a_stopped_training_keeps_its_best_and_is_tested(trained: Trained) -> None:
    last = events(trained.workspace)[-1]
    assert last["event"] == "Finished"
    assert last["reason"] == "stopped"
    assert last["test_accuracy"] is not None


def test_the_results_show_the_pictures_of_a_cell_by_mouse_and_keyboard(trained: Trained) -> None:
    page = trained.page
    tab(page, "results")
    page.get_by_role("heading", name="Confusion matrix").wait_for()
    cells = page.locator(".res-grid td[data-true]")
    cells.first.click()
    page.locator(".res-pictures").get_by_role("button", name="Back to the most confident mistakes").wait_for()
    picture = page.locator(".res-pictures img").first
    page.wait_for_function("document.querySelector('.res-pictures img')?.naturalWidth > 0")
    assert picture.get_attribute("src").startswith("studio/runs/")
    title = page.locator(".res-pictures h3").inner_text()
    cells.first.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector('.res-pictures h3').innerText !== {title!r}")
    assert "blue <b>" in page.locator(".res-grid").inner_text()
    assert page.locator(".res-grid b").count() == 0


def test_the_class_table_sorts_by_a_click(trained: Trained) -> None:
    page = trained.page
    tab(page, "results")
    head = page.locator('.res-classes [data-sort="0"]')
    names = page.locator(".res-classes tbody th")
    head.click()
    assert [name.strip() for name in names.all_inner_texts()] == NAMES
    head.click()
    assert [name.strip() for name in names.all_inner_texts()] == NAMES[::-1]


def test_both_model_files_can_be_downloaded_and_loaded(trained: Trained, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    page = trained.page
    tab(page, "results")
    saved = {}
    for suffix in ("safetensors", "pt"):
        with page.expect_download() as waiting:
            page.locator(f'.res-downloads a[href$="model.{suffix}"]').click()
        saved[suffix] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(saved[suffix])
    assert {path.name for path in saved.values()} == {"colours-resnet18.safetensors", "colours-resnet18.pt"}
    ours = load_file(saved["safetensors"])
    plain = torch.load(saved["pt"], weights_only=True)
    assert torch.equal(ours["fc.weight"], plain["fc.weight"])
    assert ours["fc.weight"].shape == (3, 512)


def test_the_code_is_copied(trained: Trained) -> None:
    page = trained.page
    tab(page, "results")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".res-code [data-copy]").click()
    page.locator(".res-code [data-copy]", has_text="Copied").wait_for()
    assert "load_file" in page.evaluate("navigator.clipboard.readText()")


def test_a_picture_gets_an_answer(trained: Trained, class_folder: Path) -> None:
    page = trained.page
    tab(page, "predict")
    page.locator("#predict-picture input[type=file]").set_input_files(class_folder / "green" / "3.png")
    bars = page.locator("#predict-answer .predict-bars li")
    bars.first.wait_for(timeout=60_000)
    assert sorted(page.locator("#predict-answer .predict-bars span").all_inner_texts()) == NAMES


def test_a_picture_without_an_ending_gets_an_answer(trained: Trained, class_folder: Path, tmp_path: Path) -> None:
    page = trained.page
    tab(page, "predict")
    plain = tmp_path / "0a1b2c"
    plain.write_bytes((class_folder / "green" / "3.png").read_bytes())
    page.locator("#predict-picture").get_by_role("button", name=re.compile("clear|remove", re.I)).first.click()
    page.locator("#predict-answer .predict-bars li").first.wait_for(state="detached")
    page.locator("#predict-picture input[type=file]").set_input_files(plain)
    page.locator("#predict-answer .predict-bars li").first.wait_for(timeout=60_000)


@pytest.mark.parametrize("format", ["PPM", "TIFF"])
def test_a_picture_that_no_browser_shows_is_shown_as_it_was_read(
    trained: Trained, class_folder: Path, tmp_path: Path, format: str
) -> None:
    page = trained.page
    tab(page, "predict")
    picture = Image.open(class_folder / "green" / "3.png").convert("RGB")
    file = tmp_path / f"3.{format.lower()}"
    file.write_bytes(odd_files.encoded(picture, format))
    page.locator("#predict-picture").get_by_role("button", name=re.compile("clear|remove", re.I)).first.click()
    page.locator("#predict-answer .predict-bars li").first.wait_for(state="detached")
    page.locator("#predict-picture input[type=file]").set_input_files(file)
    page.locator("#predict-answer .predict-bars li").first.wait_for(timeout=60_000)
    shown = "document.querySelector('#predict-picture .image-frame img')"
    page.wait_for_function(f"{shown}?.naturalWidth === {picture.width}")


def test_a_file_that_is_no_picture_gets_a_sentence(trained: Trained, tmp_path: Path) -> None:
    page = trained.page
    bad = tmp_path / "notes.png"
    bad.write_text("no picture", encoding="utf-8")
    tab(page, "predict")
    page.locator("#predict-many-button").click()
    page.locator("#predict-files input[type=file]").set_input_files([bad])
    alert = page.locator("#predict-answers [role=alert], #predict-answers .failed").first
    alert.wait_for()
    assert "picture" in alert.inner_text()
    page.locator("#predict-files").get_by_role("button", name=re.compile("clear|remove", re.I)).first.click()


def test_a_drawing_gets_an_answer(trained: Trained) -> None:
    page = trained.page
    tab(page, "predict")
    page.locator("#predict-draw-button").click()
    box = page.locator("#predict-pad canvas").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 200, steps=8)
    page.mouse.up()
    page.locator("#predict-drawn .predict-bars li").first.wait_for()
    page.locator('#predict-pad [data-do="clear"]').click()
    page.locator("#predict-drawn .idle").wait_for()


def test_many_pictures_become_a_table_with_a_csv(trained: Trained, class_zip_file: Path) -> None:
    page = trained.page
    tab(page, "predict")
    page.locator("#predict-many-button").click()
    page.locator("#predict-files input[type=file]").set_input_files([class_zip_file])
    page.locator("#predict-answers .predict-job", has_text="42 pictures named").wait_for(timeout=60_000)
    assert page.locator("#predict-answers tbody tr").count() == 42
    with page.expect_download() as download:
        page.locator("#predict-answers a[download]", has_text="CSV").click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 43
    page.locator("#predict-answers [data-label]").first.click()
    page.locator('#predict-answers [data-label][aria-pressed="true"]').wait_for()
    page.reload()
    tab(page, "predict")
    page.locator("#predict-many-button").click()
    page.locator("#predict-jobs [data-show]").first.click()
    page.locator("#predict-answers .predict-job", has_text="42 pictures named").wait_for()


def test_the_language_can_be_switched_and_holds(open_page: Callable[..., Any], trained: Trained) -> None:
    page = open_page()
    assert page.locator("#tab-results-button").inner_text().strip() == "Results"
    with leaving(page):
        page.locator('[data-language="zh"]').click()
        page.locator("#tab-results-button", has_text="结果").wait_for()
    with leaving(page):
        page.reload()
    tab(page, "results")
    page.get_by_role("heading", name="混淆矩阵").wait_for()
    tab(page, "runs")
    page.locator(".runs-page", has_text="全部训练记录").wait_for()
    close(page)


@pytest.mark.long
def test_a_chinese_browser_gets_chinese_at_once(open_page: Callable[..., Any]) -> None:
    page = open_page("zh-CN")
    assert page.locator("#tab-data-button").inner_text().strip() == "数据"
    close(page)


def test_a_phone_can_predict_without_scrolling_sideways(open_page: Callable[..., Any], trained: Trained) -> None:
    page = open_page(width=390, height=844)
    for name in ("predict", "results", "runs"):
        tab(page, name)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    close(page)


def test_a_run_is_deleted_only_after_a_question_and_comes_back_from_the_bin(trained: Trained) -> None:
    page = trained.page
    tab(page, "runs")
    bin_ = page.locator(".res-runs [data-remove]").first
    bin_.click()
    page.get_by_role("button", name="Keep it").click()
    assert len(run_folders(trained.workspace)) == 1
    bin_.click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("heading", name="No runs yet").wait_for()
    assert run_folders(trained.workspace) == []
    page.locator(".rs-bin summary").click()
    page.locator(".rs-bin [data-undo]").click()
    page.locator(".res-runs [data-remove]").first.click()
    assert len(run_folders(trained.workspace)) == 1
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("heading", name="No runs yet").wait_for()
    tab(page, "results")
    page.get_by_role("heading", name="No results yet").wait_for()


def test_no_page_asked_another_host_or_wrote_an_error(trained: Trained) -> None:
    """Stands last: it judges all pages that the tests above have opened."""
    assert "\n".join(trained.page.problems) == ""
