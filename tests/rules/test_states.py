"""The moves of items and exceptions: an entry on an item in any state does what the tables allow, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from rules.entries import Entry, Kind, stamp
from rules.items import Item, State
from rules.replay import evolve
from rules.replay_exceptions import Impossible
from rules.runs import StepState
from rules.states import ITEM_MOVES, STEP_MOVES, TROUBLE_MOVES, WHEN_CLOSED
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import MORNING, Street

LATER = stamp(MORNING)
#: One entry of each kind, as the rules would write it on a refund; `about` is the exception that it means.
FACTS: dict[Kind, dict[str, object]] = {
    "filled": {"names": ["reason"], "missing": []},
    "conflicted": {"missing": ["amount"]},
    "owned": {"owner": "dana", "backup": "lee"},
    "entered": {"stage": "payment", "due_at": LATER},
    "clock": {"running": False},
    "raised": {"code": "NOT_READY", "owner": "lee", "backup": "maria", "may_decide": ["lee"], "due_at": LATER},
    "counted": {"code": "OVER_LIMIT"},
    "reminded": {"code": "", "to": ["dana"]},
    "escalated": {"code": "OVER_LIMIT", "to": "maria", "may_decide": ["lee", "maria"], "next_at": None},
    "decided": {"code": "OVER_LIMIT", "verdict": "approve", "reason_code": "GOODWILL"},
    "voided": {"code": "OVER_LIMIT", "because": "amount changed"},
    "reassigned": {"code": "", "owner": "finn", "backup": "lee"},
    "relieved": {"code": "", "owner": "dana", "backup": "maria"},
    "snoozed": {"code": "", "until": LATER},
    "questioned": {"code": "OVER_LIMIT"},
    "unclear": {"code": "OVER_LIMIT"},
    "nudged": {"code": "OVER_LIMIT"},
    "changes_asked": {"code": "OVER_LIMIT"},
    "spoken": {"from": "dana"},
    "disavowed": {"code": "OVER_LIMIT"},
    "evidenced": {"id": "REF-1/E1", "kind": "receipt", "sha256": "0"},
    "closed": {"outcome": "done"},
    "reopened": {"stage": "triage", "due_at": LATER},
    "alike": {"keys": ["REF-2"]},
    "threaded": {"place": "C1", "thread": "1.1"},
    "bounced": {"status": "5.1.1"},
    "run_started": {"run": "REF-1/C9", "stage": "triage", "steps": []},
    "ticked": {"run": "REF-1/C1", "step": 1, "state": "passed"},
    "awaited": {"from": "the bank", "code": "STALLED"},
    "heard": {"how": "mail"},
    "linked": {"key": "BOOK-1", "relation": "then"},
    "handed": {"from": "dana", "to": "finn", "left": "triage", "stage": "payment"},
    "returned": {"from": "finn", "to": "dana", "left": "payment", "stage": "triage"},
    "told": {"counts": []},
    "bypassed": {"code": "OVER_LIMIT"},
    "stood_still": {"until": LATER, "due_at": LATER, "next_at": None, "exceptions": {}, "put_off": []},
    "restored": {"missing": []},
}
TEXTS = {
    "fields": {},
    "conflicts": {"amount": ["1.00 USD", "2.00 USD"]},
    "rationale": "Log.",
    "question": "?",
    "value": "re",
    "words": "Today.",
}
ABOUT_AN_EXCEPTION = {
    "counted",
    "escalated",
    "decided",
    "voided",
    "questioned",
    "unclear",
    "changes_asked",
    "bypassed",
    "nudged",
}


def entry(kind: Kind, **facts: object) -> Entry:
    return Entry(
        kind=kind, item="REF-1", at=MORNING, by="dana", via="slack", rulebook="0" * 64,
        facts={**FACTS.get(kind, {}), **facts}, texts=TEXTS,
    )  # fmt: skip


def _open(street: Street) -> Item:
    street.says(RITA, "Please refund ORD-48213, it was $45")
    return street.items["REF-1"]


def _waiting(street: Street) -> Item:
    street.says(RITA, "refund for ORD-48213 please")
    return street.items["REF-1"]


def _closed(street: Street) -> Item:
    big_refund(street)
    street.types("slack:U0LEE", "reject", "REF-1", reason_code="NO_PROOF", words="One capture.")
    return street.items["REF-1"]


MAKE: dict[State, Callable[[Street], Item]] = {
    "open": _open, "waiting": _waiting, "blocked": big_refund, "closed": _closed,
}  # fmt: skip


@pytest.mark.parametrize("kind", [k for k in get_args(Kind) if k not in ("opened", "rulebook")])
@pytest.mark.parametrize("state", MAKE)
def test_every_entry_on_every_state_follows_the_table_or_is_impossible(state: State, kind: Kind) -> None:
    """No entry takes an item where the table does not: what it does not name leaves the state, or is refused."""
    item = MAKE[state](Street(HARBOR))
    assert item.state == state
    try:
        after = evolve(item, entry(kind)).state
    except Impossible:
        refused_by_state = state == "closed" and kind not in WHEN_CLOSED
        nothing_there = kind in ABOUT_AN_EXCEPTION and not item.open_trouble("OVER_LIMIT")
        nothing_there |= kind == "disavowed" and not any(t.decision for t in item.exceptions)
        nothing_there |= kind == "accepted" and item.unaccepted is None
        nothing_there |= kind == "heard" and item.awaited is None
        moves = {before for before, _ in ITEM_MOVES.get(kind, frozenset())}
        assert refused_by_state or nothing_there or (moves and state not in moves), f"{kind} should be possible"
        return
    assert after == state or (state, after) in ITEM_MOVES[kind]
    assert state != "closed" or kind in WHEN_CLOSED


def test_only_reopening_leads_out_of_closed() -> None:
    """Nothing else ever moves a closed item."""
    assert {k for k, moves in ITEM_MOVES.items() if any(before == "closed" for before, _ in moves)} == {"reopened"}


def test_an_open_item_is_not_opened_or_reopened() -> None:
    """`opened` is the first entry and the only first one; only what is closed is opened again."""
    item = _open(Street(HARBOR))
    for kind in ("opened", "reopened"):
        with pytest.raises(Impossible):
            evolve(item, entry(kind))
    with pytest.raises(Impossible):
        evolve(None, entry("filled"))


def test_one_open_exception_per_code() -> None:
    """A second one of the same code can't be raised while the first is undecided."""
    item = big_refund(Street(HARBOR))
    with pytest.raises(Impossible):
        evolve(item, entry("raised", code="OVER_LIMIT"))


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_decided_exception_is_decided_once(verdict: str) -> None:
    """After a verdict neither another one, nor a question, nor a step up; only changed values make it void, once."""
    decided = evolve(big_refund(Street(HARBOR)), entry("decided", verdict=verdict))
    for kind in ("decided", "questioned", "escalated", "counted"):
        with pytest.raises(Impossible):
            evolve(decided, entry(kind))
    assert evolve(decided, entry("disavowed")).exceptions[0].disavowed
    void = evolve(decided, entry("voided"))
    assert (decided.exceptions[0].state, void.exceptions[0].state) == (verdict.removesuffix("e") + "ed", "void")
    with pytest.raises(Impossible):
        evolve(void, entry("disavowed"))
    with pytest.raises(Impossible):
        evolve(void, entry("voided"))
    assert {state for _, state in TROUBLE_MOVES["decided"]} == {"approved", "rejected"}


