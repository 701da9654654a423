"""The bot was away: what was said meanwhile in Slack is there once and in order, and nothing that is older."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import handlers.slack.catching_up
import handlers.slack.channels
import handlers.slack.history
import handlers.slack.listen_events
from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.faults import Fault
from bot.sandbox.town import Town
from rules.book.load import load
from rules.items import Item
from storage import ledger
from tests.stories.harbor import MORNING, Harbor, environment, working
from tests.stories.test_database_outages import locked
from tests.stories.waiting import REQUEST, comes, failures, requests, so_many

pytestmark = pytest.mark.usefixtures("hurried")


@asynccontextmanager
async def town(**more: Any) -> AsyncIterator[Town]:
    """A workspace whose Slack sends nothing a second time: what no bot heard comes never again."""
    async with Town(load(example()), HandClock(MORNING, running=False), **{"retry_seconds": (), **more}) as place:
        yield place


@asynccontextmanager
async def at_work(place: Town, folder: Path) -> AsyncIterator[Harbor]:
    """A bot at work there, which has read what it missed."""
    given = {**environment(place), "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db"}
    async with working(place, given, example(), place.clock) as office:
        await office.calm()
        yield office


async def later(place: Town, **time: float) -> None:
    """Time passes and nobody listens."""
    await place.slack.settled()
    place.clock.push(timedelta(**time))


async def record(office: Harbor, item: Item) -> list[tuple[str, Any]]:
    """What its ledger says happened, with the words."""
    entries = await office.store.read(lambda conn: ledger.of_item(conn, "main", item.key))
    return [(one.entry.kind, one.entry.texts.get("text")) for one in entries]


async def of(office: Harbor, number: int) -> Item:
    (found,) = [item for item in await requests(office) if f"ORD-{number}" in item.text]
    return found


@pytest.mark.usefixtures("both_modes")
async def test_an_hour_without_the_bot_is_caught_up_with_once_and_in_order(tmp_path: Path) -> None:
    """A request, a reply to it, a reply to an older one, an edit, a reaction, a command: as if it had listened."""
    async with town() as place:
        slack = place.slack
        async with at_work(place, tmp_path) as office:
            root = await slack.says("dana", "#refunds", REQUEST.format(20001))
            gossip = await slack.says("ines", "#general", "The printer ate my form again")
            await office.calm()
        await later(place, minutes=20)
        fresh = await slack.says("dana", "#refunds", REQUEST.format(20002))
        await later(place, minutes=1)
        await slack.says("dana", "#refunds", "it is the second parcel this week", thread=fresh)
        await slack.says("dana", "#refunds", "the receipt is with Finn", thread=root)
        await later(place, minutes=1)
        await slack.edits("dana", "#refunds", root["ts"], REQUEST.format(20001) + ", twice")
        await later(place, minutes=1)
        await slack.reacts("dana", "#general", gossip["ts"], "ticket")
        await slack.says("ines", "@docket", "claim REF-1")
        await later(place, minutes=37)
        for _ in range(2):  # started once more, it finds nothing that it does not know
            async with at_work(place, tmp_path) as office:
                assert {item.text for item in await requests(office)} == {
                    REQUEST.format(20001) + ", twice", REQUEST.format(20002), gossip["text"],
                }  # fmt: skip
                older, newer = await of(office, 20001), await of(office, 20002)
                assert older.owner == "ines"
                said = [(kind, text) for kind, text in await record(office, older) if text]
                assert said == [
                    ("opened", REQUEST.format(20001)),
                    ("attached", "the receipt is with Finn"),
                    ("edited", REQUEST.format(20001) + ", twice"),
                ]
                said = [(kind, text) for kind, text in await record(office, newer) if text]
                assert said == [("opened", REQUEST.format(20002)), ("attached", "it is the second parcel this week")]
                assert not await failures(office)
            await later(place, minutes=5)
        assert len(slack.thread(fresh)) == 2, "the reply and one card"


async def test_the_first_start_ever_swallows_nothing_old(tmp_path: Path) -> None:
    """What was said before Docket came is not its business, not even at its second start."""
    async with town() as place:
        old = await place.slack.says("dana", "#refunds", REQUEST.format(20003))
        await place.slack.reacts("dana", "#refunds", old["ts"], "ticket")
        for _ in range(2):
            await later(place, minutes=3)
            async with at_work(place, tmp_path) as office:
                assert await requests(office) == []


async def test_a_channel_is_heard_from_the_invitation_on(tmp_path: Path) -> None:
    async with town() as place:
        workspace, bot = place.workspace, place.workspace.users[place.app.bot_user]
        refunds = workspace.channel("#refunds")
        refunds.members.discard(bot.id)
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=3)
        await place.slack.says("dana", "#refunds", REQUEST.format(20004))
        await later(place, minutes=3)
        workspace.join(bot, refunds)
        await later(place, minutes=3)
        await place.slack.says("dana", "#refunds", REQUEST.format(20005))
        async with at_work(place, tmp_path) as office:
            (item,) = await requests(office)
            assert "ORD-20005" in item.text


async def test_what_was_said_while_the_bot_was_out_of_the_channel_is_not_its_business(tmp_path: Path) -> None:
    async with town() as place:
        workspace, bot = place.workspace, place.workspace.users[place.app.bot_user]
        refunds = workspace.channel("#refunds")
        async with at_work(place, tmp_path) as office:
            await place.slack.says("dana", "#refunds", REQUEST.format(20014))
            await office.calm()
            refunds.members.discard(bot.id)
            await later(place, minutes=3)
            await place.slack.says("dana", "#refunds", REQUEST.format(20015))
            await later(place, minutes=3)
            workspace.join(bot, refunds)
            await office.calm()
        await later(place, minutes=3)
        await place.slack.says("dana", "#refunds", REQUEST.format(20016))
        async with at_work(place, tmp_path) as office:
            numbers = sorted(item.text.split("ORD-")[1][:5] for item in await requests(office))
            assert numbers == ["20014", "20016"]


async def test_an_item_of_a_message_that_is_older_than_docket_follows_its_edit(tmp_path: Path) -> None:
    """Somebody tracked it by a reaction; the message itself was never heard, and does not answer itself."""
    async with town() as place:
        old = await place.slack.says("dana", "#refunds", REQUEST.format(20017))
        await later(place, minutes=3)
        async with at_work(place, tmp_path) as office:
            await place.slack.reacts("ines", "#refunds", old["ts"], "ticket")
            await office.calm()
        await later(place, minutes=3)
        await place.slack.edits("dana", "#refunds", old["ts"], REQUEST.format(20017) + ", twice")
        for _ in range(2):
            async with at_work(place, tmp_path) as office:
                said = [(kind, text) for kind, text in await record(office, await of(office, 20017)) if text]
                assert said == [("opened", REQUEST.format(20017)), ("edited", REQUEST.format(20017) + ", twice")]


async def test_an_item_of_days_ago_is_looked_after_as_well(tmp_path: Path) -> None:
    """A reply in its thread and an edit of its source, both far behind what history shows of the channel."""
    async with town() as place:
        async with at_work(place, tmp_path) as office:
            root = await place.slack.says("dana", "#refunds", REQUEST.format(20008))
            await office.calm()
            await office.pushes(days=5)
            await place.slack.says("dana", "#refunds", "hello all")
            await office.calm()
        await later(place, minutes=5)
        await place.slack.says("dana", "#refunds", "any news?", thread=root)
        await later(place, minutes=5)
        await place.slack.edits("dana", "#refunds", root["ts"], REQUEST.format(20008) + ", still")
        for _ in range(2):
            async with at_work(place, tmp_path) as office:
                said = [(kind, text) for kind, text in await record(office, await of(office, 20008)) if text]
                assert said == [
                    ("opened", REQUEST.format(20008)),
                    ("attached", "any news?"),
                    ("edited", REQUEST.format(20008) + ", still"),
                ]


async def test_a_deleted_source_and_a_first_direct_message_are_noticed(tmp_path: Path) -> None:
    """Of a message with replies a tombstone is left; somebody who never wrote to the bot before is heard, too."""
    async with town() as place:
        async with at_work(place, tmp_path) as office:
            root = await place.slack.says("dana", "#refunds", REQUEST.format(20009))
            await office.calm()
        await later(place, minutes=5)
        await place.slack.deletes("dana", "#refunds", root["ts"])
        await place.slack.says("noa", "@docket", "new refund ORD-20109 $45 it came broken")
        await later(place, minutes=5)
        for _ in range(2):
            async with at_work(place, tmp_path) as office:
                kinds = [kind for kind, _ in await record(office, await of(office, 20009))]
                assert kinds.count("deleted") == 1
                assert (await of(office, 20109)).requester == "slack:U0NOA"


async def test_an_hour_later_questions_are_let_be_and_requests_are_not(tmp_path: Path) -> None:
    """Nobody waits any more for an answer to `mine`; where a message should go is still asked of its writer."""
    async with town() as place:
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=1)
        for question in ("mine", "hello", "exept REF-1"):
            await place.slack.says("dana", "@docket", question)
        await place.slack.says("ines", "@docket", REQUEST.format(20040))
        await later(place, hours=1)
        await place.slack.says("lee", "@docket", "mine")
        await later(place, minutes=5)
        for _ in range(2):
            async with at_work(place, tmp_path):
                assert len(place.slack.inbox("dana")) == 3, "only what was asked stands there"
                assert len(place.slack.inbox("ines")) == 2
                assert len(place.slack.inbox("lee")) == 2, "answered once, also after another start"


async def test_a_message_that_docket_fails_on_is_kept_and_the_next_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = handlers.slack.listen_events.command_in

    def failing(posted: Any, *more: Any) -> Any:
        if "ORD-20050" in posted.text:
            raise RuntimeError("a fault")
        return really(posted, *more)

    monkeypatch.setattr(handlers.slack.listen_events, "command_in", failing)
    async with town() as place:
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=1)
        for number in (20050, 20150):
            await place.slack.says("dana", "#refunds", REQUEST.format(number))
        for _ in range(2):
            async with at_work(place, tmp_path) as office:
                assert ["ORD-20150" in item.text for item in await requests(office)] == [True]
                (failure,) = await failures(office)
                assert "RuntimeError" in failure.text


async def test_a_message_that_slack_sends_while_it_is_read_counts_once(tmp_path: Path) -> None:
    """Slack's redelivery and history bring the same messages, and their edits."""
    async with town(retry_seconds=(0.4,) * 50) as place:
        async with at_work(place, tmp_path):
            pass
        await later_unheard(place, minutes=1)
        root = await place.slack.says("dana", "#refunds", REQUEST.format(20006))
        reply = await place.slack.says("dana", "#refunds", "it was the blue one", thread=root)
        await place.slack.edits("dana", "#refunds", reply["ts"], "it was the red one")
        await place.slack.edits("dana", "#refunds", root["ts"], REQUEST.format(20006) + " today")
        async with at_work(place, tmp_path) as office:
            await place.slack.settled()
            await office.calm()
            item = await of(office, 20006)
            assert item.text.endswith("today")
            said = [(kind, text) for kind, text in await record(office, item) if text]
            assert said == [("opened", REQUEST.format(20006) + " today"), ("attached", "it was the red one")]


