"""Silent inboxes: the operator hears once of one that hangs, and of one to which mail no longer comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.outages import Outages
from bot.silence import Silence
from tests.bot.house import House, house

DAY = timedelta(days=1)


@dataclass
class Watched:
    """An inbox that does as it is told."""

    name: str = "refunds"
    rounded_at: float | None = None
    mailed_at: datetime | None = None


def looking(office: House, inbox: Watched, now: list[float]) -> Silence:
    outages = Outages(office.desk, office.clock)
    return Silence(office.store, "main", [inbox], outages, office.clock, monotonic=lambda: now[-1])


async def said(office: House) -> list[str]:
    return [trouble.because for item in await office.failures() for trouble in item.open_trouble()]


async def test_an_inbox_whose_listening_hangs_is_told_after_ten_minutes_and_once(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        inbox, now = Watched(), [0.0]
        silence = looking(office, inbox, now)
        for minute in range(12):
            now.append(minute * 60.0)
            await silence.look()
        assert len(await said(office)) == 1
        assert "refunds has not been looked through for 11 minutes" in (await said(office))[0]
        inbox.rounded_at = now[-1]
        await silence.look()
        assert await said(office) == []


async def test_an_inbox_to_which_no_mail_comes_any_more_is_told_and_its_habit_outlives_a_restart(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as office:
        inbox = Watched(rounded_at=0.0)
        silence = looking(office, inbox, [0.0])
        for _ in range(20):
            office.clock.push(DAY)
            inbox.mailed_at = office.clock()
            await silence.look()
        office.clock.push(DAY)
        await silence.look()
        assert await said(office) == []
        restarted = looking(office, Watched(rounded_at=0.0), [0.0])
        office.clock.push(DAY)
        await restarted.look()
        assert len(await said(office)) == 1
        assert "No mail has come to the inbox refunds for 48 hours" in (await said(office))[0]
        inbox.mailed_at = office.clock()
        await silence.look()
        await restarted.look()
        assert await said(office) == []
