"""The two cards: the item's in its thread, and the decision's for whom may decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET
from rules.items import Item, Trouble
from rules.messages import Action, Line, Link, Message, Quote, When, Who
from rules.people import may_decide, steps_left, zone_of
from rules.precedents import Precedent
from rules.timing import clock_time, in_words
from rules.wording import approvals
from rules.wording.break_glass import broken, ending_lines
from rules.wording.checklists import progress
from rules.wording.expecting import awaiting
from rules.wording.lines import (
    decided_line,
    facts,
    has_it,
    heading,
    keys_line,
    shown_lines,
    subject_of,
    title,
    until,
    why_it_is_here,
    with_files,
)
from rules.wording.passing import passing_lines, receiving
from rules.wording.pauses import held_standing
from rules.wording.precedents import as_in, like_before
from rules.wording.told import told_lines
from rules.wording.verdicts import decided_card, not_theirs, voided, why_void


def item_card(
    item: Item, workflow: Workflow, book: Rulebook, now: datetime, links: Mapping[str, str] | None = None
) -> Message:
    """The item's card: what, who must act, until when; everything else below or in the menu.

    `links` are the addresses of other items that it speaks of, by their keys.
    """
    lines: list[Line] = [status(item, workflow), facts(item, workflow)]
    lines += filter(None, (progress(item), awaiting(item, workflow, book, now)))
    lines += told_lines(item, workflow)
    lines += [decided_line(item, t, book) for t in item.exceptions if t.decision is not None][-3:]
    lines += [(f"{t.code} is void: ", *why_void(t)) for t in item.exceptions if voided(t)][-1:]
    lines += passing_lines(item, links or {})
    lines += ending_lines(item)
    if item.follows:
        lines.append(("It follows ", *keys_line((item.follows,), links or {}), ", which is closed."))
    if item.alike:
        lines.append(("Much like ", *keys_line(item.alike, links or {}), ", from somebody else."))
    return Message(
        subject=f"{title(item, workflow)} [{item.key}]",
        headline=heading(item, workflow),
        lines=tuple(lines),
        small=((workflow.promise, *_edited(item)),),
        actions=_item_actions(item, workflow) if item.closed_at is None else (),
    )


def _edited(item: Item) -> Line:
    """Whoever read the message before must see that it changed."""
    return (" · the message was edited ", When(item.edited_at)) if item.edited_at else ()


def status(item: Item, workflow: Workflow) -> Line:
    """The one line that says where it stands and who must act."""
    if item.closed_at is not None:
        return _ending(item)
    if item.paused is not None:
        return (*held_standing(item.paused), " · ", Who(item.owner), " has it")
    undecided = item.open_trouble()
    if undecided:
        first = undecided[0]
        rule = workflow.rule(first.code)
        means = lower(rule.means) if rule else first.code
        also = f" and {len(undecided) - 1} more" if len(undecided) > 1 else ""
        if first.gate:
            return ("Waiting for ", *approvals.waits_for(first), f"{also}, until ", When(first.due_at))
        return ("Waiting for ", Who(first.owner), f": {means} ({first.code}){also}, until ", When(first.due_at))
    if item.missing:
        count = "one thing is" if len(item.missing) == 1 else f"{len(item.missing)} things are"
        return (
            "Waiting for ",
            Who(item.asked_of),
            f": {count} missing ({', '.join(item.missing)}). ",
            Who(item.owner),
            " has it",
        )
    if back := approvals.sent_back(item):
        return back
    late: Line = (" · overdue",) if item.late_steps else ()
    on_it: Line = (" · on it",) if item.acknowledged_at else ()
    return (*has_it(item, workflow, mention=True), *on_it, *late)


def _ending(item: Item) -> Line:
    assert item.closed_at is not None
    words = {"done": "Done ", "rejected": "Rejected ", "withdrawn": "Withdrawn ", "duplicate": "A duplicate, closed "}
    proof = ", ".join(dict.fromkeys(e.kind for e in item.evidence))
    took = in_words((item.closed_at - item.opened_at).total_seconds())
    return (
        words[item.outcome or "done"],
        When(item.closed_at),
        f" · {proof} attached" if proof else "",
        f" · took {took}",
    )


def _item_actions(item: Item, workflow: Workflow) -> tuple[Action, ...]:
    """The buttons, and at most five in the menu: that many are a small `···` in Slack, more a wide list.

    The step at the end of the menu is the next stage, or closing in the last one. A reminder brings its own Snooze.
    """
    if workflow.private:
        # Its card is read by who asked and by nobody else: the owner's buttons would all refuse them.
        return (
            Action(verb="except", label="Raise an exception", item=item.key),
            Action(verb="why", label="Why?", item=item.key),
        )
    on_it = (
        () if item.acknowledged_at or item.state != "open" else (Action(verb="ack", label="I'm on it", item=item.key),)
    )
    return (
        *(receiving(item) or on_it),
        Action(verb="assign", label="Hand over", item=item.key),
        Action(verb="except", label="Raise an exception", item=item.key, more=True),
        Action(verb="evidence", label="Add evidence", item=item.key, more=True),
        Action(verb="set", label="Set a field", item=item.key, more=True),
        Action(verb="why", label="Why?", item=item.key, more=True),
        next_step(item, workflow),
    )


def next_step(item: Item, workflow: Workflow) -> Action:
    """Its next stage, or closing it in the last one; before either, what its checklist still asks for.

    What waits for a decision goes on only by those who may break the glass; what was sent back for changes goes to its
    approver again.
    """
    if item.changes:
        return Action(verb="next", label="Ask for approval again", item=item.key, more=True)
    if item.open_trouble() and workflow.break_glass is not None:
        return Action(verb="breakglass", label="Break the glass", item=item.key, more=True)
    if item.open_steps() and broken(item) is None:
        return Action(verb="tick", label="Checklist", item=item.key, more=True)
    names = [stage.name for stage in workflow.stages]
    after = names[names.index(item.stage) + 1 :] if item.stage in names else []
    if after:
        return Action(verb="next", label=f"On to {after[0]}", item=item.key, more=True)
    return Action(verb="close", label="Close", item=item.key, more=True)


def decision_card(
    item: Item,
    trouble: Trouble,
    workflow: Workflow,
    book: Rulebook,
    now: datetime,
    *,
    reader: str,
    passed_from: str = "",
    like: Sequence[Precedent] = (),
    links: Mapping[str, str] | None = None,
) -> Message:
    """An exception for one person: everything needed to decide, and what happens if nobody does.

    `like` are earlier decisions that are like it; `links` as in `item_card`.
    """
    rule = workflow.rule(trouble.code)
    means = approvals.asked(item, trouble, workflow) or lower(rule.means if rule else trouble.code)
    if trouble.state != "open":
        return decided_card(item, trouble, workflow, book)
    decides, verb = may_decide(trouble, reader, item.requester), approvals.verb(trouble)
    first: Line = (f"{verb} by ", *until(trouble.due_at, now), f": {means}")
    if not decides and trouble.due_at > now:  # it went to somebody else
        first = (Who(trouble.owner), " decides this now: ", means)
    elif not decides:
        first = ("Nobody has decided since ", When(trouble.due_at), f": {means}")
    elif trouble.due_at <= now:
        first = (f"{verb} now, it was due ", When(trouble.due_at), f": {means}")
    lines: list[Line] = []
    if passed_from and passed_from != reader:
        lines.append(_passed(trouble, book, passed_from, decides))
    elif handed := approvals.handed_line(trouble):
        lines.append(handed)
    if item.requester != DOCKET:
        lines.append((*heading(item, workflow), " · from ", Who(item.requester)))
    if item.requester == DOCKET and trouble.because == item.text:
        lines.append((item.text,))  # a failure of the bot: one sentence says it all
    elif workflow.built_in == "review":
        lines += shown_lines(item, workflow, trouble.code)
        lines += passing_lines(item, links or {})  # what it is about is read there
        lines += [("Asked ", Quote(trouble.question))] if trouble.question else []
    else:
        lines += shown_lines(item, workflow, trouble.code)
        lines.append(("They wrote ", Quote(_short(item.text)), *_edited(item), *with_files(item)))
        lines += [(odd,) for odd in item.oddities[:3]]
        if trouble.question:
            lines.append(("Asked ", Quote(trouble.question)))
        lines += approvals.before_lines(item, trouble, book)
        lines += [not_theirs(t) for t in item.exceptions if t.disavowed and t.code == trouble.code][-1:]
        lines.append(("Here because of ", *why_it_is_here(item, trouble, workflow)))
    lines += like_before(like, {}) if decides else ()
    if rule and len(rule.both) > 1:
        lines.append(("Both count: ", " / ".join(rule.both)))
    if trouble.count > 1:
        lines.append((f"Seen {trouble.count} times.",))
    thread: Line = (" · ", Link(item.source.permalink, "Open the thread")) if item.source.permalink else ()
    small: list[Line] = [
        _if_you_do_not(item, trouble, workflow, book, now),
        (Who(item.owner), f" has {item.key}", *thread),
    ]
    return Message(
        subject=f"{_urgency(trouble, decides, now, zone_of(book, reader))}: {subject_of(item, workflow)} [{item.key}]",
        headline=first,
        lines=tuple(lines),
        small=tuple(line for line in small if line),
        actions=(*decision_actions(item, trouble, decides), *(as_in(like, item.key, trouble) if decides else ())),
    )


def _urgency(trouble: Trouble, decides: bool, now: datetime, zone: str) -> str:
    """`Decide by 11:30` today, `Decide by Mar 9, 11:30` later, `Decide now` once the time is over."""
    if not decides:
        return "Undecided"
    verb = approvals.verb(trouble)
    return f"{verb} by {clock_time(trouble.due_at, zone, now)}" if trouble.due_at > now else f"{verb} now"


def _passed(trouble: Trouble, book: Rulebook, passed_from: str, decides: bool) -> Line:
    known = book.people.get(passed_from)
    if known is not None and known.gone and decides:
        return (Who(passed_from), f" can't be reached ({known.gone}), so this decision is yours.")
    if known is not None and known.away and trouble.lent_by == passed_from and decides:
        until_day = f"{known.away.until:%b} {known.away.until.day}"
        return (Who(passed_from), f" is away until {until_day}, so this decision is yours until then.")
    if trouble.steps == 0:
        why: Line = (": ", Quote(trouble.handed_because)) if trouble.handed_because else (".",)
        return (Who(passed_from), " handed this decision to you", *why)
    had: Line = (Who(passed_from), " had until ", When(trouble.due_at), ". ")
    if decides:
        return (*had, "You can decide now; ", Who(passed_from), " still can.")
    return (*had, "You can hand it to somebody who can decide.")


def _if_you_do_not(item: Item, trouble: Trouble, workflow: Workflow, book: Rulebook, now: datetime) -> Line:
    steps = steps_left(book, workflow, trouble, item.requester, now)
    if trouble.next_at is None or not steps:
        return ()
    step = steps[0]
    if step.decides:
        return ("If nobody does: ", Who(step.person), " can decide from ", When(trouble.next_at), ".")
    if step.discreet:
        return (
            "If nobody does: ",
            Who(step.person),
            " hears ",
            When(trouble.next_at),
            " that something is late, not what.",
        )
    return ("If nobody does: ", Who(step.person), " hears of it ", When(trouble.next_at), ".")


def decision_actions(item: Item, trouble: Trouble, decides: bool) -> tuple[Action, ...]:
    """The buttons of a decision; who may not decide (the operator, as the last step) can hand it to somebody."""
    hand = Action(verb="assign", label="Reassign", item=item.key, code=trouble.code, more=decides)
    if not decides:
        return (hand,)
    return (
        Action(verb="approve", label="Approve", item=item.key, code=trouble.code, style="primary"),
        Action(verb="reject", label="Reject", item=item.key, code=trouble.code, style="danger"),
        *approvals.changes_action(trouble, item.key),
        Action(verb="ask", label="Ask", item=item.key, code=trouble.code, more=trouble.gate == "approval"),
        hand,
        Action(verb="snooze", label="Snooze", item=item.key, code=trouble.code, more=True),
    )


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= 300 else folded[:299].rstrip() + "…"


def lower(sentence: str) -> str:
    """A rulebook's sentence inside another one: without its full stop, its first letter small unless a name's."""
    words = sentence.rstrip(".")
    return words[:1].lower() + words[1:] if words[1:2].islower() or words[1:2] == " " else words
