"""What a letter says where chat has buttons: how its reader can act today, and nothing that would not work."""

from __future__ import annotations

from dataclasses import replace

from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.messages import Line, Message, Who


def by_mail(message: Message, reader: str, book: Rulebook, *, slack: bool, item: Item | None = None) -> Message:
    """A message as a letter to `reader` (a rulebook key). `slack`: whether the bot speaks with Slack.

    `item`: the one that replies to the letter are kept with.
    """
    verbs = {action.verb for action in message.actions}
    verbs |= {action.verb for section in message.sections for row in section.rows for action in row.actions}
    if not verbs or reader not in book.people:
        return message
    how = _how(reader, book, item, decides=bool(verbs & {"approve", "reject"}), slack=slack)
    if message.sections:
        return replace(message, small=(how, *message.small))
    return replace(message, lines=(*message.lines, how))


def _how(reader: str, book: Rulebook, item: Item | None, *, decides: bool, slack: bool) -> Line:
    there = slack and bool(book.people[reader].slack)
    if there and item is not None:
        return (f"In Slack: /docket {'decide' if decides else 'show'} {item.key}",)
    if there:
        return ("In Slack: /docket mine",)
    kept = f"A reply to this mail is kept with {item.key}" if item is not None else "A reply to this mail is read"
    no_more = f"{kept}, but {'decides' if decides else 'moves'} nothing: that is done in Slack"
    if not slack:
        operator = "you" if reader == book.operator else Who(book.operator)
        return (f"{no_more}, which Docket is not connected to here; ", operator, " can connect it.")
    helper = _helper(reader, book, item, decides=decides)
    if helper is None:
        return (f"{no_more}.",)
    name = Who(helper)
    if decides and item is not None and not any(helper in trouble.may_decide for trouble in item.open_trouble()):
        return (f"{no_more}. Ask ", name, " to hand it to somebody there.")
    return (f"{no_more}. Tell ", name, ", who can do it there.")


def _helper(reader: str, book: Rulebook, item: Item | None, *, decides: bool) -> str | None:
    """Who can act in Slack in the reader's stead: whoever may themselves, else whoever can hand it on."""
    candidates: list[str] = []
    if item is not None and decides:
        candidates += [person for trouble in item.open_trouble() for person in trouble.may_decide]
        candidates += [trouble.backup for trouble in item.open_trouble()]
    elif item is not None:
        candidates += [item.owner, item.backup]
    candidates.append(book.operator)
    return next((p for p in candidates if p != reader and p in book.people and book.people[p].slack), None)
