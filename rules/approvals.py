"""Which yes an item needs next, from whom, and what that yes rests on: the gates of its workflow and of its stage.

Several gates in one list are asked for one after another. Who is asked: the first row that holds, else the gate's own
owner; never the requester, and nobody twice in one list while somebody else on the ladder is there.
"""

from __future__ import annotations

from collections.abc import Collection

from rules.book.conditions import ConditionFailed
from rules.book.rulebook import Approval, ExceptionRule, OwnerRow, Workflow
from rules.draft import Draft, facts_of
from rules.items import Item, Trouble
from rules.people import is_present, ladder, seat
from rules.wording.lines import shown_values

#: With these a gate lets through: a person's yes, or the glass that was broken.
_THROUGH = ("approved", "bypassed")


def gates(item: Item, workflow: Workflow) -> tuple[Approval, ...]:
    """What must be approved before the item may leave its stage, in the order in which it is asked for."""
    stage = workflow.stage(item.stage)
    return (*workflow.approvals, *(stage.approvals if stage else ()))


def next_gate(item: Item, workflow: Workflow) -> Approval | None:
    """The first gate that has not been passed; None: nothing (more) needs a yes here, or the glass is broken here."""
    if any(trouble.state == "bypassed" and trouble.stage == item.stage for trouble in item.exceptions):
        return None
    return next((gate for gate in gates(item, workflow) if not _passed(item, gate.code)), None)


def gates_left(item: Item, workflow: Workflow) -> tuple[Approval, ...]:
    """Every gate of its stage that has not been passed, in that order."""
    return tuple(gate for gate in gates(item, workflow) if not _passed(item, gate.code))


def _passed(item: Item, code: str) -> bool:
    last = item.last_trouble(code)
    return last is not None and last.state in _THROUGH


def gate_of(workflow: Workflow, code: str) -> Approval | None:
    """The approval of that code, of the workflow or of any stage."""
    lists = (workflow.approvals, *(stage.approvals for stage in workflow.stages))
    return next((gate for gates in lists for gate in gates if gate.code == code), None)


def seats(draft: Draft, rule: ExceptionRule, author: str) -> tuple[str, str, str]:
    """Who decides a gate and who backs them up, now, and which row of the gate named them ("" for an answer).

    `author`: whose answer to the outside it is. Somebody in whose name another decided before comes second.
    """
    if rule.gate == "outgoing":
        owner, backup = _seated(draft, rule.owner, rule.backup, {author}, anybody=True)
        return (*_not_again(draft, rule.code, owner, backup), "")
    gate = gate_of(draft.workflow, rule.code)
    assert gate is not None, "a gate that is no answer is an approval"
    named, because = _row(draft, gate)
    person, backup = _person(draft, named, gate), named.backup or gate.backup
    owner, backup = _seated(draft, person, backup, _already_asked(draft.item, draft.workflow, gate))
    return (*_not_again(draft, rule.code, owner, backup), because)


def rests_on(draft: Draft, code: str) -> dict[str, str]:
    """The known values that an approval is given on: what its card shows, and what its rows read."""
    gate = gate_of(draft.workflow, code)
    if gate is None:
        return {}
    read = {name: value for name, value in draft.item.fields.items() if name in _reads(gate)}
    return read | shown_values(draft.item, draft.workflow, code)


def outdated(draft: Draft, trouble: Trouble) -> str:
    """Why an approval, pending or given, is void now: what it rests on has changed, or somebody else is to be asked.

    "": it stands. What was empty when it was given may be filled, unless another row holds by it.
    """
    gate = gate_of(draft.workflow, trouble.code)
    if gate is None or trouble.state not in ("open", "approved"):
        return ""
    now = rests_on(draft, trouble.code)
    changed = [name for name, value in trouble.values.items() if now.get(name) != value]
    if changed and trouble.state == "approved":
        return f"{', '.join(changed)} changed"
    _, because = _row(draft, gate)
    # A row that reads the time holds or not from one day to the next: that alone calls nobody back.
    timeless = not any("now" in row.when.reads for row in gate.rows if row.when)
    if because != trouble.because and (timeless or changed or (now.keys() & _reads(gate)) - trouble.values.keys()):
        return f"it is decided by {because} now"
    return ""


def _reads(gate: Approval) -> frozenset[str]:
    return frozenset().union(*(row.when.reads for row in gate.rows if row.when))


def _row(draft: Draft, gate: Approval) -> tuple[OwnerRow, str]:
    """The first row that holds, else the gate's own owner; and that in words."""
    for number, row in enumerate(gate.rows, 1):
        assert row.when is not None, "the loader refuses a row of a gate without a condition"
        try:
            if row.when.holds(facts_of(draft.item, draft.book, draft.now)):
                return row, f"row {number}, {row.when.source}"
        except ConditionFailed as problem:
            draft.failures.append(f"Row {number} of {gate.code} could not be judged on {draft.key}: {problem}")
    return gate.owner, "the manager of whoever asked" if gate.owner.manager_of else "who is named for it"


def _person(draft: Draft, row: OwnerRow, gate: Approval) -> str:
    if row.manager_of is None:
        return row.is_ or gate.backup
    known = draft.book.people.get(draft.item.requester)
    return (known.manager if known else None) or row.otherwise or gate.backup


def _already_asked(item: Item, workflow: Workflow, gate: Approval) -> frozenset[str]:
    """Who approved another step of the same list on this item: they said what they had to say."""
    lists = (workflow.approvals, *(stage.approvals for stage in workflow.stages))
    others = [other.code for several in lists if gate in several for other in several if other is not gate]
    last = [trouble for code in others if (trouble := item.last_trouble(code)) is not None]
    return frozenset(t.decision.by for t in last if t.state == "approved" and t.decision is not None)


def _seated(
    draft: Draft, owner: str, backup: str, barred: Collection[str], *, anybody: bool = False
) -> tuple[str, str]:
    """`people.seat` without those who are barred, as long as somebody else on the ladder is there.

    `anybody`: beyond the ladder, too. Of what is private nobody hears but the two whom the rulebook names.
    """
    book, workflow, requester = draft.book, draft.workflow, draft.item.requester
    first, second = seat(book, workflow, owner, backup, requester, draft.now)
    if not {first, second} & {*barred}:
        return first, second
    steps = [s.person for s in ladder(book, workflow, first, second, requester, draft.now) if s.decides]
    more = [book.operator, *book.people] if anybody and not workflow.private else []
    there = [p for p in more if p != requester and is_present(book, p, draft.now)]
    names = list(dict.fromkeys((first, second, *steps, *there)))
    free = [person for person in names if person not in barred]
    if not free:
        return first, second
    return free[0], next((person for person in (*free, *names) if person != free[0]), free[0])


def _not_again(draft: Draft, code: str, owner: str, backup: str) -> tuple[str, str]:
    """The other way round where somebody else decided in the owner's name before (docs/decisions/0009)."""
    last = draft.item.last_trouble(code)
    forged = last is not None and last.disavowed and last.decision is not None and last.decision.by == owner
    return (backup, owner) if forged else (owner, backup)
