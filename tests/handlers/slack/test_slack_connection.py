"""The websocket: a new one stands before the old one goes, acknowledgements leave, a silent loss is noticed."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

import handlers.slack.websocket
from handlers.slack.client import close_client, open_client
from handlers.slack.connection import Connection, Unreachable
from handlers.slack.way_in import News

Json = dict[str, Any]


class Server:
    """Slack's side of Socket Mode, in small. `acks`: envelopes and the connection on which each was acknowledged."""

    def __init__(self) -> None:
        self.url = ""
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: dict[str, int] = {}
        self.answers: list[web.Response] = []  # to the next apps.connections.open
        self.asked = 0
        self.most = 10
        self.deaf = False  # connections that are opened now answer no ping

    async def api(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        return web.json_response({"ok": True, "url": self.url.replace("http", "ws") + "/socket"})

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoping=not self.deaf)
        await ws.prepare(request)
        number = len(self.sockets)
        self.sockets.append(ws)
        if len(self.open()) > self.most:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        await ws.send_json({"type": "hello", "num_connections": len(self.open())})
        async for frame in ws:
            if frame.type is WSMsgType.TEXT:
                self.acks[json.loads(frame.data)["envelope_id"]] = number
        return ws

    def open(self) -> list[int]:
        """The numbers of the connections that stand."""
        return [number for number, ws in enumerate(self.sockets) if not ws.closed]

    async def sends(self, number: int, envelope: str) -> None:
        """An event over a connection."""
        event = {"type": "message", "channel": "C1", "user": "U1", "text": envelope, "ts": "1763800000.000100"}
        payload = {"type": "event_callback", "event_id": envelope, "event": event}
        await self.sockets[number].send_json({"type": "events_api", "envelope_id": envelope, "payload": payload})

    async def says(self, number: int, reason: str) -> None:
        await self.sockets[number].send_json({"type": "disconnect", "reason": reason})


class Watched:
    """A connection and what came of it: `heard` events, `news` in order; `slow` holds the listener."""

    def __init__(self, server: Server, connection: Connection) -> None:
        self.server, self.connection = server, connection
        self.heard: list[str] = []
        self.news: list[str] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def lost(self, sentence: str) -> bool:
        self.news.append(sentence)
        return True

    async def back(self) -> bool:
        self.news.append("back")
        return True

    async def hear(self, event: Json) -> None:
        self.heard.append(event["text"])
        await self.slow.wait()

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not holds():
                await asyncio.sleep(0.002)


@asynccontextmanager
async def watched(**more: Any) -> AsyncIterator[Watched]:
    server = Server()
    site = web.Application()
    site.router.add_post("/api/{method}", server.api)
    site.router.add_get("/socket", server.socket)
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    client = open_client("xoxb-test", server.url + "/api/")
    w = Watched(server, Connection(client, "xapp-test", **{"sleep": hasty, **more}))
    try:
        await w.connection.open(
            app(w),
            News(
                lost=w.lost, back=w.back,
                parted=lambda: w.news.append("parted"), joined=lambda: w.news.append("joined"),
            ),
        )  # fmt: skip
        yield w
    finally:
        await w.connection.close()
        await close_client(client)
        await runner.cleanup()


async def hasty(seconds: float) -> None:
    """A second is a millisecond."""
    await asyncio.sleep(seconds / 1000)


def app(w: Watched) -> AsyncApp:
    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-test")

    client = AsyncWebClient(token="xoxb-test", base_url=w.server.url)
    made = AsyncApp(client=client, authorize=authorize, process_before_response=True, signing_secret="")
    made.event("message")(w.hear)
    return made


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "a word of tomorrow"])
async def test_the_new_connection_stands_before_the_old_one_is_given_up(reason: str) -> None:
    async with watched(sleep=asyncio.sleep) as w:
        w.slow.clear()
        await w.server.sends(0, "under way")
        await w.until(lambda: w.heard == ["under way"])
        await w.server.says(0, reason)
        await w.until(lambda: w.server.open() == [0, 1])
        w.slow.set()
        await w.server.sends(0, "on the old one")
        await w.server.sends(1, "on the new one")
        await w.until(lambda: len(w.server.acks) == 3)
        assert w.server.acks == {"under way": 0, "on the old one": 0, "on the new one": 1}
        await w.server.sockets[0].close()
        await w.server.sends(1, "later")
        await w.until(lambda: "later" in w.server.acks)
        assert w.news == [], "there was no gap"


