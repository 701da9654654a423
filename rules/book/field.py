"""A typed fact that items of a workflow have: what conditions and the reading of texts know of a rulebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal["text", "money", "date", "number", "email", "phone", "url", "choice", "pattern"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A typed fact of an item. `currency` is of amounts that name none; `choices` maps a choice to its other words."""

    name: str
    type: FieldType
    ask: str | None = None
    pattern: str | None = None
    required: bool = False
    currency: str | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    truth: str = ""  # the area of `source_of_truth` that says whose word counts for it (rules/truth.py)
