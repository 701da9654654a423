"""An item as other systems know it: its records there, and what those systems say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The record of an item in another system: that system's name, the record's id there, its web address or ""."""

    system: str
    id: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What another system said last of a fact (a field's name, or `status`), canonical, and when (UTC).

    `counts`: it owns that fact by the workflow's `source_of_truth`.
    """

    system: str
    fact: str
    value: str
    at: datetime
    counts: bool
