"""What figures leave out, by every rulebook that was ever in force."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from bot.books import Books
from rules.figures import Scope
from storage import rulebooks


def scope_of(conn: Any, books: Books, *, built_in: bool = False) -> Scope:
    """People's own work without the private: nothing that is private or began so.

    `built_in`: with the bot's own workflows (failures, reviews, remediation), which are left out else.
    """
    current = books.current.workflows
    hidden = frozenset(flow.name for flow in current.values() if flow.private or (flow.built_in and not built_in))
    under: dict[str, set[str]] = defaultdict(set)
    unreadable = set()
    for version in rulebooks.versions(conn, books.workspace):
        book = books.of(conn, version)
        if book.version != version:
            unreadable.add(version)
        for flow in book.workflows.values():
            if flow.private or (flow.built_in and not built_in and flow.name not in current):
                under[flow.name].add(version)
    return Scope(
        hidden=hidden,
        private_under={name: frozenset(found) for name, found in under.items() if name not in hidden},
        unreadable=frozenset(unreadable),
        known=frozenset(current),
    )
