"""What fails for a while: the operator hears of it once per cause, and once more when it works again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

from bot.desk import Desk
from rules.own_events import Failed, Recovered


class Outages:
    """A cause may fail in several parts (Slack: the connection, sending); it is over when the last one works again."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime]) -> None:
        self._desk, self._clock = desk, clock
        self._down: defaultdict[str, set[str]] = defaultdict(set)

    async def failed(self, cause: str, sentence: str, part: str = "") -> None:
        """Tell the operator, unless another part of the same cause failed already. Raises Busy: not told then."""
        if self._down[cause] <= {part}:
            await self._desk.take(Failed(**self._meta("failed", cause), cause=cause, sentence=sentence))
        self._down[cause].add(part)

    async def recovered(self, cause: str, part: str = "") -> None:
        """It works again; also to be said once after a start, for what an earlier process told of. Raises Busy."""
        if self._down[cause] <= {part}:
            await self._desk.take(Recovered(**self._meta("recovered", cause), cause=cause))
        self._down[cause].discard(part)

    def _meta(self, what: str, cause: str) -> dict[str, Any]:
        now = self._clock()
        return {
            # Not by the time alone: a clock turned by hand stands still between an outage and its end.
            "id": f"{what}:{cause}:{now.isoformat()}:{uuid4().hex[:8]}",
            "workspace": self._desk.books.workspace,
            "at": now,
            "by": "docket",
            "via": "docket",
        }