async def later_unheard(place: Town, **time: float) -> None:
    place.clock.push(timedelta(**time))


async def test_a_reply_that_comes_while_its_request_is_still_unread_waits_for_it(tmp_path: Path) -> None:
    """Taken at once it would be a reply in a thread that nothing tracks, and lost."""
    async with town(ack_seconds=20) as place:
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=1)
        root = await place.slack.says("dana", "#refunds", REQUEST.format(20007))
        await later(place, minutes=1)
        place.faults.order("conversations.history", Fault(kind="server_error"), times=4)
        given = {**environment(place), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(place, given, example(), place.clock) as office:
            await place.slack.says("dana", "#refunds", "and it was the blue one", thread=root)
            await place.slack.edits("dana", "#refunds", root["ts"], REQUEST.format(20007) + " now")
            await office.calm()
            item = await of(office, 20007)
            assert item.text.endswith(" now")
            assert ("attached", "and it was the blue one") in await record(office, item)


async def test_what_could_not_be_taken_until_slack_gave_up_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack would not name the channel, so the message could not be judged, and came no more; nothing was cut."""
    monkeypatch.setattr(handlers.slack.catching_up, "KEEP_SECONDS", 0.05)
    async with town(ack_seconds=0.3) as place, at_work(place, tmp_path) as office:
        await office.pushes(minutes=11)  # the channel's name is asked for again after ten
        place.faults.order("conversations.info", Fault(kind="server_error"))
        await place.slack.says("dana", "#refunds", REQUEST.format(20060))
        await place.slack.settled()
        assert await requests(office) == []
        await office.pushes(minutes=11)
        await comes(partial(so_many, office, 1))


async def test_429_and_errors_in_mid_reading_are_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On any page: here each holds two."""
    monkeypatch.setattr(handlers.slack.history, "_PAGE", 2)
    monkeypatch.setattr(handlers.slack.channels, "_PAGE", 2)
    async with town() as place:
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=1)
        roots = [await place.slack.says("dana", "#refunds", REQUEST.format(20010 + n)) for n in range(3)]
        for root in roots:
            for word in ("blue", "large", "late"):
                await place.slack.says("dana", "#refunds", f"it is {word}", thread=root)
        for method in ("users.conversations", "conversations.history", "conversations.replies"):
            place.faults.order(method, Fault(kind="ratelimited", retry_after_seconds=0))
            place.faults.order(method, Fault(kind="server_error"))
            place.faults.order(method, Fault(kind="lost_answer"))
        async with at_work(place, tmp_path) as office:
            await comes(partial(so_many, office, 3))
            await office.calm()
            for n in range(3):
                said = await record(office, await of(office, 20010 + n))
                assert [text for kind, text in said if kind == "attached"] == [
                    "it is blue",
                    "it is large",
                    "it is late",
                ]
            assert not await failures(office)


