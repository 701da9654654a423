"""Stages: how an item enters one, what it needs to leave it, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules import expecting
from rules.book.rulebook import Stage
from rules.checklists import begin
from rules.draft import DOCKET, Draft
from rules.entries import stamp
from rules.handoffs import brought_up_to_date, go_on, hand
from rules.items import Outcome
from rules.notices import CONVERSATION, REQUESTER, Card, Closed, Handed
from rules.outgoing import tell_author
from rules.people import seat
from rules.stops import ask_approval, cards, keep_clock
from rules.timing import work_calendar


def enter(draft: Draft, stage: Stage, *, owner: str | None = None, cause: str = "") -> None:
    """Put the item into `stage`; its clock starts (or starts anew). A further stage with an owner hands it over.

    `owner` has it then, whomever the stage names; for a `cause` it is sent back to there.
    """
    before, came = draft.item.owner, draft.item.stage
    due_at = work_calendar(draft.book, draft.workflow).add(draft.now, stage.within)
    left = draft.item.stage_at
    dwell_seconds = (draft.now - left).total_seconds() if left else None
    draft.record(
        "entered",
        {"stage": stage.name, "due_at": stamp(due_at), "left": came, "dwell_seconds": dwell_seconds},
        by=DOCKET,
    )
    # the same stage again is a fresh clock and nobody else's work
    named = owner or (stage.owner if came != stage.name else None)
    if named and named != before:
        because = f"sent back from {came}" if cause else f"stage {stage.name}"
        held = seat(draft.book, draft.workflow, named, draft.workflow.backup, draft.item.requester, draft.now)
        draft.record("owned", {"owner": held[0], "backup": held[1], "because": because}, by=DOCKET)
    if came and (cause or draft.item.owner != before):
        hand(draft, before, came, cause=cause)
    elif draft.item.owner != before:
        draft.tell(Handed(item=draft.key, to=draft.item.owner))
    begin(draft, stage)
    expecting.begin(draft, stage)
    ask_approval(draft)
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


def finish(
    draft: Draft,
    outcome: Outcome,
    *,
    by: str | None = None,
    facts: Mapping[str, Any] | None = None,
    rationale: str = "",
) -> None:
    """Close the item: what is still undecided is void, the requester hears how it ended.

    The record names the proofs that it rests on; where some are lacking, `facts` and `rationale` say why it may.
    """
    for trouble in draft.item.open_trouble():
        draft.record("voided", {"code": trouble.code, "because": f"the item was closed ({outcome})"}, by=DOCKET)
        draft.tell(*cards(draft, trouble))
        tell_author(draft, trouble)
    left = draft.item.stage_at
    dwell_seconds = (draft.now - left).total_seconds() if left else None
    ended: dict[str, Any] = {"outcome": outcome, "left": draft.item.stage, "dwell_seconds": dwell_seconds}
    if outcome == "done":
        wanted = draft.workflow.close.evidence
        ended["evidence"] = [proof.id for proof in draft.item.evidence if proof.kind in wanted]
    draft.record("closed", {**ended, **(facts or {})}, {"rationale": rationale} if rationale else None, by=by)
    brought_up_to_date(draft, len(draft.item.handoffs))
    draft.tell(Card(item=draft.key, to=CONVERSATION), Closed(item=draft.key, to=REQUESTER))
    if outcome == "done":
        go_on(draft)
