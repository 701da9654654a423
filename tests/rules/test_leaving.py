"""Somebody is away for a while: who says so, who has their work meanwhile, and that it comes back (M31, M137, M138)."""

from __future__ import annotations

import pytest

from rules.absence import Failing, unreached
from rules.book.load import load
from rules.commands import Parsed, parse
from rules.notices import CONVERSATION, Card, DecisionCard, Handed, Reminder, WentUp
from rules.ruling import Ruling
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import MORNING, Street, plain

LEE, MARIA, DANA, SAM = "slack:U0LEE", "slack:U0MARIA", "slack:U0DANA", "slack:U0SAM"


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def told(ruling: Ruling) -> str:
    assert ruling.reply is not None
    return plain(ruling.reply.message)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("away until 2026-12-01 for @lee", {"until": "2026-12-01", "person": "@lee"}),
        ("away until next friday for Lee Park", {"until": "next friday", "person": "Lee Park"}),
        ("away @dana until 2026-12-01 for @lee", {"name": "@dana", "until": "2026-12-01", "person": "@lee"}),
        ("away for @lee", {"person": "@lee"}),
        ("away until monday", {"until": "monday"}),
        ("away over", {"until": "over"}),
        ("away over @dana", {"until": "over", "name": "@dana"}),
        ("away", {}),
    ],
)
def test_how_it_is_typed(typed: str, meant: dict[str, str]) -> None:
    assert parse(typed) == Parsed(verb="away", **meant)


class TestSaying:
    @pytest.mark.parametrize(
        ("who", "said", "refused", "answer"),
        [
            (LEE, {"until": "2026-03-06", "person": "maria"}, False, "maria stands in for you through Fri Mar 6"),
            (LEE, {"until": "friday", "person": "Maria Sol"}, False, "through Fri Mar 6"),
            (SAM, {"name": "lee", "until": "2026-03-06", "person": "maria"}, False, "stands in for Lee Park"),
            (DANA, {"name": "lee", "until": "2026-03-06", "person": "maria"}, True, "can say it of somebody else"),
            (RITA, {"until": "2026-03-06", "person": "maria"}, True, "for people of the rulebook"),
            (LEE, {"until": "2026-03-03", "person": "maria"}, True, "Tue Mar 3 is over already"),
            (LEE, {"until": "2026-03-06", "person": "lee"}, True, "can't stand in for themselves"),
            (LEE, {"until": "2026-03-06", "person": "ops-team"}, True, "is not in the rulebook"),
            (LEE, {"until": "soon", "person": "maria"}, True, "Until which day?"),
            (LEE, {"until": "2026-03-06"}, True, "Until which day, and who stands in?"),
            (LEE, {}, True, "Until which day, and who stands in?"),
            (LEE, {"until": "over"}, True, "Nobody said that Lee Park is away"),
        ],
    )
    def test_what_is_understood(
        self, street: Street, who: str, said: dict[str, str], refused: bool, answer: str
    ) -> None:
        ruling = street.types(who, "away", **said)
        assert ruling.reply is not None
        assert ruling.reply.refused is refused
        assert answer in told(ruling)
        assert bool(street.said) is not refused

    def test_who_stands_in_must_be_there(self, street: Street) -> None:
        street.types(MARIA, "away", until="2026-03-06", person="sam")
        assert "Maria Sol is not there either" in told(street.types(LEE, "away", until="2026-03-05", person="maria"))

    def test_it_is_on_record(self, street: Street) -> None:
        street.types(LEE, "away", until="2026-03-06", person="maria")
        (entry,) = [e for e in street.entries if e.kind == "away"]
        assert (entry.item, entry.by) == ("", "lee")
        assert entry.facts == {"person": "lee", "until": "2026-03-06", "stand_in": "maria"}

    def test_the_answer_says_what_goes_to_whom(self, street: Street) -> None:
        big_refund(street)
        assert "1 decision goes to Maria Sol" in told(street.types(LEE, "away", until="2026-03-06", person="maria"))

    def test_what_the_rulebook_says_is_changed_there(self) -> None:
        street = Street(
            HARBOR.replace(
                "slack: U0DANA, manager: lee}", "slack: U0DANA, manager: lee, away: {until: 2026-03-06, for: finn}}"
            )
        )
        assert "The rulebook says that Dana Ruiz is away" in told(street.types(DANA, "away", until="over"))


