"""A part that takes a while is computed step by step, once, and goes on where it was stopped."""

import shutil
from pathlib import Path
from threading import Event

import pytest
from waiting import wait_for

from resnet_studio.api.reports import compute_parts
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.evaluation import run_report, slow_parts
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.slow_parts import SlowPart, Step
from resnet_studio.service.analyses import Analyses
from resnet_studio.service.run_data import RunData
from resnet_studio.stepwise import result_of
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

OLD = Path(__file__).parent.parent / "fixtures" / "runs-of-version-1" / "finished"


class Squares(SlowPart):
    name = "squares"

    def __init__(self):
        self.computed, self.broken, self.hold = [], False, None

    def steps(self, report, progress):
        found = []
        for at in range(4):
            yield Step(at, 4)
            if self.hold is not None:
                self.hold.wait(20)
            if self.broken and at == 2:
                raise RunError("error.run.no_name")
            value = progress.load(str(at))
            if value is None:
                self.computed.append(at)
                value = at * at
                progress.save(str(at), value)
            found.append(value)
        return found

    def to_json(self, value):
        return value

    def from_json(self, stored):
        return list(stored)


@pytest.fixture
def run(tmp_path):
    return Run(Path(shutil.copytree(OLD, tmp_path / "workspace" / "runs" / OLD.name)))


@pytest.fixture
def squares(monkeypatch):
    part = Squares()
    monkeypatch.setattr(run_report, "PARTS", (*run_report.PARTS, part))
    return part


def wait(analysis):
    wait_for(lambda: not analysis.active)
    return analysis


def test_it_is_computed_once_and_its_steps_are_forgotten_then(run, squares):
    assert [step.done for step in slow_parts.update(RunReport(run), squares)] == [0, 1, 2, 3]
    assert squares.load(RunReport(run)) == [0, 1, 4, 9]
    assert list(slow_parts.update(RunReport(run), squares)) == []
    assert squares.computed == [0, 1, 2, 3]
    assert not list(run.folder.glob("*.partial"))


def test_what_was_computed_before_a_stop_is_not_computed_again(run, squares):
    steps = slow_parts.update(RunReport(run), squares)
    next(steps), next(steps), next(steps)
    steps.close()
    assert squares.computed == [0, 1]
    assert result_of(slow_parts.update(RunReport(run), squares)) == [0, 1, 4, 9]
    assert squares.computed == [0, 1, 2, 3]


def test_steps_of_other_scores_or_damaged_ones_are_computed_again(run, squares):
    steps = slow_parts.update(RunReport(run), squares)
    next(steps), next(steps), next(steps)
    (squares.progress(RunReport(run)).folder / "0.json").write_text("{")
    run.report_file.write_text(run.report_file.read_text() + " ")
    assert result_of(slow_parts.update(RunReport(run), squares)) == [0, 1, 4, 9]
    assert squares.computed == [0, 1, 0, 1, 2, 3]


def test_a_page_sees_it_once_it_was_asked_for(run, squares):
    data = RunData(Workspace.open(run.folder.parent.parent))
    assert data.part(run, squares) is None and squares.computed == []
    analysis = wait(Analyses().begin(run, squares))
    assert (analysis.state, analysis.found) == ("done", True)
    assert data.part(run, squares) == [0, 1, 4, 9]


def test_one_that_is_stopped_in_the_background_goes_on_later(run, squares):
    analyses, squares.hold = Analyses(), Event()
    begun = analyses.begin(run, squares)
    assert analyses.begin(run, squares) is begun
    analyses.stop(run, squares)
    squares.hold.set()
    assert wait(begun).state == "stopped" and squares.computed in ([], [0])
    assert wait(analyses.begin(run, squares)).state == "done"


def test_what_fails_in_the_background_says_why(run, squares):
    squares.broken = True
    failed = wait(Analyses().begin(run, squares))
    assert (failed.state, failed.error.key) == ("failed", "error.run.no_name")
    assert squares.computed == [0, 1]


def test_a_deleted_run_does_not_come_back(run, squares):
    steps = slow_parts.update(RunReport(run), squares)
    next(steps)
    shutil.rmtree(run.folder)
    with pytest.raises(OSError):
        result_of(steps)
    assert not run.folder.exists()


def test_the_report_computes_what_is_asked_for(run, squares):
    said = []
    compute_parts(run, "none")
    assert squares.load(RunReport(run)) is None
    with pytest.raises(ConfigError, match="squares"):
        compute_parts(run, "circles")
    compute_parts(run, "squares", on_step=lambda *step: said.append(step))
    assert said[0] == ("squares", 0, 4) and run_report.to_json(RunReport(run))["squares"] == [0, 1, 4, 9]
