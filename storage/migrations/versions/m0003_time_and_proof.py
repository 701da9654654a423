"""What time and proof remember: pauses, absences by command, leases of instances, seals of the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.migrations import seal_guards

revision = "0003"
down_revision = "0002"

TIME = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, TIME, nullable=nullable)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=False)


def _table(name: str, key: str, *parts: Any) -> None:
    op.create_table(
        name, _text("workspace"), *parts, sa.PrimaryKeyConstraint("workspace", *key.split()), sqlite_with_rowid=False
    )


def upgrade() -> None:
    drill = sa.Column("drill", sa.Boolean, nullable=False)
    resumed = (_time("resumed_at", nullable=True), _text("resumed_by", nullable=True))
    ended = (_time("ended_at", nullable=True), sa.Column("worked", sa.Boolean, nullable=True))
    begun = (_text("workflow"), _time("since"), _text("by"), _text("because"))
    _table("pauses", "workflow since", *begun, drill, *resumed, *ended)
    still = sa.text("ended_at IS NULL")
    op.create_index("pauses_open", "pauses", ["workspace", "workflow"], sqlite_where=still, postgresql_where=still)
    away = (_text("person"), _text("until"), _text("stand_in"), _text("by"))
    _table("aways", "person", *away, _time("at"))
    _table("leases", "name", _text("name"), _text("holder"), _time("until"))
    _table("turns", "name", _text("name"), _text("given"), sa.Column("shut_until", sa.Double, nullable=False))
    _table("seals", "n", _number("n"), _time("at"), _number("entries"), _text("root"), _text("hash"))
    _table("sealed", "item seq", _text("item"), _number("seq"), _number("seal"))
    op.create_index("sealed_by", "sealed", ["workspace", "seal"])
    for statement in seal_guards.STATEMENTS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    latest = sa.Column("latest_seconds", sa.Double, nullable=False)
    _table("lateness", "hour", _time("hour"), _number("fired"), latest)
    op.add_column("outbox", sa.Column("story", sa.Text, nullable=True))
    op.add_column("outbox", sa.Column("files", sa.Text, nullable=True))
    not_closed = sa.text("closed_at IS NULL")
    op.create_index(
        "items_open_key",
        "items",
        ["workspace", "key", "closed_at"],
        sqlite_where=not_closed,
        postgresql_where=not_closed,
    )
    op.create_index(
        "items_open_flow", "items", ["workspace", "workflow", "due_at"],
        sqlite_where=not_closed, postgresql_where=not_closed,
    )  # fmt: skip
    closed = sa.text("closed_at IS NOT NULL")
    for name, columns in (
        ("items_closed_flow", ["workspace", "workflow", "closed_at"]),
        ("items_closed_owner", ["workspace", "owner", "closed_at", "workflow"]),
    ):
        op.create_index(name, "items", columns, sqlite_where=closed, postgresql_where=closed)
    signed_in = (_text("digest"), _text("person"), _time("since"), _time("until"))
    _table("web_sessions", "digest", *signed_in)
    again = sa.text("substr(cause, 1, 8) = 'repeats:'")
    op.create_index(
        "items_repeats", "items", ["workspace", "cause", "opened_at"], sqlite_where=again, postgresql_where=again
    )
    op.create_index("exceptions_repeats", "exceptions", ["workspace", "workflow", "code", "opened_at"])
    op.add_column("inbox", sa.Column("workflow", sa.Text, nullable=True))
    op.add_column("inbox", sa.Column("event", sa.Text, nullable=True))
    paused = sa.text("state = 'paused'")
    op.create_index(
        "inbox_paused", "inbox", ["workspace", "at", "outside_id", "workflow"],
        sqlite_where=paused, postgresql_where=paused,
    )  # fmt: skip
    moves = sa.text("kind IN ('handed', 'returned')")
    op.create_index(
        "ledger_moves", "ledger", ["workspace", "at", "item", "seq"], sqlite_where=moves, postgresql_where=moves
    )
    steps = sa.text("kind IN ('opened', 'entered', 'returned', 'changes_asked', 'closed', 'reopened')")
    op.create_index(
        "ledger_steps",
        "ledger",
        ["workspace", "at", "item", "seq", "kind"],
        sqlite_where=steps,
        postgresql_where=steps,
    )
    op.add_column("exceptions", sa.Column("likeness", sa.Text, nullable=True))
    decided = sa.text("likeness IS NOT NULL")
    op.create_index(
        "exceptions_likeness", "exceptions", ["workspace", "workflow", "code", "ended_at"],
        sqlite_where=decided, postgresql_where=decided,
    )  # fmt: skip
