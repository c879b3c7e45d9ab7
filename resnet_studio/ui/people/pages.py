"""The pages in front of the studio as HTML: signing in, one's account, the class."""

from __future__ import annotations

from functools import cache
from typing import Any

import segno
from markupsafe import Markup

from resnet_studio.assets import asset
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.rules import ROLES, Person
from resnet_studio.service.people.secrets_of import CODE_LENGTH, PICTURES, SHORTEST
from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import LOCALES
from resnet_studio.ui.page.templates import render

LANGUAGE_NAMES = {"en": "EN", "zh": "中文"}


@cache
def drawings() -> dict[str, Markup]:
    """What a picture code is chosen of, drawn."""
    read = {name: asset("people", "pictures", f"{name}.svg").read_text(encoding="utf-8") for name in PICTURES}
    return {name: Markup(drawing.strip()) for name, drawing in read.items()}


def sign_in(accounts: Accounts, language: Language, root: str, *, hugging_face: bool = False, problem: str = "") -> str:
    """The page to sign in at; without an administrator, the one that makes the first. ``hugging_face`` offers to sign
    in there instead, ``problem`` says why that did not work.
    """
    people = accounts.people.all()
    return page(
        "people/sign_in.html",
        language,
        root,
        title=say("people.sign_in.title", language),
        first=not accounts.people.has_administrator(),
        hugging_face=hugging_face,
        problem=problem,
        joining=accounts.joining,
        pupils=accounts.joining or any(person.secret == "pictures" for person in people),
        new_code=_code("pictures", "people.code.new", language, open_=True),
        old_code=_code("pictures", "people.code.old", language),
    )


def account(person: Person, language: Language, root: str) -> str:
    """Change what proves who one is, and sign out."""
    return page(
        "people/account.html",
        language,
        root,
        title=say("people.account", language),
        person=person,
        old_code=_code("old", "people.code.old", language),
        new_code=_code("new", "people.code.new", language, open_=True),
    )


def class_page(accounts: Accounts, person: Person, address: str, language: Language, root: str) -> str:
    """The join code, large and as a QR code, and the people; ``address`` is where pupils open the studio."""
    joining, code = accounts.joining, accounts.join_code
    return page(
        "people/class.html",
        language,
        root,
        wide=True,
        at="class",
        title=accounts.class_name or say("people.class.title", language),
        person=person,
        people=accounts.people.all(),
        class_name=accounts.class_name,
        joining=joining,
        code=code,
        address=address,
        qr=qr_code(f"{address}#join={code}") if joining else "",
        roles=ROLES[::-1] if person.role == "administrator" else ("pupil",),
    )


def qr_code(address: str) -> Markup:
    """``address`` as a QR code in SVG, black on white whatever the page's colours."""
    return Markup(segno.make(address, error="m").svg_inline(border=4, omitsize=True, dark="#000", light="#fff"))


def words_of(pictures: tuple[str, ...], language: Language) -> list[list[str]]:
    """The names of ``pictures``, and their words."""
    return [[name, say(f"people.picture.{name}", language)] for name in pictures]


def _code(name: str, key: str, language: Language, *, open_: bool = False) -> Markup:
    return render(
        "people/code.html",
        language,
        name=name,
        label=say(key, language),
        hint=say(f"{key}.hint", language, count=CODE_LENGTH),
        length=CODE_LENGTH,
        pictures=drawings(),
        open="true" if open_ else "false",
    )


def page(name: str, language: Language, root: str, *, wide: bool = False, at: str = "", **values: Any) -> str:
    """The template ``name`` as a whole page; ``at`` is which page of the class it is, for the row of links."""
    said = {key: say(f"people.{key}", language) for key in ("failed", "filled", "empty", "undo", "deleted")}
    return "<!doctype html>" + str(
        render(
            name,
            language,
            root=root,
            locale=LOCALES[language],
            languages=LANGUAGE_NAMES,
            wide=wide,
            at=at,
            shortest=SHORTEST,
            early=Markup(asset("early", "early.js").read_text(encoding="utf-8")),
            style=Markup(asset("people", "people.css").read_text(encoding="utf-8")),
            script=Markup(asset("people", "people.js").read_text(encoding="utf-8")),
            said={**said, "drawings": drawings() if wide else {}},
            **values,
        )
    )
