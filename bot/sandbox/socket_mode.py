"""Slack's Socket Mode, server side: connections, envelopes, acknowledgements, redelivery.

Source: Slack's pages "Using Socket Mode" and "The Events API"; Socket Mode's retry times are not documented, so
they follow those of HTTP: at once, after a minute, after five.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import uuid
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.payloads import event_callback, event_id
from bot.sandbox.roster import Json
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.workspace import Happened, Workspace

CONNECTIONS = 10
ACK_SECONDS = 3.0
RETRY_SECONDS = (0.0, 60.0, 300.0)
CONNECTION_SECONDS = 18_060


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered to an envelope: `error` is empty when it acknowledged in time."""

    payload: Json | None = None
    error: str = ""


class SocketMode:
    """The app's websockets. Events are redelivered with the same event_id; commands and interactions never are."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        ack_seconds: float = ACK_SECONDS,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self._workspace = workspace
        self._app: SlackApp = workspace.app
        self._ack_seconds = ack_seconds
        self._retry_seconds = tuple(retry_seconds)
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.undelivered: list[Json] = []  # event callbacks that nobody acknowledged after every retry
        workspace.on_event(self.event)

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def ticket(self) -> str:
        """A one-time name for a connection (apps.connections.open)."""
        name = secrets.token_urlsafe(16)
        self._tickets.add(name)
        return name

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One websocket, from hello until either side closes it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._sockets) >= CONNECTIONS:
            await socket.send_json(self._disconnect_frame("too_many_websockets"))
            await socket.close()
            return socket
        self._sockets.append(socket)
        self._workspace.changed()
        try:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": len(self._sockets),
                    "debug_info": {
                        "host": "applink-sandbox",
                        "build_number": 1,
                        "approximate_connection_time": CONNECTION_SECONDS,
                    },
                    "connection_info": {"app_id": self._app.app_id},
                }
            )
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    self._acknowledged(frame.data)
        finally:
            self._sockets.remove(socket)
            self._workspace.changed()
        return socket

    def _acknowledged(self, text: str) -> None:
        with contextlib.suppress(json.JSONDecodeError):
            frame = json.loads(text)
            waiting = self._waiting.pop(frame.get("envelope_id", ""), None)
            if waiting and not waiting.done():
                waiting.set_result(frame.get("payload") or None)

    def _disconnect_frame(self, reason: str) -> Json:
        return {
            "type": "disconnect",
            "reason": reason,
            "num_connections": len(self._sockets),
            "debug_info": {"host": "applink-sandbox"},
            "connection_info": {"app_id": self._app.app_id},
        }

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tell every connection to go (`warning`, `refresh_requested`, `link_disabled`); all but a warning close."""
        for socket in tuple(self._sockets):
            await socket.send_json(self._disconnect_frame(reason))
            if reason != "warning":
                await socket.close()

    async def drop(self) -> None:
        """Cut every connection without a word, as a network does."""
        for socket in tuple(self._sockets):
            # A websocket's close() would still send its closing frame.
            if (transport := socket._req.transport if socket._req else None) is not None:
                transport.abort()

    def event(self, happened: Happened) -> None:
        """Send an event to the app when it subscribed to it and sits in the conversation."""
        channel = happened.channel
        if not self._app.hears(happened.subscription):
            return
        if channel is not None and self._app.bot_user not in channel.members:
            return
        body = event_callback(self._app, happened.event, event_id(), channel.id if channel else "")
        self.start(self._deliver(body))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work of the sandbox beside the rest; `settled` and `stop` know of it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, body: Json) -> None:
        for attempt, pause in enumerate((None, *self._retry_seconds)):
            if pause is not None:
                await asyncio.sleep(pause)
            retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            if not (await self._send("events_api", body, accepts=False, **retry)).error:
                return
        self.undelivered.append(body)

    async def ask(self, kind: str, payload: Json, *, accepts: bool) -> Answer:
        """Send a command or an interaction once and wait for its acknowledgement."""
        return await self._send(kind, payload, accepts=accepts)

    async def _send(self, kind: str, payload: Json, *, accepts: bool, **more: object) -> Answer:
        sockets = [s for s in self._sockets if not s.closed]
        if not sockets:
            return Answer(error="dispatch_failed")
        self._turn += 1
        socket = sockets[self._turn % len(sockets)]
        envelope = str(uuid.uuid4())
        acknowledged: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = acknowledged
        frame = {"envelope_id": envelope, "payload": payload, "type": kind, "accepts_response_payload": accepts}
        try:
            await socket.send_json(frame | more)
            answered = await asyncio.wait_for(acknowledged, self._ack_seconds)
        except (TimeoutError, ConnectionError):
            return Answer(error="operation_timeout")
        finally:
            self._waiting.pop(envelope, None)
        return Answer(answered if accepts else None)

    async def settled(self) -> None:
        """Wait until every event sent so far was acknowledged or given up."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def stop(self) -> None:
        """Close all connections and end what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        for socket in tuple(self._sockets):
            await socket.close()
