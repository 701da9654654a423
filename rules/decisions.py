"""Decisions: who may, against what they were shown, with which reason; the first one stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from rules import expecting
from rules.approvals import next_gate
from rules.checklists import keeps_in_stage
from rules.decision_form import THIN, decision_form
from rules.draft import DOCKET, Draft
from rules.entries import stamp
from rules.events import Command, Verb
from rules.intake import ask
from rules.items import Trouble
from rules.messages import Line, Reply, Who
from rules.notices import CONVERSATION, REQUESTER, Card, DecisionCard, Receipt, Verdict
from rules.outgoing import settle
from rules.passing_on import mended
from rules.people import may_decide
from rules.replies import done, refused
from rules.reviews import conclude
from rules.rights import refusal, sees, unknown
from rules.ruling import Ruling
from rules.stages import enter, finish, following
from rules.stops import ask_approval, cards, keep_clock, read_values
from rules.thin import is_thin
from rules.wording.break_glass import bypassed_line
from rules.wording.lines import decided_line, shown_values


def decide(draft: Draft, command: Command) -> Ruling:
    """`approve` or `reject` an exception of the draft's item, or say exactly why not and who may."""
    item = draft.item
    trouble = chosen(draft, command)
    if isinstance(trouble, Reply):
        return draft.ruling(reply=trouble)
    if problem := _flaw(draft, trouble, command):
        return draft.ruling(reply=problem)
    shown = shown_values(item, draft.workflow, trouble.code)
    verdict: Literal["approve", "reject"] = "approve" if command.verb == "approve" else "reject"
    code = command.reason_code or ""
    thin = is_thin(command.words, code, draft.book.reason_codes.get(code, ""))
    if thin and draft.by not in trouble.nudged:
        draft.record("nudged", {"code": trouble.code})
        form = decision_form(draft, trouble, command, verdict, nudged=True)
        return draft.ruling(reply=replace(refused("thin", THIN, blank="words"), form=form))
    draft.record(
        "decided",
        {
            "code": trouble.code,
            "verdict": verdict,
            "reason_code": command.reason_code,
            **({"thin": True} if thin else {}),
        },
        {"rationale": command.words.strip(), "seen": shown, "values": read_values(draft, trouble.code)},
    )
    after_decision(draft, trouble, verdict)
    draft.tell(*cards(draft, trouble), Card(item=draft.key, to=CONVERSATION))
    if draft.via in ("mail", "page"):
        draft.tell(Receipt(item=draft.key, to=draft.by, code=trouble.code, opened_at=stamp(trouble.opened_at)))
    last = draft.item.last_trouble(trouble.code)
    assert last is not None, "it was decided a moment ago"
    ruling = draft.ruling(reply=done(decided_line(draft.item, last, draft.book), item=draft.key))
    return replace(ruling, leads_to=ruling.leads_to + mended(draft, command, trouble))


def chosen(draft: Draft, command: Command) -> Trouble | Reply:
    """The exception to approve or reject, for a person who may; else what they hear."""
    if not sees(draft.book, draft.item, draft.workflow, draft.by):
        return unknown(draft.key)
    # What was decided already, and in which words, is told to colleagues alone.
    if draft.by not in draft.book.people and (outside := may(draft, command.verb)) is not None:
        return outside
    trouble = choose(draft, command)
    if isinstance(trouble, Reply):
        return trouble
    return may(draft, command.verb, trouble) or trouble


def may(draft: Draft, verb: Verb, *troubles: Trouble) -> Reply | None:
    """Why the acting person may not do that with the draft's item, or its `troubles`; None: they may."""
    return refusal(
        verb, draft.book, draft.by, guest=draft.guest, item=draft.item, workflow=draft.workflow,
        troubles=troubles or None,
    )  # fmt: skip


def choose(draft: Draft, command: Command) -> Trouble | Reply:
    """The exception that is meant: the named one or the only one; several are a question, never a guess."""
    item = draft.item
    if command.code:
        named = item.open_trouble(command.code)
        return named[0] if named else _nothing_open(draft, item.last_trouble(command.code))
    undecided = item.open_trouble()
    if len(undecided) == 1:
        return undecided[0]
    if not undecided:
        return _nothing_open(draft, item.exceptions[-1] if item.exceptions else None)
    theirs = next((t for t in undecided if may_decide(t, draft.by, item.requester)), undecided[0])
    example = f"/docket {command.verb} {item.key}/{theirs.code} CODE why"
    lines: list[Line] = [(f"{t.code}: {rule.means}",) for t in undecided if (rule := draft.rule(t.code))]
    return refused(
        "which_exception",
        (f"{item.key} has {len(undecided)} open exceptions. Which one do you mean?",),
        *lines,
        (f"Say it with the exception: `{example}`",),
    )


