"""Looking on one's own: how people of the rulebook get in, what they see, what nobody sees, and how it looks."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from aiohttp import ClientSession, CookieJar
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from bot.demo import example
from tests.dovecot import Dovecot
from tests.stories.browsing import FLAGS, PATIENCE_MS
from tests.stories.harbor import Harbor, harbor
from tests.stories.looking import LINK, free_address, link_for, office_with_pages
from tests.stories.post_office import Letter, mail, post

BIG = "Please refund $450 for ORD-48213, I was charged twice"


@dataclass
class Visitor:
    """A signed-in browser without a picture."""

    session: ClientSession
    base: str

    async def reads(self, path: str = "") -> tuple[int, str]:
        async with self.session.get(self.base + path, allow_redirects=False) as answer:
            return answer.status, re.sub(
                r"\s+", " ", re.sub(r"<style>.*?</style>", "", await answer.text(), flags=re.S)
            )


@asynccontextmanager
async def visit(link: str) -> AsyncIterator[Visitor]:
    """Press the button of a link's page in a browser of its own."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        async with session.get(link) as answer:
            (proof,) = re.findall(r'name="proof" value="(\w+)"', await answer.text())
        async with session.post(link, data={"proof": proof}, allow_redirects=False) as answer:
            assert answer.status == 303
            base = answer.headers["Location"]
        yield Visitor(session, base)


async def says(office: Harbor, who: str, words: str) -> None:
    await office.town.slack.says(who, "#refunds", words)
    await office.calm()


async def types(office: Harbor, who: str, words: str) -> str:
    """Type a command; gives the private answer."""
    await office.town.slack.types(who, words)
    await office.calm()
    return office.town.slack.words(office.town.slack.whispers(who)[-1])


async def test_a_manager_looks_at_what_waits_one_item_and_a_report(tmp_path: Path) -> None:
    async with office_with_pages(tmp_path, pictures=True) as office:
        await says(office, "rita", BIG)
        await says(office, "noa", "Please refund ORD-50117, $45, wrong size")
        link = await link_for(office, "maria")
        async with ClientSession() as scanner:
            for method in ("GET", "HEAD", "GET", "POST"):
                async with scanner.request(method, link) as answer:
                    assert answer.status in (200, 405, 403)
        before = await office.everything()
        async with visit(link) as maria:
            status, lane = await maria.reads()
            assert status == 200
            assert "1 open exception, by deadline" in lane
            assert f'<a href="{maria.base}items/REF-1" rel="noreferrer">REF-1</a>' in lane
            assert "Lee Park" in lane
            await types(office, "lee", "/docket approve REF-1 DOUBLE_CHARGE The payment log shows both captures.")
            assert "No exception is open" in (await maria.reads())[1]
            _, item = await maria.reads("items/ref-1")
            for told in (
                "Rita Gomez",
                "Lee Park approved",
                "The payment log shows both captures.",
                "Who was told",
                "Record",
            ):
                assert told in item, told
            _, mine = await maria.reads("mine")
            assert "Nothing is yours" in mine
            _, listed = await maria.reads("items?owner=dana&workflow=refund&state=open")
            assert "2 items" in listed
            assert "1 item<" in (await maria.reads("items?key=2"))[1]
            assert "Nothing here is like that." in (await maria.reads("items?state=closed"))[1]
            assert "Nothing here is like that." in (await maria.reads("items?workflow=nothing"))[1]
            _, report = await maria.reads("reports/repeated-codes")
            assert "OVER_LIMIT" in report
            assert (await maria.reads("reports/nothing"))[0] == 404
            assert "workflows/refund" in (await maria.reads("reports"))[1]
            assert "Every refund request gets an answer" in (await maria.reads("workflows/refund"))[1]
            assert (await maria.reads("workflows/concern"))[0] == 404
            await office.pushes(minutes=6)
            _, trends = await maria.reads("trends")
            (alt,) = re.findall(r'plots/ages\.png" alt="([^"]+)"', trends)
            assert "2" in alt, "its numbers in words"
        assert {i.key: i.version for i in before if i.key == "REF-2"} == {
            i.key: i.version for i in await office.everything() if i.key == "REF-2"
        }, "looking changes nothing"
        async with ClientSession() as another, another.get(link) as answer:
            assert answer.status == 404, "it opened once"


