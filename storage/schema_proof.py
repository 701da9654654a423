"""The tables of time and proof: pauses, absences by command, leases of instances, seals."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Text

from storage.columns import Key, Moment, Words
from storage.schema_parts import table, where, workspace

#: The off switch: what is stopped ("" all workflows) since when; a row stays when it was released.
pauses = table(
    "pauses",
    workspace(),
    Column("workflow", Key, primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("by", Words, nullable=False),
    Column("because", Words, nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", Words),
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
