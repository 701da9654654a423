"""The tables of time and proof: pauses, absences by command, leases of instances, seals, sign-ins to the page."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, Text

from storage.columns import Key, Moment, Words
from storage.schema_parts import table, where, workspace

#: The off switch: what is stopped ("" all workflows) since when; a row stays when it is over.
pauses = table(
    "pauses",
    workspace(),
    Column("workflow", Key, primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("by", Words, nullable=False),
    Column("because", Words, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("resumed_at", Moment),  # somebody let it go on; what it held is handled until `ended_at`
    Column("resumed_by", Words),
    Column("ended_at", Moment),
    Column("worked", Boolean),  # of a drill: with which result
    Index("pauses_open", "workspace", "workflow", **where("ended_at IS NULL")),
)

#: Who said by command that they are away, and who stands in; the rulebook's own `away` is not here.
aways = table(
    "aways",
    workspace(),
    Column("person", Key, primary_key=True),
    Column("until", Text, nullable=False),  # the last day, ISO 8601, in the person's zone
    Column("stand_in", Key, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", Moment, nullable=False),
)

#: What one instance at a time does (an inbox's round, a digest, sealing): who does it, and until when unless renewed.
leases = table(
    "leases",
    workspace(),
    Column("name", Key, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Moment, nullable=False),
)

#: Slack's pace where several instances keep it together: of each limit the last turns that were given away, oldest
#: first, and until when it is shut, in seconds since 1970 by the database's clock.
turns = table(
    "turns",
    workspace(),
    Column("name", Key, primary_key=True),
    Column("given", Text, nullable=False),
    Column("shut_until", Double, nullable=False),
)

#: Seals over the ledger: `root` is the Merkle root of the entries that name it, `hash` chains it to the seal before.
seals = table(
    "seals",
    workspace(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("root", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

#: Which seal covers an entry; entries without a row are not sealed yet.
sealed = table(
    "sealed",
    workspace(),
    Column("item", Words, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("seal", Integer, nullable=False),
    Index("sealed_by", "workspace", "seal"),
)

#: How late due times fired, by the hour (UTC) in which they did: so a digest can say so after a restart, too.
lateness = table(
    "lateness",
    workspace(),
    Column("hour", Moment, primary_key=True),
    Column("fired", Integer, nullable=False),
    Column("latest_seconds", Double, nullable=False),
)

#: Who is signed in to the web page; `digest` is of what their browser shows, which stands nowhere here.
web_sessions = table(
    "web_sessions",
    workspace(),
    Column("digest", Text, primary_key=True),
    Column("person", Key, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
)
