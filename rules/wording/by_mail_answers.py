"""The letters of those who work by mail: what came of what they wrote, what was understood, what was not theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET
from rules.entries import stamp
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Quote, Strong, When, Who
from rules.notices import Answer, Disavowed, Receipt, Replied
from rules.people import may_decide
from rules.said import unpacked
from rules.wording.cards import decision_actions, next_step, status
from rules.wording.lines import facts, heading, subject_of, title, until


def answered(notice: Answer, reply: Message, item: Item | None) -> Message:
    """The answer to a question, as things stand now; where a decision waits for them, with the choices."""
    asked = " ".join(filter(None, (notice.asked.get(name, "") for name in ("verb", "workflow", "name"))))
    trouble = _waiting(notice, item) if item is not None else None
    return replace(
        reply,
        subject=f"You asked: {asked}{f' [{notice.item}]' if notice.item else ''}",
        actions=decision_actions(item, trouble, decides=True) if item is not None and trouble else reply.actions,
    )


def answer(notice: Answer, item: Item | None, workflow: Workflow | None, now: datetime) -> Message:
    """What came of a command; where a decision still waits for them, the choices again."""
    lines = unpacked(notice.lines)
    outcome = "Done" if notice.done else "Nothing changed"
    if item is None or workflow is None:
        return Message(subject=outcome, headline=lines[0], lines=lines[1:])
    trouble = _waiting(notice, item)
    stands: Line = (*heading(item, workflow), " · ", *status(item, workflow))
    actions: tuple[Action, ...] = ()
    if trouble is not None:
        stands = (*heading(item, workflow), " · decide by ", *until(trouble.due_at, now), f" · {trouble.code}")
        actions = decision_actions(item, trouble, decides=True)
    elif notice.to == item.owner and item.closed_at is None and not item.open_trouble():
        actions = (next_step(item, workflow), Action(verb="assign", label="Hand over", item=item.key))
    return Message(
        subject=f"{outcome}: {subject_of(item, workflow)} [{item.key}]",
        headline=lines[0],
        lines=(*lines[1:], stands, *((facts(item, workflow),) if item.requester != DOCKET else ())),
        actions=actions,
    )


def receipt(notice: Receipt, item: Item, workflow: Workflow, book: Rulebook) -> Message | None:
    """What was understood of a decision, and the way to say that it was not theirs."""
    trouble = next((t for t in item.exceptions if _is(t, notice.code, notice.opened_at)), None)
    decision = trouble.decision if trouble else None
    if trouble is None or decision is None or trouble.disavowed or decision.by != notice.to:
        return None
    ruled = "approved" if decision.verdict == "approve" else "rejected"
    means = book.reason_codes.get(decision.reason_code, "")
    return Message(
        subject=f"You {ruled}: {subject_of(item, workflow)} [{item.key}]",
        headline=(f"You {ruled} ", *heading(item, workflow), ", ", When(decision.at), "."),
        lines=(
            (Strong(decision.reason_code), f"  {means}"),
            (Quote(decision.rationale),),
            status(item, workflow),
        ),
        actions=(Action(verb="disavow", label="This wasn't me", item=item.key, code=trouble.code),),
    )


def disavowed(notice: Disavowed, item: Item, workflow: Workflow) -> Message | None:
    """To the item's owner: they may have gone by it already."""
    last = next((t for t in reversed(item.exceptions) if t.code == notice.code and t.disavowed), None)
    if last is None or last.decision is None:
        return None
    ruled = "approval" if last.decision.verdict == "approve" else "rejection"
    waiting = item.open_trouble(notice.code)
    anew: Line = (Who(waiting[0].owner), " decides anew, until ", When(waiting[0].due_at), ".") if waiting else ()
    return Message(
        subject=f"Void: the {ruled} of {subject_of(item, workflow)} [{item.key}]",
        headline=("The ", ruled, " of ", *heading(item, workflow), " is void."),
        lines=((Who(last.decision.by), " says that it was not theirs. ", *anew), facts(item, workflow)),
        actions=(Action(verb="show", label="Show", item=item.key),),
    )


def replied(notice: Replied, item: Item, workflow: Workflow, now: datetime) -> Message:
    """What somebody wrote; whoever asked before deciding can decide now."""
    trouble = _waiting(notice, item)
    stands = status(item, workflow)
    if trouble is not None:
        stands = ("Asked ", Quote(trouble.question or ""), " · decide by ", *until(trouble.due_at, now))
    return Message(
        subject=f"A reply about {title(item, workflow)} [{item.key}]",
        headline=(Who(item.said_by), " wrote about ", Strong(item.key), f": {title(item, workflow)}."),
        lines=((Quote(" ".join(item.said.split())),), stands),
        small=(facts(item, workflow),),
        actions=decision_actions(item, trouble, decides=True)
        if trouble is not None
        else (
            Action(verb="reply", label="Reply", item=item.key),
            Action(verb="show", label="Show", item=item.key),
        ),
    )


def _waiting(notice: Answer | Replied, item: Item) -> Trouble | None:
    found = next((t for t in item.open_trouble() if _is(t, notice.code, notice.opened_at)), None)
    return found if found is not None and may_decide(found, notice.to, item.requester) else None


def _is(trouble: Trouble, code: str, opened_at: str) -> bool:
    return (trouble.code, stamp(trouble.opened_at)) == (code, opened_at)
