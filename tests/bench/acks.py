"""Slack's events acknowledged after the commit, over HTTP, beside a bare Bolt app that does nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.bench.measure import Row, Size, quantile, side_by_side
from tests.stories import harbor as office

OURS = "Docket: signed, parsed, judged, committed, acknowledged"
PEER = "bare Bolt app: acknowledged, nothing done"
_numbers = itertools.count(1)
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Poster:
    """Sends events as Slack does, over kept connections, and waits for each acknowledgement."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        secret: str,
        channel: str,
        user: str,
        team: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._session, self._url, self._secret = session, url, secret
        self._channel, self._user, self._team = channel, user, team

    async def take(self) -> None:
        n = next(_numbers)
        stamp = str(int(self._now()))
        body = json.dumps(
            {
                "token": "x", "team_id": self._team, "api_app_id": "A1", "type": "event_callback",
                "event_id": f"Ev{n:010d}", "event_time": int(stamp),
                "authorizations": [{"team_id": self._team, "user_id": "U0", "is_bot": True}],
                "event": {
                    "type": "message", "channel": self._channel, "channel_type": "channel", "user": self._user,
                    "text": f"Please refund ORD-{n % 100000:05d}, I was charged twice on day {n}",
                    "ts": f"{1772640000 + n}.{n:06d}", "event_ts": f"{1772640000 + n}.{n:06d}", "team": self._team,
                },
            }
        )  # fmt: skip
        signed = hmac.new(self._secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signed}",
        }  # fmt: skip
        async with self._session.post(self._url, data=body, headers=headers) as answer:
            assert answer.status == 200, answer.status
            await answer.read()


async def bare() -> tuple[web.AppRunner, str]:
    """Bolt alone on aiohttp."""
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.authorization import AuthorizeResult

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="U0", bot_id="B0", bot_token="xoxb-1")

    app = AsyncApp(signing_secret=SECRET, authorize=authorize)

    @app.event("message")
    async def nothing(body: dict[str, Any]) -> None:
        return None

    runner = web.AppRunner(app.web_app(path="/slack/events"))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"


async def acknowledged(size: Size) -> tuple[Row, Row]:
    """Acknowledged a second with 32 on their way, and the p99 at half of our rate."""
    row = Row(work="Slack events acknowledged after the commit, HTTP", unit="a second", ours=OURS, aims={PEER: 0.4})
    late = Row(work="the same at half of our rate, p99", unit="ms", ours=OURS, more=False)
    runner, url = await bare()
    before, office.MODE = office.MODE, "http"
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with office.harbor(Path(folder)) as place, aiohttp.ClientSession() as session:
                ours = f"http://127.0.0.1:{place.bot.web.port}/slack/events"
                town = place.town
                channel = town.workspace.channel("refunds").id
                takes = {
                    OURS: Poster(
                        session,
                        ours,
                        town.app.signing_secret,
                        channel,
                        "U777",
                        town.app.team_id,
                        lambda: place.clock().timestamp(),
                    ).take,
                    PEER: Poster(session, url, SECRET, "C1", "U777", "T1").take,
                }
                await side_by_side(row, takes, size)
                every = 2 / row.median(OURS)
                for name, take in takes.items():
                    late.add(name, quantile(await _paced(take, every, size.seconds), 0.99) * 1000)
    finally:
        office.MODE = before
        await runner.cleanup()
    return row, late


async def _paced(take: Any, every: float, seconds: float) -> list[float]:
    """Seconds that each of them took, begun at an even pace whatever became of the one before."""
    found: list[float] = []

    async def one() -> None:
        began = time.perf_counter()
        await take()
        found.append(time.perf_counter() - began)

    began, under_way = time.perf_counter(), set()
    for n in range(max(1, int(seconds / every))):
        await asyncio.sleep(max(0.0, began + n * every - time.perf_counter()))
        under_way.add(asyncio.create_task(one()))
    await asyncio.gather(*under_way)
    return found
