"""Sorted copies of the pictures of prediction jobs into folders of this machine, in the background."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from resnet_studio.errors import StudioError
from resnet_studio.predicting.copies import Copied, copy_into
from resnet_studio.predicting.engine import PredictionProgress
from resnet_studio.predicting.jobs import Job
from resnet_studio.stepwise import result_of


@dataclass
class Copying:
    """Copies of one job on their way into ``folder``: ``done`` of ``total``, then what was ``copied``, or an error."""

    folder: Path
    done: int = 0
    total: int = 0
    copied: Copied | None = None
    error: StudioError | None = None

    @property
    def active(self) -> bool:
        """Whether it is not at its end."""
        return self.copied is None and self.error is None


class Copyings:
    """The last copies of each job that this server made."""

    def __init__(self) -> None:
        self._known: dict[str, Copying] = {}
        self._lock = threading.Lock()

    def get(self, job: Job) -> Copying | None:
        """The last copies of ``job``; None where there are none."""
        return self._known.get(job.id)

    def begin(self, job: Job, folder: Path, *, unsure: str) -> Copying:
        """Begin to copy the pictures of ``job`` into ``folder``, unless that is going on."""
        with self._lock:
            known = self._known.get(job.id)
            if known is not None and known.active:
                return known
            begun = self._known[job.id] = Copying(folder)
        threading.Thread(target=_copy, args=(begun, job, unsure), name="copies", daemon=True).start()
        return begun


def _copy(begun: Copying, job: Job, unsure: str) -> None:
    def at(step: PredictionProgress) -> None:
        begun.done, begun.total = step.done, step.total

    try:
        begun.copied = result_of(copy_into(job, begun.folder, unsure=unsure), at)
    except StudioError as error:
        begun.error = error
    except Exception:
        logging.getLogger(__name__).exception("copies of %s failed", job.id)
        begun.error = StudioError("error.predictions.failed")
