"""People, sessions, the brake, classes: what the file keeps and what it lets in."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from resnet_studio.acting import STUDIO, NotAllowedError, Thing
from resnet_studio.errors import StudioError
from resnet_studio.service.people import schema, secrets_of
from resnet_studio.service.people.accounts import Accounts, BrakedError
from resnet_studio.service.people.brake import ADDRESS, NAME, at_address
from resnet_studio.service.people.rules import NOBODY, may
from resnet_studio.service.people.store import PUPIL_SESSIONS, STAFF_SESSIONS, People

PASSWORD, OTHER = "correct horse battery", "staple of another kind"
PICTURES = ("cat", "sun", "cat", "boat")
HOME = "192.0.2.7"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    """With hashes that cost nothing."""
    monkeypatch.setattr(secrets_of, "hashed", lambda secret: f"hash of {secret}")
    monkeypatch.setattr(secrets_of, "verify", lambda secret, kept: kept == f"hash of {secret}")
    return Accounts(People(tmp_path, clock))


def test_the_rule() -> None:
    mine, theirs = Thing("run", owners=frozenset({"a"})), Thing("run", owners=frozenset({"b"}))
    shared, old = Thing("dataset", owners=frozenset({"b"}), shared=True), Thing("run")
    assert [may("pupil", "a", do, mine) for do in ("see", "change", "delete", "share", "manage")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert not any(may("pupil", "a", do, each) for do in ("see", "change", "delete") for each in (theirs, old))
    assert may("pupil", "a", "see", shared) and not may("pupil", "a", "change", shared)
    assert all(may("teacher", "t", do, each) for do in ("see", "change", "delete", "share") for each in (theirs, old))
    assert not may("pupil", "a", "manage", STUDIO) and may("teacher", "t", "manage", STUDIO)
    assert not any(NOBODY.may(do, each) for do in ("see", "change") for each in (mine, shared, old))
    assert not may("pupil", "", "see", Thing("run", owners=frozenset({""})))


def test_real_hashes_are_argon2id_and_take_as_long_for_nobody() -> None:
    kept = secrets_of.hashed(PASSWORD)
    assert kept.startswith("$argon2id$") and secrets_of.verify(PASSWORD, kept)
    assert (
        not secrets_of.verify(OTHER, kept)
        and not secrets_of.verify(PASSWORD, "")
        and not secrets_of.verify("\ud800", kept)
    )
    assert secrets_of.verify("e\u0301" * 10, secrets_of.hashed("\u00e9" * 10))


def test_the_file_is_for_the_user_of_the_server_alone(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add(None, "Ms Lovelace", "teacher", PASSWORD)
    for path in tmp_path.glob("accounts.sqlite3*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    token = accounts.sign_in("ms  LOVELACE", PASSWORD, HOME)[1]
    accounts.people.close()
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.sqlite3*"))
    assert token.encode() not in everything


def test_a_file_of_a_newer_version_is_refused_and_a_damaged_one_too(tmp_path: Path) -> None:
    People(tmp_path).close()
    with sqlite3.connect(tmp_path / schema.FILE) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StudioError, match="newer version"):
        People(tmp_path)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / schema.FILE).write_bytes(b"no database at all, and longer than a header" * 99)
    with pytest.raises(StudioError, match="damaged"):
        People(tmp_path / "damaged")


def test_a_migration_brings_an_older_file_on_once_and_keeps_what_is_in_it(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    accounts.people.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "ALTER TABLE people ADD COLUMN seen REAL;"))
    opened: list[People] = []
    threads = [threading.Thread(target=lambda: opened.append(People(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.all()[0].name for each in opened] == ["Ada"] * 4


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    People(tmp_path).close()
    broken = "CREATE TABLE halfway (x); CREATE TABLE people (again);"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(StudioError):
        People(tmp_path)
    with sqlite3.connect(tmp_path / schema.FILE) as database:
        assert schema.version_of(database) == len(schema.MIGRATIONS) - 1
        assert not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'halfway'").fetchone()


def test_names_are_unique_however_they_are_written(accounts: Accounts) -> None:
    first = accounts.add(None, "Zoë Müller", "pupil", PASSWORD).person
    for alike in ("zoë müller", "  Zoë   MÜLLER ", "Zoe\u0308 Mu\u0308ller"):
        with pytest.raises(StudioError, match="called"):
            accounts.add(None, alike, "pupil")
    accounts.remove(None, first)
    assert accounts.add(None, "Zoë Müller", "pupil", PASSWORD).person.id != first.id
    for odd in ("", " ", "\u202e\u202d", "x" * 41, "!!!"):
        with pytest.raises(StudioError):
            accounts.add(None, odd, "pupil")


def test_names_that_look_the_same_are_not_two_people(accounts: Accounts) -> None:
    for name in ("Anna Ito", "ИВАН", "Ilse"):
        accounts.add(None, name, "pupil")
    for alike in ("\u0410nna Ito", "An\u200dna Ito", "Anna\ufe0f Ito", "AnnaIto", "llse"):
        with pytest.raises(StudioError, match="called"):
            accounts.add(None, alike, "pupil")
    for odd in ("\u3164", "\u115f\u1160", "Z" + "\u0489" * 3 + "\u0301" * 9):
        with pytest.raises(StudioError, match="name"):
            accounts.add(None, odd, "pupil")
    for apart in ("Anna Itō", "ИВАНА", "שָׁלוֹם", "Nguyễn", "अन्ना"):
        accounts.add(None, apart, "pupil")
    assert accounts.through_proxy("\u0410nna Ito")  # the proxy has looked at who they are


def test_wrong_names_and_wrong_passwords_get_the_same_sentence(accounts: Accounts) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    said = set()
    for name, password in (("Ada", OTHER), ("Nobody", PASSWORD), ("Ada", ""), ("", ""), ("\ud800", "\ud800")):
        with pytest.raises(NotAllowedError) as error:
            accounts.sign_in(name, password, HOME)
        said.add(str(error.value))
    assert len(said) == 1


def test_guesses_at_a_name_get_slower_whether_anybody_has_it(accounts: Accounts, clock: Clock) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    for name in ("Ada", "Nobody"):
        for _ in range(NAME.free):
            with pytest.raises(NotAllowedError):
                accounts.sign_in(name, OTHER, HOME)
        waits = []
        for _ in range(10):
            with pytest.raises(BrakedError) as error:
                accounts.sign_in(name, PASSWORD, HOME)
            waits.append(error.value.values["seconds"])
            clock.now += float(str(waits[-1])) + 1
            with pytest.raises(NotAllowedError):
                accounts.sign_in(name, OTHER, HOME)
        assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    clock.now += 901
    assert accounts.sign_in("Ada", PASSWORD, HOME)[0].name == "Ada"
    with pytest.raises(NotAllowedError):  # and the count begins anew
        accounts.sign_in("Ada", OTHER, HOME)


def test_guesses_elsewhere_do_not_lock_out_whose_name_it_is(accounts: Accounts) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    accounts.sign_in("Ada", PASSWORD, HOME, "her own device")

    def guesses(address: str, count: int) -> None:
        for _ in range(count):
            with pytest.raises(NotAllowedError):
                accounts.sign_in("Ada", OTHER, address, "another device")

    guesses("198.51.100.1", NAME.free)
    with pytest.raises(BrakedError):
        accounts.sign_in("Ada", PASSWORD, "198.51.100.1", "another device")
    assert accounts.sign_in("Ada", PASSWORD, HOME)
    for at in range(2, 9):
        guesses(f"198.51.100.{at}", 4 if at < 8 else 1)
    with pytest.raises(BrakedError):  # from many addresses: also from one that guessed nothing
        accounts.sign_in("Ada", PASSWORD, "198.51.100.99")
    for _ in range(3):  # at her own device, behind the very address of who guesses too
        assert accounts.sign_in("Ada", PASSWORD, "198.51.100.1", "her own device")


def test_a_device_is_known_for_whom_it_signed_in_alone_and_has_no_endless_allowance(accounts: Accounts) -> None:
    for name in ("Ada", "Bob"):
        accounts.add(None, name, "teacher", PASSWORD)
    accounts.sign_in("Bob", PASSWORD, HOME, "bobs")
    for _ in range(NAME.free):
        with pytest.raises(NotAllowedError):
            accounts.sign_in("Ada", OTHER, HOME, "bobs")
    with pytest.raises(BrakedError):
        accounts.sign_in("Ada", PASSWORD, HOME, "bobs")
    for _ in range(NAME.free):
        with pytest.raises(NotAllowedError):
            accounts.sign_in("Bob", OTHER, HOME, "bobs")
    with pytest.raises(BrakedError):
        accounts.sign_in("Bob", PASSWORD, HOME, "bobs")


def test_a_new_password_ends_all_waiting(accounts: Accounts) -> None:
    ada = accounts.add(None, "Ada", "teacher", PASSWORD).person
    for address in (HOME, "198.51.100.1"):
        for _ in range(NAME.free):
            with pytest.raises(NotAllowedError):
                accounts.sign_in("Ada", OTHER, address)
    accounts.reset(None, ada, OTHER)
    assert accounts.sign_in("Ada", OTHER, HOME) and accounts.sign_in("Ada", OTHER, "198.51.100.1")


def test_attempts_are_counted_before_they_are_looked_at(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    ready = threading.Barrier(20)
    refused: list[str] = []

    def guess() -> None:
        ready.wait()
        try:
            accounts.sign_in("Ada", OTHER, HOME)
        except StudioError as error:
            refused.append(error.key)

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused.count("error.people.wrong") == NAME.free


def test_an_address_that_tries_many_names_is_braked_and_a_class_behind_it_is_not(accounts: Accounts) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    for _ in range(3 * ADDRESS.free):  # right ones do not count
        accounts.sign_in("Ada", PASSWORD, HOME)
    for number in range(ADDRESS.free):
        with pytest.raises(NotAllowedError):
            accounts.sign_in(f"name {number}", OTHER, HOME)
    with pytest.raises(BrakedError):
        accounts.sign_in("Ada", PASSWORD, HOME)
    assert accounts.sign_in("Ada", PASSWORD, "198.51.100.9")
    assert at_address("2001:db8:1:2::5") == at_address("2001:db8:1:2:ffff::9") != at_address("2001:db8:1:3::5")
    assert at_address("::ffff:192.0.2.7") == at_address("192.0.2.7")


def test_a_session_ends_idle_and_at_last(accounts: Accounts, clock: Clock) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    for lasting in (STAFF_SESSIONS.idle, STAFF_SESSIONS.most):
        token, begun = accounts.sign_in("Ada", PASSWORD, HOME)[1], clock.now
        while clock.now - begun + STAFF_SESSIONS.idle / 2 < lasting and lasting == STAFF_SESSIONS.most:
            clock.now += STAFF_SESSIONS.idle / 2
            assert accounts.people.session(token)
        clock.now = begun + lasting + 1
        assert accounts.people.session(token) is None
    assert accounts.people.session("") is None and accounts.people.session("\ud800") is None
    assert PUPIL_SESSIONS.idle < STAFF_SESSIONS.idle


def test_a_page_left_open_keeps_nobody_signed_in(accounts: Accounts, clock: Clock) -> None:
    accounts.add(None, "Ada", "teacher", PASSWORD)
    token = accounts.sign_in("Ada", PASSWORD, HOME)[1]
    for _ in range(5):
        clock.now += STAFF_SESSIONS.idle / 4
        found = accounts.people.session(token, touch=False)
    assert found is None


def test_sessions_end_with_a_new_password_a_reset_a_role_and_the_person(accounts: Accounts) -> None:
    ada = accounts.add(None, "Ada", "teacher", PASSWORD).person
    accounts.add(None, "Root", "administrator", PASSWORD)

    def open_one(password: str = PASSWORD) -> str:
        return accounts.sign_in("Ada", password, HOME)[1]

    first, second = open_one(), open_one()
    fresh = accounts.change(ada, PASSWORD, OTHER, HOME)
    assert [bool(accounts.people.session(each)) for each in (first, second, fresh)] == [False, False, True]
    given = accounts.reset(None, ada)
    assert accounts.people.session(fresh) is None
    token = open_one(given.password)
    accounts.set_role(None, ada, "pupil")
    assert accounts.people.session(token) is None
    token = open_one(given.password)
    accounts.remove(None, ada)
    assert accounts.people.session(token) is None


def test_a_password_that_was_given_has_to_be_changed(accounts: Accounts) -> None:
    given = accounts.add(None, "Ada", "teacher")
    person, _ = accounts.sign_in("Ada", given.password, HOME)
    assert person.must_change
    for bad in ("short", "a" * 20, given.password, "x" * 201):
        with pytest.raises(StudioError):
            accounts.change(person, given.password, bad, HOME)
    with pytest.raises(NotAllowedError):
        accounts.change(person, OTHER, PASSWORD, HOME)
    accounts.change(person, given.password, PASSWORD, HOME)
    assert not accounts.sign_in("Ada", PASSWORD, HOME)[0].must_change


def test_the_first_administrator_needs_the_link_and_is_made_once(accounts: Accounts) -> None:
    old, token = accounts.invite_first(), accounts.invite_first()
    for wrong in (old, "", "x"):
        with pytest.raises(NotAllowedError):
            accounts.make_first(wrong, "Root", PASSWORD, HOME)
    with pytest.raises(StudioError):
        accounts.make_first(token, "Root", "short", HOME)
    assert accounts.make_first(token, "Root", PASSWORD, HOME)[0].role == "administrator"
    with pytest.raises(NotAllowedError):
        accounts.make_first(token, "Again", PASSWORD, HOME)


def test_a_pupil_joins_comes_back_and_gets_new_pictures(accounts: Accounts) -> None:
    code = accounts.open_class("7b")
    assert (code, accounts.class_name) == (accounts.open_class(), "7b")
    with pytest.raises(NotAllowedError):
        accounts.join("WRONG1", "Ada", PICTURES, HOME)
    for odd in ((), ("cat",) * 3, ("cat",) * 5, ("cat", "cat", "cat", "dragon"), (1, 2, 3, 4)):
        with pytest.raises(StudioError):
            accounts.join(code, "Ada", odd, HOME)
    person, _ = accounts.join(code.lower(), "Ada", PICTURES, HOME)
    assert (person.role, person.secret) == ("pupil", "pictures")
    with pytest.raises(StudioError, match="called"):
        accounts.join(code, "ada", PICTURES, HOME)
    assert accounts.sign_in("Ada", secrets_of.code_of(PICTURES), HOME)[0] == person
    given = accounts.reset(None, person)
    with pytest.raises(NotAllowedError):
        accounts.sign_in("Ada", secrets_of.code_of(PICTURES), HOME)
    back, _ = accounts.sign_in("Ada", secrets_of.code_of(given.pictures), HOME)
    assert back.must_change
    accounts.change(back, secrets_of.code_of(given.pictures), ("sun", "sun", "moon", "cat"), HOME)


def test_a_closed_class_and_an_old_code_let_nobody_join(accounts: Accounts) -> None:
    code = accounts.open_class()
    accounts.close_class()
    with pytest.raises(NotAllowedError):
        accounts.join(code, "Ada", PICTURES, HOME)
    accounts.open_class()
    assert accounts.renew_code() != code
    with pytest.raises(NotAllowedError):
        accounts.join(code, "Ada", PICTURES, HOME)


def test_guesses_at_the_code_of_a_class_are_braked(accounts: Accounts) -> None:
    accounts.open_class()
    for number in range(ADDRESS.free):
        with pytest.raises(NotAllowedError):
            accounts.join(f"{number}", "Ada", PICTURES, HOME)
    with pytest.raises(BrakedError):
        accounts.join(accounts.join_code, "Ada", PICTURES, HOME)


def test_a_teacher_manages_pupils_and_no_teachers(accounts: Accounts) -> None:
    teacher = accounts.add(None, "Teacher", "teacher", PASSWORD).person
    root = accounts.add(None, "Root", "administrator", PASSWORD).person
    pupil = accounts.add(teacher, "Pupil", "pupil").person
    for forbidden in (
        lambda: accounts.add(teacher, "X", "teacher"), lambda: accounts.reset(teacher, root),
        lambda: accounts.remove(teacher, root), lambda: accounts.set_role(teacher, pupil, "teacher"),
        lambda: accounts.set_role(teacher, teacher, "administrator"), lambda: accounts.add(pupil, "X", "pupil"),
        lambda: accounts.reset(pupil, pupil),
    ):  # fmt: skip
        with pytest.raises(NotAllowedError):
            forbidden()
    for last in (lambda: accounts.remove(root, root), lambda: accounts.set_role(root, root, "pupil")):
        with pytest.raises(StudioError, match="last administrator"):
            last()


def test_names_of_a_proxy_are_apart_from_those_that_somebody_chose(accounts: Accounts) -> None:
    """Else whoever joins a class under a teacher's name would be that teacher for the proxy, or the other way round."""
    code = accounts.open_class()
    joined, _ = accounts.join(code, "h.schmidt", PICTURES, HOME)
    through = accounts.through_proxy("h.schmidt")
    assert through is not None and through.id != joined.id and through.role == "pupil"
    assert accounts.through_proxy("H.Schmidt ") == through
    assert accounts.through_proxy("") is None and accounts.through_proxy("\x00") is None
    with pytest.raises(StudioError, match="proxy"):
        accounts.reset(None, through)
    accounts.people.remove(joined)
    with pytest.raises(NotAllowedError):
        accounts.sign_in("h.schmidt", "", HOME)


