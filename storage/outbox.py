"""What waits to be sent, in lanes: order within a lane, lanes beside each other, and a history that stays."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, literal_column, select, update

from rules.notices import Notice, decode, encode
from storage.columns import clean_json, hold
from storage.lanes import BUNDLE, BUNDLED, PUT, REPLACE, SENT, STANDING, STILL_WAITING, WAITING, begun, line
from storage.pauses import notices_rest
from storage.schema import outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A notice that this courier alone may send until its lease ends.

    `attempts` counts the failed ones. `maybe_sent`: a send of it was begun and nobody knows how it ended.
    """

    id: str
    ws: str
    lane: str
    notice: Notice
    attempts: int
    created_at: datetime
    maybe_sent: bool
    story: str = ""  # the happening that it goes back to


@dataclass(frozen=True, slots=True)
class Arrived:
    """That a notice arrived: as which message, where, and when (UTC)."""

    id: str
    place: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of a notice, for `why`. `state` is waiting, sent, failed or dropped; `ended_at` when it became so."""

    id: str
    lane: str
    notice: Notice
    state: str
    attempts: int
    created_at: datetime
    not_before: datetime | None
    ended_at: datetime | None
    place: str | None
    message_id: str | None
    problem: str | None


def put(
    conn: Connection,
    ws: str,
    lane: str,
    notice: Notice,
    at: datetime,
    not_before: datetime | None = None,
    story: str | None = None,
) -> str:
    """Queue a notice behind its lane's others, or from `not_before` on; gives its id (UUIDv7).

    A waiting notice of the same lane and slot, which nobody has begun to send, is replaced where it stands: its id
    is kept. One that only revises a message leaves it alone: what waits is worded when it is sent, and a message that
    never went out can't be revised.
    """
    body = _body(notice)
    if notice.slot is not None:
        where = {"ws": ws, "in_lane": lane, "in_slot": notice.slot, "now": at}
        if notice.revises:
            found = STANDING.scalars(conn, where)
        else:
            values = {"notice": body, "not_before": not_before, "story": story}
            found = REPLACE.scalars(conn, {**where, **values})
        if found:
            return str(found[0])
    row = {
        "id": uuid7(at), "workspace": ws, "lane": lane, "slot": notice.slot, "item": notice.item,
        "kind": type(notice).__name__, "notice": body, "state": "waiting", "attempts": 0, "begun": False,
        "created_at": at, "not_before": not_before, "story": story,
    }  # fmt: skip
    PUT.run(conn, row)
    return str(row["id"])


def claim(conn: Connection, now: datetime, lease_seconds: float, limit: int) -> list[Claimed]:
    """Lease the oldest ready notice of up to `limit` free lanes, in the order they were put.

    A lane with a live lease is not free. Where the oldest is a reminder, all ready reminders of that lane come with
    it. One that is being tried again keeps its lane waiting; one put with a `not_before` is only in line from then.
    What is paused is not in line.
    """
    # Instances take turns: claims are short, and only so a lane can't be claimed by two of them at once when
    # notices of one lane are committed in another order than they were numbered.
    hold(conn, "outbox claim")
    serve = line(conn)
    heads = conn.execute(serve.heads, {"now": now, "most": limit}).all()
    if not heads:
        return []
    chosen = [row.n for row in heads]
    for row in heads:
        if row.kind in BUNDLED:
            behind = {"ws": row.workspace, "in_lane": row.lane, "head": row.n, "now": now}
            chosen += conn.scalars(serve.reminders, behind)
    leased = conn.execute(
        update(outbox)
        .where(outbox.c.n.in_(chosen), STILL_WAITING)
        .values(lease_until=now + timedelta(seconds=lease_seconds))
        .returning(*_CLAIMED)
    )
    return [
        claimed
        for row in sorted(leased, key=lambda row: int(row.n))
        if (claimed := _claimed(conn, row, now)) is not None
    ]


def _claimed(conn: Connection, row: Row[Any], now: datetime) -> Claimed | None:
    """The row as a notice; one that this program can't read is failed, lest it stop its lane for ever."""
    try:
        notice = decode(json.loads(row.notice))
    except (KeyError, TypeError):
        fail(conn, row.id, f"this program does not know such a notice ({row.kind})", now)
        return None
    return Claimed(
        id=row.id,
        ws=row.workspace,
        lane=row.lane,
        notice=notice,
        attempts=row.attempts,
        created_at=row.created_at,
        maybe_sent=row.begun,
        story=row.story or "",
    )


def renew(conn: Connection, ids: Sequence[str], until: datetime) -> None:
    """Lengthen the leases of claims that are still being worked on."""
    leased = (WAITING, outbox.c.lease_until.is_not(None))
    for start in range(0, len(ids), BUNDLE):  # engines bound the number of parameters
        part = ids[start : start + BUNDLE]
        conn.execute(update(outbox).where(outbox.c.id.in_(part), *leased).values(lease_until=until))


def begin(conn: Connection, ids: Sequence[str]) -> bool:
    """A send of these starts now; when nothing more is heard of it, the next claim says `maybe_sent`.

    False: one of them was paused since it was claimed, and none of them is to be sent.
    """
    if notices_rest(conn, ids):
        return False
    # The last one fills up to a power of two: so few statements serve all counts, and the server keeps them prepared.
    places = 1 << (len(ids) - 1).bit_length()
    begun(places).run(conn, {f"i{n}": ids[min(n, len(ids) - 1)] for n in range(places)})
    return True


