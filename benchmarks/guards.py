"""Takes one guard after the other out of the studio, and shows that a test fails without it.

    python benchmarks/guards.py            # all that have no result yet
    python benchmarks/guards.py exchange   # those with that word in their name

A guard is a piece of source of one function, and what stands there without it. The function gets the changed code in a
child process, which runs the tests that should notice; before that, they pass with the code as it is. Results are in
``results/guards.jsonl``, one line a guard. Needs ``fork``.
"""

from __future__ import annotations
import __future__

import importlib
import inspect
import os
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
PACKAGE = "resnet_studio."


@dataclass(frozen=True)
class Guard:
    """In ``where``, a function, ``text`` becomes ``instead``; of ``tests`` (files, words of their names) one fails."""

    name: str
    where: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def take_out(self) -> None:
        """Change the function, wherever it is referred to."""
        function = found(self.where)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.text) == 1, f"{self.where} has {self.text!r} {source.count(self.text)} times"
        flags = __future__.annotations.compiler_flag
        code = compile(source.replace(self.text, self.instead), str(inspect.getsourcefile(function)), "exec", flags)
        function.__code__ = next(
            each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == function.__name__
        )


def found(where: str) -> FunctionType:
    """The function at ``where``, ``module:name``, without what is wrapped around it."""
    module, _, name = where.partition(":")
    thing: Any = importlib.import_module(PACKAGE + module)
    for part in name.split("."):
        thing = inspect.getattr_static(thing, part)
    thing = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
    return inspect.unwrap(thing)


EXCHANGE, BOARDS, PEOPLE = "service.people.exchange.", "service.people.boards:", "ui.people."
IN_EXCHANGE, ON_PAGE = ("tests/service/people/test_exchange.py",), ("tests/ui/test_exchange.py",)
ON_BOARDS, SIGNING_IN = ("tests/service/people/test_boards.py",), ("tests/ui/test_hugging_face.py",)
LIMITS, PREDICTING = ("tests/test_limits.py",), ("tests/service/test_predicting.py",)
IN_PEOPLE = ("tests/ui/test_people.py", "deleted or hugging or news")
EVENTS = ("tests/ui/test_doors.py", "page_sends_at_once or at_once_than")
CHANGES, MANAGES = 'acting.check("change", entry.thing)', 'acting.check("manage", acting.STUDIO)'
NOT_ALLOWED, NONE = 'not acting.allowed("see", found.thing)', "None"

