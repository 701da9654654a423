"""Connects to Slack: refused is the end of the start, unreachable is tried again while the rest runs."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from itertools import count

from bot import without_slack
from bot.build import Bot
from bot.config import Misconfigured
from handlers.ports import Busy

log = logging.getLogger(__name__)

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
#: Slack may be slow for a moment; after so many tries the operator hears of it.
TRIES_UNTIL_TOLD = 3


async def connect(bot: Bot, stop: asyncio.Event) -> asyncio.Task[None]:
    """The first try is waited for; gives the task that goes on trying. Raises Misconfigured where Slack refuses us."""
    from handlers.slack.listen import Refused, Unreachable

    try:
        await bot.slack.start()
    except Refused as problem:
        raise Misconfigured(str(problem)) from None
    except Unreachable as problem:
        log.warning("%s", problem)
        return asyncio.create_task(_go_on_trying(bot, stop))
    # An earlier process may have told of an outage that is over now.
    return asyncio.create_task(_recovered(bot))


async def _go_on_trying(bot: Bot, stop: asyncio.Event) -> None:
    """Until it stands or the bot stops. A token that was revoked meanwhile is a matter for the operator, too."""
    from handlers.slack.listen import CAUSE, Ended, Refused, Unreachable

    told = False
    for attempt in count():
        seconds = RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
        if stop.is_set():
            return
        try:
            await bot.slack.start()
        except Ended as problem:
            await bot.slack.end(problem.sign)
            return
        except (Refused, Unreachable) as problem:
            log.warning("%s", problem)
            if not told and attempt + 2 >= TRIES_UNTIL_TOLD:
                with suppress(Busy):
                    await bot.outages.failed(CAUSE, f"Slack is not connected. {problem}")
                    told = True
        else:
            await _recovered(bot)
            return


async def _recovered(bot: Bot) -> None:
    from handlers.slack.listen import CAUSE

    with suppress(Busy):
        await bot.outages.recovered(CAUSE)
        if not bot.slack.over:
            await bot.outages.recovered(without_slack.CAUSE)
    await _say_where_it_is_not(bot)


async def _say_where_it_is_not(bot: Bot) -> None:
    """Once: the rulebook's channels that the bot is not in, the exception lane's among them. It runs without them."""
    book = bot.books.current
    wanted = dict.fromkeys(row.channel for workflow in book.workflows.values() for row in workflow.intake.slack)
    lane = [book.lane_channel] if book.lane_channel else []
    for name in await bot.slack.absent([*wanted, *(name for name in lane if name not in wanted)]):
        what = "nothing is heard there" if name in wanted else "the exceptions hang nowhere"
        log.warning("the bot is not in #%s, so %s: create it, or type /invite @Docket in it", name, what)