def files(conn: Connection, id: str) -> dict[str, str]:
    """What was left at the channel already for a message that waits: the channel's id of each thing, by its digest."""
    kept = conn.execute(select(outbox.c.files).where(outbox.c.id == id)).scalar_one_or_none()
    return json.loads(kept) if kept else {}


def left(conn: Connection, id: str, files: Mapping[str, str]) -> None:
    """These are all that were left there for it."""
    conn.execute(update(outbox).where(outbox.c.id == id).values(files=json.dumps(dict(files))))


def sent(conn: Connection, arrived: Sequence[Arrived]) -> None:
    """These arrived."""
    rows = [{"this": each.id, "at": each.at, "where_to": each.place, "as_which": each.message_id} for each in arrived]
    if rows:
        SENT.run_each(conn, rows)


def retry(conn: Connection, id: str, not_before: datetime, problem: str, *, maybe_sent: bool = False) -> None:
    """It could not be sent; again from `not_before` on, its lane waiting until then.

    `maybe_sent`: nobody knows whether it arrived all the same (a time-out after the last byte), so look first.
    """
    conn.execute(
        update(outbox)
        .where(outbox.c.id == id, WAITING)
        .values(
            attempts=outbox.c.attempts + 1,
            not_before=not_before,
            problem=problem,
            lease_until=None,
            begun=maybe_sent,
        )
    )


def put_aside(conn: Connection, id: str, until: datetime) -> None:
    """Nobody has tried to send it, and it is only in line again from `until` on: its lane does not wait for it."""
    conn.execute(update(outbox).where(outbox.c.id == id, WAITING).values(not_before=until, lease_until=None))


def fail(conn: Connection, id: str, problem: str, at: datetime) -> None:
    """It can never be sent; the lane goes on."""
    _end(conn, id, state="failed", problem=problem, at=at)


def drop(conn: Connection, id: str, reason: str, at: datetime) -> None:
    """It is no longer worth sending; the lane goes on."""
    _end(conn, id, state="dropped", problem=reason, at=at)


def give_back(conn: Connection, ids: Sequence[str]) -> None:
    """End the leases of claims that were not sent, for whoever comes next."""
    conn.execute(update(outbox).where(outbox.c.id.in_(ids), WAITING).values(lease_until=None))


def free(conn: Connection) -> None:
    """End every lease: whoever claimed something is gone. Only for who knows to be alone here."""
    conn.execute(update(outbox).where(WAITING, outbox.c.lease_until.is_not(None)).values(lease_until=None))


def message_of(conn: Connection, ws: str, slot: str) -> tuple[str, str] | None:
    """Place and id of the message that was last sent for a slot: what the next notice of it edits."""
    row = conn.execute(
        select(outbox.c.place, outbox.c.message_id)
        .where(outbox.c.workspace == ws, outbox.c.slot == slot, outbox.c.state == "sent")
        .order_by(outbox.c.n.desc())
        .limit(1)
    ).one_or_none()
    return (row.place, row.message_id) if row else None


def of_item(conn: Connection, ws: str, key: str) -> list[Posted]:
    """Every notice about an item, in the order they were put: who was told what, when."""
    rows = conn.execute(select(*_POSTED).where(outbox.c.workspace == ws, outbox.c.item == key).order_by(outbox.c.n))
    return [Posted(**{**row._mapping, "notice": decode(json.loads(row.notice))}) for row in rows]


def undelivered(conn: Connection, ws: str, since: datetime, until: datetime) -> int:
    """How many notices failed for good from `since` to before `until`."""
    failed = outbox.c.state == literal_column("'failed'")
    within = (outbox.c.ended_at >= since, outbox.c.ended_at < until)
    return conn.execute(
        select(func.count()).select_from(outbox).where(outbox.c.workspace == ws, failed, *within)
    ).scalar_one()


def next_ready(conn: Connection) -> datetime | None:
    """From when on `claim` can find something, as things stand: in the past when it can now; None: nothing waits."""
    soonest: datetime | None = conn.execute(line(conn).next).scalar_one()
    return soonest


def uuid7(at: datetime) -> str:
    """A UUID that begins with `at` in milliseconds, the rest random (RFC 9562, section 5.7)."""
    milliseconds = int(at.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    chance = secrets.randbits(74)  # at once: each asking lets go of the interpreter
    number = milliseconds << 80 | 0x7 << 76 | chance >> 62 << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    return str(UUID(int=number))


def _body(notice: Notice) -> str:
    values = encode(notice)
    written = json.dumps(values)
    # only where these stand in it can there be anything to clean
    return json.dumps(clean_json(values)) if "\\u0000" in written or "\\ud" in written else written


def _end(conn: Connection, id: str, *, state: str, at: datetime, **values: Any) -> None:
    conn.execute(update(outbox).where(outbox.c.id == id).values(state=state, ended_at=at, lease_until=None, **values))


_CLAIMED = (
    outbox.c.n, outbox.c.id, outbox.c.workspace, outbox.c.lane, outbox.c.kind, outbox.c.notice, outbox.c.attempts,
    outbox.c.created_at, outbox.c.begun, outbox.c.story,
)  # fmt: skip
_POSTED = (
    outbox.c.id, outbox.c.lane, outbox.c.notice, outbox.c.state, outbox.c.attempts, outbox.c.created_at,
    outbox.c.not_before, outbox.c.ended_at, outbox.c.place, outbox.c.message_id, outbox.c.problem,
)  # fmt: skip
