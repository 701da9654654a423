"""How the answer that is awaited from outside reads: whose, until when, since when they are silent."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item
from rules.messages import Line, When
from rules.timing import EXPECT, answer_due, timers

#: Why an exception is here (Trouble.because) that silence raised.
SILENCE: Final = "expects"


def awaiting(item: Item, workflow: Workflow, book: Rulebook, now: datetime) -> Line:
    """`Expects an answer from the bank by Fri 10:00`, or since when they are silent; nothing where none is awaited."""
    counted = answer_due(item, book, workflow)
    if counted is None or item.closed_at is not None:
        return ()
    # A pause may have put it off.
    due_at = next((t.due_at for t in timers(item, book, workflow) if t.kind == EXPECT), counted)
    if due_at <= now:
        return ("Still waiting: ", *silence(item))
    assert item.awaited is not None, "only what is awaited is due"
    return (f"Expects an answer from {item.awaited.who} by ", When(due_at))


def silence(item: Item) -> Line:
    """`the bank has not answered since Tue 10:00`, or that they have answered by now."""
    waits = item.awaited
    if waits is None:
        return ("an answer from outside did not come in time",)
    if waits.heard_at is not None:
        return (f"{waits.who} answered only ", When(waits.heard_at))
    return (f"{waits.who} has not answered since ", When(waits.since))
