"""The courier: order in a lane, another try, no message twice, and an owner for what can't be delivered."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

from handlers.ports import Lasting, Passing, Sent
from rules.lanes import Ways
from rules.notices import Card
from tests.bot.house import house


def _as_killed(folder: Path) -> Path:
    """What a process that is killed now leaves on the disk."""
    copy = folder / "as it was"
    copy.mkdir()
    for file in folder.glob("docket.db*"):
        shutil.copy(file, copy)
    return copy


REFUND = "Please refund ORD-48213, I was charged twice"


async def test_a_request_is_answered_in_its_thread_in_order(tmp_path: Path) -> None:
    """The question and the card come in the order in which they were put, in the thread of the request."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        told = await office.told("REF-1")
        said = office.slack.said("C0REFUNDS")
        assert [type(one.notice).__name__ for one in told] == ["Question", "Card"]
        assert "missing" in said[0]
        assert said[1].startswith("REF-1 · Refund for ORD-48213")
        assert {outgoing.thread for outgoing in office.slack.sent} == {"1700.000001"}


async def test_a_card_is_edited_in_place(tmp_path: Path) -> None:
    """A later card replaces the message of the first one."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        card = next(one for one in await office.told("REF-1") if isinstance(one.notice, Card)).message_id
        await office.says("slack:U0RITA", "100 USD", thread="1700.000001")
        await office.calm()
        edits = [outgoing for outgoing in office.slack.sent if outgoing.edit]
        assert card
        assert edits
        assert {edit.edit for edit in edits} == {Sent("C0REFUNDS", card)}


async def test_what_could_not_go_is_tried_again_and_holds_its_lane_up(tmp_path: Path) -> None:
    """After two, then four seconds; what stands behind it waits, so that a thread reads in order."""
    async with house(tmp_path) as office:
        office.slack.answers = [Passing("Slack is away."), Passing("Slack is away.")]
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        assert office.slack.sent == []
        await office.pushes(seconds=1)
        assert office.slack.sent == []
        await office.pushes(seconds=1)
        assert office.slack.answers == []
        await office.pushes(seconds=3)
        assert office.slack.sent == []
        await office.pushes(seconds=1)
        assert [said.startswith("REF-1") for said in office.slack.said()] == [False, True], "question, then card"


async def test_retry_after_is_obeyed(tmp_path: Path) -> None:
    """Where Slack names a time, that time counts."""
    async with house(tmp_path) as office:
        office.slack.answers = [Passing("Too fast.", retry_after_seconds=30)]
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        await office.pushes(seconds=29)
        assert office.slack.sent == []
        await office.pushes(seconds=1)
        assert office.slack.sent
        assert office.slack.looked == [], "a refused message did not arrive, so nothing is looked for"


async def test_a_message_whose_answer_was_lost_is_looked_for_before_it_goes_again(tmp_path: Path) -> None:
    """It is found, so it is not said twice; its receipt is kept."""
    async with house(tmp_path) as office:
        office.slack.answers = [Passing("The answer was lost.")]
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        question = (await office.told("REF-1"))[0]
        office.slack.arrived[question.id] = Sent("C0REFUNDS", "17.999")
        await office.pushes(seconds=2)
        assert office.slack.looked == [question.id]
        assert not any("missing" in said.splitlines()[0] for said in office.slack.said())
        assert (await office.told("REF-1"))[0].message_id == "17.999"


async def test_a_bot_killed_in_mid_send_looks_before_it_sends_again(tmp_path: Path) -> None:
    """The next process finds the begun send, and asks the channel about it."""
    async with house(tmp_path) as office:
        office.slack.hanging = asyncio.Event()
        await office.says("slack:U0RITA", REFUND)
        office.courier.wake()
        await office.slack.begun.wait()
        question = (await office.told("REF-1"))[0]
        copy = _as_killed(tmp_path)
        office.slack.hanging.set()
    async with house(copy, now=office.clock() + timedelta(minutes=5)) as second:
        second.slack.arrived[question.id] = Sent("C0REFUNDS", "17.999")
        await second.calm()
        assert second.slack.looked == [question.id]
        assert not any("missing" in said.splitlines()[0] for said in second.slack.said())


async def test_a_stop_lets_what_is_under_way_end_and_the_next_bot_sends_the_rest(tmp_path: Path) -> None:
    """Nothing is lost and nothing is said twice over a restart."""
    async with house(tmp_path) as office:
        office.slack.hanging = asyncio.Event()
        await office.says("slack:U0RITA", REFUND)
        office.courier.wake()
        await office.slack.begun.wait()
        office.stop.set()
        office.slack.hanging.set()
        await office.running
        first = office.slack.said()
    async with house(tmp_path) as second:
        await second.calm()
        both = first + second.slack.said()
        assert [said.startswith("REF-1") for said in both] == [False, True]
        assert second.slack.looked == []


async def test_what_can_never_be_delivered_is_the_operators(tmp_path: Path) -> None:
    """The lane goes on, and one exception per lane is counted up."""
    async with house(tmp_path) as office:
        office.slack.closed_to["C0REFUNDS"] = "The bot is not in #refunds."
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        failures = await office.failures()
        assert [(f.fields["cause"], f.owner) for f in failures] == [("deliver:slack:C0REFUNDS", "sam")]
        assert failures[0].exceptions[0].count == 2
        assert "not in #refunds" in failures[0].text
        assert any("not in #refunds" in said for said in office.slack.said("U0SAM"))
        assert [told.state for told in await office.told("REF-1")][:2] == ["failed", "failed"]


async def test_a_failed_notice_about_a_failure_makes_no_further_notice(tmp_path: Path) -> None:
    """Else two channels that are both down would fill the night with each other."""
    async with house(tmp_path) as office:
        office.slack.answers = [Lasting("No.")] * 20
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        failures = await office.failures()
        assert len(failures) == 1
        assert [told.state for told in await office.told(failures[0].key)] == ["failed"]


async def test_a_fault_of_ours_in_sending_stops_no_lane(tmp_path: Path) -> None:
    """A message that breaks the sender is the operator's; the next one goes."""
    async with house(tmp_path) as office:
        office.slack.answers = [RuntimeError("a bug")]
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        assert len(await office.failures()) == 1
        assert any("missing" in said for said in office.slack.said("C0REFUNDS"))


