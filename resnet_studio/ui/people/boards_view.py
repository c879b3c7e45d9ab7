"""Leaderboards as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from resnet_studio.belonging import PERSON
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.boards import Board, Submission
from resnet_studio.service.people.collecting import is_handed_in
from resnet_studio.service.people.ranking import RankedSubmission, ranked
from resnet_studio.service.people.rules import Person
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.people.lesson_view import when


@dataclass(frozen=True)
class Shown:
    """One board as ``person`` sees it."""

    board: Board
    places: tuple[RankedSubmission, ...]
    own: tuple[Submission, ...]
    left: int
    fitting: tuple[Overview, ...]
    alike: Mapping[str, tuple[tuple[str, Submission], ...]]


def boards(
    found: Sequence[Board], runs: Sequence[Overview], person: Person, accounts: Accounts, language: Language,
    device: str = "",
) -> Markup:  # fmt: skip
    """All boards; ``runs`` are those that ``person`` may submit, at the ``device``."""
    who = f"{PERSON}{person.id}"

    def name(submission: Submission) -> str:
        return called(submission, person, accounts, language)

    return render(
        "people/boards_list.html",
        language,
        boards=[_shown(board, runs, who, device) for board in found],
        runs=runs,
        handed_in=is_handed_in,
        person=person,
        me=who,
        name=name,
        when=lambda seconds: when(seconds, language),
    )


def called(submission: Submission, person: Person, accounts: Accounts, language: Language) -> str:
    """What ``person`` sees of who submitted: pupils see others' names only where the teacher allows it."""
    own = submission.who == f"{PERSON}{person.id}"
    if not (own or person.staff or accounts.names_shown):
        return say("boards.somebody", language)
    kind, _, id = submission.who.partition(":")
    known = accounts.people.name_of(id) if f"{kind}:" == PERSON else id
    return known or say("boards.gone", language)


def _shown(board: Board, runs: Sequence[Overview], who: str, device: str) -> Shown:
    submissions = board.submissions()
    own = [each for each in submissions if each.who == who]
    known = set(board.classes)
    fitting = [run for run in runs if known <= set(run.classes)]
    return Shown(
        board,
        tuple(ranked(submissions)),
        tuple(reversed(own)),
        board.left(who, device),
        tuple(fitting),
        _alike(submissions),
    )


def _alike(submissions: Sequence[Submission]) -> dict[str, tuple[tuple[str, Submission], ...]]:
    """For whoever submitted, others who did so from the same ``device``, or the very same ``model``."""
    found: dict[str, dict[tuple[str, str], Submission]] = {}
    for each in submissions:
        for other in submissions:
            for what, one, two in (
                ("device", each.device, other.device), ("model", each.weights, other.weights),
            ):  # fmt: skip
                if one and one == two and each.who != other.who:
                    found.setdefault(each.who, {})[what, other.who] = other
    return {who: tuple((what, each) for (what, _), each in others.items()) for who, others in found.items()}
