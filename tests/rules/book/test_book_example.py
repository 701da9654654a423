"""The example rulebook that we ship, key by key: what each line of it means once it is loaded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest

from rules.book.durations import Duration
from rules.book.load import load
from rules.book.rulebook import (
    Away,
    BreakGlass,
    Close,
    CloseThen,
    Example,
    Expects,
    FollowUp,
    Handoffs,
    Reminders,
    Repeats,
    Rulebook,
    Span,
    StepRule,
)
from tests.rules.book.rulebooks import SMALL, small

PROJECT = Path(__file__).parents[3]
TEXT = (PROJECT / "examples" / "harbor.yml").read_bytes()
NORMATIVE = PROJECT.parent / "shared" / "rulebook.example.yml"
OFFICE_DAY, WEEK = (Span(time(9), time(17)),), range(5)


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load(TEXT)


def hours(amount: int) -> Duration:
    return Duration(amount, "business hour")


def days(amount: int) -> Duration:
    return Duration(amount, "business day")


def test_the_top(book: Rulebook) -> None:
    """Who they are, where and in which money, and what names this version of the text."""
    assert (book.organization, book.timezone, book.currency) == ("Harbor Supply", "America/Chicago", "USD")
    assert (book.operator, book.lane_channel) == ("sam", "exceptions")
    assert book.version == sha256(TEXT).hexdigest()


def test_calendars(book: Rulebook) -> None:
    """Days, hours, holidays, closed days, another zone, and midnight at the day's end."""
    office, warehouse, always = (book.calendars[name] for name in ("office", "warehouse", "always"))
    assert dict(office.hours) == dict.fromkeys(WEEK, OFFICE_DAY)
    assert (office.holidays, office.timezone, office.closed) == ("US", "America/Chicago", frozenset())
    assert (warehouse.timezone, warehouse.closed) == ("America/Los_Angeles", {date(2026, 12, 24)})
    assert dict(warehouse.hours) == dict.fromkeys(range(6), (Span(time(6), time(14)),))
    assert dict(always.hours) == dict.fromkeys(range(7), (Span(time(0), time(0)),))


def test_people(book: Rulebook) -> None:
    """Names, ways to reach them, managers, zones; somebody without Slack."""
    ines, olu = book.people["ines"], book.people["olu"]
    assert (ines.key, ines.name, ines.email) == ("ines", "Ines Weber", "ines@harbor.example")
    assert (ines.slack, ines.manager, ines.timezone, ines.away) == ("U0INES", "lee", "Europe/Berlin", None)
    assert (olu.slack, olu.manager, book.people["maria"].manager) == (None, "lee", None)
    assert list(book.people) == ["dana", "finn", "ines", "lee", "maria", "sam", "olu"]


def test_reason_codes_with_those_of_the_bot(book: Rulebook) -> None:
    """What each means; the bot's own are added at the end of each verdict."""
    assert book.approve_codes == ("DOUBLE_CHARGE", "OUR_MISTAKE", "GOODWILL", "MENDED")
    assert book.reject_codes == ("NO_PROOF", "OUTSIDE_POLICY", "DUPLICATE", "KNOWN")
    assert book.reason_codes["NO_PROOF"] == "Nothing that we hold supports the claim."
    assert book.reason_codes["KNOWN"] == "Known and accepted for now; nothing more will be done."
    assert book.reason_codes.keys() == {*book.approve_codes, *book.reject_codes, "JUSTIFIED", "NOT_JUSTIFIED"}


def test_defaults(book: Rulebook) -> None:
    """A share as an exact fraction; the ladder in its order."""
    assert book.defaults.calendar == "office"
    assert book.defaults.reminders == Reminders(first=Fraction(1, 2), every=hours(2), quiet="office")
    assert (book.defaults.escalate_to, book.defaults.snooze_at_most) == (("backup", "manager"), days(2))