async def test_an_outage_is_told_once_and_ends_by_itself(tmp_path: Path) -> None:
    """After five tries the operator hears of the channel; when it works again the exception closes."""
    async with house(tmp_path) as office:
        office.slack.answers = [Passing("Slack can't be reached.")] * 40
        await office.says("slack:U0RITA", REFUND)
        for _ in range(8):
            await office.pushes(minutes=2)
        assert [f.fields["cause"] for f in await office.failures()] == ["slack"]
        office.slack.answers = []
        await office.pushes(minutes=20)
        assert await office.failures() == []
        assert office.slack.said("C0REFUNDS")


async def test_reminders_that_come_due_together_are_one_message(tmp_path: Path) -> None:
    """Two items of Dana's, one reminder with both."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", "Please refund ORD-11111, 10 USD")
        await office.says("slack:U0OMAR", "Money back for ORD-22222, 20 USD")
        await office.calm()
        before = len(office.slack.sent)
        await office.pushes(hours=2, minutes=1)
        reminders = [said for said in office.slack.said("U0DANA") if "2 things wait" in said]
        assert len(reminders) == 1
        assert "REF-1" in reminders[0]
        assert "REF-2" in reminders[0]
        assert before


async def test_a_pushed_clock_sends_nothing_beside_itself(tmp_path: Path) -> None:
    """The lease of what is being sent ends when the clock is pushed; it still goes once."""
    async with house(tmp_path) as office:
        office.slack.hanging = asyncio.Event()
        await office.says("slack:U0RITA", REFUND)
        office.courier.wake()
        await asyncio.sleep(0.1)
        office.clock.push(timedelta(hours=1))
        office.courier.wake()
        await asyncio.sleep(0.1)
        office.slack.hanging.set()
        await office.calm()
        assert [said.startswith("REF-1") for said in office.slack.said()] == [False, True], "question, then card"


async def test_the_first_message_of_a_typed_item_begins_its_conversation(tmp_path: Path) -> None:
    """A card that a command led to is a new message in the channel; what follows goes into its thread."""
    async with house(tmp_path) as office:
        await office.types("slack:U0RITA", "new", workflow="refund", words="ORD-48213", place="D1")
        await office.calm()
        item = await office.item("REF-1")
        assert item.source.thread == "17.000001"
        assert [outgoing.thread for outgoing in office.slack.sent[:2]] == [None, "17.000001"]
        answered = await office.says(
            "slack:U0RITA", "100 USD", thread="17.000001", place=item.source.place, place_name="refunds"
        )
        assert answered.key == "REF-1"


async def test_slack_is_written_to_no_faster_than_it_likes(tmp_path: Path) -> None:
    """A burst of three into one channel, then a message a second."""
    async with house(tmp_path) as office:
        for number in range(5):
            await office.says(f"slack:U0ASKER{number}", f"Please refund ORD-1111{number}, {number + 1}0 USD")
        await office.calm()
        posts = [o for o in office.slack.sent if o.edit is None and o.address == "C0REFUNDS"]
        assert len(posts) == 5
        assert sum(office.slept) == 3


async def test_without_a_way_out_the_operator_hears_of_it(tmp_path: Path) -> None:
    """Olu lives in mail, and no mail server is set: one exception says which settings are missing."""
    async with house(tmp_path, mail=False) as office:
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        taken = await office.types("slack:U0LEE", "assign", "REF-1", person="olu", words="Olu knows them.")
        assert not (taken.reply and taken.reply.refused)
        await office.calm()
        failures = await office.failures()
        assert [failure.fields["cause"] for failure in failures] == ["deliver:mail:off"]
        assert "DOCKET_SMTP_URL" in failures[0].text


BIG = "Please refund ORD-48213, $450, I was charged twice"


async def test_when_a_channel_closes_what_waits_for_it_goes_another_way_where_there_is_one(tmp_path: Path) -> None:
    """Lee reads it by mail; the card of a conversation that is gone goes nowhere, and that is no failure."""
    async with house(tmp_path) as office:
        office.slack.answers = [Passing("Slack is away.")] * 20
        await office.says("slack:U0RITA", BIG)
        await office.calm()
        assert office.mail.sent == []
        office.desk.ways = Ways(slack=False, mail=True)
        office.courier.without("slack")
        await office.pushes(minutes=1)
        (decision,) = office.mail.said("lee@harbor.example")
        assert decision.startswith("Decide by")
        assert {one.state for one in await office.told("REF-1")} == {"dropped", "sent"}
        assert await office.failures() == []


async def test_when_a_channel_closes_and_there_is_no_other_way_each_notice_fails_once(tmp_path: Path) -> None:
    """One exception says so, and time going on makes no storm of it."""
    async with house(tmp_path, mail=False) as office:
        office.desk.ways = Ways(slack=False, mail=False)
        office.courier.without("slack")
        await office.says("slack:U0RITA", BIG)
        for _ in range(3):
            await office.pushes(hours=1)
        causes = {failure.fields["cause"]: failure for failure in await office.failures()}
        assert causes.keys() == {"deliver:slack:off", "reachability"}, "and that no way is left to anybody, once"
        failure = causes["deliver:slack:off"]
        assert "was not told: Docket is not connected to Slack." in failure.text
        assert "waiting" not in {one.state for one in await office.told("REF-1")}


async def test_the_notice_that_shows_that_its_channel_is_closed_goes_another_way_too(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        office.slack.hanging = asyncio.Event()
        office.slack.answers = [Lasting("SLACK_BOT_TOKEN was revoked.")] * 20
        await office.says("slack:U0RITA", BIG)
        await office.slack.begun.wait()
        office.desk.ways = Ways(slack=False, mail=True)
        office.courier.without("slack")
        office.slack.hanging.set()
        await office.calm()
        assert len(office.mail.said("lee@harbor.example")) == 1
        assert await office.failures() == []
