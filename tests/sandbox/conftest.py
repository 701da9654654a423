"""Fixtures: a clock that stands still, a town on a free port, a bolt app that isn't connected yet."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncApp
from small_town import FRIDAY, bolt_app, small_book

from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town


@pytest.fixture
def clock() -> HandClock:
    return HandClock(FRIDAY, running=False)


@pytest.fixture
async def town(clock: HandClock) -> AsyncIterator[Town]:
    async with Town(small_book(), clock, ack_seconds=0.2, retry_seconds=(0.0, 0.05, 0.05)) as town:
        yield town


@pytest.fixture
async def app(town: Town) -> AsyncApp:
    return bolt_app(town)
