"""The answer to `exceptions`: all that waits for a decision, of everything or of one workflow with its legend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rules.board import WorkflowOf, waiting
from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item
from rules.messages import Line, Message, Reply, Section
from rules.replies import refused
from rules.wording.approvals import counted
from rules.wording.board import NOTHING, waiting_row
from rules.wording.legend import legend

ROWS = 20


def exceptions(
    name: str | None, book: Rulebook, workflow_of: WorkflowOf, items: Sequence[Item], now: datetime
) -> Reply:
    """What waits among these items, which their reader may see; `name`: of that workflow (or key) alone."""
    wanted = _named(name, book) if name else None
    if name and wanted is None:
        known = ", ".join(w.name for w in book.workflows.values())
        return refused("unknown_workflow", (f"There is no workflow `{name}`. There are: {known}.",))
    of_it = [item for item in items if wanted is None or item.workflow == wanted.name]
    found = waiting(of_it, book, workflow_of)
    rows = tuple(waiting_row(trouble, item, workflow_of(item), now) for trouble, item in found[:ROWS])
    more = len(found) - len(rows)
    what = f" in {wanted.name}" if wanted else ""
    headline: Line = (f"{counted(t for t, _ in found)}{what}, by deadline",) if found else (NOTHING,)
    lists = (Section(heading="", rows=rows, rest=_rest(more, wanted)),) if rows else ()
    sections = (*lists, *(legend(wanted) if wanted else ()))
    return Reply(message=Message(subject="exceptions", headline=headline, sections=sections))


def _named(name: str, book: Rulebook) -> Workflow | None:
    folded = name.casefold()
    return next((w for w in book.workflows.values() if folded in (w.name.casefold(), w.key.casefold())), None)


def _rest(more: int, wanted: Workflow | None) -> str:
    if more <= 0:
        return ""
    narrower = "" if wanted else ": `/docket exceptions WORKFLOW` shows those of one"
    return f"and {more} more{narrower}"
