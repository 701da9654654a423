"""The rows of `owner`: the first that holds for an item says who has it."""

from __future__ import annotations

from rules.book.conditions import ConditionFailed
from rules.draft import Draft, facts_of
from rules.people import seat


def choose_owner(draft: Draft) -> tuple[str, str, str]:
    """Owner, backup and why, by the first row of `owner` that holds for the item as it is."""
    for number, row in enumerate(draft.workflow.owner, 1):
        try:
            holds = row.when is None or row.when.holds(facts_of(draft.item, draft.book, draft.now))
        except ConditionFailed as problem:
            draft.failures.append(f"Row {number} of `owner` could not be judged on {draft.key}: {problem}")
            holds = False
        if not holds:
            continue
        person = row.is_
        if row.manager_of is not None:
            known = draft.book.people.get(draft.item.requester)
            person = (known.manager if known else None) or row.otherwise
        assert person is not None, "the loader refuses a row that names nobody"
        owner, backup = seat(
            draft.book, draft.workflow, person, row.backup or draft.workflow.backup, draft.item.requester, draft.now
        )
        one = len(draft.workflow.owner) == 1
        because = f"`owner` of {draft.workflow.name}" if one else f"row {number} of `owner`"
        because += f": {row.when.source}" if row.when else ""
        return owner, backup, because if owner == person else f"{because}; {draft.book.named(person)} can't take it"
    raise AssertionError("the last row of `owner` has no condition: the loader saw to it")
