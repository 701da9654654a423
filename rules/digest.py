"""The manager's morning: what waits, what is overdue, what was decided and why, and what the bot itself failed at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.book.rulebook import Rulebook
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Quote, Row, Section, Strong, When, Who
from rules.people import may_decide, zone_of
from rules.reading import ROWS, WorkflowOf
from rules.timing import in_words
from rules.wording.lines import title


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a digest is made of, private work left out: the open items, those that changed in the time covered, counts.

    `since` and `until` bound that time, half-open, in UTC.
    """

    since: datetime
    until: datetime
    open_items: Sequence[Item]
    changed: Sequence[Item]
    held: int = 0  # in quarantine, now


def digest(name: str, reader: str, day: date, figures: Figures, book: Rulebook, workflow_of: WorkflowOf) -> Message:
    """The digest `name` of `reader` for the local day `day`; the counts of its first line equal the rows below it."""
    shown = _Shown(reader, figures, book, workflow_of)
    person = book.named(reader).split(" ")[0]
    written = f"{day:%A %b} {day.day}"
    headline: Line = (Strong(f"{book.organization}, {written}"), f" · {person}'s digest")
    sections = tuple(section for section in shown.sections() if section.rows)
    counts = shown.counts()
    return Message(
        subject=f"{book.organization}, {written}: {counts}",
        headline=headline,
        lines=((counts,),),
        sections=sections,
        small=(shown.foot(),),
        bulk=True,
    )


