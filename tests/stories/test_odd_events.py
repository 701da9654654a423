"""Odd texts and events out of order, through the whole bot: no crash, nothing counted twice, nobody pinged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.payloads import event_callback, event_id
from tests.stories.harbor import Harbor, harbor

pytestmark = pytest.mark.usefixtures("unpaced", "both_modes")

HUGE = 100_000
REQUEST = "Please refund ORD-48213, $45, it came broken"


async def tells(office: Harbor, event: dict[str, Any]) -> None:
    """Slack tells the bot of an event in #refunds that nobody else saw."""
    channel = office.town.workspace.channel("#refunds")
    told = {"type": "message", "channel": channel.id, "channel_type": "channel", "event_ts": event["ts"]} | event
    if "subtype" not in event:
        channel.messages.setdefault(event["ts"], {**event, "text": "", "type": "message"})  # it can be answered
    body = event_callback(office.town.app, told, event_id(), channel.id)
    answer = await office.town.delivery.ask("events_api", body, accepts=False)
    assert not answer.error, f"{event.get('subtype', 'message')} was not acknowledged"
    await office.calm()


def post(ts: str, text: Any = REQUEST, **more: Any) -> dict[str, Any]:
    return {"user": "U0DANA", "ts": ts, "text": text} | more


def edit(ts: str, at: str, text: str) -> dict[str, Any]:
    message = {"type": "message", "user": "U0DANA", "ts": ts, "text": text, "edited": {"user": "U0DANA", "ts": at}}
    before = {"type": "message", "user": "U0DANA", "ts": ts, "text": REQUEST}
    return {"subtype": "message_changed", "hidden": True, "ts": at, "message": message, "previous_message": before}


def deletion(ts: str, at: str) -> dict[str, Any]:
    before = {"type": "message", "user": "U0DANA", "ts": ts, "text": REQUEST}
    return {"subtype": "message_deleted", "hidden": True, "ts": at, "deleted_ts": ts, "previous_message": before}


PARENT, REPLY = post("1772640000.000100"), post("1772640010.000100", "it was $46", thread_ts="1772640000.000100")
EDIT, GONE = edit(PARENT["ts"], "1772640020.000100", f"{REQUEST} again"), deletion(PARENT["ts"], "1772640030.000100")
ORDERS = {
    "as it happened": (PARENT, REPLY, EDIT, GONE),
    "the reply before its parent": (REPLY, PARENT, EDIT, GONE),
    "the edit before the message": (EDIT, PARENT, REPLY, GONE),
    "the deletion first": (GONE, PARENT, REPLY, EDIT),
    "all backwards": (GONE, EDIT, REPLY, PARENT),
}


@pytest.mark.parametrize("order", ORDERS)
async def test_events_in_any_order_and_twice_make_one_item(tmp_path: Path, order: str) -> None:
    async with harbor(tmp_path) as office:
        for event in ORDERS[order]:
            await tells(office, event)
        (item,) = await office.everything()
        assert item.fields["order"] == "ORD-48213"
        for event in ORDERS[order]:
            await tells(office, event)
        assert await office.everything() == [item], "the same events once more change nothing"


#: Named: a text, and whether it opens an item.
TEXTS: dict[str, tuple[Any, bool]] = {
    "nothing": ("", False),
    "no text at all": (None, False),
    "blanks": (" \n\t ", False),
    "huge": (REQUEST + " and" * (HUGE // 4), True),
    "huge, one word": (REQUEST + " " + "x" * HUGE, True),
    "huge, of brackets": (REQUEST + " " + "<@U0" * (HUGE // 4), True),
    "huge, of numbers": (REQUEST + " 1" * (HUGE // 2), True),
    "NUL and lone surrogates": (f"{REQUEST} \x00 \ud83d", True),
    "right to left": (f"{REQUEST} \u202e\u2066 abc", True),
}


async def test_huge_and_empty_texts_are_answered_or_ignored(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        for number, (name, (text, opens)) in enumerate(TEXTS.items()):
            before = len(await office.everything())
            said = text.replace("48213", f"{30000 + 111 * number}") if text else text
            await tells(office, post(f"177264{number}000.000100", said, user=f"U0DANA{number}"))
            assert len(await office.everything()) - before == opens, name
        assert not [item for item in await office.everything() if item.workflow == "docket"]


async def test_a_stranger_s_mail_pings_nobody_in_slack(tmp_path: Path) -> None:
    """Whatever a mail says, no message of the bot holds one of Slack's signs that a stranger wrote."""
    evil = "<!channel> <!here> <!everyone> <@U0LEE> <#C0GENERAL> <!subteam^S1> <http://evil.example|pay here>"
    async with harbor(tmp_path) as office:
        to = f"refunds@{office.town.mail.domain}"
        text = f"{evil} refund ORD-48214, $450, because {evil}\n\n&lt;!channel&gt;"
        await office.town.mail.write(evil, "evil@shop.example", to, f"{evil} urgent", text)
        await office.until(lambda: office.town.slack.inbox("lee"))
        await office.town.slack.says("dana", "#refunds", f"{REQUEST} {evil}")
        await office.pushes(hours=3)
        await office.pushes(hours=22)
        bot = office.town.app.bot_user
        said = [
            json.dumps(message)
            for channel in office.town.workspace.channels.values()
            for message in channel.messages.values()
            if message.get("user") == bot
        ]
        assert len(said) > 4
        assert any("&lt;!channel&gt;" in one for one in said), "it is shown, as words"
        for sign in ("<!channel", "<!here", "<!everyone", "<!subteam", "<#C0", "<http://evil"):
            assert not [one for one in said if sign in one], sign
