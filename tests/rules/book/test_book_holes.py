"""Every hole that stops a rulebook, with its place: the table is holes.txt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from rules.book.load import Hole, Holes, load
from tests.rules.book.rulebooks import SMALL, small

OTHER_WORKFLOW = """\
  concern:
    key: CON
    promise: Whoever reports a wrong is heard.
    source_of_truth: {all of it: Docket}
    intake: {command: true}
    fields: {amount: {type: text}}
    owner: dana
    backup: lee
    stages: [{name: heard, within: 4 business hours}]
    close: {evidence: [note]}
    exceptions: {LATE: {means: Nobody has listened yet., owner: lee, backup: sam, respond_within: 1 day}}
"""


def cases() -> Iterator[tuple[str, str, str, str]]:
    """Name, what stands there, what takes its place, what is said."""
    text = (Path(__file__).parent / "holes.txt").read_text("utf-8")
    for block in text.split("\n## ")[1:]:
        name, *lines = block.split("\n")
        old, new, said = ("\n".join(line[2:] for line in lines if line.startswith(f"{sign} ")) for sign in "-+=")
        gone = not any(line.startswith("+ ") for line in lines)
        yield name, old + "\n" * gone, new, said


CASES = list(cases())


def holes_of(text: str | bytes) -> list[Hole]:
    with pytest.raises(Holes) as caught:
        load(text)
    return caught.value.holes


@pytest.mark.parametrize(("old", "new", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_hole_is_told_with_its_place(old: str, new: str, said: str) -> None:
    """One wrong word makes one hole, at that word, saying what is wrong."""
    marked = small((old, new))
    found = holes_of(marked.replace("§", ""))
    assert said in str(found[0]), "\n".join(map(str, found))
    assert len(found) == 1, "\n".join(map(str, found))
    if "§" in marked:
        before = marked[: marked.index("§")]
        assert (found[0].line, found[0].column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_the_small_rulebook_has_no_hole() -> None:
    """Otherwise no case of the table would prove anything."""
    assert list(load(SMALL).workflows) == ["refund", "post_review", "remediation", "docket"]
    assert len(CASES) > 100


def test_all_holes_are_told_at_once_in_the_order_of_the_file() -> None:
    """Nobody has to mend one hole to see the next."""
    changes = [
        ("    owner: dana\n", "    owner: ops-team\n"),
        ("operator: sam", "operator: bob"),
        ("when: amount > 300", "when: amuont > 300"),
    ]
    found = holes_of(small(*changes))
    assert [(hole.line, hole.column) for hole in found] == [(5, 11), (27, 12), (32, 107)]


def test_a_hole_reads_as_a_sentence_and_as_json() -> None:
    """The line on the screen and the object of `check --json` say the same."""
    hole = holes_of(small(("    owner: dana\n", "    owner: ops-team\n")))[0]
    assert str(hole) == (
        "rulebook.yml:27:12  owner `ops-team` is not a person. Known people: dana, lee, sam. "
        "A team can't own anything; name one person."
    )
    assert json.loads(json.dumps(hole.as_json())) == {
        "file": "rulebook.yml",
        "line": 27,
        "column": 12,
        "what": "owner `ops-team` is not a person",
        "meant": "Known people: dana, lee, sam. A team can't own anything; name one person.",
    }


def test_a_calendar_that_stays_closed_for_a_year_and_more() -> None:
    """Two years without a Monday, for a calendar that knows only Mondays: no deadline in it would ever come."""
    mondays = ", ".join(str(date(2026, 1, 5) + timedelta(weeks=week)) for week in range(104))
    hours = 'days: [mon, tue, wed, thu, fri], hours: "09:00-17:00", holidays: US'
    found = holes_of(small((hours, f'days: [mon], hours: "09:00-10:00", closed: [{mondays}]')))
    assert [str(hole) for hole in found] == [
        "rulebook.yml:7:3  The calendar `office` is not open once in 400 days. Give it days and hours."
    ]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("amount", "`amount` is of type money in workflow `refund` and text in workflow `concern`"),
        ("order", "`concern` has no field `order`"),
    ],
)
def test_carried_values_fit_where_they_go(field: str, said: str) -> None:
    """What a closed item carries must exist in the next workflow, with the same type."""
    then = f"evidence: [receipt], then: {{open: concern, carry: [{field}]}}"
    found = holes_of(small(("evidence: [receipt]", then)) + OTHER_WORKFLOW)
    assert [hole.what for hole in found] == [said]
