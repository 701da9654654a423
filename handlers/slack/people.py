"""Knows what people who are not in the rulebook call themselves in Slack, so that cards name them and not their ids."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
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
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def learn(self, identities: Iterable[str]) -> None:
        """Ask for the names that are not known yet. A name is a courtesy: what fails is shown as an id."""
        now, wanted = self._clock(), {i for i in identities if i.startswith(_PREFIX)}
        for identity in wanted:
            if self._until.get(identity, now) <= now:
                self._until[identity] = now + MISSED
                self._asking[identity] = asyncio.create_task(self._ask(identity, now))
        # Two messages about one stranger are often worded at once: both wait for the one question.
        asking = [self._asking[identity] for identity in wanted if identity in self._asking]
        # A click's form must open within three seconds; whoever is not known by then is learnt for the next time.
        if asking:
            await asyncio.wait(asking, timeout=PATIENCE_SECONDS)

    async def _ask(self, identity: str, now: datetime) -> None:
        try:
            answer = await self._client.users_info(user=identity.removeprefix(_PREFIX))
        except (*CALL_ERRORS, RuntimeError) as error:  # RuntimeError: the session was closed, the bot stops
            log.info("a user's name could not be had: %s", code_of(error) or type(error).__name__)
            return
        finally:
            self._asking.pop(identity, None)
        user = mapping(answer.get("user"))
        profile = mapping(user.get("profile"))
        name = string(profile.get("real_name")) or string(profile.get("display_name")) or string(user.get("name"))
        if name:
            self.names[identity] = name
            self._until[identity] = now + REMEMBERED
