"""The desk's own failures as happenings, and what a person hears whose word met one."""

from __future__ import annotations

from datetime import datetime

from rules.book.rulebook import Rulebook
from rules.events import Event
from rules.messages import Reply
from rules.own_events import Failed
from rules.replies import refused


def unhandled(event: Event, what: str) -> Failed:
    """The rules failed on an event, with an error of the name `what`."""
    kind = type(event).__name__
    return Failed(
        id=f"{event.id}:quarantine",
        workspace=event.workspace,
        at=event.at,
        by="docket",
        via="docket",
        cause=f"rules:{kind}:{what}",
        sentence=f"A {kind} could not be handled ({what}). It is kept as {event.id}.",
    )


def without_database(workspace: str, since: datetime, now: datetime, why: str) -> Failed:
    """The database could not be had from `since` to `now` (UTC)."""
    return Failed(
        id=f"failed:database:{since.isoformat()}",
        workspace=workspace,
        at=now,
        by="docket",
        via="docket",
        cause="database",
        sentence=f"The database could not be used for {(now - since).total_seconds():.0f} s. {why}",
    )


def sorry(book: Rulebook, *, private: bool) -> Reply:
    """Nothing was done with what somebody said, and who knows of it."""
    knows = "Whoever has it knows, and nobody else." if private else f"{book.named(book.operator)} knows."
    return refused("failed", ("That didn't get through: a fault in Docket.",), (f"Nothing changed. {knows}",))
