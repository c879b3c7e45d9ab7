"""A server that nobody uses rests, and is awake as soon as somebody does something."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from resnet_studio.ui.page import idling
from resnet_studio.ui.page.idling import BUSY_SECONDS, IDLE_SECONDS, Idling


def run(coroutine):
    """In a thread of its own, as this one may have a loop that runs."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


async def nothing(scope, receive, send):
    pass


@pytest.mark.parametrize("path", idling.WAITING)
def test_what_an_open_page_waits_for_does_not_wake_the_server(path):
    queue = SimpleNamespace()
    run(Idling(nothing, queue)({"type": "http", "path": path}, None, None))
    assert queue.sleep_when_free == IDLE_SECONDS


def test_whatever_somebody_does_wakes_it_and_a_while_later_it_rests(monkeypatch):
    queue = SimpleNamespace()

    async def used():
        page = Idling(nothing, queue)
        await page({"type": "http", "path": "/gradio_api/queue/join"}, None, None)
        awake = queue.sleep_when_free
        monkeypatch.setattr(idling, "AWAKE_SECONDS", 0)
        await page({"type": "http", "path": "/"}, None, None)
        async with asyncio.timeout(60):
            while queue.sleep_when_free != IDLE_SECONDS:
                await asyncio.sleep(0)
        return awake

    assert run(used()) == BUSY_SECONDS
