"""People who are not there: somebody leaves, is missed, comes back, is a guest, or does not want to be disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.adopting import _seats
from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from handlers.ports import Busy
from rules.book.load import load
from rules.events import Event
from rules.items import Item
from rules.own_events import Absent
from tests.postgres import postgres
from tests.stories.harbor import MORNING, Harbor, environment, harbor, working
from tests.stories.test_main_job import asks, decides, holds, letters, said

__all__ = ["postgres"]

pytestmark = pytest.mark.usefixtures("unpaced")
BIG = "Please refund ORD-48213, I was charged $450 twice"
ANOTHER = "Please refund ORD-50001, it was $900"


def cards(office: Harbor, who: str) -> list[str]:
    """What stands in somebody's direct messages with the bot."""
    return [office.town.slack.words(message) for message in office.town.slack.inbox(who)]


async def failures(office: Harbor) -> list[Item]:
    return [item for item in await office.everything() if item.workflow == "docket"]


async def decider(office: Harbor, key: str) -> str:
    (trouble,) = (await office.item(key)).open_trouble()
    return trouble.owner


@pytest.mark.usefixtures("both_modes")
async def test_who_decides_leaves_and_the_backup_has_it(tmp_path: Path) -> None:
    """Maria gets the card with the reason, Lee's loses its buttons, Sam hears once; until Lee is back."""
    async with harbor(tmp_path) as office:
        root = await asks(office, BIG)
        due_at = (await office.item("REF-1")).open_trouble()[0].due_at
        await office.town.slack.deactivates("lee")
        await office.calm()
        assert await decider(office, "REF-1") == "maria"
        assert (await office.item("REF-1")).open_trouble()[0].due_at == due_at
        (card,) = [words for words in cards(office, "maria") if "REF-1" in words]
        assert "Lee Park can't be reached (deactivated in Slack), so this decision is yours." in card
        assert "Waiting for Maria" in await said(office, root)
        (bot,) = await failures(office)
        assert (bot.owner, bot.fields["cause"]) == ("sam", "absent:lee")
        told = [words for words in cards(office, "sam") if "Lee Park can't be reached" in words]
        assert len(told) == 1
        assert "1 decision goes to Maria Sol" in told[0]
        await asks(office, ANOTHER)
        assert await decider(office, "REF-2") == "maria"
        assert await decides(office, "maria", "Approve", "DOUBLE_CHARGE", "The log shows it.") == {}
        await office.town.slack.reactivates("lee")
        await office.calm()
        assert [item.outcome for item in await failures(office)] == ["done"]
        assert await decider(office, "REF-1") == "lee", "what nobody decided meanwhile is his again"
        await asks(office, "Please refund ORD-60001, it was $700", who="noa")
        assert await decider(office, "REF-3") == "lee"
        await holds(office)


