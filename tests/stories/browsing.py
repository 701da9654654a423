"""A person at the sandbox's page, in headless Chromium: what the browser stories and the pictures of the docs share."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Locator, Page, async_playwright, expect

from tests.stories.harbor import Harbor

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
#: Far more than anything takes here: two busy cores must not fail a story.
PATIENCE_MS = 15_000
WHY = "Why, so that someone new understands it next month"


@dataclass(frozen=True, slots=True)
class Desk:
    """A browser window on the office's page."""

    page: Page
    office: Harbor

    async def be(self, name: str, place: str) -> None:
        """Switch to the person of that name and go to a channel, `Docket` or a mail address."""
        await self.page.select_option("#person", label=name)
        await self.page.locator(".place", has_text=place).first.click()
        await expect(self.page.locator(".place[aria-current]")).to_contain_text(place)

    async def types(self, text: str, *, in_thread: bool = False) -> None:
        """Write where the person is, press Enter, and wait until the bot has had its say."""
        area = self.page.locator("#thread-text" if in_thread else "#composer-text")
        await area.fill(text)
        await area.press("Enter")
        await expect(area).to_have_value("")
        await self.office.calm()

    async def presses(self, name: str, within: Locator | None = None) -> None:
        """Press the last button of that name, and wait until the bot has had its say."""
        await (within or self.page.locator("#main")).get_by_role("button", name=name).last.click()
        await self.office.calm()

    async def follows(self, title: str) -> None:
        """Press the button of the tour's step, which must have that title by now."""
        await expect(self.page.locator(".tour h2")).to_contain_text(title)
        await self.page.locator(".tour-go").click()

    async def fills_in(self, code: str, why: str) -> None:
        """Fill in the open decision form and send it."""
        form = self.page.locator("#modal")
        await form.get_by_role("button", name="Reason code").click()
        await form.get_by_role("option", name=code).click()
        await form.get_by_label(WHY).fill(why)
        await form.locator("button[type=submit]").click()
        await self.office.calm()

    @property
    def stream(self) -> Locator:
        return self.page.locator("#stream")

    @property
    def thread(self) -> Locator:
        return self.page.locator("#thread-stream")


@asynccontextmanager
async def desk(
    office: Harbor, *, width: int = 1280, height: int = 800, scheme: Literal["light", "dark"] = "light"
) -> AsyncIterator[Desk]:
    """Open the page; at the end nothing may have gone wrong in it. Raises RuntimeError where Chromium is missing."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("Chromium is missing; this installs it: sudo apt-get install -y chromium")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE_MS)
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        await page.goto(office.town.url)
        await page.wait_for_selector(".tour-go", state="attached")
        yield Desk(page, office)
        await browser.close()
        assert troubles == []