def of_many_at_once(folder: Path, work: Callable[[Accounts, int], object]) -> list[str]:
    """What became of ``work`` in five threads, each with a connection of its own, as several programs have."""
    ended: list[str] = []

    def one(number: int) -> None:
        accounts = Accounts(People(folder))
        try:
            work(accounts, number)
            ended.append("done")
        except StudioError as error:
            ended.append(error.key)
        finally:
            accounts.people.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ended)


@pytest.mark.slow
def test_of_many_who_join_with_one_name_at_once_one_gets_it(tmp_path: Path) -> None:
    accounts = Accounts(People(tmp_path))
    code = accounts.open_class("7b")
    pictures = ("cat", "sun", "boat", "cat")
    ended = of_many_at_once(tmp_path, lambda each, number: each.join(code, "Ada", pictures, f"192.0.2.{number}"))
    assert ended == ["done", *["error.people.name_taken"] * 4]
    assert [person.name for person in accounts.people.all()] == ["Ada"]


@pytest.mark.slow
def test_the_link_of_the_first_administrator_makes_one_however_often_it_is_opened_at_once(tmp_path: Path) -> None:
    accounts = Accounts(People(tmp_path))
    token = accounts.invite_first()
    ended = of_many_at_once(
        tmp_path, lambda each, number: each.make_first(token, f"Root {number}", "a long password", f"192.0.2.{number}")
    )
    assert ended == ["done", *["error.people.first_used"] * 4]
    assert len(accounts.people.all()) == 1
