"""Answers to the outside in somebody's own words: sent as written, or held for another person's yes (M61)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rules.deciding_page import page
from rules.events import Command
from rules.forms import form
from rules.items import Trouble
from rules.messages import Form, Reply
from rules.notices import REQUESTER, AnswerDecided, Asked, DecisionCard, OwnWords, Verdict
from rules.outgoing import MOST_CHARACTERS
from rules.people import may_decide
from rules.record import trouble_json
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, LEE, MARIA, SAM = (f"slack:U0{name}" for name in ("DANA", "LEE", "MARIA", "SAM"))
RISKY = "We guarantee that the money is back by Friday."
PROMISE = f"{RISKY} Our guarantee covers both charges."


def said(street: Street, who: str, verb: Any, item: str = "REF-1", **more: Any) -> Reply:
    street.passes(minutes=1)
    reply = street.types(who, verb, item, **more).reply
    assert reply is not None
    return reply


def worded(street: Street, notice: Any) -> str:
    message = street.words(notice)
    assert message is not None
    return plain(message)


def held(street: Street) -> Trouble:
    (trouble,) = street.items["REF-1"].open_trouble("OUTGOING")
    return trouble


def decides(street: Street, who: str, verb: str, **more: Any) -> Reply:
    code = "GOODWILL" if verb == "approve" else "OUTSIDE_POLICY"
    return said(street, who, verb, code="OUTGOING", reason_code=code, words="We never promise a day.", **more)


@pytest.fixture
def street() -> Street:
    street = Street(HARBOR.replace('mentions("guarantee")', 'mentions("guarantee", "we guarantee")'))
    street.says(RITA, "Please refund ORD-48213, it was $45, and do you guarantee it?")
    return street


class TestReply:
    def test_it_goes_to_the_requester_as_written_with_the_persons_name(self, street: Street) -> None:
        assert plain(said(street, DANA, "reply", words="The money goes out <today>.").message) == f"Sent to {RITA}."
        (notice,) = street.heard(REQUESTER, OwnWords)
        assert worded(street, notice).startswith(f"{RITA}, dana writes:\nThe money goes out <today>.")
        (entry,) = (e for e in street.entries if e.kind == "spoken")
        assert (entry.by, entry.texts["words"]) == ("dana", "The money goes out <today>.")
        assert street.items["REF-1"].state == "open"

    def test_two_answers_are_two(self, street: Street) -> None:
        for words in ("One moment.", "It is done."):
            said(street, LEE, "reply", words=words)
        assert ["One moment." in worded(street, n) for n in street.heard(REQUESTER, OwnWords)] == [True, False]

    @pytest.mark.parametrize("who", [RITA, SAM, "slack:U0STRANGER"])
    def test_who_has_nothing_to_do_with_it_says_nothing_in_its_name(self, street: Street, who: str) -> None:
        assert said(street, who, "reply", words="Hello.").code == "not_yours"
        assert not street.heard(REQUESTER, OwnWords)

    def test_without_words_with_too_many_or_with_nobody_there_nothing_goes(self, street: Street) -> None:
        assert said(street, DANA, "reply").code == "words"
        assert said(street, DANA, "reply", words="x" * (MOST_CHARACTERS + 1)).code == "too_long"
        street.mails("", "Please refund ORD-48214, $45", answerable=False)
        assert said(street, DANA, "reply", "REF-2", words="Hello.").code == "unanswerable"
        street.fails("mailbox")
        assert said(street, SAM, "reply", "BOT-1", words="Hello.").code == "unanswerable"

    def test_it_has_a_form(self, street: Street) -> None:
        command = Command(id="q", workspace="main", at=street.now, by=DANA, via="slack", verb="reply", item="REF-1")
        opened = form(command, street.world(street.items["REF-1"]))
        assert isinstance(opened, Form)
        assert (opened.submit, [blank.name for blank in opened.blanks]) == ("Send", ["words"])

    def test_by_mail_all_of_the_mail_goes(self) -> None:
        """Its first line says to whom; a letter of several paragraphs is not cut off after it."""
        street = Street(HARBOR)
        street.mails("rita@corp.example", "Please refund ORD-48213, it was $45")
        (card,) = street.heard("dana")
        street.mails("dana@harbor.example", "reply REF-1 Dear Rita,\n\nit goes out today.\n\nDana", answers=card)
        (entry,) = (e for e in street.entries if e.kind == "spoken")
        assert entry.texts["words"] == "Dear Rita,\n\nit goes out today.\n\nDana"


class TestHeld:
    def test_the_rule_is_judged_on_the_words_and_not_on_the_request(self, street: Street) -> None:
        """Rita wrote of a guarantee; what Dana answers does not."""
        assert not said(street, DANA, "reply", words="It goes out today.").refused
        assert not street.items["REF-1"].exceptions

    def test_nothing_goes_until_somebody_else_says_yes_then_just_these_words(self, street: Street) -> None:
        reply = said(street, DANA, "reply", words=PROMISE)
        assert "maria decides before it is sent" in plain(reply.message)
        assert not street.heard(REQUESTER, OwnWords)
        assert (held(street).gate, held(street).owner, street.items["REF-1"].state) == ("outgoing", "maria", "blocked")
        card = worded(street, street.heard("maria", DecisionCard)[-1])
        assert card.startswith("Approve by")
        assert f"To {RITA}: {PROMISE}" in card
        assert "written by dana" in card
        assert decides(street, MARIA, "approve").refused is False
        (notice,) = street.heard(REQUESTER, OwnWords)
        assert PROMISE in worded(street, notice)
        assert "dana writes" in worded(street, notice)
        (told,) = street.heard("dana", AnswerDecided)
        assert "was sent as you wrote it" in worded(street, told)
        item = street.items["REF-1"]
        assert (item.state, item.exceptions[0].decision.seen) == ("open", {"answer": PROMISE})  # type: ignore[union-attr]
        assert not street.heard(REQUESTER, Verdict), "Rita's request was not what was approved"
        assert trouble_json(item.exceptions[0])["code"] == "OUTGOING"

    def test_a_no_sends_nothing_ends_nothing_and_the_author_hears_why(self, street: Street) -> None:
        said(street, DANA, "reply", words=RISKY)
        decides(street, MARIA, "reject")
        assert not street.heard(REQUESTER)
        assert street.items["REF-1"].state == "open"
        (told,) = street.heard("dana", AnswerDecided)
        assert "was not sent" in worded(street, told)
        assert "We never promise a day." in worded(street, told)
        assert RISKY in worded(street, told), "the words are not lost"
        said(street, DANA, "reply", words=RISKY)
        assert held(street).state == "open", "the same words are asked about again"

    def test_a_request_that_is_rejected_later_says_who_rejected_it(self, street: Street) -> None:
        said(street, DANA, "reply", words=RISKY)
        decides(street, MARIA, "reject")
        street.types(DANA, "set", "REF-1", name="amount", words="450 USD")
        said(street, LEE, "reject", code="OVER_LIMIT", reason_code="NO_PROOF", words="One capture.")
        assert "rejected by lee" in worded(street, street.heard(REQUESTER)[-1])

    def test_whoever_wrote_it_never_says_yes_to_it(self, street: Street) -> None:
        """Maria leads refunds and owns the gate: of her own words Lee decides, whatever the ladder reaches."""
        said(street, MARIA, "reply", words=RISKY)
        assert (held(street).owner, held(street).backup) != ("maria", "lee")
        assert held(street).owner == "lee"
        reply = decides(street, MARIA, "approve")
        assert reply.code == "own_request"
        assert "Nobody says yes to their own words." in plain(reply.message)
        assert said(street, LEE, "assign", person="maria", code="OUTGOING", words="She knows.").refused
        street.passes(days=5)
        assert "maria" not in held(street).may_decide
        assert decides(street, MARIA, "approve").refused
        # However she had come to be asked: the core knows whose words they are.
        assert not may_decide(replace(held(street), may_decide=("lee", "maria")), "maria", RITA)

    def test_whoever_wrote_it_does_not_inherit_it_either(self, street: Street) -> None:
        """Maria can't be reached, and Lee, who would be next, wrote it himself."""
        said(street, LEE, "reply", words=RISKY)
        street.loses("maria")
        assert held(street).owner not in ("maria", "lee")
        street.passes(days=3)
        assert "lee" not in held(street).may_decide

    def test_where_only_the_author_is_left_nothing_waits_for_ever(self) -> None:
        """In private work nobody else may hear of it: whoever wrote it is told to say it otherwise."""
        outgoing = (
            "outgoing: {when: 'mentions(\"guarantee\")', owner: maria, backup: lee, respond_within: 2 business hours}"
        )
        street = Street(HARBOR.replace("    private: true", f"    {outgoing}\n    private: true"))
        street.types(LEE, "new", workflow="concern", words="Somebody is being treated badly.")
        reply = said(street, MARIA, "reply", "CON-1", words="I guarantee that it ends.")
        assert reply.code == "no_approver"
        assert street.items["CON-1"].state == "open"

    def test_one_waits_at_a_time_and_the_second_is_refused_with_its_words_kept(self, street: Street) -> None:
        said(street, DANA, "reply", words=RISKY)
        reply = said(street, LEE, "reply", words="Another guarantee.")
        assert (reply.code, reply.blank) == ("already_open", "words")
        assert not said(street, LEE, "reply", words="Harmless.").refused, "what needs no yes goes meanwhile"

    def test_a_question_before_deciding_goes_the_same_way(self, street: Street) -> None:
        street.types(DANA, "set", "REF-1", name="amount", words="450 USD")
        said(street, LEE, "ask", words="Did we guarantee this in writing?")
        assert held(street).about == "OVER_LIMIT"
        assert not street.heard(REQUESTER, Asked)
        decides(street, MARIA, "approve")
        (asked,) = street.heard(REQUESTER, Asked)
        assert "Did we guarantee this in writing?" in worded(street, asked)
        assert street.items["REF-1"].open_trouble("OVER_LIMIT")[0].question == "Did we guarantee this in writing?"

    def test_a_question_whose_decision_fell_meanwhile_is_said_all_the_same(self, street: Street) -> None:
        street.types(DANA, "set", "REF-1", name="amount", words="450 USD")
        said(street, LEE, "ask", words="Did we guarantee this?")
        said(street, LEE, "approve", code="OVER_LIMIT", reason_code="GOODWILL", words="Never mind.")
        decides(street, MARIA, "approve")
        assert "Did we guarantee this?" in worded(street, street.heard(REQUESTER, OwnWords)[-1])

    def test_what_still_waits_when_the_item_ends_is_not_sent_and_its_author_knows(self, street: Street) -> None:
        street.types(DANA, "set", "REF-1", name="amount", words="450 USD")
        said(street, DANA, "reply", words=RISKY)
        said(street, LEE, "reject", code="OVER_LIMIT", reason_code="NO_PROOF", words="One capture.")
        (told,) = street.heard("dana", AnswerDecided)
        assert "was not sent. Nobody had decided" in worded(street, told)
        assert not street.heard(REQUESTER, OwnWords)

    def test_changed_values_do_not_touch_it(self, street: Street) -> None:
        said(street, DANA, "reply", words=RISKY)
        assert not said(street, DANA, "set", name="amount", words="46 USD").refused
        assert held(street).state == "open"

    def test_on_its_page_the_words_stand_and_a_yes_by_mail_sends_them(self, street: Street) -> None:
        said(street, DANA, "reply", words=RISKY)
        (card,) = street.heard("maria", DecisionCard)
        shown = page(street.ticket(card), street.world(street.items["REF-1"]))
        assert shown is not None
        assert shown.shown == {"answer": RISKY}
        street.mails("maria@harbor.example", "approve GOODWILL because it is true", answers=card)
        assert street.heard(REQUESTER, OwnWords)

    def test_a_yes_that_was_not_hers_is_not_asked_twice_for_what_is_sent(self, street: Street) -> None:
        said(street, DANA, "reply", words=RISKY)
        (card,) = street.heard("maria", DecisionCard)
        street.mails("maria@harbor.example", "approve GOODWILL because it is true", answers=card)
        said(street, MARIA, "disavow")
        assert street.items["REF-1"].state == "open"
        assert len(street.heard(REQUESTER, OwnWords)) == 1

    def test_an_approvers_own_words_are_words_to_the_outside_too(self) -> None:
        """What goes back for changes is read by the requester: words that need a yes are said otherwise."""
        outgoing = (
            "outgoing: {when: 'mentions(\"guarantee\")', owner: maria, backup: lee, respond_within: 2 business hours}"
        )
        street = Street(HARBOR.replace("    approval:\n", f"    {outgoing}\n    approval:\n"))
        street.says("slack:U0FINN", "I need access to billing\nuntil: 2026-03-20", channel="it-help")
        street.says("slack:U0FINN", "billing", thread="ACC-1")
        assert said(street, LEE, "changes", "ACC-1", words="Who can guarantee it?").code == "outgoing"
        assert not said(street, LEE, "changes", "ACC-1", words="Who vouches for it?").refused
