"""Troubles that a test can order from the stand-in of Slack: too many requests, errors, silence, lost answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`ratelimited`: 429; `server_error`: 500; `error`: ok false with `error`; `hang`: no answer ever;

    `lost_answer`: the call is carried out, then the connection is cut, so the caller can't know.
    """

    kind: Literal["ratelimited", "server_error", "error", "hang", "lost_answer"]
    retry_after_seconds: int = 1
    error: str = "internal_error"


class Faults:
    """Orders by method name, used up one call at a time."""

    def __init__(self) -> None:
        self._orders: dict[str, list[Fault]] = defaultdict(list)

    def order(self, method: str, fault: Fault, times: int = 1) -> None:
        """The next `times` calls of the method meet this fault."""
        self._orders[method] += [fault] * times

    def take(self, method: str) -> Fault | None:
        """The fault for the call that came in now."""
        return self._orders[method].pop(0) if self._orders[method] else None
