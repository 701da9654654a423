"""Answers to the commands that change nothing: mine, list, show, why, exceptions, help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.addressed import nearly
from rules.attaching import files_of
from rules.book.rulebook import Rulebook, Workflow
from rules.commands import EXAMPLES, USAGE
from rules.entries import Entry
from rules.events import Attachment, Command
from rules.exceptions import exceptions
from rules.home import asked_rows, decision_rows, how_to_ask, nothing_waits, own_rows
from rules.items import Evidence, Item, Trouble
from rules.messages import Line, Link, Message, Quote, Reply, Row, Section, Strong, When, Who
from rules.notices import CONVERSATION, REQUESTER
from rules.people import may_decide, may_see, steps_left
from rules.precedents import Precedent
from rules.quarantine import listing
from rules.replies import refused, usage
from rules.rights import refused_to, unknown
from rules.timing import answer_calendar, timers, work_calendar
from rules.traces import Kept
from rules.tracing import trace
from rules.wording.cards import decision_card, item_card, status
from rules.wording.checklists import runs_section
from rules.wording.expecting import awaiting
from rules.wording.helping import commands_for
from rules.wording.kinds import DUE, NOTICES
from rules.wording.lines import title, why_it_is_here
from rules.wording.passing import way_sections
from rules.wording.pauses import paused_line
from rules.wording.standing import called, whose
from rules.wording.tracing import trace_sections

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
    """What was read for an answer: the item that is meant, or the open items; its entries and notices, oldest first.

    `like` are earlier decisions like the first that waits on it; `kept` is what the quarantine holds; `threads` are
    the addresses of the items that it speaks of, by their keys; `page` is its own ("": it has none).
    """

    item: Item | None = None
    items: Sequence[Item] = ()
    entries: Sequence[Entry] = ()
    told: Sequence[Told] = ()
    kept: Sequence[Kept] = ()
    threads: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    like: Sequence[Precedent] = ()


def answer(command: Command, book: Rulebook, workflow_of: WorkflowOf, shelf: Shelf, now: datetime) -> Reply:
    """The reply to a question; private, and only with what this person may see."""
    me = book.person_of(command.by)
    item, workflow = shelf.item, workflow_of(shelf.item) if shelf.item else None
    if (refusal := refused_to(command, book, item, workflow)) is not None:
        return refusal
    match command.verb:
        case "help":
            return _help(command.name, me, book)
        case "mine":
            return _mine(me, book, workflow_of, shelf.items, now)
        case "list" | "exceptions":
            seen = [item for item in shelf.items if may_see(book, item, workflow_of(item), me)]
            if command.verb == "list":
                return _list(command.workflow, workflow_of, seen, now)
            return exceptions(command.workflow, book, workflow_of, seen, now)
        case "quarantine":
            return listing(shelf.kept, me, book)
        case "show" | "why" | "decide":
            if item is None or workflow is None:
                return unknown(command.item) if command.item else usage(USAGE[command.verb][1], "Which item?")
            return _about(command, me, book, workflow, shelf, item, now)
        case _:
            raise TypeError(f"`{command.verb}` changes something: it is taken, not asked")


def _reply(message: Message) -> Reply:
    return Reply(message=message)


def _help(verb: str | None, me: str, book: Rulebook) -> Reply:
    if verb in USAGE:
        does, how = USAGE[verb]
        lines: tuple[Line, ...] = ((Strong(f"/docket {how}"),), (f"Like this: `/docket {EXAMPLES[verb]}`",))
        return _reply(Message(subject="help", headline=(Strong(verb), f": {does}"), lines=lines))
    if verb and (said := nearly(verb)) is not None:
        return refused("help", (said.sentence,))
    return _reply(commands_for(me, book))


def _mine(me: str, book: Rulebook, workflow_of: WorkflowOf, items: Sequence[Item], now: datetime) -> Reply:
    seen = [item for item in items if may_see(book, item, workflow_of(item), me)]
    waiting = decision_rows(seen, me, workflow_of, now)
    owned, asked = own_rows(seen, me, workflow_of, now), asked_rows(seen, me, workflow_of, now)
    lists = (("Waiting for your decision", waiting), ("Yours, by due time", owned), ("You asked for", asked))
    sections = [_section(heading_, rows) for heading_, rows in lists if rows]
    counts = _counts(len(waiting), len(owned), len(asked))
    lines: tuple[Line, ...] = (nothing_waits(me, book),) if not waiting else ()
    if not sections:
        lines = (*lines, (how_to_ask(book),))
    tries = "Try: /docket new WORKFLOW text · list · exceptions · show KEY · help"
    if me not in book.people:
        tries = "Try: /docket new WORKFLOW text · show KEY · why KEY · except KEY CODE why · help"
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


def _about(
    command: Command, me: str, book: Rulebook, workflow: Workflow, shelf: Shelf, item: Item, now: datetime
) -> Reply:
    if command.verb == "decide":
        undecided = [t for t in item.open_trouble(command.code) if may_decide(t, me, item.requester)]
        if not undecided:
            return refused(
                "nothing_to_decide", (f"Nothing on {item.key} waits for your decision.",), status(item, workflow)
            )
        return _reply(decision_card(item, undecided[0], workflow, book, now, reader=me, like=shelf.like))
    if command.verb == "show":
        card, named = item_card(item, workflow, book, now, shelf.threads), called(item, workflow)
        if me not in book.people:
            # A stranger sees where their own request stands, never anybody's rationale (the record is not theirs).
            return _reply(Message(subject=card.subject, headline=whose(item, workflow, now), lines=(named,)))
        rows = [Row(line=entry_line(entry)) for entry in shelf.entries[-20:]]
        record = (Section(heading="Record", rows=tuple(rows)),) if rows else ()
        evidence = tuple(Row(line=proof_line(proof)) for proof in item.evidence)
        proofs = (Section(heading="Evidence", rows=evidence),) if evidence else ()
        files = tuple(Row(line=file_line(file)) for file in files_of(shelf.entries))
        came = (_section("Files", files),) if files else ()
        return _reply(
            Message(
                subject=card.subject,
                headline=whose(item, workflow, now),
                lines=(named, *card.lines[1:]),  # the first is the card's own way to say whose it is
                sections=(*_way(item, workflow, shelf.entries, now), *runs_section(item), *proofs, *came, *record),
                small=(*card.small, *((("Its address: ", Link(shelf.page, shelf.page)),) if shelf.page else ())),
            )
        )
    return _reply(why(item, workflow, book, shelf, now, full=me in book.people))


def _way(item: Item, workflow: Workflow, entries: Sequence[Entry], now: datetime) -> tuple[Section, ...]:
    """Its trace, from end to end; where its record was not read, what the item itself tells of its way."""
    return trace_sections(item, workflow, trace(item, entries, now)) if entries else way_sections(item, workflow)


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
    if item.paused is not None:
        lines.append((*paused_line(item.paused, book, why=full), " Nothing of it is sent, and no due time acts."))
    lines += filter(None, (awaiting(item, workflow, book, now),))
    for trouble in item.open_trouble() if full else ():
        lines += _why_trouble(item, trouble, workflow, book, now)
    coming = sorted(timers(item, book, workflow), key=lambda timer: timer.due_at)
    if coming and full:
        what = " · ".join(filter(None, (DUE.get(coming[0].kind, coming[0].kind), coming[0].subject)))
        lines.append(("Next: ", When(coming[0].due_at), f", {what}."))
    told = tuple(Row(line=(When(t.at), "  ", *_heard(t))) for t in shelf.told[-20:]) if full else ()
    sections = (Section(heading="Who was told", rows=told),) if told else ()
    return Message(
        subject=f"Why {item.key}", headline=whose(item, workflow, now), lines=tuple(lines), sections=sections
    )


def _heard(told: Told) -> Line:
    """`Lee: the decision`; of what is not there yet, how far it is."""
    to: Line = (
        ("the thread",) if told.to == CONVERSATION else ("who asked",) if told.to == REQUESTER else (Who(told.to),)
    )
    return (*to, f": {NOTICES.get(told.kind, told.kind)}", f" ({told.state})" if told.state != "sent" else "")


def _why_trouble(item: Item, trouble: Trouble, workflow: Workflow, book: Rulebook, now: datetime) -> list[Line]:
    rule = workflow.rule(trouble.code)
    lines: list[Line] = [why_it_is_here(item, trouble, workflow)]
    if rule is not None:
        summed = answer_calendar(book, workflow, trouble.code).explain(trouble.opened_at, rule.respond_within)
        lines.append((f"{trouble.code} allows {summed}",))
    steps = steps_left(book, workflow, trouble, item.requester, now)
    if steps and trouble.next_at is not None:
        goes_up: Line = ("It goes up to ", Who(steps[0].person), " ", When(trouble.next_at), ".")
        if steps[0].discreet:
            goes_up = (
                Who(steps[0].person),
                " hears ",
                When(trouble.next_at),
                " that a private item is late, not which.",
            )
        lines.append(goes_up)
    return lines


def proof_line(proof: Evidence) -> Line:
    """A proof: its id and kind, what it is, who put it there and when; of a file its size and type, too."""
    said = f" ({proof.name})" if proof.name and proof.name != proof.value else ""
    size = f", {max(1, round(proof.size / 1000)):,} kB" if proof.size else ""
    kind = f"  {proof.media_type}{size}" if proof.media_type else ""
    return (f"{proof.id} {proof.kind}: ", Quote(proof.value), f"{said}{kind} by ", Who(proof.by), " ", When(proof.at))


def file_line(file: Attachment) -> Line:
    """A file that came along: its name, what it is, its size, and the beginning of its SHA-256."""
    size = f", {max(1, round(file.size / 1000)):,} kB" if file.size else ""
    sha256 = f" · {file.sha256[:12]}" if file.sha256 else ""
    return (Strong(file.name or "erased"), f"  {file.media_type}{size}{sha256}")


def entry_line(entry: Entry) -> Line:
    """One entry of the record as a line: when, what, who."""
    words = " ".join(f"{name} {value}" for name, value in entry.facts.items() if isinstance(value, str | int) and value)
    why: Line = (" ", Quote(str(entry.texts["because"]))) if entry.kind == "reassigned" and entry.texts else ()
    return (When(entry.at), f"  {entry.kind} ", f"{words[:120]} " if words else "", "by ", Who(entry.by), *why)


def _section(heading_: str, rows: Sequence[Row]) -> Section:
    more = len(rows) - ROWS
    rest = f"and {more} more" if more > 0 else ""
    return Section(heading=heading_, rows=tuple(rows[:ROWS]), rest=rest)


def _item_row(item: Item, workflow: Workflow) -> Row:
    return Row(line=(Strong(item.key), f"  {title(item, workflow)} · ", *status(item, workflow)))


def _by_due(item: Item) -> tuple[bool, datetime]:
    return (item.due_at is None, item.due_at or item.opened_at)
