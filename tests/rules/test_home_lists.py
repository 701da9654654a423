"""What somebody finds on their Home: what waits for them, what is theirs, what they asked for, what they answer for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.home import Home, home
from rules.links import dwelling, page, preview
from rules.messages import Link, Row, Section, When
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import Street, plain

STRANGER = "slack:U0STRANGER"
HEADINGS = [
    "Waiting for your decision",
    "Yours, by due time",
    "You asked for",
    "Exceptions you answer for, by deadline",
]


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def of(street: Street, reader: str) -> Home:
    return home(
        reader, street.items.values(), street.book, lambda item: street.book.workflows[item.workflow], street.now
    )


def part(street: Street, reader: str, heading: str) -> Section:
    return next(section for section in of(street, reader).sections if section.heading.startswith(heading))


def said(row: Row) -> str:
    """A row in words; a link by its label."""
    words = (p if isinstance(p, str) else getattr(p, "label", "") or flat(p) for p in row.line)
    return "".join(words)


def flat(part: object) -> str:
    if isinstance(part, When):
        return f"{part.at:%d %H:%M}"
    return str(getattr(part, "text", getattr(part, "identity", "")))


def rows(street: Street, reader: str, heading: str) -> list[str]:
    return [said(row) for row in part(street, reader, heading).rows]


def deeds(row: Row) -> list[str]:
    return [action.label for action in row.actions]


class TestWhoSeesWhat:
    def test_a_leader_or_manager_has_four_lists_everybody_else_three(self, street: Street) -> None:
        assert [s.heading for s in of(street, "maria").sections] == HEADINGS
        assert [s.heading for s in of(street, "dana").sections] == HEADINGS[:3]

    def test_a_stranger_has_one_with_how_to_ask(self, street: Street) -> None:
        (only,) = of(street, STRANGER).sections
        assert only.heading == "You asked for"
        (empty,) = [said(row) for row in only.rows]
        assert empty == (
            "Nothing that you asked for is open. To ask for something, write in #refunds or #it-help, or type "
            "`/docket new`."
        )
        street.says(STRANGER, "Please refund ORD-48213, it was $45")
        asked, how = [said(row) for row in of(street, STRANGER).sections[0].rows]
        assert asked == "REF-1 · Refund for ORD-48213\ndana has it · triage · due 04 20:00"
        assert "#refunds" in how

    def test_each_empty_list_says_how_something_gets_there(self, street: Street) -> None:
        decisions, own, asked, overseen = (said(s.rows[0]) for s in of(street, "maria").sections)
        assert decisions.startswith("No decisions wait for you. They come when a stop rule in your name fires")
        assert "claim or are handed" in own
        assert "/docket new" in asked
        assert overseen.startswith("No exception waits for others here. You answer for refund, Dana Ruiz")


class TestDecisions:
    def test_it_says_what_until_when_on_what_and_has_the_buttons_of_the_card(self, street: Street) -> None:
        big_refund(street)
        (row,) = part(street, "lee", HEADINGS[0]).rows
        assert said(row) == (
            "Decide by 04 18:00: the refund is above what the desk may pay on its own (OVER_LIMIT)\n"
            f"REF-1 · Refund for ORD-48213 · from {RITA}\n"
            "amount 450 USD · reason not known yet"
        )
        assert deeds(row) == ["Approve", "Reject", "Ask", "Reassign", "Snooze"]
        assert part(street, "maria", HEADINGS[0]).rows[0].actions == ()

    def test_what_is_due_first_stands_first_and_what_is_overdue_says_so(self, street: Street) -> None:
        big_refund(street)
        street.says(RITA, "Refund ORD-50000 or my lawyer calls, it was $45")
        assert [r.actions[0].item for r in part(street, "maria", HEADINGS[0]).rows] == ["REF-2"]
        street.passes(hours=3)
        late = rows(street, "maria", HEADINGS[0])
        assert late[0].startswith("Decide now, it was due 04 16:30")
        assert late[1].startswith("Decide now, it was due 04 18:00")
        assert late[1].endswith("lee can still decide it, too.")

    def test_the_requester_never_decides_and_a_failure_of_the_bot_waits_for_the_operator(self, street: Street) -> None:
        street.fails("smtp", "The mail server does not answer.")
        (row,) = part(street, "sam", HEADINGS[0]).rows
        assert "BOT-1 · The mail server does not answer." in said(row)
        assert rows(street, "sam", HEADINGS[1])[0].startswith("Nothing is yours"), "a failure is no item to work on"


class TestOwn:
    def test_by_due_time_with_what_its_owner_does_most(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(hours=1)
        street.says(RITA, "Please refund ORD-50000, it was $99")
        own = part(street, "dana", HEADINGS[1])
        assert [said(row) for row in own.rows] == [
            "REF-1 · Refund for ORD-48213\ntriage · due 04 20:00",
            "REF-2 · Refund for ORD-50000\ntriage · due 04 21:00",
        ]
        assert deeds(own.rows[0]) == ["I'm on it", "Checklist", "Hand over", "Add evidence", "Show"]
        street.ticks_all("dana", "REF-1")
        assert "On to payment" in deeds(part(street, "dana", HEADINGS[1]).rows[0])
        street.types("dana", "ack", "REF-1")
        acknowledged = part(street, "dana", HEADINGS[1]).rows[0]
        assert said(acknowledged).endswith(" · on it")
        assert "I'm on it" not in deeds(acknowledged)

    def test_it_says_for_whom_it_waits(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213")
        big_refund(street)
        first, second = rows(street, "dana", HEADINGS[1])
        assert {first.partition("\n")[2], second.partition("\n")[2]} == {
            f"Waits for {RITA}: amount is missing", "Waits for lee to decide (OVER_LIMIT) until 04 18:00",
        }  # fmt: skip

    def test_an_overdue_one_says_since_when(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(hours=5)
        assert rows(street, "dana", HEADINGS[1])[0].endswith("triage · overdue since 04 20:00")


class TestAskedFor:
    def test_what_waits_for_the_requester_stands_first_and_calls_them_you(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(minutes=1)
        street.says(RITA, "Please refund ORD-50000")
        asked = rows(street, RITA, HEADINGS[2])
        assert asked[0] == "REF-2 · Refund for ORD-50000\nWaits for you: amount is missing · dana has it"
        assert asked[1].endswith("dana has it · triage · due 04 20:00")

    def test_its_end_stays_for_a_week_without_anybodys_rationale(self, street: Street) -> None:
        big_refund(street)
        street.types("lee", "reject", "REF-1", reason_code="NO_PROOF", words="A secret thought.")
        ended, _how = rows(street, RITA, HEADINGS[2])
        assert ended.startswith("REF-1 · Refund for ORD-48213\nRejected 04 16:00")
        assert "secret" not in ended
        street.now += timedelta(days=8)
        assert rows(street, RITA, HEADINGS[2])[0].startswith("Nothing that you asked for is open")


class TestOverseen:
    def test_by_code_what_is_due_first_with_who_has_it_since_when(self, street: Street) -> None:
        big_refund(street)
        street.passes(minutes=30)
        street.says(RITA, "Please refund ORD-50000, it was $900")
        street.says(RITA, "Please refund ORD-60000, it was $45")
        street.types("ines", "except", "REF-3", code="MISSING_DETAILS", words="no card")
        assert rows(street, "maria", HEADINGS[3]) == [
            "OVER_LIMIT · 2 open · lee",
            "REF-1 · Refund for ORD-48213 · lee · until 04 18:00 · open since 04 16:00",
            "REF-2 · Refund for ORD-50000 · lee · until 04 18:30 · open since 04 16:30",
            "MISSING_DETAILS · 1 open · dana",
            "REF-3 · Refund for ORD-60000 · dana · until 05 16:30 · open since 04 16:30",
        ]
        assert [r.split(" ·")[0] for r in rows(street, "lee", HEADINGS[3])] == ["MISSING_DETAILS", "REF-3"]

    def test_what_one_may_decide_oneself_stands_above_and_not_here_again(self, street: Street) -> None:
        big_refund(street)
        street.passes(hours=3)  # it went up to Maria
        assert len(part(street, "maria", HEADINGS[0]).rows) == 1
        assert rows(street, "maria", HEADINGS[3])[0].startswith("No exception waits for others")


class TestPrivate:
    @pytest.fixture
    def concern(self, street: Street) -> Street:
        """CON-1 of Rita's, which Maria has and Lee backs up; it was raised to Lee."""
        street.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
        street.types("maria", "except", "CON-1", code="NOT_HEARD", words="I was ill.")
        return street

    @pytest.mark.parametrize("reader", ["dana", "finn", "ines", "sam", "olu", STRANGER])
    def test_nobody_besides_finds_anything_of_it(self, concern: Street, reader: str) -> None:
        everything = "".join(said(row) for s in of(concern, reader).sections for row in s.rows)
        assert "CON-1" not in everything
        assert "NOT_HEARD" not in everything.replace("(yours: ", "")

    def test_requester_owner_and_backup_do(self, concern: Street) -> None:
        assert "CON-1" in rows(concern, RITA, HEADINGS[2])[0]
        assert "CON-1" in rows(concern, "maria", HEADINGS[1])[0]
        assert "CON-1" in rows(concern, "lee", HEADINGS[0])[0]

    def test_who_once_might_decide_it_and_has_no_seat_any_more_finds_nothing(self, concern: Street) -> None:
        item = concern.items["CON-1"]
        (trouble,) = item.exceptions
        concern.items["CON-1"] = replace(item, exceptions=(replace(trouble, may_decide=("lee", "dana")),))
        assert rows(concern, "dana", HEADINGS[0])[0].startswith("No decisions wait for you")

    def test_a_manager_above_them_counts_none(self, concern: Street) -> None:
        """Maria manages Lee, who decides NOT_HEARD; her list of exceptions is silent about it."""
        assert "NOT_HEARD" not in "".join(rows(concern, "maria", HEADINGS[3]))

    def test_its_link_shows_nothing_to_anybody_and_it_lives_nowhere(self, concern: Street) -> None:
        item, workflow = concern.items["CON-1"], concern.book.workflows["concern"]
        for by in (RITA, "maria", "lee", "dana"):
            assert preview(item, workflow, concern.book, by, concern.now) is None
        assert dwelling(item, workflow, concern.book) is None
        assert page(item, workflow, "https://docket.harbor.example") == ""


