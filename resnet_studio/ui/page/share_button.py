"""The button by which a teacher hands a data set or a run out to the class, where it is shown."""

from __future__ import annotations

from markupsafe import Markup

from resnet_studio import acting
from resnet_studio.acting import Thing
from resnet_studio.text import Language
from resnet_studio.ui.page.templates import render


def button(thing: Thing, language: Language) -> Markup:
    """The button for ``thing``; nothing where nobody has an account, and for those who may not share it."""
    if acting.actor() is None or not thing.id or not acting.allowed("share", thing):
        return Markup("")
    return render("page/share.html", language, thing=thing)
