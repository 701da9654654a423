"""The App Home of one person: what waits for them, what is theirs, what they asked for, what they answer for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from rules.board import waiting
from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item, Trouble
from rules.messages import Action, Line, Row, Section, Strong, When, Who
from rules.people import above, may_decide, may_see
from rules.quarantine import rows as held_rows
from rules.traces import Kept
from rules.wording.approvals import asked, verb
from rules.wording.cards import decision_actions, lower, next_step
from rules.wording.lines import shares, shown_lines
from rules.wording.passing import receiving
from rules.wording.standing import called, short, standing

WorkflowOf = Callable[[Item], Workflow]

#: Of what is closed a requester sees the end, for so long (M95).
CLOSED_FOR = timedelta(days=7)
CLOSED_AT_MOST = 5
#: Of a section; whoever has more works by `/docket list`.
ROWS = 300
_REST = "`/docket list` has the rest"
_ASKED = "You asked for"
_NOTHING_ASKED = "Nothing that you asked for is open."
_NOTHING_YOURS = "Nothing is yours. What a rule gives you, you claim or are handed stands here until it is closed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The lists of a Home, in order; until `until` (UTC) they stay true by time alone (None: for ever)."""

    sections: tuple[Section, ...]
    until: datetime | None = None


def home(
    reader: str,
    items: Iterable[Item],
    book: Rulebook,
    workflow_of: WorkflowOf,
    now: datetime,
    kept: Sequence[Kept] = (),
) -> Home:
    """What `reader` (a rulebook key or a stranger's identity) finds on opening the Home at `now` (UTC).

    `items` and `kept`, what is in quarantine, may hold more than concerns them; what they may not see is left out. No
    time in it ages ("in 2 h").
    """
    seen = [item for item in items if may_see(book, item, workflow_of(item), reader)]
    asked, how = asked_rows(seen, reader, workflow_of, now), how_to_ask(book)
    if reader not in book.people:
        rows = [*asked, Row(line=(how,))] if asked else []
        return Home(sections=(_section(_ASKED, rows, (f"{_NOTHING_ASKED} {how}",)),), until=_until(seen, now))
    sections = [
        _section(
            "Waiting for your decision", decision_rows(seen, reader, workflow_of, now), nothing_waits(reader, book)
        ),
        _section("Yours, by due time", own_rows(seen, reader, workflow_of, now), (_NOTHING_YOURS,)),
        _section(_ASKED, asked, (f"{_NOTHING_ASKED} {how}",)),
    ]
    if yours := answers_for(book, reader):
        empty = f"No exception waits for others here. You answer for {short(', '.join(yours), 200)}."
        rows = _overseen_rows(seen, reader, book, workflow_of, now)
        sections.append(_section("Exceptions you answer for, by deadline", rows, (empty,)))
    if held := held_rows(kept, reader, book):
        sections.append(_section("Held until you look at it", list(held), ("Nothing is held.",)))
    return Home(sections=tuple(sections), until=_until(seen, now))


def answers_for(book: Rulebook, reader: str) -> tuple[str, ...]:
    """The names of the workflows that somebody leads and of the people they manage; none: they see no such list."""
    led = [w.name for w in book.workflows.values() if w.leader == reader and not w.private]
    return (*led, *(book.named(person) for person in book.people if reader in above(book, person)))


def oversees(book: Rulebook, reader: str, workflow: Workflow, owner: str) -> bool:
    """Whether an exception of that workflow, with that owner, is one that `reader` answers for. Private ones never."""
    return not workflow.private and (workflow.leader == reader or reader in above(book, owner))


def nothing_waits(reader: str, book: Rulebook) -> Line:
    """That no decision waits, and how one would get here."""
    work = (w for w in book.workflows.values() if w.built_in is None)
    yours = [code for w in work for code, rule in w.exceptions.items() if rule.owner == reader]
    if reader not in book.people or not yours:
        return ("No decisions wait for you.",)
    return (f"No decisions wait for you. They come when a stop rule in your name fires (yours: {', '.join(yours)}).",)


def decision_rows(items: Iterable[Item], reader: str, workflow_of: WorkflowOf, now: datetime) -> list[Row]:
    """The exceptions that `reader` may decide, first due first, with the decision card's buttons."""
    waiting = [(t, item) for item in items for t in item.open_trouble() if may_decide(t, reader, item.requester)]
    waiting.sort(key=lambda pair: (pair[0].due_at, _by_due(pair[1])))
    return [_decision(trouble, item, workflow_of(item), reader, now) for trouble, item in waiting]


def own_rows(items: Iterable[Item], reader: str, workflow_of: WorkflowOf, now: datetime) -> list[Row]:
    """The open items that `reader` owns, by due time, each with what its owner does most.

    A review that waits for their verdict is nothing but that: it stands among their decisions.
    """
    own = (
        i
        for i in items
        if i.owner == reader
        and i.closed_at is None
        and i.workflow != "docket"
        and not _is_to_judge(i, reader, workflow_of)
    )
    rows = []
    for item in sorted(own, key=_by_due):
        workflow = workflow_of(item)
        line = _below_each_other([called(item, workflow), standing(item, workflow, reader, now)])
        rows.append(Row(line=line, actions=_deeds(item, workflow)))
    return rows


def _is_to_judge(item: Item, reader: str, workflow_of: WorkflowOf) -> bool:
    judges = any(may_decide(trouble, reader, item.requester) for trouble in item.open_trouble())
    return judges and workflow_of(item).built_in == "review"


