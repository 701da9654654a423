"""What is said of a glass that was broken: who did it and why, what it passed by, and what its review found."""

from __future__ import annotations

from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Quote, Strong, When, Who
from rules.notices import GlassBroken
from rules.wording.lines import heading, subject_of


def record_of(item: Item, trouble: Trouble) -> Trouble | None:
    """The record of the use by which an exception was bypassed: it was made in the same moment, and names the stage."""
    used = (t for t in item.exceptions if t.stage and t.state == "bypassed" and t.ended_at == trouble.ended_at)
    return next(used, None)


def uses(item: Item) -> tuple[Trouble, ...]:
    """Every use of break-glass on an item, oldest first."""
    return tuple(t for t in item.exceptions if t.stage and t.state == "bypassed")


def broken(item: Item) -> Trouble | None:
    """The use that still counts: made since the item came into its stage."""
    last = next((use for use in reversed(uses(item)) if use.stage == item.stage), None)
    return last if last is not None and (item.stage_at is None or last.opened_at >= item.stage_at) else None


def broke_line(item: Item, use: Trouble) -> Line:
    """`Dana broke the glass on REF-12 at 22:10: "..."`."""
    return (Who(use.raised_by), f" broke the glass on {item.key} ", When(use.opened_at), ": ", Quote(use.because))


def bypassed_line(item: Item, trouble: Trouble) -> Line:
    """What became of an exception that nobody decided."""
    use = record_of(item, trouble)
    if use is None:
        return (f"{trouble.code} of {item.key} was bypassed.",)
    what = trouble.code if trouble is not use else passed_by(item, use) or "What stood in its way"
    return (f"{what} was bypassed: ", *broke_line(item, use))


def passed_by(item: Item, use: Trouble) -> str:
    """The exceptions that a use went past, `OVER_LIMIT, APPROVAL`; "" where it was something else that stood there."""
    return ", ".join(t.code for t in item.exceptions if t is not use and t.ended_at == use.ended_at and _bypassed(t))


def glass_broken(notice: GlassBroken, item: Item, workflow: Workflow) -> Message | None:
    """To whoever would have been asked: it was done without them, by whom, why, and who looks at it."""
    use = next((t for t in uses(item) if t.opened_at == datetime.fromisoformat(notice.opened_at)), None)
    if use is None:
        return None
    went_past = passed_by(item, use)
    yours = any(
        notice.to in (t.owner, t.backup, *t.may_decide)
        for t in item.exceptions
        if t is not use and t.ended_at == use.ended_at and _bypassed(t)
    )
    without: Line = ("You would have been asked. ",) if yours else ()
    past: Line = (f"It went past {went_past}. ",) if went_past else ()
    reviews: Line = (Who(use.owner), " reviews it until ", When(use.due_at), ".")
    return Message(
        subject=f"Glass broken: {subject_of(item, workflow)} [{item.key}]",
        headline=broke_line(item, use),
        lines=((*without, *past, *reviews), heading(item, workflow)),
        actions=(Action(verb="show", label="Show", item=item.key),),
    )


def ending_lines(item: Item) -> list[Line]:
    """What the item's card says of glass that was broken, of proof that it went without, and why it is open again."""
    lines: list[Line] = []
    lines += [broke_line(item, use) for use in uses(item)[-1:]]
    if (without := item.unproven) is not None:
        lacking = ", ".join(without.lacking)
        lines.append((Who(without.by), f" closed it without {lacking} ({without.code}): ", Quote(without.rationale)))
    if item.reopened is not None and item.closed_at is None:
        lines.append(("Opened again by ", Who(item.reopened.by), " ", When(item.reopened.at), ": ",
                      Quote(item.reopened.because)))  # fmt: skip
    return lines


def reviewed(item: Item, book: Rulebook) -> Message | None:
    """To whoever did it without asking: what the review found."""
    last = next((t for t in reversed(item.exceptions) if t.decision is not None), None)
    if last is None or last.decision is None:
        return None
    decision = last.decision
    means = book.reason_codes.get(decision.reason_code, "")
    return Message(
        subject=f"Reviewed: {item.title} [{item.key}]",
        headline=(Who(decision.by), " reviewed ", Strong(item.key), f", {item.title}: {decision.reason_code}."),
        lines=((Quote(decision.rationale),), (means,)),
    )


def _bypassed(trouble: Trouble) -> bool:
    return trouble.state == "bypassed"
