"""The watchdog: what was forgotten is found within a minute, mended where that can be done, and told where it can't."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot import findings
from bot.absences import Absences
from bot.outages import Outages
from bot.watchdog import Watchdog
from rules.entries import Entry
from rules.pauses import Pause
from storage import ledger, pauses, timers, watch
from storage.store import Unavailable
from tests.bot.house import House, house

REFUND = "Please refund ORD-48213, I was charged $450 twice"


@dataclass
class Watched:
    """An inbox that does as it is told."""

    name: str = "refunds"
    rounded_at: float | None = None
    mailed_at: datetime | None = None


@dataclass
class Guarded:
    """A house with a watchdog that hears itself ring."""

    office: House
    dog: Watchdog
    rung: list[datetime]

    async def said(self) -> dict[str, str]:
        """What the operator has an exception of: by cause, in words, with how often it was counted."""
        return {
            item.fields["cause"]: f"{trouble.because} ({trouble.count})"
            for item in await self.office.failures()
            for trouble in item.open_trouble()
        }

    async def sql(self, statement: str) -> None:
        await self.office.store.write(lambda conn: conn.execute(text(statement)))

    async def record(self, key: str) -> list[Entry]:
        found = await self.office.store.read(lambda conn: ledger.of_item(conn, "main", key))
        return [recorded.entry for recorded in found]

    async def due(self, key: str) -> set[Any]:
        return set(await self.office.store.read(lambda conn: timers.of_item(conn, "main", key)))


async def guarded(office: House, *inboxes: Watched, now: list[float] | None = None) -> Guarded:
    await office.knock.look()  # what it does at each start
    outages = Outages(office.desk, office.clock)
    absences = Absences(office.store, office.desk, outages, office.clock)
    seconds = now or [0.0]
    dog = Watchdog(
        office.store, office.books, office.desk, outages, absences, inboxes, office.clock, lambda: seconds[-1]
    )
    rung: list[datetime] = []
    dog.ring = lambda: rung.append(office.clock())
    return Guarded(office, dog, rung)


async def test_due_times_that_got_lost_are_given_back_and_the_record_says_so(tmp_path: Path) -> None:
    """All of an item's, one exception's, or one that is another than the rules give; the operator is not disturbed."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        guard = await guarded(office)
        assert await guard.dog.look()
        right = await guard.due("REF-1")
        assert right
        for damage in (
            "DELETE FROM timers",
            "DELETE FROM timers WHERE kind IN ('escalate', 'remind') AND subject = 'OVER_LIMIT'",
            "UPDATE timers SET due_at = '2031-01-01T00:00:00.000000Z' WHERE kind = 'escalate'",
        ):
            await guard.sql(damage)
            assert await guard.due("REF-1") != right
            await guard.dog.look()
            assert await guard.due("REF-1") == right, damage
        mended = [entry for entry in await guard.record("REF-1") if entry.kind == "mended"]
        assert [(entry.by, entry.facts) for entry in mended] == [("docket", {"what": "due times"})] * 3
        assert await guard.said() == {}
        assert b"docket_watchdog_mended_total 3.0" in office.desk.metrics.page(None, None)[0]


async def test_what_rightly_has_no_due_time_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed work; and what fired already, failed in the rules and is the operator's: it would fail each minute."""
    async with house(tmp_path) as office:
        guard = await guarded(office)
        for n in (1, 2):
            await office.says(f"slack:U0R{n}", REFUND.replace("48213", f"1111{n}"))
        await office.types(
            "slack:U0LEE", "reject", "REF-2", code="OVER_LIMIT", reason_code="NO_PROOF", words="No log shows it."
        )
        assert (await office.item("REF-2")).state == "closed"

        def broken(*_: Any) -> Any:
            raise KeyError("x")

        with monkeypatch.context() as patch:
            patch.setattr("rules.apply.due.fire", broken)
            await office.pushes(hours=3)
        assert list(await guard.said()) == ["rules:Due:KeyError"]
        assert (await guard.due("REF-1"), await guard.due("REF-2")) == (set(), set())
        before = [len(await guard.record(key)) for key in ("REF-1", "REF-2")]
        for _ in range(3):
            assert await guard.dog.look()
        assert [len(await guard.record(key)) for key in ("REF-1", "REF-2")] == before


