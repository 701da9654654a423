"""Whoever must act is told once, in one message that stays true: no edit alone, no reminder beside another message."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from rules.events import Command, Verb
from rules.notices import DecisionCard, GlassBroken, Handed, Late, Reminder, Replied, Verdict, WentUp
from rules.reading import Shelf, Told, answer, why
from rules.wording.by_mail import Reach, by_mail
from rules.wording.helping import GROUPS
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.rules.test_handoffs import DANA, FINN, does, handed, moves_on, opened
from tests.street import Street, plain

LEE, MARIA = "slack:U0LEE", "slack:U0MARIA"
YES = {"reason_code": "GOODWILL", "words": "They have been with us for years."}


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def last_card(street: Street, to: str) -> tuple[Handed, str, list[str]]:
    """The newest notice of that person's handoff card, its words and its buttons."""
    notice = street.heard(to, Handed)[-1]
    assert isinstance(notice, Handed)
    message = street.words(notice)
    assert message is not None
    return notice, plain(message), [action.verb for action in message.actions]


class TestItIsTheOwnersAgain:
    """The card in the thread is edited, and an edit pings nobody: the owner gets a message of their own."""

    def test_when_the_answer_came(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, I was charged twice")
        assert not street.heard("dana")
        street.says(RITA, "45 USD", thread="REF-1")
        (notice,) = street.heard("dana", Handed)
        assert "You have REF-1" in plain(street.words(notice) or pytest.fail("it says nothing"))

    def test_when_somebody_else_decided(self, street: Street) -> None:
        big_refund(street)
        assert not street.heard("dana")
        does(street, LEE, "approve", **YES)
        assert len(street.heard("dana", Handed)) == 1
        assert "GOODWILL" in last_card(street, "dana")[1]

    def test_not_when_they_decided_themselves(self, street: Street) -> None:
        big_refund(street)
        street.types(LEE, "assign", "REF-1", code="OVER_LIMIT", person="dana", words="she knows them")
        heard = len(street.heard("dana", Handed))
        does(street, DANA, "approve", **YES)
        assert len(street.heard("dana", Handed)) == heard

    def test_once_where_a_mail_tells_them_anyway(self, street: Street) -> None:
        street.mails("carla@shop.example", "Please refund ORD-48213, it was $450")
        before = len(street.notices)
        does(street, LEE, "approve", **YES)
        assert [type(n) for n in street.notices[before:] if n.to == "dana"] == [Verdict]

    def test_once_where_they_hear_what_was_written(self, street: Street) -> None:
        street.mails("dan@shop.example", "I want a refund please", message_id="<1@shop.example>")
        before = len(street.notices)
        street.mails("dan@shop.example", "ORD-50001, 45 USD", references=("<1@shop.example>",))
        assert street.items["REF-1"].state == "open"
        assert [type(n) for n in street.notices[before:] if n.to == "dana"] == [Replied]


class TestOneMessageAtATime:
    def test_that_it_is_overdue_is_its_reminder(self, street: Street) -> None:
        """Due at 14:00; reminded at 12:00 and, two hours after the bad news, at 16:00."""
        opened(street)
        street.passes(hours=3)
        (reminder,) = (t for t in street.timers["REF-1"] if t.kind == "remind")
        assert reminder.due_at == street.now + timedelta(hours=3), "not at 14:00, beside the other"
        told = street.passes(hours=1)
        assert [n.to for n in told if isinstance(n, Late)] == ["dana", "lee"]
        assert not [n for n in told if type(n) is Reminder]
        item = street.items["REF-1"]
        assert item.reminded_at == item.due_at == street.now
        assert [n.to for n in street.passes(hours=2) if isinstance(n, Reminder)] == ["dana"]

    def test_that_it_went_up_is_a_reminder_for_who_hears_it(self, street: Street) -> None:
        """LEGAL_THREAT, 30 minutes day and night: at each step somebody is asked, and nobody twice."""
        street.says(RITA, "refund me or my lawyer calls")
        street.passes(minutes=29)
        told = street.passes(minutes=1)
        assert [n.person for n in told if isinstance(n, WentUp)] == ["lee"]
        assert not [n for n in told if isinstance(n, Reminder)]
        assert [n.to for n in told if isinstance(n, DecisionCard) and not n.revises] == ["lee"]
        further = street.passes(minutes=30)
        assert "lee" in {n.to for n in further if isinstance(n, Reminder)}, "whom it reached before hears it again"
        assert "maria" not in {n.to for n in further if isinstance(n, Reminder)}

    def test_whoever_reviews_a_broken_glass_gets_the_review_alone(self, street: Street) -> None:
        big_refund(street)
        street.passes(hours=2, minutes=1)
        street.types(DANA, "breakglass", "REF-1", words="The customer stands in the shop.")
        assert not street.heard("maria", GlassBroken)
        review = street.heard("maria", DecisionCard)[-1]
        message = street.words(review)
        assert message is not None
        assert "It comes from REF-1." in plain(message)

    def test_a_review_stands_among_decisions_and_nowhere_else(self, street: Street) -> None:
        big_refund(street)
        street.types(DANA, "breakglass", "REF-1", words="The customer stands in the shop.")
        assert asked(street, MARIA, "mine").count("REVIEW-1") == 1
        said = street.types(LEE, "approve", "REF-1", **YES).reply
        assert said is not None
        assert plain(said.message).startswith("OVER_LIMIT was bypassed")


class TestTheHandoffCard:
    def test_it_follows_what_becomes_of_it(self, street: Street) -> None:
        handed(street)
        notice, _, buttons = last_card(street, "finn")
        assert (notice.update, buttons[:2]) == (False, ["accept", "back"])
        does(street, FINN, "accept")
        update, _, buttons = last_card(street, "finn")
        assert (update.slot, update.revises) == (notice.slot, True)
        assert buttons[:2] == ["ack", "tick"]
        street.ticks_all(FINN, "REF-1")
        assert last_card(street, "finn")[2][:2] == ["ack", "close"]
        does(street, FINN, "back", words="The amount is wrong.")
        _, words, buttons = last_card(street, "finn")
        assert ("The amount is wrong." in words, buttons) == (True, [])
        moves_on(street)
        anew, _, buttons = last_card(street, "finn")
        assert (anew.number, anew.update, buttons[0]) == (3, False, "accept"), "a new message, not an edit"

    def test_in_the_end_it_says_so(self, street: Street) -> None:
        handed(street)
        street.ticks_all(FINN, "REF-1")
        does(street, FINN, "evidence", name="receipt", words="re_1")
        does(street, FINN, "close")
        closed = [n for n in street.heard("finn", Handed) if n.item == "REF-1"][-1]
        message = street.words(closed)
        assert message is not None
        assert (message.actions, "Done" in plain(message)) == ((), True)

    def test_an_old_card_never_offers_the_next_stage(self, street: Street) -> None:
        street.mails("carla@shop.example", "Please refund ORD-48213, it was $45")
        street.ticks_all(DANA, "REF-1")
        assert "next" not in last_card(street, "dana")[2]

    def test_by_mail_it_says_how_to_tick(self, street: Street) -> None:
        handed(street)
        does(street, FINN, "assign", person="olu", words="she knows them")
        item, notice = street.items["REF-1"], street.heard("olu", Handed)[-1]
        message = street.words(notice)
        assert message is not None
        reach = Reach(slack=True, replies=True)
        letter = plain(by_mail(message, "olu", street.book, reach, item, street.book.workflows["refund"]))
        assert "tick 1  Payment log checked" in letter
        assert "close  it is done" not in letter, "it would be refused"


def asked(street: Street, who: str, verb: Verb) -> str:
    """The answer to a question about everything."""
    command = Command(id="q", workspace="main", at=street.now, by=who, via="slack", verb=verb)
    shelf = Shelf(items=tuple(street.items.values()))
    return plain(answer(command, street.book, lambda i: street.book.workflows[i.workflow], shelf, street.now).message)


class TestWords:
    def test_help_has_every_command_once(self, street: Street) -> None:
        assert sorted(verb for _, verbs in GROUPS for verb in verbs) == sorted(get_args(Verb))
        assert asked(street, DANA, "help").count("/docket pause") == 1

    def test_a_stranger_is_offered_nothing_that_would_be_refused(self, street: Street) -> None:
        said = asked(street, RITA, "help")
        assert "/docket new" in said
        assert "/docket show" in said
        assert "/docket approve" not in said
        assert "/docket pause" not in said

    def test_who_may_resume_one_workflow_is_told_which(self, street: Street) -> None:
        street.types(MARIA, "pause", workflow="refund")
        reply = street.types(MARIA, "resume").reply
        assert reply is not None
        assert reply.refused
        assert "/docket resume refund" in plain(reply.message)

    def test_why_names_notices_and_due_times_in_words(self, street: Street) -> None:
        item = opened(street)
        told = (Told(to="lee", kind="DecisionCard", at=street.now, state="sent"),)
        said = plain(why(item, street.book.workflows["refund"], street.book, Shelf(told=told), street.now))
        assert "lee: the decision" in said
        assert "DecisionCard" not in said
        assert ", a reminder." in said
