"""The desk: each happening counts once, what fails has an owner, and a database that is away loses nothing."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import bot.adopting
import bot.desk
from bot.adopting import Dropped, adopt
from bot.demo import example
from bot.outages import Outages
from handlers.ports import Busy
from rules.book.load import load
from rules.entries import OWN_RECORD
from rules.own_events import Due
from storage import inbox, ledger, rulebooks, timers
from tests.bot.house import House, house

REFUND = "Please refund ORD-48213, I was charged twice"


async def test_the_same_message_counts_once(tmp_path: Path) -> None:
    """Slack delivers again what was not acknowledged in time."""
    async with house(tmp_path) as office:
        first = await office.says("slack:U0RITA", REFUND, id="slack:T1:C1:17.1", ts="17.1")
        again = await office.says("slack:U0RITA", REFUND, id="slack:T1:C1:17.1", ts="17.1")
        assert (first.key, first.repeat) == ("REF-1", False)
        assert (again.key, again.repeat) == ("REF-1", True)
        assert len(await office.told("REF-1")) == 2


async def test_what_was_ignored_is_kept_with_its_reason(tmp_path: Path) -> None:
    """Nothing is swallowed: also what opens nothing can be found again."""
    async with house(tmp_path) as office:
        taken = await office.says("slack:U0RITA", "lunch?", id="slack:T1:C1:17.2")
        kept = await office.store.read(lambda conn: inbox.arrival(conn, "main", "slack:T1:C1:17.2"))
        assert taken.ignored
        assert kept is not None
        assert (kept.state, kept.reason) == ("ignored", taken.ignored)


async def test_a_happening_that_the_rules_fail_on_is_kept_and_owned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays raw in quarantine, the operator hears of it, its source may forget it; a person hears that it failed."""
    real = bot.desk.apply

    def broken(event: Any, world: Any) -> Any:
        if getattr(event, "text", "") == REFUND or getattr(event, "verb", "") == "ack":
            raise KeyError(REFUND)
        return real(event, world)

    monkeypatch.setattr(bot.desk, "apply", broken)
    caplog.set_level(logging.INFO)
    async with house(tmp_path) as office:
        taken = await office.says("slack:U0RITA", REFUND, id="slack:T1:C1:17.3")
        assert taken.ignored == "quarantined"
        kept = await office.store.read(lambda conn: inbox.quarantined(conn, "main"))
        assert [arrival.outside_id for arrival in kept] == ["slack:T1:C1:17.3"]
        assert await office.store.read(lambda conn: inbox.raw(conn, "main", "slack:T1:C1:17.3")) == b"{}"
        failures = await office.failures()
        assert [(failure.owner, failure.fields["cause"]) for failure in failures] == [("sam", "rules:Posted:KeyError")]
        assert (await office.says("slack:U0RITA", REFUND, id="slack:T1:C1:17.3")).repeat
        answer = await office.types("slack:U0DANA", "ack", "BOT-1")
        assert answer.reply is not None
        assert answer.reply.refused


async def test_a_locked_database_is_busy_and_its_outage_is_told_afterwards(tmp_path: Path) -> None:
    """Nothing is recorded and nothing lost: the source asks again, and the operator hears of it once it is over."""
    async with house(tmp_path) as office:
        with sqlite3.connect(tmp_path / "docket.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Busy):
                await office.says("slack:U0RITA", REFUND, id="slack:T1:C1:17.4")
            other.execute("ROLLBACK")
        taken = await office.says("slack:U0RITA", REFUND, id="slack:T1:C1:17.4")
        assert (taken.key, taken.repeat) == ("REF-1", False)
        assert [failure.fields["cause"] for failure in await office.failures()] == ["database"]


async def test_a_due_time_fires_once(tmp_path: Path) -> None:
    """A second knock, by this instance or another, finds nothing to do."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        row = (await office.store.read(lambda c: timers.due(c, datetime(2030, 1, 1, tzinfo=UTC), 10)))[0]
        office.clock.push(timedelta(days=1))
        due = Due(
            id="timer:1", workspace="main", at=office.clock(), by="docket", via="timer",
            item=row.item, kind=row.kind, subject=row.subject, due_at=row.due_at,
        )  # fmt: skip
        first, again = await office.desk.take(due), await office.desk.take(due)
        assert (first.key, first.repeat, again.repeat) == ("REF-1", False, True)
        left = await office.store.read(lambda c: timers.due(c, datetime(2030, 1, 1, tzinfo=UTC), 10))
        assert row not in left


async def test_a_bot_that_was_down_catches_up_in_one_message(tmp_path: Path) -> None:
    """Over the weekend a reminder, a deadline and a follow-up came due: each once."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", "Please refund ORD-11111, 10 USD")
        await office.calm()
        office.clock.push(timedelta(days=5))
        assert await office.knock.look() >= 2
        assert await office.knock.look() == 0
        await office.calm()
        kinds = [type(told.notice).__name__ for told in await office.told("REF-1")]
        assert kinds.count("Reminder") <= 1


