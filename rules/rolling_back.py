"""Rolling back: what a bad rulebook version or a bad sender did to an item, and undoing it by new entries, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET, Draft
from rules.entries import Entry
from rules.intake import missing
from rules.items import Item
from rules.notices import CONVERSATION, REQUESTER, Card, Closed, Handed, Undone
from rules.own_events import RolledBack
from rules.people import is_present
from rules.ruling import Ruling, World
from rules.stages import finish
from rules.stops import cards, judge, keep_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One thing that was done to an item, at `at` (UTC): `about` names the field, exception or person.

    `before`: what stood there (of a field None: nothing; of a seat the backup follows in `beside`). `left`: why it is
    not undone but a person's to look at, in words; "": it can be undone.
    """

    kind: Literal["opened", "field", "exception", "owner", "decision", "closed"]
    at: datetime
    about: str = ""
    before: str | None = None
    beside: str = ""
    left: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """What is looked for: what happened since `since` (UTC) under a rulebook version, or by a sender's doing."""

    since: datetime
    rulebook: str = ""
    sender: str = ""

    def rests_on(self, entries: Sequence[Entry]) -> list[bool]:
        """For each entry of an item whether it is such: a rule's own, or the sender's and what followed at once.

        What a person did themselves under a bad version is not the version's doing.
        """
        moments = {e.at for e in entries if self.sender and e.by == self.sender and e.at >= self.since}
        return [e.at >= self.since and self._is_such(e, moments) for e in entries]

    def _is_such(self, entry: Entry, moments: set[datetime]) -> bool:
        if self.sender:
            return entry.by == self.sender or (entry.by == DOCKET and entry.at in moments)
        if not self.rulebook or not entry.rulebook.startswith(self.rulebook):
            return False
        read = entry.kind == "filled" and entry.facts.get("how") != "set"
        return entry.by == DOCKET or entry.kind in ("opened", "conflicted") or read


def traces(item: Item, entries: Sequence[Entry], blame: Blame, workflow: Workflow, book: Rulebook) -> list[Trace]:
    """What stands on an item that is to be undone, or that a person must look at, oldest first."""
    bad = blame.rests_on(entries)
    told = [(entry, such) for entry, such in zip(entries, bad, strict=True)]
    found = [*_decisions(item, blame), *_ends(told, item)]
    opened = next((entry for entry, such in told if entry.kind == "opened" and such), None)
    if opened is not None:
        return sorted([_opening(item, opened), *found], key=lambda trace: trace.at)
    found += [*_fields(item, told), *_exceptions(item, told), *_seats(item, told, book)]
    return sorted(found, key=lambda trace: trace.at)


def roll_back(event: RolledBack, world: World, item: Item) -> Ruling:
    """Undo what can be undone. Again it finds nothing: what it looks for no longer stands."""
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    blame = Blame(since=event.since, rulebook=event.rulebook, sender=event.sender)
    found = traces(item, world.record(item.key), blame, workflow, world.book)
    undo = [trace for trace in found if not trace.left]
    if not undo:
        return Ruling(ignored="nothing of it stands any more", touched=item.key)
    draft = Draft(world, event, workflow, item.key, item)
    why = {"because": event.because}
    what = [f"{trace.kind} {trace.about}".rstrip() for trace in undo]
    draft.record("rolled_back", {"what": what, "rulebook": event.rulebook}, {**why, "sender": event.sender})
    draft.tell(*(Undone(item=item.key, to=to) for to in dict.fromkeys((item.owner, *_deciders(item, undo)))))
    if undo[0].kind == "opened":
        finish(draft, "withdrawn")
    else:
        _undo(draft, undo, event)
    ruling = draft.ruling()
    if event.sender == item.requester:  # whoever abused it hears nothing of us
        ruling = replace(ruling, notices=tuple(n for n in ruling.notices if not _to_requester(n.to, n)))
    return ruling


def _to_requester(to: str, notice: object) -> bool:
    return to == REQUESTER and isinstance(notice, Closed)


def _deciders(item: Item, undo: Sequence[Trace]) -> list[str]:
    codes = {trace.about for trace in undo if trace.kind == "exception"}
    return [t.owner for t in item.open_trouble() if t.code in codes]


