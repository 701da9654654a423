"""Stop rules: how an exception opens, with an owner, a deadline and the reason why it is here."""

from __future__ import annotations

from rules.approvals import next_gate, outdated, rests_on, seats
from rules.book.rulebook import ExceptionRule
from rules.draft import DOCKET, Draft
from rules.entries import stamp
from rules.items import Trouble
from rules.notices import CONVERSATION, Card, DecisionCard, Handed
from rules.people import ladder, seat
from rules.remediation import watch
from rules.timing import answer_calendar, moved, work_calendar


def judge(draft: Draft, changed: str = "") -> None:
    """After a change: void what rested on changed values, fire the stop rules, let the clock stand or run.

    `changed` says what, where that is more than the item's own beginning: what was sent back is asked for anew then.
    """
    _fire(draft)
    ask_approval(draft, changed)
    keep_clock(draft)
    draft.tell(Card(item=draft.key, to=CONVERSATION))


def _fire(draft: Draft) -> None:
    _void_outdated(draft)
    draft.tell(*(card for trouble in draft.item.open_trouble() for card in cards(draft, trouble)))
    for rule in _firing(draft):
        assert rule.when is not None
        open_trouble(draft, rule.code, rule=rule.when.source)


def _firing(draft: Draft) -> list[ExceptionRule]:
    """The stop rules that hold and that nobody is asked about, nor has decided on these very values."""
    found = []
    for code, rule in draft.workflow.exceptions.items():
        if draft.item.open_trouble(code) or not draft.met(rule):
            continue
        last = draft.item.last_trouble(code)
        if last is not None and _stands(last, rule) and last.values == read_values(draft, code):
            continue  # a decision is asked for once
        found.append(rule)
    return found


def ask_approval(draft: Draft, anew: str = "") -> None:
    """Ask for the yes that the item needs next: as soon as nothing required is missing and nothing else stops it.

    What was sent back for changes is asked for `anew` once there are some, whatever else waits by then.
    """
    item = draft.item
    gate = None if item.closed_at is not None or item.missing else next_gate(item, draft.workflow)
    if gate is None or item.open_trouble(gate.code):
        return
    if item.changes and not anew:
        return
    if not item.changes and (item.open_trouble() or _firing(draft)):
        return
    open_trouble(draft, gate.code, anew=anew if item.last_trouble(gate.code) else "")


def judge_again(draft: Draft) -> None:
    """The item is open again: every stop rule is asked anew, and what no rule raised is raised as it was rejected."""
    _fire(draft)
    for code, rule in draft.workflow.exceptions.items():
        last = draft.item.last_trouble(code)
        if last is not None and last.state == "rejected" and not _stands(last, rule):
            open_trouble(draft, code, because="Opened again after it was rejected.", raised_by=DOCKET)
    ask_approval(draft)
    keep_clock(draft)
    draft.tell(Card(item=draft.key, to=CONVERSATION))


def _stands(last: Trouble, rule: ExceptionRule) -> bool:
    """Whether a verdict still counts: a rejection that closes has ended with the item, if that is open again."""
    return last.state in ("approved", "bypassed") or (last.state == "rejected" and rule.on_reject == "stay")


def _void_outdated(draft: Draft) -> None:
    """A decision stands for the values that were shown; a changed one voids it, visibly (interface.md, "States")."""
    for code, rule in draft.workflow.exceptions.items():
        last = draft.item.last_trouble(code)
        if rule.when is None or last is None or last.state not in ("approved", "rejected") or last.raised_by:
            continue
        now = read_values(draft, code)
        if changed := [name for name, value in last.values.items() if now.get(name) != value]:
            draft.record("voided", {"code": code, "because": f"{', '.join(changed)} changed"}, by=DOCKET)
            draft.tell(*cards(draft, last))
    for code in draft.workflow.gates:
        last = draft.item.last_trouble(code)
        if last is not None and (why := outdated(draft, last)):
            draft.record("voided", {"code": code, "because": why}, by=DOCKET)
            draft.tell(*cards(draft, last))


