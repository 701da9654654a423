"""What people do with an item beside deciding: take it, hand it on, move it, prove it, close it, put it off."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.answers import fill, locked, reopen, shown_fields
from rules.book.durations import parse_short
from rules.decisions import choose, reassign
from rules.draft import DOCKET, Draft, stamp
from rules.events import Command, Verb
from rules.fields.reading import NotReadable, canonical
from rules.intake import context
from rules.items import Trouble
from rules.messages import Line, Reply, When, Who
from rules.notices import CONVERSATION, REQUESTER, Asked, Card, Handed
from rules.people import is_present, may_decide, may_reassign, runs, seat
from rules.replies import done, refused, usage
from rules.ruling import Ruling
from rules.stages import enter, finish, following, lacking_evidence
from rules.stops import cards, open_trouble
from rules.timing import snooze_limit, work_calendar

Deed = Callable[[Draft, Command], Reply]


def work(draft: Draft, command: Command) -> Ruling:
    """Do what was said with the draft's item, or say why not; refusals change nothing."""
    deed = DEEDS[command.verb]
    may = _may(draft, command.verb)
    reply = may or deed(draft, command)
    return draft.ruling(reply=reply)


def _may(draft: Draft, verb: Verb) -> Reply | None:
    """The table of interface.md, "Slack": who may do what with an item."""
    if verb == "except":
        return None  # anyone may say that something is wrong
    item, book = draft.item, draft.book
    if verb in ("claim", "evidence"):
        if draft.by in book.people:
            return None
        return refused(
            "people_only", (f"Only people of the rulebook can do that on {item.key}. ", Who(item.owner), " has it.")
        )
    holds_a_decision = any(
        may_decide(t, draft.by, item.requester) or may_reassign(book, t, draft.by) for t in item.open_trouble()
    )
    if verb in ("assign", "snooze", "ask", "ack") and holds_a_decision:
        return None
    if runs(book, item, draft.workflow, draft.by):
        return None
    who: Line = (Who(item.owner), " has ", item.key, "; ", Who(item.backup), " is the backup.")
    return refused("not_yours", who, ("They can do that; nothing was changed.",))


def _claim(draft: Draft, command: Command) -> Reply:
    return _hand_to(draft, draft.by, "claimed")


def _assign(draft: Draft, command: Command) -> Reply:
    if not command.person:
        return usage(f"assign {draft.key} @person", "To whom?")
    to = draft.book.person_of(command.person.removeprefix("@"))
    if to not in draft.book.people:
        known = ", ".join(draft.book.people)
        return refused(
            "unknown_person", (f"{command.person} is not in the rulebook. Known people: {known}.",), blank="person"
        )
    undecided = draft.item.open_trouble()
    if command.code or (undecided and not runs(draft.book, draft.item, draft.workflow, draft.by)):
        return _hand_decision(draft, command, to)
    return _hand_to(draft, to, command.words)


def _hand_decision(draft: Draft, command: Command, to: str) -> Reply:
    chosen = choose(draft, command)
    if isinstance(chosen, Reply):
        return chosen
    if not may_reassign(draft.book, chosen, draft.by):
        return refused("not_yours", (Who(chosen.owner), f" owns {chosen.code} and can hand it over."))
    if problem := _unfit(draft, to):
        return problem
    if not command.words.strip():
        return refused("cause", ("Say why it goes to somebody else; it stands in the record.",), blank="words")
    reassign(draft, chosen, to, command.words.strip())
    return done((Who(to), f" decides {chosen.code} of {draft.key} now."), item=draft.key)


def _unfit(draft: Draft, to: str) -> Reply | None:
    if to == draft.item.requester:
        return refused("own_request", (f"{draft.book.named(to)} asked for {draft.key} and can't own it.",))
    if not is_present(draft.book, to, draft.now):
        return refused("absent", (f"{draft.book.named(to)} is away. Name somebody who is there.",))
    return None


def _hand_to(draft: Draft, to: str, because: str) -> Reply:
    item = draft.item
    if problem := _closed(draft) or _unfit(draft, to):
        return problem
    if to == item.owner:
        return refused("same_owner", (Who(to), f" has {item.key} already."))
    # Whoever gives it away stays within reach: the backup's seat is theirs if the new owner held it.
    owner, backup = seat(draft.book, to, item.backup if item.backup != to else item.owner, item.requester, draft.now)
    draft.record("reassigned", {"code": "", "owner": owner, "backup": backup}, {"because": because or "handed over"})
    draft.tell(Card(item=item.key, to=CONVERSATION))
    if to != draft.by:
        draft.tell(Handed(item=item.key, to=to, passed_from=draft.by))
    return done((Who(to), f" has {item.key} now."), item=item.key)


def _next(draft: Draft, command: Command) -> Reply:
    item = draft.item
    if problem := _closed(draft) or _blocked(draft):
        return problem
    after = following(draft)
    if after is None:
        return refused("last_stage", (f"{item.key} is in its last stage. ", f"`/docket close {item.key}` ends it."))
    lacking = [name for name in after.needs if name not in item.fields]
    if lacking or (after.needs and item.missing):
        names = ", ".join(lacking or item.missing)
        code = after.unmet
        if code and open_trouble(draft, code, because=f"{after.name} needs {names}.", raised_by=DOCKET):
            owner = draft.item.open_trouble(code)[0].owner
            return refused(
                "unmet", (f"{after.name} needs {names}. ", Who(owner), f" decides whether it may go on ({code}).")
            )
        return refused("unmet", (f"{after.name} needs {names}; set it first: `/docket set {item.key} {names} value`.",))
    enter(draft, after)
    return done((f"{item.key} is in {after.name} now. ", Who(draft.item.owner), " has it."), item=item.key)


