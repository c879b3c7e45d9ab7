"""One HTML file holds a model and what runs it; nothing in it can break out of its place."""

import base64
import gzip
import hashlib
import io
import json
import os
import re
import sys
import tarfile

import pytest

from resnet_studio.errors import ConfigError, ExportError
from resnet_studio.evaluation import certificate_page
from resnet_studio.evaluation.certificate import Certificate
from resnet_studio.model.card import Card
from resnet_studio.model.exports import one_file, web_runtime
from resnet_studio.model.exports.source import Source
from resnet_studio.model.preprocess import Preprocessing

HOSTILE = '</script><img src=x onerror="alert(1)">'
FILES = {"a.mjs": b"export const a = 1;", "b.wasm": b"\0asm"}
TINY = web_runtime.Runtime(
    "tiny-web", "1.0.0", {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}, 100, 10
)


class Given(Source):
    """A source without a checkpoint."""

    def __init__(self, card, runtime, title=""):
        super().__init__(None, title=title, runtime=runtime)
        object.__setattr__(self, "given", card)

    @property
    def card(self):
        return self.given


def card(**changes):
    return Card(classes=(HOSTILE, "<b>", "猫"), depth=18, preprocessing=Preprocessing(resize=36, crop=32, **changes))


@pytest.fixture
def runtime(tmp_path):
    folder = tmp_path / "runtime"
    folder.mkdir()
    for name in web_runtime.RUNTIME.files:
        (folder / name).write_bytes(name.encode())
    return folder


def script(html, name):
    return re.search(rf'<script type="[^"]*" id="{name}">([^<]*)</script>', html)[1]


def test_names_of_classes_cannot_leave_the_place_that_they_stand_in(runtime):
    html = one_file.page(Given(card(), runtime, title=HOSTILE), b"model")
    assert "<img" not in html and "<b>" not in html.replace('<b data-say="drop"></b>', "")
    assert html.count("<script") == html.count("</script>") == 6
    about = json.loads(script(html, "about"))
    assert about["classes"] == [HOSTILE, "<b>", "猫"] and about["title"] == HOSTILE
    assert gzip.decompress(base64.b64decode(script(html, "model"))) == b"model"


def test_the_file_may_run_its_own_script_only_and_connect_to_nothing(runtime):
    html = one_file.page(Given(card(), runtime), b"model")
    policy = re.search('Content-Security-Policy" content="([^"]*)"', html)[1]
    assert policy.startswith("default-src 'none'") and "connect-src" not in policy and "http" not in policy
    for kind, tag in (("script-src", "script"), ("style-src", "style")):
        content = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", html)


def test_every_word_of_the_page_is_there_in_both_languages(runtime):
    html = one_file.page(Given(card(), runtime), b"model")
    found = json.loads(script(html, "words"))
    assert set(found) == {"en", "zh"} and set(found["en"]) == set(found["zh"])
    used = set(re.findall(r'data-say(?:-label)?="(\w+)"', html)) | set(re.findall(r'(?:said|problem)\("(\w+)"', html))
    assert used - set(found["en"]) == set() and len(used) > 20


def test_a_model_of_deep_pictures_is_not_put_where_browsers_would_read_them_otherwise(runtime, tmp_path):
    with pytest.raises(ConfigError, match="more than 8 bits"):
        one_file.OneFile().write(Given(card(ranges={"uint16": (0.0, 1000.0)}), runtime), tmp_path / "m.html")


def put(folder):
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


def refuse(*_, **__):
    raise AssertionError("nothing may be downloaded")


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(web_runtime, "fetch", refuse)
    monkeypatch.setattr(web_runtime.shutil, "which", lambda _: None)


@pytest.mark.parametrize("inside", [".", "package/dist", "node_modules/onnxruntime-web/dist"])
def test_the_runtime_comes_from_a_folder_and_stays(inside, tmp_path, offline):
    given, cache = tmp_path / "given", tmp_path / "cache"
    put(given / inside)
    assert not web_runtime.is_here(cache, TINY)
    kept = web_runtime.ready(cache, given, runtime=TINY, on_download=refuse)
    assert TINY.is_in(kept) and web_runtime.is_here(cache, TINY)
    assert web_runtime.ready(cache, runtime=TINY, on_download=refuse) == kept


