"""Waiting for what must come of an outage: requests that are taken, the operator's one exception, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rules.items import Item
from tests.stories.harbor import Harbor

REQUEST = "Please refund ORD-{:05d}, $45, it came broken"


async def comes(look: Callable[[], Awaitable[Any]], seconds: float = 8) -> Any:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not (seen := await look()):
            await asyncio.sleep(0.02)
        return seen


async def failures(office: Harbor, state: str = "open") -> list[Item]:
    """The bot's own failures that are open (or closed)."""
    every = [item for item in await office.everything() if item.workflow == "docket"]
    return [item for item in every if (item.closed_at is None) == (state == "open")]


async def requests(office: Harbor) -> list[Item]:
    return [item for item in await office.everything() if item.workflow == "refund"]


async def one_failure(office: Harbor, cause: str) -> Item:
    """The operator's one exception of that cause, once it is there; none besides."""
    (failure,) = await comes(lambda: failures(office))
    assert failure.fields["cause"] == cause
    assert failure.owner == "sam"
    return failure


async def over(office: Harbor, times: int = 1) -> None:
    """It ended by itself."""

    async def none_open() -> bool:
        return not await failures(office)

    await comes(none_open)
    assert len(await failures(office, "closed")) == times


async def asks(office: Harbor, number: int) -> dict[str, Any]:
    return await office.town.slack.says("dana", "#refunds", REQUEST.format(number))


async def writes(office: Harbor, number: int) -> None:
    to = f"refunds@{office.town.mail.domain}"
    await office.town.mail.write("A", "a@shop.example", to, "Broken", REQUEST.format(number))


async def so_many(office: Harbor, count: int) -> bool:
    return len(await requests(office)) >= count
