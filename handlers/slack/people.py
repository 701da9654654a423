"""Knows what people who are not in the rulebook call themselves in Slack, so that cards name them and not their ids."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.client import code_of
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import mapping, string

log = logging.getLogger(__name__)

#: Somebody who renamed themselves is known by the new name after this.
REMEMBERED = timedelta(hours=12)
#: A name that could not be had is asked for again after this.
MISSED = timedelta(minutes=10)
PATIENCE_SECONDS = 1.0
_PREFIX = "slack:"


class People:
    """`names` maps identities (`slack:U...`) to display names, as far as they were learnt (method users.info)."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self.names: dict[str, str] = {}
        self._until: dict[str, datetime] = {}

    async def learn(self, identities: Iterable[str]) -> None:
        """Ask for the names that are not known yet. A name is a courtesy: what fails is shown as an id."""
        now = self._clock()
        unknown = [i for i in set(identities) if i.startswith(_PREFIX) and self._until.get(i, now) <= now]
        # A click's form must open within three seconds; whoever is not known by then is learnt for the next time.
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(*(self._ask(identity, now) for identity in unknown))

    async def _ask(self, identity: str, now: datetime) -> None:
        self._until[identity] = now + MISSED
        try:
            answer = await self._client.users_info(user=identity.removeprefix(_PREFIX))
        except CALL_ERRORS as error:
            log.info("a user's name could not be had: %s", code_of(error) or type(error).__name__)
            return
        user = mapping(answer.get("user"))
        profile = mapping(user.get("profile"))
        name = string(profile.get("real_name")) or string(profile.get("display_name")) or string(user.get("name"))
        if name:
            self.names[identity] = name
            self._until[identity] = now + REMEMBERED