GUARDS = (
    # the exchange
    Guard("exchange: closed", EXCHANGE + "entries:Exchange.check_open", "not self.open", "False", IN_EXCHANGE),
    Guard("exchange: left out", EXCHANGE + "entries:Exchange.check_open", "acting.owner() in self.barred", "False",
          IN_EXCHANGE),
    Guard("exchange: models while closed", EXCHANGE + "entries:Exchange.every", "entry.shared and open and",
          "entry.shared and", IN_EXCHANGE),
    Guard("exchange: models of who is left out", EXCHANGE + "entries:Exchange.every", "entry.owner not in barred and",
          "", IN_EXCHANGE),
    Guard("exchange: models of others are not brought", EXCHANGE + "entries:Exchange.bring",
          "acting.owner() not in thing.owners", "False", IN_EXCHANGE),
    Guard("exchange: number of models", EXCHANGE + "entries:Exchange.bring", "if most and", "if 0 and", IN_EXCHANGE),
    Guard("exchange: models that are not seen", EXCHANGE + "entries:Exchange.find", NOT_ALLOWED, "False", IN_EXCHANGE),
    Guard("exchange: only the owner takes out", EXCHANGE + "entries:Exchange.take_out",
          CHANGES, NONE, IN_EXCHANGE),
    Guard("exchange: only teachers open", EXCHANGE + "entries:Exchange.set_open",
          MANAGES, NONE, IN_EXCHANGE),
    Guard("exchange: only teachers leave out", EXCHANGE + "entries:Exchange.bar",
          MANAGES, NONE, IN_EXCHANGE),
    Guard("exchange: attacks that are not seen", EXCHANGE + "attacks:find",
          'not acting.allowed("see", thing(entry, found))', "False", IN_EXCHANGE),
    Guard("exchange: pictures of attacks", EXCHANGE + "attacks:picture_of",
          'acting.check("see", thing(entry, attack))', NONE, IN_EXCHANGE),
    Guard("exchange: pictures that were handed to the teacher", EXCHANGE + "attacks:thing",
          'attack.status in ("waiting", "counted", "rejected")', "True", IN_EXCHANGE),
    Guard("exchange: attacks while closed", EXCHANGE + "attacks:attack", "exchange.check_open()", NONE, IN_EXCHANGE),
    Guard("exchange: the same picture", EXCHANGE + "attacks:attack", "<= ALIKE_BITS", "< 0", IN_EXCHANGE),
    Guard("exchange: one's own model", EXCHANGE + "attacks:check_fooled",
          'entry.owner and who == f"{PERSON}{entry.owner}"', "False", IN_EXCHANGE),
    Guard("exchange: what was right", EXCHANGE + "attacks:check_fooled", "said.label == true", "False", IN_EXCHANGE),
    Guard("exchange: what is of no class", EXCHANGE + "attacks:check_fooled", "said.unknown", "False", IN_EXCHANGE),
    Guard("exchange: who judges", EXCHANGE + "attacks:judge", CHANGES, NONE, IN_EXCHANGE),
    Guard("exchange: the last word", EXCHANGE + "attacks:judge", "not staff and found.final", "False", IN_EXCHANGE),
    Guard("exchange: who removes pictures", EXCHANGE + "attacks:remove_picture",
          'acting.check("delete", acting.Thing("attack", owners=frozenset({found.person} - {""})))', NONE, IN_EXCHANGE),
    Guard("exchange: who hands to the teacher", EXCHANGE + "attacks:report", CHANGES, NONE, IN_EXCHANGE),
    Guard("exchange: stickers of the set", EXCHANGE + "attacks:stick", "sticker not in STICKERS", "False", IN_EXCHANGE),
    Guard("exchange: stickers on one's own", EXCHANGE + "attacks:stick",
          'entry.owner and who == f"{PERSON}{entry.owner}"', "False", IN_EXCHANGE),
    Guard("exchange: number of attacks", EXCHANGE + "attacks:_check_room", "if each and", "if False and", IN_EXCHANGE),
    Guard("exchange: number of pictures", EXCHANGE + "attacks:_check_room", "if most and", "if False and", IN_EXCHANGE),
    Guard("exchange: what a file says besides", EXCHANGE + "attacks:_small",
          'plain.save(written, "JPEG", quality=QUALITY)',
          'small.save(written, "JPEG", quality=QUALITY, exif=picture.info.get("exif", b""))', IN_EXCHANGE),
    Guard("exchange: forms of other sites", PEOPLE + "exchange:_add_trying", "!= PICTURE", "== 0", ON_PAGE),
    # Hugging Face's sign-in
    Guard("hugging face: the state", PEOPLE + "hugging_face:_add",
          "not hmac.compare_digest(kept.encode(), state.encode())", "False", SIGNING_IN),
    Guard("hugging face: the cookie", PEOPLE + "hugging_face:_add", "not kept or not code", "not code", SIGNING_IN),
    Guard("hugging face: the verifier", "service.people.hugging_face:HuggingFace.name_of",
          '"code_verifier": begun.verifier', '"code_verifier": "x"', SIGNING_IN),
    Guard("hugging face: nobody", "service.people.hugging_face:HuggingFace.name_of",
          "not isinstance(name, str) or not name.strip()", "False", SIGNING_IN),
    Guard("hugging face: who owns the Space", PEOPLE + "hugging_face:signed_in",
          "name.casefold() == application.author.casefold()", "True", SIGNING_IN),
    Guard("hugging face: only where it is set up", PEOPLE + "hugging_face:_application", "gate.hugging_face is None",
          "False", IN_PEOPLE),
    # turns
    Guard("turns: who was served the longest ago", "training.turns:Turns.order",
          "min(queues, key=lambda each: served.get(each, 0))", "next(iter(queues))", ("tests/training/test_turns.py",)),
    Guard("turns: between the parts of a study", "training.jobs:Jobs._others_wait", "other.owner != job.owner", "False",
          ("tests/training/test_queue.py", "turn")),
    Guard("turns: of predictions", "service.predicting:PredictionJobs._work", "self._turns.order(self._queue)[0]",
          "self._queue[0]", PREDICTING),
    Guard("turns: within a large prediction", "service.predicting:PredictionJobs._others_wait",
          "_begun_by(each) != _begun_by(job)", "False", PREDICTING),
    # limits
    Guard("limits: predictions_each", "service.predicting:PredictionJobs._check_each", ">= self._each", ">= 10**9",
          PREDICTING),
    Guard("limits: predictions_each when resumed", "service.predicting:PredictionJobs.resume",
          "self._check_each(_begun_by(job))", NONE, PREDICTING),
    Guard("limits: imports_each", "service.importing:Imports.start", ">= self._each", ">= 10**9", LIMITS),
    Guard("limits: imports that wait", "service.importing:Imports.start", ">= MOST_WAITING", ">= 10**9", LIMITS),
    Guard("turns: of imports", "service.importing:Imports._is_next", "begun in going[:MOST_AT_ONCE]", "True", LIMITS),
    Guard("limits: the place of what is coming", "service.quota:Quota.reserved", "self.check(owner, coming.pictures",
          "self.check(owner, 0", LIMITS),
    Guard("limits: what came counts before it is kept", "ui.page.bringing:brought_in",
          "if dataset.id not in before:", "if False:", LIMITS),
    # leaderboards
    Guard("board: tries", BOARDS + "Board.left", "each.who == who or", "", ON_BOARDS),
    Guard("board: tries of a device", BOARDS + "Board.left", "device if self.by_device else", "", ON_BOARDS),
    Guard("board: runs of others", BOARDS + "Boards.submit",
          'acting.check("change", belonging.of_run(run.folder))', NONE, ON_BOARDS),
    Guard("board: closed", BOARDS + "Boards.submit", "not board.open", "False", ON_BOARDS),
    Guard("board: only teachers seal", BOARDS + "Boards.create", MANAGES, NONE, ON_BOARDS),
    Guard("board: only teachers reveal", BOARDS + "Boards.reveal", MANAGES, NONE,
          ON_BOARDS),
    Guard("board: only teachers delete", BOARDS + "Boards.delete", MANAGES, NONE,
          ON_BOARDS),
    Guard("board: what says something of the labels", "service.people.submissions:Submission.to_json",
          'del values["right"], values["values"], values["device"]', 'del values["values"]', ON_BOARDS),
    Guard("board: sets that are shared", "service.people.secrecy:check_secret",
          "belonging.is_shared(folder)", "False", ON_BOARDS),
    Guard("board: sets that were trained on", "service.people.secrecy:check_secret",
          'editing.base_of(str(run.about["dataset"])) == folder.name', "False", ON_BOARDS),
    Guard("board: sets of pupils", "service.people.secrecy:check_secret",
          "belonging.of_dataset(folder).owners & pupils", "False", ON_BOARDS),
    Guard("board: copies that pupils have", "service.people.secrecy:check_secret",
          "contents <= _contents(other.parent)", "False", ON_BOARDS),
    Guard("board: runs in the bin", "service.people.secrecy:_runs", 'each.kind == "run"', "False", ON_BOARDS),
    # the bin of answers
    Guard("bin: answers of others", "ui.predict.many_routes:_add_undo",
          'not (acting.allowed("delete", binned.thing) if acting.actor() else theirs)', "False", IN_PEOPLE),
    Guard("bin: answers that are at work", "upkeep.bin:Bin.put_prediction", "job.lock().held()", "False", IN_PEOPLE),
    Guard("bin: who deletes answers", "upkeep.bin:Bin.put_prediction", 'acting.check("delete", thing_of(job))', NONE,
          IN_PEOPLE),
    Guard("bin: runs and sets of others", "ui.page.bin_view:may", 'return acting.allowed("delete", binned.thing)',
          "return True", IN_PEOPLE),
    # sessions
    Guard("session: live pages end with it", PEOPLE + "gate:Gate.over", "return found is None or found.id != who.id",
          "return False", IN_PEOPLE),
    # events
    Guard("events: larger than a page sends", "ui.page.event_bodies:EventBodies.read", "if size > most:", "if False:",
          EVENTS),
    Guard("events: more values than a page sends", "ui.page.event_bodies:EventBodies.read", "> MOST_VALUES", "< 0",
          EVENTS),
    Guard("events: many at once", "ui.page.event_bodies:EventBodies.read", "self.reading > self.most_at_once", "False",
          EVENTS),
)  # fmt: skip


