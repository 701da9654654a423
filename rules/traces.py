"""What the shelves remember of mail and a ruling may ask for: what went out lately, a letter of ours, what is held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: What led from a mail to its item: a mail that it answers, its own id that an earlier reply named, another copy of
#: itself, a letter of ours by its token, a key in the subject; `haste`: it came so soon after a letter of ours that it
#: must answer that; `moved`: it opened that item in a public inbox, and now reached a private one as well.
Clue = Literal["reference", "awaited", "copy", "letter", "subject", "haste", "moved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An automatic answer that went to somebody (or waits to go): when (UTC), and about which item."""

    at: datetime
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How much mail goes and comes by itself.

    `answered`: the automatic answers to the sender of a mail within a day, newest first; `answers`: how many went to
    everybody since then, `opened`: how many items somebody asked for since then that are still open, `doubted`: how
    many answers went to an address since then although anybody may have written there; all stop counting at their last
    argument.
    """

    answered: Sequence[Answered] = ()
    answers: Callable[[datetime, int], int] = lambda _since, _most: 0
    opened: Callable[[str, datetime, int], int] = lambda _requester, _since, _most: 0
    doubted: Callable[[str, datetime, int], int] = lambda _address, _since, _most: 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail of ours: when it was queued (UTC), its address, whom its notice was for, its item ("": it has none)."""

    outbox_id: str
    at: datetime
    address: str
    to: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A happening in quarantine. `id` is its outside id, `at` when it came (UTC), `reason` why it was not taken.

    `inbox` names the inbox of a mail; `item` is the bot's own item about it, where `beside` others are held with it.
    `sender` and `subject` are what it says of itself, `size` its bytes; `readable`: it can be taken when let go.
    """

    id: str
    at: datetime
    kind: str
    reason: str
    item: str = ""
    inbox: str = ""
    sender: str = ""
    subject: str = ""
    size: int = 0
    beside: int = 0
    readable: bool = True
    paused: str = ""  # the workflow for which it waits while that is paused; "": it is in quarantine