def test_a_workflow_says_what_it_is_for(book: Rulebook) -> None:
    """Promise, leader, weight, cost, sources of truth."""
    refund = book.workflows["refund"]
    assert (refund.key, refund.leader, refund.private) == ("REF", "maria", False)
    assert refund.promise == "Every refund request gets an answer within one business day."
    assert refund.criticality == ("revenue", "customer")
    assert refund.cost_of_delay == (Decimal(25), "USD", "business hour")
    assert refund.source_of_truth["communication"] == "inbox refunds"
    assert book.by_key("ref") is refund


def test_intake(book: Rulebook) -> None:
    """Every way in."""
    intake = book.workflows["refund"].intake
    assert [(entry.channel, entry.when and entry.when.source) for entry in intake.slack] == [
        ("refunds", 'mentions("refund", "money back")')
    ]
    assert (intake.reaction, intake.email, intake.command, intake.webhook) == ("ticket", ("refunds",), True, True)
    assert not book.workflows["concern"].intake.webhook


def test_fields(book: Rulebook) -> None:
    """Types given and implied, questions, currency, choices with their other words."""
    fields = book.workflows["refund"].fields
    assert {name: field.type for name, field in fields.items()} == {
        "order": "pattern",
        "amount": "money",
        "reason": "text",
        "region": "choice",
    }
    assert (fields["order"].pattern, fields["order"].required) == (r"ORD-\d{5}", True)
    assert (fields["amount"].ask, fields["amount"].currency) == ("How much should go back?", "USD")
    assert dict(fields["region"].choices) == {"EU": ("EUR", "€"), "NA": ("USD", "$")}
    assert book.workflows["refund"].follow_up == FollowUp(every=hours(4), at_most=3, then="MISSING_DETAILS")


def test_owners(book: Rulebook) -> None:
    """Rows in their order, a short form of one row, backup."""
    first, last = book.workflows["refund"].owner
    assert (first.is_, first.when and first.when.source) == ("ines", 'region == "EU"')
    assert (last.is_, last.when, last.manager_of) == ("dana", None, None)
    assert [row.is_ for row in book.workflows["bookkeeping"].owner] == ["finn"]
    assert book.workflows["refund"].backup == "lee"


def test_stages(book: Rulebook) -> None:
    """Time allowed, who does it, what it needs, what it expects."""
    refund = book.workflows["refund"]
    triage, payment = refund.stages
    assert (triage.name, triage.within, triage.done_by, triage.owner) == ("triage", hours(4), "assisted", None)
    assert triage.before == (StepRule(check="Customer is known", otherwise="NOT_READY"),)
    assert (payment.owner, payment.done_by, payment.within) == ("finn", "human", days(1))
    assert (payment.needs, payment.unmet) == (("order", "amount"), "NOT_READY")
    assert tuple(step.check for step in payment.checklist) == ("Payment log checked", "Card matches the order")
    assert payment.expects == Expects(from_="the bank", within=days(2), otherwise="STALLED")
    assert refund.handoffs == Handoffs(at_most=6, bounces=3, then="STALLED")
    assert refund.stale_after == days(2)
    assert refund.stage("payment") is payment


def test_closing(book: Rulebook) -> None:
    """The proof, what it starts, who may close without, what a late reply does."""
    refund = book.workflows["refund"]
    then = CloseThen(open="bookkeeping", carry=("order", "amount"))
    assert refund.close == Close(evidence=("receipt",), then=then, override=("maria",))
    assert (refund.on_reply_after_close, refund.on_pause, refund.conflict) == ("reopen", "stand_still", "STALLED")


def test_outgoing_and_break_glass(book: Rulebook) -> None:
    """What waits for a yes, and who may go past one."""
    refund = book.workflows["refund"]
    assert refund.outgoing is not None
    assert (refund.outgoing.when.source, refund.outgoing.owner, refund.outgoing.backup) == (
        'mentions("guarantee")',
        "maria",
        "lee",
    )
    assert refund.break_glass == BreakGlass(
        who=("dana", "lee"), review_by="maria", review_within=days(2), at_most=2, per=Duration(30, "day")
    )


