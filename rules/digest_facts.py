"""What a digest is made of, as it was read for it: the items, the counts, the time that it covers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.items import Item, Trouble
from rules.pauses import Backlog, Pause
from rules.timing import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Punctuality:
    """How many due times fired in the time covered and how late the latest did; how many have not, and for how long."""

    fired: int = 0
    latest_seconds: float = 0.0
    unfired: int = 0
    unfired_seconds: float = 0.0

    def in_words(self) -> str:
        """`all due times fired, latest 0.4 s late`; "" where nothing was due."""
        if self.unfired:
            have = "1 due time has" if self.unfired == 1 else f"{self.unfired} due times have"
            return f"{have} not fired for {in_words(self.unfired_seconds)}"
        if not self.fired:
            return ""
        late = self.latest_seconds
        if late < 0.05:
            return "all due times fired on time"
        return f"all due times fired, latest {in_words(late) if late >= 60 else f'{late:.1f} s'} late"


def no_page(_item: Item, _trouble: Trouble) -> str:
    """Nobody has a page to decide on."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a digest is made of, private work left out: the open items, those that changed in the time covered, counts.

    `since` and `until` bound that time, half-open, in UTC. `page_of` gives the address of the page on which the reader
    can decide an exception, "" where there is none.
    """

    since: datetime
    until: datetime
    open_items: Sequence[Item]
    changed: Sequence[Item]
    held: int = 0  # in quarantine, now
    punctuality: Punctuality = Punctuality()
    seal: str = ""  # the newest one's short form
    pauses: Sequence[Pause] = ()  # what is paused now
    waits: Sequence[Backlog] = ()  # and what waits for it
    drill: Pause | None = None  # when the off switch was tried last
    page_of: Callable[[Item, Trouble], str] = no_page
