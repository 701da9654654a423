"""What a decision's card says afterwards: who decided and why, that it is void, that it went back for changes."""

from __future__ import annotations

from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item, Trouble
from rules.messages import Line, Message, When, Who
from rules.wording.approvals import ended
from rules.wording.break_glass import bypassed_line
from rules.wording.lines import decided_line, facts, heading, title


def decided_card(item: Item, trouble: Trouble, workflow: Workflow, book: Rulebook) -> Message:
    """Afterwards the decision stands there instead of the buttons (M117)."""
    line = ended(item, trouble) or (f"{trouble.code} of {item.key} no longer waits for a decision.",)
    if trouble.state == "bypassed":
        line = bypassed_line(item, trouble)
    elif trouble.decision is not None:
        line = decided_line(item, trouble, book)
    void: tuple[Line, ...] = (("It is void: ", *why_void(trouble)),) if voided(trouble) else ()
    return Message(
        subject=f"Decided: {title(item, workflow)} [{item.key}]",
        headline=line,
        lines=(heading(item, workflow), facts(item, workflow), *void),
    )


def voided(trouble: Trouble) -> bool:
    """Whether somebody decided, and that counts no more."""
    return trouble.state == "void" and trouble.decision is not None


def not_theirs(trouble: Trouble) -> Line:
    """Why it is asked again."""
    assert trouble.decision is not None, "what nobody decided is not disavowed"
    return ("Decided before ", When(trouble.decision.at), ", but ", *why_void(trouble))


def why_void(trouble: Trouble) -> Line:
    """Why a decision counts no more."""
    if trouble.disavowed and trouble.decision is not None:
        return (Who(trouble.decision.by), " says that the decision was not theirs.")
    return ("what was decided on has changed.",)
