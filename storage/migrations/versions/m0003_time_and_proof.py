"""What time and proof remember: pauses, absences by command, leases of instances, seals of the ledger."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

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
    ended = (_time("ended_at", nullable=True), _text("ended_by", nullable=True))
    _table("pauses", "workflow since", _text("workflow"), _time("since"), _text("by"), _text("because"), drill, *ended)
    still = sa.text("ended_at IS NULL")
    op.create_index("pauses_open", "pauses", ["workspace", "workflow"], sqlite_where=still, postgresql_where=still)
    away = (_text("person"), _text("until"), _text("stand_in"), _text("by"))
    _table("aways", "person", *away, _time("at"))
    _table("leases", "name", _text("name"), _text("holder"), _time("until"))
    _table("seals", "n", _number("n"), _time("at"), _number("entries"), _text("root"), _text("hash"))
    _table("sealed", "item seq", _text("item"), _number("seq"), _number("seal"))
    op.create_index("sealed_by", "sealed", ["workspace", "seal"])
