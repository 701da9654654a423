"""The words of the web page's sheets: the lane, what is somebody's, lists of items, one item whole, reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rules.board import Waiting, WorkflowOf
from rules.book.rulebook import Rulebook, Workflow
from rules.charts import Picture
from rules.entries import Entry
from rules.home import asked_rows, decision_rows, how_to_ask, nothing_waits, own_rows
from rules.items import Item, Trouble
from rules.looking import Address, Plot, Sheet, Table, leading, on_the_page
from rules.messages import Line, Link, Message, Quote, Row, Section, Strong, When, Who
from rules.reading import entry_line
from rules.reports import QUESTIONS, Cell, Kind, Report
from rules.wording.approvals import coded, counted
from rules.wording.board import NOTHING
from rules.wording.lines import heading, keys_line
from rules.wording.reports import KEYS, figure
from rules.wording.standing import called, standing

#: Of an item's record so many entries are shown, the last ones.
RECORD_ROWS: Final = 200
_TOO_LITTLE: Final = "Too little has happened yet to draw anything."


def lane(
    found: Sequence[Waiting],
    first: int,
    rows: int,
    workflow_of: WorkflowOf,
    now: datetime,
    address: Address,
    *,
    whole: bool,
) -> Sheet:
    """What waits for a decision, in the lane's order: so many `rows` from number `first` (from 0) on.

    `whole`: nothing that is due later was left out.
    """
    later = "" if whole else "; what is due later than these is not on this page"
    shown = tuple(_waiting(t, item, workflow_of(item), now, address) for t, item in found[first : first + rows])
    return Sheet(
        title=("Waiting for a decision",),
        lines=((f"{counted(t for t, _ in found)}, by deadline{later}",) if found else (NOTHING,),),
        parts=(
            Table(
                heading="Exceptions and approvals",
                columns=("Item", "What", "With", "Since", "Until", "Each hour costs"),
                rows=shown,
            ),
        )
        if found
        else (),
    )


def _waiting(trouble: Trouble, item: Item, workflow: Workflow, now: datetime, address: Address) -> tuple[Line, ...]:
    late = trouble.due_at <= now
    cost = workflow.cost_of_delay
    return (
        _named(item, workflow, address),
        (coded(trouble),),
        (Who(trouble.owner),),
        (When(trouble.opened_at),),
        (Strong("overdue since "), When(trouble.due_at)) if late else (When(trouble.due_at),),
        (f"{cost[0]} {cost[1]} a {cost[2]}",) if cost else (),
    )


def mine(
    me: str, items: Sequence[Item], book: Rulebook, workflow_of: WorkflowOf, now: datetime, address: Address, most: int
) -> Sheet:
    """What waits for somebody's decision, what they have and asked for, of items that they may see; so many of each."""
    lists = (
        ("Waiting for your decision", decision_rows(items, me, workflow_of, now), nothing_waits(me, book)),
        ("Yours, by due time", own_rows(items, me, workflow_of, now), ("Nothing is yours.",)),
        ("You asked for", asked_rows(items, me, workflow_of, now), (f"Nothing is open. {how_to_ask(book)}",)),
    )
    sections = (
        Section(
            heading=f"{name} ({len(rows)})" if 0 < len(rows) < most else name,
            rows=tuple(rows[:most]) or (Row(line=empty),),
            rest=f"The first {most}. Items has the others, by owner." if len(rows) >= most else "",
        )
        for name, rows, empty in lists
    )
    return Sheet(
        title=("Yours",),
        parts=tuple(on_the_page(section, address) for section in sections),
        small=(("Nothing is decided here: that is done in Slack, by mail, or on the decision's own page.",),),
    )


def listed(items: Sequence[Item], workflow_of: WorkflowOf, now: datetime, address: Address, *, more: bool) -> Table:
    """Items in the order in which they come."""
    rows = tuple(_listed(item, workflow_of(item), now, address) for item in items)
    count = f"{len(rows)} item{'' if len(rows) == 1 else 's'}"
    return Table(
        heading=f"{count} here, more on the next page" if more else count,
        columns=("Item", "Workflow", "Where it stands", "Opened"),
        rows=rows,
        empty=("Nothing here is like that.",),
    )


def _listed(item: Item, workflow: Workflow, now: datetime, address: Address) -> tuple[Line, ...]:
    owner: Line = (" · ", Who(item.owner), " had it") if item.closed_at is not None else ()
    stands = (*standing(item, workflow, "", now), *owner)
    return (_named(item, workflow, address), (workflow.name,), stands, (When(item.opened_at, "day"),))


def whole(
    item: Item,
    workflow: Workflow,
    shown: Message,
    explained: Message,
    entries: Sequence[Entry],
    now: datetime,
    address: Address,
) -> Sheet:
    """One item end to end: `shown` and `explained` are the answers to `show` and `why`, `entries` its record."""
    sections = [section for section in shown.sections if section.heading != "Record"]
    why = Section(heading="Why it is due then", rows=tuple(Row(line=line) for line in explained.lines))
    more = len(entries) - RECORD_ROWS
    record = Section(
        heading="Record",
        rows=tuple(Row(line=entry_line(entry)) for entry in entries[-RECORD_ROWS:]),
        rest=f"{more} entries before these: `docketbot show {item.key} --json` has them" if more > 0 else "",
    )
    found = (*_decisions(item), *sections, *((why,) if why.rows else ()), *explained.sections, record)
    thread = item.source.permalink
    return Sheet(
        title=heading(item, workflow),
        lines=tuple(leading(line, address) for line in (standing(item, workflow, "", now), *shown.lines[1:])),
        parts=tuple(on_the_page(part, address) if isinstance(part, Section) else part for part in found),
        small=(*shown.small, *(((Link(thread, "Its thread in Slack"),),) if thread else ())),
    )


