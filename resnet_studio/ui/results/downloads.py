"""The panel that lets a run be taken home: files, and the lines of code that load them."""

from __future__ import annotations

from html import escape
from typing import Literal

from resnet_studio.errors import StudioError
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.page.downloads import file_name
from resnet_studio.ui.page.frame import address

FILES = (
    ("safetensors", "model.safetensors"),
    ("pt", "model.pt"),
    ("report_csv", "report.csv"),
    ("predictions_csv", "predictions.csv"),
    ("report_json", "report.json"),
)


def downloads_panel(run: Overview, language: Language) -> str:
    """Links to all files, and the code; a sentence where the model file is gone."""
    if not run.run.best.is_file():
        return f'<p class="rs-note rs-warn">{say("results.no_model", language)}</p>'
    tested = run.run.report_file.is_file()
    links = "".join(_link(run, key, path, tested, language) for key, path in FILES)
    return (
        f'<section class="rs-card res-downloads"><div><h3 class="rs-h2">{say("results.downloads.title", language)}</h3>'
        f'<p class="res-help">{say("results.downloads.help", language)}</p><ul>{links}</ul></div>'
        f"{_code(run, language)}</section>"
    )


def _link(run: Overview, key: str, path: str, tested: bool, language: Language) -> str:
    title = say(f"results.downloads.{key}", language)
    if not key.startswith(("safetensors", "pt")) and not tested:
        why = say("results.downloads.no_test", language)
        return f'<li><span class="off" aria-disabled="true"><b>{title}</b><small>{why}</small></span></li>'
    size = f" · {_megabytes(run.run.best.stat().st_size)}" if key in ("safetensors", "pt") else ""
    words = say(f"results.downloads.{key}.help", language)
    return f'<li><a href="{address(run.run, path)}" download><b>{title}</b><small>{words}{size}</small></a></li>'


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e8 else f"{size / 1e6:.0f} MB"


def _code(run: Overview, language: Language) -> str:
    """The code for each kind of file behind two radio buttons; nothing where the checkpoint cannot be read."""
    kinds: tuple[Literal["safetensors", "pt"], ...] = ("safetensors", "pt")
    try:
        codes = {kind: _lines(run, kind, language) for kind in kinds}
    except StudioError as error:
        return f'<p class="rs-note rs-warn">{escape(error.sentence(language))}</p>'
    choices = "".join(
        f'<input type="radio" name="res-code" id="res-code-{kind}" value="{kind}"{" checked" if not index else ""}>'
        f'<label for="res-code-{kind}">.{kind}</label>'
        for index, kind in enumerate(kinds)
    )
    blocks = "".join(
        f'<pre data-kind="{kind}" tabindex="0"><code>{escape(text)}</code></pre>' for kind, text in codes.items()
    )
    title = say("results.code.title", language)
    return (
        f'<div class="res-code"><div class="res-code-head"><h3 class="rs-h2">{title}</h3>'
        f'<fieldset><legend class="rs-visually-hidden">{title}</legend>{choices}</fieldset>'
        f'<button type="button" class="res-button" data-copy="{say("results.code.copied", language)}"'
        f' data-select="{say("results.code.select", language)}">{say("results.code.copy", language)}</button></div>'
        f"{blocks}</div>"
    )


def _lines(run: Overview, kind: Literal["safetensors", "pt"], language: Language) -> str:
    from resnet_studio.model.card import read_card
    from resnet_studio.model.export import export_code

    return export_code(read_card(run.run.best), kind=kind, file_name=file_name(run.run, f".{kind}"), language=language)
