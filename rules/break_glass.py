"""Break-glass: somebody whom the rulebook names goes past what stops an item, at once, and answers for it afterwards.

Every use is an exception of its own code on the item (`break_glass.code`), open for no moment: it says who, when, why
and in which stage. What was undecided becomes `bypassed`; what else stands in the way of that stage (steps, fields,
proof) no longer counts there. A review and the mending of what made it necessary begin in the same take.
"""

from __future__ import annotations

from rules import expecting
from rules.approvals import gates_left
from rules.book.loading.builtin import too_often_code
from rules.book.rulebook import BreakGlass
from rules.decisions import let_go_on
from rules.draft import DOCKET, Draft
from rules.entries import stamp
from rules.events import Command
from rules.fields.sentences import listed
from rules.items import Trouble
from rules.messages import Line, Reply, When, Who
from rules.notices import CONVERSATION, Card, GlassBroken
from rules.outgoing import settle
from rules.people import seat
from rules.refusals import closed
from rules.replies import done, refused
from rules.reviews import ask_for_review, rule_of
from rules.stages import following, lacking_evidence
from rules.stops import cards, keep_clock, open_trouble, read_values
from rules.timing import answer_calendar, work_calendar
from rules.wording.break_glass import broken
from rules.wording.lines import reach


def break_glass(draft: Draft, command: Command) -> Reply:
    """Let the item go on without asking, and have that reviewed. Who may is the table of rights' to say."""
    item, glass, why = draft.item, draft.workflow.break_glass, command.words.strip()
    assert glass is not None, "only a workflow with break-glass has people who may"
    if problem := closed(draft):
        return problem
    past = _in_the_way(draft)
    if not past:
        return refused("not_needed", (f"Nothing stands in the way of {item.key}; there is nothing to go past.",))
    if not why:
        said = "Say in a sentence why it can't wait; whoever reviews it reads that first."
        return refused("rationale", (said,), blank="words")
    often = _too_often(draft, glass)
    undecided = _bypass(draft)
    use = _put_on_record(draft, glass, why)
    asked = _would_have_been_asked(draft, undecided)
    _lift(draft, undecided)
    _have_it_reviewed(draft, glass, why, ", ".join(past), often=often)
    _have_it_mended(draft, undecided, why, ", ".join(past))
    # Whoever reviews it gets that to decide, with all of this in it.
    told_apart = (person for person in asked if person != use.owner)
    draft.tell(*(GlassBroken(item=item.key, to=person, opened_at=stamp(use.opened_at)) for person in told_apart))
    draft.tell(Card(item=item.key, to=CONVERSATION))
    have = " have been told. " if len(asked) > 1 else " has been told. "
    told = (*reach(draft.book, asked, mention=False, between=" and "), have)
    return done(
        (f"{item.key} goes on without {listed(past, 'and')}.",),
        (*(told if asked else ()), Who(use.owner), " reviews it until ", When(use.due_at), "."),
        item=item.key,
    )


def foreseen(draft: Draft) -> tuple[Line, ...]:
    """What a use would go past and who looks at it afterwards: said before anybody does it."""
    past, glass = _in_the_way(draft), draft.workflow.break_glass
    if not past or glass is None:
        return (("Nothing stands in its way.",),)
    return ((f"It goes past {listed(past, 'and')}. ", Who(glass.review_by), " reviews it afterwards."),)


def _in_the_way(draft: Draft) -> tuple[str, ...]:
    """What there is to go past, in words."""
    item, after = draft.item, following(draft)
    found = [trouble.code for trouble in item.open_trouble()]
    if broken(item) is not None:
        return tuple(found)  # the rest no longer counts in this stage
    found += [gate.code for gate in gates_left(item, draft.workflow) if gate.code not in found]
    steps = len(item.open_steps())
    found += [f"{steps} step{'' if steps == 1 else 's'} of its checklist"] if steps else []
    needed = [name for name in (after.needs if after else ()) if name not in item.fields]
    wanted = dict.fromkeys((*item.missing, *needed))
    found += [f"fields: {', '.join(wanted)}"] if wanted else []
    lacking = lacking_evidence(draft) if after is None else ()
    found += [f"proof: {', '.join(lacking)}"] if lacking else []
    return tuple(found)


