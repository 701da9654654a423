"""The flows of the main job, told at the level of the rules: who says what, what stands, who hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.events import Attachment, Posted
from rules.items import Item
from rules.notices import (
    CONVERSATION,
    REQUESTER,
    Card,
    Closed,
    DecisionCard,
    Late,
    Question,
    Reminder,
    Replied,
    Unclear,
    Verdict,
)
from rules.reading import Shelf, answer
from tests.street import Street, plain

HARBOR = (Path(__file__).parents[2] / "examples" / "harbor.yml").read_text()
RITA = "slack:U0RITA"


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def big_refund(street: Street) -> Item:
    """REF-1: complete, over the desk's limit, waiting for Lee."""
    street.says(RITA, "Please refund ORD-48213, I was charged $450 twice")
    return street.items["REF-1"]


class TestIntake:
    def test_a_matching_message_becomes_an_item_with_an_owner(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        item = street.items["REF-1"]
        assert (item.owner, item.backup, item.requester) == ("dana", "lee", RITA)
        assert item.fields == {"order": "ORD-48213", "amount": "45.00 USD", "region": "NA"} or item.fields == {
            "order": "ORD-48213",
            "amount": "45.00 USD",
        }
        assert (item.stage, item.state) == ("triage", "open")
        assert street.heard(CONVERSATION, Card)

    def test_small_talk_and_bots_open_nothing_and_say_why(self, street: Street) -> None:
        assert street.says(RITA, "thanks, got it!").ignored
        assert street.says("slack:UBOT", "refund refund", bot=True).ignored == "written by a program"
        assert "channel_join" in street.says(RITA, "refund", subtype="channel_join").ignored
        assert street.says(RITA, "where is the moneyback guarantee").ignored
        assert not street.items

    def test_all_that_is_missing_is_asked_in_one_message(self, street: Street) -> None:
        street.says(RITA, "I need a refund please")
        item = street.items["REF-1"]
        assert (item.missing, item.state, item.asks) == (("order", "amount"), "waiting", 1)
        questions = street.heard(REQUESTER, Question)
        assert len(questions) == 1
        words = street.words(questions[0])
        assert words is not None
        assert "Which order" in plain(words)
        assert "How much" in plain(words)

    def test_one_reply_may_answer_everything(self, street: Street) -> None:
        street.says(RITA, "I need a refund please")
        street.says(RITA, "it is ORD-48213 and it was 45 USD", thread="REF-1")
        item = street.items["REF-1"]
        assert (item.missing, item.state) == ((), "open")
        assert item.fields["amount"] == "45.00 USD"

    def test_an_unreadable_answer_is_asked_again_and_changes_nothing(self, street: Street) -> None:
        street.says(RITA, "refund for ORD-48213 please")
        street.says(RITA, "about 1.2.3,4 dollars", thread="REF-1")
        assert street.items["REF-1"].missing == ("amount",)
        assert "amount" not in street.items["REF-1"].fields
        assert street.heard(REQUESTER, Unclear)

    def test_a_strangers_reply_only_attaches(self, street: Street) -> None:
        street.says(RITA, "refund for ORD-48213 please")
        street.says("slack:U0OTHER", "it was 45 USD", thread="REF-1")
        assert street.items["REF-1"].missing == ("amount",)
        assert street.kinds("REF-1")[-1] == "attached"

    def test_questions_are_repeated_and_then_a_person_is_told(self, street: Street) -> None:
        street.says(RITA, "refund for ORD-48213 please")
        street.passes(days=1)
        assert street.items["REF-1"].asks == 3
        street.passes(days=1)
        (trouble,) = street.items["REF-1"].open_trouble("MISSING_DETAILS")
        assert (trouble.owner, street.items["REF-1"].state) == ("dana", "blocked")
        assert len(street.heard(REQUESTER, Question)) == 3

    def test_the_same_request_again_attaches_and_another_persons_is_shown_as_alike(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.says(RITA, "please refund ORD-48213, it was $45!")
        assert list(street.items) == ["REF-1"]
        street.says("slack:U0OTHER", "Please refund ORD-48213, it was $45")
        assert street.items["REF-2"].alike == ("REF-1",)

    def test_a_reaction_tracks_a_message_for_its_author(self, street: Street) -> None:
        street.reacts("slack:U0DANA", "ticket", RITA, "my card was charged twice")
        assert street.items["REF-1"].requester == RITA
        assert street.reacts("slack:U0DANA", "eyes", RITA, "hello").ignored

    def test_a_message_that_is_heard_after_the_reaction_on_it_is_no_reply_to_itself(self, street: Street) -> None:
        """After a gap the two may come in either order."""
        street.reacts("slack:U0DANA", "ticket", RITA, "my card was charged twice")
        (item,) = street.items.values()
        source = item.source
        assert source.message_id is not None
        heard = street.take(
            Posted(**street._meta(RITA), place=source.place, place_name="random", ts=source.message_id, thread=None,
                   text="my card was charged twice")
        )  # fmt: skip
        assert (heard.ignored, heard.touched) == ("the message that it was opened with", item.key)

    def test_a_mail_opens_an_item_and_its_reply_answers(self, street: Street) -> None:
        street.mails("rita@corp.example", "Please refund ORD-48213", subject="Refund", message_id="<a@corp.example>")
        assert street.items["REF-1"].missing == ("amount",)
        street.mails("rita@corp.example", "45 USD", references=("<a@corp.example>",))
        assert street.items["REF-1"].state == "open"

    def test_machine_mail_is_work_without_questions(self, street: Street) -> None:
        street.mails("cron@corp.example", "refund job failed", automatic="notification")
        item = street.items["REF-1"]
        assert not street.heard(REQUESTER)
        assert item.open_trouble("MISSING_DETAILS")

    def test_out_of_office_mail_opens_nothing(self, street: Street) -> None:
        assert "auto-reply" in street.mails("rita@corp.example", "I am away", automatic="auto-reply").ignored

    def test_the_owner_row_is_chosen_again_while_it_waits(self, street: Street) -> None:
        street.says(RITA, "refund for ORD-48213 please")
        street.says(RITA, "it was 45 EUR", thread="REF-1")
        # An amount in another currency than the field's is read as such; the region follows from the word.
        assert street.items["REF-1"].fields["amount"] == "45.00 EUR"

    def test_a_request_by_its_owner_goes_to_the_next_on_the_ladder(self, street: Street) -> None:
        street.says("slack:U0DANA", "Please refund ORD-48213, it was $45")
        assert street.items["REF-1"].owner == "lee"


class TestExceptions:
    def test_a_stop_rule_blocks_and_tells_its_owner(self, street: Street) -> None:
        item = big_refund(street)
        (trouble,) = item.open_trouble("OVER_LIMIT")
        assert (trouble.owner, trouble.backup, trouble.may_decide) == ("lee", "maria", ("lee",))
        assert (item.state, item.clock_stopped_at) == ("blocked", street.now)
        words = street.words(street.heard("lee", DecisionCard)[0])
        assert words is not None
        assert "amount > 300" in plain(words)
        assert "not known yet" in plain(words)
        assert [a.label for a in words.actions if not a.more] == ["Approve", "Reject", "Ask"]

    def test_text_rules_fire_while_details_are_still_missing(self, street: Street) -> None:
        street.says(RITA, "refund me or my lawyer calls")
        item = street.items["REF-1"]
        assert item.missing == ("order", "amount")
        assert item.open_trouble("LEGAL_THREAT")
        assert item.state == "blocked"

    def test_an_amount_in_another_currency_meets_every_comparison(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, I paid EUR 20")
        assert street.items["REF-1"].open_trouble("OVER_LIMIT")

    def test_anyone_may_raise_an_exception(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        ruling = street.types("slack:U0STRANGER", "except", "REF-1", code="NOT_READY", words="the card is unknown")
        assert ruling.reply is not None
        assert not ruling.reply.refused
        assert street.items["REF-1"].open_trouble("NOT_READY")

    def test_silence_raises_the_stale_exception(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(days=3)
        assert street.items["REF-1"].open_trouble("STALLED")


class TestDecisions:
    def approve(self, street: Street, who: str = "slack:U0LEE", **more: str) -> object:
        words = {"reason_code": "DOUBLE_CHARGE", "words": "Payment log shows both captures.", **more}
        return street.types(who, "approve", "REF-1", **words).reply

    def test_an_approval_lifts_the_block_and_the_item_goes_on(self, street: Street) -> None:
        big_refund(street)
        self.approve(street)
        item = street.items["REF-1"]
        (trouble,) = item.exceptions
        assert (trouble.state, item.state, item.stage) == ("approved", "open", "triage")
        assert trouble.decision is not None
        assert trouble.decision.seen == {"order": "ORD-48213", "amount": "450.00 USD"}
        assert street.heard(REQUESTER, Verdict)

    def test_a_rejection_closes_the_item_and_tells_the_requester(self, street: Street) -> None:
        big_refund(street)
        street.types("slack:U0LEE", "reject", "REF-1", reason_code="NO_PROOF", words="The log shows one capture.")
        item = street.items["REF-1"]
        assert (item.state, item.outcome, item.exceptions[0].state) == ("closed", "rejected", "rejected")
        words = street.words(street.heard(REQUESTER, Closed)[0])
        assert words is not None
        assert "The log shows" not in plain(words)

    @pytest.mark.parametrize(
        ("who", "more", "code"),
        [
            ("slack:U0DANA", {}, "not_yours"),
            ("slack:U0MARIA", {}, "not_yours"),
            (RITA, {}, "own_request"),
            ("slack:U0LEE", {"reason_code": "NO_PROOF"}, "reason_code"),
            ("slack:U0LEE", {"reason_code": ""}, "reason_code"),
            ("slack:U0LEE", {"words": "  "}, "rationale"),
            ("slack:U0LEE", {"code": "STALLED"}, "nothing_to_decide"),
        ],
    )
    def test_what_may_not_be_is_refused_with_the_reason(
        self, street: Street, who: str, more: dict[str, str], code: str
    ) -> None:
        before = big_refund(street)
        reply = self.approve(street, who, **more)
        assert (reply.refused, reply.code) == (True, code)  # type: ignore[attr-defined]
        assert street.items["REF-1"] == before

    def test_the_loser_of_a_race_hears_who_decided(self, street: Street) -> None:
        big_refund(street)
        self.approve(street)
        reply = self.approve(street)
        assert reply.code == "already_decided"  # type: ignore[attr-defined]
        assert "lee" in plain(reply.message)  # type: ignore[attr-defined]

    def test_a_form_filled_against_other_values_decides_nothing(self, street: Street) -> None:
        street.says(RITA, "refund ORD-48213 or my lawyer calls")
        street.types("slack:U0MARIA", "except", "REF-1", code="OVER_LIMIT", words="looks big")
        seen = {"order": "ORD-48213"}
        street.says(RITA, "it was 450 USD", thread="REF-1")
        reply = street.types(
            "slack:U0LEE", "approve", "REF-1", code="OVER_LIMIT", reason_code="GOODWILL", words="Keep them.", seen=seen
        ).reply
        assert reply is not None
        assert reply.code == "changed_meanwhile"

    def test_several_open_exceptions_are_a_choice_and_never_a_guess(self, street: Street) -> None:
        street.says(RITA, "Refund $450 for ORD-48213 or my lawyer calls")
        reply = street.types("slack:U0LEE", "approve", "REF-1", reason_code="GOODWILL", words="Keep them.").reply
        assert reply is not None
        assert reply.code == "which_exception"

    def test_a_changed_value_voids_the_decision_and_asks_again(self, street: Street) -> None:
        big_refund(street)
        self.approve(street)
        street.types("slack:U0DANA", "set", "REF-1", name="amount", words="900 USD")
        first, second = street.items["REF-1"].exceptions
        assert (first.state, second.state, second.code) == ("void", "open", "OVER_LIMIT")

    def test_what_is_being_decided_may_not_change_but_gaps_may_be_filled(self, street: Street) -> None:
        big_refund(street)
        reply = street.types("slack:U0DANA", "set", "REF-1", name="amount", words="10 USD").reply
        assert reply is not None
        assert reply.code == "pending"
        street.types("slack:U0DANA", "set", "REF-1", name="reason", words="two captures")
        assert street.items["REF-1"].fields["reason"] == "two captures"

    def test_approving_a_follow_up_code_drops_the_demand(self, street: Street) -> None:
        street.says(RITA, "refund for ORD-48213 please")
        street.passes(days=2)
        street.types("slack:U0DANA", "approve", "REF-1", reason_code="GOODWILL", words="We know the amount.")
        item = street.items["REF-1"]
        assert (item.missing, item.state) == ((), "open")
        assert item.stage_at == street.now

    def test_a_decision_can_be_handed_over_with_a_reason(self, street: Street) -> None:
        big_refund(street)
        reply = street.types(
            "slack:U0LEE", "assign", "REF-1", code="OVER_LIMIT", person="maria", words="I know them"
        ).reply
        assert reply is not None
        assert not reply.refused
        assert street.items["REF-1"].open_trouble()[0].may_decide == ("maria",)
        assert street.heard("maria", DecisionCard)


class TestTime:
    def test_a_reminder_comes_at_half_time_and_then_the_backup_may_decide(self, street: Street) -> None:
        big_refund(street)
        street.passes(minutes=61)
        assert street.heard("lee", Reminder)
        street.passes(hours=1)
        (trouble,) = street.items["REF-1"].open_trouble()
        assert trouble.may_decide == ("lee", "maria")
        words = street.words(street.heard("maria", DecisionCard)[0])
        assert words is not None
        assert "lee" in plain(words)

    def test_escalation_ends_with_the_operator_who_may_not_decide(self, street: Street) -> None:
        big_refund(street)
        street.passes(days=2)
        (trouble,) = street.items["REF-1"].open_trouble()
        assert trouble.may_decide == ("lee", "maria")
        assert trouble.next_at is None
        words = street.words(street.heard("sam", DecisionCard)[0])
        assert words is not None
        assert [a.label for a in words.actions] == ["Reassign"]

    def test_the_stage_clock_stands_still_while_a_decision_is_waited_for(self, street: Street) -> None:
        item = big_refund(street)
        due_at = item.due_at
        street.passes(hours=1)
        street.types("slack:U0LEE", "approve", "REF-1", reason_code="GOODWILL", words="Keep them.")
        now = street.items["REF-1"].due_at
        assert due_at is not None
        assert now is not None
        assert (now - due_at).total_seconds() == 3600

    def test_a_missed_deadline_is_told_to_owner_and_backup(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(hours=5)
        assert street.heard("dana", Late)
        assert street.heard("lee", Late)

    def test_snooze_moves_reminders_and_no_deadline(self, street: Street) -> None:
        big_refund(street)
        due_at = street.items["REF-1"].open_trouble()[0].due_at
        street.types("slack:U0LEE", "snooze", "REF-1", until="90m")
        street.passes(minutes=70)
        assert not street.heard("lee", Reminder)
        assert street.items["REF-1"].open_trouble()[0].due_at == due_at

    def test_on_it_silences_reminders_for_as_long_as_the_first_takes(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.passes(hours=1)
        street.types("slack:U0DANA", "ack", "REF-1")
        street.passes(hours=1, minutes=59)
        assert not street.heard("dana", Reminder)

    def test_every_open_item_always_has_a_next_due_time(self, street: Street) -> None:
        big_refund(street)
        street.says(RITA, "another refund please")
        street.says(RITA, "Please refund ORD-11111, it was $45")
        for _ in range(40):
            street.passes(hours=7)
            for key, item in street.items.items():
                if item.closed_at is None:
                    assert street.timers[key], f"{key} ({item.state}) has no due time"


class TestEnds:
    def test_an_item_closes_from_its_last_stage_with_proof(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.ticks_all("slack:U0DANA", "REF-1")
        early = street.types("slack:U0DANA", "close", "REF-1").reply
        assert early is not None
        assert early.code == "not_last"
        street.types("slack:U0DANA", "next", "REF-1")
        assert (street.items["REF-1"].stage, street.items["REF-1"].owner) == ("payment", "finn")
        street.ticks_all("slack:U0FINN", "REF-1")
        bare = street.types("slack:U0FINN", "close", "REF-1").reply
        assert bare is not None
        assert bare.code == "evidence"
        street.types("slack:U0FINN", "evidence", "REF-1", name="receipt", words="re_123")
        street.types("slack:U0FINN", "close", "REF-1")
        assert (street.items["REF-1"].state, street.items["REF-1"].outcome) == ("closed", "done")

    def test_a_handoff_without_what_it_needs_becomes_an_exception_and_its_approval_moves_on(
        self, street: Street
    ) -> None:
        street.says(RITA, "refund for ORD-48213 please")
        street.ticks_all("slack:U0DANA", "REF-1")
        reply = street.types("slack:U0DANA", "next", "REF-1").reply
        assert reply is not None
        assert reply.code == "unmet"
        street.types("slack:U0LEE", "approve", "REF-1", code="NOT_READY", reason_code="GOODWILL", words="We know it.")
        assert street.items["REF-1"].stage == "payment"

    def test_a_reply_opens_a_closed_item_again_but_thanks_do_not(self, street: Street) -> None:
        big_refund(street)
        street.types("slack:U0LEE", "reject", "REF-1", reason_code="NO_PROOF", words="One capture.")
        street.says(RITA, "thanks!", thread="REF-1")
        assert street.items["REF-1"].state == "closed"
        street.says(RITA, "I have the statement here, both captures are on it", thread="REF-1")
        item = street.items["REF-1"]
        assert item.closed_at is None
        # What was refused is not payable now because somebody asked why: it takes a new decision.
        assert [t.state for t in item.exceptions] == ["rejected", "open"]
        assert street.heard("lee", DecisionCard)

    def test_an_edit_is_followed_and_a_deletion_noted(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.edits(RITA, "REF-1", "Please refund ORD-48213, it was $450")
        assert street.items["REF-1"].fields["amount"] == "450.00 USD"
        assert street.items["REF-1"].open_trouble("OVER_LIMIT")
        street.edits(RITA, "REF-1", "Please refund ORD-48213, it was $10")
        assert street.items["REF-1"].fields["amount"] == "450.00 USD"
        street.deletes(RITA, "REF-1")
        assert street.kinds("REF-1")[-1] == "deleted"


class TestFailures:
    def test_one_exception_per_cause_counted_up_and_ended_by_recovery(self, street: Street) -> None:
        street.fails("inbox:refunds")
        street.fails("inbox:refunds")
        item = street.items["BOT-1"]
        assert (item.owner, item.exceptions[0].code, item.exceptions[0].count) == ("sam", "UNREACHABLE", 2)
        assert street.heard("sam", DecisionCard)
        street.recovers("inbox:refunds")
        assert street.items["BOT-1"].state == "closed"

    def test_the_operator_mends_it_and_the_item_closes(self, street: Street) -> None:
        street.fails("deliver:slack:#gone")
        street.types("slack:U0SAM", "approve", "BOT-1", reason_code="MENDED", words="The channel is there again.")
        assert street.items["BOT-1"].outcome == "done"


class TestReading:
    def test_mine_says_what_waits_and_the_empty_state_says_how_it_comes(self, street: Street) -> None:
        big_refund(street)
        shelf = Shelf(items=list(street.items.values()))
        workflow_of = lambda item: street.book.workflows[item.workflow]  # noqa: E731
        ask = street.types  # noqa: F841
        from rules.events import Command

        def mine(who: str) -> str:
            command = Command(id="q", workspace="main", at=street.now, by=who, via="slack", verb="mine")
            return plain(answer(command, street.book, workflow_of, shelf, street.now).message)

        assert "1 decision waits for you" in mine("slack:U0LEE")
        assert "No decisions wait for you" in mine("slack:U0FINN")
        assert "REF-1" in mine(RITA)


class TestPrivate:
    def test_what_is_private_ends_at_the_backup_and_is_seen_by_nobody_else(self, street: Street) -> None:
        street.types(RITA, "new", workflow="concern", words="Somebody is being treated badly.")
        item = street.items["CON-1"]
        assert (item.owner, item.backup) == ("maria", "lee")
        street.passes(days=5)
        trouble = street.items["CON-1"].exceptions[0]
        assert trouble.code == "NOT_HEARD"
        assert trouble.may_decide == ("lee", "maria")
        told = {notice.to for notice in street.notices if notice.item == "CON-1"}
        assert told <= {"maria", "lee", REQUESTER, CONVERSATION}
        for verb in ("set", "assign", "approve"):
            reply = street.types("slack:U0DANA", verb, "CON-1").reply
            assert reply is not None
            assert reply.code == "unknown_item"


class TestMailReplies:
    def test_the_owner_hears_of_a_mail_that_no_thread_shows(self, street: Street) -> None:
        street.mails("rita@corp.example", "Please refund ORD-48213, it was $45", message_id="<a@corp.example>")
        street.mails("rita@corp.example", "It is rather urgent.", references=("<a@corp.example>",))
        (notice,) = street.heard("dana", Replied)
        words = street.words(notice)
        assert words is not None
        assert "It is rather urgent." in plain(words)

    def test_a_machines_mail_and_the_owners_own_tell_nobody(self, street: Street) -> None:
        street.mails("rita@corp.example", "Please refund ORD-48213, it was $45", message_id="<a@corp.example>")
        street.mails("rita@corp.example", "I am away.", references=("<a@corp.example>",), automatic="auto-reply")
        street.mails("dana@harbor.example", "I will look.", references=("<a@corp.example>",))
        assert not street.heard("dana", Replied)

    def test_a_mail_to_a_public_and_a_private_inbox_is_private(self, street: Street) -> None:
        """Whichever inbox hands it out first: it is one happening, and nobody else reads it."""
        street.mails("rita@corp.example", "A refund for how I am treated.", addressed=("concerns", "refunds"))
        assert list(street.items) == ["CON-1"]


def test_a_file_that_came_with_the_same_request_again_is_in_the_record(street: Street) -> None:
    street.says(RITA, "Please refund ORD-48213, it was $45")
    receipt = Attachment(name="receipt.pdf", media_type="application/pdf", size=9, sha256="ab")
    street.says(RITA, "please refund ORD-48213, it was $45!", files=(receipt,))
    assert street.entries[-1].kind == "attached"
    assert street.entries[-1].texts["file_names"] == ["receipt.pdf"]


def test_half_an_answer_is_answered_with_what_is_still_missing() -> None:
    """At once, so that nobody thinks that they are done; and it is no further question of the count."""
    street = Street(HARBOR)
    street.says(RITA, "Please refund me, it came broken")
    asked = len(street.heard(REQUESTER, Question))
    street.says(RITA, "ORD-48213", thread="REF-1")
    assert street.items["REF-1"].missing == ("amount",)
    assert len(street.heard(REQUESTER, Question)) == asked + 1
    assert street.items["REF-1"].asks == 1
    street.says(RITA, "45 USD", thread="REF-1")
    assert len(street.heard(REQUESTER, Question)) == asked + 1