async def test_who_is_away_for_two_days_finds_what_nobody_did_on_the_third(tmp_path: Path) -> None:
    """Lee says it himself; Maria has his decisions on Wednesday and Thursday; on Friday morning one is his again."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await asks(office, BIG)
        await slack.types("lee", "/docket away until tomorrow for @maria")
        await office.calm()
        answer = slack.words(slack.whispers("lee")[-1])
        assert "Maria Sol stands in for you through Thu Mar 5: 1 decision goes to Maria Sol." in answer
        assert await decider(office, "REF-1") == "maria"
        await office.pushes(days=1)
        assert await decider(office, "REF-1") == "maria"
        await office.pushes(hours=15)
        assert await decider(office, "REF-1") == "lee"
        assert any("REF-1" in words and "waits for you" in words for words in cards(office, "lee")[-2:])
        await holds(office)


async def test_the_card_of_who_left_loses_its_buttons(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await asks(office, BIG)
        assert "Approve" in cards(office, "lee")[-1]
        await office.town.slack.deactivates("lee")
        await office.calm()
        (card,) = cards(office, "lee")
        assert "Maria Sol decides this now" in card
        assert "Approve" not in card


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that nobody has opened yet, on each engine in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/docket.db"
        return
    server = request.getfixturevalue("postgres")
    fresh = server.fresh()
    yield fresh
    server.drop(fresh)


async def test_a_stop_in_the_middle_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The absence is committed and one item is passed on when the bot dies; the next one does the rest, once."""
    monkeypatch.setattr("bot.lending.BATCH", 1)
    text, clock = example(), HandClock(MORNING, running=False)
    async with Town(load(text), clock) as town:
        given = {**environment(town), "DOCKET_DATABASE_URL": url}
        async with working(town, given, text, clock) as first:
            for number in range(1, 4):
                await asks(first, f"Please refund ORD-7000{number}, it was $40{number}")
            taken: list[Event] = []
            took = first.bot.desk.take

            async def dying(event: Event, raw: bytes = b"") -> Any:
                if isinstance(event, Absent) and taken:
                    raise Busy("gone")
                done = await took(event, raw)
                taken.extend([event] if isinstance(event, Absent) else [])
                return done

            monkeypatch.setattr(first.bot.desk, "take", dying)
            await town.slack.deactivates("lee")
            await first.until(lambda: taken)
            deciders = [await decider(first, key) for key in ("REF-1", "REF-2", "REF-3")]
            assert sorted(deciders) == ["lee", "lee", "maria"]
        async with working(town, given, text, clock) as second:
            await second.calm()
            assert [await decider(second, key) for key in ("REF-1", "REF-2", "REF-3")] == ["maria"] * 3
            moved = [words for words in cards(second, "maria") if "can't be reached" in words]
            assert len(moved) == 3
            assert len(await failures(second)) == 1
            await holds(second)


