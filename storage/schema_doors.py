"""The tables of the doors: how far Slack was heard, who can't be reached, spent tokens, open Home tabs."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Text

from storage.columns import Key, Moment, Words
from storage.schema_parts import table, workspace

#: How far each Slack conversation has been heard: the ts of the newest message that was taken or passed by, and since
#: which ts it is ours (the first start, an invitation): what was said before that is not.
heard = table(
    "heard",
    workspace(),
    Column("place", Key, primary_key=True),
    Column("since", Text, nullable=False),
    Column("ts", Text, nullable=False),
)

#: People of the rulebook who can't be reached although it says nothing of it: deactivated in Slack, mail bounces.
absences = table(
    "absences",
    workspace(),
    Column("person", Key, primary_key=True),
    Column("channel", Text, primary_key=True),  # which way fails: slack, mail
    Column("address", Words, nullable=False),  # the one that failed: the rulebook may name another since
    Column("since", Moment, nullable=False),
    Column("why", Words, nullable=False),
)

#: Tokens that were used; one names the notice it went out with, so the outbox knows whom and what it is for.
tokens_spent = table(
    "tokens_spent",
    workspace(),
    Column("outbox_id", Key, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("event", Key, nullable=False),  # outside id of the happening that spent it
)

#: Who has opened the bot's Home tab, and when last: only theirs are kept fresh. `shown` is the digest of what stands
#: there ("": to be drawn anew), `hash` Slack's own name for it, which guards against overwriting a newer one.
homes = table(
    "homes",
    workspace(),
    Column("reader", Key, primary_key=True),
    Column("opened_at", Moment, nullable=False),
    Column("page", Integer, nullable=False),
    Column("shown", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