async def test_long_lists_are_turned_page_by_page(tmp_path: Path) -> None:
    """Every item once, and nothing private in between, nor in where a page begins."""
    async with office_with_pages(tmp_path) as office:
        await office.town.slack.types("rita", "/docket new concern My lead shouts at people")
        await says(office, "noa", "Please refund ORD-50001, $45, wrong size")
        first = await office.item("REF-1")
        hidden = await office.item("CON-1")

        def many(conn: Any) -> None:
            from storage import items

            for n in range(2, 121):
                items.save(conn, replace(first, key=f"REF-{n}", version=1), 0)
            for n in range(2, 60):
                items.save(conn, replace(hidden, key=f"CON-{n}", version=1), 0)

        await office.store.write(many)
        async with visit(await link_for(office, "dana")) as dana:
            path, keys = "items", list[str]()
            for _ in range(3):
                _, html = await dana.reads(path)
                assert "CON-" not in html
                keys += re.findall(r'items/(REF-\d+)"', html)
                onward = re.search(r'<p class="onward"><a href="([^"]+)"', html)
                path = "items" + onward.group(1).replace("&amp;", "&") if onward else ""
            assert path == ""
            assert sorted(keys) == sorted(f"REF-{n}" for n in range(1, 121))


async def test_private_work_is_nowhere_but_with_who_holds_it(tmp_path: Path) -> None:
    async with office_with_pages(tmp_path) as office:
        slack = office.town.slack
        await slack.types("rita", "/docket new concern My lead shouts at people")
        await office.calm()
        await slack.types("maria", "/docket except CON-1 NOT_HEARD They do not answer.")
        await office.calm()
        assert (await office.item("CON-1")).open_trouble("NOT_HEARD")
        async with visit(await link_for(office, "dana")) as dana, visit(await link_for(office, "maria")) as maria:
            for path in (
                "",
                "mine",
                "items",
                "items?key=CON-1",
                "items?key=1",
                "items?owner=maria",
                "items?workflow=concern",
            ):
                _, seen = await dana.reads(path)
                assert "CON-1<" not in seen, path
                assert "shouts" not in seen, path
            assert "No exception is open" in (await dana.reads())[1]
            assert await dana.reads("items/CON-1") == await dana.reads("items/CON-99")
            assert (await dana.reads("items/CON-1"))[0] == 404
            assert "CON-1" in (await maria.reads())[1]
            assert "shouts" in (await maria.reads("items/CON-1"))[1]
            for path in ("reports", "reports/gates", "trends", "plots/ages.png", "workflows/refund"):
                assert (await dana.reads(path))[0] == 404, "she reads no reports"
            assert "Reports" not in (await dana.reads())[1]
            for name in ("repeated-codes", "gates"):
                assert "NOT_HEARD" not in (await maria.reads(f"reports/{name}"))[1]


async def test_nobody_but_people_of_the_rulebook_gets_in_nor_stays_in(tmp_path: Path) -> None:
    async with office_with_pages(tmp_path) as office:
        assert "That is for people of the rulebook" in await types(office, "rita", "/docket web")
        old = await link_for(office, "lee")
        links = [await link_for(office, who) for who in ("lee", "lee", "finn")]
        async with visit(links[0]) as lee, visit(links[1]) as phone, visit(links[2]) as finn:
            assert [(await each.reads())[0] for each in (lee, phone, finn)] == [200, 200, 200]
            async with lee.session.post(lee.base + "out", data={"where": "everywhere"}) as answer:
                assert answer.status == 200
            assert [(await each.reads())[0] for each in (lee, phone, finn)] == [403, 403, 200]
            book = office.bot.books.current
            people = {key: person for key, person in book.people.items() if key != "finn"}
            office.bot.books.current = replace(book, people=people)
            assert (await finn.reads())[0] == 403, "the rulebook has him no more"
            office.bot.books.current = book
            assert (await finn.reads())[0] == 200
            await office.town.slack.deactivates("finn")
            await office.calm()
            assert (await finn.reads())[0] == 403, "his account is gone"
        async with visit(await link_for(office, "maria")) as maria:
            await office.pushes(minutes=31)
            async with ClientSession() as late, late.get(old) as answer:
                assert answer.status == 404, "half an hour is over"
            assert (await maria.reads())[0] == 200
            await office.pushes(hours=11, minutes=30)
            assert (await maria.reads())[0] == 403, "twelve hours are over"