def after_decision(draft: Draft, trouble: Trouble, verdict: str) -> None:
    """What a verdict does to the item (interface.md, "States")."""
    if draft.workflow.built_in == "review":
        conclude(draft, trouble)
        return
    if trouble.gate == "outgoing":
        settle(draft, trouble, verdict)
        ask_approval(draft)
        keep_clock(draft)
        return
    rule = draft.rule(trouble.code)
    follow_up = draft.workflow.follow_up
    asked_out = follow_up is not None and follow_up.then == trouble.code
    if draft.item.source.channel == "mail" and draft.item.owner != draft.by:
        # no card in a thread shows the owner how it goes on
        draft.tell(Verdict(item=draft.key, to=draft.item.owner, code=trouble.code))
    if verdict == "reject" and rule is not None and rule.on_reject == "close":
        finish(draft, "rejected")
        return
    if verdict == "approve":
        if trouble.gate != "approval" or next_gate(draft.item, draft.workflow) is None:  # of several the last
            draft.tell(Verdict(item=draft.key, to=REQUESTER, code=trouble.code))
        if draft.workflow.built_in == "docket":
            finish(draft, "done")
        else:
            let_go_on(draft, trouble)
    elif asked_out and (draft.item.missing or draft.item.changes):
        ask(
            draft, anew=True
        )  # it stays and still needs the answer: a fresh round of questions, so it can't rest for ever
    expecting.again(draft, trouble.code)
    ask_approval(draft)
    keep_clock(draft)


def let_go_on(draft: Draft, trouble: Trouble) -> None:
    """The item goes on where an exception stopped it: what it asked for in vain is demanded no more."""
    follow_up, rule = draft.workflow.follow_up, draft.rule(trouble.code)
    asked_out = follow_up is not None and follow_up.then == trouble.code
    stage = draft.workflow.stage(draft.item.stage)
    if asked_out:
        draft.record("demand_dropped", {"because": trouble.code}, by=DOCKET)
    free = next_gate(draft.item, draft.workflow) is None  # whatever else is approved, nothing goes past a gate
    if (after := following(draft)) and after.unmet == trouble.code and free and not keeps_in_stage(draft, trouble):
        enter(draft, after)
    elif (asked_out or (rule is not None and rule.stale)) and stage is not None:
        enter(draft, stage)


def _flaw(draft: Draft, trouble: Trouble, command: Command) -> Reply | None:
    """What a decision still lacks, said in a way that it can be mended in one go."""
    rule = draft.rule(trouble.code)
    allowed = (rule.approve if command.verb == "approve" else rule.reject) if rule else ()
    meanings: list[Line] = [(f"`{code}`  {draft.book.reason_codes.get(code, '')}",) for code in allowed]
    if command.reason_code not in allowed:
        said = "A decision names a reason code."
        if command.reason_code:
            said = f"`{command.reason_code}` is no reason code to {command.verb} {trouble.code} with."
        return refused("reason_code", (said + " Choose one of these:",), *meanings, blank="reason_code")
    if not command.words.strip():
        return refused(
            "rationale",
            ("Say why in a sentence, so that someone new understands it next month.",),
            blank="words",
        )
    if command.seen is not None and dict(command.seen) != shown_values(draft.item, draft.workflow, trouble.code):
        return refused(
            "changed_meanwhile",
            (f"{draft.key} changed while you were looking. Nothing was decided; look again, please.",),
        )
    return None


def _nothing_open(draft: Draft, last: Trouble | None) -> Reply:
    """The loser of a race, or a stale card: who decided, and that this click did nothing."""
    if last is not None and last.decision is not None:
        line = decided_line(draft.item, last, draft.book)
        act = "mail" if draft.via == "mail" else "click"
        return refused("already_decided", line, (f"Nothing was changed by your {act}.",))
    if last is not None and last.state == "bypassed":
        return refused("bypassed", bypassed_line(draft.item, last), ("Nothing was changed.",))
    if last is not None and last.state == "void":
        return refused("void", (f"{last.code} of {draft.key} no longer waits for a decision. Nothing was changed.",))
    owner = draft.item.owner
    return refused("nothing_to_decide", (f"Nothing on {draft.key} waits for a decision. ", Who(owner), " has it."))


def reassign(draft: Draft, trouble: Trouble, to: str, because: str) -> None:
    """Hand the decision to somebody else; those whom the escalation reached keep their right."""
    before = trouble.owner
    backup = trouble.backup if trouble.backup != to else before
    kept = [p for p in trouble.may_decide if p not in (before, to)]
    draft.record(
        "reassigned",
        {"code": trouble.code, "owner": to, "backup": backup, "may_decide": [to, *kept]},
        {"because": because},
    )
    now = draft.item.open_trouble(trouble.code)[0]
    opened_at = stamp(now.opened_at)
    draft.tell(
        DecisionCard(item=draft.key, to=to, code=now.code, opened_at=opened_at, passed_from=before),
        DecisionCard(item=draft.key, to=before, code=now.code, opened_at=opened_at, update=True),
        Card(item=draft.key, to=CONVERSATION),
    )