async def test_the_look_goes_on_where_the_last_one_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many that are suspicious a round looks at some, and the rounds together at all of them."""
    monkeypatch.setattr(findings, "MOST", 1)
    async with house(tmp_path) as office:
        for n in range(3):
            await office.says(f"slack:U0R{n}", REFUND.replace("48213", f"1111{n}"))
        guard = await guarded(office)
        await guard.dog.look()
        monkeypatch.setattr(watch, "some", lambda *_: [])
        await guard.sql("DELETE FROM timers")
        for _ in range(4):
            await guard.dog.look()
        assert all([await guard.due(f"REF-{n}") for n in (1, 2, 3)])


async def test_a_due_time_that_does_not_fire_is_told_at_the_second_look_and_once(tmp_path: Path) -> None:
    """At the first it may be firing at this moment: the alarm is rung. It ends by itself when it has fired."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        guard, beats = await guarded(office), []

        async def beat() -> str:
            beats.append(office.clock())
            return ""

        guard.dog.beat = beat
        office.clock.push(timedelta(hours=3))
        assert await guard.dog.look()
        assert (await guard.said(), len(guard.rung)) == ({}, 1)
        for _ in range(3):
            assert not await guard.dog.look()
        assert len(guard.rung) == 4
        assert list(await guard.said()) == ["watchdog:due"]
        assert "2 due times should have fired over a minute ago, and did not. (1)" in (await guard.said()).values()
        await asyncio.sleep(0)
        assert len(beats) == 1, "nothing is said outside while something is wrong here"
        await office.knock.look()
        assert await guard.dog.look()
        await asyncio.sleep(0)
        assert (await guard.said(), len(beats)) == ({}, 2)


@pytest.mark.parametrize("workflow", ["refund", ""])
async def test_what_is_paused_is_not_late(tmp_path: Path, workflow: str) -> None:
    """Neither due times nor, where everything is paused, digests; and nothing of it is mended."""
    async with house(tmp_path) as office:
        guard = await guarded(office)
        await office.says("slack:U0RITA", REFUND)
        await office.calm()
        pause = Pause(workflow=workflow, since=office.clock(), by="sam")
        await office.store.write(lambda conn: pauses.begin(conn, "main", pause))
        await guard.sql("DELETE FROM timers WHERE kind = 'remind'")
        office.clock.push(timedelta(hours=3) if workflow else timedelta(days=1))
        for _ in range(2):
            assert await guard.dog.look()
        assert (await guard.said(), guard.rung) == ({}, [])


async def test_a_message_that_nobody_sends_is_told_and_one_that_waits_for_later_is_not(tmp_path: Path) -> None:
    """The courier has died: what could go for minutes is found, what is put off with a reason is none of it."""
    async with house(tmp_path) as office:
        office.stop.set()
        await office.running
        await office.says("slack:U0RITA", REFUND)
        guard = await guarded(office)
        await guard.sql(
            "UPDATE outbox SET attempts = 3, not_before = '2031-01-01T00:00:00.000000Z' WHERE lane LIKE '%LEE'"
        )
        office.clock.push(timedelta(minutes=4))
        for _ in range(2):
            await guard.dog.look()
        assert (await guard.said())["watchdog:outbox"].startswith("2 messages could have gone out minutes ago")
        await guard.sql("UPDATE outbox SET lease_until = '2031-01-01T00:00:00.000000Z'")
        assert await guard.dog.look()
        assert await guard.said() == {}


