"""What the searches on the Train tab share: the fields of the form, and the wait for what is found."""

from __future__ import annotations

from typing import Any

from waiting import wait_for

from resnet_studio.ui.train import form

FORM = [form.defaults()[name] for name in form.NAMES]


def ended(handlers: Any, dataset: str) -> list[Any]:
    """What is shown for ``dataset`` once its search is over."""
    wait_for(lambda: not handlers.look(dataset)[3].active)
    return list(handlers.look(dataset))
