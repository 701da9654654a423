"""The stand-in of Slack in HTTP mode: signed requests to one URL, three seconds, three retries by its clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from small_town import small_book

from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from bot.sandbox.views import Refused


class App:
    """An app behind a request URL: it keeps what came, and answers each request with the next of `answers`."""

    def __init__(self) -> None:
        self.answers: list[web.Response | float] = []  # seconds: it sleeps so long first
        self.came: list[tuple[dict[str, str], str]] = []
        self.challenges: list[str] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        if request.content_type == "application/json" and (await request.json())["type"] == "url_verification":
            self.challenges.append(body)
            return web.json_response({"challenge": (await request.json())["challenge"]})
        self.came.append((dict(request.headers), body))
        answer = self.answers.pop(0) if self.answers else web.Response()
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return web.Response()
        return answer

    def retries(self) -> list[tuple[str | None, str | None]]:
        return [(h.get("X-Slack-Retry-Num"), h.get("X-Slack-Retry-Reason")) for h, _ in self.came]


@asynccontextmanager
async def serving(handle: Any) -> AsyncIterator[str]:
    server = web.Application()
    server.router.add_post("/slack/events", handle)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


@pytest.fixture
async def heard(clock: HandClock) -> AsyncIterator[tuple[Town, App]]:
    """A town that sends everything to an app's request URL, and that app."""
    app = App()
    async with Town(small_book(), clock, ack_seconds=0.2) as town, serving(app.handle) as app.url:
        await town.enter_request_url(app.url)
        yield town, app


async def test_every_request_is_signed_and_the_url_is_verified_first(
    heard: tuple[Town, App], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, app = heard
    assert len(app.challenges) == 1
    await town.slack.says("dana", "#refunds", "hello")
    await town.slack.settled()
    (headers, body), *more = app.came
    assert not more
    verifier = SignatureVerifier(town.app.signing_secret)
    monkeypatch.setattr(verifier.clock, "now", lambda: clock.now().timestamp())
    assert verifier.is_valid_request(body, headers), "Slack's own library agrees"
    assert not SignatureVerifier("another").is_valid_request(body, headers)
    assert '"event_callback"' in body
    assert app.retries() == [(None, None)]


@pytest.mark.parametrize("answer", ["wrong", "late", "nobody"])
async def test_a_url_that_does_not_answer_the_challenge_is_refused(clock: HandClock, answer: str) -> None:
    async def handle(_: web.Request) -> web.Response:
        if answer == "late":
            await asyncio.sleep(0.5)
        return web.Response(text="hello")

    async with Town(small_book(), clock, ack_seconds=0.1) as town, serving(handle) as url:
        with pytest.raises(Refused, match="url_verification_failed"):
            await town.enter_request_url("http://127.0.0.1:9/slack/events" if answer == "nobody" else url)
        assert not town.slack.connected


async def test_an_event_comes_again_at_once_after_a_minute_and_after_five(
    heard: tuple[Town, App], clock: HandClock
) -> None:
    town, app = heard
    app.answers = [web.Response(status=500), 0.5, web.Response(status=404)]
    await town.slack.says("dana", "#refunds", "hello")
    await town.slack.settled()
    assert app.retries() == [(None, None), ("1", "http_error")]
    clock.push(timedelta(seconds=59))
    await town.slack.settled()
    assert len(app.came) == 2
    clock.push(timedelta(seconds=1))
    await town.slack.settled()
    assert app.retries()[2:] == [("2", "http_timeout")]
    assert town.delivery.busy
    clock.push(timedelta(minutes=5))
    await town.slack.settled()
    assert app.retries()[3:] == [("3", "http_error")]
    assert len({body for _, body in app.came}) == 1, "the same event, with the same id"
    assert not town.delivery.busy
    assert not town.delivery.undelivered


async def test_an_app_that_wants_no_retry_gets_none(heard: tuple[Town, App]) -> None:
    town, app = heard
    app.answers = [web.Response(status=500, headers={"X-Slack-No-Retry": "1"})]
    await town.slack.says("dana", "#refunds", "hello")
    await town.slack.settled()
    assert len(app.came) == len(town.delivery.undelivered) == 1
    assert not town.delivery.busy


async def test_what_stands_in_the_way_is_named(heard: tuple[Town, App]) -> None:
    town, app = heard
    app.answers = [web.Response(status=307, headers={"Location": app.url}) for _ in range(3)]
    await town.slack.says("dana", "#refunds", "hello")
    await town.slack.settled()
    assert app.retries()[-1] == ("1", "too_many_redirects")
    assert not town.delivery.busy


async def test_commands_and_interactions_are_forms_and_come_once(heard: tuple[Town, App]) -> None:
    town, app = heard
    app.answers = [
        web.Response(text="Nothing waits for you."),
        web.json_response({"text": "Or so it seems."}),
        web.Response(status=500),
        0.5,
    ]
    for line in ("/docket mine & more", "/docket show", "/docket help", "/docket list"):
        await town.slack.types("lee", line)
    said = [town.slack.words(whisper) for whisper in town.slack.whispers("lee")]
    assert said[:2] == ["Nothing waits for you.", "Or so it seems."]
    assert "http_service_error" in said[2]
    assert "operation_timeout" in said[3]
    assert parse_qs(app.came[0][1])["text"] == ["mine &amp; more"]
    assert app.came[0][0]["Content-Type"] == "application/x-www-form-urlencoded"
    assert len(app.came) == 4


@pytest.mark.parametrize(
    ("refusal", "events"),
    [("account_inactive", {"tokens_revoked", "app_uninstalled"}), ("token_revoked", {"tokens_revoked"})],
)
async def test_the_end_of_an_installation_is_told_and_its_token_is_dead(
    heard: tuple[Town, App], refusal: str, events: set[str]
) -> None:
    town, app = heard
    town.workspace.end(refusal)
    await town.slack.says("dana", "#refunds", "anybody there?")
    await town.slack.settled()
    assert {
        event
        for event in ("tokens_revoked", "app_uninstalled", "message")
        if any(f'"type": "{event}"' in body for _, body in app.came)
    } == events
    client = AsyncWebClient(token=town.app.bot_token, base_url=f"{town.url}/api/", retry_handlers=[])
    with pytest.raises(SlackApiError, match=refusal):
        await client.auth_test()