def test_exceptions(book: Rulebook) -> None:
    """A stop rule with all its keys, and the defaults of one with few."""
    over, legal, missing, not_ready, stalled = book.workflows["refund"].exceptions.values()
    assert over.means == "The refund is above what the desk may pay on its own."
    assert over.when is not None
    assert (over.when.source, over.when.reads) == ("amount > 300", {"amount"})
    assert (over.owner, over.backup, over.respond_within, over.calendar) == ("lee", "maria", hours(2), None)
    assert over.show == ("order", "amount", "reason")
    assert over.approve == ("DOUBLE_CHARGE", "OUR_MISTAKE", "GOODWILL")
    assert over.reject == ("NO_PROOF", "OUTSIDE_POLICY")
    assert (over.remediation, over.repeats) == ("dana", Repeats(above=5, within=Duration(30, "day")))
    assert over.both == ("the customer is made whole", "the month's refund budget holds")
    assert (legal.calendar, legal.respond_within) == ("always", Duration(30, "minute"))
    assert legal.approve == ("DOUBLE_CHARGE", "OUR_MISTAKE", "GOODWILL")
    assert legal.reject == ("NO_PROOF", "OUTSIDE_POLICY", "DUPLICATE")
    assert (stalled.stale, stalled.when, over.stale) == (True, None, False)
    assert [rule.on_reject for rule in (over, legal, missing, not_ready, stalled)] == [
        "close",
        "close",
        "stay",
        "stay",
        "stay",
    ]


def test_a_gate(book: Rulebook) -> None:
    """Why it exists, the requester's manager with a fallback, thresholds."""
    (gate,) = book.workflows["access"].approvals
    assert gate.because == "Unreviewed grants caused the March incident."
    assert (gate.owner.manager_of, gate.owner.otherwise, gate.owner.is_) == ("requester", "maria", None)
    assert (gate.backup, gate.respond_within) == ("lee", hours(4))
    assert [(row.when and row.when.source, row.is_, row.backup) for row in gate.rows] == [
        ('mentions("admin")', "maria", "lee")
    ]
    assert (gate.approve, gate.reject) == (("OUR_MISTAKE", "GOODWILL"), ("OUTSIDE_POLICY",))


def test_examples_keep_their_place(book: Rulebook) -> None:
    """Values in the form that items keep, and the line to show when one is not true."""
    charged, lawyer, thanks = book.workflows["refund"].examples
    assert (charged.owner, charged.exception, charged.asks) == ("dana", "OVER_LIMIT", None)
    assert dict(charged.fields) == {"order": "ORD-12345", "amount": "450.00 USD"}
    assert (lawyer.asks, lawyer.exception, lawyer.nothing) == (("order", "amount"), "LEGAL_THREAT", False)
    assert thanks == Example(message="thanks, got it!", nothing=True, line=thanks.line, column=9)
    assert b'"thanks, got it!"' in TEXT.splitlines()[thanks.line - 1]


def test_digests(book: Rulebook) -> None:
    """To whom, when, which way, over what time."""
    morning, friday = book.digests["morning"], book.digests["friday"]
    assert (morning.to, morning.at, morning.calendar, morning.via) == (
        ("maria", "lee"),
        time(8, 30),
        "office",
        ("slack", "email"),
    )
    assert (morning.days, morning.covers) == (frozenset(range(7)), None)
    assert (friday.days, friday.via, friday.covers) == ({4}, ("email",), Duration(7, "day"))


