"""What stands between an item and its next stage or its end: one list for every path that would move it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rules.checklists import unfinished
from rules.draft import Draft
from rules.messages import Reply
from rules.refusals import blocked, closed
from rules.sending_back import unapproved
from rules.wording.break_glass import broken

Obstacle = Callable[[Draft], Reply | None]

#: Asked in this order; the first that answers is told: what is missing, and who can supply it.
_OBSTACLES: Final[tuple[Obstacle, ...]] = (closed, blocked, unapproved, unfinished)
#: These hold after the glass was broken, too: what is decided on since then was not gone past.
_ALWAYS: Final[tuple[Obstacle, ...]] = (closed, blocked)


def in_the_way(draft: Draft) -> Reply | None:
    """Why the draft's item may not go on; None where nothing stands in its way."""
    asked = _ALWAYS if broken(draft.item) else _OBSTACLES
    return next((problem for obstacle in asked if (problem := obstacle(draft)) is not None), None)
