"""What a letter says where chat has buttons: how its reader can act today, and nothing that would not work."""

from __future__ import annotations

from dataclasses import replace

from rules.book.rulebook import Rulebook
from rules.items import Item
from rules.messages import Line, Message, Row, Section, Who


def by_mail(message: Message, reader: str, book: Rulebook, *, slack: bool, item: Item | None = None) -> Message:
    """A message as a letter to `reader` (a rulebook key). `slack`: whether the bot speaks with Slack.

    `item`: the one that replies to the letter are kept with.
    """
    verbs = {action.verb for action in message.actions}
    verbs |= {action.verb for section in message.sections for row in section.rows for action in row.actions}
    if not verbs or reader not in book.people:
        return message
    decides = bool(verbs & {"approve", "reject"})
    how = _how(reader, book, item, decides=decides, slack=slack)
    if message.sections:
        return replace(message, small=(how, *message.small))
    return replace(message, sections=(Section(heading="To decide" if decides else "To act", rows=(Row(line=how),)),))


def _how(reader: str, book: Rulebook, item: Item | None, *, decides: bool, slack: bool) -> Line:
    if slack and book.people[reader].slack:
        return (
            f"In Slack: /docket {'mine' if item is None else f'decide {item.key}' if decides else f'show {item.key}'}",
        )
    where = "Decisions are made in Slack" if decides else "Work moves on in Slack"
    nothing_more = ", and decides nothing." if decides else "."
    reply = f" A reply to this mail is kept with {item.key}{nothing_more}" if item is not None else ""
    if not slack:
        if reader == book.operator:
            return (f"{where}, which Docket is not connected to here: you, its operator, can connect it.{reply}",)
        return (f"{where}, which Docket is not connected to here: ask ", Who(book.operator), f" to connect it.{reply}")
    helper = _helper(reader, book, item, decides=decides)
    if helper is None:
        return (f"{where}.{reply}",)
    hands_on = decides and item is not None and not any(helper in t.may_decide for t in item.open_trouble())
    does = "to hand it to somebody there" if hands_on else "to do it there"
    return (f"{where}: ask ", Who(helper), f" {does}.{reply}")


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
