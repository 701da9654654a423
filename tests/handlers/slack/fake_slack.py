"""A small Slack for tests of the door: it answers the calls that the bot makes and sends payloads by either way in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, WSMsgType, web

from bot.sandbox.request_url import encoded, signature

Json = dict[str, Any]


class FakeSlack:
    """`calls` are the methods called, with their arguments; `answers` overrides what a method says, once per entry.

    An entry is the answer, or (status, headers, answer), or None: the connection breaks after the request came in.
    With a `request_url` payloads are posted there, signed with `secret` at `stamp`; `statuses` are what that answered.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.answers: dict[str, list[Json | tuple[int, dict[str, str], Json] | None]] = {}
        self.scopes = ""
        self.url = ""
        self.acks: dict[str, Json] = {}
        self.sockets: list[web.WebSocketResponse] = []
        self.posted = 0
        self.history: list[Json] = []
        self.request_url = self.secret = self.stamp = ""
        self.statuses: dict[str, int] = {}
        self.posting: set[asyncio.Task[None]] = set()

    def called(self, method: str) -> list[Json]:
        """The arguments of each call of a method."""
        return [arguments for name, arguments in self.calls if name == method]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, here or in the bot."""
        async with asyncio.timeout(5):
            while not holds():
                await asyncio.sleep(0.001)

    async def send(self, kind: str, payload: Json, envelope: str = "E1", **more: Any) -> None:
        """One envelope, or request, to the bot; its acknowledgement is in `acks` when it is there."""
        if self.request_url:
            task = asyncio.create_task(self._post(kind, payload, envelope))
            self.posting.add(task)
            task.add_done_callback(self.posting.discard)
            return
        await self.sockets[-1].send_json({"type": kind, "envelope_id": envelope, "payload": payload, **more})

    async def _post(self, kind: str, payload: Json, envelope: str) -> None:
        body, content_type = encoded(kind, payload)
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": self.stamp,
            "X-Slack-Signature": signature(self.secret, self.stamp, body),
        }
        async with ClientSession() as session, session.post(self.request_url, data=body, headers=headers) as answer:
            said = await answer.text()
            self.statuses[envelope] = answer.status
            if answer.status == 200:
                self.acks[envelope] = {"envelope_id": envelope} | ({"payload": json.loads(said)} if said else {})

    async def acknowledged(self, envelope: str = "E1") -> Json:
        """The acknowledgement of an envelope, once it is there."""
        await self.until(lambda: envelope in self.acks)
        return self.acks[envelope]

    async def api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        body = await request.json() if request.content_type == "application/json" else dict(await request.post())
        arguments: Json = {name: _value(value) for name, value in {**request.query, **body}.items()}
        self.calls.append((method, arguments))
        if waiting := self.answers.get(method):
            said = waiting.pop(0)
            if said is None:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            if isinstance(said, tuple):
                return web.json_response(said[2], status=said[0], headers=said[1])
            return web.json_response(said)
        headers = {"x-oauth-scopes": self.scopes} if self.scopes else {}
        return web.json_response({"ok": True, **self._normal(method, arguments)}, headers=headers)

    def _normal(self, method: str, arguments: Json) -> Json:
        match method:
            case "auth.test":
                return {
                    "team_id": "T1",
                    "user_id": "U0DOCKET",
                    "bot_id": "B0DOCKET",
                    "url": "https://harbor.slack.com/",
                }
            case "apps.connections.open":
                return {"url": self.url.replace("http://", "ws://") + "/socket"}
            case "conversations.info":
                return {"channel": {"id": arguments["channel"], "name": "refunds"}}
            case "conversations.open":
                return {"channel": {"id": "D" + str(arguments["users"])[1:]}}
            case "users.info":
                return {"user": {"id": arguments["user"], "profile": {"real_name": "Rita Gomez"}}}
            case "conversations.history" | "conversations.replies":
                return {"messages": self.history}
            case "chat.postMessage":
                self.posted += 1
                channel = str(arguments["channel"])
                place = {"#exceptions": "C0EXC"}.get(channel, "D" + channel[1:] if channel[0] == "U" else channel)
                return {"channel": place, "ts": f"1763800000.{self.posted:06}"}
            case _:
                return {}

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        self.sockets.append(ws)
        await ws.send_json({"type": "hello", "num_connections": 1})
        async for frame in ws:
            if frame.type is WSMsgType.TEXT:
                said = json.loads(frame.data)
                self.acks[said["envelope_id"]] = said
        return ws

    async def hook(self, request: web.Request) -> web.Response:
        self.calls.append(("response_url", await request.json()))
        return web.Response(text="ok")


def _value(value: Any) -> Any:
    """Forms carry objects as JSON text."""
    return json.loads(value) if isinstance(value, str) and value[:1] in ("[", "{") else value


@asynccontextmanager
async def running() -> AsyncIterator[FakeSlack]:
    """The fake on a free port of loopback."""
    fake = FakeSlack()
    app = web.Application()
    app.router.add_post("/api/{method}", fake.api)
    app.router.add_get("/api/{method}", fake.api)
    app.router.add_get("/socket", fake.socket)
    app.router.add_post("/hook", fake.hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    host, port = site._server.sockets[0].getsockname()[:2]  # type: ignore[attr-defined]  # asyncio's Server has them
    fake.url = f"http://{host}:{port}"
    try:
        yield fake
    finally:
        await asyncio.gather(*fake.posting, return_exceptions=True)
        for ws in fake.sockets:
            await ws.close()
        await runner.cleanup()
