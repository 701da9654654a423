"""Writes a Home as the view of Slack's Home tab, page by page, and reads who opened the tab or turned a page.

Sources: Slack's pages "Home tab views" (100 blocks, 250 kB), "app_home_opened", and the Block Kit reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from handlers.slack.buttons import Block, label, packed
from handlers.slack.mrkdwn import Reader, lines
from handlers.slack.read_actions import PREFIX
from handlers.slack.wire import identity, listing, mapping, needed, string
from handlers.slack.write import Piece, context, pieces, section
from rules.home import Home

#: Below Slack's 100, so that the buttons that turn pages always find room.
PAGE_BLOCKS = 97
#: Slack allows 250 kB for a view; JSON that escapes every emoji is the longest that a transport makes of one.
PAGE_BYTES = 220_000
HEADING_UNITS = 150
#: What the buttons that turn pages are called; their value is JSON {page}.
TURN = PREFIX + "home"
#: No Home is that long: a number beyond it is not one of ours.
_PAGES = 1000


@dataclass(slots=True)
class _Page:
    """One page being filled; `more`: another follows it."""

    blocks: list[Block] = field(default_factory=list)
    bytes: int = 0
    more: bool = False

    def takes(self, blocks: list[Block]) -> bool:
        fits = len(self.blocks) + len(blocks) <= PAGE_BLOCKS and self.bytes + _bytes(blocks) <= PAGE_BYTES
        return fits or not self.blocks

    def put(self, blocks: list[Block]) -> None:
        self.blocks += blocks
        self.bytes += _bytes(blocks)


def view(home: Home, reader: Reader, page: int = 0) -> tuple[Block, int]:
    """The view of that page (0 is the first; beyond the last: the last), and which page it is."""
    made = list(islice(_pages(home, reader), page + 1))
    number = len(made) - 1
    blocks = [*made[number].blocks, *_turning(number, more=made[number].more)] or [section("-")]
    return {"type": "home", "callback_id": TURN, "blocks": blocks}, number


def opened(body: Mapping[str, Any]) -> str | None:
    """Whose Home tab was opened, as an identity, by an `app_home_opened` payload; None: another tab. Raises Malformed.

    Where the payload names no tab, it is the Home.
    """
    event = mapping(body.get("event"))
    if string(event.get("tab")) not in ("", "home"):
        return None
    return identity(needed(event, "user", "an opened Home"))


def turned(body: Mapping[str, Any]) -> tuple[str, int] | None:
    """Who turned to which page of their Home, by a `block_actions` payload; None: another click. Raises Malformed."""
    actions = listing(body.get("actions"))
    action = mapping(actions[0]) if actions else {}
    if string(action.get("action_id")).rpartition(":")[0] != TURN:
        return None
    try:
        page = mapping(json.loads(string(action.get("value")))).get("page")
    except (ValueError, RecursionError):
        page = None
    who = identity(needed(mapping(body.get("user")), "id", "a click"))
    return who, page if isinstance(page, int) and 0 <= page < _PAGES else 0


def is_home(body: Mapping[str, Any]) -> bool:
    """Whether a click was made in a Home tab."""
    return string(mapping(body.get("view")).get("type")) == "home"


def _pages(home: Home, reader: Reader) -> Iterator[_Page]:
    """The pages in order, each made only when it is asked for; a list that goes on has its heading again."""
    page = _Page()
    for part in home.sections:
        heading = _heading(part.heading)
        ending = [context(text) for text in lines(((part.rest,),), reader, 300)]
        for number, piece in enumerate(_ended(pieces(part.rows, reader), ending)):
            first = [*heading, *piece.blocks] if number == 0 else piece.blocks
            if not page.takes(first):
                page.more = True
                yield page
                page = _Page()
                again = "" if number == 0 else " (continued)"
                first = [*_heading(part.heading + again), *piece.blocks]
            page.put(first)
    yield page


def _ended(found: Iterator[Piece], ending: list[Block]) -> Iterator[Piece]:
    yield from found
    if ending:
        yield Piece(ending, 0, 0)


def _heading(text: str) -> list[Block]:
    return [{"type": "header", "text": label(text, HEADING_UNITS)}] if text.strip() else []


def _turning(number: int, *, more: bool) -> list[Block]:
    buttons = [_button("previous", "Previous page", number - 1)] if number else []
    buttons += [_button("next", "Next page", number + 1)] if more else []
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _button(name: str, text: str, page: int) -> Block:
    return {
        "type": "button", "action_id": f"{TURN}:{name}", "text": label(text, 75), "value": packed({"page": page}),
    }  # fmt: skip


def _bytes(blocks: list[Block]) -> int:
    return len(json.dumps(blocks))
