"""Health pages: everybody learns whether the bot is ready, this machine and who has the token also learn why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from unittest.mock import Mock

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import make_mocked_request

from handlers.web.health import HealthPages
from handlers.web.heartbeat import beat
from handlers.web.listen import WebDoor

TOKEN = "f" * 40
PARTS = {"database": "", "slack": "not connected", "watchdog": ""}
ALL = {"ready": False, "parts": {"database": "ok", "slack": "not connected", "watchdog": "ok"}}


def pages(parts: Mapping[str, str] = PARTS) -> HealthPages:
    async def found() -> Mapping[str, str]:
        return parts

    async def metrics() -> tuple[bytes, str]:
        return b"docket_takes_total 3.0\n", "text/plain; version=0.0.4; charset=utf-8"

    return HealthPages(found, metrics, TOKEN)


@pytest.fixture
async def here() -> AsyncIterator[str]:
    door = WebDoor("127.0.0.1", 0)
    pages().serve(door)
    await door.start()
    yield f"http://127.0.0.1:{door.port}"
    await door.stop()


def asked(headers: Mapping[str, str], address: str = "127.0.0.1") -> web.Request:
    """A request as it comes from that address."""
    transport = Mock(spec=["get_extra_info"])
    transport.get_extra_info = lambda name, default=None: (address, 1) if name == "peername" else default
    return make_mocked_request("GET", "/metrics", {"Host": "127.0.0.1:8080", **headers}, transport=transport)


async def test_this_machine_sees_which_part_is_not_well(here: str) -> None:
    async with ClientSession() as session:
        async with session.get(f"{here}/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        async with session.get(f"{here}/readyz") as answer:
            assert (answer.status, await answer.json()) == (503, ALL)
            assert answer.headers["Cache-Control"] == "no-store"
        async with session.get(f"{here}/metrics") as answer:
            assert (answer.status, await answer.read()) == (200, b"docket_takes_total 3.0\n")
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_a_token_that_is_no_text_is_a_wrong_one(here: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(here.rpartition(":")[2]))
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \xff\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
    writer.close()


async def test_where_every_part_is_well_it_is_ready() -> None:
    answer = await pages({"database": ""}).ready(asked({}))
    assert answer.status == 200


#: who asks -> headers, address, whether they see it
ASKING = {
    "this machine": ({}, "127.0.0.1", True),
    "this machine by its other name": ({"Host": "localhost:8080"}, "::1", True),
    "this machine, where one socket listens for both": ({"Host": "[::1]:8080"}, "::ffff:127.0.0.1", True),
    "another machine": ({}, "10.0.0.7", False),
    "another machine with the token": ({"Authorization": f"Bearer {TOKEN}"}, "10.0.0.7", True),
    "another machine, the scheme in small letters": ({"Authorization": f"bearer {TOKEN}"}, "10.0.0.7", True),
    "another token": ({"Authorization": f"Bearer {'e' * 40}"}, "10.0.0.7", False),
    "no token but its name": ({"Authorization": "Bearer"}, "10.0.0.7", False),
    "another scheme": ({"Authorization": f"Basic {TOKEN}"}, "10.0.0.7", False),
    "a wrong token here": ({"Authorization": "Bearer x"}, "127.0.0.1", False),
    "a proxy here for somebody": ({"X-Forwarded-For": "10.0.0.7"}, "127.0.0.1", False),
    "a proxy here that says so in the standard's words": ({"Forwarded": "for=10.0.0.7"}, "127.0.0.1", False),
    "a page here under a name of its own": ({"Host": "rebound.example:8080"}, "127.0.0.1", False),
    "the public name": ({"Host": "docket.harbor.example"}, "127.0.0.1", False),
}


@pytest.mark.parametrize("who", ASKING)
async def test_a_stranger_learns_only_whether_it_is_ready(who: str) -> None:
    """Whoever opened the connection: behind a proxy of this machine stands the whole world."""
    headers, address, sees = ASKING[who]
    measured = await pages().measured(asked(headers, address))
    assert measured.status == (200 if sees else 401)
    ready = await pages().ready(asked(headers, address))
    assert ready.status == 503
    assert isinstance(ready, web.Response)
    assert (b"slack" in (ready.body or b"")) is sees  # type: ignore[operator]  # no payload here


async def test_a_heartbeat_says_what_was_wrong_and_never_the_address() -> None:
    door = WebDoor("127.0.0.1", 0)

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]))

    door.add("GET", "/{status}/secret", answer)
    await door.start()
    try:
        here = f"http://127.0.0.1:{door.port}"
        assert await beat(f"{here}/200/secret") == ""
        assert await beat(f"{here}/500/secret") == "it answered 500"
    finally:
        await door.stop()
    assert await beat(f"{here}/200/secret") == "ClientConnectorError"
    assert await beat("http://[secret") not in ("", "http://[secret")
