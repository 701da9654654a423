"""Decision pages over HTTP: looking changes nothing, a form of ours decides, everything else is told why not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession, CookieJar

from bot.tokens import Tokens
from handlers.pieces import Reading
from handlers.ports import Busy, DecisionAsked, DecisionMade
from handlers.web.decide import ROUTE, DecisionPages
from handlers.web.listen import WebDoor
from handlers.web.taps import Taps
from rules.deciding_page import Page
from rules.messages import Choice, Message, Quote, Reply, When
from rules.replies import done, refused

TOKEN = "a" * 42
NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
CARD = Message(
    subject="Decide by 12:00: refund",
    headline=("Decide by ", When(NOON), ": above what the desk may pay"),
    lines=(("They wrote ", Quote("<script>alert(1)</script> please")),),
    small=(("If nobody does: Maria can decide.",),),
)
OPEN = Page(
    person="lee", item="REF-12", code="OVER_LIMIT", card=CARD, shown={"amount": "450.00 USD"},
    approve=(Choice(value="GOODWILL", label="GOODWILL", meaning="Worth it."),),
    reject=(Choice(value="NO_PROOF", label="NO_PROOF", meaning="Nothing supports it."),),
)  # fmt: skip
OVER = Page(person="lee", item="REF-12", code="OVER_LIMIT", card=CARD)
READING = Reading(names={}, zone=ZoneInfo("America/Chicago"), today=date(2026, 11, 20))


@dataclass
class Desk:
    """Where pages come from. `busy`: the database can't be had."""

    page: Page | None = OPEN
    reply: Reply = field(default_factory=lambda: done(("Approved by Lee.",)))
    made: list[DecisionMade] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)
    busy: bool = False

    async def asked(self, token: str) -> DecisionAsked | None:
        self.asked_for.append(token)
        if self.busy:
            raise Busy("busy")
        if self.page is None or token != TOKEN:
            return None
        return DecisionAsked(page=self.page, organization="Harbor Supply", reading=READING)

    async def decide(self, token: str, made: DecisionMade) -> Reply | None:
        self.made.append(made)
        if not self.reply.refused:
            self.page = OVER
        return self.reply


@dataclass
class Site:
    """The pages on loopback, and a browser that keeps its cookies."""

    desk: Desk
    browser: ClientSession
    url: str
    now: list[float]

    async def get(self, token: str = TOKEN) -> tuple[int, str]:
        async with self.browser.get(f"{self.url}/decide/{token}") as answer:
            return answer.status, await answer.text()

    async def post(self, headers: dict[str, str] | None = None, **form: str) -> tuple[int, str]:
        async with self.browser.post(f"{self.url}/decide/{TOKEN}", data=form, headers=headers) as answer:
            return answer.status, await answer.text()

    async def form(self) -> dict[str, str]:
        """What the page's form brings back by itself."""
        _, html = await self.get()
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html.replace("&#34;", "'"))) | {
            "shown": '{"amount": "450.00 USD"}'
        }


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    desk, now = Desk(), [0.0]
    door = WebDoor("127.0.0.1", 0)
    pages = DecisionPages(desk, Tokens(b"s" * 32).proof, Taps(lambda: now[-1], burst=5, per_minute=5), secure=False)
    door.add("GET", ROUTE, pages.show)
    door.add("POST", ROUTE, pages.decide)
    await door.start()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        yield Site(desk, browser, f"http://127.0.0.1:{door.port}", now)
    await door.stop()


async def test_looking_shows_the_card_and_changes_nothing(site: Site) -> None:
    status, html = await site.get()
    assert status == 200
    assert "Decide by today at 12:00: above what the desk may pay" in re.sub(r"\s+", " ", html)
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "Nothing supports it." in html
    assert site.desk.made == []


async def test_it_may_be_kept_by_nobody_and_framed_by_nobody(site: Site) -> None:
    async with site.browser.get(f"{site.url}/decide/{TOKEN}") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "SameSite=Strict" in answer.headers["Set-Cookie"]


