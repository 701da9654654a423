"""The two cards: the item's in its thread, and the decision's for whom may decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET
from rules.items import Item, Trouble
from rules.messages import Action, Line, Link, Message, Quote, When, Who
from rules.people import may_decide, steps_left, zone_of
from rules.timing import clock_time, in_words
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


def item_card(
    item: Item, workflow: Workflow, book: Rulebook, now: datetime, links: Mapping[str, str] | None = None
) -> Message:
    """The item's card: what, who must act, until when; everything else below or in the menu.

    `links` are the addresses of other items that it speaks of, by their keys.
    """
    lines: list[Line] = [status(item, workflow), facts(item, workflow)]
    lines += [decided_line(item, t, book) for t in item.exceptions if t.decision is not None][-3:]
    lines += [(f"{t.code} is void: ", *_why_void(t)) for t in item.exceptions if _voided(t)][-1:]
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


def _voided(trouble: Trouble) -> bool:
    return trouble.state == "void" and trouble.decision is not None


def _not_theirs(trouble: Trouble) -> Line:
    """Why it is asked again."""
    assert trouble.decision is not None, "what nobody decided is not disavowed"
    return ("Decided before ", When(trouble.decision.at), ", but ", *_why_void(trouble))


def _why_void(trouble: Trouble) -> Line:
    if trouble.disavowed and trouble.decision is not None:
        return (Who(trouble.decision.by), " says that the decision was not theirs.")
    return ("what was decided on has changed.",)


def status(item: Item, workflow: Workflow) -> Line:
    """The one line that says where it stands and who must act."""
    if item.closed_at is not None:
        return _ending(item)
    undecided = item.open_trouble()
    if undecided:
        first = undecided[0]
        rule = workflow.rule(first.code)
        means = lower(rule.means) if rule else first.code
        also = f" and {len(undecided) - 1} more" if len(undecided) > 1 else ""
        return ("Waiting for ", Who(first.owner), f": {means} ({first.code}){also}, until ", When(first.due_at))
    if item.missing:
        count = "one thing is" if len(item.missing) == 1 else f"{len(item.missing)} things are"
        return (
            "Waiting for ",
            Who(item.requester),
            f": {count} missing ({', '.join(item.missing)}). ",
            Who(item.owner),
            " has it",
        )
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
        *on_it,
        Action(verb="assign", label="Hand over", item=item.key),
        Action(verb="except", label="Raise an exception", item=item.key, more=True),
        Action(verb="evidence", label="Add evidence", item=item.key, more=True),
        Action(verb="set", label="Set a field", item=item.key, more=True),
        Action(verb="why", label="Why?", item=item.key, more=True),
        next_step(item, workflow),
    )


def next_step(item: Item, workflow: Workflow) -> Action:
    """Its next stage, or closing it in the last one."""
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
) -> Message:
    """An exception for one person: everything needed to decide, and what happens if nobody does."""
    rule = workflow.rule(trouble.code)
    means = rule.means if rule else trouble.code
    if trouble.state != "open":
        return _decided_card(item, trouble, workflow, book)
    decides = may_decide(trouble, reader, item.requester)
    first: Line = ("Decide by ", *until(trouble.due_at, now), f": {lower(means)}")
    if not decides and trouble.due_at > now:  # it went to somebody else
        first = (Who(trouble.owner), " decides this now: ", lower(means))
    elif not decides:
        first = ("Nobody has decided since ", When(trouble.due_at), f": {lower(means)}")
    elif trouble.due_at <= now:
        first = ("Decide now, it was due ", When(trouble.due_at), f": {lower(means)}")
    lines: list[Line] = []
    if passed_from and passed_from != reader:
        lines.append(_passed(trouble, book, passed_from, decides))
    if item.requester != DOCKET:
        lines.append((*heading(item, workflow), " · from ", Who(item.requester)))
    if item.requester == DOCKET and trouble.because == item.text:
        lines.append((item.text,))  # a failure of the bot: one sentence says it all
    else:
        lines += shown_lines(item, workflow, trouble.code)
        lines.append(("They wrote ", Quote(_short(item.text)), *_edited(item), *with_files(item)))
        lines += [(odd,) for odd in item.oddities[:3]]
        if trouble.question:
            lines.append(("Asked ", Quote(trouble.question)))
        lines += [_not_theirs(t) for t in item.exceptions if t.disavowed and t.code == trouble.code][-1:]
        lines.append(("Here because of ", *why_it_is_here(item, trouble, workflow)))
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
        actions=decision_actions(item, trouble, decides),
    )


def _urgency(trouble: Trouble, decides: bool, now: datetime, zone: str) -> str:
    """`Decide by 11:30` today, `Decide by Mar 9, 11:30` later, `Decide now` once the time is over."""
    if not decides:
        return "Undecided"
    return f"Decide by {clock_time(trouble.due_at, zone, now)}" if trouble.due_at > now else "Decide now"


def _passed(trouble: Trouble, book: Rulebook, passed_from: str, decides: bool) -> Line:
    known = book.people.get(passed_from)
    if known is not None and known.gone and decides:
        return (Who(passed_from), f" can't be reached ({known.gone}), so this decision is yours.")
    if trouble.steps == 0:
        return (Who(passed_from), " handed this decision to you.")
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
        Action(verb="ask", label="Ask", item=item.key, code=trouble.code),
        hand,
        Action(verb="snooze", label="Snooze", item=item.key, code=trouble.code, more=True),
    )


def _decided_card(item: Item, trouble: Trouble, workflow: Workflow, book: Rulebook) -> Message:
    """Afterwards the decision stands there instead of the buttons (M117)."""
    if trouble.decision is None:
        line: Line = (f"{trouble.code} of {item.key} no longer waits for a decision.",)
    else:
        line = decided_line(item, trouble, book)
    voided: tuple[Line, ...] = (("It is void: ", *_why_void(trouble)),) if _voided(trouble) else ()
    return Message(
        subject=f"Decided: {title(item, workflow)} [{item.key}]",
        headline=line,
        lines=(
            heading(item, workflow),
            facts(item, workflow),
            *voided,
        ),
    )


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= 300 else folded[:299].rstrip() + "…"


def lower(sentence: str) -> str:
    """A rulebook's sentence inside another one: without its full stop, its first letter small unless a name's."""
    words = sentence.rstrip(".")
    return words[:1].lower() + words[1:] if words[1:2].islower() or words[1:2] == " " else words
