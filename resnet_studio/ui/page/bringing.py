"""Who brings a data set in is written down: they may change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from resnet_studio.data import brought, library
from resnet_studio.errors import StudioError
from resnet_studio.service.editor import NotYoursError
from resnet_studio.service.quota import Usage
from resnet_studio.ui.page.context import Studio, reader_is_at_machine, sentence_for
from resnet_studio.ui.page.ownership import started_by, this_browser
from resnet_studio.upkeep import audit

if TYPE_CHECKING:
    from resnet_studio.data.choices import Purpose
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.ui.page.folder_picker import Picked

NOTHING = Usage()
Progress = Callable[[int, int], None]
Work = Callable[[Progress], "Dataset"]


def brought_in(studio: Studio, work: Work, coming: Usage = NOTHING) -> Work:
    """``work``, after which the browser whose event is being handled may change the data set that came of it; what is
    probably ``coming`` is reserved meanwhile.

    Raises :class:`StudioError`, now or in the course of it, where that is more than they may have.
    """
    browser = this_browser()
    by = started_by(browser) if browser else ""
    studio.quota.check(by, coming.pictures, coming.bytes)

    def done(progress: Progress) -> Dataset:
        before = {item.id for item in library.list_datasets(studio.workspace)}
        with studio.quota.reserved(by, coming):
            dataset = work(progress)
        brought.record(studio.workspace, dataset.id, by)  # first, since only whose it is may take it away again
        with studio.quota.finishing():
            try:
                if dataset.id not in before:
                    studio.quota.check(by)
            except StudioError:
                library.delete(studio.workspace, dataset.id)
                raise
        studio.quota.forget()
        audit.record(studio.workspace, by or "page", "dataset.open", dataset.id)
        return dataset

    return done


def brought_in_again(studio: Studio, id: str, work: Work) -> Work:
    """The same for ``work`` that reads the data set ``id`` in another way: that does not make it anybody else's."""
    own = brought.may_change(studio.workspace, id, started_by(this_browser()))
    return brought_in(studio, work) if own else work


def check_own(studio: Studio, id: str) -> None:
    """Raise :class:`NotYoursError` where the browser whose event is being handled may not change or delete ``id``."""
    studio.editor.check(id, started_by(this_browser()), local=reader_is_at_machine(studio))


def refusal(studio: Studio, id: str) -> str:
    """Why the browser whose event is being handled may not change ``id``; empty where it may."""
    try:
        check_own(studio, id)
    except NotYoursError as error:
        return sentence_for(error)
    return ""


def open_sample(studio: Studio, name: str) -> Dataset:
    """The built-in sample called ``name``, at once."""
    from resnet_studio.data import opening

    return brought_in(studio, lambda _: opening.open_data(f"sample:{name}", studio.workspace))(lambda *_: None)


def take_in(picked: Picked, studio: Studio, progress: Progress, purpose: Purpose = "look") -> Dataset:
    """Copy what was uploaded into the workspace as a data set for that ``purpose``.

    The uploaded files stay until they are cleaned up by their age: equal files of two people are one file here.
    """
    from resnet_studio.data import intake

    if picked.archive:
        return intake.from_zip(picked.archive, studio.workspace, name=picked.name, purpose=purpose, progress=progress)
    return intake.from_picked(
        picked.files, studio.workspace, name=picked.name, inside=studio.workspace.temporary, purpose=purpose,
        progress=progress,
    )  # fmt: skip
