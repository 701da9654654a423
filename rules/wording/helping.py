"""Help: what can be typed, by what it is for, and nothing that its reader may not do."""

from __future__ import annotations

from typing import Final

from rules.book.rulebook import Rulebook
from rules.commands import USAGE
from rules.events import Verb
from rules.messages import Message, Row, Section, Strong
from rules.rights import MAY

#: Every verb once, in the order in which it is likely to be looked for.
GROUPS: Final[tuple[tuple[str, tuple[Verb, ...]], ...]] = (
    ("Ask and look", ("new", "mine", "list", "show", "why", "web", "help")),
    ("Your work", ("ack", "tick", "evidence", "next", "close", "snooze", "set", "ask", "reply", "reopen")),
    ("From hand to hand", ("accept", "back", "assign", "claim", "away")),
    (
        "When it can't go on",
        ("except", "exceptions", "decide", "approve", "reject", "changes", "breakglass", "disavow"),
    ),
    ("For those who answer for it", ("digest", "report", "pause", "resume", "quarantine")),
)


def commands_for(reader: str, book: Rulebook) -> Message:
    """All that `reader` (a rulebook key or a stranger's identity) may type."""
    known = reader in book.people
    sections = []
    for heading, verbs in GROUPS:
        may = [verb for verb in verbs if known or {"anyone", "requester"} & set(MAY[verb])]
        rows = tuple(Row(line=(Strong(f"/docket {USAGE[verb][1]}"), f"  {USAGE[verb][0]}")) for verb in may)
        sections += [Section(heading=heading if known else "", rows=rows)] if rows else []
    return Message(
        subject="help",
        headline=("Docket keeps who has what, until when, and why it was decided so.",),
        lines=(("Write in a channel that it listens to, or type one of these. `/docket help VERB` shows how.",),),
        sections=tuple(sections),
    )
