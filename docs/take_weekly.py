"""Takes the pictures of Friday's digest by mail: light, dark, and on a phone; called by take_pictures.py.

Eight weeks of requests are played in the bot's inner rooms, by a chance that is the same every time.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from bot.demo import example
from bot.outages import Outages
from bot.pictures import Illustrator, Studio
from bot.sandbox.letters import opened
from bot.sandbox.mail import Letter
from handlers.mail.write import letter
from rules.items import Item
from storage import items
from tests.bot.house import House, house
from tests.stories.browsing import FLAGS

#: Monday, January 12 2026, 09:00 in Chicago; the digest is that of Friday, March 6.
BEGINS = datetime(2026, 1, 12, 15, tzinfo=UTC)
WEEKS, DIGEST = 8, "Friday Mar 6"
SHOTS = (("weekly-mail", 720, "light"), ("weekly-mail-dark", 720, "dark"), ("weekly-mail-phone", 360, "light"))
#: What people do with a refund, in its order; each has a day on which they get to it or not.
STEPS = (
    ("slack:U0DANA", "tick", {"name": "1"}),
    ("slack:U0DANA", "next", {}),
    ("slack:U0FINN", "tick", {"name": "1"}),
    ("slack:U0FINN", "tick", {"name": "2"}),
    ("slack:U0FINN", "evidence", {"name": "receipt", "words": "re_1234"}),
    ("slack:U0FINN", "close", {}),
)


async def take_weekly(folder: Path) -> None:
    """Write weekly-mail.png and weekly-mail-dark.png (720 px wide) and weekly-mail-phone.png (360 px) into `folder`.

    They begin where its pictures do; what stands above is in digest-mail.png.
    """
    with tempfile.TemporaryDirectory() as data:
        html = await _friday(Path(data))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, width, scheme in SHOTS:
            seen: Any = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
            page = await browser.new_page(**seen, device_scale_factor=1.5)
            await page.set_content(html)
            whole, first = (
                await page.locator("body").bounding_box(),
                await page.locator(".finding").first.bounding_box(),
            )
            assert whole is not None
            assert first is not None
            below: Any = {"x": 0, "y": first["y"], "width": width, "height": whole["height"] - first["y"]}
            await page.screenshot(path=folder / f"{name}.png", full_page=True, clip=below)
        await browser.close()


async def _friday(data: Path) -> str:
    """The HTML of the digest that Maria gets by mail, with its pictures in it."""
    chance = random.Random(12)  # noqa: S311  # a story, not a secret
    async with house(data, text=example(), now=BEGINS) as office:
        await office.knock.look()
        office.courier.illustrator = Illustrator(
            office.store, office.books, Outages(office.desk, office.clock), Studio()
        )
        for day in range(WEEKS * 7 - 2):
            for hours in (1, 2, 4):
                if day % 7 < 5:
                    await _asks(office, chance, at_most=1 + day // 20)
                    await _works(office, chance)
                await office.pushes(hours=hours)
            await office.pushes(hours=17)
        sent = next(each for each in reversed(office.mail.sent) if each.images and DIGEST in each.message.subject)
        raw = letter(sent, sender="docket@harbor.example", sender_name="Harbor Supply", date=office.clock())
        return opened(Letter(1, office.clock(), "", (), raw, from_bot=True)).html


async def _asks(office: House, chance: random.Random, at_most: int) -> None:
    for _ in range(chance.randint(0, at_most)):
        amount = chance.choice((20, 45, 80, 120, 260, 450, 900))
        order = chance.randint(10000, 99999)
        await office.says("slack:U0RITA", f"Please refund ORD-{order}, I was charged ${amount} twice")


async def _works(office: House, chance: random.Random) -> None:
    """Whoever has something gets to it or not."""
    for item in await office.store.read(lambda conn: items.listing(conn, "main", limit=500)):
        for trouble in item.open_trouble():
            if chance.random() < 0.3:
                why = {"reason_code": "DOUBLE_CHARGE", "words": "The payment log shows both captures."}
                owner = f"slack:U0{trouble.owner.upper()}"
                await office.types(owner, "approve", item.key, code=trouble.code, **why)
        if chance.random() < 0.35:
            await _goes_on(office, item)
    await office.calm()


async def _goes_on(office: House, item: Item) -> None:
    if item.workflow == "refund":
        steps = STEPS[:2] if item.stage == "triage" else STEPS[2:]
    else:
        owner = f"slack:U0{item.owner.upper()}"
        steps = ((owner, "evidence", {"name": "note", "words": "In the books."}), (owner, "close", {}))
    for who, verb, more in steps:
        await office.types(who, verb, item.key, **more)  # a refusal changes nothing, as in life
