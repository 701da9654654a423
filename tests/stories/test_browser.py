"""A newcomer's first five minutes, in a real browser against the running demo; and the wrong turns they take."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.demo import manifest
from tests.stories.browsing import desk
from tests.stories.harbor import harbor

REQUEST = "Please refund ORD-48213, I was charged twice"
LOG = "Payment log shows both captures."


async def test_the_first_five_minutes_lead_from_a_request_to_the_morning_digest(tmp_path: Path) -> None:
    """Who does what the steps say, and nothing else, sees all of it; each step ticks itself off."""
    async with harbor(tmp_path, manifest=manifest()) as office, desk(office) as at:
        page = at.page
        await at.follows("Ask for a refund")
        await expect(page.locator("#composer-text")).to_have_value(REQUEST)
        await page.locator("#composer-text").press("Enter")

        await office.calm()
        await at.follows("Answer the question")
        await expect(at.thread).to_contain_text("How much should go back?")
        await page.locator("#thread-text").press("Enter")
        await office.calm()
        await expect(at.thread).to_contain_text("Waiting for Lee Park: the refund is above what the desk may pay")

        await at.follows("Decide, as Lee")
        await expect(at.stream).to_contain_text("Decide by today at 12:00 (in 2 h)")
        await expect(at.stream).to_contain_text("450 USD")
        await at.presses("Approve")
        await at.fills_in("DOUBLE_CHARGE", LOG)
        said = f'Lee Park approved REF-1 today at 10:00 (DOUBLE_CHARGE): "{LOG}"'
        await expect(at.stream).to_contain_text(said)
        await expect(at.stream.get_by_role("button", name="Approve")).to_have_count(0)
        await expect(at.stream.locator(".message")).to_have_count(1)  # the card says it; nothing repeats it

        await at.follows("See what Rita sees")
        await expect(at.thread).to_contain_text(said)
        await expect(at.thread).to_contain_text("@Dana Ruiz has it · triage · due today at 14:00")
        await page.get_by_role("button", name="Next step").click()

        await at.follows("Let time pass")
        await expect(page.locator("#now")).to_have_text("Thu Mar 5, 08:31")
        await office.calm()
        await at.follows("Read Maria's digest")
        await expect(at.stream).to_contain_text("Harbor Supply, Thursday Mar 5 · Maria's digest")
        await expect(at.stream).to_contain_text(f'OVER_LIMIT approved by Lee Park, DOUBLE_CHARGE: "{LOG}"')
        await expect(at.stream).to_contain_text("1 item open, 1 opened and 0 closed since yesterday")
        await expect(page.locator(".tour-ticks .ticked")).to_have_count(6)

        await page.locator(".place", has_text="maria@harbor.example").click()
        await page.locator(".mail-row", has_text="Harbor Supply").click()
        letter = page.frame_locator(".letter-frame").locator("body")
        await expect(letter).to_contain_text(LOG)
        await expect(letter).to_contain_text("No decision waits for you · 1 promise broken")
        await page.reload()
        await expect(page.locator(".tour")).to_contain_text("Step 6 of 7")


async def test_wrong_turns_change_nothing_and_say_what_to_do(tmp_path: Path) -> None:
    """A form without a reason, a double click, a stale button, somebody who may not: one sentence each, no change."""
    async with harbor(tmp_path, manifest=manifest()) as office, desk(office) as at:
        await at.page.locator("#composer-text").fill("   ")
        await at.page.locator("#composer-text").press("Enter")
        await expect(at.stream).to_contain_text("Nobody has written here yet.")
        await at.types("Please refund $450 for ORD-48213, I was charged twice")

        await at.be("Lee Park", "Docket")
        await at.stream.get_by_role("button", name="Reject").dblclick()
        form = at.page.locator("#modal")
        await form.locator("button[type=submit]").click()
        await expect(form.locator(".error")).to_have_count(2)
        await at.fills_in("NO_PROOF", "  ")
        await expect(form.locator(".has-error")).to_have_count(1)
        assert (await office.item("REF-1")).state == "blocked"

        await office.town.slack.types("lee", "/docket approve REF-1 GOODWILL keep them")
        await office.calm()
        await at.fills_in("NO_PROOF", "The log shows one capture.")
        await expect(form).to_contain_text("Lee Park approved REF-1")
        await expect(form).to_contain_text("Nothing was changed by your click.")
        await form.get_by_role("button", name="Close").last.click()
        await expect(form).to_be_hidden()

        await at.be("Rita Gomez", "refunds")
        await at.page.locator(".replies").click()
        await at.page.locator("#thread").get_by_role("button", name="I'm on it").click()
        await expect(at.thread.locator(".whisper")).to_contain_text("Dana Ruiz has REF-1")
        assert (await office.item("REF-1")).acknowledged_at is None


async def test_commands_and_the_ticket_work_from_any_channel(tmp_path: Path) -> None:
    """What is typed is answered to its author alone, a slip with what was probably meant; :ticket: makes an item."""
    async with harbor(tmp_path, manifest=manifest()) as office, desk(office) as at:
        await at.be("Lee Park", "general")
        whisper = at.stream.locator(".whisper").last
        await at.types("/docket mine")
        await expect(whisper).to_contain_text("Nothing is yours")
        await expect(whisper).to_contain_text("They come when a stop rule in your name fires")
        await at.types("/docket exept")
        await expect(whisper).to_contain_text("/docket exept? Did you mean except: raise an exception")
        await at.types("/docket help")
        await expect(whisper).to_contain_text("/docket new WORKFLOW")
        await at.types("/docket new")
        await expect(at.page.locator("#modal")).to_contain_text("What is it about")
        await at.page.keyboard.press("Escape")
        await expect(at.page.locator("#modal")).to_be_hidden()
        await at.types("/docket new refund ORD-22222 120 USD, wrong size")
        await expect(whisper).to_contain_text("Dana Ruiz has it")

        await at.types("A customer says that ORD-11111 never came")
        message = at.stream.locator(".message", has_text="ORD-11111")
        await message.hover()
        await message.get_by_role("button", name="React with :ticket:").click()
        await message.locator(".replies").click()
        await expect(at.thread).to_contain_text("How much should go back?")


async def test_a_customer_with_nothing_but_mail_gets_an_answer(tmp_path: Path) -> None:
    async with harbor(tmp_path, manifest=manifest()) as office, desk(office) as at:
        page = at.page
        await page.select_option("#person", label="Carla Customer (mail only)")
        await page.get_by_role("button", name="Write a mail").click()
        await expect(page.get_by_label("To")).to_have_value("refunds@harbor.example")
        await page.get_by_label("Subject").fill("Broken lamp")
        await page.get_by_label("Text").fill("Hello, please send my money back for ORD-33333.\nCarla")
        await page.get_by_role("button", name="Send mail").click()
        await page.locator(".mail-row", has_text="How much should go back?").click()
        await expect(page.locator(".letter h2")).to_have_text("How much should go back? [REF-1]")
        await page.get_by_role("button", name="Reply").click()
        await page.get_by_label("Text").fill("It was 500 USD")
        await page.get_by_role("button", name="Send mail").click()
        await at.be("Lee Park", "Docket")
        await expect(at.stream).to_contain_text("500 USD")


@pytest.mark.parametrize("width", [360, 400])
async def test_on_a_phone_nothing_scrolls_sideways(tmp_path: Path, width: int) -> None:
    async with harbor(tmp_path, manifest=manifest()) as office, desk(office, width=width, scheme="dark") as at:
        page = at.page

        async def fits(what: str) -> None:
            widest = await page.evaluate(
                "Math.max(...['html', '#stream', '#thread-stream', '#modal', '.mail-open'].map(name => {"
                " const box = document.querySelector(name); return box ? box.scrollWidth - box.clientWidth : 0 }))"
            )
            assert widest <= 0, f"{what} scrolls sideways"

        await fits("the first sight, with the steps")
        await at.follows("Ask for a refund")
        await expect(page.locator("#composer-text")).to_have_value(REQUEST)
        await at.types("Please refund $450 for ORD-48213, I was charged twice")
        await fits("the channel")
        await page.locator(".replies").click()
        await expect(at.thread).to_contain_text("Waiting for Lee Park")
        await fits("the thread")
        await page.get_by_role("button", name="Channels and people").click()
        await page.get_by_role("button", name="Next step").click()
        await at.follows("Decide, as Lee")
        await at.presses("Approve")
        await expect(page.locator("#modal")).to_be_visible()
        await fits("the form")
        await page.keyboard.press("Escape")
        await expect(page.locator("#modal")).to_be_hidden()
        await fits("the decision card")
        await page.get_by_role("button", name="Next morning").click()
        await office.calm()
        await page.get_by_role("button", name="Channels and people").click()
        await at.be("Maria Sol", "maria@harbor.example")
        await page.locator(".mail-row", has_text="decision").first.click()
        await expect(page.frame_locator(".letter-frame").locator("body")).to_contain_text("Waits for you")
        await fits("the mail")


async def test_shortcuts_from_a_messages_menu_and_from_anywhere(tmp_path: Path) -> None:
    """What a Slack client offers: "Track this" beside a message, "New item" beside what one writes."""
    async with harbor(tmp_path, manifest=manifest()) as office, desk(office) as at:
        form = at.page.locator("#modal")
        await at.be("Rita Gomez", "general")
        await at.types("my card was charged twice for ORD-48213, please send $45 back")
        await at.be("Dana Ruiz", "general")
        message = at.stream.locator(".message", has_text="charged twice")
        await message.hover()
        await message.get_by_role("button", name="More").click()
        await at.page.get_by_role("option", name="Track this").click()
        await expect(form).to_contain_text("Rita Gomez wrote")
        await form.get_by_role("button", name="What is it about").click()
        await at.page.get_by_role("option", name="Refund").first.click()
        await expect(form.get_by_label("Which order is it?")).to_have_value("ORD-48213")
        await form.get_by_label("How much should go back?").fill("a lot")
        await form.locator("button[type=submit]").click()
        await expect(form.locator(".has-error")).to_have_count(1)
        await form.get_by_label("How much should go back?").fill("45 USD")
        await form.locator("button[type=submit]").click()
        await expect(form).to_be_hidden()
        await office.calm()
        await message.locator(".replies").click()
        await expect(at.thread).to_contain_text("Dana Ruiz has it")

        await at.page.get_by_role("button", name="Shortcuts").click()
        await at.page.get_by_role("option", name="New item").click()
        await expect(form).to_contain_text("What is it about")
        await at.page.keyboard.press("Escape")
        await expect(form).to_be_hidden()
