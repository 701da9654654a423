"""Another system speaks by a signed webhook: heard once; who is right a person decides, and the lane shows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from handlers.web.hooks import signed
from rules.book.load import load
from rules.entries import Entry
from storage import inbox, ledger
from tests.stories.harbor import MORNING, Harbor, working
from tests.stories.test_main_job import asks, decides, holds, said

pytestmark = pytest.mark.usefixtures("unpaced")
BOARD = "#exceptions"


@dataclass
class Shop:
    """A system that sends hooks to the office."""

    office: Harbor
    browser: ClientSession
    sent: list[int] = field(default_factory=list)

    async def sends(self, body: dict[str, Any], id: str = "", workflow: str = "refund") -> tuple[int, dict[str, Any]]:
        """A hook, signed with the secret of its workflow and the time of the office's clock."""
        self.sent.append(len(self.sent))
        tokens = self.office.bot.books.tokens
        assert tokens is not None
        raw = json.dumps(body).encode()
        stamp = f"{self.office.clock().timestamp():.0f}"
        headers = {
            "Content-Type": "application/json",
            "X-Docket-Id": id or f"evt_{self.sent[-1]}",
            "X-Docket-Timestamp": stamp,
            "X-Docket-Signature": signed(tokens.hook_secret(workflow), stamp, raw),
        }
        url = f"http://127.0.0.1:{self.office.bot.web.port}/hooks/{workflow}"
        async with self.browser.post(url, data=raw, headers=headers) as answer:
            return answer.status, await answer.json()

    async def says(self, **body: Any) -> tuple[int, dict[str, Any]]:
        """A hook whose sender is Stripe; the bot has had its say when this returns."""
        answer = await self.sends({"system": "Stripe", **body})
        await self.office.calm()
        return answer

    def board(self) -> list[str]:
        """The messages that hang in the lane's channel, oldest first."""
        slack = self.office.town.slack
        return [slack.words(message) for message in slack.channel(BOARD)]


@asynccontextmanager
async def shop(folder: Path, text: str | None = None) -> AsyncIterator[Shop]:
    text, clock = text or example(), HandClock(MORNING, running=False)
    async with Town(load(text), clock) as place, ClientSession() as browser:
        given = {
            **place.environment,
            "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db",
            "DOCKET_HTTP": "127.0.0.1:0",
        }
        async with working(place, given, text, clock) as office:
            yield Shop(office, browser)


async def recorded(office: Harbor, key: str) -> list[Entry]:
    return [one.entry for one in await office.store.read(lambda conn: ledger.of_item(conn, "main", key))]


async def test_stripe_says_another_amount_the_lane_shows_it_and_a_person_decides(tmp_path: Path) -> None:
    async with shop(tmp_path) as stripe:
        office, slack = stripe.office, stripe.office.town.slack
        root = await asks(office, "Please refund ORD-48213, I was charged 250 USD")
        assert stripe.board() == [], "routine work is not in the lane"
        link = {"system": "Stripe", "id": "re_1", "url": "https://stripe.example/re_1"}
        assert await stripe.says(key="REF-1", links=[link], fields={"amount": 200}) == (200, {"key": "REF-1"})
        assert "Stripe says amount 200 USD, and Stripe owns money." in await said(office, root)
        assert "re_1" in await said(office, root)
        (board,) = stripe.board()
        assert "*1 open exception*, by deadline" in board
        assert "STALLED" in board
        assert "Lee Park" in board
        assert await decides(office, "lee", "Approve", "GOODWILL", "250 is what we promised them.") == {}
        (board,) = stripe.board()
        assert board.startswith("No exception is open."), "the same message, edited"
        assert (await office.item("REF-1")).fields["amount"] == "250.00 USD"
        await stripe.says(link="re_1", fields={"amount": 200}, status="paid")
        assert (await office.item("REF-1")).state == "open", "on these values a person has decided"
        # The next day's first change hangs a new board below, and the old one says so.
        await office.pushes(days=1)
        await slack.types("dana", "/docket except REF-1 NOT_READY the order is not in the log")
        await office.calm()
        old, new = stripe.board()
        assert "The list goes on below" in old
        assert "NOT_READY" in new
        await slack.types("dana", "/docket exceptions refund")
        await office.calm()
        answer = slack.words(slack.whispers("dana")[-1])
        assert "NOT_READY" in answer
        assert "Only after a person's yes" in answer
        await holds(office)