async def test_a_head_request_and_a_link_scanner_decide_nothing(site: Site) -> None:
    async with site.browser.head(f"{site.url}/decide/{TOKEN}") as answer:
        assert answer.status == 405
    await site.get(TOKEN.upper())
    assert site.desk.made == []


async def test_a_form_of_ours_decides_against_what_it_showed(site: Site) -> None:
    status, html = await site.post(**await site.form(), decision="approve:GOODWILL", rationale="Worth keeping.")
    assert status == 200
    assert "Approved by Lee." in html
    assert "<form" not in html
    assert site.desk.made == [
        DecisionMade(
            verdict="approve", reason_code="GOODWILL", rationale="Worth keeping.", seen={"amount": "450.00 USD"}
        )
    ]


async def test_an_approval_can_be_sent_back_on_its_page_an_exception_can_not(site: Site) -> None:
    """The third way needs no reason code: what is missing is its words."""
    assert "Ask for changes" not in (await site.get())[1]
    site.desk.page = replace(OPEN, changes=True)
    assert "Ask for changes" in (await site.get())[1]
    await site.post(**await site.form(), decision="changes:", rationale="Until when?")
    (made,) = site.desk.made
    assert (made.verdict, made.reason_code, made.rationale) == ("changes", "", "Until when?")


async def test_what_is_refused_is_said_there_and_nothing_typed_is_lost(site: Site) -> None:
    site.desk.reply = refused("rationale", ("Say why in a sentence.",))
    status, html = await site.post(**await site.form(), decision="reject:NO_PROOF", rationale="no & never")
    assert status == 409
    assert "Say why in a sentence." in html
    assert "no &amp; never</textarea>" in html
    assert re.search(r'value="reject:NO_PROOF" required checked', html)


async def test_a_form_without_a_choice_is_said_to_lack_it(site: Site) -> None:
    status, html = await site.post(**await site.form(), rationale="because")
    assert (status, site.desk.made) == (400, [])
    assert "choose one of the reasons" in html


@pytest.mark.parametrize("what", ["shown", "proof", "cookie", "origin", "site"])
async def test_a_form_that_is_not_ours_decides_nothing(site: Site, what: str) -> None:
    """Another's page can make a browser post, but not know the proof, nor change what was shown."""
    form, headers = await site.form(), {}
    if what == "shown":
        form["shown"] = '{"amount": "4.00 USD"}'
    elif what == "proof":
        form["proof"] = "0" * 64
    elif what == "cookie":
        site.browser.cookie_jar.clear()
    elif what == "origin":
        headers = {"Origin": "https://evil.example"}
    else:
        headers = {"Sec-Fetch-Site": "cross-site"}
    status, html = await site.post(headers, **form, decision="approve:GOODWILL", rationale="kept words")
    assert (status, site.desk.made) == (403, [])
    assert "kept words</textarea>" in html


async def test_a_page_that_is_none_is_said_kindly_and_can_not_be_guessed_at(site: Site) -> None:
    status, html = await site.get("b" * 42)
    assert status == 404
    assert "no longer there" in html
    for letter in "cdefghij":
        await site.get(letter * 42)
    assert "too often" in (await site.get("k" * 42))[1]
    assert (await site.get())[0] == 200, "who has a real one is not kept out by it"


async def test_one_page_is_shown_a_few_times_a_minute_and_then_again(site: Site) -> None:
    answers = [(await site.get())[0] for _ in range(7)]
    assert answers == [200] * 5 + [429] * 2
    site.now.append(60.0)
    assert (await site.get())[0] == 200


async def test_while_the_database_is_away_nothing_is_pretended(site: Site) -> None:
    site.desk.busy = True
    status, html = await site.get()
    assert status == 503
    assert "Nothing was recorded" in html


async def test_what_was_decided_is_shown_without_a_form(site: Site) -> None:
    site.desk.page = OVER
    _, html = await site.get()
    assert "<form" not in html