def _undo(draft: Draft, undo: Sequence[Trace], event: RolledBack) -> None:
    for trace in undo:
        if trace.kind == "exception":
            trouble = draft.item.open_trouble(trace.about)[0]
            draft.record("voided", {"code": trace.about, "because": "rolled back"})
            draft.tell(*cards(draft, trouble))
        elif trace.kind == "owner" and trace.before is not None:
            seats = {"code": "", "owner": trace.before, "backup": trace.beside}
            draft.record("reassigned", seats, {"because": "rolled back"})
            draft.tell(Handed(item=draft.key, to=trace.before))
    if fields := {trace.about: trace.before for trace in undo if trace.kind == "field"}:
        known = {name for name, value in {**draft.item.fields, **fields}.items() if value is not None}
        left = missing(draft.workflow, dict.fromkeys(known, "")) if draft.item.demanded else ()
        draft.record("restored", {"names": list(fields), "missing": list(left)}, {"fields": fields})
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    if event.sender:
        judge(draft)
    else:
        keep_clock(draft)  # the item's own rules are the bad ones: asked anew they would do the same again


def _opening(item: Item, opened: Entry) -> Trace:
    left = ""
    if item.closed_at is not None:
        left = f"it is closed already ({item.outcome})"
    elif decided := [t for t in item.exceptions if t.decision is not None]:
        left = f"{decided[-1].code} was decided on it"
    return Trace(kind="opened", at=opened.at, left=left)


def _decisions(item: Item, blame: Blame) -> list[Trace]:
    """A person's decision is never undone; whoever made it, or the operator, looks at it."""
    found = []
    for trouble in item.exceptions:
        decision = trouble.decision
        if decision is None or trouble.state == "void" or decision.at < blame.since:
            continue
        theirs = bool(blame.sender) and decision.by == blame.sender
        if theirs or trouble.opened_at >= blame.since:
            left = "decided by the sender" if theirs else "a person decided it"
            found.append(Trace(kind="decision", at=decision.at, about=trouble.code, left=left))
    return found


def _ends(told: Sequence[tuple[Entry, bool]], item: Item) -> list[Trace]:
    ended = [entry for entry, such in told if such and entry.kind == "closed" and entry.by != DOCKET]
    still = ended[-1:] if item.closed_at is not None and ended and ended[-1].at == item.closed_at else []
    return [Trace(kind="closed", at=entry.at, left="closed by the sender: `reopen` is a person's") for entry in still]


def _fields(item: Item, told: Sequence[tuple[Entry, bool]]) -> list[Trace]:
    """Fields that were set last by such an entry; `before` is what stood there before the first of these."""
    history: dict[str, list[tuple[bool, str | None, datetime]]] = {}
    for entry, such in told:
        for name, value in _sets(entry).items():
            history.setdefault(name, []).append((such, value, entry.at))
    found = []
    for name, steps in history.items():
        if not steps[-1][0]:
            continue
        good = [value for such, value, _ in steps if not such]
        first = next(at for n, (such, _, at) in enumerate(steps) if such and all(s for s, _, _ in steps[n:]))
        before = good[-1] if good else None
        if item.fields.get(name) == before:
            continue
        rests = [t for t in item.exceptions if t.decision is not None and t.state != "void" and name in t.values]
        left = f"{rests[-1].code} was decided on it" if rests else ""
        if item.closed_at is not None:
            left = f"it is closed ({item.outcome})"
        found.append(Trace(kind="field", at=first, about=name, before=before, left=left))
    return found


def _sets(entry: Entry) -> dict[str, str | None]:
    """The fields that an entry sets; None: to nothing, because they contradict each other."""
    if entry.kind in ("opened", "filled", "restored"):
        return dict(entry.texts.get("fields") or {})
    if entry.kind == "conflicted":
        return dict.fromkeys(entry.texts.get("conflicts") or {})
    return {}


def _exceptions(item: Item, told: Sequence[tuple[Entry, bool]]) -> list[Trace]:
    raised = {(entry.facts["code"], entry.at) for entry, such in told if such and entry.kind == "raised"}
    return [
        Trace(kind="exception", at=t.opened_at, about=t.code)
        for t in item.open_trouble()
        if (t.code, t.opened_at) in raised
    ]


def _seats(item: Item, told: Sequence[tuple[Entry, bool]], book: Rulebook) -> list[Trace]:
    """Who had it before, where such an entry gave it to somebody else last."""
    if item.closed_at is not None:
        return []
    given = [(e, such) for e, such in told if e.kind in ("owned", "reassigned") and not e.facts.get("code")]
    if not given or not given[-1][1]:
        return []
    good = next((entry for entry, such in reversed(given) if not such), None)
    if good is None or good.facts["owner"] == item.owner:
        return []
    owner = good.facts["owner"]
    there = owner in book.people and is_present(book, owner, given[-1][0].at)
    left = "" if there else f"{book.named(owner)} had it and is not there"
    backup = good.facts["backup"] if good.facts["backup"] != owner else item.backup
    return [Trace(kind="owner", at=given[-1][0].at, about=item.owner, before=owner, beside=backup, left=left)]
