"""One HTML file that works by a double click, without a network: the model, what runs it, and a page around both.

The model is the ONNX file of ``onnx_files`` with class activation maps, the runtime ONNX Runtime for browsers (see
``web_runtime``), both compressed and in base64. The page prepares pictures as the studio does: its script resizes with
the whole numbers that Pillow computes with. A policy inside the file forbids the page every connection.

It computes on the processor. Graphics cards (WebGPU) are not used: the runtime has no QuantizeLinear there (1.30, its
docs/webgpu-operators.md), so that the model would have to be in full precision, four times as large; the runtime for
both has 26.8 MB instead of 14.2: 75 MB for a ResNet-18 that answers within 30 to 70 ms as it is.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from resnet_studio.assets import asset
from resnet_studio.data.views import LARGEST_ASPECT, PADDING, SHARPER
from resnet_studio.durable import replacing
from resnet_studio.errors import ConfigError
from resnet_studio.model.exports import onnx_files
from resnet_studio.model.exports.source import Source, facts
from resnet_studio.model.exports.web_runtime import RUNTIME, SCRIPT, WASM
from resnet_studio.text import LANGUAGES, Language, keys, template

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment

    from resnet_studio.model.card import Card

FOLDER = "one_file"
WORDS = "onefile."
_OPENED = (
    "def opened(name):",
    '    """The ONNX model inside of the HTML file."""',
    '    text = Path(name).read_text(encoding="utf-8")',
    '    content = re.search(\'<script type="text/plain" id="model">([^<]*)</script>\', text)[1]',
    "    return gzip.decompress(base64.b64decode(content))",
    "",
    "",
)


@dataclass(frozen=True)
class OneFile:
    """The model inside has 8 bits where ``lossy``, else full precision."""

    name: str = "html"
    suffix: str = ".html"
    packages: tuple[str, ...] = onnx_files.PACKAGES
    lossy: bool = True
    runs_here: bool = True

    def write(self, source: Source, target: Path) -> None:
        """See :class:`formats.Format`. Raises :class:`ConfigError` for pictures that no browser can read as it must."""
        if source.card.preprocessing.ranges:
            raise ConfigError("error.export.html_deep")
        assert source.runtime is not None, "the runtime has to be fetched before"
        maps = source.card.head == "linear" and source.card.features == "layer4"
        model = onnx_files.rounded(source, maps=maps) if self.lossy else onnx_files.exported(
            source, prepared=False, maps=maps
        )  # fmt: skip
        with replacing(target) as temporary:
            temporary.write_text(page(source, model), encoding="utf-8")

    def classes(self, exported: Path) -> list[str] | None:
        """See :class:`formats.Format`: those that the page shows."""
        found = re.search('<script type="application/json" id="about">([^<]*)</script>', exported.read_text("utf-8"))
        if found is None:
            raise ValueError("no page of the studio")
        named: list[str] = json.loads(found[1])["classes"]
        return named

    def code(self, card: Card, file_name: str, language: Language = "en") -> str:
        """See :class:`formats.Format`: Python that runs the very model that the page runs."""
        imports = ["import base64", "import gzip", "import json", "import onnxruntime"]
        return onnx_files.code(card, imports, f"opened({file_name!r})", language, before=_OPENED)


def page(source: Source, model: bytes) -> str:
    """The HTML around an ONNX ``model``."""
    assert source.runtime is not None
    script = asset(FOLDER, "page.js").read_text(encoding="utf-8")
    style = _palette() + asset(FOLDER, "page.css").read_text(encoding="utf-8")
    return _environment().get_template("one_file.html").render(
        title=source.title or source.card.run or "ResNet Studio",
        style=Markup(style),
        style_digest=_digest(style),
        logo=Markup(asset("logo.svg").read_text(encoding="utf-8")),
        icon=base64.b64encode(asset("logo.svg").read_bytes()).decode(),
        script=Markup(script),
        script_digest=_digest(script),
        licence=asset(FOLDER, "onnxruntime-license.txt").read_text(encoding="utf-8"),
        runtime_version=RUNTIME.version,
        about=about(source),
        words=words(),
        runtime=base64.b64encode((source.runtime / SCRIPT).read_bytes()).decode(),
        wasm=_packed((source.runtime / WASM).read_bytes()),
        model=_packed(model),
    )  # fmt: skip


def about(source: Source) -> dict[str, Any]:
    """What the script has to know of the model."""
    return {
        **facts(source.card),
        "title": source.title or source.card.run,
        "maps": source.card.head == "linear",
        "longest": LARGEST_ASPECT,
        "sharper": SHARPER,
        "padding": list(PADDING),
    }


def words() -> dict[str, dict[str, str]]:
    """All words of the page, by language and by name."""
    names = [key for key in keys() if key.startswith(WORDS)]
    return {language: {name[len(WORDS) :]: template(name, language) for name in names} for language in LANGUAGES}


def _palette() -> str:
    """The studio's colours and sizes, light and dark: the beginning of its style sheet."""
    return asset("studio.css").read_text(encoding="utf-8").partition("/* ---------- Frame")[0]


def _digest(text: str) -> str:
    """As a content security policy names an inline script or style."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("resnet_studio.model.exports", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.policies["json.dumps_function"] = _json
    made.policies["json.dumps_kwargs"] = {}
    return made


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
