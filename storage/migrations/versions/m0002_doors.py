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
    _table("heard", "place", _text("place"), _text("ts"))
    _table("absences", "person channel", _text("person"), _text("channel"), _time("since"), _text("why"))
    _table("tokens_spent", "outbox_id", _text("outbox_id"), _time("at"), _text("event"))
    _table("homes", "reader", _text("reader"), _time("opened_at"))
