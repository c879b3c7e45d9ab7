"""The exchange as HTML: what each person sees of its models, attacks and points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from resnet_studio import acting
from resnet_studio.assets import asset
from resnet_studio.belonging import PERSON
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.exchange import STICKERS, attacks, standings
from resnet_studio.service.people.exchange.attacks import Attack
from resnet_studio.service.people.exchange.entries import Entry, Exchange
from resnet_studio.service.people.rules import Person
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.people.lesson_view import when

SAID = ("asking", "unknown", "right", "sent", "damaged")
MOST_SHOWN = 60


@dataclass(frozen=True)
class Row:
    """An attack on the model ``entry``, as somebody sees it, and whether they see its picture and may judge it."""

    entry: Entry
    attack: Attack
    pictured: bool
    judging: bool


@dataclass(frozen=True)
class View:
    """What ``person`` sees; ``names`` are those of people by ``person:ID``."""

    models: tuple[standings.Standing, ...]
    to_judge: tuple[Row, ...]
    others: tuple[Row, ...]
    board: tuple[standings.Attacker, ...]
    put: Mapping[str, frozenset[str]]
    barred: tuple[tuple[str, str], ...]


def pieces(
    exchange: Exchange, runs: Sequence[Overview], person: Person, accounts: Accounts, language: Language, root: str
) -> Markup:
    """All of it; ``runs`` are those that ``person`` may bring."""

    def name(who: str) -> str:
        return called(who, person, accounts, language)

    there = {entry.run for entry in exchange.every() if entry.shared}
    return render(
        "people/exchange_list.html",
        language,
        open=exchange.open,
        person=person,
        me=f"{PERSON}{person.id}",
        view=_view(exchange, person, accounts) if exchange.open or person.staff else None,
        runs=[run for run in runs if run.run.id not in there],
        name=name,
        when=lambda seconds: when(seconds, language),
        stickers=drawings(),
        root=root,
    )


@cache
def drawings() -> dict[str, Markup]:
    """The stickers, drawn."""
    read = {name: asset("people", "stickers", f"{name}.svg").read_text(encoding="utf-8") for name in STICKERS}
    return {name: Markup(drawing.strip()) for name, drawing in read.items()}


@cache
def own_assets() -> dict[str, Markup]:
    """The style and the script of this page alone."""
    return {kind: Markup(asset("people", f"exchange.{kind}").read_text(encoding="utf-8")) for kind in ("css", "js")}


def called(who: str, person: Person, accounts: Accounts, language: Language) -> str:
    """What ``person`` sees of ``who`` (``person:ID``): others' names only where the teacher allows it."""
    if not (who == f"{PERSON}{person.id}" or person.staff or accounts.names_shown):
        return say("boards.somebody", language)
    known = accounts.people.name_of(who.removeprefix(PERSON)) if who.startswith(PERSON) else who.partition(":")[2]
    return known or say("boards.gone", language)


def _view(exchange: Exchange, person: Person, accounts: Accounts) -> View:
    every = [(entry, attacks.kept(entry)) for entry in exchange.every()]
    shown = [(entry, now) for entry, now in every if entry.shared or (person.staff and now.attacks)]
    rows = [
        Row(entry, each, each.status != "removed", person.staff or person.id == entry.owner)
        for entry, now in every
        for each in now.attacks
        if acting.allowed("see", attacks.thing(entry, each))
    ]
    rows.sort(key=lambda row: -row.attack.time)
    waits = ("waiting", "reported") if person.staff else ("waiting",)
    to_judge = [row for row in rows if row.judging and row.attack.status in waits]
    rest = [row for row in rows if row not in to_judge and (person.staff or row.attack.person == person.id)]
    mine = {entry.id: frozenset(now.stickers.get(f"{PERSON}{person.id}", ())) for entry, now in every}
    barred = [(id, accounts.people.name_of(id)) for id in sorted(exchange.barred)] if person.staff else []
    return View(
        tuple(standings.models(shown)), tuple(to_judge[:MOST_SHOWN]), tuple(rest[:MOST_SHOWN]),
        tuple(standings.attackers(every)), mine, tuple((id, name) for id, name in barred if name),
    )  # fmt: skip
