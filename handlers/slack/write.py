"""Writes a Message as Slack's Block Kit: a fallback text and blocks that hold every limit, whatever the words are.

Source of the limits: Slack's Block Kit reference. Where a message is too long, rows go first, and it says how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from handlers.images import Image
from handlers.slack.buttons import Block, action_blocks
from handlers.slack.mrkdwn import Reader, cut, lines, plain, size
from rules.messages import Line, Message, Row, Section, Strong

MESSAGE_BLOCKS = 50
SECTION_UNITS = 3000
#: Slack does not state how much text all blocks may hold together before it answers msg_blocks_too_long; we stay low.
MESSAGE_UNITS = 12_000
#: chat.update refuses a fallback above 4,000, and a notification shows two lines.
FALLBACK_UNITS = 1500
#: No single line or row needs more to be understood; whole reasons (3,000) still fit their own section.
ROW_UNITS = 1000
#: Of an image; its alternative text may be as long.
TITLE_UNITS = 2000
#: Beyond this nobody reads on in a message; the rest is counted.
ROWS = 100
#: A cut section still shows its heading, one row and what is missing.
LEAST_BLOCKS, LEAST_UNITS = 3, 600


@dataclass(frozen=True, slots=True)
class Piece:
    """Blocks that stand or fall together, and how many rows they show."""

    blocks: list[Block]
    rows: int
    units: int


def write(said: Message, reader: Reader, at_most: int = MESSAGE_BLOCKS) -> tuple[str, list[Block]]:
    """The fallback text (for notifications and screen readers; it pings nobody) and the blocks, at most 50."""
    return fallback(said, reader), message_blocks(said, reader, at_most)


def image(shown: Image) -> Block:
    """A picture that was uploaded, under its title."""
    title = {"type": "plain_text", "text": cut(shown.title, TITLE_UNITS), "emoji": False}
    alt = cut(shown.alt, TITLE_UNITS)
    return {"type": "image", "slack_file": {"id": shown.file}, "alt_text": alt, "title": title}


def fallback(said: Message, reader: Reader) -> str:
    """Headline and first lines in words, never empty: Slack refuses a message without text."""
    first = [plain(line, reader, 480) for line in (said.headline, *said.lines[:2])]
    return "\n".join(text for text in first if text.strip()) or "Docket"


def message_blocks(said: Message, reader: Reader, at_most: int = MESSAGE_BLOCKS) -> list[Block]:
    """The blocks of a message, or of a view that shows one: at most `at_most` of them, at least one."""
    # What can be done and the fine print are set aside first: rows may only take what is left.
    ending = [context(text) for text in joined(lines(said.small, reader, ROW_UNITS), 2000)[:2]]
    ending += action_blocks(said.actions)
    texts = joined(lines((said.headline, *said.lines), reader))
    begin, left_out = texts[:3], texts[3:]
    blocks = [section(text) for text in begin] + ([context("…")] if left_out else [])
    units = MESSAGE_UNITS - sum(map(size, begin))
    blocks += _sections(said.sections, reader, at_most - len(blocks) - len(ending), units)
    return blocks + ending or [section("-")]


def section(text: str) -> Block:
    """A paragraph. `verbatim`: Slack must not make a mention of a stranger's bare `@channel` or `#general`."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def context(text: str) -> Block:
    """Fine print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def joined(texts: Iterable[str], limit: int = SECTION_UNITS) -> list[str]:
    """Lines put together into as few texts of at most `limit` units as possible, in their order."""
    together: list[str] = []
    for text in texts:
        if together and size(together[-1]) + 1 + size(text) <= limit:
            together[-1] += "\n" + text
        else:
            together.append(text)
    return together


def _sections(sections: Sequence[Section], reader: Reader, room: int, units: int) -> list[Block]:
    """All sections, in at most `room` blocks and about `units` of text; the last block says what found no place."""
    made = [(_heading(part, reader), pieces(part.rows[:ROWS], reader)) for part in sections]
    # Two pieces of each tell whether a list needs its least; the rest is written only as far as there is room.
    begun = [(heading, list(islice(each, 2)), each) for heading, each in made]
    needs = [len(heading) + sum(len(p.blocks) for p in first) + 1 for heading, first, _ in begun]
    blocks: list[Block] = []
    for number, (part, (heading, first, each)) in enumerate(zip(sections, begun, strict=True)):
        later = needs[number + 1 :]
        mine = room - len(blocks) - sum(min(need, LEAST_BLOCKS) for need in later)
        text = units - LEAST_UNITS * len(later)
        if mine < LEAST_BLOCKS or text < LEAST_UNITS:
            return [*blocks[: room - 1], context(f"… and {len(sections) - number} more lists")]
        taken, shown = _as_many_as_fit(chain(first, each), mine - len(heading) - 1, text - LEAST_UNITS // 2)
        units -= sum(p.units for p in taken) + LEAST_UNITS // 2
        blocks += heading + [block for piece in taken for block in piece.blocks] + _rest(part, shown, reader)
    return blocks


def _as_many_as_fit(found: Iterable[Piece], room: int, units: int) -> tuple[list[Piece], int]:
    taken: list[Piece] = []
    for piece in found:
        room, units = room - len(piece.blocks), units - piece.units
        if room < 0 or units < 0:
            break
        taken.append(piece)
    return taken, sum(piece.rows for piece in taken)


def _heading(part: Section, reader: Reader) -> list[Block]:
    return [section(text) for text in lines(((Strong(cut(part.heading, 140)),),), reader, 200)]


def pieces(rows: Iterable[Row], reader: Reader) -> Iterator[Piece]:
    """Rows with something to do, or of several lines, stand alone; the others share sections."""
    shared: list[str] = []
    for row in rows:
        text = "".join(lines((row.line,), reader, ROW_UNITS))
        alone = bool(row.actions) or "\n" in text
        full = sum(map(size, shared)) + len(shared) + size(text) > SECTION_UNITS // 2
        if shared and (alone or full):
            yield _sharing(shared)
            shared = []
        if alone:
            yield Piece(_row_blocks(text, row), 1, size(text))
        else:
            shared.append(text)
    if shared:
        yield _sharing(shared)


def _sharing(texts: Sequence[str]) -> Piece:
    text = "\n".join(texts)
    return Piece([section(text)] if text.strip() else [], len(texts), size(text))


def _row_blocks(text: str, row: Row) -> list[Block]:
    """The row, and what can be done: one button or menu beside it, more below it."""
    said, below = section(text or "-"), action_blocks(row.actions)
    if len(below) == 1 and len(below[0]["elements"]) == 1:
        return [{**said, "accessory": below[0]["elements"][0]}]
    return [said, *below]


def _rest(part: Section, shown: int, reader: Reader) -> list[Block]:
    left = len(part.rows) - shown
    more: Line = tuple(words for words in (f"… and {left} more" if left else "", part.rest) if words)
    between: Line = (more[0], " · ", more[1]) if len(more) == 2 else more
    return [context(text) for text in lines((between,), reader, 300)]
