"""Answers to the commands that change nothing: mine, list, show, why, exceptions, help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.commands import NOT_YET, USAGE
from rules.entries import Entry
from rules.events import Command
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Quote, Reply, Row, Section, Strong, When, Who
from rules.people import may_decide, may_see, steps_left
from rules.replies import refused, usage
from rules.timing import answer_calendar, timers, work_calendar
from rules.wording.cards import decision_card, item_card, status
from rules.wording.lines import heading, title, until, why_it_is_here

ROWS = 10
WorkflowOf = Callable[[Item], Workflow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice of an item, as the outbox remembers it: to whom, which kind, when (UTC), and what became of it."""

    to: str
    kind: str
    at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What was read for an answer: the item that is meant, or the open items; its entries and notices, oldest first."""

    item: Item | None = None
    items: Sequence[Item] = ()
    entries: Sequence[Entry] = ()
    told: Sequence[Told] = ()


def answer(command: Command, book: Rulebook, workflow_of: WorkflowOf, shelf: Shelf, now: datetime) -> Reply:
    """The reply to a question; private, and only with what this person may see."""
    me = book.person_of(command.by)
    if command.verb in NOT_YET:
        return refused("not_yet", (f"`{command.verb}` is not built yet.",))
    match command.verb:
        case "help":
            return _help(command.name)
        case "mine":
            return _mine(me, book, workflow_of, shelf.items, now)
        case "list" | "exceptions":
            if me not in book.people:
                return refused(
                    "people_only", ("That is for people of the rulebook. `/docket mine` shows what you asked for.",)
                )
            seen = [item for item in shelf.items if may_see(book, item, workflow_of(item), me)]
            if command.verb == "list":
                return _list(command.workflow, workflow_of, seen, now)
            return _exceptions(workflow_of, seen, now)
        case "show" | "why" | "decide":
            if shelf.item is None and command.item is None:
                return usage(USAGE[command.verb][1], "Which item?")
            if shelf.item is None or not may_see(book, shelf.item, workflow_of(shelf.item), me):
                key = command.item or (shelf.item.key if shelf.item else "")
                return refused("unknown_item", (f"There is no {key} that you can see.",))
            return _about(command, me, book, workflow_of(shelf.item), shelf, shelf.item, now)
        case _:
            raise TypeError(f"`{command.verb}` changes something: it is taken, not asked")


def _reply(message: Message) -> Reply:
    return Reply(message=message)


def _help(verb: str | None) -> Reply:
    known = {name: pair for name, pair in USAGE.items() if name not in NOT_YET}
    if verb in known:
        does, how = known[verb]
        return _reply(
            Message(subject="help", headline=(Strong(verb or ""), f": {does}"), lines=((Strong(f"/docket {how}"),),))
        )
    rows = tuple(Row(line=(Strong(f"/docket {how}"), f"  {does}")) for does, how in known.values())
    return _reply(
        Message(
            subject="help",
            headline=("Docket keeps who has what, until when, and why it was decided so.",),
            lines=(("Write in a channel that it listens to, or type one of these:",),),
            sections=(Section(heading="", rows=rows),),
        )
    )


def _mine(me: str, book: Rulebook, workflow_of: WorkflowOf, items: Sequence[Item], now: datetime) -> Reply:
    waiting = [(t, item) for item in items for t in item.open_trouble() if may_decide(t, me, item.requester)]
    waiting.sort(key=lambda pair: pair[0].due_at)
    owned = sorted((i for i in items if i.owner == me and i.workflow != "docket"), key=_by_due)
    asked = [item for item in items if item.requester == me]
    sections = []
    if waiting:
        sections.append(
            _section("Waiting for your decision", [_decision_row(t, i, workflow_of(i), now) for t, i in waiting])
        )
    if owned:
        sections.append(_section("Yours, by due time", [_item_row(i, workflow_of(i)) for i in owned]))
    if asked:
        sections.append(_section("You asked for", [_item_row(i, workflow_of(i)) for i in asked]))
    counts = _counts(len(waiting), len(owned), len(asked))
    lines: tuple[Line, ...] = (_nothing_waits(me, book),) if not waiting else ()
    tries = "Try: /docket new WORKFLOW text · list · exceptions · show KEY · help"
    return _reply(Message(subject="mine", headline=(counts,), lines=lines, sections=tuple(sections), small=((tries,),)))


def _counts(waiting: int, owned: int, asked: int) -> str:
    """What there is, in one sentence; what there is none of is left out."""
    parts = (
        (waiting, "1 decision waits for you" if waiting == 1 else f"{waiting} decisions wait for you"),
        (owned, f"you have {owned} item{'' if owned == 1 else 's'}"),
        (asked, f"you asked for {asked}"),
    )
    said = ", ".join(words for count, words in parts if count)
    return f"{said[:1].upper()}{said[1:]}." if said else "Nothing is yours, and nothing that you asked for is open."


def _nothing_waits(me: str, book: Rulebook) -> Line:
    yours = [code for w in book.workflows.values() for code, rule in w.exceptions.items() if rule.owner == me]
    if me not in book.people or not yours:
        return ("No decisions wait for you.",)
    return (f"No decisions wait for you. They come when a stop rule in your name fires (yours: {', '.join(yours)}).",)


def _list(name: str | None, workflow_of: WorkflowOf, items: Sequence[Item], now: datetime) -> Reply:
    shown = [
        i
        for i in items
        if i.workflow != "docket" and (name is None or name in (i.workflow, workflow_of(i).key.lower()))
    ]
    what = f" in {name}" if name else ""
    if not shown:
        line: Line = (f"Nothing is open{what}. Items come from the channels and inboxes that the rulebook names.",)
        return _reply(Message(subject="list", headline=line))
    rows = [_item_row(item, workflow_of(item)) for item in sorted(shown, key=_by_due)]
    headline: Line = (f"{len(shown)} open{what}, by due time",)
    return _reply(Message(subject="list", headline=headline, sections=(_section("", rows),)))


def _exceptions(workflow_of: WorkflowOf, items: Sequence[Item], now: datetime) -> Reply:
    pairs = [(t, item) for item in items for t in item.open_trouble()]
    if not pairs:
        line: Line = ("No exception is open. They come when a stop rule fires or somebody raises one.",)
        return _reply(Message(subject="exceptions", headline=line))
    pairs.sort(key=lambda pair: pair[0].due_at)
    rows = [_decision_row(t, item, workflow_of(item), now, owner=True) for t, item in pairs]
    headline: Line = (f"{len(pairs)} open exceptions, by deadline",)
    return _reply(Message(subject="exceptions", headline=headline, sections=(_section("", rows),)))


def _about(
    command: Command, me: str, book: Rulebook, workflow: Workflow, shelf: Shelf, item: Item, now: datetime
) -> Reply:
    if command.verb == "decide":
        undecided = [t for t in item.open_trouble(command.code) if may_decide(t, me, item.requester)]
        if not undecided:
            return refused(
                "nothing_to_decide", (f"Nothing on {item.key} waits for your decision.",), status(item, workflow)
            )
        return _reply(decision_card(item, undecided[0], workflow, book, now, reader=me))
    if command.verb == "show":
        card = item_card(item, workflow, book, now)
        if me not in book.people:
            # A stranger sees where their own request stands, never anybody's rationale (the record is not theirs).
            return _reply(Message(subject=card.subject, headline=card.headline, lines=(status(item, workflow),)))
        rows = [Row(line=entry_line(entry)) for entry in shelf.entries[-20:]]
        record = (Section(heading="Record", rows=tuple(rows)),) if rows else ()
        evidence = tuple(Row(line=(f"{e.id} {e.kind}: ", Quote(e.value), " by ", Who(e.by))) for e in item.evidence)
        proofs = (Section(heading="Evidence", rows=evidence),) if evidence else ()
        return _reply(
            Message(
                subject=card.subject,
                headline=card.headline,
                lines=card.lines,
                sections=(*proofs, *record),
                small=card.small,
            )
        )
    return _reply(why(item, workflow, book, shelf, now, full=me in book.people))


def why(item: Item, workflow: Workflow, book: Rulebook, shelf: Shelf, now: datetime, *, full: bool = True) -> Message:
    """Owner, deadline and notices explained: the rule, the sum in words, who was told when."""
    lines: list[Line] = [(Who(item.owner), f" has it: {item.owner_because}.")]
    stage = workflow.stage(item.stage)
    if stage is not None and item.stage_at is not None and item.due_at is not None:
        calendar = work_calendar(book, workflow)
        lines.append((f"{stage.name} allows {calendar.explain(item.stage_at, stage.within)}",))
        if item.clock_stopped_at is not None:
            lines.append(
                (
                    "Its clock stands still since ",
                    When(item.clock_stopped_at),
                    ", while an answer or a decision is waited for.",
                )
            )
        elif item.due_at != calendar.add(item.stage_at, stage.within):
            lines.append(("Its clock stood still while it waited; so it is due ", When(item.due_at), "."))
    for trouble in item.open_trouble() if full else ():
        lines += _why_trouble(item, trouble, workflow, book, now)
    coming = sorted(timers(item, book, workflow), key=lambda timer: timer.due_at)
    if coming and full:
        lines.append(
            (
                f"Next: {coming[0].kind.replace('_', ' ')} {coming[0].subject}".rstrip() + " ",
                When(coming[0].due_at),
                ".",
            )
        )
    told = (
        tuple(Row(line=(When(t.at), f"  {t.kind} to ", Who(t.to), f" ({t.state})")) for t in shelf.told[-20:])
        if full
        else ()
    )
    sections = (Section(heading="Who was told", rows=told),) if told else ()
    return Message(subject=f"Why {item.key}", headline=heading(item, workflow), lines=tuple(lines), sections=sections)


def _why_trouble(item: Item, trouble: Trouble, workflow: Workflow, book: Rulebook, now: datetime) -> list[Line]:
    rule = workflow.exceptions.get(trouble.code)
    lines: list[Line] = [why_it_is_here(item, trouble, workflow)]
    if rule is not None:
        summed = answer_calendar(book, workflow, trouble.code).explain(trouble.opened_at, rule.respond_within)
        lines.append((f"{trouble.code} allows {summed}",))
    steps = steps_left(book, workflow, trouble, item.requester, now)
    if steps and trouble.next_at is not None:
        lines.append(("It goes up to ", Who(steps[0].person), " ", When(trouble.next_at), "."))
    return lines


def entry_line(entry: Entry) -> Line:
    """One entry of the record as a line: when, what, who."""
    words = " ".join(f"{name} {value}" for name, value in entry.facts.items() if isinstance(value, str | int) and value)
    return (When(entry.at), f"  {entry.kind} ", f"{words[:120]} " if words else "", "by ", Who(entry.by))


def _section(heading_: str, rows: Sequence[Row]) -> Section:
    more = len(rows) - ROWS
    rest = f"and {more} more" if more > 0 else ""
    return Section(heading=heading_, rows=tuple(rows[:ROWS]), rest=rest)


def _item_row(item: Item, workflow: Workflow) -> Row:
    return Row(line=(Strong(item.key), f"  {title(item, workflow)} · ", *status(item, workflow)))


def _decision_row(trouble: Trouble, item: Item, workflow: Workflow, now: datetime, *, owner: bool = False) -> Row:
    line: Line = (
        Strong(item.key),
        f"  {title(item, workflow)} · {trouble.code} · decide by ",
        *until(trouble.due_at, now),
    )
    if owner:
        return Row(line=(*line, " · ", Who(trouble.owner)))
    actions = (
        Action(verb="approve", label="Approve", item=item.key, code=trouble.code, style="primary"),
        Action(verb="reject", label="Reject", item=item.key, code=trouble.code, style="danger"),
    )
    return Row(line=line, actions=actions)


def _by_due(item: Item) -> tuple[bool, datetime]:
    return (item.due_at is None, item.due_at or item.opened_at)