async def test_what_was_under_way_when_the_old_one_was_cut_is_acknowledged_on_the_new_one() -> None:
    async with watched(sleep=asyncio.sleep) as w:
        w.slow.clear()
        await w.server.sends(0, "under way")
        await w.until(lambda: w.heard)
        await w.server.says(0, "warning")
        await w.until(lambda: w.server.open() == [0, 1])
        await w.server.sockets[0].close()
        await asyncio.sleep(0.1)  # what leaves while the goodbye crosses the wire is lost, and comes again
        w.slow.set()
        await w.until(lambda: w.server.acks == {"under way": 1})


async def test_an_old_one_that_slack_forgets_is_closed_in_the_end() -> None:
    async with watched() as w:
        await w.server.says(0, "warning")
        await w.until(lambda: w.server.open() == [1])


async def test_refreshed_again_and_again_under_load_nothing_is_lost_and_nothing_doubled() -> None:
    """Slack warns, and closes a moment later, while events come over whatever stands.

    It closes when what it sent there is acknowledged: an acknowledgement that crosses the goodbye is lost, and the
    event comes again, to be counted once by its id.
    """
    async with watched(sleep=asyncio.sleep) as w:
        numbers, sent, closing = itertools.count(), defaultdict[int, set[str]](set), set[int]()

        async def load() -> None:
            while True:
                for number in w.server.open():
                    if number not in closing:
                        sent[number].add(id := f"E{next(numbers)}")
                        await w.server.sends(number, id)
                await asyncio.sleep(0.005)

        loading = asyncio.create_task(load())
        for refresh in range(5):
            await asyncio.sleep(0.03)
            await w.server.says(refresh, "warning")
            await w.until(lambda: len(w.server.open()) == 2)
            await asyncio.sleep(0.03)
            closing.add(refresh)
            await w.until(lambda n=refresh: sent[n] <= set(w.server.acks))  # type: ignore[misc]  # a default is typed
            await w.server.sockets[refresh].close()
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        await w.until(lambda: len(w.server.acks) >= len(w.heard))
        assert len(w.heard) == len(set(w.heard)) > 30
        assert set(w.server.acks) == set(w.heard)
        assert "parted" not in w.news


async def test_a_cut_line_is_a_gap_that_ends() -> None:
    async with watched() as w:
        await w.server.sockets[0].close()
        await w.until(lambda: "joined" in w.news)
        assert w.news[0] == "parted"
        assert w.connection.stands
        await w.server.sends(1, "again")
        await w.until(lambda: "again" in w.server.acks)


async def test_a_line_that_went_dead_without_a_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer to a ping for half as long again is the end: 15 seconds outside, less here."""
    monkeypatch.setattr(handlers.slack.websocket, "PING_SECONDS", 0.2)
    async with watched(sleep=asyncio.sleep) as w:
        w.server.deaf = True
        await w.server.says(0, "warning")
        await w.until(lambda: len(w.server.sockets) == 2)
        w.server.deaf = False
        await w.until(lambda: len(w.server.sockets) == 3)
        await w.until(lambda: "joined" in w.news)
        assert w.connection.stands


async def test_socket_mode_that_was_switched_off_is_said_at_once_and_tried_again() -> None:
    async with watched() as w:
        refusal = web.json_response({"ok": False, "error": "not_allowed"})
        w.server.answers = [refusal]
        await w.server.says(0, "link_disabled")
        await w.server.sockets[0].close()
        await w.until(lambda: "back" in w.news)
        (sentence,) = [news for news in w.news if news.startswith("Slack")]
        assert sentence.startswith("Slack is not connected. Socket Mode was switched off for the app. Switch it on")


async def test_too_many_programs_are_said_and_the_standing_connection_is_kept() -> None:
    async with watched() as w:
        w.server.most = 1
        await w.server.says(0, "warning")
        await w.until(lambda: len(w.server.sockets) >= 3)
        await w.server.sends(0, "still heard")
        await w.until(lambda: "still heard" in w.server.acks)
        assert w.news == []
        w.server.most = 10
        await w.until(lambda: len(w.server.open()) == 2 or w.server.open()[0] > 0)
        other = Connection(w.connection._client, "xapp-test")
        w.server.most = 0
        with pytest.raises(Unreachable, match="ten are the most"):
            await other.open(app(w), None)  # type: ignore[arg-type]  # nobody is told before it stands


async def test_a_429_to_the_question_for_an_address_is_obeyed() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0.001)

    async with watched(sleep=sleep) as w:
        limited = web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "47"})
        w.server.answers = [limited]
        await w.server.sockets[0].close()
        await w.until(lambda: "joined" in w.news)
        assert 47 in slept
