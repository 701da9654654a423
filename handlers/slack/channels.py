"""Knows the conversations: their names (rulebooks speak of channels by name) and the one message a reaction is on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.client import code_of
from handlers.slack.wire import listing, mapping, string

#: Slack will never tell us. Any other refusal (a revoked token, say) must not make an event pass as a stranger's.
_NOT_FOR_US = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "method_not_supported_for_channel_type",
        "message_not_found",
        "thread_not_found",
    }
)
#: A renamed channel is known by its new name after this.
REMEMBERED = timedelta(minutes=10)
_PAGE = 200


class Channels:
    """Looks things up in Slack for the door; what may be asked again later raises as it came from the SDK."""

    def __init__(self, client: AsyncWebClient, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[str, bool, datetime]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def name(self, channel: str) -> str:
        """A channel's name without `#`; "" where Slack will never tell us. Raises the call's error otherwise."""
        return (await self._about(channel, anew=False))[0]

    async def joined(self, channel: str) -> tuple[str, bool]:
        """A channel's name, and whether the bot is in it. Raises as `name`."""
        known = await self._about(channel, anew=False)
        return known if known[1] else await self._about(channel, anew=True)

    async def _about(self, channel: str, *, anew: bool) -> tuple[str, bool]:
        # One call for a burst of messages in a channel that is not known yet.
        async with self._asking.setdefault(channel, asyncio.Lock()):
            known = self._known.get(channel)
            if known and not anew and self._clock() < known[2] + REMEMBERED:
                return known[:2]
            found = await self._ask(channel)
            self._known[channel] = (*found, self._clock())
            return found

    async def _ask(self, channel: str) -> tuple[str, bool]:
        try:
            answer = await self._client.conversations_info(channel=channel)
        except SlackApiError as error:
            if code_of(error) in _NOT_FOR_US:
                return "", False
            raise
        found = mapping(answer.get("channel"))
        # A direct message has no members; of what is not public we hear only where we are.
        return string(found.get("name")), found.get("is_member") is not False

    async def ours(self, *kinds: str) -> dict[str, str]:
        """The conversations of these types that the bot is in: ids and names ("" of direct messages).

        Types are `public_channel`, `private_channel`, `im`. Raises the call's error.
        """
        found: dict[str, str] = {}
        cursor = ""
        while True:
            page = await self._client.users_conversations(
                types=",".join(kinds), exclude_archived=True, limit=_PAGE, cursor=cursor
            )
            for channel in map(mapping, listing(page.get("channels"))):
                place, name = string(channel.get("id")), string(channel.get("name"))
                found[place] = name
                if name:  # what is read there next need not ask for it
                    self._known[place] = (name, True, self._clock())
            cursor = string(mapping(page.get("response_metadata")).get("next_cursor"))
            if not cursor:
                return found

    async def message(self, channel: str, ts: str) -> Mapping[str, Any] | None:
        """The message `ts`, be it in the channel or in a thread; None where it is gone or not for us to read."""
        try:
            page = await self._client.conversations_history(channel=channel, latest=ts, inclusive=True, limit=1)
            found = _with_ts(page.get("messages"), ts)
            if found is None:
                # History holds roots only; asked for a reply's ts, replies gives that reply.
                page = await self._client.conversations_replies(channel=channel, ts=ts, latest=ts, inclusive=True)
                found = _with_ts(page.get("messages"), ts)
        except SlackApiError as error:
            if code_of(error) in _NOT_FOR_US:
                return None
            raise
        return found


def _with_ts(messages: object, ts: str) -> Mapping[str, Any] | None:
    return next((m for m in map(mapping, listing(messages)) if m.get("ts") == ts), None)
