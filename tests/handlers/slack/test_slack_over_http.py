"""Slack's requests to our address: what Slack signed within five minutes reaches Bolt, and nothing else is kept."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.sandbox.request_url import signature
from handlers.ports import WebAnswer
from handlers.slack.request_url import PATH, RequestUrl
from handlers.slack.way_in import News
from handlers.web import listen
from handlers.web.listen import BODY_MOST_BYTES, WebDoor
from tests.fuzzing import examples

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # of Slack's page "Verifying requests from Slack"
EVENT = json.dumps({"type": "event_callback", "event": {"type": "message", "text": "geheim4711"}}).encode()
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Bolt:
    """Stands where the Bolt app stands: keeps what is dispatched, and gives the answer that it was told."""

    def __init__(self) -> None:
        self.heard: list[AsyncBoltRequest] = []
        self.answer = BoltResponse(status=200, body="")

    async def async_dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        self.heard.append(request)
        return self.answer


class Bench:
    """A request URL whose clock is turned by hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.bolt = Bolt()
        self.url = RequestUrl(SECRET, lambda: self.now)

    async def opens(self) -> None:
        await self.url.open(cast(AsyncApp, self.bolt), cast(News, None))

    async def posts(self, body: bytes, kind: str = JSON, *, stamp: str = "", **headers: str) -> WebAnswer:
        stamp = stamp or str(int(NOW.timestamp()))
        signed = {
            "content-type": kind,
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": signature(SECRET, stamp, body),
        }
        return await self.url.take(signed | {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.fixture
async def bench() -> Bench:
    made = Bench()
    await made.opens()
    return made


async def test_the_signature_is_that_of_slacks_own_example() -> None:
    """The request of the page "Verifying requests from Slack", with the signature that is given there."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "content-type": FORM,
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    bolt, url = Bolt(), RequestUrl(SECRET, lambda: datetime.fromtimestamp(1531420618, UTC))
    await url.open(cast(AsyncApp, bolt), cast(News, None))
    assert (await url.take(headers, body)).status == 200
    assert bolt.heard[0].body["command"] == "/webhook-collect"


async def test_what_slack_signed_reaches_bolt_and_bolts_answer_goes_back(bench: Bench) -> None:
    bench.bolt.answer = BoltResponse(status=200, body={"response_action": "clear"})
    answer = await bench.posts(EVENT)
    assert bench.bolt.heard[0].body == json.loads(EVENT)
    assert (answer.status, json.loads(answer.text), answer.content_type) == (200, {"response_action": "clear"}, JSON)
    bench.bolt.answer = BoltResponse(status=500, body="")
    assert (await bench.posts(EVENT)).status == 500, "what was not taken comes again"


STAMP = str(int(NOW.timestamp()))
FORGED: dict[str, dict[str, str]] = {
    "no signature": {"x_slack_signature": ""},
    "another secret": {"x_slack_signature": signature("another", STAMP, EVENT)},
    "another body": {"x_slack_signature": signature(SECRET, STAMP, EVENT + b" ")},
    "another time": {"x_slack_signature": signature(SECRET, str(int(STAMP) + 1), EVENT)},
    "another version": {"x_slack_signature": signature(SECRET, STAMP, EVENT).replace("v0=", "v1=")},
    "a signature of odd signs": {"x_slack_signature": "v0=\u00e9\udce9"},
    "no time": {"x_slack_request_timestamp": ""},
    "a time of words": {"x_slack_request_timestamp": "now"},
    "a time of many figures": {"x_slack_request_timestamp": "9" * 4000},
    "a time of too many figures": {"x_slack_request_timestamp": "9" * 8000},
    "a time in the middle of things": {"x_slack_request_timestamp": "nan"},
}


@pytest.mark.parametrize("forged", FORGED)
async def test_what_slack_did_not_sign_is_refused_and_nothing_of_it_is_kept(
    bench: Bench, forged: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await bench.posts(EVENT, **FORGED[forged])
    assert answer.status == 401
    assert not bench.bolt.heard
    assert caplog.messages, "the operator can see why nothing comes"
    assert "geheim4711" not in caplog.text + answer.text
    bare = await bench.url.take({}, EVENT)
    assert bare.status == 401


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)])
async def test_a_request_is_good_for_five_minutes_by_the_bots_clock(bench: Bench, seconds: int, status: int) -> None:
    """Whatever the machine's clock says: the bot's is the one that everything else goes by."""
    bench.now = NOW + timedelta(seconds=seconds)
    assert (await bench.posts(EVENT)).status == status
    assert len(bench.bolt.heard) == (status == 200)


async def test_the_challenge_is_answered_before_the_bot_has_signed_in_but_not_to_anyone() -> None:
    bench = Bench()
    asked = json.dumps(
        {"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
    )
    answer = await bench.posts(asked.encode())
    assert (answer.status, answer.content_type) == (200, "text/plain")
    assert answer.text == "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
    assert (await bench.posts(asked.encode(), x_slack_signature="v0=00")).status == 401


async def test_what_comes_before_the_bot_has_signed_in_or_while_it_stops_comes_again() -> None:
    bench = Bench()
    assert (await bench.posts(EVENT)).status == 503
    await bench.opens()
    assert (await bench.posts(EVENT)).status == 200
    await bench.url.close()
    assert (await bench.posts(EVENT)).status == 503
    assert not bench.url.stands


BROKEN: dict[str, tuple[bytes, str, int]] = {
    "no type": (EVENT, "", 415),
    "a picture": (EVENT, "image/png", 415),
    "not JSON": (b"{", JSON, 400),
    "nothing": (b"", JSON, 400),
    "a list": (b"[]", JSON, 400),
    "not UTF-8, so over no text that could be signed": (b"\xff\xfe", JSON, 401),
    "deep": (b"[" * 100_000, JSON, 400),
    "an interaction that is not JSON": (b"payload=%7B", FORM, 400),
    "an interaction that is a number": (b"payload=1", FORM, 400),
    "fields without end": (b"&".join(b"a=%d" % n for n in range(1000)), FORM, 400),
    "values of other kinds": (b'{"type": "event_callback", "authorizations": "x"}', JSON, 400),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_what_is_no_payload_is_answered_with_a_short_word(bench: Bench, broken: str) -> None:
    body, kind, status = BROKEN[broken]
    answer = await bench.posts(body, kind)
    assert answer.status == status
    assert 0 < len(answer.text) < 60
    assert not bench.bolt.heard


async def test_commands_and_interactions_are_read_as_slack_sends_them(bench: Bench) -> None:
    click = {"type": "block_actions", "actions": [{"action_id": "docket:ack"}]}
    await bench.posts(urlencode({"payload": json.dumps(click)}).encode(), f"{FORM}; charset=utf-8")
    assert bench.bolt.heard[0].body == click
    # The word that Bolt itself takes for the sign of an interaction.
    typed = {"command": "/docket", "text": "new refund the payload & a caf\u00e9 broke", "user_id": "U0LEE"}
    await bench.posts(urlencode(typed).encode(), FORM)
    assert bench.bolt.heard[1].body == typed


async def test_headers_that_are_not_signed_do_not_steer_bolt(bench: Bench) -> None:
    await bench.posts(EVENT, x_slack_bolt_lazy_only="1", x_slack_bolt_lazy_function_name="on_click")
    (request,) = bench.bolt.heard
    assert not request.lazy_only
    assert request.lazy_function_name is None


async def test_retries_are_taken_like_the_first_attempt(bench: Bench) -> None:
    """Whether it was counted before is known by its outside id, not by what a header says."""
    for number, reason in (("1", "http_timeout"), ("x" * 5000, "\r\n")):
        headers = {"x_slack_retry_num": number, "x_slack_retry_reason": reason}
        assert (await bench.posts(EVENT, **headers)).status == 200
    assert len(bench.bolt.heard) == 2


async def test_a_held_back_hour_is_acknowledged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    body = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1518467820, "api_app_id": "A1"}
    assert (await bench.posts(json.dumps(body).encode())).status == 200
    assert not bench.bolt.heard
    assert "holds events back" in caplog.text


@settings(max_examples=examples(100), deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["type", "event", "authorizations", "team", "user", "view", "actions", "response_urls", "token"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "type", "team_id"]), inner)
            ),
            max_leaves=6,
        ),
    )
)
def test_no_payload_however_odd_is_a_fault(payload: dict[str, Any]) -> None:
    async def posts() -> int:
        bench = Bench()
        await bench.opens()
        return (await bench.posts(json.dumps(payload).encode())).status

    assert asyncio.run(posts()) in (200, 400)


@pytest.fixture
async def served(bench: Bench) -> AsyncIterator[str]:
    web = WebDoor("127.0.0.1", 0)
    web.post(PATH, bench.url.take)
    await web.start()
    yield f"http://127.0.0.1:{web.port}{PATH}"
    await web.stop()


async def test_a_body_that_never_comes_holds_nothing_up(
    bench: Bench, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.split(":")[2].split("/")[0]))
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: docket\r\nContent-Length: 9\r\n\r\nhalf".encode())
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408")
    writer.close()
    assert not bench.bolt.heard


async def test_over_the_wire(bench: Bench, served: str) -> None:
    """Names of headers in any case, bodies as they were sent, and none that is larger than a megabyte."""
    body = json.dumps({"type": "event_callback", "text": "caf\u00e9 \U0001f4a9"}, ensure_ascii=False).encode()
    signed = {"X-SLACK-Request-Timestamp": STAMP, "X-Slack-SIGNATURE": signature(SECRET, STAMP, body)}
    async with aiohttp.ClientSession() as session:
        # A charset that is not true changes nothing: the signature is over the bytes.
        async with session.post(
            served, data=body, headers=signed | {"Content-Type": f"{JSON}; charset=latin-1"}
        ) as said:
            assert (said.status, await said.text()) == (200, "")
        assert bench.bolt.heard[0].body["text"] == "caf\u00e9 \U0001f4a9"
        async with session.post(served, data=b"x" * (BODY_MOST_BYTES + 1), headers=signed) as said:
            assert said.status == 413
            assert len(await said.text()) < 100
    assert len(bench.bolt.heard) == 1
