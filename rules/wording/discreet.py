"""What is said of private work: to the operator that there is something, to its own people what failed with it."""

from __future__ import annotations

from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item
from rules.messages import Action, Line, Message, Strong, Who
from rules.notices import Discreet
from rules.wording.lines import title

#: Of the bot's failures about one item, so many are told at once; the record has all.
TOLD_AT_MOST = 3


def discreet(notice: Discreet) -> Message:
    """No key, no title, no name of anybody who asked: the operator can't tell which item it is."""
    if notice.what == "late":
        return Message(subject="A private item is late", headline=("A private item is late.",))
    has: Line = (" ", Who(notice.holder), " has it.") if notice.holder else ()
    return Message(subject="Something private failed", headline=("Something private failed.", *has))


def broken(item: Item, workflow: Workflow, book: Rulebook) -> Message | None:
    """What the bot failed at with a private item, to those who hold it: who may help knows nothing of it yet."""
    if not item.failures:
        return None
    last = tuple(item.failures.values())[-TOLD_AT_MOST:]
    return Message(
        subject=f"Something failed: {title(item, workflow)} [{item.key}]",
        headline=("Something failed with ", Strong(item.key), f": {title(item, workflow)}."),
        lines=tuple((sentence,) for sentence in last),
        small=((Who(book.operator), " knows that something private failed, and not what. Ask them if you need help."),),
        actions=(Action(verb="show", label="Show", item=item.key),),
    )