async def test_a_hook_is_heard_once_however_often_it_comes(tmp_path: Path) -> None:
    async with shop(tmp_path) as stripe:
        office, slack = stripe.office, stripe.office.town.slack
        opens = {"system": "Stripe", "text": "Dispute", "link": "dp_1", "fields": {"order": "ORD-48213", "amount": 45}}
        answers = await asyncio.gather(*(stripe.sends(opens, "evt_1") for _ in range(8)))
        assert answers == [(200, {"key": "REF-1"})] * 8
        assert await stripe.sends(opens, "evt_overheard") == (200, {"key": "REF-1"}), "nor under another id"
        assert len(await office.everything()) == 1
        too_soon = {"system": "Stripe", "key": "REF-1", "note": "Paid.", "close": True}
        first, again = await stripe.sends(too_soon, "evt_2"), await stripe.sends(too_soon, "evt_2")
        assert first == again
        assert first[1]["key"] == "REF-1"
        assert first[1]["not_closed"]["sentence"]
        assert [entry.kind for entry in await recorded(office, "REF-1")].count("attached") == 1
        await office.calm()
        (told,) = [words for m in slack.inbox("dana") if "Paid." in (words := slack.words(m))]
        assert "Stripe wrote about" in told
        assert "hook:" not in told


async def test_what_is_refused_leaves_nothing_behind_and_may_come_again_put_right(tmp_path: Path) -> None:
    async with shop(tmp_path) as stripe:
        office = stripe.office
        wrong = {"system": "Stripe", "text": "Dispute", "fields": {"order": "ORD-48213", "amount": "a lot"}}
        status, answer = await stripe.sends(wrong, "evt_1")
        assert (status, answer["code"]) == (400, "unreadable")
        assert await office.store.read(lambda conn: inbox.arrival(conn, "main", "hook:refund:evt_1")) is None
        assert (await stripe.sends({**wrong, "fields": {"amount": "45"}}, "evt_1")) == (200, {"key": "REF-1"})
        assert (await stripe.sends({"system": "Stripe", "key": "REF-9", "note": "?"}))[0] == 404


async def test_what_the_rules_fail_on_is_kept_and_owned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shop(tmp_path) as stripe:

        def broken(*_: object) -> None:
            raise RuntimeError("a stone in the shoe")

        monkeypatch.setattr("rules.apply.told.hear", broken)
        for _ in range(2):
            status, answer = await stripe.sends({"system": "Stripe", "text": "Dispute"}, "evt_1")
            assert (status, answer["code"]) == (202, "held")
            assert "stone" not in answer["sentence"]
        (failure,) = await stripe.office.everything()
        assert (failure.key, failure.owner) == ("BOT-1", "sam")
        await stripe.office.calm()
        assert "BOT-1" in stripe.board()[0]


async def test_a_private_hook_is_answered_with_a_key_and_seen_by_its_own_alone(tmp_path: Path) -> None:
    text = example().replace("intake: {email: [concerns], command: true}", "intake: {email: [concerns], webhook: true}")
    async with shop(tmp_path, text) as hotline:
        office, slack = hotline.office, hotline.office.town.slack
        report = {"system": "Hotline", "text": "My lead shouts at people.", "link": "h1"}
        assert await hotline.sends(report, workflow="concern") == (200, {"key": "CON-1"})
        await slack.types("maria", "/docket except CON-1 NOT_HEARD I was ill")
        await office.calm()
        status, answer = await hotline.sends({"system": "Hotline", "link": "h1", "close": True}, workflow="concern")
        assert (status, answer["not_closed"]["sentence"]) == (200, "Whoever has it knows why.")
        assert hotline.board() == []
        await asks(office, "Please refund ORD-48213, I was charged $900")
        (board,) = hotline.board()
        assert "OVER_LIMIT" in board
        assert "NOT_HEARD" not in board
        assert any("shouts" in slack.words(message) for message in slack.inbox("maria"))
        for who in ("dana", "finn", "sam"):
            assert not any("CON-1" in slack.words(message) for message in slack.inbox(who))


async def test_without_the_channel_the_operator_has_one_exception(tmp_path: Path) -> None:
    async with shop(tmp_path) as stripe:
        office, slack = stripe.office, stripe.office.town.slack
        slack.workspace.channel(BOARD).members.discard(office.town.app.bot_user)
        for order in ("ORD-48213", "ORD-48214"):
            await asks(office, f"Please refund {order}, I was charged $900")
        failures = [item for item in await office.everything() if item.workflow == "docket"]
        assert [item.fields["cause"] for item in failures] == ["deliver:slack:#exceptions"]
        assert "#exceptions" in failures[0].fields["what"]


async def test_what_comes_while_its_workflow_is_paused_is_kept_and_taken_when_it_goes_on(tmp_path: Path) -> None:
    async with shop(tmp_path) as stripe:
        office, slack = stripe.office, stripe.office.town.slack
        opens = {"system": "Stripe", "text": "Dispute", "link": "dp_1", "fields": {"order": "ORD-48213", "amount": 45}}
        await slack.types("sam", "/docket pause refund the bank is down")
        await office.calm()
        for id in ("evt_1", "evt_1", "evt_overheard"):
            assert (await stripe.sends(opens, id))[0] == 202
        assert await office.everything() == []
        await slack.types("sam", "/docket resume refund")
        await office.calm()
        assert [item.key for item in await office.everything()] == ["REF-1"]
        assert await stripe.sends(opens, "evt_1") == (200, {"key": "REF-1"})
