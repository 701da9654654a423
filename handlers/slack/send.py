"""Slack's way out: posts and edits messages that carry their outbox id, and looks whether one has arrived already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.ports import Outgoing, Sent, Unshown
from handlers.slack.client import code_of, fault
from handlers.slack.mrkdwn import Reader
from handlers.slack.read import permalink
from handlers.slack.wire import Us, is_direct, listing, mapping, string
from handlers.slack.write import MESSAGE_BLOCKS, image, write

#: The type of the metadata that our messages carry; its payload is the outbox id and nothing else.
METADATA = "docket_outbox"
#: What a failed call raises: Slack's refusals, the network's troubles, an answer that did not come in time.
CALL_ERRORS = (SlackApiError, aiohttp.ClientError, asyncio.TimeoutError, OSError)

#: An edit that can no longer be: the message is posted anew, so that its words are not lost.
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
#: A conversation whose history the bot may not read: whether something arrived there can't be known.
_UNREADABLE = frozenset(
    {"channel_not_found", "not_in_channel", "missing_scope", "is_archived", "user_not_found", "thread_not_found"}
)
#: Our clock may be ahead of Slack's.
_MARGIN = timedelta(minutes=1)
_PAGE = 200
#: So long later a message is tried again whose pictures Slack did not know.
UNSHOWN_SECONDS = 3.0


class SlackSender:
    """handlers/ports.Sender over a Web API client without retry handlers (see client.py).

    `us` says who we are there, None until we signed in.
    """

    def __init__(self, client: AsyncWebClient, us: Callable[[], Us | None] = lambda: None) -> None:
        self._client = client
        self._us = us
        self._ids: dict[str, str] = {}  # of `#name` and user addresses, as Slack answered them

    async def send(self, outgoing: Outgoing) -> Sent:
        """Post, or edit in place. Raises Passing or Lasting."""
        try:
            if outgoing.edit is not None:
                try:
                    return await self._edit(outgoing, outgoing.edit)
                except SlackApiError as error:
                    if code_of(error) not in _GONE:
                        raise
            return await self._post(outgoing)
        except CALL_ERRORS as error:
            if outgoing.images and code_of(error) == "invalid_blocks":
                # Slack goes on looking at a file after it has taken it, and until then knows no such file
                # (slackapi/python-slack-sdk issue 1658).
                raise Unshown("Slack does not show the pictures yet.", UNSHOWN_SECONDS) from error
            raise fault(error, outgoing.address) from error

    async def find(self, outgoing: Outgoing, since: datetime) -> Sent | None:
        """The message with that outbox id posted since `since` (UTC), as far as the history can be read.

        Raises Passing where Slack can't be asked now: not knowing is no reason to send twice.
        """
        try:
            place = outgoing.edit.place if outgoing.edit else await self._conversation(outgoing.address)
            async for message in self._history(place, outgoing.thread, since, edited=outgoing.edit):
                carried = mapping(message.get("metadata"))
                if mapping(carried.get("event_payload")).get("id") == outgoing.outbox_id:
                    return self._sent(place, string(message.get("ts")))
        except CALL_ERRORS as error:
            if code_of(error) in _UNREADABLE:
                return None
            raise fault(error, outgoing.address) from error
        return None

    async def _post(self, outgoing: Outgoing) -> Sent:
        answer = await self._client.chat_postMessage(
            channel=outgoing.address,
            thread_ts=outgoing.thread,
            # A stranger's address must not be fetched and shown in the bot's name.
            unfurl_links=False,
            unfurl_media=False,
            **_said(outgoing),
        )
        sent = self._sent(string(answer.get("channel")) or outgoing.address, string(answer.get("ts")))
        self._ids[outgoing.address] = sent.place
        return sent

    def _sent(self, place: str, ts: str) -> Sent:
        us = self._us()
        return Sent(place, ts, permalink(us, place, ts, None) if us and not is_direct(place) else None)

    async def _edit(self, outgoing: Outgoing, edit: Sent) -> Sent:
        await self._client.chat_update(channel=edit.place, ts=edit.id, **_said(outgoing))
        return edit

    async def _conversation(self, address: str) -> str:
        """The conversation id behind an address: a user's direct message, a channel's `#name`, or the id itself."""
        found = self._ids.get(address, "")
        if not found and address.startswith("#"):
            found = await self._by_name(address[1:])
        elif not found and address.startswith(("U", "W")):
            answer = await self._client.conversations_open(users=address)
            found = string(mapping(answer.get("channel")).get("id"))
        if found:
            self._ids[address] = found
        return found or address

    async def _by_name(self, name: str) -> str:
        """The id of the channel of that name, "" where the bot sees none."""
        cursor = ""
        while True:
            page = await self._client.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=_PAGE, cursor=cursor
            )
            for channel in map(mapping, listing(page.get("channels"))):
                if channel.get("name") == name:
                    return string(channel.get("id"))
            cursor = string(mapping(page.get("response_metadata")).get("next_cursor"))
            if not cursor:
                return ""

    async def _history(
        self, place: str, thread: str | None, since: datetime, *, edited: Sent | None
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Messages of a conversation, or of the one thread, since a time; for an edit only the edited message."""
        asked: dict[str, Any] = {"channel": place, "include_all_metadata": True, "limit": _PAGE, "inclusive": True}
        # An edit keeps its message's ts, so the time of the edit can't be asked for.
        asked |= (
            {"oldest": edited.id, "latest": edited.id} if edited else {"oldest": f"{(since - _MARGIN).timestamp():.6f}"}
        )
        cursor = ""
        while True:
            if thread:
                page = await self._client.conversations_replies(ts=thread, cursor=cursor, **asked)
            else:
                page = await self._client.conversations_history(cursor=cursor, **asked)
            for message in listing(page.get("messages")):
                yield mapping(message)
            cursor = string(mapping(page.get("response_metadata")).get("next_cursor"))
            if not cursor:
                return


def _said(outgoing: Outgoing) -> dict[str, Any]:
    """The arguments that posting and editing share."""
    reader = Reader(outgoing.timezone, outgoing.names, outgoing.mentions)
    text, blocks = write(outgoing.message, reader, MESSAGE_BLOCKS - len(outgoing.images))
    blocks += [image(shown) for shown in outgoing.images]
    carried = {"event_type": METADATA, "event_payload": {"id": outgoing.outbox_id}}
    return {"text": text, "blocks": blocks, "metadata": carried}