def test_a_folder_with_other_files_is_refused_with_the_names_of_those_wanted(tmp_path, offline):
    given = put(tmp_path / "given")
    (given / "b.wasm").write_bytes(b"another")
    with pytest.raises(ExportError, match=r"a\.mjs, b\.wasm"):
        web_runtime.ready(tmp_path / "cache", given, runtime=TINY)


def packed(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a script")
def test_npm_is_asked_first_and_not_believed(tmp_path, monkeypatch):
    bin_, sizes = tmp_path / "bin", []
    bin_.mkdir()
    packed(tmp_path / "right.tgz", FILES)
    packed(tmp_path / "wrong.tgz", {**FILES, "b.wasm": b"evil"})
    npm = bin_ / "npm"
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    npm.write_text(f'#!{sys.executable}\nimport shutil, sys\nassert "--ignore-scripts" in sys.argv\n'
                   f'shutil.copy({str(tmp_path / "right.tgz")!r}, "it.tgz")\n')  # fmt: skip
    npm.chmod(0o755)
    monkeypatch.setattr(web_runtime, "fetch", refuse)
    assert TINY.is_in(web_runtime.ready(tmp_path / "cache", runtime=TINY, on_download=sizes.append))
    assert sizes == [100]
    npm.write_text(npm.read_text().replace("right", "wrong"))
    fetched = []
    monkeypatch.setattr(web_runtime, "fetch", lambda url, path, **_: (fetched.append(url), path.write_bytes(b"")))
    web_runtime.ready(tmp_path / "other", runtime=TINY)
    assert len(fetched) == 2 and all("tiny-web@1.0.0/dist/" in url for url in fetched)


def test_without_a_network_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(web_runtime.shutil, "which", lambda _: None)

    def fail(url, path, **_):
        raise web_runtime.DownloadError("no route")

    monkeypatch.setattr(web_runtime, "fetch", fail)
    with pytest.raises(ExportError, match=r"no route.*--runtime FOLDER"):
        web_runtime.ready(tmp_path, runtime=TINY)


MEASURED = Certificate(
    format="html", file="<b>.html", sha256="ab" * 32, megabytes=18.7, pictures=84, agreement=0.988,
    largest_difference=0.0231, scored_on="test", accuracy=0.75, interval=(0.6, 0.85), app_accuracy=0.755,
    app_interval=(0.61, 0.86), milliseconds=22.0, app_milliseconds=30.0, unreadable=1, lossy=True, checked=True,
    created="2026-01-02T03:04:05+00:00", studio_version="1", network="resnet18", run="r", unknown_agreement=1.0,
)  # fmt: skip


def test_a_certificate_can_be_read_by_people_in_both_languages():
    html = certificate_page.page(MEASURED)
    assert "<b>.html" not in html and "&lt;b&gt;.html" in html and "http" not in html.replace("http-equiv", "").replace(
        "http://www.w3.org/2000/svg", "")  # fmt: skip
    for said in ("98.8%", "75.0% (95% interval 60.0% to 85.0%)", "0.02", "Its numbers are rounded", "22 ms", "ab" * 32,
                 "75.0%（95% 置信区间 60.0% 至 85.0%）", "其数值经过量化", "1 picture was left out"):  # fmt: skip
        assert said in html, said


@pytest.mark.parametrize(("changes", "state"), [
    ({}, "rounded"), ({"lossy": False, "agreement": 1.0}, "agrees"), ({"lossy": False, "agreement": 0.5}, "failed"),
    ({"checked": False}, "unchecked"), ({"accuracy": None, "app_accuracy": None, "agreement": 1.0}, "rounded_unscored"),
])  # fmt: skip
def test_the_verdict_follows_from_the_figures(changes, state):
    from dataclasses import replace

    assert certificate_page.state(replace(MEASURED, **changes)) == state
