"""The App Home, from outside: what people find there, how fast it follows, and that its buttons work."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from bot.demo import example, manifest
from bot.homes import METHOD
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from tests.stories.browsing import desk
from tests.stories.harbor import MORNING, Harbor, environment, harbor, working

BIG = "Please refund $450 for ORD-48213, I was charged twice"
LOG = "Payment log shows both captures."


async def opens(office: Harbor, who: str) -> str:
    """Look at one's Home, and read it."""
    await office.town.slack.opens_home(who)
    await office.calm()
    return reads(office, who)


def reads(office: Harbor, who: str) -> str:
    slack = office.town.slack
    return str(slack.words(slack.home(who)))


def published(office: Harbor) -> list[str]:
    """For whom Slack was given a Home, in order."""
    return [str(given["user_id"]) for method, given in office.town.api.calls if method == METHOD]


@pytest.mark.usefixtures("both_modes")
async def test_a_decision_is_made_at_home_and_everyones_home_follows(tmp_path: Path) -> None:
    """Lee decides with the same form as on the card; Rita sees where it stands without asking (M95, M116)."""
    async with harbor(tmp_path, manifest=manifest()) as office:
        slack = office.town.slack
        await slack.says("rita", "#refunds", BIG)
        await office.calm()
        assert "Waits for Lee Park to decide (OVER_LIMIT)" in await opens(office, "rita")
        assert "Waits for Lee Park to decide (OVER_LIMIT)" in await opens(office, "dana")
        home = await opens(office, "lee")
        assert "Decide by Wed Mar 4 at 12:00: the refund is above what the desk may pay on its own" in home
        assert "amount *450 USD*" in home

        assert not (await slack.clicks_in_view("lee", "Approve", home=True)).error
        await office.calm()
        form = slack.view("lee")
        assert form is not None
        assert form["title"]["text"] == "Approve REF-1"
        why = {"Reason code": "DOUBLE_CHARGE", "Why, so that someone new understands it next month": LOG}
        assert await slack.submits("lee", why) == {}
        await office.calm()
        assert "No decisions wait for you" in reads(office, "lee")
        assert "triage · due Wed Mar 4 at 14:00" in reads(office, "dana")
        assert "Dana Ruiz has it · triage · due" in reads(office, "rita")
        assert LOG not in reads(office, "rita")


async def test_it_follows_a_change_within_a_second_for_those_who_have_it_open(tmp_path: Path) -> None:
    """Real seconds, as people count them; and nothing at all is published for the others."""
    async with harbor(tmp_path) as office:
        await opens(office, "lee")
        before = len(published(office))
        await office.town.slack.says("rita", "#refunds", BIG)
        began = time.monotonic()
        await office.until(lambda: "REF-1" in reads(office, "lee"))
        assert time.monotonic() - began < 1.0
        await office.calm()
        assert published(office)[before:] == ["U0LEE"], "one change, one view"
        assert office.town.slack.home("dana") is None


