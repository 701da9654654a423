"""The page in headless Chromium: writing, the bot's answer, a form filled in, mail read, time pushed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect
from slack_bolt.async_app import AsyncApp
from small_town import Running
from test_sandbox_bolt import CARD, FORM

from bot.sandbox.page import PAGE_FILES
from bot.sandbox.town import Town

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def test_every_file_of_the_page_is_served() -> None:
    """The names are a list of our own, so that no path of a stranger is ever opened; it must not forget one."""
    assert {f.name for f in files("bot.sandbox").joinpath("page").iterdir()} == set(PAGE_FILES)


@pytest.fixture
async def page(town: Town) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = await chromium.new_page(viewport={"width": 1280, "height": 800})
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        await page.goto(town.url)
        await expect(page.locator("#place-title")).to_have_text("#refunds")
        yield page
        await chromium.close()
        # A script in a letter is stopped by the frame, and Chromium says so: that one is wanted.
        assert [line for line in troubles if "Blocked script execution" not in line] == []


async def be(page: Page, name: str, place: str) -> None:
    await page.select_option("#person", label=name)
    await page.locator(".place", has_text=place).first.click()


async def test_a_request_becomes_a_decision_without_leaving_the_page(page: Page, town: Town, app: AsyncApp) -> None:
    @app.event("message")
    async def on_message(event: dict[str, Any], client: Any) -> None:
        if event.get("channel_type") == "channel" and "bot_id" not in event and "thread_ts" not in event:
            await client.chat_postMessage(
                channel=event["channel"], thread_ts=event["ts"], text="<@U0RITA> How *much* <!date^0^{time}|?>"
            )
            await client.chat_postMessage(channel="U0LEE", text="Decide", blocks=CARD)

    @app.action("approve")
    async def on_click(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("decide")
    async def on_submit(ack: Any, view: dict[str, Any], client: Any) -> None:
        why = view["state"]["values"]["why"]["text"]["value"]
        if len(why) < 10:
            await ack(response_action="errors", errors={"why": "Write a whole sentence."})
            return
        await ack()
        await client.chat_update(channel="D0LEE", ts=town.slack.inbox("lee")[0]["ts"], text=f"Approved: {why}")

    @app.command("/docket")
    async def on_command(ack: Any) -> None:
        await ack("Nothing waits for you.")

    async with Running(town, app):
        await page.fill("#composer-text", "Please refund ORD-48213 <img src=x onerror=alert(1)>")
        await page.keyboard.press("Enter")
        await expect(page.locator("#stream .content")).to_contain_text("<img src=x onerror=alert(1)>")
        await page.get_by_role("button", name="1 reply").click()
        question = page.locator("#thread .content").last
        await expect(question).to_have_text("@Rita Gomez How much 18:00")  # 1970 in Chicago
        await expect(question.locator("strong")).to_have_text("much")

        await page.select_option("#person", label="Lee Park")
        await expect(page.locator(".place", has_text="Docket").first.locator(".count")).to_have_text("1")
        await be(page, "Lee Park", "Docket")
        await page.get_by_role("button", name="Approve").click()
        form = page.locator("#modal")
        await form.get_by_role("button", name="Reason code").click()
        await form.get_by_role("option", name="DOUBLE_CHARGE").click()
        await form.get_by_label("Why").fill("log")
        await form.get_by_role("button", name="Approve").click()
        await expect(form.get_by_text("Write a whole sentence.")).to_be_visible()
        await form.get_by_label("Why").fill("Payment log shows both.")
        await form.get_by_role("button", name="Approve").click()
        await expect(page.locator("#stream .content").first).to_contain_text("Approved: Payment log shows both.")
        await expect(form).to_be_hidden()

        await page.fill("#composer-text", "/docket")
        await expect(page.locator("#command-hint")).to_contain_text("/docket")
        await page.keyboard.press("Enter")
        await expect(page.locator(".whisper")).to_contain_text("Only visible to you")
        await expect(page.locator(".whisper")).to_contain_text("Nothing waits for you.")


async def test_mail_is_written_read_and_answered(page: Page, town: Town) -> None:
    html = b"<p>Decide by <b>11:30</b></p><script>top.document.title='taken'</script>"
    head = (
        b"From: docket@harbor.example\r\nTo: olu@harbor.example\r\nSubject: Decide\r\nContent-Type: text/html\r\n\r\n"
    )
    await town.mail.post("docket@harbor.example", ["olu@harbor.example"], head + html, from_bot=True)
    await page.select_option("#person", label="Olu Bright (mail only)")
    await page.locator(".mail-row", has_text="Decide").click()
    await expect(page.frame_locator(".letter-frame").locator("b")).to_have_text("11:30")
    await page.locator(".letter").get_by_role("button", name="Reply").click()
    await page.get_by_label("Text").fill("approve DOUBLE_CHARGE because the log shows both")
    await page.get_by_role("button", name="Send mail").click()
    await expect(page.locator(".letter-text")).to_contain_text("approve DOUBLE_CHARGE")
    sent = town.mail.letters[-1]
    assert (sent.sender, sent.recipients) == ("olu@harbor.example", ("docket@harbor.example",))
    assert "taken" not in await page.title()


async def test_the_clock_is_pushed_and_the_page_fits_a_phone(page: Page, town: Town) -> None:
    await expect(page.locator("#now")).to_have_text("Fri Nov 20, 10:42")
    await page.get_by_role("button", name="+1 hour").click()
    await expect(page.locator("#now")).to_have_text("Fri Nov 20, 11:42")
    await page.locator(".clock").get_by_role("button", name="Next morning").click()
    await expect(page.locator("#now")).to_have_text("Mon Nov 23, 08:31")
    await page.set_viewport_size({"width": 400, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 400
    await page.get_by_role("button", name="Channels and people").click()
    await page.locator(".place", has_text="exceptions").click()
    await expect(page.locator("#place-title")).to_have_text("#exceptions")


async def test_a_message_is_edited_reacted_to_and_deleted_by_its_menu(page: Page, town: Town) -> None:
    sent = await town.slack.says("rita", "#refunds", "first words")
    message = page.locator(".message", has_text="first words")
    await message.hover()
    await message.get_by_role("button", name="React with :ticket:").click()
    await expect(page.locator(".reaction.mine")).to_have_text("1")
    await message.get_by_role("button", name="More").click()
    await page.get_by_role("option", name="Edit message").click()
    await page.get_by_role("textbox", name="Edit message").fill("better words")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".message", has_text="better words")).to_contain_text("(edited)")
    assert town.slack.shown("rita", "#refunds", sent["ts"])["text"] == "better words"
    message = page.locator(".message", has_text="better words")
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await page.get_by_role("option", name="Delete message").click()
    await expect(page.get_by_text("Nobody has written here yet.")).to_be_visible()


async def test_somebody_leaves_comes_back_and_is_not_to_be_disturbed(page: Page, town: Town) -> None:
    """The menu beside who one is: what an admin does with the account, and Do Not Disturb."""
    lee = town.workspace.user("lee")
    await be(page, "Lee Park", "refunds")
    for choice, stands in (
        ("Lee leaves", lambda: lee.deleted),
        ("Lee comes back", lambda: not lee.deleted),
        ("Do Not Disturb for 2 hours", lambda: lee.quiet is not None),
        ("Lee may be disturbed again", lambda: lee.quiet is None),
    ):
        await page.locator("#account").click()
        await page.locator(".menu-item", has_text=choice).click()
        await town.slack.until(stands)
    await page.select_option("#person", label="Olu Bright (mail only)")
    await expect(page.locator("#account")).to_be_hidden()
