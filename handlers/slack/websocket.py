"""One websocket of Socket Mode that never reconnects by itself, and whose acknowledgements find their way.

Source: Slack's page "Using Socket Mode".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import Any

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack.client import sdk_logger
from handlers.slack.send import CALL_ERRORS
from handlers.slack.wire import string

#: A peer that answers no ping for half of this again is gone: a silent loss is noticed within 15 seconds.
PING_SECONDS = 10.0
#: Slack's first word is `hello`; whoever stays silent but keeps the line open is believed.
GREETING_SECONDS = 5.0
CLOSE_SECONDS = 2.0


class Socket(SocketModeClient):
    """The SDK's client for one connection alone.

    Left to itself it would, at Slack's warning, close this connection before another stands, and acknowledgements under
    way would be lost with it. `farewell()` is called when Slack says goodbye (`reason`: its word for it); `stand_in()`
    gives the connection on which an acknowledgement leaves when this one is closed.
    """

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        client: AsyncWebClient,
        url: str,
        *,
        farewell: Callable[[], None],
        stand_in: Callable[[], Socket | None],
    ) -> None:
        super().__init__(app_token, sdk_logger(), client, auto_reconnect_enabled=False, ping_interval=PING_SECONDS)
        self.wss_uri = url
        self.reason = ""
        self._app = app
        self._farewell = farewell
        self._stand_in = stand_in
        self._greeted = asyncio.Event()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.socket_mode_request_listeners.append(self._hand_over)

    @property
    def stands(self) -> bool:
        """Whether payloads can come in here."""
        return not self.closed and self.current_session is not None and not self.current_session.closed

    @property
    def busy(self) -> bool:
        """Whether something that came in here is not acknowledged yet."""
        return self._under_way > 0

    async def enter(self) -> None:
        """Connect and wait for Slack's greeting, or its refusal (`reason`); on and on, until it is cancelled."""
        await self.connect()  # type: ignore[no-untyped-call]  # the SDK leaves it without types
        with suppress(TimeoutError):
            async with asyncio.timeout(GREETING_SECONDS):
                await self._greeted.wait()

    async def leave(self) -> None:
        """Let what came in be acknowledged, then disconnect, also from a peer that no longer answers."""
        try:
            with suppress(TimeoutError, *CALL_ERRORS):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._idle.wait()
                    await self.close()  # type: ignore[no-untyped-call]  # the SDK leaves it without types
        finally:
            self.closed = True
            # When the goodbye was cut short, the SDK's own tasks are still there.
            for task in (self.message_processor, self.current_session_monitor, self.message_receiver):
                if task is not None:
                    task.cancel()
            await self.aiohttp_client_session.close()

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """What came in: Slack's words about the connection are heard here, all else goes the SDK's way."""
        match message.get("type"):
            case "hello":
                self._greeted.set()
            case "disconnect":
                self.reason = string(message.get("reason")) or "disconnect"
                self._greeted.set()
                self._farewell()
            case _:
                self._under_way += 1
                self._idle.clear()
                try:
                    await super().run_message_listeners(message, raw_message)
                finally:
                    self._under_way -= 1
                    if not self._under_way:
                        self._idle.set()

    async def send_message(self, message: str) -> None:
        """Send an acknowledgement. Slack takes it on any connection of the app: its own SDKs use whichever stands."""
        stand_in = None if self.stands else self._stand_in()
        if stand_in is not None and stand_in is not self:
            await stand_in.send_message(message)
        else:
            await super().send_message(message)

    async def _hand_over(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time()
        answer = await run_async_bolt_app(self._app, request)
        await send_async_response(self, request, answer, began)
