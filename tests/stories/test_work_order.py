"""A work order with a blocked step, told from outside: ticked in a form and by mail, stopped, decided, ended."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from bot.verifying import verified
from tests.stories.harbor import Harbor, harbor
from tests.stories.test_main_job import asks, decides, said

WORK_ORDERS = (Path(__file__).parents[2] / "examples" / "dispatch.yml").read_text()
WHY = "Why (for what failed, is blocked or is taken back)"
JAN = "jan@prairie.example"


async def fills_in(office: Harbor, who: str, root: dict[str, Any], values: dict[str, str]) -> dict[str, str]:
    """Somebody opens the checklist from the card's menu, fills it in and sends it; gives the form's errors."""
    slack = office.town.slack
    card = next(m for m in slack.thread(root) if slack.words(m).startswith("*WO-1*"))
    await slack.clicks(who, "docket:more", card, "Checklist")
    await office.until(lambda: slack.view(who))
    errors = await slack.submits(who, values)
    await office.calm()
    return errors


async def types(office: Harbor, who: str, line: str) -> str:
    """A slash command, and the private answer to it."""
    await office.town.slack.types(who, f"/docket {line}")
    await office.calm()
    return office.town.slack.words(office.town.slack.whispers(who)[-1])


async def replies(office: Harbor, line: str) -> None:
    """Jan, who has no Slack on the road, answers the last letter that he got."""
    mail = office.town.mail
    letters = [letter for letter in mail.mailbox(JAN) if JAN in letter.recipients]
    last = message_from_bytes(letters[-1].raw, policy=policy.default)
    heard = len(letters)
    await mail.write("Jan", JAN, mail.address, f"Re: {last['Subject']}", line, answers=last)
    await office.until(lambda: sum(JAN in letter.recipients for letter in mail.mailbox(JAN)) > heard, 20)
    await office.calm()


async def test_a_work_order_with_a_blocked_step(tmp_path: Path) -> None:
    async with harbor(tmp_path, WORK_ORDERS) as office:
        root = await asks(office, "No heating in unit PH-2210", channel="#service")
        await office.town.slack.says("rita", "#service", "14 Aspen Court", thread=root)
        await office.calm()
        assert "0 of 2 done · next: Part is on the truck" in await said(office, root)
        assert "2 steps of plan are not done on WO-1" in await types(office, "gwen", "next WO-1")
        # All of a form or nothing: one step is done, for the other the reason is missing.
        form = {"1 Part is on the truck": "Done", "2 Customer has confirmed the time": "Blocked"}
        errors = await fills_in(office, "gwen", root, form)
        assert list(errors.values()) == ["Say why in a sentence; it stands in the record."]
        assert len((await office.item("WO-1")).open_steps()) == 2
        slack = office.town.slack
        assert await slack.submits("gwen", form | {WHY: "Nobody picks up the phone."}) == {}
        await office.calm()
        item = await office.item("WO-1")
        (trouble,) = item.open_trouble()
        assert (item.state, trouble.code, trouble.owner, trouble.raised_by) == ("blocked", "STALLED", "hugo", "gwen")
        assert "Nobody picks up the phone." in slack.words(slack.inbox("hugo")[-1])
        assert "decides STALLED first" in await types(office, "gwen", "tick WO-1 2")
        assert await decides(office, "hugo", "Approve", "CUSTOMER_KNOWS", "They live upstairs and are at home.") == {}
        assert "waived by" in await types(office, "gwen", "show WO-1")
        await types(office, "gwen", "next WO-1")
        assert (await office.item("WO-1")).owner == "jan"
        await replies(office, "accept")
        await replies(office, "tick 3")
        assert (await office.item("WO-1")).open_steps()[0][0] == 1, "the gas comes first"
        for number in range(1, 7):
            await replies(office, f"tick {number}")
        item = await office.item("WO-1")
        assert [(run.id, run.steps[-1].by) for run in item.runs] == [("WO-1/C1", "gwen"), ("WO-1/C2", "jan")]
        assert item.open_steps() == ()
        assert "without" in await types(office, "hugo", "close WO-1"), "nothing but its proof is missing"
        _, broken = await verified(office.store, "main", lambda _line: None)
        assert broken == []
