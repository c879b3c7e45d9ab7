"""Style sheets and scripts of the page: every ``*.css`` and ``*.js`` in the assets folder is part of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from resnet_studio.assets import asset
from resnet_studio.text import Language
from resnet_studio.ui.page.context import LOCALES
from resnet_studio.ui.page.templates import render


@dataclass(frozen=True)
class Bundle:
    """What the page consists of besides Gradio, read once when the server starts."""

    css: str
    js: str
    early: str

    @classmethod
    def read(cls) -> Bundle:
        """All style sheets and all scripts; ``studio.*`` comes first, the others by name."""
        return cls(_joined("css"), _joined("js"), asset("early", "early.js").read_text(encoding="utf-8"))

    def head(self, language: Language, root_path: str = "") -> str:
        """What goes right behind ``<head>``: language and theme before anything is drawn, then the bundles.

        Below a ``root_path``, a page that was asked for without the last slash moves there, since all its links are
        relative.
        """
        return str(
            render(
                "page/head.html",
                root_path=root_path,
                locale=LOCALES[language],
                early=Markup(self.early),
                style=self._style,
                script=f"studio/studio.js?v={_version(self.js)}",
            )
        )

    @property
    def body(self) -> str:
        """What goes right behind ``<body>``: the style sheet, where it comes after all that Gradio adds to the head."""
        return str(render("page/body.html", style=self._style))

    @property
    def _style(self) -> str:
        return f"studio/studio.css?v={_version(self.css)}"


def _joined(suffix: str) -> str:
    files = sorted(asset().glob(f"*.{suffix}"), key=_load_order)
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def _load_order(path: Path) -> tuple[bool, str]:
    return path.stem != "studio", path.name


def _version(content: str) -> str:
    """A short name of ``content``, so that browsers may keep it for good."""
    return hashlib.sha256(content.encode()).hexdigest()[:12]
