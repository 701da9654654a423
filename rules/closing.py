"""Closing: an item ends from its last stage, with the proof that its workflow wants, or an override that says why."""

from __future__ import annotations

from rules.book.loading.builtin import APPROVE
from rules.book.rulebook import Rulebook
from rules.draft import Draft
from rules.events import Command
from rules.messages import Line, Reply, Who
from rules.obstacles import in_the_way
from rules.proofs import how_to
from rules.replies import done, refused
from rules.reviews import ask_for_review
from rules.stages import finish, following, lacking_evidence
from rules.wording.break_glass import broken
from rules.wording.lines import reach

OVERRIDE = "override"


def close(draft: Draft, command: Command) -> Reply:
    """End it from its last stage, with the proof that the workflow wants; `override CODE why` does without."""
    item = draft.item
    if problem := in_the_way(draft):
        return problem
    if item.missing:
        return refused("missing", (f"{item.key} still waits for: {', '.join(item.missing)}.",))
    if (after := following(draft)) is not None:
        return refused(
            "not_last", (f"{item.key} closes from its last stage; {after.name} comes next: `/docket next {item.key}`.",)
        )
    lacking = lacking_evidence(draft)
    if lacking and (use := broken(draft.item)) is not None:
        facts = {"lacking": list(lacking), "reason_code": use.code}
        finish(draft, "done", facts=facts, rationale=use.because)
        return done((f"{item.key} is done, without {', '.join(lacking)}: the glass was broken.",), item=item.key)
    if lacking and command.name == OVERRIDE:
        return _override(draft, command, lacking)
    if lacking:
        return _wants_proof(draft, lacking)
    finish(draft, "done")
    return done((f"{item.key} is done.",), item=item.key)


def override_codes(book: Rulebook) -> tuple[str, ...]:
    """The reason codes that an override may name: those of the rulebook to approve with."""
    return tuple(code for code in book.approve_codes if code not in APPROVE)


def _wants_proof(draft: Draft, lacking: tuple[str, ...]) -> Reply:
    """What is missing, each with the command that adds it, and who may close without."""
    names = ", ".join(lacking)
    return refused(
        "evidence",
        (f"{draft.key} can't close without proof: {names}.",),
        *(how_to(draft, kind) for kind in lacking),
        *_who_may(draft),
    )


def _who_may(draft: Draft) -> tuple[Line, ...]:
    people = [person for person in draft.workflow.close.override if person != draft.item.requester]
    if not people:
        return ()
    how = f"`/docket close {draft.key} override CODE why`"
    if draft.by in people:
        return ((f"You may close it without: {how}. Somebody else reviews that afterwards.",),)
    return ((*reach(draft.book, people, mention=False, between=" or "), f" may close it without: {how}."),)


def _override(draft: Draft, command: Command, lacking: tuple[str, ...]) -> Reply:
    item, code, why = draft.item, command.reason_code, command.words.strip()
    names, codes = ", ".join(lacking), override_codes(draft.book)
    if draft.by not in draft.workflow.close.override:
        may = _who_may(draft) or (("Nobody may close it without; the rulebook names no one.",),)
        return refused("override", (f"{item.key} lacks {names}.",), *may, ("Nothing was changed.",))
    if draft.by == item.requester:
        others = _who_may(draft)
        return refused(
            "own_request", (f"Nobody closes their own request without proof. {item.key} lacks {names}.",), *others
        )
    if code not in codes:
        said = f"`{code}` is no reason code to do without proof." if code else "An override names a reason code."
        meanings: list[Line] = [(f"`{c}`  {draft.book.reason_codes.get(c, '')}",) for c in codes]
        return refused("reason_code", (said + " Choose one of these:",), *meanings, blank="reason_code")
    if not why:
        return refused("rationale", ("Say why in a sentence; whoever reviews it reads that.",), blank="words")
    facts = {"override": True, "lacking": list(lacking), "reason_code": code}
    finish(draft, "done", facts=facts, rationale=why)
    reviewer = ask_for_review(draft, f"closed {item.key} without proof", f"proof: {names} ({code})", why)
    return done((f"{item.key} is done without {names}. ", Who(reviewer), " reviews that."), item=item.key)