def _bypass(draft: Draft) -> tuple[Trouble, ...]:
    """Every undecided exception, and every yes that its stage still needs, whether it was asked for yet or not."""
    for gate in gates_left(draft.item, draft.workflow):
        open_trouble(draft, gate.code)
    undecided = draft.item.open_trouble()
    for trouble in undecided:
        draft.record("bypassed", {"code": trouble.code}, {"values": read_values(draft, trouble.code)})
    return undecided


def _would_have_been_asked(draft: Draft, undecided: tuple[Trouble, ...]) -> tuple[str, ...]:
    """Owners, backups and whoever else may decide; where nobody was to decide, those who answer for the work."""
    item = draft.item
    people = [p for t in undecided for p in (t.owner, *t.may_decide, t.backup)]
    people += [item.owner, *([] if people else [item.backup, draft.workflow.leader or ""])]
    return tuple(p for p in dict.fromkeys(people) if p in draft.book.people and p != draft.by)


def _put_on_record(draft: Draft, glass: BreakGlass, why: str) -> Trouble:
    rule = rule_of(draft, f"REVIEW_{draft.workflow.key}")
    owner, backup = seat(draft.book, draft.workflow, rule.owner, rule.backup, draft.by, draft.now)
    due_at = answer_calendar(draft.book, draft.workflow, "").add(draft.now, glass.review_within)
    draft.record(
        "raised",
        {"code": glass.code, "owner": owner, "backup": backup, "may_decide": [], "due_at": stamp(due_at), "rule": ""},
        {"because": why, "raised_by": draft.by, "values": {}},
    )
    draft.record("bypassed", {"code": glass.code, "stage": draft.item.stage or ""})
    use = draft.item.last_trouble(glass.code)
    assert use is not None
    return use


def _lift(draft: Draft, undecided: tuple[Trouble, ...]) -> None:
    """As after a yes: nothing is demanded any more, and an item that a handoff stopped goes on to its next stage."""
    for trouble in undecided:
        draft.tell(*cards(draft, trouble))
        if trouble.gate == "outgoing":
            settle(draft, trouble, "approve")  # the words that waited go out
            continue
        let_go_on(draft, trouble)
        expecting.again(draft, trouble.code)
    if draft.item.missing:
        draft.record("demand_dropped", {"because": "break_glass"}, by=DOCKET)
    keep_clock(draft)


def _have_it_reviewed(draft: Draft, glass: BreakGlass, why: str, past: str, *, often: bool) -> None:
    ask_for_review(draft, f"broke the glass on {draft.key}", past, why)
    if often:
        times = f"the {_ordinal(glass.at_most + 1)} time in {draft.workflow.name} within {glass.per}"
        said = f"broke the glass on {draft.key}, {times} ({glass.at_most} allowed)"
        ask_for_review(draft, said, past, why, too_often_code(draft.workflow))


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _have_it_mended(draft: Draft, undecided: tuple[Trouble, ...], why: str, past: str) -> None:
    """Whoever mends that exception's cause, else the workflow's leader, else the item's backup."""
    rules = (draft.rule(trouble.code) for trouble in undecided)
    named = next((rule.remediation for rule in rules if rule and rule.remediation), None)
    codes = ", ".join(trouble.code for trouble in undecided)
    who = draft.book.named(draft.by)
    draft.start(
        "",
        "remediation",
        title=f"Why the glass was broken on {draft.key}",
        text=f'{who} broke the glass on {draft.key} to go past {past}: "{why}" Mend what made that necessary.',
        fields={"workflow": draft.workflow.name, "items": draft.key, **({"code": codes} if codes else {})},
        owner=named or draft.workflow.leader or draft.item.backup,
    )


def _too_often(draft: Draft, glass: BreakGlass) -> bool:
    """Whether this use is the one too many: not the ones after it, until there were fewer again."""
    calendar = work_calendar(draft.book, draft.workflow)
    before = draft.world.raised(draft.workflow.name, glass.code, glass.at_most + 1)
    return sum(calendar.add(use.at, glass.per) > draft.now for use in before) == glass.at_most