class TestLending:
    def test_the_delegate_has_it_and_the_deadline_stays(self, street: Street) -> None:
        due_at = big_refund(street).open_trouble()[0].due_at
        street.types(LEE, "away", until="2026-03-06", person="sam")
        street.passes_on("lee", street.now)
        (trouble,) = street.items["REF-1"].open_trouble()
        assert (trouble.owner, trouble.may_decide, trouble.due_at, trouble.lent_by) == ("sam", ("sam",), due_at, "lee")
        words = street.words(street.heard("sam", DecisionCard)[-1])
        assert words is not None
        assert "lee is away until Mar 6, so this decision is yours until then." in plain(words)

    def test_new_work_goes_there_too(self, street: Street) -> None:
        street.types(DANA, "away", until="2026-03-06", person="finn")
        street.says(RITA, "Please refund ORD-48213, it was $45")
        assert street.items["REF-1"].owner == "finn"

    def test_a_backup_who_is_away_keeps_the_seat(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.types(LEE, "away", until="2026-03-06", person="maria")
        street.passes_on("lee", street.now)
        assert (street.items["REF-1"].backup, street.kinds("REF-1").count("relieved")) == ("lee", 0)

    def test_what_is_not_done_comes_back_in_one_message(self, street: Street) -> None:
        big_refund(street)
        street.says(RITA, "Please refund ORD-50001, it was $45")
        street.types(LEE, "away", until="2026-03-06", person="maria")
        street.types(DANA, "away", until="2026-03-06", person="finn")
        for person in ("lee", "dana"):
            street.passes_on(person, street.now)
        street.types(MARIA, "approve", "REF-1", reason_code="GOODWILL", words="She has been with us for years.")
        street.types(LEE, "away", until="over")
        street.types(DANA, "away", until="over")
        for person in ("lee", "dana"):
            street.gives_back(person)
        assert street.items["REF-1"].exceptions[0].owner == "maria", "what is decided stays decided"
        assert [street.items[key].owner for key in ("REF-1", "REF-2")] == ["dana", "dana"]
        assert {n.item for n in street.heard("dana", Reminder)} == {"REF-1", "REF-2"}
        assert street.heard("dana", Handed) == []

    def test_a_decision_comes_back_with_its_right(self, street: Street) -> None:
        big_refund(street)
        street.types(LEE, "away", until="2026-03-06", person="maria")
        street.passes_on("lee", street.now)
        street.types(LEE, "away", until="over")
        street.gives_back("lee")
        (trouble,) = street.items["REF-1"].open_trouble()
        assert (trouble.owner, trouble.backup, trouble.may_decide, trouble.lent_by) == ("lee", "maria", ("lee",), "")
        refusal = street.types(MARIA, "approve", "REF-1", reason_code="GOODWILL", words="Fine by me, really.").reply
        assert refusal is not None
        assert refusal.refused

    def test_what_somebody_was_given_for_good_does_not_go_back(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.types(DANA, "away", until="2026-03-06", person="finn")
        street.passes_on("dana", street.now)
        street.types("slack:U0FINN", "assign", "REF-1", person="ines", words="She knows the customer.")
        street.types(DANA, "away", until="over")
        street.gives_back("dana")
        assert street.items["REF-1"].owner == "ines"

    def test_lent_on_it_is_still_the_first_ones(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.types(DANA, "away", until="2026-03-10", person="finn")
        street.passes_on("dana", street.now)
        street.types("slack:U0FINN", "away", until="2026-03-10", person="ines")
        street.passes_on("finn", street.now)
        assert (street.items["REF-1"].owner, street.items["REF-1"].lent_by) == ("ines", "dana")

    def test_of_private_work_no_third_person_hears(self, street: Street) -> None:
        street.types(RITA, "new", workflow="concern", words="My lead shouts at people.")
        street.types(MARIA, "away", until="2026-03-06", person="sam")
        street.passes_on("maria", street.now)
        assert (street.items["CON-1"].owner, street.items["CON-1"].lent_by) == ("lee", "maria")
        assert all(n.item != "CON-1" for n in street.heard("sam"))


class TestGoingUp:
    def test_the_owner_hears_to_whom_it_went_and_that_they_still_can(self, street: Street) -> None:
        big_refund(street)
        street.passes(hours=2, minutes=1)
        (told,) = street.heard("lee", WentUp)
        words = street.words(told)
        assert words is not None
        assert "REF-1 went up to maria: you had until" in plain(words)
        assert "maria can decide now; you still can decide." in plain(words)
        street.types(MARIA, "approve", "REF-1", reason_code="GOODWILL", words="She has been with us for years.")
        assert street.words(told) is None


class TestAcknowledging:
    """`I'm on it` keeps reminders away for half of the stage's four hours, counted from the owner's last word."""

    def test_it_lapses_when_the_owner_goes_quiet(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(hours=1)
        street.types(DANA, "ack", "REF-1")
        assert street.passes(hours=1, minutes=59) == [], "the reminder of half time would have come"
        card, reminder = street.passes(minutes=2)
        assert isinstance(reminder, Reminder)
        assert isinstance(card, Card)
        assert card.to == CONVERSATION
        assert street.items["REF-1"].acknowledged_at is None

    def test_the_owners_own_word_keeps_it_and_the_requesters_does_not(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.types(DANA, "ack", "REF-1")
        street.passes(hours=1)
        street.says(RITA, "Any news on this one?", thread="REF-1")
        assert street.items["REF-1"].acknowledged_at == MORNING
        street.says(DANA, "I have the log open.", thread="REF-1")
        assert street.items["REF-1"].acknowledged_at == street.now


def test_to_whom_there_is_no_way() -> None:
    book = load(HARBOR)
    bounced = [Failing(person="olu", channel="mail", address="olu@harbor.example", since=MORNING, why="550")]
    assert unreached(book, [], slack=True, mail=True) == []
    assert unreached(book, [], slack=True, mail=False) == [
        "Olu Bright has no Slack, and no mail goes out (DOCKET_SMTP_URL is not set)."
    ]
    assert unreached(book, bounced, slack=True, mail=True) == [
        "Olu Bright has no Slack, and their mailbox refuses mail."
    ]
    assert len(unreached(book, [], slack=False, mail=False)) == len(book.people)
