"""Slack's pace where several instances keep it: turns are given away in the database."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from storage import turns
from storage.store import Conflict, Store, Unavailable

log = logging.getLogger(__name__)

#: In how many seconds the next turn under all these limits is (storage/turns.py); None: that can't be asked now.
SharedTurns = Callable[[Sequence[turns.Limit], Mapping[str, float]], Awaitable[float | None]]


def shared_turns(store: Store, workspace: str) -> SharedTurns | None:
    """None where this instance is the only one."""
    if not store.shared:
        return None

    async def take(limits: Sequence[turns.Limit], shut_seconds: Mapping[str, float]) -> float | None:
        try:
            return await store.write(lambda conn: turns.take(conn, workspace, limits, shut_seconds))
        except (Unavailable, Conflict) as problem:
            log.warning("Slack's pace is kept by this instance alone for now: %s", problem)
            return None

    return take
