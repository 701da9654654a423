"""Keeps one Socket Mode connection: opened with care, watched, and built anew when the SDK does not mend it itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from handlers.ports import Lasting, Sleep
from handlers.slack.client import code_of, fault, sdk_logger
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import string

log = logging.getLogger(__name__)

CONNECT_SECONDS = 15.0
CLOSE_SECONDS = 2.0
WATCH_SECONDS = 2.0
#: The SDK reconnects by itself; only what it has not mended in this time is mended here.
GRACE_SECONDS = 20.0
BACK_OFF_SECONDS = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)


class Refused(Exception):
    """Slack will never let us in like this; the sentence says what to change."""


class Unreachable(Exception):
    """Slack can't be reached now; trying again later may work."""


def in_words(error: Exception, *, setting: str = "SLACK_BOT_TOKEN") -> Refused | Unreachable:
    """A failed call while signing in: to be mended by a person, or only to be waited out."""
    trouble = fault(error)
    sentence = str(trouble).replace("SLACK_BOT_TOKEN", setting)
    if setting == "SLACK_APP_TOKEN":
        sentence = sentence.replace("the bot token of the installed app (xoxb-...)", "the app-level token (xapp-...)")
        if code_of(error) == "missing_scope":
            sentence = "SLACK_APP_TOKEN lacks connections:write. Make an app-level token with it and put that in."
    return Refused(sentence) if isinstance(trouble, Lasting) else Unreachable(sentence)


class Connection:
    """The websocket. `lost(sentence)` is told when it stays away, `back()` when it stands again.

    Both say whether the telling worked; else it is tried again, so that nobody is left with old news.
    """

    def __init__(
        self,
        app: AsyncApp,
        client: AsyncWebClient,
        app_token: str,
        *,
        sleep: Sleep,
        lost: Callable[[str], Awaitable[bool]],
        back: Callable[[], Awaitable[bool]],
    ) -> None:
        self._app = app
        self._client = client
        self._app_token = app_token
        self._sleep = sleep
        self._lost = lost
        self._back = back
        self._socket: AsyncSocketModeHandler | None = None

    @property
    def stands(self) -> bool:
        """Whether messages can come in now."""
        if self._socket is None:
            return False
        client = self._socket.client
        session = client.current_session
        return not client.closed and not client.stale and session is not None and not session.closed

    async def open(self) -> None:
        """Connect. Raises Refused or Unreachable."""
        # Asked for here: the SDK would go on asking for ever with a token that can't work.
        try:
            answer = await self._client.apps_connections_open(app_token=self._app_token)
        except CALL_ERRORS as error:
            raise in_words(error, setting="SLACK_APP_TOKEN") from error
        socket = AsyncSocketModeHandler(self._app, self._app_token, sdk_logger(), self._client)
        socket.client.wss_uri = string(answer.get("url"))
        self._socket = socket
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await socket.connect_async()  # type: ignore[no-untyped-call]  # the SDK leaves it without types
        except TimeoutError as error:
            await self.close()
            raise Unreachable("Slack named a websocket address, but nothing answers there.") from error

    async def close(self) -> None:
        """Disconnect, also from a peer that no longer answers."""
        socket, self._socket = self._socket, None
        if socket is None:
            return
        with suppress(TimeoutError, *CALL_ERRORS):
            async with asyncio.timeout(CLOSE_SECONDS):
                await socket.close_async()  # type: ignore[no-untyped-call]  # the SDK leaves it without types
        # When the goodbye was cut short, the SDK's own tasks are still there.
        client = socket.client
        for task in (client.message_processor, client.current_session_monitor, client.message_receiver):
            if task is not None:
                task.cancel()
        await client.aiohttp_client_session.close()

    async def keep(self) -> None:
        """Watch for ever: what the SDK does not mend is torn down and built anew, with back-off."""
        away_seconds, attempts, told = 0.0, 0, False
        while True:
            await self._sleep(WATCH_SECONDS)
            if self.stands:
                told = told and not await self._back()
                away_seconds, attempts = 0.0, 0
                continue
            away_seconds += WATCH_SECONDS
            if away_seconds < GRACE_SECONDS:
                continue
            try:
                # The SDK tries one address again and again, though each is good for one connection only.
                await self.close()
                await self.open()
            except (Refused, Unreachable) as problem:
                log.warning("Slack: %s", problem)
                told = told or await self._lost(f"Slack is not connected. {problem}")
                await self._sleep(BACK_OFF_SECONDS[min(attempts, len(BACK_OFF_SECONDS) - 1)])
                attempts += 1