class _Shown:
    """The parts of one digest, each computed once, so that the counts and the rows can't disagree."""

    def __init__(self, reader: str, figures: Figures, book: Rulebook, workflow_of: WorkflowOf) -> None:
        self.reader, self.figures, self.book, self.workflow_of = reader, figures, book, workflow_of
        self.now = figures.until
        self.work = [i for i in figures.open_items if i.workflow != "docket" and not workflow_of(i).private]
        self.ours = [i for i in figures.open_items if i.workflow == "docket"]
        pairs = [(i, t) for i in self.work for t in i.open_trouble()]
        pairs.sort(key=lambda pair: pair[1].due_at)
        self.mine = [(i, t) for i, t in pairs if may_decide(t, reader, i.requester)]
        self.others = [(i, t) for i, t in pairs if (i, t) not in self.mine]
        self.late = [i for i in self.work if self._is_late(i)]
        self.today = [i for i in self.work if self._due_today(i)]
        self.quiet = [i for i in self.work if self._is_quiet(i)]
        self.decided = self._decided()
        self.opened = [i for i in figures.changed if self._within(i.opened_at) and self._ordinary(i)]
        self.closed = [i for i in figures.changed if i.closed_at and self._within(i.closed_at) and self._ordinary(i)]

    def _ordinary(self, item: Item) -> bool:
        return item.workflow != "docket" and not self.workflow_of(item).private

    def _within(self, at: datetime) -> bool:
        return self.figures.since <= at < self.figures.until

    def _runs(self, item: Item) -> bool:
        return item.due_at is not None and item.clock_stopped_at is None

    def _is_late(self, item: Item) -> bool:
        return self._runs(item) and item.due_at is not None and item.due_at < self.now

    def _due_today(self, item: Item) -> bool:
        if not self._runs(item) or item.due_at is None or item.due_at < self.now:
            return False
        zone = ZoneInfo(zone_of(self.book, self.reader))
        return item.due_at.astimezone(zone).date() == self.now.astimezone(zone).date()

    def _is_quiet(self, item: Item) -> bool:
        """Silent for over a day, and in none of the lists above."""
        silent = self.now - (item.touched_at or item.opened_at) > timedelta(days=1)
        return silent and not item.open_trouble() and item not in self.late and item not in self.today

    def _decided(self) -> list[tuple[Item, Trouble]]:
        found = [
            (i, t)
            for i in self.figures.changed
            for t in i.exceptions
            if t.decision is not None and self._within(t.decision.at) and self._ordinary(i)
        ]
        return sorted(found, key=lambda pair: pair[1].decision.at if pair[1].decision else self.now)

    def counts(self) -> str:
        if not (
            self.mine
            or self.others
            or self.late
            or self.today
            or self.decided
            or self.quiet
            or self.ours
            or self.figures.held
            or self.opened
        ):
            return f"Nothing waits for you. {_items(self.work)} open, nothing overdue, {len(self.closed)} closed."
        parts = [_oldest(self.mine, self.now)]
        parts += [f"{len(rows)} {words}" for rows, words in ((self.late, "overdue"), (self.today, "due today")) if rows]
        return "  ·  ".join(parts)

    def sections(self) -> list[Section]:
        return [
            _cut("Waits for you", [self._trouble_row(i, t, decide=True) for i, t in self.mine], "/docket mine"),
            _cut("Overdue", [self._late_row(i) for i in self.late], "/docket list"),
            _cut("Due today", [self._late_row(i) for i in self.today], "/docket list"),
            _cut("Waits for others", [self._trouble_row(i, t) for i, t in self.others], "/docket exceptions"),
            _cut("Decided", [self._decided_row(i, t) for i, t in self.decided], "docketbot ledger export"),
            _cut("Opened", [self._opened_row(i) for i in self.opened], "/docket list"),
            _cut("Quiet", [self._quiet_row(i) for i in self.quiet], "/docket list"),
            _cut("Ours", [*self._held_rows(), *(self._ours_row(i) for i in self.ours)], "/docket exceptions"),
        ]

    def foot(self) -> Line:
        by_code = Counter(t.code for _, t in (*self.mine, *self.others))
        codes = ", ".join(f"{code} {count}" for code, count in by_code.most_common())
        open_now = f"{_items(self.work)} open, {len(self.opened)} opened and {len(self.closed)} closed since "
        return (open_now, When(self.figures.since), f" · open exceptions: {codes}" if codes else "")

    def _trouble_row(self, item: Item, trouble: Trouble, *, decide: bool = False) -> Row:
        age = in_words((self.now - trouble.opened_at).total_seconds())
        over = " · overdue" if trouble.due_at < self.now else ""
        line: Line = (
            Strong(item.key), f"  {title(item, self.workflow_of(item))} · {trouble.code} · ", Who(trouble.owner),
            f" · open {age} · by ", When(trouble.due_at), over,
        )  # fmt: skip
        if not decide:
            return Row(line=line)
        key, code = item.key, trouble.code
        approve = Action(verb="approve", label="Approve", item=key, code=code, style="primary")
        return Row(
            line=line, actions=(approve, Action(verb="reject", label="Reject", item=key, code=code, style="danger"))
        )

    def _late_row(self, item: Item) -> Row:
        assert item.due_at is not None, "only what is due is in this list"
        workflow = self.workflow_of(item)
        line: Line = (
            Strong(item.key),
            f"  {title(item, workflow)} · {item.stage} · ",
            Who(item.owner),
            " · due ",
            When(item.due_at),
        )
        return Row(line=line)

    def _decided_row(self, item: Item, trouble: Trouble) -> Row:
        decision = trouble.decision
        assert decision is not None, "only decided exceptions are in this list"
        verb = "approved" if decision.verdict == "approve" else "rejected"
        void = " · void, the values changed" if trouble.state == "void" else ""
        line: Line = (
            Strong(item.key), f"  {trouble.code} {verb} by ", Who(decision.by), f", {decision.reason_code}: ",
            Quote(decision.rationale), void,
        )  # fmt: skip
        return Row(line=line)

    def _opened_row(self, item: Item) -> Row:
        workflow = self.workflow_of(item)
        return Row(
            line=(Strong(item.key), f"  {title(item, workflow)} · ", Who(item.owner), " · ", When(item.opened_at))
        )

    def _quiet_row(self, item: Item) -> Row:
        since = item.touched_at or item.opened_at
        return Row(
            line=(
                Strong(item.key),
                f"  {title(item, self.workflow_of(item))} · ",
                Who(item.owner),
                " · since ",
                When(since),
            )
        )

    def _held_rows(self) -> list[Row]:
        held = self.figures.held
        if not held:
            return []
        said = "1 mail is held" if held == 1 else f"{held} mails are held"
        return [Row(line=(Strong(said), " · ", Who(self.book.operator), " looks at them: /docket quarantine"))]

    def _ours_row(self, item: Item) -> Row:
        count = max((t.count for t in item.exceptions), default=1)
        times = f" ({count} times)" if count > 1 else ""
        return Row(
            line=(Strong(item.key), f"  {item.fields.get('what', item.title)}{times} · ", Who(item.owner), " has it")
        )


def _items(some: Sequence[Item]) -> str:
    return "1 item" if len(some) == 1 else f"{len(some)} items"


def _oldest(mine: Sequence[tuple[Item, Trouble]], now: datetime) -> str:
    if not mine:
        return "No decision waits for you"
    age = in_words((now - min(t.opened_at for _, t in mine)).total_seconds())
    waits = "1 decision waits" if len(mine) == 1 else f"{len(mine)} decisions wait"
    return f"{waits} for you (oldest {age})"


def _cut(heading: str, rows: list[Row], where: str) -> Section:
    more = len(rows) - ROWS
    return Section(heading=heading, rows=tuple(rows[:ROWS]), rest=f"and {more} more: {where}" if more > 0 else "")