@pytest.mark.parametrize("after", get_args(StepState))
@pytest.mark.parametrize("before", get_args(StepState))
def test_a_step_is_ticked_as_the_table_says_or_not_at_all(before: StepState, after: StepState) -> None:
    """From each state of a step to each other one; who did it stays with it until it is taken back."""
    item = _open(Street(HARBOR))
    if before != "open":
        item = evolve(item, entry("ticked", state=before))
    if (before, after) not in STEP_MOVES:
        with pytest.raises(Impossible):
            evolve(item, entry("ticked", state=after))
        return
    run = evolve(item, entry("ticked", state=after)).run
    assert run is not None
    assert (run.steps[0].state, run.steps[0].by) == (after, "dana" if after != "open" else "")


@pytest.mark.parametrize("wrong", [{"step": 0}, {"step": 2}, {"run": "REF-1/C2"}])
def test_a_step_that_there_is_not_is_not_ticked(wrong: dict[str, object]) -> None:
    with pytest.raises(Impossible):
        evolve(_open(Street(HARBOR)), entry("ticked", **wrong))


def test_a_run_is_started_once_and_an_answer_comes_once() -> None:
    """Neither the run's id nor an answer that came is taken a second time."""
    item = _open(Street(HARBOR))
    with pytest.raises(Impossible):
        evolve(item, entry("run_started", run="REF-1/C1"))
    heard = evolve(evolve(item, entry("awaited")), entry("heard"))
    with pytest.raises(Impossible):
        evolve(heard, entry("heard"))
    again = evolve(item, entry("run_started"))
    assert [run.ended_at for run in again.runs] == [MORNING, None]


