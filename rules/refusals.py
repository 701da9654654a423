"""Refusals that several deeds share: a closed item, an undecided exception."""

from __future__ import annotations

from rules.draft import Draft
from rules.messages import Reply, When, Who
from rules.replies import refused


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
    return refused("blocked", (f"{draft.key} waits for ", Who(undecided[0].owner), f" to decide {undecided[0].code}."))
