"""HTTP mode, the whole bot: its address answers before Slack can be reached, and what it can't take comes again."""

from __future__ import annotations

import json
import logging
import sqlite3
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.faults import Fault
from bot.sandbox.request_url import signature
from bot.sandbox.town import Town
from rules.book.load import load
from tests.stories.harbor import MORNING, environment, harbor, working
from tests.stories.waiting import asks, comes, requests, so_many

pytestmark = pytest.mark.usefixtures("hurried")


@pytest.fixture(autouse=True)
def _over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.stories.harbor.MODE", "http")


async def test_the_address_can_be_entered_before_slacks_api_answers(tmp_path: Path) -> None:
    """An admin may do that while the token is not there yet; events wait with Slack until the bot has signed in."""
    async with Town(load(example()), HandClock(MORNING, running=False)) as town:
        town.faults.order("auth.test", Fault(kind="server_error"), times=1000)
        given = {**environment(town), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(town, given, example(), town.clock, connected=False) as office:
            await office.enters_request_url()
            assert not office.bot.slack.connected
            await asks(office, 10001)
            await town.slack.settled()
            assert town.delivery.busy, "it comes again in a minute"
            town.faults._orders.clear()
            await office.comes(lambda: office.bot.slack.connected)
            await office.pushes(minutes=1)
            assert len(await requests(office)) == 1


async def test_what_a_busy_database_could_not_take_comes_again_and_counts_once(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        other = sqlite3.connect(tmp_path / "docket.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await asks(office, 10002)
        await office.town.slack.settled()
        assert office.town.delivery.busy, "answered 500, twice"
        other.rollback()
        other.close()
        assert await comes(partial(so_many, office, 1)), "it also waited inside"
        await office.pushes(minutes=1)
        assert not office.town.delivery.busy, "the third attempt was acknowledged"
        assert len(await requests(office)) == 1


async def test_what_slack_did_not_sign_is_never_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with harbor(tmp_path) as office:
        event = {
            "type": "message",
            "channel": "C0REFUNDS",
            "user": "U0DANA",
            "ts": "1772640000.000100",
            "text": "ORD-6666",
        }
        body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": event}).encode()
        stamp = str(int(office.clock.now().timestamp()))
        url = f"http://127.0.0.1:{office.bot.web.port}/slack/events"
        async with aiohttp.ClientSession() as session:
            for secret in ("", "another", office.town.app.signing_secret[:-1]):
                headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature(secret, stamp, body)}
                async with session.post(url, data=body, headers=headers) as said:
                    assert said.status == 401
            async with session.get(f"{url}?ssl_check=1") as said:
                assert (said.status, await said.text()) == (200, ""), "Slack looks at the certificate"
        await office.calm()
        assert await office.everything() == []
        assert "ORD-6666" not in caplog.text


async def test_where_both_are_set_up_socket_mode_is_used_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Town(load(example()), HandClock(MORNING, running=False)) as town:
        both = {**town.http_environment, **town.environment, "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(town, both, example(), town.clock):
            assert town.socket.connections
            assert "connected in Socket Mode: with SLACK_APP_TOKEN set, SLACK_SIGNING_SECRET is not used" in caplog.text
