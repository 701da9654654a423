"""Unfolds links to items that people share, as far as whoever shared them may see the item (method chat.unfurl)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.ports import Busy, Previews
from handlers.slack.client import code_of
from handlers.slack.private import Private
from handlers.slack.send import CALL_ERRORS
from handlers.slack.unfurl import Shared, shared, unfurls
from rules.messages import named_in

log = logging.getLogger(__name__)

#: What unfolding needs beside the scopes of the rest; an installation without DOCKET_PUBLIC_URL has no such links.
SCOPES = ("links:read", "links:write")
AGAIN_SECONDS = 1.0


class Unfurls:
    """`public_url` is where our addresses begin. A preview is a courtesy: what fails is logged, and the link stays."""

    def __init__(self, client: AsyncWebClient, previews: Previews, private: Private, public_url: str) -> None:
        self._client = client
        self._previews = previews
        self._private = private
        self._public_url = public_url
        self._under_way: set[asyncio.Task[None]] = set()

    async def hear(self, body: Mapping[str, Any]) -> None:
        """Begin to unfold what is ours of a `link_shared` payload; its acknowledgement need not wait."""
        if (found := shared(body, self._public_url)) is not None:
            task = asyncio.create_task(self._unfold(found))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _unfold(self, found: Shared) -> None:
        try:
            asked = {url: await self._previews.preview(key, found.by) for url, key in found.keys.items()}
            seen = {url: preview for url, preview in asked.items() if preview is not None}
            if not seen:
                return
            for preview in seen.values():
                await self._private.people.learn(named_in(preview))
            blocks = unfurls(seen, self._private.reader(found.by))
            await self._show(found, blocks)
        except (*CALL_ERRORS, Busy) as error:
            log.warning("a link was not unfolded: %s", code_of(error) or type(error).__name__)
        except Exception:
            log.exception("a link was not unfolded")

    async def _show(self, found: Shared, blocks: dict[str, dict[str, Any]]) -> None:
        to: dict[str, Any] = dict(found.target)
        try:
            await self._client.chat_unfurl(unfurls=blocks, **to)
        except SlackApiError as error:
            if code_of(error) != "cannot_unfurl_url":
                raise
            # Slack's page: "if you haven't acknowledged" the event. The two may have overtaken each other.
            await asyncio.sleep(AGAIN_SECONDS)
            await self._client.chat_unfurl(unfurls=blocks, **to)
