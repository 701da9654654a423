"""What the web page needs from the house: who is signed in, and the sheets that they may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from handlers.pieces import Reading
from rules.looking import Sheet

#: The pages there are; of `item`, `report` and `workflow` the name says which.
Place = Literal["lane", "mine", "items", "item", "trends", "reports", "report", "workflow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page that is asked for: its `name` where there are several, and what stands in its address (`?owner=lee`)."""

    place: Place
    name: str = ""
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The choices over a list of items: (value, label) each, and what is chosen, by name."""

    workflows: tuple[tuple[str, str], ...]
    owners: tuple[tuple[str, str], ...]
    chosen: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page for its reader. `sheet` None: there is no such page for them. `at` (UTC): since when it is true.

    `base` is the address below which all of them stand; `onward` what stands in the address of the next page.
    """

    sheet: Sheet | None
    reader: str
    organization: str
    at: datetime
    reading: Reading
    base: str
    reports: bool  # whether they read reports and trends
    filters: Filters | None = None
    onward: Mapping[str, str] = field(default_factory=dict)


class LookDesk(Protocol):
    """Where the pages come from. Every method raises Busy."""

    @property
    def base(self) -> str:
        """The address below which all of them stand."""
        ...

    async def invited(self, token: str) -> str | None:
        """The name of whom a link would sign in; None where it is good for nobody (any more). Changes nothing."""
        ...

    async def enter(self, token: str) -> str | None:
        """Use a link up; gives what the browser shows from now on. None as above."""
        ...

    async def leave(self, session: str, *, everywhere: bool) -> None:
        """Sign that browser out, or every browser of that person."""
        ...

    async def signed_in(self, session: str) -> bool:
        """Whether that is what a signed-in browser shows."""
        ...

    async def seen(self, session: str, wanted: Wanted) -> Seen | None:
        """The page for whoever shows that; None: nobody is signed in with it (any more)."""
        ...

    async def plot(self, session: str, name: str) -> bytes | None:
        """A picture of the trends as PNG; None where there is none for whoever shows that."""
        ...
