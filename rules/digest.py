"""The manager's morning: what waits for them, what broke a promise or will today, and all else that they must know.

An item stands in the first list that it belongs to; what else there is about it stands there, behind "also". So the
counts of the first line are the rows below, and nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Final

from rules.board import WorkflowOf
from rules.book.rulebook import Rulebook
from rules.digest_deadlines import Deadline, deadlines
from rules.digest_facts import Figures
from rules.digest_listing import Listing, Words
from rules.digest_work import long_ago, passing, silent
from rules.items import Item, Trouble
from rules.messages import Action, Line, Message, Part, Section, Strong, When, Who
from rules.pauses import covering
from rules.timing import in_words
from rules.wording import digest as words
from rules.wording.pauses import drill_line, pause_rows
from rules.wording.unasked import glass, overdue_lines, unproven

YOURS, BROKEN, TODAY, LANE, DECIDED = "Waits for you", "Broken", "Today", "Exceptions", "Decided"
QUIET, HANDOFFS, REVIEWS, UNPROVEN = "Quiet", "Handoffs", "Reviews overdue", "Closed without proof"
GLASS, MENDING, PAUSED, OURS = "Glass broken", "Remediation", "Paused and held", "Ours"
#: The lists in their order, and which command shows all of each.
ORDER: Final = {
    YOURS: "/docket mine",
    BROKEN: "/docket list",
    TODAY: "/docket list",
    LANE: "/docket exceptions",
    DECIDED: "docketbot ledger export",
    QUIET: "/docket list",
    HANDOFFS: "/docket report handoffs",
    REVIEWS: "/docket report overdue-reviews",
    UNPROVEN: "/docket report closed-without-evidence",
    GLASS: "docketbot ledger export",
    MENDING: "/docket report remediation",
    PAUSED: "/docket quarantine",
    OURS: "/docket exceptions docket",
}


def digest(
    name: str,
    reader: str,
    day: date,
    figures: Figures,
    book: Rulebook,
    workflow_of: WorkflowOf,
    week: Sequence[Section] = (),
) -> Message:
    """The digest `name` of `reader` for the local day `day`; the counts of its first line equal the rows below it.

    `week`: what a digest of whole weeks tells besides, right behind what is urgent.
    """
    shown = _Shown(reader, figures, book, workflow_of)
    person = book.named(reader).split(" ")[0]
    written = f"{day:%A %b} {day.day}"
    sections = [section for section in shown.sections() if section.rows]
    urgent = sum(section.heading in (YOURS, BROKEN, TODAY) for section in sections)
    sections[urgent:urgent] = [section for section in week if section.rows]
    counts = shown.counts() if sections else "nothing waits for you"
    return Message(
        subject=f"{book.organization}, {written}: {counts}",
        headline=(Strong(f"{book.organization}, {written}"), f" · {person}'s digest"),
        lines=((counts,) if sections else shown.nothing(),),
        sections=tuple(sections),
        small=tuple(line for line in (shown.foot(counts=bool(sections)),) if line),
        bulk=True,
    )


class _Shown:
    """The lists of one digest, made in their order: what is put first keeps the item."""

    def __init__(self, reader: str, figures: Figures, book: Rulebook, workflow_of: WorkflowOf) -> None:
        self.reader, self.figures, self.book, self.workflow_of = reader, figures, book, workflow_of
        self.now = figures.until
        known = book.people.get(reader)
        self.linked = known is not None and bool(known.slack)
        self.work = [item for item in figures.open_items if self._ordinary(item)]
        self.changed = [item for item in figures.changed if self._ordinary(item)]
        ours = [item for item in figures.open_items if item.workflow == "docket"]
        self.due = deadlines(self.work, ours, reader, book, workflow_of, self.now, figures.pauses)
        self.lists = Listing()
        self._urgent()
        self._lane()
        self._decided()
        self._work()
        self._unasked()
        for item in self.work:
            if workflow_of(item).built_in == "remediation":
                self._put(MENDING, item, partial(words.mending, item))
        for row in pause_rows(figures.pauses, figures.waits):
            self.lists.apart(PAUSED, "", partial(_line, row.line))
        if figures.held:
            self.lists.apart(PAUSED, "", partial(words.held, figures.held, book))
        for item in ours:
            self._put(OURS, item, partial(words.ours, item), brief=True)

    def _ordinary(self, item: Item) -> bool:
        return item.workflow != "docket" and not self.workflow_of(item).private

    def _within(self, at: datetime) -> bool:
        return self.figures.since <= at < self.figures.until

    def _name(self, item: Item) -> Line:
        return words.named(item, self.workflow_of(item), linked=self.linked)

    def _put(
        self, heading: str, item: Item, told: Words, *, brief: bool = False, owned: bool = False, also: str = ""
    ) -> None:
        """What is `told` of an item: behind its name (`brief`: its key), or in the row that it has, behind `also`.

        `owned`: its own row says who has it, too.
        """

        def whole() -> Line:
            name = self._name(item)
            owner: Line = (" · ", Who(item.owner), " has it") if owned else ()
            return (name[0], "  ", *told()) if brief else (*name, " · ", *told(), *owner)

        self.lists.put(heading, item.key, whole, (lambda: (also, *told())) if also else told)

    def _urgent(self) -> None:
        for trouble, item in self.due.yours:
            self.lists.apart(YOURS, item.key, partial(self._decision, item, trouble), _buttons(item, trouble))
        for heading, due in ((BROKEN, self.due.broken), (TODAY, self.due.today)):
            for deadline in due:
                self._put(heading, deadline.item, partial(self._deadline, deadline, broken=heading == BROKEN))

    def _decision(self, item: Item, trouble: Trouble) -> Line:
        page, flow = self.figures.page_of(item, trouble), self.workflow_of(item)
        return words.to_decide(item, trouble, flow, self.now, self._name(item), page)

    def _deadline(self, deadline: Deadline, *, broken: bool) -> Line:
        item, trouble, flow = deadline.item, deadline.trouble, self.workflow_of(deadline.item)
        if trouble is not None:
            return words.broken_answer(trouble, flow) if broken else words.waiting(trouble, self.now)
        said = words.broken_stage if broken else words.due_stage
        return said(item, deadline.due_at, flow)

    def _lane(self) -> None:
        if not self.due.codes:
            return
        below = sum(not self.lists.has(item.key) for _, item in self.due.lane) + len(self.due.reviews)
        above = len(self.due.codes) - below
        self.lists.apart(LANE, "", partial(words.lane, self.due.codes, above, self.now))
        for trouble, item in self.due.lane:
            self._put(LANE, item, partial(words.waiting, trouble, self.now))

    def _decided(self) -> None:
        found = [(t.decision.at if t.decision else t.ended_at, t, i) for i in self.changed for t in i.exceptions]
        told = [(at, t, i) for at, t, i in found if at and self._within(at) and (t.decision or t.changes)]
        for _, trouble, item in sorted(told, key=lambda each: each[0]):
            self._put(DECIDED, item, partial(words.decided, trouble), brief=True)

    def _work(self) -> None:
        """What does not get on; of what is paused that is no wonder."""
        since = self.figures.since
        before = long_ago(since, self.now)
        going = [item for item in self.work if covering(self.figures.pauses, item.workflow) is None]
        near = {deadline.item.key for deadline in (*self.due.broken, *self.due.today)}
        for item, last in silent(going, before):
            if item.key not in near and self.workflow_of(item).built_in is None:
                self._put(QUIET, item, partial(words.quiet, item, last), owned=True)
        for item in going:
            if (found := passing(item, self.workflow_of(item), since, before)) is not None:
                self._put(HANDOFFS, item, partial(words.passing, found), owned=True)

    def _unasked(self) -> None:
        for line in overdue_lines(self.due.reviews, self.now):
            self.lists.apart(REVIEWS, "", partial(_line, line))
        for item, line in unproven(self.changed, self._within):
            self._put(UNPROVEN, item, partial(_line, line), brief=True, also="closed ")
        for item, line in glass(self.changed, self._within):
            self._put(GLASS, item, partial(_line, line), brief=True, also="glass broken: ")

    def sections(self) -> list[Section]:
        return [self.lists.section(heading, where) for heading, where in ORDER.items()]

    def counts(self) -> str:
        """The three things that matter, each as many as there are rows below."""
        yours, broken, today = (self.lists.count(heading) for heading in (YOURS, BROKEN, TODAY))
        parts = ["No decision waits for you"]
        if yours:
            age = in_words((self.now - min(t.opened_at for t, _ in self.due.yours)).total_seconds())
            waits = "1 decision waits" if yours == 1 else f"{yours} decisions wait"
            parts = [f"{waits} for you (oldest {age})"]
        if broken:
            parts.append("1 promise broken" if broken == 1 else f"{broken} promises broken")
        if today:
            parts.append(f"{today} will break today")
        if not (yours or broken or today):
            parts.append("no promise broken, none due today")
        return "  ·  ".join(parts)

    def nothing(self) -> Line:
        """All there is to say of a day without news."""
        _, closed = self._flow()
        return (f"Nothing waits for you. {_items(self.work)} open, nothing overdue, {closed} closed since ",
                When(self.figures.since), ".")  # fmt: skip

    def foot(self, *, counts: bool) -> Line:
        """How much there is, how punctual the bot was, the seal, and when the off switch was tried."""
        opened, closed = self._flow()
        parts: list[Line] = []
        if counts:
            so_far = f"{_items(self.work)} open, {opened} opened and {closed} closed since "
            parts.append((so_far, When(self.figures.since)))
        if said := self.figures.punctuality.in_words():
            parts.append((said,))
        if self.figures.seal:
            parts.append((f"seal {self.figures.seal}",))
        if self.figures.drill:
            parts.append(drill_line(self.figures.drill))
        foot: list[Part] = [part for n, line in enumerate(parts) for part in (" · " if n else "", *line) if part]
        return tuple(foot)

    def _flow(self) -> tuple[int, int]:
        opened = sum(self._within(item.opened_at) for item in self.changed)
        return opened, sum(bool(item.closed_at and self._within(item.closed_at)) for item in self.changed)


def _line(line: Line) -> Line:
    return line


def _buttons(item: Item, trouble: Trouble) -> tuple[Action, ...]:
    key, code = item.key, trouble.code
    return (
        Action(verb="approve", label="Approve", item=key, code=code, style="primary"),
        Action(verb="reject", label="Reject", item=key, code=code, style="danger"),
    )


def _items(some: Sequence[Item]) -> str:
    return "1 item" if len(some) == 1 else f"{len(some)} items"
