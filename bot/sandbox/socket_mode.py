"""Slack's Socket Mode, server side: connections, envelopes, acknowledgements (Slack's page "Using Socket Mode")."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import uuid
from collections.abc import Sequence

from aiohttp import WSMsgType, web

from bot.sandbox.delivery import Answer
from bot.sandbox.roster import Json
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.workspace import Workspace

CONNECTIONS = 10
ACK_SECONDS = 3.0
CONNECTION_SECONDS = 18_060
#: So long before a connection ends its app is warned.
WARNING_SECONDS = 10.0


class SocketMode:
    """The app's websockets, a `Wire`: each payload goes over one of them and waits for its acknowledgement."""

    by_clock = False

    def __init__(self, workspace: Workspace, *, ack_seconds: float = ACK_SECONDS) -> None:
        self._workspace = workspace
        self._app: SlackApp = workspace.app
        self._ack_seconds = ack_seconds
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        return len(self._sockets)

    @property
    def stands(self) -> bool:
        return self.connections > 0

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

    async def disconnect(self, reason: str = "refresh_requested", *, seconds: float = WARNING_SECONDS) -> None:
        """Tell every connection that it ends: now (`refresh_requested`, `link_disabled`) or soon (`warning`).

        Until it ends, payloads still come on it, and acknowledgements of what came on it are taken on any other.
        """
        told = tuple(self._sockets)
        for socket in told:
            await socket.send_json(self._disconnect_frame(reason))
        if reason != "warning":
            await self._close(told)
            return
        task = asyncio.create_task(self._close(told, seconds))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, sockets: Sequence[web.WebSocketResponse], seconds: float = 0.0) -> None:
        await asyncio.sleep(seconds)
        for socket in sockets:
            await socket.close()

    async def drop(self) -> None:
        """Cut every connection without a word, as a network does."""
        for socket in tuple(self._sockets):
            # A websocket's close() would still send its closing frame.
            if (transport := socket._req.transport if socket._req else None) is not None:
                transport.abort()

    async def send(
        self, kind: str, payload: Json, *, accepts: bool, attempt: int = 0, retry_reason: str = ""
    ) -> Answer:
        """One envelope; only those of events say which attempt they are."""
        sockets = [s for s in self._sockets if not s.closed]
        if not sockets:
            return Answer(error="dispatch_failed", retry_reason="timeout")
        self._turn += 1
        socket = sockets[self._turn % len(sockets)]
        envelope = str(uuid.uuid4())
        acknowledged: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope] = acknowledged
        frame = {"envelope_id": envelope, "payload": payload, "type": kind, "accepts_response_payload": accepts}
        if kind == "events_api":
            frame |= {"retry_attempt": attempt, "retry_reason": retry_reason}
        try:
            await socket.send_json(frame)
            answered = await asyncio.wait_for(acknowledged, self._ack_seconds)
        except (TimeoutError, ConnectionError):
            return Answer(error="operation_timeout", retry_reason="timeout")
        finally:
            self._waiting.pop(envelope, None)
        return Answer(answered if accepts else None)

    async def stop(self) -> None:
        """Close all connections."""
        for task in self._closing:
            task.cancel()
        await self._close(tuple(self._sockets))