def test_a_link_shows_where_it_stands_to_whom_the_one_who_shared_it_may_speak(street: Street) -> None:
    item, workflow = big_refund(street), street.book.workflows["refund"]
    for by in ("dana", "olu", RITA):
        shown = preview(item, workflow, street.book, by, street.now)
        assert shown is not None
        assert "Waits for lee to decide (OVER_LIMIT)" in plain(shown)
    assert preview(item, workflow, street.book, STRANGER, street.now) is None


def test_the_bots_own_failures_have_no_address(street: Street) -> None:
    street.fails("smtp")
    item, workflow = street.items["BOT-1"], street.book.workflows["docket"]
    assert preview(item, workflow, street.book, "sam", street.now) is None
    assert dwelling(item, workflow, street.book) is None


def test_it_stays_true_until_the_next_due_time(street: Street) -> None:
    """No "in 2 h" in it; what changes by time alone is what becomes overdue, and when that is, it says."""
    assert of(street, "maria").until is None
    item = big_refund(street)
    assert of(street, "lee").until == item.exceptions[0].due_at
    street.now += timedelta(hours=3)
    assert of(street, "lee").until == item.due_at


def test_a_key_leads_to_its_thread(street: Street) -> None:
    item = big_refund(street)
    street.items["REF-1"] = replace(
        item, source=replace(item.source, permalink="https://harbor.slack.com/archives/C1/p1")
    )
    parts = part(street, "lee", HEADINGS[0]).rows[0].line
    assert Link("https://harbor.slack.com/archives/C1/p1", "REF-1") in parts
