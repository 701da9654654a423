"""The first tables: what comes in, items, ledger, timers, outbox and the small shelves beside them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.migrations import guards

revision = "0001"
down_revision = None

# Written out and not taken from storage/schema.py: that file moves on, a migration never does.
TIME = sa.Text().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def _text(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=null)


def _time(name: str, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, TIME, nullable=null)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=False)


def _bytes(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _table(name: str, key: str, *parts: Any, rowid: bool = False) -> None:
    columns = ("workspace", *key.split())
    op.create_table(name, _text("workspace"), *parts, sa.PrimaryKeyConstraint(*columns), sqlite_with_rowid=rowid)


def _index(name: str, table: str, columns: str, where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, columns.split(), sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    _table(
        "inbox", "outside_id", _text("outside_id"), _time("at"), _text("channel"), _text("kind"), _text("state"),
        _text("item", null=True), _text("reason"), _bytes("raw"), rowid=True,
    )  # fmt: skip
    _index("inbox_quarantined", "inbox", "workspace at", "state = 'quarantined'")
    _items()
    _exceptions()
    _ledger()
    _outbox()
    _table("threads", "conversation", _text("conversation"), _text("item"))
    _table("timers", "item kind subject due_at", _text("item"), _text("kind"), _text("subject"), _time("due_at"))
    _index("timers_due", "timers", "due_at")
    _table("counters", "prefix", _text("prefix"), _number("last"))
    _table("evidence", "sha256", _text("sha256"), _text("name"), _text("media_type"), _bytes("data"), rowid=True)
    _table("rulebooks", "version", _text("version"), _text("text"), _time("at"), rowid=True)
    _table(
        "mailboxes", "inbox", _text("inbox"), sa.Column("uidvalidity", sa.BigInteger, nullable=False),
        sa.Column("high_water", sa.BigInteger, nullable=False),
    )  # fmt: skip
    _table("settings", "name", _text("name"), _text("value"))


def _items() -> None:
    _table(
        "items", "key", _text("key"), _text("workflow"), _text("title"), _text("stage", null=True), _text("owner"),
        _text("requester"), _time("opened_at"), _time("due_at", null=True), _time("closed_at", null=True),
        _text("outcome", null=True), sa.Column("proven", sa.Boolean, nullable=False), _text("cause", null=True),
        _text("signature"),
        _number("version"), _text("head"), _text("body"), rowid=True,
    )  # fmt: skip
    still_open = "closed_at IS NULL"
    _index("items_open", "items", "workspace workflow opened_at", still_open)
    _index("items_open_owner", "items", "workspace owner due_at", still_open)
    _index("items_open_requester", "items", "workspace requester opened_at", still_open)
    _index("items_open_due", "items", "workspace due_at owner", still_open)
    _index("items_open_alike", "items", "workspace workflow signature opened_at", still_open)
    _index("items_open_cause", "items", "workspace cause", "closed_at IS NULL AND cause IS NOT NULL")
    _index("items_opened", "items", "workspace opened_at workflow")
    _index("items_closed", "items", "workspace closed_at workflow owner", "closed_at IS NOT NULL")
    _index("items_unproven", "items", "workspace closed_at owner workflow", "closed_at IS NOT NULL AND NOT proven")


def _exceptions() -> None:
    _table(
        "exceptions", "item n", _text("item"), _number("n"), _text("workflow"), _text("code"), _text("state"),
        _text("owner"), _text("may_decide"), _time("opened_at"), _time("due_at"), _time("ended_at", null=True),
        _text("decided_by", null=True), _text("reason_code", null=True), _text("rationale", null=True),
        sa.ForeignKeyConstraint(["workspace", "item"], ["items.workspace", "items.key"]),
    )  # fmt: skip
    _index("exceptions_open", "exceptions", "workspace code owner opened_at", "state = 'open'")
    _index("exceptions_open_due", "exceptions", "workspace due_at owner", "state = 'open'")
    _index("exceptions_ended", "exceptions", "workspace ended_at", "ended_at IS NOT NULL")
    _index("exceptions_opened", "exceptions", "workspace opened_at code")


def _ledger() -> None:
    _table(
        "ledger", "item seq", _text("item"), _number("seq"), _time("at"), _text("kind"), _text("by"), _text("via"),
        _text("rulebook"), _text("facts"), _text("digests"), _text("hash"),
    )  # fmt: skip
    _index("ledger_at", "ledger", "workspace at")
    _table("ledger_texts", "item seq name", _text("item"), _number("seq"), _text("name"), _text("text"), _text("salt"))
    for statement in guards.STATEMENTS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        _text("workspace"), _text("lane"), _text("slot", null=True), _text("item"), _text("kind"), _text("notice"),
        _text("state"), _number("attempts"), _time("created_at"), _time("not_before", null=True),
        _time("lease_until", null=True), sa.Column("begun", sa.Boolean, nullable=False), _time("ended_at", null=True),
        _text("place", null=True), _text("message_id", null=True), _text("problem", null=True),
    )  # fmt: skip
    _index("outbox_waiting", "outbox", "workspace lane n attempts not_before lease_until", "state = 'waiting'")
    _index("outbox_slot", "outbox", "workspace slot n", "slot IS NOT NULL")
    _index("outbox_item", "outbox", "workspace item n")
    _index("outbox_failed", "outbox", "workspace ended_at", "state = 'failed'")
