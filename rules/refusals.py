"""Refusals that several deeds share: a closed item, an undecided exception."""

from __future__ import annotations

from rules.draft import Draft
from rules.messages import Line, Reply, When, Who
from rules.replies import refused
from rules.wording.lines import shown_names


def closed(draft: Draft) -> Reply | None:
    """Why nothing can be done with it any more, if it is closed."""
    item = draft.item
    if item.closed_at is None:
        return None
    return refused(
        "closed", (f"{item.key} is closed ({item.outcome}) since ", When(item.closed_at), ". Nothing was changed.")
    )


def blocked(draft: Draft) -> Reply | None:
    """Who must decide first, if something on it waits for a decision."""
    undecided = draft.item.open_trouble()
    if not undecided:
        return None
    first = undecided[0]
    waits = (f"{draft.key} waits for ", Who(first.owner), f" to decide {first.code}, until ", When(first.due_at), ".")
    return refused("blocked", waits)


def pending(draft: Draft, name: str) -> Reply:
    """Why a field can't change now: it is what somebody decides on. They can send an approval back."""
    shows = (t for t in draft.item.open_trouble() if name in shown_names(draft.workflow, t.code))
    trouble = next(shows, draft.item.open_trouble()[0])
    first: Line = (
        f"{name} is part of what is being decided and can't change now. ",
        Who(trouble.owner),
        " decides, until ",
    )
    back: Line = ("They can send it back for changes; then it can.",)
    lines = (back,) if trouble.gate == "approval" else ()
    return refused("pending", (*first, When(trouble.due_at), "."), *lines, blank="words")
