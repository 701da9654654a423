"""The words of a digest's rows: what it is, whose, since when and until when; and the same in short, behind "also"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rules.book.rulebook import Rulebook, Workflow
from rules.bouncing import Excess
from rules.digest_work import Passing
from rules.items import Item, Trouble
from rules.messages import Line, Link, Part, Quote, Strong, When, Who
from rules.timing import in_words
from rules.wording.approvals import coded, verb
from rules.wording.lines import shares, shown_lines
from rules.wording.standing import TITLE_CHARACTERS, called, short
from rules.wording.verdicts import why_void

#: Of the lane's codes so many are summed up one by one.
CODES: Final = 6
_CAUSE_CHARACTERS: Final = 160


def named(item: Item, workflow: Workflow, *, linked: bool) -> Line:
    """`REF-12 · Refund for ORD-48213`; the key leads to its thread where the reader can go there."""
    key, *rest = called(item, workflow)
    return (key if linked else Strong(item.key), *rest)


def to_decide(item: Item, trouble: Trouble, workflow: Workflow, now: datetime, name: Line, page: str) -> Line:
    """A decision of the reader's own: what waits, and what it is decided against; `page` is where they can do it."""
    against = shown_lines(item, workflow, trouble.code)[:1]
    lines: list[Line] = [(*name, " · ", *waiting(trouble, now)), *against]
    if page:
        lines.append((Link(page, "Decide on its page"),))
    return tuple(part for n, line in enumerate(lines) for part in ("\n" if n else "", *line) if part)


def waiting(trouble: Trouble, now: datetime) -> Line:
    """`OVER_LIMIT · Lee · open 3 h · decide by 11:30`."""
    age = in_words((now - trouble.opened_at).total_seconds())
    over = " · overdue since " if trouble.due_at <= now else f" · {verb(trouble).lower()} by "
    return (f"{coded(trouble)} · ", Who(trouble.owner), f" · open {age}", over, When(trouble.due_at))


def broken_answer(trouble: Trouble, workflow: Workflow) -> Line:
    """`OVER_LIMIT not answered within 2 business hours · Lee · due Thu 16:00`."""
    rule = workflow.rule(trouble.code)
    within = f" within {rule.respond_within}" if rule else ""
    return (f"{coded(trouble)} not answered{within} · ", Who(trouble.owner), " · due ", When(trouble.due_at))


def broken_stage(item: Item, due_at: datetime, workflow: Workflow) -> Line:
    """`triage not done within 4 business hours · Dana · due Thu 16:00`."""
    stage = workflow.stage(item.stage)
    within = f" within {stage.within}" if stage else ""
    return (f"{item.stage or workflow.name} not done{within} · ", Who(item.owner), " · due ", When(due_at))


def due_stage(item: Item, due_at: datetime, workflow: Workflow) -> Line:
    """`triage · Dana · due 14:00`."""
    return (f"{item.stage or workflow.name} · ", Who(item.owner), " · due ", When(due_at))


def lane(troubles: Sequence[Trouble], above: int, now: datetime) -> Line:
    """`OVER_LIMIT 3 open (Lee 2, Maria 1), oldest 5 h · MISSING_DETAILS 1 (Dana), oldest 2 h`: all of it, by code.

    `troubles` in the lane's order; so many of them are listed `above`.
    """
    codes = list(dict.fromkeys(trouble.code for trouble in troubles))
    parts: list[Part] = []
    for number, code in enumerate(codes[:CODES]):
        of_code = [trouble for trouble in troubles if trouble.code == code]
        oldest = in_words((now - min(trouble.opened_at for trouble in of_code)).total_seconds())
        parts += [" · " if number else "", Strong(code), f" {len(of_code)}{'' if number else ' open'} ("]
        parts += [*shares(trouble.owner for trouble in of_code), f"), oldest {oldest}"]
    if len(codes) > CODES:
        parts.append(f" · {len(codes) - CODES} more codes")
    if above:
        parts.append(f" · {above} of them above" if above < len(troubles) else " · all above")
    return tuple(part for part in parts if part)


def decided(trouble: Trouble) -> Line:
    """`OVER_LIMIT approved by Lee, DOUBLE_CHARGE: "..."`, that it is thin, that it counts no more."""
    if trouble.decision is None:  # an approver sent it back
        return (f"{trouble.code} sent back by ", Who(trouble.changes_by), ": ", Quote(trouble.changes))
    decision = trouble.decision
    verdict = "approved" if decision.verdict == "approve" else "rejected"
    thin = " (thin)" if decision.thin else ""
    void: Line = (" · void: ", *why_void(trouble)) if trouble.state == "void" else ()
    return (
        f"{trouble.code} {verdict} by ", Who(decision.by), f", {decision.reason_code}: ", Quote(decision.rationale),
        thin, *void,
    )  # fmt: skip


def quiet(item: Item, since: datetime) -> Line:
    """`quiet since Tue Mar 3, waits for an answer`."""
    waits = ", waits for an answer" if item.missing or item.changes else ""
    return ("quiet since ", When(since, "day"), waits)


def passing(found: Passing) -> Line:
    """`back and forth 2 times between Dana and Finn, sent back from payment by Finn: "..."`."""
    parts: list[Line] = []
    if found.excess is not None:
        parts.append(_often(found.excess))
    if found.back is not None:
        cause = Quote(short(found.back.cause, _CAUSE_CHARACTERS))
        parts.append((f"sent back from {found.back.left} by ", Who(found.back.passed_from), ": ", cause))
    if found.waits is not None:
        parts.append(("not accepted since ", When(found.waits.at, "day")))
    return tuple(part for n, line in enumerate(parts) for part in (", " if n else "", *line) if part)


def _often(excess: Excess) -> Line:
    if excess.between is None:
        return (f"changed hands {excess.count} times",)
    giver, receiver = excess.between
    return (f"back and forth {excess.count} times between ", Who(giver), " and ", Who(receiver))


def mending(item: Item) -> Line:
    """`Dana · due Wed Mar 11 at 09:00`."""
    due: Line = (" · due ", When(item.due_at)) if item.due_at is not None else ()
    return (Who(item.owner), *due)


def held(count: int, book: Rulebook) -> Line:
    """What the operator has to look at before it counts."""
    said = "1 mail is held" if count == 1 else f"{count} mails are held"
    return (Strong(said), " · ", Who(book.operator), " looks at them: /docket quarantine")


def ours(item: Item) -> Line:
    """A failure of the bot itself, how often it was met, and who has it."""
    count = max((trouble.count for trouble in item.exceptions), default=1)
    what = short(item.fields.get("what", item.title), TITLE_CHARACTERS)
    return (f"{what}{f' ({count} times)' if count > 1 else ''} · ", Who(item.owner), " has it")
