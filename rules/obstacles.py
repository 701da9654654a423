"""What stands between an item and its next stage or its end: one list for every path that would move it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rules.draft import Draft
from rules.messages import Reply
from rules.refusals import blocked, closed

Obstacle = Callable[[Draft], Reply | None]

#: Asked in this order; the first that answers is told: what is missing, and who can supply it.
_OBSTACLES: Final[tuple[Obstacle, ...]] = (closed, blocked)


def in_the_way(draft: Draft) -> Reply | None:
    """Why the draft's item may not go on; None where nothing stands in its way."""
    return next((problem for obstacle in _OBSTACLES if (problem := obstacle(draft)) is not None), None)
