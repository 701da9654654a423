"""The exception lane's board: queued where a take changes it, read and worded at the moment it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from bot.books import Books
from rules.board import board_day, concerned, waiting
from rules.book.rulebook import Workflow
from rules.entries import Entry
from rules.items import Item
from rules.messages import Message
from rules.notices import LANE, Board
from rules.wording.board import board, taken_down
from storage import questions, settings

#: More than that nobody counts, and reading them takes time.
READ_AT_MOST = 2000
#: Under this name it is remembered which board hangs: the channel and the day.
_HANGS = "board"


def boards(
    conn: Any, books: Books, entries: Sequence[Entry], items: Mapping[str, Item], now: datetime
) -> tuple[Board, ...]:
    """The boards to bring up to date after these entries; `items` are theirs as they stand now, by key.

    The first change of a day hangs a new one, and the one before says that it goes on below.
    """
    book = books.current
    if book.lane_channel is None or not concerned(entries, items, lambda item: books.workflow(conn, item)):
        return ()
    ours = all(items[entry.item].workflow == "docket" for entry in entries if entry.item in items)
    newest = Board(item="", to=LANE, channel=book.lane_channel, day=board_day(book, now).isoformat(), ours=ours)
    channel, _, day = (settings.get(conn, books.workspace, _HANGS) or "").rpartition(" ")
    if (channel, day) == (newest.channel, newest.day):
        return (newest,)
    settings.put(conn, books.workspace, _HANGS, f"{newest.channel} {newest.day}")
    if channel != newest.channel:
        return (newest,)
    return newest, Board(item="", to=LANE, channel=channel, day=day, newer=newest.day)


def composed(conn: Any, books: Books, notice: Board, now: datetime) -> Message:
    """The words of a board as things stand; nothing of what is private."""
    if notice.newer:
        return taken_down(date.fromisoformat(notice.newer))

    def workflow_of(item: Item) -> Workflow:
        return books.workflow(conn, item)

    undecided = questions.undecided(conn, books.workspace, READ_AT_MOST)
    public = [item for item in undecided if not workflow_of(item).private]
    return board(waiting(public, books.current, workflow_of), workflow_of, now)
