"""HTML and SVG of the page: Jinja2 templates in the folder ``templates`` beside the code that fills them in.

``render("runs/empty.html", language)`` fills in ``ui/runs/templates/empty.html``. Every value is escaped, and signs
that would hide text or change its direction become visible. In a template:

- ``{{ say("runs.title", count=3) }}`` is a text in the reader's language, ``{{ T("runs.title") }}`` a mark for it
- ``{{ say_html("runs.title", name=name|bdi) }}`` is such a text with markup among its values
- ``{{ gap }}`` stands between two sentences, ``{{ pair(name, value) }}`` is a name with its value
- ``{{ name|bdi }}`` isolates a name that a user chose from the text around it (``<bdi>``)
- ``{{ share|fmt(".1f") }}`` applies a format spec, ``{{ x|place }}`` writes a coordinate of a drawing
- ``{{ id|e }}`` is escaped but otherwise exact: for values that a script sends back
- ``{{ plot|tojson }}`` is JSON, in an attribute between single quotes

A line break between two tags, and the indentation around it, adds nothing to the output.
"""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import Any

from gradio.i18n import I18nData
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup, escape

from resnet_studio.text import Language, gap, pair, say
from resnet_studio.ui.drawn.axes import place
from resnet_studio.ui.page.context import T

FOLDERS = ("data", "train", "results", "predict", "runs", "drawn", "page", "people")
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BETWEEN_TAGS = re.compile(r"(?<=[>}])\s*\n\s*(?=[<{])")


def render(name: str, language: Language = "en", /, **values: Any) -> Markup:
    """The template ``name`` (``folder/file``) filled in with ``values``, its texts in ``language``."""
    words = {"say": partial(_say, language), "say_html": partial(_say_html, language), "language": language}
    words |= {"gap": gap(language), "pair": lambda name, value: pair(name, value, language)}
    return Markup(environment().get_template(name).render(values, **words))


def visible(text: str) -> str:
    """``text`` with its control and direction characters as visible escapes such as ``\\u202e``."""
    return HIDDEN.sub(lambda sign: ascii(sign[0])[1:-1], text)


def escaped(value: object) -> Markup:
    """``value`` as a template writes it."""
    return escape(_finalize(value))


@cache
def environment() -> Environment:
    """One environment for the process: each template is compiled once."""
    above = Path(__file__).parent.parent
    made = Environment(
        loader=PrefixLoader({name: FileSystemLoader(above / name / "templates") for name in FOLDERS}),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_Compact],
    )
    made.filters |= {"bdi": _bdi, "fmt": format, "place": place}
    made.globals |= {"T": T}
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return made


class _Compact(Extension):
    """Removes what only lays a template out for its reader; the number of lines stays, for tracebacks."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return _BETWEEN_TAGS.sub(lambda gap: "{#" + "\n" * gap[0].count("\n") + "#}", source.strip())


def _finalize(value: Any) -> Any:
    if type(value) is str:  # not Markup, which is a subclass
        return value if value.isprintable() else visible(value)
    return Markup(str(value)) if isinstance(value, I18nData) else value


def _say(language: Language, key: str, /, **values: object) -> str:
    return say(key, language, **values)


def _say_html(language: Language, key: str, /, **values: object) -> Markup:
    texts = {name: escaped(value) for name, value in values.items() if isinstance(value, str)}
    return Markup(say(key, language, **{**values, **texts}))


def _bdi(name: str) -> Markup:
    return Markup(f"<bdi>{escaped(name)}</bdi>")