@pytest.mark.parametrize("state", ["open", "waiting", "blocked"])
def test_a_handoff_is_accepted_once_and_what_came_back_never(state: State) -> None:
    """In whatever state it was handed over; a closed item is neither handed over, accepted nor sent back."""
    item = evolve(MAKE[state](Street(HARBOR)), entry("handed"))
    accepted = evolve(item, entry("accepted"))
    assert (item.unaccepted is not None, accepted.unaccepted, accepted.state) == (True, None, state)
    for wrong in (accepted, evolve(item, entry("returned"))):
        with pytest.raises(Impossible):
            evolve(wrong, entry("accepted"))
    ended = evolve(item, entry("closed"))
    for kind in ("handed", "accepted", "returned"):
        with pytest.raises(Impossible):
            evolve(ended, entry(kind))


class TestOpenedAgain:
    """A reply of the requester, or `reopen`, opens a closed item again."""

    def test_what_is_still_missing_is_asked_for(self) -> None:
        """It waits again, and goes on like any other item when the answer comes."""
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 or my lawyer calls")
        street.types("slack:U0MARIA", "reject", "REF-1", reason_code="OUTSIDE_POLICY", words="No.")
        street.says(RITA, "please look at it again", thread="REF-1")
        item = street.items["REF-1"]
        assert (item.missing, item.asks) == (("amount",), 1)
        # What closed it is asked again (docs/decisions, 6); with its yes the item waits for the answer alone.
        street.types("slack:U0MARIA", "approve", "REF-1", reason_code="GOODWILL", words="All right.")
        assert street.items["REF-1"].state == "waiting"
        street.types("slack:U0DANA", "set", "REF-1", name="reason", words="broken")
        street.says(RITA, "45 USD", thread="REF-1")
        assert street.items["REF-1"].state == "open"

    def test_every_rule_that_its_end_had_voided_is_asked_again(self) -> None:
        """A rejection voids what else was undecided; the item that is open again has none of these answered."""
        street = Street(HARBOR)
        street.says(RITA, "Refund $450 for ORD-48213 or my lawyer calls")
        street.types("slack:U0LEE", "reject", "REF-1", code="OVER_LIMIT", reason_code="NO_PROOF", words="One capture.")
        street.says(RITA, "please look at it again", thread="REF-1")
        assert {t.code for t in street.items["REF-1"].open_trouble()} == {"OVER_LIMIT", "LEGAL_THREAT"}

    def test_the_reply_that_opens_it_may_bring_the_answer(self) -> None:
        """What it says counts at once."""
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 or my lawyer calls")
        street.types("slack:U0MARIA", "reject", "REF-1", reason_code="OUTSIDE_POLICY", words="No.")
        street.says(RITA, "it was 45 USD after all", thread="REF-1")
        assert street.items["REF-1"].fields["amount"] == "45.00 USD"
        assert street.items["REF-1"].missing == ()


class TestDecisionsAndValues:
    """A decision stands for the values it was made on (interface.md, "States")."""

    def test_a_decision_stands_for_the_values_at_the_verdict(self) -> None:
        """A value that changed while it was pending (not under `show`) does not void the verdict given after it."""
        street = Street(HARBOR.replace("show: [order, amount, reason]", "show: [order]"))
        big_refund(street)
        assert not street.types("slack:U0DANA", "set", "REF-1", name="amount", words="500 USD").reply.refused  # type: ignore[union-attr]
        street.types("slack:U0LEE", "approve", "REF-1", reason_code="GOODWILL", words="Keep them.")
        street.types("slack:U0DANA", "set", "REF-1", name="reason", words="two captures")
        assert [t.state for t in street.items["REF-1"].exceptions] == ["approved"]

    def test_an_unrelated_value_asks_for_nothing_again(self) -> None:
        """Only a value that the condition reads opens a decided exception again."""
        street = Street(HARBOR)
        big_refund(street)
        street.types("slack:U0LEE", "approve", "REF-1", reason_code="GOODWILL", words="Keep them.")
        street.types("slack:U0DANA", "set", "REF-1", name="order", words="ORD-99999")
        assert [t.state for t in street.items["REF-1"].exceptions] == ["approved"]
        street.types("slack:U0DANA", "set", "REF-1", name="amount", words="460 USD")
        assert [t.state for t in street.items["REF-1"].exceptions] == ["void", "open"]

    def test_a_value_that_no_longer_meets_the_rule_voids_and_asks_nothing(self) -> None:
        """Below the limit nothing waits; back above it, the question is a new one."""
        street = Street(HARBOR)
        big_refund(street)
        street.types("slack:U0LEE", "approve", "REF-1", reason_code="GOODWILL", words="Keep them.")
        street.types("slack:U0DANA", "set", "REF-1", name="amount", words="20 USD")
        assert [t.state for t in street.items["REF-1"].exceptions] == ["void"]
        street.types("slack:U0DANA", "set", "REF-1", name="amount", words="450 USD")
        assert [t.state for t in street.items["REF-1"].exceptions] == ["void", "open"]