def _decisions(item: Item) -> tuple[Table, ...]:
    """Each exception and approval with what became of it, oldest first."""
    if not item.exceptions:
        return ()
    rows = tuple(_decision(trouble) for trouble in item.exceptions)
    return (Table(heading="Decisions", columns=("What", "Since", "Until", "With", "Decided", "Because"), rows=rows),)


def _decision(trouble: Trouble) -> tuple[Line, ...]:
    decision = trouble.decision
    if decision is None:
        ended: Line = (f"{trouble.state} ", When(trouble.ended_at)) if trouble.ended_at else (trouble.state,)
        return (*_waited(trouble), ended, ())
    words = "approved" if decision.verdict == "approve" else "rejected"
    void: Line = (", void: it was not theirs",) if trouble.disavowed else ()
    said: Line = (Who(decision.by), f" {words} ", When(decision.at), *void)
    return (*_waited(trouble), said, (f"{decision.reason_code}: ", Quote(decision.rationale)))


def _waited(trouble: Trouble) -> tuple[Line, ...]:
    return ((coded(trouble),), (When(trouble.opened_at),), (When(trouble.due_at),), (Who(trouble.owner),))


def trends(found: Sequence[Picture]) -> Sheet:
    """The pictures of everybody's work as of the last minutes."""
    return Sheet(
        title=("Trends",),
        lines=(
            ("Everybody's work of the last weeks, as it stood at most five minutes ago." if found else _TOO_LITTLE,),
        ),
        parts=tuple(Plot(name=each.name, title=each.title, alt=each.alt) for each in found),
        small=(("Private work is in no picture.",),),
    )


def offered(book: Rulebook, base: str) -> Sheet:
    """The reports that there are, and the workflows that have a page, below the address `base`."""
    reports = tuple(
        Row(line=(Link(f"{base}reports/{name}", name), f"  {(question.__doc__ or '').strip()}"))
        for name, question in QUESTIONS.items()
    )
    flows = tuple(
        Row(line=(Link(f"{base}workflows/{flow.name}", flow.name), f"  {flow.promise}"))
        for flow in book.workflows.values()
        if not flow.built_in and not flow.private
    )
    workflows = (Section(heading="Workflows, each on a page", rows=flows),) if flows else ()
    return Sheet(title=("Reports",), parts=(Section(heading="Questions to the record", rows=reports), *workflows))


def on_one_page(said: Message) -> Sheet:
    """A workflow as the answer to `report model` words it."""
    return Sheet(title=said.headline, lines=said.lines, parts=said.sections, small=said.small)


def reported(report: Report, since: datetime, first: int, rows: int, address: Address) -> Sheet:
    """A report's rows from number `first` (from 0) on; `since` (UTC) is the beginning of the time that it covers."""
    kinds = [kind for _, kind in report.columns]
    shown = tuple(
        tuple(_cell(kind, cell, address) for kind, cell in zip(kinds, row, strict=True))
        for row in report.rows[first : first + rows]
    )
    names = [name.replace("_", " ") for name, _ in report.columns]
    count = f"{len(report.rows)} row{'' if len(report.rows) == 1 else 's'}"
    return Sheet(
        title=(report.name,),
        lines=(
            (report.asks,),
            *(((report.tells,),) if report.tells else ()),
            ("Since ", When(since, "day"), f" · {count} · read anew every five minutes"),
        ),
        parts=(
            Table(
                heading=f"Report {report.name}",
                columns=tuple(name[:1].upper() + name[1:] for name in names),
                rows=shown,
                empty=(report.empty,),
                numbers=frozenset(
                    name[:1].upper() + name[1:]
                    for name, kind in zip(names, kinds, strict=True)
                    if kind in ("hours", "share", "points", "change", "number")
                ),
            ),
        ),
        small=(("Private work is in no report.",),),
    )


def _cell(kind: Kind, cell: Cell, address: Address) -> Line:
    match kind, cell:
        case _, None | "":
            return ()
        case "key", str():
            return (Link(address(cell), cell),)
        case "time", datetime():
            return (When(cell),)
        case "person", str():
            return (Who(cell),)
        case "keys", tuple():
            more = (f" and {len(cell) - KEYS} more",) if len(cell) > KEYS else ()
            return (*keys_line(cell[:KEYS], {key: address(key) for key in cell[:KEYS]}), *more)
        case _:
            return (figure(kind, cell),)


def _named(item: Item, workflow: Workflow, address: Address) -> Line:
    """`REF-12 · Refund for ORD-48213`, the key leading to its page."""
    _, *rest = called(item, workflow)
    return (Link(address(item.key), item.key), *rest)
