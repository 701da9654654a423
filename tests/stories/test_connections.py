"""Slack refreshes connections, cuts them, and sends over any of several: no request is lost and none counts twice."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bot.sandbox.faults import Fault
from tests.stories.harbor import Harbor, harbor
from tests.stories.waiting import REQUEST, asks, comes, failures, requests, so_many

pytestmark = pytest.mark.usefixtures("hurried")


def methods(office: Harbor, name: str) -> int:
    """How often a method of the Web API was called."""
    return sum(method == name for method, _ in office.town.api.calls)


async def test_a_connection_that_is_refreshed_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Requests come in while Slack warns, opens and closes, twice. What crosses with its goodbye it sends again."""
    async with harbor(tmp_path, ack_seconds=2, retry_seconds=(0.1, 0.3)) as office:
        await office.calm()
        read = methods(office, "conversations.history")
        stood: list[int] = []
        for refresh in range(2):
            await office.town.socket.disconnect("warning", seconds=0.15)
            for number in range(15):
                await asks(office, 30000 + 37 * (15 * refresh + number))
                await asyncio.sleep(0.01)
                stood.append(office.town.socket.connections)
            await office.until(lambda: office.town.socket.connections == 1)
        await office.town.slack.settled()
        assert office.town.delivery.undelivered == []
        assert await so_many(office, 30)
        await office.calm()
        assert len({item.text for item in await requests(office)}) == len(await requests(office)) == 30
        assert min(stood) >= 1, "there was no gap"
        assert max(stood) == 2, "and for a while there were two"
        assert methods(office, "conversations.history") == read, "so nothing had to be looked for"
        assert not await failures(office)


async def test_what_was_said_while_the_line_was_cut_is_caught_up_with(tmp_path: Path) -> None:
    """Slack refuses a new connection for a while, and has given up on what was said in between."""
    async with harbor(tmp_path, retry_seconds=()) as office:
        root = await asks(office, 31000)
        await office.calm()
        office.town.faults.order("apps.connections.open", Fault(kind="server_error"), times=3)
        await office.town.socket.drop()
        await asks(office, 31037)
        await office.town.slack.says("dana", "#refunds", "the receipt is with Finn", thread=root)
        await office.town.slack.edits("dana", "#refunds", root["ts"], REQUEST.format(31000) + ", twice")
        await office.town.slack.settled()
        assert len(office.town.delivery.undelivered) == 3
        await comes(partial(so_many, office, 2))
        await office.calm()
        (first,) = [item for item in await requests(office) if "31000" in item.text]
        assert first.text.endswith("twice")
        assert len(await requests(office)) == 2
        assert not await failures(office)


async def test_payloads_over_several_connections_are_all_answered(tmp_path: Path) -> None:
    """While two connections stand, Slack takes turns; a command that comes on either is answered."""
    async with harbor(tmp_path) as office:
        await office.town.socket.disconnect("warning", seconds=1)
        await office.until(lambda: office.town.socket.connections == 2)
        for number in range(6):
            answer = await office.town.slack.types("dana", f"/docket new refund ORD-{32000 + 37 * number} $45")
            assert not answer.error
        await comes(partial(so_many, office, 6))


async def test_socket_mode_that_was_switched_off_is_one_exception_that_ends(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await office.calm()
        office.town.faults.order("apps.connections.open", Fault(kind="error", error="not_allowed"), times=1000)
        await office.town.socket.disconnect("link_disabled")
        (failure,) = await comes(lambda: failures(office))
        assert "Socket Mode was switched off" in failure.text
        office.town.faults._orders.clear()

        async def over() -> bool:
            return not await failures(office)

        assert await comes(over)
