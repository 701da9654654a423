"""Rolling back: what a bad sender or a bad rulebook version did is found, undone by new entries, and undone once."""

from __future__ import annotations

from typing import Any

import pytest

from rules.notices import Closed, Undone
from rules.own_events import RolledBack
from rules.rolling_back import Blame, Trace, traces
from rules.ruling import Ruling
from tests.rules.test_flows import HARBOR, RITA
from tests.street import MORNING, Street, plain

DANA, LEE, MARIA, SAM = (f"slack:U0{name}" for name in ("DANA", "LEE", "MARIA", "SAM"))
MALLORY = "slack:U0MALLORY"


def found(street: Street, key: str = "REF-1", **blame: str) -> list[Trace]:
    item = street.items[key]
    entries = [entry for entry in street.entries if entry.item == key]
    which = Blame(since=MORNING, **blame)
    return traces(item, entries, which, street.book.workflows[item.workflow], street.book)


def roll_back(street: Street, key: str = "REF-1", **blame: str) -> Ruling:
    meta = {**street._meta(SAM, "command line"), "by": "sam"}
    return street.take(RolledBack(**meta, item=key, since=MORNING, because="It was spam.", **blame))


def refund(text: str = "Please refund ORD-48213, it was $45", who: str = RITA) -> Street:
    street = Street(HARBOR)
    street.says(who, text)
    street.passes(minutes=10)
    return street


class TestASender:
    def test_what_they_opened_is_withdrawn_and_its_owner_hears_why_but_they_hear_nothing(self) -> None:
        street = refund(who=MALLORY)
        assert [(t.kind, t.left) for t in found(street, sender=MALLORY)] == [("opened", "")]
        ruling = roll_back(street, sender=MALLORY)
        item = street.items["REF-1"]
        assert (item.state, item.outcome) == ("closed", "withdrawn")
        assert [n.to for n in ruling.notices if isinstance(n, Undone)] == ["dana"]
        assert not [n for n in ruling.notices if isinstance(n, Closed)]
        words = street.words(Undone(item="REF-1", to="dana"))
        assert words is not None
        assert plain(words).startswith("REF-1 was withdrawn by sam: It was spam.")

    def test_twice_does_nothing_more(self) -> None:
        street = refund(who=MALLORY)
        roll_back(street, sender=MALLORY)
        before = street.items["REF-1"]
        assert roll_back(street, sender=MALLORY).ignored
        assert street.items["REF-1"] == before

    def test_a_value_that_they_set_goes_back_to_what_stood_there(self) -> None:
        """And what was raised because of it is void: one fact, one undoing."""
        street = refund(who=RITA)
        street.types(DANA, "set", "REF-1", name="reason", words="broken")
        street.types("slack:U0LEE", "set", "REF-1", name="amount", words="900 USD")
        assert street.items["REF-1"].open_trouble("OVER_LIMIT")
        kinds = {(t.kind, t.about, t.before) for t in found(street, sender="lee")}
        assert kinds == {("field", "amount", "45.00 USD"), ("exception", "OVER_LIMIT", None)}
        roll_back(street, sender="lee")
        item = street.items["REF-1"]
        assert (item.fields["amount"], item.fields["reason"], item.state) == ("45.00 USD", "broken", "open")
        assert item.exceptions[0].state == "void"
        assert roll_back(street, sender="lee").ignored

    def test_a_value_that_was_not_there_before_is_asked_for_again(self) -> None:
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 please")
        street.passes(minutes=10)
        street.types("slack:U0LEE", "set", "REF-1", name="amount", words="45 USD")
        assert street.items["REF-1"].state == "open"
        roll_back(street, sender="lee")
        item = street.items["REF-1"]
        assert (item.missing, item.state, "amount" in item.fields) == (("amount",), "waiting", False)

    def test_what_somebody_else_set_since_stays(self) -> None:
        street = refund()
        street.types("slack:U0LEE", "set", "REF-1", name="amount", words="50 USD")
        street.passes(minutes=1)
        street.types(DANA, "set", "REF-1", name="amount", words="55 USD")
        assert found(street, sender="lee") == []

    def test_saying_the_same_again_changed_nothing(self) -> None:
        street = refund()
        street.types("slack:U0LEE", "set", "REF-1", name="amount", words="45 USD")
        assert found(street, sender="lee") == []

    def test_who_had_it_has_it_again(self) -> None:
        street = refund()
        street.types("slack:U0LEE", "assign", "REF-1", person="finn", words="mine now")
        assert street.items["REF-1"].owner == "finn"
        roll_back(street, sender="lee")
        assert street.items["REF-1"].owner == "dana"
        assert roll_back(street, sender="lee").ignored

    def test_a_persons_decision_is_listed_and_never_undone(self) -> None:
        street = refund("Please refund ORD-48213, it was $450", MALLORY)
        street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="Keep them.")
        left = found(street, sender=MALLORY)
        assert {(t.kind, bool(t.left)) for t in left} == {("opened", True), ("decision", True)}
        assert roll_back(street, sender=MALLORY).ignored
        assert street.items["REF-1"].exceptions[0].state == "approved"

    def test_what_they_decided_themselves_is_the_operators_to_look_at(self) -> None:
        street = refund("Please refund ORD-48213, it was $450")
        street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="Keep them.")
        assert [(t.kind, t.left) for t in found(street, sender="lee")] == [("decision", "decided by the sender")]

    @pytest.mark.parametrize("sender", ["slack:U0STRANGER", "maria"])
    def test_nobody_elses_doing_is_touched(self, sender: str) -> None:
        assert found(refund(), sender=sender) == []

    def test_what_came_before_is_not_theirs_to_answer_for(self) -> None:
        street = refund(who=MALLORY)
        item = street.items["REF-1"]
        later = Blame(since=street.now, sender=MALLORY)
        assert traces(item, street.entries, later, street.book.workflows["refund"], street.book) == []


class TestARulebook:
    def version(self, street: Street) -> dict[str, Any]:
        return {"rulebook": street.book.version}

    def test_what_it_opened_is_withdrawn_and_who_asked_hears_it(self) -> None:
        street = refund()
        ruling = roll_back(street, **self.version(street))
        assert street.items["REF-1"].outcome == "withdrawn"
        assert [n for n in ruling.notices if isinstance(n, Closed)]

    def test_what_it_raised_and_read_is_undone_but_what_people_did_stays(self) -> None:
        """Of an item that was there before: what a rule raised and read goes, what was typed by hand stays."""
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 please")
        street.passes(minutes=10)
        since = street.now
        street.types(DANA, "set", "REF-1", name="reason", words="broken")
        street.says(RITA, "$450", thread="REF-1")
        entries = [entry for entry in street.entries if entry.item == "REF-1"]
        item, workflow = street.items["REF-1"], street.book.workflows["refund"]
        left = traces(item, entries, Blame(since=since, **self.version(street)), workflow, street.book)
        read = {("field", "amount"), ("field", "region"), ("exception", "OVER_LIMIT")}
        assert {(t.kind, t.about) for t in left} == read

    def test_another_version_did_nothing(self) -> None:
        assert found(refund(), rulebook="f" * 64) == []