async def test_without_an_address_there_is_no_page_and_it_says_so(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        said = await types(office, "maria", "/docket web")
        assert "There is no web page here" in said
        assert "Sam" in said


@pytest.mark.usefixtures("quick_mail", "unpaced")
async def test_by_mail_a_link_takes_the_trust_that_a_deed_takes(tmp_path: Path, dovecot: Dovecot) -> None:
    """Anybody may write under Olu's address; what comes back to Olu then is no link. The digest brings one."""
    text, here = example().replace("morning: {to: [maria, lee]", "morning: {to: [olu]"), free_address()
    olu, folder = "olu@harbor.example", "INBOX?authserv=mx.harbor.example"
    pages = {"DOCKET_HTTP": here, "DOCKET_PUBLIC_URL": f"http://{here}"}

    def link_in(letter: Letter) -> str:
        found = LINK.search(letter.raw.decode("ascii", "replace").replace("=\r\n", ""))
        return found.group() if found else ""

    async with post(tmp_path, dovecot, text=text, mailbox=folder, **pages) as office:
        await office.arrives(mail("web", sender=f"Olu <{olu}>"))
        assert link_in(office.last(olu)) == ""
        assert "write web in reply to a letter" in office.last(olu).text.replace("`", "")
        vouched = "mx.harbor.example; dmarc=pass header.from=harbor.example"
        headers = {"Authentication_Results": vouched, "Date": format_datetime(office.clock())}
        await office.arrives(mail("Web.", sender=f"Olu <{olu}>", **headers))
        async with visit(link_in(office.last(olu))) as visitor:
            assert "Olu Bright" in (await visitor.reads())[1]
        await office.pushes(hours=23)
        assert office.last(olu).subject.startswith("Harbor Supply"), "the morning's digest"
        async with visit(link_in(office.last(olu))) as visitor:
            assert (await visitor.reads("mine"))[0] == 200


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    chromium = shutil.which("chromium")
    assert chromium is not None, "Chromium is missing"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page
        await browser.close()


async def is_well(page: Page) -> None:
    """No fault that axe-core knows, wide and light; then, dark and as wide as a small phone, what differs there."""
    await _looked_at(page, 1100, "light", {"resultTypes": ["violations"]})
    await _looked_at(page, 360, "dark", {"runOnly": ["color-contrast"], "resultTypes": ["violations"]})


async def _looked_at(page: Page, width: int, scheme: Literal["light", "dark"], options: dict[str, list[str]]) -> None:
    await page.set_viewport_size({"width": width, "height": 740})
    await page.emulate_media(color_scheme=scheme)
    found = await Axe().run(page, options=options)
    assert found.violations_count == 0, f"{page.url}, {width} {scheme}: {found.generate_report()}"
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} scrolls sideways at {width}"


async def test_the_pages_work_by_keyboard_and_screen_reader_on_any_width(tmp_path: Path) -> None:
    async with office_with_pages(tmp_path) as office, browser_page() as page:
        await says(office, "rita", BIG + " " + "x" * 300)
        await says(office, "noa", "Please refund ORD-50117, $820, never came")
        await types(office, "lee", "/docket approve REF-1 DOUBLE_CHARGE The payment log shows both captures.")
        await page.goto(await link_for(office, "maria"))
        await is_well(page)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Waiting for a decision")
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_in_viewport()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        await is_well(page)
        for path in ("mine", "items/REF-1", "reports/repeated-codes", "items"):
            await page.goto(f"{office.bot.books.public_url}/look/{path}")
            await is_well(page)
        await page.get_by_label("Owner").select_option(label="Dana Ruiz")
        await page.get_by_role("button", name="Show").press("Enter")
        await expect(page.get_by_role("rowheader")).to_have_count(2)
        await page.get_by_role("button", name="Sign out everywhere").click()
        await expect(page.locator("main")).to_contain_text("You are signed out")