def asked_rows(items: Iterable[Item], reader: str, workflow_of: WorkflowOf, now: datetime) -> list[Row]:
    """What `reader` asked for and where it stands: what waits for them first, what ended lately last."""
    asked = [item for item in items if item.requester == reader]
    live = sorted((i for i in asked if i.closed_at is None), key=lambda i: (not _waits_for(i, reader), *_by_due(i)))
    ended = [(i.closed_at, i) for i in asked if i.closed_at is not None and now - i.closed_at < CLOSED_FOR]
    lately = [item for _, item in sorted(ended, key=lambda pair: pair[0], reverse=True)[:CLOSED_AT_MOST]]
    return [
        Row(line=_below_each_other([called(i, workflow_of(i)), standing(i, workflow_of(i), reader, now)]))
        for i in (*live, *lately)
    ]


def _decision(trouble: Trouble, item: Item, workflow: Workflow, reader: str, now: datetime) -> Row:
    """What to decide and until when, on what, against which values; the buttons of the decision card."""
    rule = workflow.rule(trouble.code)
    means = asked(item, trouble, workflow) or f"{lower(rule.means) if rule else trouble.code} ({trouble.code})"
    act = verb(trouble)
    when: Line = (f"{act} by ",) if trouble.due_at > now else (Strong(f"{act} now"), ", it was due ")
    line: list[Line] = [(*when, When(trouble.due_at), f": {means}")]
    if item.workflow == "docket":
        line.append((*called(item, workflow),))
    else:
        line.append((*called(item, workflow), " · from ", Who(item.requester)))
        line += shown_lines(item, workflow, trouble.code)[:1]
    if trouble.owner != reader:
        line.append((Who(trouble.owner), " can still decide it, too."))
    return Row(line=_below_each_other(line), actions=decision_actions(item, trouble, decides=True))


def _deeds(item: Item, workflow: Workflow) -> tuple[Action, ...]:
    """What its owner does most, all in the `···` menu, which holds five."""
    if answers := receiving(item):
        menu = tuple(replace(answer, style="", more=True) for answer in answers)
        return (*menu, next_step(item, workflow), _deed("assign", "Hand over", item), _deed("show", "Show", item))
    on_it = () if item.acknowledged_at or item.state != "open" else (_deed("ack", "I'm on it", item),)
    return (
        *on_it,
        next_step(item, workflow),
        _deed("assign", "Hand over", item),
        _deed("evidence", "Add evidence", item),
        _deed("show", "Show", item),
    )


def _deed(verb: Literal["ack", "assign", "evidence", "show"], label: str, item: Item) -> Action:
    return Action(verb=verb, label=label, item=item.key, more=True)


def how_to_ask(book: Rulebook) -> str:
    """Where a request goes, in a sentence."""
    channels = dict.fromkeys(f"#{row.channel}" for w in book.workflows.values() for row in w.intake.slack)
    ways = [f"write in {' or '.join(channels)}"] if channels else []
    ways += ["type `/docket new`"] if any(w.intake.command for w in book.workflows.values()) else []
    return f"To ask for something, {', or '.join(ways)}." if ways else ""


def _overseen_rows(
    items: Iterable[Item], reader: str, book: Rulebook, workflow_of: WorkflowOf, now: datetime
) -> list[Row]:
    """By code, what is due first on top; what the reader may decide stands above with its buttons already."""
    pairs = [
        (t, item)
        for t, item in waiting(items, book, workflow_of)
        if oversees(book, reader, workflow_of(item), t.owner) and not may_decide(t, reader, item.requester)
    ]
    rows: list[Row] = []
    for code in dict.fromkeys(trouble.code for trouble, _ in pairs):
        of_code = [pair for pair in pairs if pair[0].code == code]
        rows.append(Row(line=(Strong(code), f" · {len(of_code)} open · ", *shares(t.owner for t, _ in of_code))))
        rows += [Row(line=_exception(trouble, item, workflow_of(item), now)) for trouble, item in of_code]
    return rows


def _exception(trouble: Trouble, item: Item, workflow: Workflow, now: datetime) -> Line:
    over = " · overdue since " if trouble.due_at <= now else " · until "
    since: Line = (" · open since ", When(trouble.opened_at))
    return (*called(item, workflow), " · ", Who(trouble.owner), over, When(trouble.due_at), *since)


def _section(heading: str, rows: Sequence[Row], empty: Line) -> Section:
    more = len(rows) - ROWS
    return Section(
        heading=heading,
        rows=tuple(rows[:ROWS]) or (Row(line=empty),),
        rest=f"and {more} more: {_REST}" if more > 0 else "",
    )


def _below_each_other(lines: Iterable[Line]) -> Line:
    """Several lines as one row."""
    return tuple(part for number, line in enumerate(lines) for part in (*(("\n",) if number else ()), *line))


def _waits_for(item: Item, reader: str) -> bool:
    """Whether the requester is who must act."""
    return item.state == "waiting" and item.requester == reader


def _by_due(item: Item) -> tuple[bool, datetime, int, str]:
    """What is due first; of several at once REF-9 before REF-10."""
    return (item.due_at is None, item.due_at or item.opened_at, len(item.key), item.key)


def _until(items: Iterable[Item], now: datetime) -> datetime | None:
    """The next due time of any of these: what is not overdue yet will read differently then."""
    due = [t.due_at for item in items for t in item.open_trouble()]
    due += [item.due_at for item in items if item.due_at is not None and item.closed_at is None]
    return min((at for at in due if at > now), default=None)