async def test_who_left_while_the_bot_was_down_is_noticed_at_its_start(tmp_path: Path) -> None:
    text, clock = example(), HandClock(MORNING, running=False)
    async with Town(load(text), clock) as town:
        given = {**environment(town), "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(town, given, text, clock) as first:
            await asks(first, BIG)
        town.workspace.user("lee").deleted = True
        async with working(town, given, text, clock) as second:
            await second.calm()
            assert await decider(second, "REF-1") == "maria"


async def test_an_event_that_was_missed_is_made_up_for_within_the_hour(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await asks(office, BIG)
        office.town.workspace.user("lee").deleted = True
        await office.pushes(minutes=59)
        assert await decider(office, "REF-1") == "lee"
        await office.pushes(minutes=2)
        assert await decider(office, "REF-1") == "maria"
        office.town.workspace.user("lee").deleted = False
        await office.pushes(hours=1, minutes=1)
        assert [item.outcome for item in await failures(office)] == ["done"]


async def test_a_message_that_can_not_reach_who_left_tells_of_it(tmp_path: Path) -> None:
    """The card is what fails; the absence is what the operator hears of, and not an undelivered message."""
    async with harbor(tmp_path) as office:
        await office.calm()  # everybody was asked for
        office.town.workspace.user("lee").deleted = True
        await asks(office, BIG)
        assert await decider(office, "REF-1") == "maria"
        (bot,) = await failures(office)
        assert [trouble.code for trouble in bot.exceptions] == ["ABSENT"]
        await office.pushes(hours=20)
        assert len(await failures(office)) == 1, "nor is what still goes to them later"


async def test_nobody_who_left_is_sent_a_digest_and_who_comes_back_misses_nothing(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await asks(office, BIG)
        await office.town.slack.deactivates("lee")
        await office.calm()
        await office.pushes(hours=23)
        assert letters(office, "lee@harbor.example") == []
        assert len(letters(office, "maria@harbor.example")) == 1
        await office.town.slack.reactivates("lee")
        await office.pushes(hours=24)
        (digest,) = letters(office, "lee@harbor.example")
        assert "REF-1" in digest
        assert not [item for item in await failures(office) if item.fields["cause"] != "absent:lee"]


async def test_who_left_holds_nothing_more_and_can_be_taken_out_of_the_rulebook(tmp_path: Path) -> None:
    """No seat is left, not even a backup's: the new rulebook would be refused with a list of them."""
    async with harbor(tmp_path) as office:
        await asks(office, BIG)
        await asks(office, "Please refund ORD-50002, it was $45")
        assert (await office.item("REF-2")).backup == "lee"
        await office.town.slack.deactivates("lee")
        await office.calm()
        everything = await office.everything()
        assert len(everything) == 3
        assert "lee" not in {person for item in everything for person in _seats(item)}


async def test_whom_slack_does_not_know_at_all_is_the_rulebooks_mistake(tmp_path: Path) -> None:
    """One wrong id is one absent person; where all are wrong the workspace is, and nothing moves."""
    async with harbor(tmp_path, example().replace("slack: U0LEE,", "slack: U0NOBODY,")) as office:
        office.town.workspace.users.pop("U0NOBODY")
        await office.pushes(hours=1, minutes=1)
        await asks(office, BIG)
        assert await decider(office, "REF-1") == "maria"
        assert (await failures(office))[0].text.startswith("Lee Park can't be reached (unknown in Slack)")
        for user in [user for user in office.town.workspace.users.values() if user.key]:
            office.town.workspace.users.pop(user.id)
        await office.pushes(hours=1, minutes=1)
        assert await decider(office, "REF-1") == "maria"
        causes = [item.fields["cause"] for item in await failures(office)]
        assert "slack-people" in causes
        assert [cause for cause in causes if cause.startswith("absent:")] == ["absent:lee"]


async def test_the_operator_leaves_and_the_next_above_hears_of_it(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await office.town.slack.deactivates("sam")
        await office.calm()
        (bot,) = await failures(office)
        assert bot.owner == "maria"
        assert any("Sam Adeyemi can't be reached" in words for words in cards(office, "maria"))


async def test_reminders_wait_for_who_does_not_want_to_be_disturbed_and_nothing_else_does(tmp_path: Path) -> None:
    """Lee is quiet for an hour and a half, and has two hours to decide: the reminder after one hour waits."""
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        await slack.silences("lee", MORNING.replace(hour=17, minute=30))
        await asks(office, BIG)
        assert len(cards(office, "lee")) == 1, "the card came at once"
        await office.pushes(hours=1, minutes=1)
        assert len(cards(office, "lee")) == 1
        await asks(office, ANOTHER)
        assert len(cards(office, "lee")) == 2, "another card does not wait behind the reminder"
        await office.pushes(minutes=30)
        assert "One thing waits for you" in cards(office, "lee")[-1]


async def test_no_reminder_waits_longer_than_what_it_reminds_of(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await office.town.slack.silences("lee", MORNING.replace(day=6))
        await asks(office, BIG)
        await office.pushes(hours=1, minutes=59)
        assert len(cards(office, "lee")) == 1
        await office.pushes(minutes=2)
        assert any("One thing waits for you" in words for words in cards(office, "lee"))


async def test_who_renames_themselves_is_called_so(tmp_path: Path) -> None:
    async with harbor(tmp_path) as office:
        await asks(office, BIG)
        assert any("from Rita Gomez" in words for words in cards(office, "lee"))
        await office.town.slack.renames("rita", "Rita Lind")
        await asks(office, ANOTHER)
        assert "from Rita Lind" in cards(office, "lee")[-1]


@pytest.mark.usefixtures("both_modes")
@pytest.mark.parametrize("foreign", [False, True])
async def test_guests_and_people_of_other_organizations_ask_and_answer_only(tmp_path: Path, foreign: bool) -> None:
    async with harbor(tmp_path) as office:
        slack = office.town.slack
        noa = office.town.workspace.user("noa")
        noa.is_guest, noa.team = not foreign, "T0ELSEWHERE" if foreign else ""
        await asks(office, BIG, who="noa")
        assert (await office.item("REF-1")).requester == "slack:U0NOA"
        await slack.types("noa", "/docket except REF-1 NOT_READY something is odd", where="#refunds")
        await office.calm()
        assert [trouble.code for trouble in (await office.item("REF-1")).exceptions] == ["OVER_LIMIT"]
        await slack.types("rita", "/docket except REF-1 NOT_READY something is odd")
        await office.calm()
        assert len((await office.item("REF-1")).exceptions) == 2
