"""Takes the pictures of docs/pictures from the running demo: `PYTHONPATH=. python docs/take_pictures.py`.

It plays the refund story in the sandbox's page in headless Chromium, by a clock that stands still.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Page, expect
from take_weekly import take_weekly

from bot.demo import manifest
from tests.stories.browsing import Desk, desk
from tests.stories.harbor import harbor
from tests.stories.looking import link_for, office_with_pages

PICTURES = Path(__file__).with_name("pictures")


async def take(folder: Path) -> None:
    """Write sandbox.png, card.png, decision.png, home.png and digest-mail.png (1280 x 800, light) into `folder`."""
    with tempfile.TemporaryDirectory() as data:
        async with harbor(Path(data), manifest=manifest()) as office, desk(office) as at:
            await _asked(at)
            await at.be("Lee Park", "Docket Home")
            await office.calm()
            await expect(at.stream).to_contain_text("Waiting for your decision")
            await _picture(at.page, folder / "home.png")
            await at.be("Rita Gomez", "refunds")
            await at.follows("Decide, as Lee")
            await office.calm()
            await expect(at.stream).to_contain_text("Decide by")
            await _picture(at.page, folder / "card.png")
            await at.presses("Approve")
            form = at.page.locator("#modal")
            await form.get_by_role("button", name="Reason code").click()
            await form.get_by_role("option", name="DOUBLE_CHARGE").click()
            await form.get_by_label("Why").fill("Payment log shows both captures.")
            await _picture(at.page, folder / "decision.png")
            await form.locator("button[type=submit]").click()
            await office.calm()
            await at.follows("See what Rita sees")
            await expect(at.thread).to_contain_text("approved by Lee Park")
            await _picture(at.page, folder / "sandbox.png")
            await at.types("Refund for ORD-50117 please, $820, the pallet was never picked up")
            await at.page.get_by_role("button", name="Next step").click()
            await at.follows("Let time pass")
            await office.calm()
            await at.follows("Read Maria's digest")
            await expect(at.stream).to_contain_text("Maria's digest")
            await at.page.locator(".place", has_text="maria@harbor.example").click()
            await at.page.locator(".mail-row", has_text="decision").first.click()
            await expect(at.page.frame_locator(".letter-frame").locator("body")).to_contain_text("Broken")
            await _picture(at.page, folder / "digest-mail.png")


async def take_web(folder: Path) -> None:
    """Write web.png: the lane as Maria sees it in a browser, with three refunds that wait."""
    with tempfile.TemporaryDirectory() as data:
        async with office_with_pages(Path(data)) as office, desk(office) as at:
            for order, amount in (("48213", 450), ("50117", 820), ("51204", 390)):
                await office.town.slack.says("rita", "#refunds", f"Please refund ORD-{order}, ${amount}, never came")
                await office.pushes(minutes=20)
            await at.page.goto(await link_for(office, "maria"))
            await at.page.get_by_role("button").click()
            await expect(at.page.get_by_role("rowheader")).to_have_count(3)
            await _picture(at.page, folder / "web.png")


async def _asked(at: Desk) -> None:
    await at.types("Please refund ORD-48213, I was charged twice")
    await at.page.locator(".replies").click()
    await at.types("450 USD", in_thread=True)


async def _picture(page: Page, path: Path) -> None:
    """Write what the page shows once it has come to rest."""
    # Nothing that blinks, glides or depends on where the mouse rests.
    await page.mouse.move(0, 0)
    await page.evaluate("document.activeElement?.blur()")
    await expect(page.locator("#toast")).to_be_hidden()
    before, shot = b"", await _seen(page, path)
    while before != shot:  # a letter's frame is still being laid out
        await asyncio.sleep(0.2)
        before, shot = shot, await _seen(page, path)


async def _seen(page: Page, path: Path) -> bytes:
    return await page.screenshot(path=path, animations="disabled", caret="hide")


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    asyncio.run(take(PICTURES))
    asyncio.run(take_web(PICTURES))
    asyncio.run(take_weekly(PICTURES))
