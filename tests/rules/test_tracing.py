"""The trace of an item: nothing of its time is missing, and at each moment it names whom the item waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.entries import moment
from rules.items import Item
from rules.messages import Message
from rules.tracing import Trace, trace, trace_json
from rules.wording.tracing import trace_sections
from tests.figured import Played, played, stays
from tests.fuzzing import examples
from tests.months import HARBOR, LEE, RITA, Months
from tests.street import Street, plain


def of(street: Street, key: str) -> Trace:
    return trace(street.items[key], street._entries_of(key), street.now)


def waited_for(item: Item) -> tuple[str, str, str]:
    """Who must act on an item as it stands, for what."""
    if item.open_trouble():
        return item.open_trouble()[0].owner, "decision", item.open_trouble()[0].code
    if item.missing:
        return item.asked_of, "answer", ""
    if item.changes:
        return item.asked_of, "changes", ""
    return item.owner, "acceptance" if item.unaccepted else "work", ""


@pytest.mark.parametrize("seed", range(examples(2)))
def test_all_of_an_items_time_is_told_and_to_whom_it_belongs(seed: int) -> None:
    """Each wait is looked at from the other side: how the item stood in the middle of it."""
    months = Months(seed + 10, 150)
    for key, one in played(months.street.entries, ()).items():
        found = of(months.street, key)
        assert list(found.stays) == sorted(found.stays, key=lambda stay: stay.entered_at)
        assert [(s.stage, s.entered_at) for s in found.stays] == [(s.stage, s.since) for s in stays(one, months.end)]
        pauses = [e for e, _ in one.frames if e.kind == "stood_still"]
        for wait in found.waits:
            middle = wait.since + (wait.until - wait.since) / 2
            item = next(item for entry, item in reversed(one.frames) if entry.at <= middle)
            if any(moment(p.facts["since"]) <= middle < moment(p.facts["until"]) for p in pauses):  # type: ignore[operator]
                assert (wait.whose, wait.what) == ("", "paused")
            else:
                assert (wait.whose, wait.what, wait.code) == waited_for(item)
                assert wait.stage == (item.stage or "")
        assert sum((w.until - w.since for w in found.waits), timedelta()) == open_time(one, months)
        assert [w.seconds for w in found.longest] == sorted((w.seconds for w in found.waits), reverse=True)
        assert trace_json(found)["waits"] == sorted(trace_json(found)["waits"], key=lambda w: -w["seconds"])


def open_time(one: Played, months: Months) -> timedelta:
    """For how long it was open."""
    ends = [*(entry.at for entry, _ in one.frames[1:]), months.end]
    lengths = [end - e.at for (e, item), end in zip(one.frames, ends, strict=True) if item.closed_at is None]
    return sum(lengths, timedelta())


def test_the_longest_wait_stands_first_with_its_name() -> None:
    street = Street(HARBOR)
    street.says(RITA, "Please refund ORD-48213, I was charged $450 twice")
    street.passes(hours=30)
    street.types(LEE, "approve", "REF-1", code="OVER_LIMIT", reason_code="GOODWILL", words="Nine years with us.")
    street.passes(hours=2)
    street.ticks_all("dana", "REF-1")
    street.types("dana", "next", "REF-1")
    street.passes(hours=1)
    item = street.items["REF-1"]
    sections = trace_sections(item, street.book.workflows["refund"], of(street, "REF-1"))
    shown = [plain(Message(subject="", headline=(), sections=(section,))).split("\n")[1:] for section in sections]
    way, hands, waits, rules = shown
    assert way[0].startswith("triage  assisted · dana")
    assert way[1].endswith("still there · 1 h")
    assert waits[0].startswith("30 h (91%)  for lee to decide OVER_LIMIT in triage")
    assert waits[1].startswith("2 h (6%)  for dana to work on it")
    assert waits[2].startswith("1 h (3%)  for finn to accept it in payment")
    assert len(hands) == 1
    assert any("raised OVER_LIMIT: amount > 300" in line for line in rules)
    assert any("took OVER_LIMIT up to maria" in line for line in rules)


def test_erased_words_leave_a_trace() -> None:
    """The trace is made of facts: what was said may be gone."""
    months = Months(3, 60)
    for key in months.street.items:
        entries = [replace(entry, texts={}) for entry in months.street._entries_of(key)]
        bare = trace(months.street.items[key], entries, months.end)
        whole = of(months.street, key)
        assert (bare.waits, bare.stays) == (whole.waits, whole.stays)
