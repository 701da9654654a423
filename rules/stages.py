"""Stages: how an item enters one, what it needs to leave it, and how it ends."""

from __future__ import annotations

from rules.book.rulebook import Stage
from rules.draft import DOCKET, Draft
from rules.entries import stamp
from rules.items import Outcome
from rules.notices import CONVERSATION, REQUESTER, Card, Closed, Handed
from rules.people import seat
from rules.stops import cards, keep_clock
from rules.timing import work_calendar


def enter(draft: Draft, stage: Stage) -> None:
    """Put the item into `stage`; its clock starts (or starts anew). A stage with an owner hands the item over."""
    due_at = work_calendar(draft.book, draft.workflow).add(draft.now, stage.within)
    left = draft.item.stage_at
    dwell_seconds = (draft.now - left).total_seconds() if left else None
    draft.record(
        "entered",
        {"stage": stage.name, "due_at": stamp(due_at), "left": draft.item.stage, "dwell_seconds": dwell_seconds},
        by=DOCKET,
    )
    if stage.owner and draft.item.owner != stage.owner:
        before = draft.item.owner
        owner, backup = seat(
            draft.book, draft.workflow, stage.owner, draft.workflow.backup, draft.item.requester, draft.now
        )
        draft.record("owned", {"owner": owner, "backup": backup, "because": f"stage {stage.name}"}, by=DOCKET)
        if owner != before:
            draft.tell(Handed(item=draft.key, to=owner, passed_from=before))
    keep_clock(draft)
    draft.tell(Card(item=draft.key, to=CONVERSATION))


def following(draft: Draft) -> Stage | None:
    """The stage after the item's own, or None in the last."""
    stages = draft.workflow.stages
    at = next((n for n, stage in enumerate(stages) if stage.name == draft.item.stage), len(stages))
    return stages[at + 1] if at + 1 < len(stages) else None


def lacking_evidence(draft: Draft) -> tuple[str, ...]:
    """The kinds of proof that closing wants and the item has not."""
    have = {proof.kind for proof in draft.item.evidence}
    return tuple(kind for kind in draft.workflow.close.evidence if kind not in have)


def finish(draft: Draft, outcome: Outcome, *, by: str | None = None) -> None:
    """Close the item: what is still undecided is void, the requester hears how it ended."""
    for trouble in draft.item.open_trouble():
        draft.record("voided", {"code": trouble.code, "because": f"the item was closed ({outcome})"}, by=DOCKET)
        draft.tell(*cards(draft, trouble))
    left = draft.item.stage_at
    dwell_seconds = (draft.now - left).total_seconds() if left else None
    draft.record("closed", {"outcome": outcome, "left": draft.item.stage, "dwell_seconds": dwell_seconds}, by=by)
    draft.tell(Card(item=draft.key, to=CONVERSATION), Closed(item=draft.key, to=REQUESTER))
