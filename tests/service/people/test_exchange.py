"""The exchange: who may try, attack, judge and see what; what a mischievous pupil cannot do with it."""

from __future__ import annotations

import json
from pathlib import Path

import hand_made
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from resnet_studio import cli
from resnet_studio.acting import NotAllowedError, acting_as
from resnet_studio.batching import Prediction
from resnet_studio.errors import StudioError
from resnet_studio.limits import LimitError, Limits
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.people import clearing
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.exchange import attacks, standings, trying
from resnet_studio.service.people.exchange.attacks import Attack
from resnet_studio.service.people.exchange.entries import Entry, Exchange
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.store import People
from resnet_studio.upkeep import backup, restore
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

CLASSES = ("cat", "dog")
FOOLED = Prediction("dog", 0.9, (("dog", 0.9), ("cat", 0.1)))


def picture(seed: int, side: int = 64) -> Image.Image:
    image = Image.new("RGB", (side, side), (30 + 17 * seed % 200, 90, 60))
    draw = ImageDraw.Draw(image)
    for at in range(4):
        x, y = (seed * 37 + at * 23) % side, (seed * 53 + at * 41) % side
        draw.ellipse((x - 18, y - 10, x + 18, y + 10), fill=((seed * 91 + at * 60) % 256, 200 - 40 * at, 255 - 60 * at))
    return image


class Fair:
    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.workspace = Workspace.open(folder / "workspace")
        self.accounts = Accounts(People(self.workspace.root))
        self.accounts.open_class("7 b")
        add = self.accounts.people.add
        self.teacher = add("T", "teacher", "")
        self.ada, self.bob, self.eve = (add(name, "pupil", "") for name in ("Ada", "Bob", "Eve"))
        self.exchange = Exchange(self.workspace, limits)
        with acting_as(self.teacher):
            self.exchange.set_open(open=True)
        self.run = self.trained(self.ada)
        with acting_as(self.ada):
            self.entry = self.exchange.bring(self.run)

    def trained(self, person: Person) -> Run:
        with acting_as(person):
            run = hand_made.new_run(self.workspace, classes=CLASSES)
        run.best.write_bytes(b"a model")
        return run

    def attack(self, person: Person, seed: int = 1, image: Image.Image | None = None, true: str = "cat") -> Attack:
        with acting_as(person):
            entry = self.exchange.find(self.entry.id)
            return attacks.attack(self.exchange, entry, image or picture(seed), FOOLED, true, f"person:{person.id}")

    def sees(self, person: Person, number: int) -> bool:
        with acting_as(person):
            try:
                return bool(attacks.picture_of(self.entry, attacks.find(self.entry, number)))
            except StudioError:
                return False

    def points(self) -> dict[str, int]:
        every = [(entry, attacks.kept(entry)) for entry in self.exchange.every()]
        return {row.who.removeprefix("person:"): row.points for row in standings.attackers(every)}


@pytest.fixture
def fair(tmp_path: Path) -> Fair:
    return Fair(tmp_path)


def refused(error: pytest.ExceptionInfo[StudioError]) -> str:
    return error.value.key.removeprefix("error.exchange.")


