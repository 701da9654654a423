"""Silence of an outside party: a stage awaits their answer, and what does not come in time becomes an exception."""

from __future__ import annotations

from typing import Final, Literal

from rules.book.rulebook import Stage
from rules.draft import DOCKET, Draft
from rules.items import Item
from rules.notices import CONVERSATION, Card
from rules.stops import open_trouble
from rules.wording.expecting import SILENCE

#: As `from`, these mean whoever asked; any other name is somebody outside, who is not them.
_WHO_ASKED: Final = frozenset({"requester", "the requester"})


def begin(draft: Draft, stage: Stage) -> None:
    """From entering `stage` its outside party is to answer; a fresh clock of the same stage asks nothing anew.

    While the item still waits for its own requester nobody can have asked them: their time begins after that.
    """
    if stage.expects is not None and draft.item.awaited is None and not draft.item.missing:
        _await(draft, stage.expects.from_, stage.expects.otherwise)


def again(draft: Draft, code: str) -> None:
    """After a verdict on `code` that leaves the item in its stage: what did not come is awaited for another window."""
    waits = draft.item.awaited
    if waits is not None and waits.code == code and waits.heard_at is None and waits.since < draft.now:
        _await(draft, waits.who, waits.code)


def hear(draft: Draft, how: Literal["thread", "mail", "set", "hook"], system: str = "") -> bool:
    """Whether what just came is the answer; it is recorded then.

    By webhook it is where the `system` that speaks is the one that is awaited (`from: the bank`, system Bank). By hand
    (`set`) whoever may set a field says so. In the thread or by mail it is a reply of somebody whom the rulebook does
    not name. The requester's counts where it is theirs that is awaited: `from` says so, or their address stands in a
    field of the item (the candidate's own, who applied).
    """
    item = draft.item
    if item.closed_at is not None or item.awaited is None or item.awaited.heard_at is not None:
        return False
    if how == "hook" and _name(system) != _name(item.awaited.who):
        return False
    if how in ("thread", "mail") and not _is_theirs(draft, item):
        return False
    draft.record("heard", {"how": how})
    draft.tell(Card(item=item.key, to=CONVERSATION))
    return True


def silent(draft: Draft) -> None:
    """Their time has passed without a word: the exception that the rulebook names, for its owner."""
    assert draft.item.awaited is not None, "only who is awaited has such a timer"
    open_trouble(draft, draft.item.awaited.code, rule=SILENCE, raised_by=DOCKET)


def _await(draft: Draft, who: str, code: str) -> None:
    draft.record("awaited", {"from": who, "code": code}, by=DOCKET)


def _name(who: str) -> str:
    return who.casefold().removeprefix("the ").strip()


def _is_theirs(draft: Draft, item: Item) -> bool:
    assert item.awaited is not None
    fields = draft.workflow.fields
    known = {value.casefold() for name, value in item.fields.items() if name in fields and fields[name].type == "email"}
    if draft.by.casefold() in known:
        return True
    if item.awaited.who.casefold() in _WHO_ASKED:
        return draft.by == item.requester
    return draft.by not in draft.book.people and draft.by != item.requester