async def test_a_database_that_is_busy_in_mid_reading_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with town() as place:
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=1)
        for n in range(20):
            await place.slack.says("dana", "#refunds", REQUEST.format(20020 + 37 * n))
        await later(place, minutes=1)
        given = {**environment(place), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(place, given, example(), place.clock) as office:
            await comes(partial(so_many, office, 1))
            async with locked(tmp_path):
                await asyncio.sleep(0.5)
                assert not await so_many(office, 20)
            await comes(partial(so_many, office, 20))
            await office.calm()
            texts = [item.text for item in sorted(await requests(office), key=lambda i: int(i.key.split("-")[1]))]
            assert texts == [REQUEST.format(20020 + 37 * n) for n in range(20)], "in the order in which they were said"


async def test_a_bot_that_is_stopped_in_mid_reading_leaves_the_rest_to_the_next(tmp_path: Path) -> None:
    async with town() as place:
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=1)
        for n in range(60):
            await place.slack.says("dana", "#refunds", REQUEST.format(21000 + 37 * n))
        given = {**environment(place), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(place, given, example(), place.clock) as office:
            await comes(partial(so_many, office, 1))
        async with at_work(place, tmp_path) as office:
            await comes(partial(so_many, office, 60))
            assert len(await requests(office)) == 60


async def test_a_channel_that_can_not_be_read_is_told_once_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with town() as place:
        async with at_work(place, tmp_path):
            pass
        await later(place, minutes=1)
        await place.slack.says("dana", "#refunds", REQUEST.format(20030))
        place.faults.order("conversations.history", Fault(kind="error", error="missing_scope"))
        async with at_work(place, tmp_path) as office:
            (failure,) = await comes(lambda: failures(office))
            assert failure.fields["cause"] == "slack:history"
            assert "#general" in failure.text
            assert await so_many(office, 1)
        async with at_work(place, tmp_path) as office:
            assert not await failures(office), "it can be read again"
