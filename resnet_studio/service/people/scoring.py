"""Scores of submissions: computed in a thread of their own, one after the other, with the studio's own ``evaluate``."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import suppress
from dataclasses import replace

from resnet_studio.acting import acting_as
from resnet_studio.errors import StudioError
from resnet_studio.service.people.boards import Board, Boards, Submission
from resnet_studio.service.people.submissions import NOT_SCORED


def score(boards: Boards, board: Board, submission: Submission, device: str = "auto") -> Submission:
    """``submission`` with its score, written down; where that cannot be, with the reason, and the try does not count.

    The server itself acts: whoever submits must not read the labels.
    """
    from resnet_studio.api.results import evaluate
    from resnet_studio.evaluation.kept_together import evaluated_samples
    from resnet_studio.evaluation.report import unlabelled_classes

    with acting_as(None):
        try:
            dataset = board.opened()
            run = boards.workspace.run(submission.run)
            report = evaluate(run, dataset, workspace=boards.workspace, device=device)
        except StudioError as error:
            done = submission.with_problem(error)
        else:
            answers = {(each.name, each.file): each.predicted == each.true for each in report.pictures}
            aside = unlabelled_classes(dataset.classes, report.classes)
            right = "".join(
                NOT_SCORED if dataset.classes[each.label] in aside else "01"[answers.get((each.name, each.file), False)]
                for each in evaluated_samples(dataset)
            )
            known = report.trained_on is not None and report.chosen_by is not None
            counts = (report.trained_on, report.chosen_by, report.near_seen)
            seen = sum(count or 0 for count in counts) if known else None
            low, high = report.interval
            done = replace(
                submission, status="scored", accuracy=report.accuracy, low=low, high=high, seen=seen, right=right
            )
        board.scored(done)
    return done


class BoardScoring:
    """Scores what waits. What a killed server left waiting is scored by the next one, see :meth:`adopt`."""

    def __init__(self, boards: Boards) -> None:
        self._boards = boards
        self._waiting: queue.SimpleQueue[tuple[str, Submission]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None

    def begin(self, board: Board, submission: Submission) -> None:
        """Score ``submission`` as soon as those before it are done."""
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="leaderboard", daemon=True)
                self._worker.start()
        self._waiting.put((board.id, submission))

    def adopt(self) -> None:
        """Score what waits since an earlier server, and end what it began."""
        with suppress(StudioError, OSError):
            self._boards.finish()
        for board in self._boards.all():
            for each in board.submissions():
                if each.status == "waiting":
                    self.begin(board, each)

    def _work(self) -> None:
        from resnet_studio.training.hardware import lower_priority

        lower_priority()
        while True:
            id, submission = self._waiting.get()
            try:
                score(self._boards, self._boards.find(id), submission)
            except Exception:  # the thread must outlive any one model
                logging.getLogger(__name__).exception("submission %s to %s was not scored", submission.number, id)
                self._give_up(id, submission)

    def _give_up(self, id: str, submission: Submission) -> None:
        try:
            self._boards.find(id).scored(submission.with_problem(StudioError("error.boards.failed")))
        except (StudioError, OSError):
            logging.getLogger(__name__).warning("board %s is gone", id)