def _except(draft: Draft, command: Command) -> Reply:
    item = draft.item
    codes: list[Line] = [(f"`{code}`  {rule.means}",) for code, rule in draft.workflow.exceptions.items()]
    if problem := _closed(draft):
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


def _set(draft: Draft, command: Command) -> Reply:
    item, name = draft.item, (command.name or "")
    field = draft.workflow.fields.get(name)
    if problem := _closed(draft):
        return problem
    if field is None:
        known = ", ".join(draft.workflow.fields)
        return refused("unknown_field", (f"{item.key} has no field `{name}`. It has: {known}.",), blank="name")
    if locked(item, shown_fields(draft), name):
        return refused("pending", (f"{name} is part of what is being decided and can't change now.",), blank="words")
    try:
        value = canonical(field, command.words, context(draft.book, draft.world))
    except NotReadable as problem:
        return refused("unreadable", (str(problem),), blank="words")
    fill(draft, {name: value}, "set")
    return done((f"{name} of {item.key} is {value}.",), item=item.key)


def _evidence(draft: Draft, command: Command) -> Reply:
    kind, value = (command.name or ""), command.words.strip()
    wanted = ", ".join(draft.workflow.close.evidence)
    if kind not in ("field", "timestamp", "status", "link", "note", "message", "receipt"):
        return refused("kind", (f"Name the kind of proof; {draft.key} needs: {wanted}.",), blank="name")
    if not value:
        return usage(f"evidence {draft.key} {kind} value", "What is the proof? A number, a link, a sentence.")
    if problem := _closed(draft):
        return problem
    number = len(draft.item.evidence) + 1
    proof = {"id": f"{draft.key}/E{number}", "kind": kind, "sha256": hashlib.sha256(value.encode()).hexdigest()}
    draft.record("evidenced", proof, {"value": value})
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    return done((f"{kind} is on {draft.key} ({proof['id']}).",), item=draft.key)


def _close(draft: Draft, command: Command) -> Reply:
    item = draft.item
    if problem := _closed(draft) or _blocked(draft):
        return problem
    if item.missing:
        return refused("missing", (f"{item.key} still waits for: {', '.join(item.missing)}.",))
    if (after := following(draft)) is not None:
        return refused(
            "not_last", (f"{item.key} closes from its last stage; {after.name} comes next: `/docket next {item.key}`.",)
        )
    if lacking := lacking_evidence(draft):
        kinds = ", ".join(lacking)
        return refused(
            "evidence",
            (f"{item.key} can't close without proof: {kinds}.",),
            (f"`/docket evidence {item.key} {lacking[0]} …`",),
        )
    finish(draft, "done")
    return done((f"{item.key} is done.",), item=item.key)


def _snooze(draft: Draft, command: Command) -> Reply:
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
    return work_calendar(draft.book, draft.workflow).next_opening(
        (midnight + timedelta(0)).astimezone(draft.now.tzinfo)
    )


def _ack(draft: Draft, command: Command) -> Reply:
    if problem := _closed(draft):
        return problem
    draft.record("acknowledged")
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    return done((f"Noted: you are on {draft.key}.",), item=draft.key)


def _reopen(draft: Draft, command: Command) -> Reply:
    if draft.item.closed_at is None:
        return refused("open", (f"{draft.key} is open. ", Who(draft.item.owner), " has it."))
    if not command.words.strip():
        return refused("cause", ("Say why it is opened again; it stands in the record.",), blank="words")
    reopen(draft, command.words.strip())
    return done((f"{draft.key} is open again.",), item=draft.key)


def _ask(draft: Draft, command: Command) -> Reply:
    chosen = choose(draft, command)
    if isinstance(chosen, Reply):
        return chosen
    if not command.words.strip():
        return refused("question", ("What do you want to know?",), blank="words")
    draft.record("questioned", {"code": chosen.code}, {"question": command.words.strip()})
    draft.tell(
        Asked(item=draft.key, to=REQUESTER, code=chosen.code), *cards(draft, draft.item.open_trouble(chosen.code)[0])
    )
    return done(("Asked ", Who(draft.item.requester), ". The deadline stays."), item=draft.key)


def _closed(draft: Draft) -> Reply | None:
    item = draft.item
    if item.closed_at is None:
        return None
    return refused(
        "closed", (f"{item.key} is closed ({item.outcome}) since ", When(item.closed_at), ". Nothing was changed.")
    )


def _blocked(draft: Draft) -> Reply | None:
    undecided = draft.item.open_trouble()
    if not undecided:
        return None
    return refused("blocked", (f"{draft.key} waits for ", Who(undecided[0].owner), f" to decide {undecided[0].code}."))


DEEDS: dict[Verb, Deed] = {
    "claim": _claim,
    "assign": _assign,
    "next": _next,
    "except": _except,
    "set": _set,
    "evidence": _evidence,
    "close": _close,
    "snooze": _snooze,
    "ack": _ack,
    "reopen": _reopen,
    "ask": _ask,
}
