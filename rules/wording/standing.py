"""An item in a list: what it is called, with a way to it, and where it stands, as one reader sees it."""

from __future__ import annotations

from datetime import datetime

from rules.book.rulebook import Workflow
from rules.items import Item
from rules.messages import Line, Link, Part, Strong, When, Who
from rules.wording.cards import status
from rules.wording.lines import title
from rules.wording.pauses import held_standing

#: A title longer than this pushes off a phone's first lines who has it and until when.
TITLE_CHARACTERS = 100


def called(item: Item, workflow: Workflow) -> Line:
    """`REF-12 · Refund for ORD-48213`, the key leading to the item's thread where it has one."""
    return (key_of(item), " · ", short(title(item, workflow), TITLE_CHARACTERS))


def key_of(item: Item) -> Part:
    """The key, as a link where the item lives in a thread."""
    return Link(item.source.permalink, item.key) if item.source.permalink else Strong(item.key)


def whose(item: Item, workflow: Workflow, now: datetime) -> Line:
    """`REF-12 · Dana has it · triage · due 14:00`: who owns it and until when, before anything else (M32)."""
    return (Strong(item.key), " · ", *standing(item, workflow, "", now))


def standing(item: Item, workflow: Workflow, reader: str, now: datetime) -> Line:
    """Who must act and until when, in words that stay true until the next due time; `reader` is called "you".

    It names whoever has the item unless that is the reader. Nobody is mentioned: a list pings no one.
    """
    if item.closed_at is not None:
        return status(item, workflow)
    owner: Line = () if reader == item.owner else (" · ", Who(item.owner), " has it")
    if item.paused is not None:
        return (*held_standing(item.paused), *owner)
    undecided = item.open_trouble()
    if undecided:
        first = undecided[0]
        also = f" and {len(undecided) - 1} more" if len(undecided) > 1 else ""
        noun, act = ("your approval", " to approve") if first.gate else ("your decision", " to decide")
        whom: Line = (noun,) if first.owner == reader else (Who(first.owner), act)
        over = ", overdue since " if first.due_at <= now else " until "
        return ("Waits for ", *whom, f" ({first.code}){also}", over, When(first.due_at), *owner)
    if item.held:
        return ("On hold", *owner)
    if item.missing:
        asked: Part = "you" if item.asked_of == reader else Who(item.asked_of)
        verb = "is" if len(item.missing) == 1 else "are"
        return ("Waits for ", asked, f": {', '.join(item.missing)} {verb} missing", *owner)
    if item.changes:
        asked_of: Part = "you" if item.asked_of == reader else Who(item.asked_of)
        return ("Waits for ", asked_of, ": changes are asked for", *owner)
    return _in_work(item, reader, now)


def short(text: str, at_most: int) -> str:
    """A text on one line of at most so many characters; what was cut off is marked."""
    folded = " ".join(text[: 4 * at_most].split())
    return folded if len(folded) <= at_most and len(text) <= 4 * at_most else folded[: at_most - 1].rstrip() + "…"


def is_late(item: Item, now: datetime) -> bool:
    """Whether its stage's time is over and still runs."""
    return item.due_at is not None and item.clock_stopped_at is None and item.due_at <= now


def _in_work(item: Item, reader: str, now: datetime) -> Line:
    line: list[Part] = [] if reader == item.owner else [Who(item.owner), " has it · "]
    line.append(item.stage or "open")
    if item.due_at is not None:
        line += [" · overdue since " if is_late(item, now) else " · due ", When(item.due_at)]
    if item.unaccepted is not None:
        line.append(" · not accepted yet")
    return (*line, " · on it") if item.acknowledged_at else tuple(line)
