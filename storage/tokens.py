"""What a token was sent out with, and whether it was used; the notice under its outbox id says whom it is for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from rules.notices import Notice, decode
from storage.columns import insert
from storage.failures import Conflict
from storage.schema import outbox
from storage.schema_doors import tokens_spent

_SPEND = insert(tokens_spent, lambda new: new.on_conflict_do_nothing())


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """The notice that a token names, when it was put into the outbox (UTC), and whether the token was used."""

    notice: Notice
    created_at: datetime
    spent: bool


def issued(conn: Connection, ws: str, outbox_id: str) -> Issued | None:
    """What is known of a token; None where no such notice was ever put, or this program can't read it."""
    spent = select(tokens_spent.c.outbox_id).where(
        tokens_spent.c.workspace == ws, tokens_spent.c.outbox_id == outbox_id
    )
    row = conn.execute(
        select(outbox.c.notice, outbox.c.created_at, spent.exists().label("spent")).where(
            outbox.c.workspace == ws, outbox.c.id == outbox_id
        )
    ).one_or_none()
    if row is None:
        return None
    try:
        notice = decode(json.loads(row.notice))
    except (KeyError, TypeError):
        return None
    return Issued(notice=notice, created_at=row.created_at, spent=bool(row.spent))


def spent(conn: Connection, ws: str, id: str) -> bool:
    """Whether a token was used."""
    return bool(
        conn.scalar(select(tokens_spent.c.at).where(tokens_spent.c.workspace == ws, tokens_spent.c.outbox_id == id))
    )


def spend(conn: Connection, ws: str, outbox_id: str, at: datetime, event: str) -> None:
    """Use a token up. Raises Conflict when another happening did so meanwhile: judged again, it is found used."""
    row = {"workspace": ws, "outbox_id": outbox_id, "at": at, "event": event}
    if conn.execute(_SPEND[conn.dialect.name], row).rowcount != 1:
        raise Conflict("a token was used meanwhile")
