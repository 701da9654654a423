"""What people do with an item beside deciding: who may, and which deed it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from rules import break_glass, checklists, closing, handing, outgoing, progress, proofs
from rules.book.durations import parse_short
from rules.decisions import choose, may
from rules.draft import Draft
from rules.entries import stamp
from rules.events import Command, Verb
from rules.handoffs import brought_up_to_date, takes_up
from rules.items import Trouble
from rules.messages import Line, Reply, When, Who
from rules.notices import CONVERSATION, Card
from rules.people import may_decide
from rules.refusals import closed
from rules.replies import done, refused, usage
from rules.ruling import Ruling
from rules.stops import open_trouble
from rules.timing import snooze_limit, work_calendar

Deed = Callable[[Draft, Command], Reply]


def work(draft: Draft, command: Command) -> Ruling:
    """Do what was said with the draft's item, or say why not; refusals change nothing."""
    if (refusal := may(draft, command.verb)) is not None:
        return draft.ruling(reply=refusal)
    deed = DEEDS[command.verb]
    if takes_up(draft, command.verb):
        # Before the deed, which may hand it on; and only with it, for a refused one accepts nothing.
        taken = Draft(draft.world, command, draft.workflow, draft.key, draft.item)
        taken.record("accepted", {"verb": command.verb})
        brought_up_to_date(taken, len(taken.item.handoffs))
        if not (reply := deed(taken, command)).refused:
            return taken.ruling(reply=reply)
    reply = deed(draft, command)
    if not reply.refused and command.verb in ("tick", "evidence", "ack"):
        brought_up_to_date(draft, len(draft.item.handoffs))  # its buttons are others now
    return draft.ruling(reply=reply)


def _except(draft: Draft, command: Command) -> Reply:
    item = draft.item
    codes: list[Line] = [(f"`{code}`  {rule.means}",) for code, rule in draft.workflow.exceptions.items()]
    if problem := closed(draft):
        return problem
    if not command.code or command.code not in draft.workflow.exceptions:
        said = (
            f"`{command.code}` is no exception of {draft.workflow.name}." if command.code else "Which exception is it?"
        )
        return refused("exception_code", (said,), *codes, blank="code")
    if not command.words.strip():
        return refused("why", ("Say in a sentence what is wrong; whoever decides reads it.",), blank="words")
    if not open_trouble(draft, command.code, because=command.words.strip(), raised_by=draft.by):
        trouble = item.open_trouble(command.code)[0]
        return refused(
            "already_open", (f"{command.code} is open on {item.key} already. ", Who(trouble.owner), " decides.")
        )
    trouble = draft.item.open_trouble(command.code)[0]
    return done(
        (Who(trouble.owner), f" decides on {item.key}: {command.code}, until ", When(trouble.due_at), "."),
        item=item.key,
    )


def _snooze(draft: Draft, command: Command) -> Reply:
    if problem := closed(draft):
        return problem
    until = _moment(draft, command.until or "")
    limit = snooze_limit(draft.book, draft.workflow, draft.now)
    if until is None or until <= draft.now:
        return usage(f"snooze {draft.key} 2h", "Until when? 45m, 2h, 2d or a day (2026-12-01).")
    if until > limit:
        return refused("too_long", ("Reminders can be put off until ", When(limit), " at most."), blank="until")
    mine = [t for t in draft.item.open_trouble(command.code) if may_decide(t, draft.by, draft.item.requester)]
    targets: list[Trouble | None] = [*mine] or [None]
    for trouble in targets:
        draft.record("snoozed", {"code": trouble.code if trouble else "", "until": stamp(until)})
    return done((f"You hear of {draft.key} again ", When(until), ". Its deadline stays."), item=draft.key)


def _moment(draft: Draft, text: str) -> datetime | None:
    """`2h` from now, or the opening hour of a day; None for anything else."""
    try:
        return work_calendar(draft.book, draft.workflow).add(draft.now, parse_short(text))
    except ValueError:
        pass
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    midnight = datetime.combine(day, time(0), ZoneInfo(draft.book.timezone))
    return work_calendar(draft.book, draft.workflow).next_opening((midnight).astimezone(draft.now.tzinfo))


def _ack(draft: Draft, command: Command) -> Reply:
    if problem := closed(draft):
        return problem
    draft.record("acknowledged")
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    return done((f"Noted: you are on {draft.key}.",), item=draft.key)


def _ask(draft: Draft, command: Command) -> Reply:
    chosen = choose(draft, command)
    if isinstance(chosen, Reply):
        return chosen
    if not command.words.strip():
        return refused("question", ("What do you want to know?",), blank="words")
    return outgoing.say(draft, command.words.strip(), about=chosen.code)


DEEDS: dict[Verb, Deed] = {
    "claim": handing.claim,
    "assign": handing.assign,
    "accept": handing.accept,
    "back": handing.send_back,
    "next": progress.move_on,
    "set": progress.set_field,
    "evidence": proofs.add_evidence,
    "close": closing.close,
    "breakglass": break_glass.break_glass,
    "reopen": progress.open_again,
    "except": _except,
    "snooze": _snooze,
    "ack": _ack,
    "ask": _ask,
    "reply": outgoing.answer,
    "tick": checklists.tick,
}
