"""What was said to a requester in somebody's own words: kept with the item, word for word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """`by` a rulebook key; `at` (UTC), when it was given to be sent."""

    words: str
    by: str
    at: datetime
