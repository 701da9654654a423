"""The form of a decision: the reason codes with what they mean, and the sentence that somebody new will read."""

from __future__ import annotations

from typing import Literal

from rules.draft import Draft
from rules.events import Command
from rules.items import Decision, Trouble
from rules.messages import Blank, Choice, Form, Line, Quote, Who
from rules.wording.lines import heading, shown_lines, shown_values, why_it_is_here

WHY = "Why, so that someone new understands it next month"
THIN: Line = (
    "Somebody new will learn nothing from that sentence. Say what you saw and why it is right; sent again as it is, it "
    "is kept and marked as thin.",
)


def decision_form(
    draft: Draft, trouble: Trouble, command: Command, verb: Literal["approve", "reject"], *, nudged: bool = False
) -> Form:
    """The form to approve or reject `trouble`, filled with what `command` says already.

    `nudged`: it comes back because its sentence says nothing.
    """
    item, workflow = draft.item, draft.workflow
    rule = workflow.rule(trouble.code)
    assert rule is not None, "what can be decided has its rule"
    codes = rule.approve if verb == "approve" else rule.reject
    title = "Approve" if verb == "approve" else "Reject"
    lines: list[Line] = [
        *((THIN,) if nudged else ()),
        (*heading(item, workflow), " · from ", Who(item.requester)),
        *shown_lines(item, workflow, trouble.code),
        ("Here because of ", *why_it_is_here(item, trouble, workflow)),
    ]
    return Form(
        verb=verb,
        title=f"{title} {item.key}"[:24],
        submit=f"{title} {item.key}"[:24],
        blanks=(
            Blank(
                name="reason_code",
                label="Reason code",
                kind="choice",
                choices=tuple(Choice(value=c, label=c, meaning=draft.book.reason_codes.get(c, "")) for c in codes),
                initial=(command.reason_code or "") if command.reason_code in codes else "",
            ),
            Blank(name="words", label=WHY, kind="long", initial=command.words),
        ),
        item=item.key,
        code=trouble.code,
        lines=tuple(lines),
        shown=shown_values(item, workflow, trouble.code),
        place=command.place,
        place_name=command.place_name,
        again=nudged,
    )


def told_before(key: str, decision: Decision) -> Line:
    """Which decision a form is filled from."""
    return (f"Filled in as {key} was decided: ", Quote(decision.rationale), " It is yours once you send it.")
