"""What the server keeps of each page that was opened: what differs from a new page, of the pages used last.

Gradio keeps the configuration of the whole page for each, 450 KB that take 70 ms to make, for up to 10,000 pages: for
links to a page as it is, which the studio has not got. A class opens so many in a term.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from gradio.blocks import Blocks
from gradio.state_holder import SessionState, StateHolder
from starlette.applications import Starlette

MOST = 1_000
"""Pages; one that was used longer ago and is still open is answered like a new one."""


class PageState(SessionState):
    """The values of one page that only the server has, and the components that handlers have changed in it."""

    def __init__(self, blocks: Blocks) -> None:
        nothing_listed = SimpleNamespace(default_config=blocks.default_config, blocks=())
        super().__init__(cast(Any, nothing_listed))

    def _update_config(self, key: int) -> None:
        """Nothing is kept for links."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing is kept for links."""


class Sessions(StateHolder):
    """The pages; the one that was not used for the longest time is forgotten."""

    def __init__(self, blocks: Blocks, most: int = MOST) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(blocks)
        self.capacity = most

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = PageState(self.blocks)
        return super().__getitem__(session_id)


def keep_few(app: Starlette, blocks: Blocks) -> None:
    """Let the page ``blocks``, which is mounted in ``app``, keep its sessions so."""
    for route in app.routes:
        page = getattr(route, "app", None)
        if getattr(page, "blocks", None) is blocks:
            cast(Any, page).state_holder = Sessions(blocks)
