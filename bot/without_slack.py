"""Goes on without Slack when its installation has ended: mail and timers work, and the operator hears of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from bot.courier import Courier
from bot.desk import Desk
from bot.homes import Homes
from bot.outages import Outages
from handlers.ports import Busy

log = logging.getLogger(__name__)

#: Not the cause of a lost connection: that one mends itself, this one takes a person.
CAUSE = "slack-installation"
RETRY_SECONDS = 1.0


async def without_slack(courier: Courier, desk: Desk, homes: Homes, outages: Outages, sentence: str) -> None:
    """From now on nothing goes by Slack; `sentence` is told as an exception of the operator, who reads it by mail."""
    desk.ways = replace(desk.ways, slack=False)
    desk.books.slack = False
    courier.without("slack")
    homes.close()
    while True:
        try:
            await outages.failed(CAUSE, sentence)
        except Busy:
            log.warning("the end of Slack's installation could not be recorded yet: the database is busy")
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
