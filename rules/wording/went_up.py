"""What the owner of a decision reads when its time was over and somebody else has been asked as well."""

from __future__ import annotations

from rules.book.rulebook import Workflow
from rules.items import Item, Trouble
from rules.messages import Message, Strong, When, Who
from rules.notices import WentUp
from rules.wording.cards import decision_actions
from rules.wording.lines import subject_of, title


def went_up(notice: WentUp, item: Item, workflow: Workflow, trouble: Trouble) -> Message | None:
    """Who has been asked, and that the owner still can; None once it is decided or no longer theirs."""
    if trouble.state != "open" or trouble.owner != notice.to:
        return None
    can = " can decide now" if notice.person in trouble.may_decide else " has been told and can hand it on"
    return Message(
        subject=f"Went up: {subject_of(item, workflow)} [{item.key}]",
        headline=(Strong(item.key), " went up to ", Who(notice.person), ": you had until ", When(trouble.due_at), "."),
        lines=((Who(notice.person), f"{can}; you still can decide."), (f"{title(item, workflow)} · {trouble.code}",)),
        actions=decision_actions(item, trouble, decides=True),
    )