async def test_a_digest_that_nobody_queued_is_told(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        guard = await guarded(office)
        office.clock.push(timedelta(days=1))
        for _ in range(2):
            await guard.dog.look()
        assert "morning of 2026-03-05 for Maria Sol by slack" in (await guard.said())["watchdog:digests"]
        await office.knock.look()
        assert await guard.dog.look()
        assert await guard.said() == {}


async def test_an_item_that_is_not_what_its_record_gives_is_told_and_stays_told(tmp_path: Path) -> None:
    """By its key; of a private one it is only said that there is one."""
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        guard = await guarded(office)
        await guard.sql('UPDATE items SET body = replace(body, \'"owner":"dana"\', \'"owner":"finn"\')')
        assert not await guard.dog.look()
        assert "REF-1: replaying its entries gives another item (owner)." in (await guard.said())["watchdog:record"]
        await guard.dog.look()
        assert (await guard.said())["watchdog:record"].endswith("(1)")


async def test_a_silent_inbox_keeps_the_heartbeat_back(tmp_path: Path) -> None:
    """bot/silence.py tells of it; here it is no good round. One that another instance reads is its matter."""
    async with house(tmp_path) as office:
        inbox, now = Watched(), [0.0]
        guard = await guarded(office, inbox, now=now)
        assert await guard.dog.look()
        now.append(700.0)
        assert not await guard.dog.look()
        assert guard.dog.good_seconds_ago == 700.0
        guard.dog.reads = lambda _: False
        assert await guard.dog.look()
        guard.dog.reads = lambda _: True
        inbox.rounded_at = 650.0
        assert await guard.dog.look()
        assert guard.dog.good_seconds_ago == 0.0


async def test_another_instance_looks_too_and_leaves_mending_and_telling_to_the_one(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", REFUND)
        guard = await guarded(office)
        guard.dog.ours = lambda: False
        office.clock.push(timedelta(hours=3))
        await guard.dog.look()
        await guard.sql("DELETE FROM timers WHERE kind = 'stale'")
        assert not await guard.dog.look()
        assert await guard.said() == {}
        assert not [entry for entry in await guard.record("REF-1") if entry.kind == "mended"]


async def test_a_heartbeat_that_fails_or_hangs_stops_nothing_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as office:
        guard, answers, hanging = await guarded(office), ["it answered 500"] * 2 + [""] * 2, asyncio.Event()

        async def beat() -> str:
            await hanging.wait()
            return answers.pop(0)

        guard.dog.beat = beat
        with caplog.at_level(logging.INFO, logger="bot.watchdog"):
            for _ in range(3):
                assert await guard.dog.look()
            hanging.set()
            for _ in range(5):
                await asyncio.sleep(0)
                assert await guard.dog.look()
                await asyncio.sleep(0)
                if not answers:
                    break
        said = [record.message for record in caplog.records if "HEARTBEAT" in record.message]
        assert [line.split(" (")[0] for line in said] == [
            "DOCKET_HEARTBEAT_URL can't be reached", "DOCKET_HEARTBEAT_URL answers again"
        ]  # fmt: skip
        page = office.desk.metrics.page(None, None)[0]
        assert b'docket_heartbeats_total{outcome="failed"} 2.0' in page
        assert b'docket_heartbeats_total{outcome="answered"} 2.0' in page


async def test_a_round_that_fails_never_raises_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database away is no fault of the round; a fault of this program is the operator's, until a round works."""
    async with house(tmp_path) as office:
        guard = await guarded(office)

        def away(*_: Any, **__: Any) -> Any:
            raise Unavailable("The database is busy.")

        def broken(*_: Any, **__: Any) -> Any:
            raise KeyError("x")

        with monkeypatch.context() as patch:
            patch.setattr(watch, "timeless", away)
            assert not await guard.dog.look()
            assert await guard.said() == {}
            patch.setattr(watch, "timeless", broken)
            for _ in range(2):
                assert not await guard.dog.look()
            assert await guard.said() == {"watchdog:itself": "The watchdog's round failed (KeyError). (1)"}
        assert await guard.dog.look()
        assert await guard.said() == {}
        assert b'docket_watchdog_rounds_total{outcome="failed"} 3.0' in office.desk.metrics.page(None, None)[0]