async def test_each_load_of_a_rulebook_is_in_the_ledger(tmp_path: Path) -> None:
    """By which rules it was decided can be read as long as the record is kept."""
    async with house(tmp_path) as office:
        changed = example().replace("organization: Harbor Supply", "organization: Harbor Group")
        book = load(changed)
        assert await adopt(office.store, office.books, book, changed, office.clock)
        assert not await adopt(office.store, office.books, book, changed, office.clock)
        entries = await office.store.read(lambda conn: ledger.of_item(conn, "main", OWN_RECORD))
        assert [one.entry.facts["changed"] for one in entries] == [True, True, False]
        assert await office.store.read(lambda conn: rulebooks.text(conn, "main", book.version)) == changed
        assert await office.store.read(lambda conn: ledger.check_chain(conn, "main")) == []


async def test_a_rulebook_that_drops_an_owner_is_refused_with_the_list(tmp_path: Path) -> None:
    """The old one stays in force, in the database and in memory."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        before = office.books.current
        without_dana = example().replace("dana", "dora")
        book = load(without_dana)
        with pytest.raises(Dropped, match=r"REF-1 \(dana\)"):
            await adopt(office.store, office.books, book, without_dana, office.clock)
        assert office.books.current is before
        assert (await office.says("slack:U0RITA", "100 USD", thread="1700.000001")).key == "REF-1"


async def test_new_hours_move_the_due_times_of_open_items(tmp_path: Path) -> None:
    """Calendars are always the current ones."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", "Please refund ORD-11111, 10 USD")
        before = await _rows(office)
        shorter = example().replace('hours: "09:00-17:00"', 'hours: "09:00-11:00"')
        assert shorter != example()
        await adopt(office.store, office.books, load(shorter), shorter, office.clock)
        assert await _rows(office) != before


async def _rows(office: House) -> list[timers.DueTimer]:
    return await office.store.read(lambda conn: timers.due(conn, datetime(2030, 1, 1, tzinfo=UTC), 50))


async def test_a_due_time_that_the_rules_fail_on_does_not_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row goes with its quarantine; else it would be found due, and fail, for ever."""
    real = bot.desk.apply

    def broken(event: Any, world: Any) -> Any:
        if isinstance(event, Due):
            raise ZeroDivisionError
        return real(event, world)

    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", "Please refund ORD-11111, 10 USD")
        monkeypatch.setattr(bot.desk, "apply", broken)
        office.clock.push(timedelta(hours=3))
        await office.knock.look()
        assert [row for row in await _rows(office) if row.item == "REF-1" and row.due_at <= office.clock()] == []
        assert [failure.fields["cause"] for failure in await office.failures()] == ["rules:Due:ZeroDivisionError"]


async def test_a_rulebook_whose_load_fails_half_way_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the database nor in memory, where the next take would judge by it."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        before = office.books.current
        changed = example().replace("organization: Harbor Supply", "organization: Harbor Group")

        def full(*_: Any) -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(bot.adopting, "sync_timers", full)
        with pytest.raises(OSError, match="full"):
            await adopt(office.store, office.books, load(changed), changed, office.clock)
        assert office.books.current is before
        assert len(await office.store.read(lambda conn: ledger.of_item(conn, "main", OWN_RECORD))) == 1


async def test_an_outage_in_two_parts_is_one_exception(tmp_path: Path) -> None:
    """Slack's connection and sending fail together: told once, over when both work again."""
    async with house(tmp_path) as office:
        outages = Outages(office.desk, office.clock)
        await outages.failed("slack", "Slack is not connected.")
        await outages.failed("slack", "Slack can't be reached.", "sending")
        assert [(f.fields["cause"], f.exceptions[0].count) for f in await office.failures()] == [("slack", 1)]
        await outages.recovered("slack", "sending")
        assert len(await office.failures()) == 1
        await outages.recovered("slack")
        assert await office.failures() == []
