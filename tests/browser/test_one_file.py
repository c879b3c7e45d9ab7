"""The HTML file of a model, opened from the disk without a network: it sees and answers as the studio does."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from narrow import SHARE
from PIL import Image

import resnet_studio as studio
from resnet_studio.data.pictures import read_picture
from resnet_studio.data.views import Framed
from resnet_studio.errors import ExportError
from resnet_studio.evaluation import certificate_page, export_check
from resnet_studio.model.acceptance import Acceptance
from resnet_studio.model.checkpoint import Card, Preprocessing, save
from resnet_studio.model.exports import one_file, onnx_files, web_runtime
from resnet_studio.model.exports.formats import FORMATS
from resnet_studio.model.exports.source import Source
from resnet_studio.model.resnet import build
from resnet_studio.model.unlike import fit

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.usefixtures("narrow")]
AS_BLOB = "(text) => new Blob([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))])"


@pytest.fixture(scope="module")
def source(narrow: None, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A model with the runtime, which npm has in its cache or gets; skipped where it cannot be had."""
    root = tmp_path_factory.mktemp("one-file")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("fetch_retries", "0"), ("fetch_timeout", "60000"), ("prefer_offline", "true")):
            patch.setenv(f"npm_config_{name}", value)
        try:
            runtime = web_runtime.ready(root / "runtimes")
        except ExportError as error:
            pytest.skip(f"no ONNX Runtime for browsers here: {error}")
    torch.manual_seed(0)
    seen = {f"layer{stage}": torch.rand(20, 2 ** (6 + stage) // SHARE) for stage in (3, 4)}  # means and spreads
    card = Card(
        classes=("<b>cat", "猫头鹰"), depth=18, preprocessing=Preprocessing(resize=73, crop=64),
        unlike=Acceptance((1.0, 2.0, 3.0)), temperature=1.4,
    )  # fmt: skip
    save(root / "best.safetensors", build(18, 2).state_dict(), card, fit(seen, torch.arange(20) % 2))
    return Source(root / "best.safetensors", title="<i>cups", runtime=runtime)


@pytest.fixture(scope="module")
def page(browser: Any, source: Source, tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("html") / "model.html"
    file.write_text(one_file.page(source, onnx_files.exported(source, prepared=False, maps=True)), encoding="utf-8")
    context = browser.new_context(offline=True, locale="en-GB", permissions=[])
    opened, problems = context.new_page(), []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: message.type == "error" and problems.append(message.text))
    opened.goto(file.as_uri())
    opened.evaluate("resnetStudio.ready")
    yield opened
    assert problems == []
    context.close()


def files() -> dict[str, bytes]:
    """Transparent PNG and WebP, narrow PNG, JPEG upright, turned, and so large that it is reduced."""
    random, found = np.random.default_rng(5), {}
    coarse = Image.fromarray(random.integers(0, 256, (9, 13, 4), dtype=np.uint8), "RGBA")
    for name, size, changes in (
        ("a.png", (150, 99), {}), ("narrow.png", (5, 400), {}), ("b.webp", (90, 91), {"lossless": True, "exact": True}),
        ("c.jpg", (120, 100), {"quality": 90}), ("turned.jpg", (120, 100), {"quality": 80, "exif": 6}),
        ("large.jpg", (1500, 1100), {"quality": 85}),
    ):  # fmt: skip
        picture = coarse.resize(size, Image.Resampling.BICUBIC)
        if name.endswith("jpg"):
            picture, exif = picture.convert("RGB"), Image.Exif()
            exif[0x112] = changes.pop("exif", 1)
            changes["exif"] = exif
        written = io.BytesIO()
        picture.save(written, "JPEG" if name.endswith("jpg") else name[-3:].replace("ebp", "webp"), **changes)
        found[name] = written.getvalue()
    return found


def test_it_sees_and_answers_as_the_studio_does(page: Any, source: Source, tmp_path: Path) -> None:
    predictor, preprocessing = studio.Predictor(source.file, "cpu"), source.card.preprocessing
    for name, content in files().items():
        text = base64.b64encode(content).decode()
        seen = page.evaluate(f"async (text) => Array.from(await resnetStudio.pixels(({AS_BLOB})(text)))", text)
        picture = read_picture(
            io.BytesIO(content), draft_side=preprocessing.resize, reading=preprocessing.reading, name=name
        )
        apart = np.abs(Framed.of(preprocessing).pixels(picture).astype(int).ravel() - np.array(seen))
        # WebP's transparency is rounded otherwise, and JPEG has a way of its own to halve a picture
        assert apart.max() <= {"large.jpg": 8, "b.webp": 1}.get(name, 0), name
        assert apart.mean() < 1, name
        answer = page.evaluate(f"async (text) => resnetStudio.classify(({AS_BLOB})(text))", text)
        (tmp_path / name).write_bytes(content)
        (ours,) = predictor([tmp_path / name])
        assert [each[0] for each in answer["scores"]] == [each[0] for each in ours.scores]
        assert np.allclose(dict(answer["scores"])[ours.label], ours.probability, atol=1e-2 if apart.max() else 1e-4)
        assert answer["unknown"] == ours.unknown


def test_a_visitor_drops_pictures_reads_the_answer_and_changes_the_language(page: Any) -> None:
    given = [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in list(files().items())[:2]]
    page.set_input_files("#file", given)
    page.locator("#earlier li").nth(1).wait_for()
    assert page.locator("header h1").inner_text() == "<i>cups"
    assert sorted(page.locator("#bars .name").all_inner_texts()) == ["<b>cat", "猫头鹰"]
    page.click("#look")
    assert page.locator("#heat").is_visible()
    page.click("[data-language=zh]")
    assert page.locator("#look").inner_text() == "它在看哪里？"
    page.set_input_files("#file", {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.locator("#problem", has_text="x.png").wait_for()


def test_a_certificate_keeps_each_language_beside_its_button_on_a_phone(
    browser: Any, source: Source, tmp_path: Path
) -> None:
    measured = export_check.unchecked(source.file, FORMATS["safetensors"], source.card)
    (tmp_path / "c.html").write_text(certificate_page.page(measured), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((tmp_path / "c.html").as_uri())
    for chosen in ("en", "zh"):
        page.check(f"#{chosen}")
        for each in ("en", "zh"):
            button, label = (page.locator(which).bounding_box() for which in (f"#{each}", f"label[for={each}]"))
            assert label["y"] < button["y"] + button["height"] / 2 < label["y"] + label["height"], (chosen, each)
    page.close()