def read_values(draft: Draft, code: str) -> dict[str, str]:
    """The known field values that an exception's condition reads, or that an approval rests on."""
    rule = draft.rule(code)
    if rule is not None and rule.gate:
        return rests_on(draft, code)
    reads = rule.when.reads if rule and rule.when else frozenset()
    return {name: value for name, value in draft.item.fields.items() if name in reads}


def open_trouble(
    draft: Draft,
    code: str,
    *,
    rule: str = "",
    because: str = "",
    raised_by: str = "",
    anew: str = "",
    about: str = "",
) -> bool:
    """Open exception `code` unless one is open; by a rule (`rule`) or a person (`raised_by`, `because`).

    Records it, tells its owner, and stops the stage's clock. False: there was one already. A gate's code asks for its
    yes: `anew` and `about` as in items.Trouble.
    """
    known = draft.rule(code)
    if known is None or draft.item.open_trouble(code):
        return False
    item = draft.item
    if known.gate:
        owner, backup, rule = seats(draft, known, raised_by)
    else:
        owner, backup = seat(draft.book, draft.workflow, *_names(draft, known), item.requester, draft.now)
    gate = {"gate": known.gate, "anew": anew, "about": about} if known.gate else {}
    due_at = answer_calendar(draft.book, draft.workflow, code).add(draft.now, known.respond_within)
    more = ladder(draft.book, draft.workflow, owner, backup, item.requester, draft.now)
    draft.record(
        "raised",
        {
            "code": code,
            "owner": owner,
            "backup": backup,
            "may_decide": [owner],
            "due_at": stamp(due_at),
            "next_at": stamp(due_at) if more else None,
            "rule": rule,
            **{name: value for name, value in gate.items() if value},
        },
        {"because": because, "raised_by": raised_by, "values": read_values(draft, code)},
        by=raised_by or DOCKET,
    )
    draft.tell(
        DecisionCard(item=draft.key, to=owner, code=code, opened_at=stamp(draft.now)),
        Card(item=draft.key, to=CONVERSATION),
    )
    keep_clock(draft)
    watch(draft, known)
    return True


def _names(draft: Draft, rule: ExceptionRule) -> tuple[str, str]:
    """The rulebook's owner and backup; the other way round where somebody else decided in the owner's name before.

    Whoever writes in their name may do so again, until the operator has found out.
    """
    last = draft.item.last_trouble(rule.code)
    if last is not None and last.disavowed and last.decision is not None and last.decision.by == rule.owner:
        return rule.backup, rule.owner
    return rule.owner, rule.backup


def cards(draft: Draft, trouble: Trouble) -> tuple[DecisionCard, ...]:
    """Notices that bring every decision card of an exception up to date."""
    opened_at = stamp(trouble.opened_at)
    heard_of_it = trouble.steps > 0 and not draft.workflow.private
    holders = dict.fromkeys((*trouble.may_decide, draft.book.operator) if heard_of_it else trouble.may_decide)
    return tuple(
        DecisionCard(item=draft.key, to=to, code=trouble.code, opened_at=opened_at, update=True) for to in holders
    )


def keep_clock(draft: Draft) -> None:
    """A stage's clock stands still while the item waits for an answer or a decision, and runs on after."""
    item = draft.item
    if item.stage is None or item.closed_at is not None:
        return
    waits = item.state in ("waiting", "blocked", "held")
    if waits and item.clock_stopped_at is None:
        draft.record("clock", {"running": False}, by=DOCKET)
    elif not waits and item.clock_stopped_at is not None and item.due_at is not None:
        stage = draft.workflow.stage(item.stage)
        assert stage is not None, "an item is in a stage of its own workflow"
        calendar = work_calendar(draft.book, draft.workflow)
        times = {"due_at": item.due_at, "next_at": item.next_at}
        then = {n: moved(calendar, stage.within, at, item.clock_stopped_at, draft.now) for n, at in times.items() if at}
        draft.record("clock", {"running": True, **{name: stamp(at) for name, at in then.items()}}, by=DOCKET)
        _call_on(draft)


def _call_on(draft: Draft) -> None:
    """It is the owner's again: the card in the thread says so, but an edit of it reaches nobody."""
    owner = draft.item.owner
    if owner != draft.by and not draft.hears(owner):
        draft.tell(Handed(item=draft.key, to=owner))
