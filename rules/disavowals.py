"""A decision that its decider disavows: it is void, somebody else decides anew, and the operator looks into it."""

from __future__ import annotations

from rules.answers import reopen
from rules.decisions import may
from rules.draft import Draft, merge
from rules.entries import stamp
from rules.events import Command
from rules.failures import count_or_open
from rules.items import Decision, Trouble
from rules.messages import Line, Who
from rules.notices import CONVERSATION, Card, Disavowed, Discreet
from rules.replies import done, refused
from rules.ruling import Ruling, World
from rules.stops import cards, keep_clock, open_trouble
from rules.tickets import LASTS

#: Ways in which somebody else may have decided in a person's name.
_AT_A_DISTANCE = ("mail", "page")


def disavow(draft: Draft, command: Command, world: World) -> Ruling:
    """Void the last decision in the acting person's name, of one exception (`command.code`) or of all."""
    if (outside := may(draft, "disavow")) is not None:
        return draft.ruling(reply=outside)
    found = _theirs(draft, command.code)
    if found is None:
        said = f"No decision on {draft.key} was made in your name by mail or on a page within {LASTS.days} days."
        return draft.ruling(reply=refused("not_decided", (said,), ("Nothing was changed.",)))
    trouble, decision = found
    draft.record(
        "disavowed",
        {
            "code": trouble.code,
            "verdict": decision.verdict,
            "reason_code": decision.reason_code,
            "decided_at": stamp(decision.at),
        },
    )
    draft.tell(*cards(draft, trouble), Card(item=draft.key, to=CONVERSATION))
    if draft.item.closed_at is not None:
        reopen(draft, f"{draft.book.named(draft.by)} did not make the decision that it was closed by.")
    _decide_anew(draft, trouble)
    keep_clock(draft)
    if draft.item.owner != draft.by:
        draft.tell(Disavowed(item=draft.key, to=draft.item.owner, code=trouble.code))
    operator = _operator(draft, trouble, decision, command, world)
    return merge(draft.ruling(reply=done(*_said(draft, trouble), item=draft.key)), operator)


def _theirs(draft: Draft, code: str | None) -> tuple[Trouble, Decision] | None:
    """The newest decision in the person's name that stands and came from a distance, while a token would last."""
    found = [
        (trouble, trouble.decision)
        for trouble in draft.item.exceptions
        if trouble is draft.item.last_trouble(trouble.code)
        and code in (None, trouble.code)
        and trouble.state in ("approved", "rejected")
        and trouble.decision is not None
        and trouble.decision.by == draft.by
        and trouble.decision.via in _AT_A_DISTANCE
        and draft.now - trouble.decision.at < LASTS
    ]
    return max(found, key=lambda pair: pair[1].at, default=None)


def _decide_anew(draft: Draft, before: Trouble) -> None:
    """The same question again, unless what it rests on has gone; opening the item again may have asked it already."""
    rule = draft.rule(before.code)
    if rule is None or draft.item.open_trouble(before.code):
        return
    if before.gate == "outgoing" and before.state == "approved":
        return  # the words are out, and would be sent once more
    if before.raised_by:
        open_trouble(draft, before.code, because=before.because, raised_by=before.raised_by)
    elif rule.when is None or draft.met(rule):
        open_trouble(draft, before.code, rule=before.because)


def _operator(draft: Draft, trouble: Trouble, decision: Decision, command: Command, world: World) -> Ruling:
    """The operator's exception; of private work they hear only that something is wrong."""
    if draft.workflow.private:
        told = Discreet(item="", to=draft.book.operator, what="failed", holder=draft.item.owner)
        return Ruling(notices=(told,))
    who = draft.book.named(draft.by)
    sentence = (
        f"{who} says that a decision on {draft.key} in their name was not theirs: {decision.verdict} {trouble.code}, "
        f"{decision.reason_code}, by {decision.via}, {stamp(decision.at)}. It is void. Find out who writes as {who}."
    )
    return count_or_open(command, world, f"disavowed:{draft.key}:{trouble.code}", sentence, draft.key)


def _said(draft: Draft, trouble: Trouble) -> tuple[Line, ...]:
    waiting = draft.item.open_trouble(trouble.code)
    first: Line = (f"The decision on {draft.key} ({trouble.code}) is void.",)
    if waiting:
        first = (*first, " ", Who(waiting[0].owner), " decides anew.")
    if draft.workflow.private:
        return (first,)
    return (first, (Who(draft.book.operator), " looks into who wrote in your name."))
