"""Remediation: a code that repeats above its threshold gets an owner for its cause, once a period."""

from __future__ import annotations

from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street

DANA, LEE = "slack:U0DANA", "slack:U0LEE"
#: OVER_LIMIT repeats above five times within 30 days; here it is two, so that three items are enough.
TWICE = HARBOR.replace("repeats: {above: 5, within: 30 days}", "repeats: {above: 2, within: 30 days}")


def big(street: Street, *numbers: int) -> None:
    """So many refunds above the limit."""
    for n in numbers:
        street.says(RITA, f"Please refund ORD-4{n:04}, I was charged $4{n:02}")


def fixes(street: Street) -> list[str]:
    return [key for key, item in street.items.items() if item.workflow == "remediation"]


def test_above_the_threshold_its_owner_gets_an_item_with_the_count_and_the_keys() -> None:
    street = Street(TWICE)
    big(street, 10, 11)
    assert fixes(street) == []
    big(street, 12)
    fix = street.items["FIX-1"]
    assert (fix.owner, fix.state, fix.cause) == ("dana", "open", "repeats:refund/OVER_LIMIT")
    assert fix.title == "OVER_LIMIT was raised 3 times within 30 days (refund)"
    assert fix.fields["items"] == "REF-1, REF-2, REF-3"
    assert fix.due_at is not None
    assert [(link.key, link.relation) for link in street.items["REF-3"].links] == [("FIX-1", "remediation")]


def test_once_while_it_is_open_and_once_a_period() -> None:
    street = Street(TWICE)
    big(street, 10, 11, 12, 13)
    assert fixes(street) == ["FIX-1"]
    street.types(DANA, "evidence", "FIX-1", name="note", words="The limit is checked before the capture now.")
    assert street.types(DANA, "close", "FIX-1").reply.refused is False  # type: ignore[union-attr]
    street.passes(days=10)
    big(street, 14)
    assert fixes(street) == ["FIX-1"], "within the period after the last one"
    street.passes(days=25)
    big(street, 15)
    assert fixes(street) == ["FIX-1"], "REF-5 and this one are two within 30 days"
    big(street, 16)
    assert street.items["FIX-2"].fields["items"] == "REF-5, REF-6, REF-7"


def test_not_a_second_one_while_the_first_is_open_however_long() -> None:
    street = Street(TWICE)
    big(street, 10, 11, 12)
    street.passes(days=40)
    big(street, 13, 14, 15)
    assert fixes(street) == ["FIX-1"]


def test_what_is_long_ago_does_not_count() -> None:
    street = Street(TWICE)
    for n in range(10, 14):
        big(street, n)
        street.passes(days=16)
    assert fixes(street) == []


def test_it_counts_by_code_and_workflow() -> None:
    street = Street(TWICE)
    big(street, 10, 11)
    street.says(RITA, "refund for ORD-40099, 45 USD, or my lawyer calls")
    assert fixes(street) == []


def test_without_proof_it_stays_red() -> None:
    street = Street(TWICE)
    big(street, 10, 11, 12)
    reply = street.types(DANA, "close", "FIX-1").reply
    assert reply is not None
    assert reply.code == "evidence"
    street.passes(days=12)
    assert street.items["FIX-1"].late_steps > 0 or street.items["FIX-1"].open_trouble("STUCK")