def test_it_is_closed_until_a_teacher_opens_it_and_stops_at_once(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    people = People(workspace.root)
    ada, teacher, exchange = people.add("A", "pupil", ""), people.add("T", "teacher", ""), Exchange(workspace)
    with acting_as(ada), pytest.raises(NotAllowedError):
        exchange.set_open(open=True)
    with acting_as(ada), pytest.raises(StudioError) as error:
        exchange.check_open()
    assert refused(error) == "closed" and not exchange.open
    with acting_as(teacher):
        exchange.set_open(open=True)
    with acting_as(ada):
        exchange.check_open()


def test_others_may_try_a_model_that_its_owner_brought_and_see_nothing_else_of_it(fair: Fair) -> None:
    with acting_as(fair.bob):
        assert [entry.id for entry in fair.exchange.entries()] == [fair.entry.id]
        with pytest.raises(StudioError):
            fair.exchange.bring(fair.run)
    with acting_as(fair.teacher), pytest.raises(NotAllowedError):  # it is the pupil's choice
        fair.exchange.bring(fair.run)
    with acting_as(fair.bob), pytest.raises(NotAllowedError):
        fair.exchange.take_out(fair.entry)
    with acting_as(fair.ada):
        fair.exchange.take_out(fair.entry)
    with acting_as(fair.bob), pytest.raises(StudioError) as error:
        fair.exchange.find(fair.entry.id)
    assert refused(error) == "missing"


def test_when_it_is_stopped_nobody_tries_attacks_or_judges(fair: Fair) -> None:
    fair.attack(fair.bob)
    with acting_as(fair.teacher):
        fair.exchange.set_open(open=False)
    with pytest.raises(StudioError):
        fair.attack(fair.bob, 2)
    with acting_as(fair.bob):
        assert fair.exchange.entries() == []
    with acting_as(fair.ada):
        for act in (
            lambda: attacks.judge(fair.exchange, fair.entry, 1, counts=False),
            lambda: attacks.stick(fair.exchange, fair.entry, "star", "person:x", on=True),
            lambda: trying.answered(fair.exchange, fair.entry, picture(1), lambda _: pytest.fail("was asked")),
        ):
            with pytest.raises(StudioError) as error:
                act()
            assert refused(error) == "closed"


def test_an_attack_counts_once_the_owner_confirms_it_and_the_teacher_has_the_last_word(fair: Fair) -> None:
    made = fair.attack(fair.bob)
    assert fair.points() == {fair.bob.id: 0}
    with acting_as(fair.bob), pytest.raises(NotAllowedError):
        attacks.judge(fair.exchange, fair.entry, made.number, counts=True)
    with acting_as(fair.ada):
        attacks.judge(fair.exchange, fair.entry, made.number, counts=False)
    assert fair.points() == {fair.bob.id: 0}
    with acting_as(fair.teacher):
        attacks.judge(fair.exchange, fair.entry, made.number, counts=True)
    with acting_as(fair.ada), pytest.raises(StudioError) as error:
        attacks.judge(fair.exchange, fair.entry, made.number, counts=False)
    assert refused(error) == "final" and fair.points() == {fair.bob.id: 1}


@pytest.mark.parametrize(
    ("said", "true", "key"),
    [
        (Prediction("cat", 0.9, (("cat", 0.9),)), "cat", "right"),
        (Prediction("dog", 0.9, (("dog", 0.9),), unknown=True), "cat", "unknown"),
        (FOOLED, "a rude word", "class"),
    ],
)
def test_what_fools_nobody_is_no_attack(fair: Fair, said: Prediction, true: str, key: str) -> None:
    with acting_as(fair.bob), pytest.raises(StudioError) as error:
        attacks.attack(fair.exchange, fair.entry, picture(1), said, true, f"person:{fair.bob.id}")
    assert refused(error) == key


def test_nobody_earns_points_on_their_own_model(fair: Fair) -> None:
    with pytest.raises(StudioError) as error:
        fair.attack(fair.ada)
    assert refused(error) == "own"


@pytest.mark.parametrize(
    "again",
    [
        lambda image: image.copy(),
        lambda image: image.resize((200, 200), Image.Resampling.BICUBIC),
        ImageOps.mirror,
        lambda image: ImageEnhance.Brightness(image).enhance(1.15),
        lambda image: image.crop((1, 1, 63, 63)),
    ],
)
def test_the_same_picture_again_is_refused_whoever_sends_it(fair: Fair, again: object) -> None:
    fair.attack(fair.bob)
    with pytest.raises(StudioError) as error:
        fair.attack(fair.eve, image=again(picture(1)))  # type: ignore[operator]
    assert refused(error) == "again"
    assert fair.attack(fair.eve, 2).number == 2


def test_attacks_and_models_and_pictures_are_limited(tmp_path: Path) -> None:
    fair = Fair(tmp_path, Limits(attacks_each=2, attacks_all=3, exchange_models_each=1))
    made = fair.attack(fair.bob, 1)
    with acting_as(fair.bob):
        attacks.remove_picture(fair.exchange, fair.entry, made.number)
    fair.attack(fair.bob, 2)
    with pytest.raises(LimitError) as error:  # one that was taken back counts, else they could be sent without end
        fair.attack(fair.bob, 3)
    assert error.value.limit == "attacks_each"
    fair.attack(fair.eve, 4), fair.attack(fair.eve, 5)
    with acting_as(fair.teacher):
        entry = fair.exchange.find(fair.entry.id)
        with pytest.raises(LimitError) as error:
            attacks.attack(fair.exchange, entry, picture(6), FOOLED, "cat", f"person:{fair.teacher.id}")
    assert error.value.limit == "attacks_all"
    with acting_as(fair.ada), pytest.raises(LimitError) as error:
        fair.exchange.bring(fair.trained(fair.ada))
    assert error.value.limit == "exchange_models_each"


def test_the_picture_is_for_the_attacker_the_owner_and_the_teacher(fair: Fair) -> None:
    made = fair.attack(fair.bob)
    seen = [person.name for person in (fair.ada, fair.bob, fair.eve, fair.teacher) if fair.sees(person, made.number)]
    assert seen == ["Ada", "Bob", "T"]
    with acting_as(fair.eve), pytest.raises(NotAllowedError):  # though she has got hold of the attack itself
        attacks.picture_of(fair.entry, made)


def test_an_owner_hands_a_picture_to_the_teacher_and_is_rid_of_it(fair: Fair) -> None:
    made = fair.attack(fair.bob)
    with acting_as(fair.bob), pytest.raises(NotAllowedError):
        attacks.report(fair.exchange, fair.entry, made.number)
    with acting_as(fair.ada):
        attacks.report(fair.exchange, fair.entry, made.number)
    assert not fair.sees(fair.ada, made.number) and fair.sees(fair.teacher, made.number)
    with acting_as(fair.ada), pytest.raises(StudioError):
        attacks.judge(fair.exchange, fair.entry, made.number, counts=True)
    with acting_as(fair.teacher):
        attacks.remove_picture(fair.exchange, fair.entry, made.number)
    assert not any(fair.sees(person, made.number) for person in (fair.ada, fair.bob, fair.teacher))
    assert not list(fair.exchange.folder.rglob("*.jpg")) and fair.points() == {fair.bob.id: 0}


def test_somebody_else_removes_no_picture(fair: Fair) -> None:
    made = fair.attack(fair.bob)
    for person in (fair.ada, fair.eve):
        with acting_as(person), pytest.raises(StudioError):
            attacks.remove_picture(fair.exchange, fair.entry, made.number)
    assert fair.sees(fair.bob, made.number)


def test_taking_a_model_out_or_deleting_its_run_takes_no_points(fair: Fair) -> None:
    made = fair.attack(fair.bob)
    with acting_as(fair.ada):
        attacks.judge(fair.exchange, fair.entry, made.number, counts=True)
        fair.exchange.take_out(fair.entry)
        again = fair.exchange.bring(fair.run)
    assert again.id == fair.entry.id and fair.points() == {fair.bob.id: 1}
    fair.run.best.unlink()
    with acting_as(fair.bob):
        assert fair.exchange.entries() == []
    assert fair.points() == {fair.bob.id: 1}


def test_who_is_left_out_takes_no_part_and_their_models_are_out_of_sight(fair: Fair) -> None:
    with acting_as(fair.eve), pytest.raises(NotAllowedError):
        fair.exchange.bar(fair.bob.id, barred=True)
    with acting_as(fair.teacher):
        fair.exchange.bar(fair.bob.id, barred=True)
        fair.exchange.bar(fair.ada.id, barred=True)
    with acting_as(fair.eve):
        assert fair.exchange.entries() == []
    with acting_as(fair.teacher):
        fair.exchange.bar(fair.ada.id, barred=False)
    with pytest.raises(StudioError) as error:
        fair.attack(fair.bob)
    assert refused(error) == "barred" and fair.attack(fair.eve).number == 1


def test_stickers_are_of_a_set_and_not_for_ones_own_model(fair: Fair) -> None:
    put = f"person:{fair.bob.id}"
    attacks.stick(fair.exchange, fair.entry, "star", put, on=True)
    attacks.stick(fair.exchange, fair.entry, "star", put, on=True)
    (row,) = standings.models([(fair.entry, attacks.kept(fair.entry))])
    assert dict(row.stickers)["star"] == 1
    attacks.stick(fair.exchange, fair.entry, "star", put, on=False)
    assert not attacks.kept(fair.entry).stickers
    for sticker, who in (("<b>rude</b>", put), ("star", f"person:{fair.ada.id}")):
        with pytest.raises(StudioError):
            attacks.stick(fair.exchange, fair.entry, sticker, who, on=True)


def test_a_picture_is_written_anew_without_what_its_file_said(fair: Fair, tmp_path: Path) -> None:
    loud = picture(3, 900)
    loud.info["comment"] = b"where I live"
    loud.getexif()[0x010E] = "where I live"
    loud.save(tmp_path / "loud.jpg", exif=loud.getexif(), comment=b"where I live")
    made = fair.attack(fair.bob, image=Image.open(tmp_path / "loud.jpg"))
    (file,) = fair.exchange.folder.rglob("*.jpg")
    assert b"where I live" not in file.read_bytes() and max(Image.open(file).size) == 384
    assert fair.sees(fair.bob, made.number)


def test_it_is_in_a_backup_and_goes_with_the_class(fair: Fair, tmp_path: Path) -> None:
    made = fair.attack(fair.bob)
    with acting_as(fair.bob):
        other = fair.exchange.bring(fair.trained(fair.bob))
    attacks.stick(fair.exchange, other, "heart", f"person:{fair.ada.id}", on=True)
    backup.back_up(fair.workspace, tmp_path / "all.zip")
    restore.restore(tmp_path / "all.zip", tmp_path / "again")
    back = Exchange(Workspace.open(tmp_path / "again"))
    assert back.open and attacks.picture_of(back.find(fair.entry.id), made)
    clearing.clear(fair.workspace, fair.accounts, "7 b")
    assert not list(fair.exchange.folder.rglob("*.jpg")) and not fair.exchange.every() and not fair.exchange.open


def test_a_teachers_model_stays_when_the_class_goes_without_what_pupils_did_to_it(fair: Fair) -> None:
    with acting_as(fair.teacher):
        own = fair.exchange.bring(fair.trained(fair.teacher))
    with acting_as(fair.bob):
        attacks.attack(fair.exchange, own, picture(1), FOOLED, "cat", f"person:{fair.bob.id}")
    attacks.stick(fair.exchange, own, "heart", f"person:{fair.bob.id}", on=True)
    clearing.clear(fair.workspace, fair.accounts, "7 b")
    (left,) = fair.exchange.every()
    assert left.id == own.id and attacks.kept(left) == attacks.StoredAttacks()
    assert not list(fair.exchange.folder.rglob("*.jpg"))


def test_a_file_that_makes_no_sense_is_no_model_and_no_attack(fair: Fair) -> None:
    root = fair.entry.root
    (root / "attacks.json").write_text('{"attacks": [1, {"number": "x"}], "stickers": [2]}')
    assert attacks.kept(fair.entry) == attacks.StoredAttacks()
    (root / "attacks.json").write_text("{")
    assert attacks.kept(fair.entry) == attacks.StoredAttacks()
    (root / "model.json").write_text('{"run": "../../x", "number": 1, "classes": [], "owner": "a", "created": 0}')
    assert fair.exchange.every() == []


@pytest.mark.slow
def test_the_command_line_can_all_of_it(fair: Fair, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = Card(classes=CLASSES, depth=18, preprocessing=Preprocessing(resize=36, crop=32), run=fair.run.id)
    checkpoint.save(fair.run.best, resnet.build(18, 2, seed=1).state_dict(), card)
    picture(1).save(tmp_path / "one.png")

    def run(*words: str, code: int = 0) -> dict[str, object]:
        assert cli.main(["exchange", *words, "--workspace", str(fair.workspace.root), "--json"]) == code
        return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))

    said = run("try", "1", str(tmp_path / "one.png"), "--device", "cpu")
    wrong = next(name for name in CLASSES if name != said["label"])
    made = run("attack", "1", str(tmp_path / "one.png"), "--true", wrong, "--as", "Bob", "--device", "cpu")
    assert made["status"] == "waiting" and made["who"] == f"person:{fair.bob.id}"
    run("count", "1", "1")
    run("stick", "1", "rocket", "--as", "Eve")
    found = run("list")
    assert found["people"] == [{"who": f"person:{fair.bob.id}", "person": "Bob", "points": 1, "waiting": 0}]
    (model,) = found["models"]  # type: ignore[misc]
    assert (model["attacks"], model["tries"], model["stickers"]["rocket"]) == (1, 2, 1)
    assert run("delete", "1", "1")["status"] == "removed" and run("close")["open"] is False
    assert run("bar", "Eve")["barred"] is True and "error" in run("count", "1", "x", code=2)


def test_ids_are_not_counted_up(fair: Fair) -> None:
    with acting_as(fair.bob):
        other: Entry = fair.exchange.bring(fair.trained(fair.bob))
    assert other.number == fair.entry.number + 1 and len(other.id) == len(fair.entry.id) == 12
