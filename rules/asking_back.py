"""A mail that is no command: where its letter asked for a decision it is answered with the choices, and never decides.

What tries to decide and may not is written into the item's record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Final

from rules.draft import Draft
from rules.entries import stamp
from rules.events import Mailed
from rules.items import Item, Trouble
from rules.mail_words import Unclear, decides, first_line, read
from rules.messages import Line
from rules.notices import Answer, Doubted, Replied
from rules.people import may_decide
from rules.ruling import World
from rules.said import packed
from rules.tickets import asks_about, doubt, fits
from rules.wording.by_mail_refused import decides_nothing, in_your_name

#: Replies about one exception that are answered so: what comes after may be a machine that does not say it is one.
ANSWERED_AT_MOST: Final = 3
#: To one person: whoever works by mail without a receiver's word asks less, and a flood in their name stays small.
DOUBTED_A_DAY: Final = 60
DAY: Final = timedelta(days=1)


def ask_back(draft: Draft, event: Mailed) -> None:
    """Judge what is said to a letter that asks for a decision. The text itself is kept already."""
    if draft.by not in draft.book.people:
        _a_stranger(draft, event)
        return
    trouble = _asked(draft, event)
    if trouble is None:
        return
    said = read(event.new_text, draft.book, draft.workflow)
    why = said.why if isinstance(said, Unclear) else ""
    ticket = draft.world.ticket
    told = answer(event, draft.by, draft.item, lines=decides_nothing(draft.item, why), trouble=trouble)
    if (doubted := doubt(event, ticket, draft.by, draft.item, draft.now)) is not None:
        if why:
            refusal(draft, event, doubted, "decide")
        if why or trouble.unclear < ANSWERED_AT_MOST:
            draft.tell(*cautious(draft.world, told))
        return
    if ticket is not None and fits(ticket, draft.by, draft.item) and not ticket.spent:
        draft.spends = ticket.outbox_id
    draft.record("unclear", {"code": trouble.code, **({"why": why} if why else {})})
    if trouble.unclear < ANSWERED_AT_MOST:
        draft.tell(*told)


def _asked(draft: Draft, event: Mailed) -> Trouble | None:
    """The exception that waits for this person and that their mail is about: by its letter, or by its first word."""
    item, ticket = draft.item, draft.world.ticket
    asked = asks_about(ticket, item) if fits(ticket, draft.by, item) else None
    if asked is None and decides(event.new_text):
        mine = [t for t in item.open_trouble() if may_decide(t, draft.by, item.requester)]
        asked = mine[0] if len(mine) == 1 else None
    if asked is None or asked.state != "open" or not may_decide(asked, draft.by, item.requester):
        return None
    return asked


def _a_stranger(draft: Draft, event: Mailed) -> None:
    """Somebody outside the rulebook decides nothing; whoever was asked hears of it, at their own address."""
    if not decides(event.new_text):
        return
    refusal(draft, event, "stranger", first_line(event.new_text).partition(" ")[0].casefold())
    item, ticket = draft.item, draft.world.ticket
    trouble = asks_about(ticket, item)
    if ticket is None or trouble is None or trouble.state != "open" or ticket.person not in draft.book.people:
        return
    draft.record("unclear", {"code": trouble.code})
    if trouble.unclear < ANSWERED_AT_MOST:
        told = answer(event, ticket.person, item, lines=in_your_name(item, event.by), trouble=trouble)
        draft.tell(*cautious(draft.world, told))


def tell_askers(draft: Draft, *, in_slack: bool) -> frozenset[str]:
    """Whoever asked the requester before deciding hears the answer; in Slack its thread shows it to those there."""
    told: set[str] = set()
    for trouble in draft.item.open_trouble() if draft.by == draft.item.requester else ():
        asker = draft.book.people.get(trouble.owner)
        if trouble.question and asker is not None and not (in_slack and asker.slack):
            opened_at = stamp(trouble.opened_at)
            draft.tell(Replied(item=draft.key, to=asker.key, code=trouble.code, opened_at=opened_at))
            told.add(asker.key)
    return frozenset(told)


def refusal(draft: Draft, event: Mailed, why: str, verb: str) -> None:
    """The record of what a mail tried and was not let."""
    draft.record("refused", {"why": why, "verb": verb}, {"from": event.by, "said": first_line(event.new_text)})


def cautious(world: World, answers: tuple[Answer, ...]) -> tuple[Doubted, ...]:
    """The answers to what anybody may have written in a person's name: so many that a flood stays small."""
    return tuple(
        Doubted(**{each.name: getattr(one, each.name) for each in fields(one)})
        for one in answers
        if world.traffic.doubted(world.book.people[one.to].email, world.now - DAY, DOUBTED_A_DAY) < DOUBTED_A_DAY
    )


def answer(
    event: Mailed,
    to: str,
    item: Item | None = None,
    *,
    lines: Sequence[Line] = (),
    asked: Mapping[str, str] | None = None,
    trouble: Trouble | None = None,
    done: bool = False,
) -> tuple[Answer, ...]:
    """The answer to a mail, at the address that the rulebook gives; none where no automatic answer may go out.

    `trouble` still waits for their decision: the letter brings the choices, and a token of its own.
    """
    if not event.answerable:
        return ()
    return (
        Answer(
            item=item.key if item else "",
            to=to,
            answers=event.message_id or "",
            lines=packed(lines),
            asked=asked or {},
            code=trouble.code if trouble else "",
            opened_at=stamp(trouble.opened_at) if trouble else "",
            done=done,
        ),
    )