class Loop:
    """A plugin of pytest: once the tests are collected, they run in a process of their own for each guard."""

    def __init__(self, guards: Sequence[Guard]) -> None:
        self.guards = guards
        self.missed: dict[str, bool] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running them once."""
        if not session.items or not passes(session, None):
            return True
        for guard in self.guards:
            self.missed[guard.name] = not passes(session, guard)
        return True


def passes(session: pytest.Session, guard: Guard | None) -> bool:
    """Whether the tests of ``session`` pass, without ``guard`` where one is given."""
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in (0, 1):
            raise SystemExit(f"{guard.name if guard else 'the tests as they are'}: ended with {code}")
        return code == 0
    try:
        if guard is not None:
            guard.take_out()
        for item, after in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if session.testsfailed:
                os._exit(1)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a child that must not go on as its parent
        traceback.print_exc()
        os._exit(2)


def without_each(guards: Sequence[Guard], tests: Sequence[str]) -> dict[str, bool]:
    """Whether each of ``guards`` is missed by ``tests``; nothing where these do not pass as the code is."""
    words = [each for each in tests if not each.endswith(".py")]
    options = [
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-m",
        "",
        "--durations",
        "0",
        *(["-k", *words] if words else []),
    ]
    loop = Loop(guards)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        files = [each for each in tests if each.endswith(".py")]
        pytest.main([*options, "--basetemp", folder, *files], plugins=[loop])
    return loop.missed


def main() -> None:
    from ledger import Ledger

    ledger, words = Ledger("guards"), sys.argv[1:]
    os.chdir(ROOT)
    importlib.import_module(PACKAGE + "ui.shell")  # once for all processes
    asked = [guard for guard in GUARDS if not words or any(word in guard.name for word in words)]
    open = [guard for guard in asked if words or not ledger.knows(guard=guard.name, missed=True)]
    for tests in dict.fromkeys(guard.tests for guard in open):
        begun, guards = time.monotonic(), [guard for guard in open if guard.tests == tests]
        with ProcessPoolExecutor(1, get_context("fork")) as process:  # what one file leaves behind is not for the next
            found = process.submit(without_each, guards, tests).result()
        seconds = round((time.monotonic() - begun) / len(guards), 1)
        for guard in guards:
            missed = found.get(guard.name, False)
            ledger.append({"guard": guard.name, "missed": missed, "tests": list(tests), "seconds": seconds})
        if not found:
            print(f"{tests} do not pass as the code is")
    unnoticed = [guard.name for guard in asked if not ledger.knows(guard=guard.name, missed=True)]
    print(f"{len(asked) - len(unnoticed)} of {len(asked)} guards are missed", *unnoticed, sep="\n  ")
    sys.exit(bool(unnoticed))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
