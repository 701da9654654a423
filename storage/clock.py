"""What time it is, by PostgreSQL's clock."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text


def now(conn: Connection) -> datetime:
    """The server's time now, UTC; PostgreSQL only (an SQLite file is on the machine that asks)."""
    found: datetime = conn.execute(_NOW).scalar_one()
    return found.astimezone(UTC)


_NOW = text("SELECT clock_timestamp()")
