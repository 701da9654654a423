"""An item whose due times were put right: its record says so, and nothing else about it is changed."""

from __future__ import annotations

from dataclasses import replace

from rules.own_events import Mended
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import Street


def mended(street: Street, key: str) -> str:
    meta = street._meta("docket", "docket")
    return street.take(Mended(**meta, item=key)).ignored


def test_the_record_says_it_and_nothing_else_changes() -> None:
    street = Street(HARBOR)
    big_refund(street)
    before = street.items["REF-1"]
    assert mended(street, "REF-1") == ""
    assert street.kinds("REF-1")[-1] == "mended"
    assert replace(street.items["REF-1"], version=before.version, head=before.head) == before


def test_what_is_closed_or_not_there_needs_no_due_time() -> None:
    street = Street(HARBOR)
    street.says(RITA, "Please refund ORD-48213, it was $45")
    street.items["REF-1"] = replace(street.items["REF-1"], closed_at=street.now, outcome="withdrawn")
    assert mended(street, "REF-1") == mended(street, "REF-9") == "there is nothing to mend"
