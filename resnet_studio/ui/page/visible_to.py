"""What the page knows of who looks at it: their name where there are accounts, else who can see what, once."""

from __future__ import annotations

from resnet_studio.service.people.rules import Person
from resnet_studio.text import Language, say
from resnet_studio.ui.page.access import Access
from resnet_studio.ui.page.templates import render


def notice(person: object, access: Access, language: Language) -> str:
    """A script that says so to the page, which shows it; nothing to a page that only this machine can reach."""
    if isinstance(person, Person):
        words = {"account": say("people.account", language), "people": say("people.class.link", language)}
        facts = {"name": person.name, "staff": person.staff, "words": words, "root": access.root_path}
        return str(render("page/visible_to.html", language, name="studioPerson", facts=facts))
    if access.loopback and access.direct:
        return ""
    facts = {"text": say("people.open.text", language), "button": say("people.open.button", language)}
    return str(render("page/visible_to.html", language, name="studioOpen", facts=facts))
