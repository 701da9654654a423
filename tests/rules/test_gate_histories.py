"""Random histories of an office where everything needs a yes: whatever is done in whatever order, the gates hold."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from rules.approvals import next_gate
from rules.items import Item
from rules.wording import word
from tests.fuzzing import examples
from tests.rules.test_approvals import gate
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street

_FIRST = gate("It", "{manager_of: requester, else: maria}", "lee")
_SECOND = gate("It", "maria", "lee", ", show: [amount], rows: [{when: amount > 45, owner: sam}]")
_QUIET = "    stale_after: 2 business days "
GATED = (
    HARBOR.replace(_QUIET, f"    approval: [{_FIRST}, {_SECOND}]\n{_QUIET}")
    .replace("name: payment", f"name: payment\n        approval: {gate('Money', 'finn', 'lee')}")
    .replace('mentions("guarantee")', 'mentions("45 USD")')
)
GATES = ("APPROVAL", "APPROVAL_2", "APPROVAL_PAYMENT")


class Office:
    """People ask, decide, send back, work and answer, as the dice say."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.street = Street(GATED)

    def happens(self) -> None:
        """One more thing, a minute later."""
        self.street.passes(minutes=1)
        open_now = [item for item in self.street.items.values() if item.closed_at is None]
        deeds = [self._decides] * 5 + [self._works] * 5 + [self._answers, self._waits]
        if len(open_now) < 2:
            self._asks()
        elif open_now:
            self.dice.choice(deeds)(self.dice.choice(open_now))

    def _asks(self) -> None:
        who, n = self.dice.choice([RITA, RITA, "slack:U0DANA", "slack:U0MARIA"]), len(self.street.items)
        self.street.says(who, f"Please refund ORD-4{n:04d}, it was ${self.dice.choice([44, 45, 46, 450])}")

    def _decides(self, item: Item) -> None:
        if not item.open_trouble():
            return
        trouble = self.dice.choice(item.open_trouble())
        verb = self.dice.choice(["approve"] * 6 + ["changes"] * 2 + ["reject"])
        who = self.dice.choice(
            [trouble.owner] * 4 + [trouble.backup, item.owner, item.requester, trouble.raised_by or "dana"]
        )
        reason = "NO_PROOF" if verb == "reject" else "GOODWILL"
        self._does(who, verb, item, code=trouble.code, reason_code=reason, words="Which one is it?")

    def _works(self, item: Item) -> None:
        verb = self.dice.choice(["next", "next", "tick", "reply", "set", "ask", "assign", "close", "evidence"])
        name = {"set": "amount", "tick": self.dice.choice("12"), "evidence": "receipt"}.get(verb)
        words = "" if verb == "tick" else self.dice.choice(["45 USD", "46 USD"])
        who = self.dice.choice([item.owner, item.owner, item.backup, "maria"])
        self._does(who, verb, item, name=name, words=words, person=self.dice.choice(["finn", "lee", "sam"]))

    def _answers(self, item: Item) -> None:
        text = self.dice.choice(["thanks", "amount: 46 USD", "It is for the audit."])
        self.street.says(item.requester, text, thread=item.key)

    def _waits(self, item: Item) -> None:
        self.street.passes(hours=self.dice.choice([0.5, 5, 30]))

    def _does(self, who: str, verb: str, item: Item, **more: Any) -> None:
        ruling = self.street.types(who, verb, item.key, **more)
        assert ruling.reply is not None
        if ruling.reply.refused and ruling.reply.code != "unmet":
            assert self.street.items[item.key] == item, f"a refusal changes nothing ({verb}: {ruling.reply.code})"


def holds(street: Street, item: Item) -> None:
    """What is true of an item of refund at every moment."""
    workflow = street.book.workflows[item.workflow]
    assert bool(street.timers[item.key]) == (item.closed_at is None), "nothing open rests without a due time"
    if item.stage == "payment" or item.outcome == "done":
        assert any(t.code == "APPROVAL" and t.decision is not None for t in item.exceptions), "it moved without its yes"
    if item.outcome == "done":
        assert next_gate(item, workflow) is None
    for trouble in item.exceptions:
        if trouble.state == "open":
            assert trouble.owner not in (item.requester, trouble.backup)
            assert item.requester not in trouble.may_decide
            assert trouble.gate != "outgoing" or trouble.raised_by not in trouble.may_decide
        if trouble.decision is not None:
            assert trouble.decision.by not in (item.requester, trouble.raised_by if trouble.gate == "outgoing" else "")
    for code in GATES:
        last = item.last_trouble(code)
        if last is not None and last.state == "approved" and item.closed_at is None:
            assert all(item.fields.get(name) == value for name, value in last.values.items()), (
                "what was seen has changed"
            )
    sent = [spoken for spoken in item.spoken if spoken.words == "45 USD"]
    yes = [t for t in item.exceptions if t.gate == "outgoing" and t.state == "approved"]
    assert len(sent) <= len(yes), "risky words went out without a yes"
    assert (item.state == "waiting") or not item.changes or bool(item.open_trouble())


@pytest.mark.parametrize("seed", range(examples(8)))
def test_whatever_is_done_the_gates_hold(seed: int) -> None:
    """Every promise about gates holds after each of eighty steps, and every notice has its words."""
    office = Office(seed)
    for _ in range(80):
        office.happens()
        for item in office.street.items.values():
            if item.workflow == "refund":
                holds(office.street, item)
        for notice in office.street.notices:
            item = office.street.items[notice.item]
            word(notice, item, office.street.book.workflows[item.workflow], office.street.book, office.street.now)
        office.street.notices.clear()
