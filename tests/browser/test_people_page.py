"""A class in the browser: two pupils at once, each with their own, and their teacher."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made
import pytest
from conftest import Server, serving  # those of this folder
from hand_made import finish, new_run, report_of, train

from resnet_studio.acting import acting_as
from resnet_studio.data import intake
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.store import People
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"


class Class:
    """A server with a teacher, and pages that nobody has signed in at."""

    def __init__(self, browser: Any, server: Server, accounts: Accounts) -> None:
        self.browser, self.server, self.accounts = browser, server, accounts
        self.workspace = Workspace(server.workspace)
        self.requests: list[str] = []

    def page(self, language: str = "en-US") -> Any:
        page = self.browser.new_context(locale=language).new_page()
        page.set_default_timeout(90_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(self.server.address)
        return page

    def joined(self, name: str, pictures: tuple[str, ...]) -> Any:
        """The page of a pupil who has opened the address of the QR code."""
        page = self.page()
        page.goto(f"{self.server.address}#join={self.accounts.join_code}")
        form = page.locator("form[data-form=join]")
        form.locator("[name=name]").fill(name)
        for picture in pictures:
            form.locator(f"[data-picture={picture}]").click()
        form.locator(".people-primary").click()
        page.locator(".rs-person").get_by_text(name).wait_for()
        return page


@pytest.fixture(scope="module")
def school(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    folder = tmp_path_factory.mktemp("school")
    accounts = Accounts(People(Workspace.open(folder / "workspace").root))
    accounts.add(None, "Ms Lovelace", "teacher", PASSWORD)
    accounts.add(None, "Root", "administrator", PASSWORD)
    with serving(folder, "--class", "7b") as server:
        yield Class(browser, server, accounts)


def runs_of(page: Any, text: str) -> str:
    """What stands under Runs, once ``text`` does."""
    page.get_by_role("tab", name="Runs").click()
    page.locator("#runs-view").get_by_text(text).first.wait_for()
    return str(page.locator("#runs-view").inner_text())


def test_two_pupils_at_once_each_see_their_own_and_the_teacher_sees_both(school: Class) -> None:
    ada, ben = school.joined("Ada", ("cat", "sun", "boat", "cat")), school.joined("Ben", ("dog", "dog", "moon", "tree"))
    person = school.accounts.people.named("Ada")
    assert person is not None
    with acting_as(person):
        run = new_run(school.workspace, name="adas-run", dataset="adas-set")
    train(run, epochs=3)
    finish(run, report_of(run))

    runs_of(ada, "adas-run")
    ben.reload()
    assert "adas-run" not in runs_of(ben, "No runs yet")
    assert ben.request.get(f"{school.server.address}studio/runs/{run.id}/report.csv").status == 404
    assert ada.request.get(f"{school.server.address}studio/runs/{run.id}/report.csv").status == 200

    teacher = school.page()
    form = teacher.locator("form[data-form=password]")
    teacher.locator("[data-way=password]").click()
    form.locator("[name=name]").fill("ms lovelace")
    form.locator("[name=password]").fill("a wrong password")
    form.locator(".people-primary").click()
    form.locator(".people-problem").get_by_text("do not belong together").wait_for()
    form.locator("[name=password]").fill(PASSWORD)
    form.locator(".people-primary").click()
    teacher.locator(".rs-person").get_by_text("Ms Lovelace").wait_for()
    assert "by Ada" in runs_of(teacher, "adas-run")

    teacher.goto(f"{school.server.address}studio/people/class")
    assert school.accounts.join_code in teacher.locator("main").inner_text()
    assert teacher.locator(".people-qr svg").is_visible()
    teacher.locator("li", has_text="Ben").get_by_role("button", name="New pictures").click()
    teacher.locator("[data-shown-secret] svg").nth(3).wait_for()

    ben.reload()  # signed out by the reset
    ben.locator("form[data-form=pictures]").wait_for(state="attached")

    ada.locator(".rs-person").click()
    ada.get_by_role("button", name="Sign out", exact=True).click()
    ada.locator("[data-way=pictures]").click()
    assert ada.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('studio-run'))") == []
    ada.go_back()
    ada.locator("form[data-form=pictures]").wait_for(state="attached")
    assert "adas-run" not in ada.content()
    outside = [url for url in school.requests if not url.startswith((school.server.address, "data:", "blob:"))]
    assert outside == []


@pytest.mark.long
def test_a_lesson_the_class_looks_up_and_a_pupil_submits_to_a_leaderboard_on_a_sealed_set(
    school: Class, tmp_path: Path
) -> None:
    pupil = school.joined("Cem", ("fish", "sun", "boat", "moon"))
    person = school.accounts.people.named("Cem")
    assert person is not None
    with acting_as(person):
        run = new_run(school.workspace, name="cems-run", classes=("cat", "dog"), dataset="cems-set")
    train(run, epochs=3)
    finish(run, report_of(run))
    card = Card(classes=("cat", "dog"), depth=18, preprocessing=Preprocessing(resize=36, crop=32), run=run.id)
    checkpoint.save(run.best, resnet.build(18, 2, seed=1).state_dict(), card)
    intake.from_zip(made.zipped(tmp_path / "sealed.zip", made.class_files({"cat": 4, "dog": 4})), school.workspace)

    teacher = school.page()
    teacher.locator("[data-way=password]").click()
    form = teacher.locator("form[data-form=password]")
    form.locator("[name=name]").fill("Ms Lovelace")
    form.locator("[name=password]").fill(PASSWORD)
    form.locator(".people-primary").click()
    teacher.locator(".rs-people-link").click()
    row = teacher.locator(".people-pupils > li", has_text="Cem")
    assert "here" in row.inner_text() and row.locator("svg").is_visible()
    teacher.get_by_label("Look here").fill("Look at the board <b>now</b>")
    teacher.get_by_role("button", name="Switch training off").click()
    pupil.locator(".rs-look").get_by_text("Look at the board <b>now</b>").wait_for()
    assert pupil.locator("body.rs-held").count() == 1
    teacher.get_by_role("button", name="Switch training on again").click()
    pupil.locator(".rs-look").wait_for(state="detached")

    teacher.locator(".people-nav").get_by_text("Leaderboards").click()
    teacher.get_by_label("Name", exact=True).fill("Animals")
    teacher.get_by_role("button", name="Seal and make").click()
    teacher.get_by_role("heading", name="Animals").wait_for()
    pupil.locator(".rs-people-link").click()
    pupil.get_by_role("button", name="Submit").click()
    pupil.locator(".people-own").get_by_text("Cem").wait_for()
    teacher.locator(".people-board").get_by_text("Cem", exact=True).wait_for()
    teacher.once("dialog", lambda dialog: dialog.accept())
    teacher.get_by_role("button", name="Reveal the labels").click()
    pupil.get_by_text("handed out to the class").wait_for()
    assert pupil.get_by_role("button", name="Submit").count() == 0
