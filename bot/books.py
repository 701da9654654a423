"""The rulebooks: the one in force, and every older one that an item began with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.precedents import Precedents
from bot.tokens import Tokens
from rules.absence import without
from rules.book.load import Holes, load
from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item
from storage import absences, rulebooks


class Books:
    """Rulebooks by version. Old ones are read from the database once and kept: a version never changes."""

    def __init__(self, current: Rulebook, text: str, workspace: str) -> None:
        self.workspace = workspace
        self.slack = True  # whether Slack can be spoken with: then it knows who is there
        self.files: Path | None = None  # DOCKET_FILES, where large files lie
        self.public_url = ""  # DOCKET_PUBLIC_URL, below which items have addresses of their own
        self.tokens: Tokens | None = None  # what signs the addresses that letters ask replies to
        self.replies = False  # whether an inbox is read, so that a letter can be answered
        self.precedents = Precedents()
        self._known: dict[str, Rulebook] = {}
        self.put(current, text)

    def put(self, book: Rulebook, text: str) -> None:
        """Make this the rulebook in force."""
        self.current, self.text = book, text
        self._known[book.version] = book

    def present(self, conn: Any, now: datetime) -> Rulebook:
        """The one in force, with who can't be reached now (UTC) marked in it: what rulings and sentences go by."""
        known = absences.known(conn, self.workspace)
        return without(self.current, known.failing, now, slack=self.slack, said=known.said)

    def of(self, conn: Any, version: str) -> Rulebook:
        """The rulebook of a version; the one in force where the old one is gone or no longer loads."""
        if version not in self._known:
            text = rulebooks.text(conn, self.workspace, version)
            try:
                self._known[version] = load(text) if text is not None else self.current
            except Holes:
                # A later program may know a hole that an earlier one let pass: the item goes on by today's rules.
                self._known[version] = self.current
        return self._known[version]

    def workflow(self, conn: Any, item: Item) -> Workflow:
        """The workflow that an item began with, or today's of that name, or the built-in one as a last resort."""
        for book in (self.of(conn, item.rulebook), self.current):
            if item.workflow in book.workflows:
                return book.workflows[item.workflow]
        # Of what nobody can tell any more whether it is private it is safer to think so.
        return replace(self.current.workflows["docket"], private=item.workflow != "docket")
