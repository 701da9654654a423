"""What the doors remember: how far Slack was heard, who can't be reached, spent tokens, open Home tabs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TIME = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, TIME, nullable=False)


def _table(name: str, key: str, *parts: Any) -> None:
    op.create_table(
        name, _text("workspace"), *parts, sa.PrimaryKeyConstraint("workspace", *key.split()), sqlite_with_rowid=False
    )


def upgrade() -> None:
    _table("heard", "place", _text("place"), _text("since"), _text("ts"))
    way = (_text("person"), _text("channel"), _text("address"))
    _table("absences", "person channel", *way, _time("since"), _text("why"))
    _table("tokens_spent", "outbox_id", _text("outbox_id"), _time("at"), _text("event"))
    page = sa.Column("page", sa.Integer, nullable=False)
    _table("homes", "reader", _text("reader"), _time("opened_at"), page, _text("shown"), _text("hash"))
    op.add_column("inbox", sa.Column("place", sa.Text, nullable=True))
    answers = sa.text("kind IN ('Question', 'Received', 'Unclear')")
    for name, columns in (("outbox_answers", "created_at kind"), ("outbox_answered", "lane created_at")):
        op.create_index(name, "outbox", ["workspace", *columns.split()], sqlite_where=answers, postgresql_where=answers)
    doubted = sa.text("kind = 'Doubted'")
    op.create_index(
        "outbox_doubted", "outbox", ["workspace", "lane", "created_at"],
        sqlite_where=doubted, postgresql_where=doubted,
    )  # fmt: skip
    ended = sa.text("closed_at IS NOT NULL")
    op.create_index(
        "items_closed_requester", "items", ["workspace", "requester", "closed_at"],
        sqlite_where=ended, postgresql_where=ended,
    )  # fmt: skip