def test_the_private_lane_and_the_bots_own_workflow(book: Rulebook) -> None:
    """`docket` comes last, belongs to the operator, and its backup is the operator's manager."""
    assert book.workflows["concern"].private
    docket = list(book.workflows.values())[-1]
    assert (docket.name, docket.key, docket.owner[0].is_, docket.backup) == ("docket", "BOT", "sam", "maria")
    codes = ["UNREADABLE", "UNDELIVERABLE", "UNREACHABLE", "ABSENT", "DISAVOWED", "HELD", "RULE_FAILED", "OURS"]
    assert list(docket.exceptions) == codes
    assert {(rule.owner, rule.respond_within) for rule in docket.exceptions.values()} == {("sam", hours(4))}
    assert (docket.stages[0].name, docket.close.evidence, list(docket.fields)) == ("mend", ("note",), ["cause", "what"])


def test_the_normative_example_means_the_same(book: Rulebook) -> None:
    """Our copy has other comments, nothing else."""
    if not NORMATIVE.exists():
        pytest.skip("the normative example is not beside this project")
    theirs = load(NORMATIVE.read_bytes())

    def placeless(book: Rulebook) -> Rulebook:
        workflows = {
            name: replace(w, examples=tuple(replace(e, line=0, column=0) for e in w.examples))
            for name, w in book.workflows.items()
        }
        return replace(book, version="", workflows=workflows)

    assert placeless(theirs) == placeless(book)


def test_the_defaults_of_what_a_rulebook_leaves_out() -> None:
    """Without calendars, defaults, digests and lane it still says when people work and are reminded."""
    office = '  office: {days: [mon, tue, wed, thu, fri], hours: "09:00-17:00", holidays: US}\n'
    book = load(small(("calendars:\n" + office, "")))
    assert dict(book.calendars["office"].hours) == dict.fromkeys(WEEK, OFFICE_DAY)
    assert book.defaults.calendar == "office"
    assert book.defaults.reminders == Reminders(first=Fraction(1, 2), every=hours(2), quiet="office")
    assert (book.defaults.escalate_to, book.defaults.snooze_at_most) == (("backup", "manager"), days(2))
    assert (book.digests, book.lane_channel) == ({}, None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('days: all, hours: "09:00-17:00"', dict.fromkeys(range(7), OFFICE_DAY)),
        ('days: [Monday, SUN], hours: ["13:00-17:00", "09:00-12:00"]',
         dict.fromkeys((0, 6), (Span(time(9), time(12)), Span(time(13), time(17))))),
        ('hours: {mon: "09:00-24:00", tue: ["00:00-01:30", "09:00-17:00"]}',
         {0: (Span(time(9), time(0)),), 1: (Span(time(0), time(1, 30)), Span(time(9), time(17)))}),
    ],
)  # fmt: skip
def test_forms_of_opening_hours(written: str, meant: dict[int, tuple[Span, ...]]) -> None:
    """All days, several spans a day, hours that differ by weekday, and midnight."""
    book = load(small(('days: [mon, tue, wed, thu, fri], hours: "09:00-17:00"', written)))
    assert dict(book.calendars["office"].hours) == meant


def test_somebody_is_away() -> None:
    """An absence names its last day and who stands in."""
    book = load(small(("manager: lee}", "manager: lee, away: {until: 2026-12-01, for: sam}}")))
    assert book.people["dana"].away == Away(until=date(2026, 12, 1), stand_in="sam")


def test_several_gates_and_a_row_with_its_own_backup() -> None:
    """`approval` may be a list, an owner row may name its backup."""
    gate = "{because: We always ask., owner: dana, backup: lee, respond_within: 1 hour}"
    rows = "[{when: amount > 5, is: lee, backup: sam}, {manager_of: requester, else: dana}]"
    book = load(small(("    owner: dana\n", f"    owner: {rows}\n    approval: [{gate}, {gate}]\n")))
    refund = book.workflows["refund"]
    assert [row.backup for row in refund.owner] == ["sam", None]
    assert [gate.owner.is_ for gate in refund.approvals] == ["dana", "dana"]
    assert [gate.reject for gate in refund.approvals] == [("NO_PROOF",)] * 2


def test_bytes_and_text_are_the_same_rulebook() -> None:
    """The version is of the bytes, whichever way they come."""
    assert load(SMALL) == load(SMALL.encode())
