"""The tables of the street: what came in, items, their record, their due times, what goes out."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from storage.columns import Key, Moment, Words
from storage.schema_parts import metadata, table, where, workspace

#: The newest migration; a test holds it against Alembic, so that an ordinary start need not load Alembic.
REVISION = "0003"

inbox = Table(
    "inbox",
    metadata,
    workspace(),
    Column("outside_id", Key, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("item", Words),
    Column("reason", Words, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("place", Words),  # the inbox that a mail came to: what is held is read again as that one's
    Column("workflow", Key),  # for which it waits, while that is paused
    Column("event", Words),  # the happening as JSON, where it is to be taken later and its bytes don't say it all
    Index("inbox_quarantined", "workspace", "at", **where("state = 'quarantined'")),
    Index("inbox_paused", "workspace", "at", "outside_id", "workflow", **where("state = 'paused'")),
)

#: Of the causes that the rules open items for, those that keep happening.
REPEATS = "substr(cause, 1, 8) = 'repeats:'"

items = Table(
    "items",
    metadata,
    workspace(),
    Column("key", Words, primary_key=True),
    Column("workflow", Text, nullable=False),
    Column("title", Words, nullable=False),
    Column("stage", Text),
    Column("owner", Key, nullable=False),
    Column("requester", Key, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("closed_at", Moment),
    Column("outcome", Text),
    Column("proven", Boolean, nullable=False),  # it carries evidence, and none that it needs is lacking
    Column("cause", Key),  # of what the bot's rules opened: a failure of its own, what keeps happening
    Column("signature", Text, nullable=False),  # rules.likeness: near-duplicates share it
    Column("version", Integer, nullable=False),
    Column("head", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("items_open", "workspace", "workflow", "opened_at", **where("closed_at IS NULL")),
    Index("items_open_key", "workspace", "key", "closed_at", **where("closed_at IS NULL")),
    Index("items_open_alike", "workspace", "workflow", "signature", "opened_at", **where("closed_at IS NULL")),
    Index("items_open_owner", "workspace", "owner", "due_at", **where("closed_at IS NULL")),
    Index("items_open_requester", "workspace", "requester", "opened_at", **where("closed_at IS NULL")),
    Index("items_open_due", "workspace", "due_at", "owner", **where("closed_at IS NULL")),
    Index("items_open_cause", "workspace", "cause", **where("closed_at IS NULL AND cause IS NOT NULL")),
    Index("items_repeats", "workspace", "cause", "opened_at", **where(REPEATS)),
    Index("items_opened", "workspace", "opened_at", "workflow"),
    Index("items_closed", "workspace", "closed_at", "workflow", "owner", **where("closed_at IS NOT NULL")),
    Index("items_closed_requester", "workspace", "requester", "closed_at", **where("closed_at IS NOT NULL")),
    Index("items_open_flow", "workspace", "workflow", "due_at", **where("closed_at IS NULL")),
    Index("items_closed_flow", "workspace", "workflow", "closed_at", **where("closed_at IS NOT NULL")),
    Index("items_closed_owner", "workspace", "owner", "closed_at", "workflow", **where("closed_at IS NOT NULL")),
    Index("items_unproven", "workspace", "closed_at", "owner", "workflow",
          **where("closed_at IS NOT NULL AND NOT proven")),
)  # fmt: skip

#: What the item's body says of its exceptions, as rows; `n` counts them within the item.
exceptions = table(
    "exceptions",
    workspace(),
    Column("item", Words, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("workflow", Text, nullable=False),
    Column("code", Key, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Key, nullable=False),
    Column("may_decide", Text, nullable=False),  # JSON list of rulebook keys
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("decided_by", Words),
    Column("reason_code", Words),
    Column("rationale", Words),
    Column("likeness", Words),  # of a decision: what it rested on, in the words that cases are compared by
    ForeignKeyConstraint(["workspace", "item"], ["items.workspace", "items.key"]),
    Index("exceptions_open", "workspace", "code", "owner", "opened_at", **where("state = 'open'")),
    Index("exceptions_open_due", "workspace", "due_at", "owner", **where("state = 'open'")),
    Index("exceptions_ended", "workspace", "ended_at", **where("ended_at IS NOT NULL")),
    Index("exceptions_opened", "workspace", "opened_at", "code"),
    Index("exceptions_likeness", "workspace", "workflow", "code", "ended_at", **where("likeness IS NOT NULL")),
    Index("exceptions_repeats", "workspace", "workflow", "code", "opened_at"),
)

counters = table(
    "counters", workspace(), Column("prefix", Text, primary_key=True), Column("last", Integer, nullable=False)
)

#: What takes an item from stage to stage, and back.
STEPS = "kind IN ('opened', 'entered', 'returned', 'changes_asked', 'closed', 'reopened')"

ledger = table(
    "ledger",
    workspace(),
    Column("item", Words, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Words, nullable=False),
    Column("via", Text, nullable=False),
    Column("rulebook", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("digests", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ledger_at", "workspace", "at"),
    Index("ledger_moves", "workspace", "at", "item", "seq", **where("kind IN ('handed', 'returned')")),
    Index("ledger_steps", "workspace", "at", "item", "seq", "kind", **where(STEPS)),
)

#: People's words and strangers' names: apart from the ledger, because these rows alone may be deleted.
ledger_texts = table(
    "ledger_texts",
    workspace(),
    Column("item", Words, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("salt", Text, nullable=False),
)

threads = table(
    "threads", workspace(), Column("conversation", Key, primary_key=True), Column("item", Words, nullable=False)
)

timers = table(
    "timers",
    workspace(),
    Column("item", Words, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("due_at", Moment, primary_key=True),
    Index("timers_due", "due_at"),
)

#: Automatic answers to whoever wrote a mail: they are counted, lest two machines answer each other for ever.
DOUBTED = "kind = 'Doubted'"
ANSWERS = "kind IN ('Question', 'Received', 'Unclear')"

#: `n` is the order of arrival; a lane is served in that order. Rows stay when they were sent: `why` reads them.
outbox = Table(
    "outbox",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("workspace", Text, nullable=False),
    Column("lane", Key, nullable=False),
    Column("slot", Key),
    Column("item", Words, nullable=False),
    Column("kind", Text, nullable=False),
    Column("notice", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, sent, failed, dropped
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("not_before", Moment),
    Column("lease_until", Moment),
    Column("begun", Boolean, nullable=False),  # a send of it was begun whose end nobody knows
    Column("ended_at", Moment),
    Column("place", Words),
    Column("message_id", Words),
    Column("problem", Words),
    Column("story", Key),  # the happening that it goes back to, for the logs
    Column("files", Text),  # JSON: what was left at the channel for it before it was sent
    Index("outbox_waiting", "workspace", "lane", "n", "attempts", "not_before", "lease_until",
          **where("state = 'waiting'")),
    Index("outbox_slot", "workspace", "slot", "n", **where("slot IS NOT NULL")),
    Index("outbox_item", "workspace", "item", "n"),
    Index("outbox_failed", "workspace", "ended_at", **where("state = 'failed'")),
    Index("outbox_answers", "workspace", "created_at", "kind", **where(ANSWERS)),  # counted without the rows
    Index("outbox_answered", "workspace", "lane", "created_at", **where(ANSWERS)),
    Index("outbox_doubted", "workspace", "lane", "created_at", **where(DOUBTED)),
)  # fmt: skip

evidence = Table(
    "evidence",
    metadata,
    workspace(),
    Column("sha256", Text, primary_key=True),
    Column("name", Words, nullable=False),
    Column("media_type", Words, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

rulebooks = Table(
    "rulebooks",
    metadata,
    workspace(),
    Column("version", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

mailboxes = table(
    "mailboxes",
    workspace(),
    Column("inbox", Key, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("high_water", BigInteger, nullable=False),
)

settings = table("settings", workspace(), Column("name", Key, primary_key=True), Column("value", Words, nullable=False))
