"""Deciding on a page: whoever has no Slack opens it from the mail on a phone; what opens every link decides nothing."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Page, async_playwright, expect

from bot.demo import example
from tests.dovecot import Dovecot
from tests.stories.browsing import FLAGS, PATIENCE_MS, WHY
from tests.stories.post_office import Letter, Post, mail, post

pytestmark = pytest.mark.usefixtures("quick_mail", "unpaced")
REQUEST = "Please refund ORD-48213, $450, I was charged twice."
OLU = "olu@harbor.example"


def olus() -> str:
    """The example, with Olu deciding what is over the limit."""
    seats = "owner: {}\n        backup: {}\n        respond_within: 2 business hours"
    return example().replace(seats.format("lee", "maria"), seats.format("olu", "lee"))


@asynccontextmanager
async def opened(folder: Path, dovecot: Dovecot) -> AsyncIterator[Post]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        here = f"127.0.0.1:{free.getsockname()[1]}"
    async with post(folder, dovecot, text=olus(), DOCKET_HTTP=here, DOCKET_PUBLIC_URL=f"http://{here}") as office:
        yield office


@asynccontextmanager
async def phone() -> AsyncIterator[Page]:
    """A browser without scripts, as wide as a small phone."""
    chromium = shutil.which("chromium")
    assert chromium is not None, "Chromium is missing"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = await browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page
        await browser.close()


def address_in(letter: Letter) -> str:
    """Where the letter's own page is."""
    found = re.search(
        r"http://127\.0\.0\.1:\d+/decide/[a-z2-7]+", letter.raw.decode("ascii", "replace").replace("=\r\n", "")
    )
    assert found is not None
    return found.group()


async def test_a_decision_is_made_on_the_page_once_and_what_scans_links_makes_none(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    async with opened(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST))
        address = address_in(office.last(OLU))
        async with ClientSession() as scanner:
            for method in ("GET", "HEAD", "GET"):
                async with scanner.request(method, address) as answer:
                    await answer.read()
            async with scanner.post(address, data={"decision": "approve:GOODWILL", "rationale": "x"}) as answer:
                assert answer.status == 403, "a form that was never shown to it"
        assert (await office.item("REF-1")).open_trouble("OVER_LIMIT")
        async with phone() as page:
            await page.goto(address)
            await expect(page.locator("h1")).to_contain_text("Decide by today at 12:00")
            await expect(page.locator("main")).to_contain_text("amount 450 USD")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 360, "nothing to be pushed sideways"
            await page.get_by_role("radio", name="DOUBLE_CHARGE").check()
            await page.get_by_label(WHY).fill("The log shows both captures.")
            await page.get_by_role("button", name="Record the decision on REF-1").click()
            await expect(page.get_by_role("status")).to_contain_text("DOUBLE_CHARGE")
            await office.calm()
            item = await office.item("REF-1")
            decision = item.exceptions[0].decision
            assert decision is not None
            assert (decision.by, decision.via, decision.reason_code) == ("olu", "page", "DOUBLE_CHARGE")
            await page.goto(address)
            await expect(page.get_by_role("button")).to_have_count(0)
            await expect(page.locator("main")).to_contain_text("Olu Bright approved REF-1")
        receipt = office.last(OLU)
        assert "this wasn't me" in receipt.text


async def test_a_page_that_was_open_while_the_value_changed_decides_nothing(tmp_path: Path, dovecot: Dovecot) -> None:
    """Somebody else decided first: the one who comes second is told whose decision stands."""
    async with opened(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST))
        async with phone() as page:
            await page.goto(address_in(office.last(OLU)))
            await office.pushes(hours=2, minutes=1)
            await office.does("lee", "reject", "REF-1", reason_code="NO_PROOF", words="Nothing in the log.")
            await page.get_by_role("radio", name="GOODWILL").check()
            await page.get_by_label(WHY).fill("A good customer.")
            await page.get_by_role("button", name="Record the decision on REF-1").click()
            await expect(page.get_by_role("status")).to_contain_text("Lee Park rejected REF-1")
            await expect(page.get_by_role("status")).to_contain_text("Nothing was changed")


async def test_an_address_of_another_use_or_none_shows_nothing(tmp_path: Path, dovecot: Dovecot) -> None:
    """The token of a mail's Reply-To opens no page, and a page's token is none in an address."""
    async with opened(tmp_path, dovecot) as office:
        await office.arrives(mail(REQUEST))
        letter = office.last(OLU)
        address = address_in(letter)
        reply = str(letter.mail["Reply-To"]).partition("+")[2].partition("@")[0]
        assert reply
        async with ClientSession() as browser:
            token = address.rpartition("/")[2]
            for path in (reply, "a" * 42, "short", ("b" if token[0] == "a" else "a") + token[1:]):
                async with browser.get(f"{address.rpartition('/')[0]}/{path}") as answer:
                    assert answer.status == 404
                    assert "REF-1" not in await answer.text()
