"""Deciding and working by mail: who is believed, what is understood, and what is refused and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo import example
from rules.asking_back import cautious
from rules.book.load import load
from rules.commands import Parsed
from rules.mail_words import first_line, read
from rules.messages import Message
from rules.notices import REQUESTER, Answer, DecisionCard, Disavowed, Doubted, Handed, Notice, Receipt, Replied
from rules.ruling import Ruling
from rules.said import unpacked
from rules.tickets import LASTS
from rules.traces import Traffic
from rules.wording.by_mail_answers import answer
from tests.street import Street, plain

LEE, DANA, MARIA, SAM = (f"{name}@harbor.example" for name in ("lee", "dana", "maria", "sam"))
RITA = "rita@shop.example"
REQUEST = "Please refund ORD-48213, $450, I was charged twice."
BOOK = load(example())
YES = "approve DOUBLE_CHARGE because the log shows both captures."


@pytest.fixture
def street() -> Street:
    street = Street(example())
    street.mails(RITA, REQUEST)
    assert street.items["REF-1"].state == "blocked"
    return street


def card(street: Street, to: str = "lee") -> Notice:
    """The newest letter that asks somebody for a decision."""
    asked = [n for n in street.heard(to) if isinstance(n, DecisionCard | Answer) and getattr(n, "code", "")]
    return next(n for n in reversed(asked) if not getattr(n, "update", False))


def verdict(street: Street, key: str = "REF-1") -> str:
    return street.items[key].exceptions[0].state


def said(street: Street, to: str, kind: type[Answer] = Answer) -> str:
    """The words of the newest answer to somebody."""
    notice = street.heard(to, kind)[-1]
    assert isinstance(notice, Answer)
    item = street.items.get(notice.item)
    workflow = street.book.workflows[item.workflow] if item else None
    return plain(answer(notice, item, workflow, street.now))


def refusals(street: Street) -> list[Any]:
    return [entry.facts["why"] for entry in street.entries if entry.kind == "refused"]


class TestDeciding:
    def test_a_reply_to_the_letter_decides_once_and_is_receipted(self, street: Street) -> None:
        letter = card(street)
        ruling = street.mails(LEE, YES, answers=letter)
        decision = street.items["REF-1"].exceptions[0].decision
        assert decision is not None
        assert (decision.by, decision.via, decision.reason_code) == ("lee", "mail", "DOUBLE_CHARGE")
        assert decision.rationale == "the log shows both captures."
        assert ruling.spends
        (receipt,) = street.heard("lee", Receipt)
        words = street.words(receipt)
        assert words is not None
        assert words.subject == "You approved: refund 450 USD, ORD-48213 [REF-1]"
        assert "the log shows both captures." in plain(words)
        assert "disavow" in {action.verb for action in words.actions}

    def test_a_named_receivers_word_decides_without_a_token(self, street: Street) -> None:
        street.mails(LEE, "reject ref-1 NO_PROOF: one capture only", trust="aligned")
        assert verdict(street) == "rejected"

    def test_an_old_mail_that_is_sent_again_decides_nothing_whoever_vouches_for_it(self, street: Street) -> None:
        yesterday = street.now - timedelta(days=1)
        for sent_at in (yesterday, None):
            street.mails(LEE, YES.replace("approve", "approve REF-1"), trust="aligned", sent_at=sent_at)
        assert verdict(street) == "open"
        assert refusals(street) == ["older"] * 2
        street.mails(LEE, YES, trust="aligned", sent_at=yesterday, answers=card(street))
        assert verdict(street) == "approved", "the letter itself shows that it is no old one"

    @pytest.mark.parametrize(
        ("why", "mail"),
        [
            ("no_token", {}),
            ("failed", {"trust": "failed", "answers": "own"}),
            ("failed", {"trust": "failed"}),
            ("other_person", {"answers": "dana's"}),
            ("other_item", {"answers": "of REF-2"}),
            ("spent", {"answers": "spent"}),
            ("expired", {"answers": "old"}),
        ],
    )
    def test_a_mail_that_anybody_could_have_written_decides_nothing(
        self, street: Street, why: str, mail: dict[str, Any]
    ) -> None:
        letters = {"own": card(street), "dana's": street.heard("dana", Handed)[0]}
        if mail.get("answers") == "of REF-2":
            street.mails("bo@shop.example", REQUEST.replace("ORD-48213", "ORD-48214"))
            letters["of REF-2"] = card(street)
        elif mail.get("answers") == "spent":
            letters["spent"] = letters["own"]
            street.mails(LEE, "Hm, let me look.", answers=letters["own"])
        elif mail.get("answers") == "old":
            letters["old"] = letters["own"]
            street.now += LASTS
        mail = {**mail, "answers": letters[mail["answers"]]} if "answers" in mail else mail
        street.mails(LEE, YES.replace("approve", "approve REF-1"), **mail)
        assert verdict(street) == "open"
        assert refusals(street) == [why]
        assert "Nothing was decided on REF-1" in said(street, "lee", Doubted)
        assert card(street) == street.heard("lee", Doubted)[-1], "what is sent instead can be answered"
        street.mails(LEE, YES, answers=card(street))
        assert verdict(street) == "approved"

    def test_a_letter_about_one_exception_does_not_decide_another(self, street: Street) -> None:
        street.mails(RITA, "Or my lawyer calls.", references=("<1@corp.example>",))
        street.types("dana", "except", "REF-1", code="STALLED", words="The bank is silent.")
        letter = next(n for n in street.heard("lee", DecisionCard) if getattr(n, "code", "") == "STALLED")
        street.mails(LEE, YES.replace("approve", "approve REF-1/OVER_LIMIT"), answers=letter)
        assert verdict(street) == "open"
        assert refusals(street) == ["other_exception"]

    def test_a_stranger_with_the_token_decides_nothing_and_the_one_who_was_asked_hears_of_it(
        self, street: Street
    ) -> None:
        letter = card(street)
        for sender in ("lee@harb0r.example", "lee@harbor.example.evil.example", "l\u0435e@harbor.example", ""):
            street.mails(sender, YES, answers=letter, trust="aligned" if sender else "")
        assert verdict(street) == "open"
        assert refusals(street) == ["stranger"] * 4
        told = street.heard("lee", Doubted)
        assert len(told) == 3, "after that it may be a machine"
        assert "reply to this letter from your own address" in said(street, "lee", Doubted)
        assert street.mails(LEE, YES, answers=letter).spends, "the letter is as good as before"
        assert verdict(street) == "approved"

    def test_a_colleague_by_mail_may_no_more_than_by_hand(self, street: Street) -> None:
        street.mails(DANA, YES, trust="aligned", references=("<1@corp.example>",))
        assert verdict(street) == "open"
        assert refusals(street) == ["not_yours"]
        assert "Lee Park" in said(street, "dana") or "lee" in said(street, "dana")

    def test_who_asked_decides_nothing_by_mail_either(self) -> None:
        street = Street(example())
        street.mails(LEE, REQUEST)
        street.mails(LEE, YES.replace("approve", "approve REF-1"), trust="aligned")
        assert verdict(street) == "open"
        assert refusals(street) == ["own_request"]

    def test_a_machine_decides_nothing_whatever_it_says(self, street: Street) -> None:
        for kind in ("auto-reply", "bounce", "receipt", "notification", "own"):
            street.mails(LEE, YES, answers=card(street), trust="aligned", automatic=kind)
        assert verdict(street) == "open"
        assert street.heard("lee", Answer) == []

    def test_the_second_hears_who_was_first(self, street: Street) -> None:
        letter = card(street)
        street.types("lee", "approve", "REF-1", reason_code="GOODWILL", words="Keep her.")
        street.mails(LEE, YES, answers=letter)
        assert street.items["REF-1"].exceptions[0].decision is not None
        assert street.items["REF-1"].exceptions[0].decision.reason_code == "GOODWILL"
        assert "Nothing was changed by your mail" in said(street, "lee")
        assert refusals(street) == ["already_decided"]


class TestAskingBack:
    @pytest.mark.parametrize(
        "text",
        [
            "approve", "Approved, thanks!", "yes", "ok", "approve?", "I do NOT approve", "approve DOUBLE_CHARGE",
            "approve because it is fine", "approve FOO because it is fine", "approve DOUBLE_CHARGE, but only half",
            "approve GOODWILL because is that right?",
            "approve DOUBLE_CHARGE because ...", "Genehmigt.", "", "Lee, please take this one.",
            "approve GOODWILL because so\nreject NO_PROOF because not",
        ],
    )  # fmt: skip
    def test_what_is_no_decision_is_answered_with_the_choices_and_spends_the_letter(
        self, street: Street, text: str
    ) -> None:
        letter = card(street)
        assert street.mails(LEE, text, answers=letter).spends
        assert verdict(street) == "open"
        again = card(street)
        assert again != letter
        assert isinstance(again, Answer)
        item = street.items["REF-1"]
        message = answer(again, item, street.book.workflows["refund"], street.now)
        assert {"approve", "reject", "ask"} <= {action.verb for action in message.actions}
        street.mails(LEE, YES, answers=letter)
        assert verdict(street) == "open", "the spent letter is no good"
        street.mails(LEE, YES, answers=card(street))
        assert verdict(street) == "approved"

    def test_an_absence_that_nothing_marks_as_one_is_answered_three_times(self, street: Street) -> None:
        for _ in range(10):
            street.mails(LEE, "I am away until Monday.", answers=card(street))
        assert len(street.heard("lee", Answer)) == 3
        assert street.kinds("REF-1").count("attached") == 10, "and every word is kept"

    def test_a_question_in_between_uses_the_letter_up_and_brings_another(self, street: Street) -> None:
        letter = card(street)
        assert street.mails(LEE, "show", answers=letter).spends
        street.mails(LEE, YES, answers=letter)
        assert verdict(street) == "open"
        street.mails(LEE, YES, answers=card(street))
        assert verdict(street) == "approved"

    def test_ask_puts_the_question(self, street: Street) -> None:
        street.mails(LEE, "Ask which card was it?", answers=card(street))
        assert street.items["REF-1"].exceptions[0].question == "which card was it?"

    def test_talk_about_an_item_is_talk(self, street: Street) -> None:
        """Nobody asked Dana for a decision: her words are kept, and nothing is answered."""
        street.mails(DANA, "Show me the log, please, and close the door.", answers=street.heard("dana", Handed)[0])
        assert street.heard("dana", Answer) == []
        assert street.items["REF-1"].said.startswith("Show me")


class TestWorking:
    @pytest.fixture
    def small(self) -> Street:
        street = Street(example())
        street.mails(RITA, REQUEST.replace("$450", "$45"))
        return street

    def last(self, street: Street, to: str) -> Notice:
        return next(n for n in reversed(street.heard(to)) if n.item == "REF-1")

    def test_the_same_verbs_work_in_reply_to_ones_letter(self, small: Street) -> None:
        def by(who: str, text: str, **more: Any) -> Ruling:
            return small.mails(f"{who}@harbor.example", text, answers=self.last(small, who), **more)

        by("dana", "ack")
        assert small.items["REF-1"].acknowledged_at is not None
        by("dana", "set region EU")
        by("dana", "Snooze 2h.")
        by("dana", "tick 1")
        by("dana", "next\n\nThe card matches.\nDana")
        item = small.items["REF-1"]
        assert (item.stage, item.owner, item.fields["region"]) == ("payment", "finn", "EU")
        assert item.snoozed_until is None
        by("finn", "tick 1")
        by("finn", "tick 2.")
        by("finn", "close")
        assert "can't close without proof" in said(small, "finn")
        by("finn", "evidence receipt re_1234")
        by("finn", "close REF-1")
        assert small.items["REF-1"].outcome == "done"
        assert refusals(small) == []

    def test_a_hand_over_by_mail(self, small: Street) -> None:
        small.mails(DANA, "assign @finn because I am off", answers=self.last(small, "dana"))
        assert small.items["REF-1"].owner == "finn"

    def test_what_anybody_could_have_written_changes_nothing(self, small: Street) -> None:
        small.mails(DANA, "next REF-1")
        assert small.items["REF-1"].stage == "triage"
        assert refusals(small) == ["no_token"]
        assert "Nothing was changed on REF-1" in said(small, "dana", Doubted)

    def test_questions_are_answered_to_the_address_of_the_rulebook(self, small: Street) -> None:
        for text in ("mine", "show REF-1", "REF-1", "list", "why ref-1", "help", "exceptions"):
            small.mails(DANA, text)
        asked = [dict(n.asked) for n in small.heard("dana", Doubted) if isinstance(n, Doubted)]
        assert [each["verb"] for each in asked] == ["mine", "show", "show", "list", "why", "help", "exceptions"]
        assert [*small.items] == ["REF-1"], "no question opens an item"
        assert small.kinds("REF-1").count("attached") == 0

    def test_what_no_item_is_named_for_says_so(self, small: Street) -> None:
        small.mails(LEE, YES)
        small.mails(LEE, "show REF-99")
        first, second = (unpacked(n.lines) for n in small.heard("lee", Doubted) if isinstance(n, Doubted))
        assert first[0] == ("Which item? Nothing was decided.",)
        assert second[0] == ("There is no REF-99 that you can see.",)
        assert [*small.items] == ["REF-1"]

    def test_new_opens_an_item_of_the_workflow_it_names(self, small: Street) -> None:
        small.mails(DANA, "new access\nI need access to the ledger until 2026-12-01.")
        item = small.items["ACC-1"]
        assert (item.requester, item.source.channel) == ("dana", "mail")
        assert item.text == "I need access to the ledger until 2026-12-01."

    def test_a_strangers_commands_are_talk(self, small: Street) -> None:
        small.mails(RITA, "close REF-1", references=("<1@corp.example>",), trust="aligned")
        small.mails("tom@shop.example", "show REF-1", trust="aligned")
        assert small.items["REF-1"].state == "open"
        assert not [n for n in small.notices if isinstance(n, Answer)]

    def test_of_a_private_item_a_colleague_hears_nothing_and_adds_nothing(self) -> None:
        street = Street(example())
        street.mails(RITA, "My boss shouts at me.", inbox="concerns")
        for text in ("show CON-1", "close CON-1", "approve CON-1 GOODWILL because so"):
            street.mails(DANA, text, trust="aligned")
        assert [unpacked(n.lines) for n in street.heard("dana", Answer) if isinstance(n, Answer)] == [
            (("There is no CON-1 that you can see.",),)
        ] * 3
        assert street.kinds("CON-1").count("attached") == 0


class TestDisavowing:
    @pytest.fixture
    def decided(self, street: Street) -> Street:
        street.mails(LEE, YES, answers=card(street))
        return street

    def receipt(self, street: Street) -> Notice:
        return street.heard("lee", Receipt)[-1]

    def test_this_wasnt_me_voids_the_decision_and_somebody_else_decides_anew(self, decided: Street) -> None:
        decided.passes(minutes=5)
        decided.mails(LEE, "This wasn\u2019t me!", answers=self.receipt(decided))
        item = decided.items["REF-1"]
        first, second = item.exceptions
        assert (first.state, first.disavowed) == ("void", True)
        assert (second.state, second.owner, second.backup) == ("open", "maria", "lee")
        assert item.state == "blocked"
        assert "maria" in said(decided, "lee")
        (told,) = decided.heard("dana", Disavowed)
        assert "is void" in plain(decided.words(told) or Message(subject="", headline=()))
        asked = decided.words(card(decided, "maria"))
        assert asked is not None
        assert "says that the decision was not theirs" in plain(asked)

    def test_the_operator_has_an_exception_of_it(self, decided: Street) -> None:
        decided.mails(LEE, "this wasn't me", answers=self.receipt(decided))
        (bot,) = (item for item in decided.items.values() if item.workflow == "docket")
        assert bot.exceptions[0].code == "DISAVOWED"
        assert "Lee Park" in bot.text
        assert bot.owner == "sam"

    def test_a_rejection_that_closed_it_is_undone(self, street: Street) -> None:
        street.mails(LEE, "reject NO_PROOF because one capture", answers=card(street))
        assert street.items["REF-1"].state == "closed"
        street.mails(LEE, "that was not me", answers=self.receipt(street))
        item = street.items["REF-1"]
        assert (item.state, [t.state for t in item.exceptions]) == ("blocked", ["void", "open"])
        assert item.exceptions[1].owner == "maria"

    @pytest.mark.parametrize("who", [DANA, "lee@harb0r.example", RITA])
    def test_nobody_else_disavows_it(self, decided: Street, who: str) -> None:
        decided.mails(who, "this wasn't me", answers=self.receipt(decided))
        assert verdict(decided) == "approved"

    def test_by_hand_too_it_is_ones_own_and_in_time(self, decided: Street) -> None:
        decided.types("dana", "disavow", "REF-1")
        decided.types("maria", "disavow", "REF-1")
        assert verdict(decided) == "approved"
        decided.now += LASTS
        decided.types("lee", "disavow", "REF-1")
        assert verdict(decided) == "approved"
        decided.now -= timedelta(seconds=1)
        decided.types("lee", "disavow", "REF-1")
        assert verdict(decided) == "void"

    def test_without_token_and_receivers_word_nothing_is_undone(self, decided: Street) -> None:
        decided.mails(LEE, "this wasn't me", references=("<1@corp.example>",))
        assert verdict(decided) == "approved"
        decided.mails(LEE, "this wasn't me", references=("<1@corp.example>",), trust="aligned")
        assert verdict(decided) == "void"

    def test_it_is_said_in_time_and_once(self, decided: Street) -> None:
        late = self.receipt(decided)
        decided.now += LASTS - timedelta(seconds=1)
        decided.mails(LEE, "this wasn't me", answers=late)
        assert verdict(decided) == "void"
        decided.mails(LEE, "this wasn't me", answers=late)
        assert [t.state for t in decided.items["REF-1"].exceptions] == ["void", "open"]

    def test_what_was_decided_by_hand_is_not_disavowed(self, street: Street) -> None:
        street.types("lee", "approve", "REF-1", reason_code="GOODWILL", words="Keep her.")
        street.types("lee", "disavow", "REF-1")
        assert verdict(street) == "approved"

    def test_of_private_work_the_operator_hears_no_more_than_that(self) -> None:
        street = Street(example())
        street.mails(RITA, "My boss shouts at me.", inbox="concerns")
        street.types("maria", "except", "CON-1", code="NOT_HEARD", words="I was ill.")
        codes = street.book.workflows["concern"].exceptions["NOT_HEARD"].approve
        text = f"approve CON-1 {codes[0]} because she was ill"
        street.mails(LEE, text, trust="aligned")
        assert verdict(street, "CON-1") == "approved"
        street.mails(LEE, "this wasn't me", answers=self.receipt(street))
        assert verdict(street, "CON-1") == "void"
        assert [*street.items] == ["CON-1"]
        assert "CON-1" not in str(street.heard("sam"))


def test_what_a_requester_outside_hears_holds_no_rationale_and_nobody_elses_words() -> None:
    """Status and verdict: every letter of a long story, as it is worded when it goes."""
    street = Street(example())
    told: dict[str, str] = {}

    def happens(what: Callable[[], object]) -> None:
        before = len(street.notices)
        what()
        for notice in street.notices[before:]:
            if notice.to == REQUESTER and (words := street.words(notice)) is not None:
                told[type(notice).__name__] = words.subject + plain(words)

    happens(lambda: street.mails(RITA, "Please refund ORD-48213, I was charged twice."))
    happens(lambda: street.types("dana", "set", "REF-1", name="reason", words="SECRET she lies"))
    happens(lambda: street.passes(hours=4))
    happens(lambda: street.mails(RITA, "$450", references=("<1@corp.example>",)))
    happens(lambda: street.mails(LEE, "SECRET talk among us", answers=card(street)))
    happens(lambda: street.mails(LEE, "ask which card was it?", answers=card(street)))
    happens(lambda: street.mails(LEE, f"{YES} SECRET", answers=card(street)))
    happens(lambda: street.ticks_all("dana", "REF-1"))
    happens(lambda: street.types("dana", "next", "REF-1"))
    happens(lambda: street.ticks_all("finn", "REF-1"))
    happens(lambda: street.types("finn", "evidence", "REF-1", name="receipt", words="SECRET re_1"))
    happens(lambda: street.types("finn", "close", "REF-1"))
    assert told.keys() >= {"Question", "Asked", "Verdict", "Closed"}
    assert "which card was it?" in told["Asked"]
    assert not [name for name, words in told.items() if "SECRET" in words or "DOUBLE_CHARGE" in words]


WORDS = ["approve", "reject", "DOUBLE_CHARGE", "REF-1", "because", ":", "-", "so", "?", "not", "but", "\n", "`", ","]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=200))
def test_whatever_is_written_a_decision_names_verb_code_and_reason_in_that_order(text: str) -> None:
    said = read(text, BOOK, BOOK.workflows["refund"])
    if isinstance(said, Parsed) and said.verb in ("approve", "reject"):
        line = first_line(text).casefold()
        assert line.startswith(said.verb)
        assert said.reason_code
        assert said.reason_code.casefold() in line
        assert any(letter.isalnum() for letter in said.words)
        assert not said.words.endswith("?")


def test_answers_in_a_flood_under_somebodys_name_end(street: Street) -> None:
    flooded = replace(street.world(None), traffic=Traffic(doubted=lambda _address, _since, most: most))
    answer = Answer(item="REF-1", to="lee")
    assert cautious(flooded, (answer,)) == ()
    assert cautious(street.world(None), (answer,)) == (Doubted(item="REF-1", to="lee"),)


def test_whoever_asked_before_deciding_hears_the_answer_and_can_decide_on_it(street: Street) -> None:
    street.mails(LEE, "ask which card was it?", answers=card(street))
    street.mails(RITA, "The blue one.", references=("<1@corp.example>",))
    (letter,) = street.heard("lee", Replied)
    words = street.words(letter)
    assert words is not None
    assert "The blue one." in plain(words)
    assert "approve" in {action.verb for action in words.actions}
    assert street.heard("dana", Replied), "and so does whoever has it"
    street.mails(LEE, YES, answers=letter)
    assert verdict(street) == "approved"