async def test_after_a_restart_it_goes_on_for_who_had_it_open(tmp_path: Path) -> None:
    text = example()
    async with Town(load(text), HandClock(MORNING, running=False)) as town:
        given = {**environment(town), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(town, given, text, town.clock) as office:
            await opens(office, "lee")
        before = len(published(office))
        async with working(town, given, text, town.clock) as office:
            await office.calm()
            assert len(published(office)) == before, "it looks as it did"
            await town.slack.says("rita", "#refunds", BIG)
            await office.calm()
            assert "REF-1" in reads(office, "lee")


async def test_what_a_click_at_home_answers_is_shown_there_in_a_window(tmp_path: Path) -> None:
    """No message appears in another tab; what the Home itself shows is not said beside it."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "#refunds", "Please refund ORD-48213, it was $45")
        await office.calm()
        await opens(office, "dana")
        told = len(slack.inbox("dana"))
        await slack.clicks_in_view("dana", "docket:more", "Show", home=True)
        await office.calm()
        shown = slack.words(slack.view("dana"))
        assert "*REF-1* · Dana Ruiz has it · triage · due Wed Mar 4 at 14:00" in shown
        await slack.closes("dana")
        await slack.clicks_in_view("dana", "docket:more", "I'm on it", home=True)
        await office.calm()
        assert slack.view("dana") is None
        assert " · on it" in reads(office, "dana")
        await slack.clicks_in_view("dana", "docket:more", "Checklist", home=True)
        await office.until(lambda: slack.view("dana"))
        assert await slack.submits("dana", {"1 Customer is known": "Passed"}) == {}
        await office.calm()
        told = len(slack.inbox("dana"))  # what a form leads to is said beside it
        await slack.clicks_in_view("dana", "docket:more", "On to payment", home=True)
        await office.calm()
        assert "REF-1" not in reads(office, "dana"), "it is Finn's now"
        assert len(slack.inbox("dana")) == told
        assert (await office.item("REF-1")).owner == "finn"


async def test_a_button_that_is_too_late_says_who_decided(tmp_path: Path) -> None:
    """Lee's Home stood still (it was not open); his click meets what Maria did."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "#refunds", BIG)
        await office.calm()
        await opens(office, "lee")
        await office.pushes(hours=3)  # Maria may decide too, and Lee's Home is not kept fresh any more
        await slack.types("maria", "/docket reject REF-1 NO_PROOF The log shows one capture.")
        await office.calm()
        assert "Approve" in reads(office, "lee")
        await slack.clicks_in_view("lee", "Approve", home=True)
        await office.calm()
        window = slack.words(slack.view("lee"))
        assert "Maria Sol rejected REF-1" in window
        assert "Nothing was changed by your click" in window


async def test_a_long_home_is_read_page_by_page(tmp_path: Path, unpaced: None) -> None:
    """Past Slack's 100 blocks it goes on behind a button, and stays on that page while it follows changes."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        for number in range(52):
            await slack.says("rita", "#refunds", f"Please refund $450 for ORD-{10000 + number}, I was charged twice")
        await office.calm()
        home = await opens(office, "lee")
        assert "ORD-10000" in home
        assert "ORD-10051" not in home
        first: Any = slack.home("lee")
        assert len(first["blocks"]) <= 100
        await slack.clicks_in_view("lee", "Next page", home=True)
        await office.calm()
        home = reads(office, "lee")
        assert "Waiting for your decision (continued)" in home
        assert "ORD-10051" in home
        assert "ORD-10000" not in home
        await slack.says("finn", "#refunds", "Please refund $450 for ORD-99999, I was charged twice")
        await office.calm()
        assert "ORD-99999" in reads(office, "lee")
        await slack.clicks_in_view("lee", "Previous page", home=True)
        await office.calm()
        assert "ORD-10000" in reads(office, "lee")


async def test_a_private_concern_is_on_three_homes_and_no_other(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.types("rita", "/docket new concern My lead shouts at people")
        await office.calm()
        homes = {
            who: await opens(office, who) for who in ("rita", "maria", "lee", "sam", "dana", "finn", "ines", "noa")
        }
        assert "CON-1" in homes["rita"]
        assert "CON-1" in homes["maria"]
        assert [who for who, home in homes.items() if "CON-1" in home] == ["rita", "maria"]
        await slack.types("maria", "/docket except CON-1 NOT_HEARD I was away")
        await office.calm()
        assert [who for who in homes if "CON-1" in reads(office, who)] == ["rita", "maria", "lee"]


async def test_where_slack_has_no_home_tab_the_rest_goes_on(tmp_path: Path) -> None:
    """An app that was installed from an older manifest: nothing fails, and the operator hears once what to do."""
    old = manifest()
    old["features"]["app_home"]["home_tab_enabled"] = False
    async with harbor(tmp_path, manifest=old) as office:
        await opens(office, "lee")
        await office.town.slack.says("rita", "#refunds", BIG)
        await office.calm()
        assert office.town.slack.home("lee") is None
        failures = [i for i in await office.everything() if i.workflow == "docket"]
        assert ["Home tab is off" in i.fields["what"] for i in failures] == [True]
        assert (await office.item("REF-1")).state == "blocked"


@pytest.mark.parametrize("width", [1280, 400])
async def test_at_the_page_a_person_decides_at_home(tmp_path: Path, width: int) -> None:
    """In a browser, on a desk and on a phone: the buttons work, the page follows, nothing scrolls sideways."""
    async with harbor(tmp_path, manifest=manifest()) as office, desk(office, width=width) as at:
        await office.town.slack.says("rita", "#refunds", BIG)
        await office.calm()
        page = at.page
        if width < 700:
            await expect(page.locator("body")).to_have_class("side-open")
        await at.be("Lee Park", "Docket Home")
        await expect(at.stream).to_contain_text("the refund is above what the desk may pay")
        assert await page.evaluate("document.querySelector('#stream').scrollWidth <= window.innerWidth")
        await at.presses("Approve", at.stream)
        await at.fills_in("DOUBLE_CHARGE", LOG)
        await expect(at.stream).to_contain_text("No decisions wait for you")
        await page.reload()
        await expect(at.stream).to_contain_text("No decisions wait for you")
