"""A change of shifts on one PostgreSQL: a newer program has the older ones leave before it migrates."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import psycopg
from sqlalchemy import Engine, text

from storage.failures import Outgrown
from storage.schema import REVISION

log = logging.getLogger(__name__)

#: Where instances tell each other that something was committed, or that somebody has to leave.
CHANNEL = "docket"
#: An instance is gone within ten seconds after it was told; one that hangs can record nothing once we have migrated.
LEAVING_SECONDS = 15.0
#: The first number of the advisory locks that running instances hold ("DOCK" in ASCII); the second is their migration.
_RUNNING = 0x444F434B
_LEAVE = "leave for "


def sign_on(conn: psycopg.Connection[Any]) -> None:
    """Be known as running for as long as this connection lasts."""
    conn.execute("SELECT pg_advisory_lock_shared(%s, %s)", (_RUNNING, int(REVISION)))


def asked_to_leave(said: Iterable[str]) -> Outgrown | None:
    """Why this program has to stop, where one of these notices says so."""
    for payload in said:
        if payload.startswith(_LEAVE) and payload.removeprefix(_LEAVE) != REVISION:
            return Outgrown(
                f"A newer Docket takes over this database (with tables at {payload.removeprefix(_LEAVE)}, this program "
                f"knows {REVISION}), so this one has stopped. Start the newer one here, too."
            )
    return None


def see_off(engine: Engine, older: str, newer: str) -> None:
    """Ask the instances of the program that knows only the migration `older` to leave, and wait until they have.

    So they end what they are sending and keep its receipts; after the migration they could not.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("SELECT pg_notify(:channel, :words)"), {"channel": CHANNEL, "words": _LEAVE + newer})
        until = time.monotonic() + LEAVING_SECONDS
        lock = {"running": _RUNNING, "older": int(older)}
        while not conn.execute(text("SELECT pg_try_advisory_lock(:running, :older)"), lock).scalar():
            if time.monotonic() > until:
                log.warning("an instance of an older Docket has not left; it can record nothing more")
                return
            time.sleep(0.05)
        conn.execute(text("SELECT pg_advisory_unlock(:running, :older)"), lock)
