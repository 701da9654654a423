"""The drill: the off switch is tried for a moment, for real, and each of its promises is looked at."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bot.desk import Desk
from bot.pausing import Resuming
from rules.entries import stamp
from rules.events import Command, Verb
from rules.own_events import Due, Tried
from storage import inbox, items, outbox, pauses, timers
from storage.store import Store

#: Whatever is due at all is due by then.
ONE_DAY = datetime(9999, 1, 1, tzinfo=UTC)
MOST = 64


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of the switch, and whether it was kept."""

    said: str
    ok: bool


class _Undone(Exception):
    """What was tried, so that its transaction leaves nothing behind."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__()
        self.checks = checks


async def drill(store: Store, desk: Desk, clock: Callable[[], datetime], workflow: str, by: str) -> list[Check]:
    """Pause `workflow` ("": everything), look whether it holds, and let it go on; the result is kept with the pause.

    Nothing of the work is touched: what is tried on it is undone, and what is held is a happening of the drill's own.
    Real ones that come in the moment between are held and taken like in any pause. Raises Busy.
    """
    ws, began = desk.books.workspace, time.monotonic()
    await desk.take(_command(desk, clock(), "pause", workflow, by))
    standing = await store.read(lambda conn: pauses.standing(conn, ws))
    tried = next((pause for pause in standing if pause.workflow == workflow and pause.drill), None)
    checks = [Check("The switch is on, in the database that every instance asks before it acts.", tried is not None)]
    if tried is None:
        return checks
    knock = Tried(
        id=f"drill:{workflow}:{stamp(tried.since)}", workspace=ws, at=clock(), by=by, via="command line",
        workflow=workflow,
    )  # fmt: skip
    try:
        checks += await _stopped(store, desk, clock, workflow)
        await desk.take(knock)
        known = await store.read(lambda conn: inbox.arrival(conn, ws, knock.id))
        checks.append(Check("What comes in is kept and not taken.", known is not None and known.state == "paused"))
    finally:
        await desk.take(_command(desk, clock(), "resume", workflow, by))
        await Resuming(store, desk, clock).look()
    known = await store.read(lambda conn: inbox.arrival(conn, ws, knock.id))
    left = await store.read(lambda conn: pauses.standing(conn, ws))
    goes_on = known is not None and known.state == "ignored" and tried.since not in {pause.since for pause in left}
    seconds = time.monotonic() - began
    checks.append(Check(f"It goes on, and what was kept was taken. The whole took {seconds:.1f} s.", goes_on))
    await store.write(lambda conn: pauses.judge(conn, ws, tried, worked=all(check.ok for check in checks)))
    return checks


async def _stopped(store: Store, desk: Desk, clock: Callable[[], datetime], workflow: str) -> list[Check]:
    ws = desk.books.workspace

    def work(conn: Any) -> None:
        notices, due_times, one = pauses.standing_by(conn, ws, workflow)
        claimed = [each.notice.item for each in outbox.claim(conn, clock(), 1.0, MOST)]
        sent = [key for key in claimed if _covers(conn, ws, workflow, key)]
        found = [timer.item for timer in timers.due(conn, ONE_DAY, MOST)]
        act = [key for key in found if _covers(conn, ws, workflow, key)]
        fired = one is not None and not desk.within(conn, _due(one, clock())).repeat
        raise _Undone(
            [
                Check(f"{_counted(notices, 'notice waits', 'notices wait')}; none can be sent.", not sent),
                Check(
                    f"{_counted(due_times, 'due time stands', 'due times stand')}; none acts.", not act and not fired
                ),
            ]
        )

    try:
        await store.write(work)
    except _Undone as undone:
        return undone.checks
    raise AssertionError("it always ends undone")


def _covers(conn: Any, ws: str, workflow: str, key: str) -> bool:
    item = items.load(conn, ws, key) if key and workflow else None
    return not workflow or (item is not None and item.workflow == workflow)


def _due(timer: Any, now: datetime) -> Due:
    return Due(
        id=f"drill:{uuid4()}", workspace=timer.workspace, at=now, by="docket", via="timer",
        item=timer.item, kind=timer.kind, subject=timer.subject, due_at=timer.due_at,
    )  # fmt: skip


def _command(desk: Desk, now: datetime, verb: Verb, workflow: str, by: str) -> Command:
    return Command(
        id=f"command:{uuid4()}", workspace=desk.books.workspace, at=now, by=by, via="command line", verb=verb,
        workflow=workflow or None, name="drill", words="a drill" if verb == "pause" else "",
    )  # fmt: skip


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
