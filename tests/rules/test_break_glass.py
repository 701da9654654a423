"""Break-glass: at once, by those who may, on record; reviewed by somebody else, and its cause is mended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.notices import REQUESTER, AnswerDecided, Closed, DecisionCard, GlassBroken, Handed
from tests.rules.test_digest import morning, rows
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import Street, plain

DANA, LEE, MARIA, FINN = "slack:U0DANA", "slack:U0LEE", "slack:U0MARIA", "slack:U0FINN"
WHY = "The customer stands in the shop and the bank closes at ten."


@pytest.fixture
def street() -> Street:
    """REF-1 is blocked: Lee is to decide OVER_LIMIT."""
    street = Street(HARBOR)
    big_refund(street)
    return street


def breaks(street: Street, who: str = DANA, item: str = "REF-1", why: str = WHY) -> str:
    """Somebody breaks the glass; gives the refusal's code, or ""."""
    reply = street.types(who, "breakglass", item, words=why).reply
    assert reply is not None
    return reply.code


class TestTheUse:
    def test_the_item_goes_on_at_once(self, street: Street) -> None:
        assert breaks(street) == ""
        item = street.items["REF-1"]
        assert [(t.code, t.state) for t in item.exceptions] == [("OVER_LIMIT", "bypassed"), ("BREAK_GLASS", "bypassed")]
        assert (item.state, item.clock_stopped_at) == ("open", None)
        done = street.types(DANA, "next", "REF-1").reply
        assert done is not None
        assert not done.refused

    def test_the_record_says_who_why_and_in_which_stage(self, street: Street) -> None:
        breaks(street)
        use = street.items["REF-1"].exceptions[-1]
        assert (use.raised_by, use.because, use.stage) == ("dana", WHY, "triage")
        assert (use.opened_at, use.ended_at, use.owner) == (street.now, street.now, "maria")
        assert [(e.by, e.facts["code"]) for e in street.entries if e.kind == "bypassed"] == [
            ("dana", "OVER_LIMIT"),
            ("dana", "BREAK_GLASS"),
        ]

    def test_by_mail_it_is_the_same_and_a_forged_one_is_not(self, street: Street) -> None:
        street.mails("lee@harbor.example", f"breakglass REF-1 because {WHY}")
        assert street.items["REF-1"].state == "blocked", "anybody may have written that"
        street.mails("lee@harbor.example", f"breakglass REF-1 because {WHY}", trust="aligned")
        assert street.items["REF-1"].exceptions[-1].because == WHY

    def test_only_by_those_whom_the_rulebook_names(self, street: Street) -> None:
        for who in (FINN, MARIA, RITA):
            reply = street.types(who, "breakglass", "REF-1", words=WHY).reply
            assert reply is not None
            assert reply.code == "not_yours"
            assert {"dana", "lee"} <= {p.identity for p in reply.message.headline if hasattr(p, "identity")}
        assert street.items["REF-1"].state == "blocked"

    def test_without_a_rationale_nothing_happens(self, street: Street) -> None:
        assert breaks(street, why="  ") == "rationale"
        assert street.items["REF-1"].state == "blocked"
        assert len(street.items) == 1

    def test_where_nothing_stands_in_the_way_it_is_not_needed(self) -> None:
        street = Street(HARBOR.replace("before: [{check: Customer is known, else: NOT_READY}]", ""))
        street.says(RITA, "Please refund ORD-48213, it was $45")
        assert breaks(street) == "not_needed"
        assert list(street.items) == ["REF-1"]

    def test_a_second_time_in_a_stage_there_is_only_what_came_since(self, street: Street) -> None:
        breaks(street)
        assert breaks(street) == "not_needed"
        street.types(FINN, "except", "REF-1", code="NOT_READY", words="The order is not in the log.")
        assert breaks(street) == ""
        assert street.items["REF-1"].state == "open"

    def test_an_answer_that_waits_for_its_yes_goes_out(self, street: Street) -> None:
        street.types(DANA, "reply", "REF-1", words="We guarantee that it comes today.")
        assert [t.code for t in street.items["REF-1"].open_trouble()] == ["OVER_LIMIT", "OUTGOING"]
        breaks(street, LEE)
        assert [said.words for said in street.items["REF-1"].spoken] == ["We guarantee that it comes today."]
        told = street.words(street.heard("dana", AnswerDecided)[-1])
        assert told is not None
        assert "was sent as you wrote it" in plain(told)
        assert "lee broke the glass" in plain(told)

    def test_a_closed_item_has_no_glass(self, street: Street) -> None:
        street.types(LEE, "reject", "REF-1", reason_code="NO_PROOF", words="One capture.")
        assert breaks(street) == "closed"

    def test_a_workflow_without_it_says_so(self, street: Street) -> None:
        street.types(FINN, "new", workflow="bookkeeping", words="ORD-48213 45 USD")
        assert breaks(street, FINN, "BOOK-1") == "not_yours"

    def test_the_same_values_do_not_stop_it_again_and_others_do(self, street: Street) -> None:
        breaks(street)
        street.types(DANA, "set", "REF-1", name="reason", words="two captures")
        assert street.items["REF-1"].state == "open"
        street.types(DANA, "set", "REF-1", name="amount", words="900 USD")
        assert [t.code for t in street.items["REF-1"].open_trouble()] == ["OVER_LIMIT"]

    def test_what_is_missing_is_demanded_no_more(self) -> None:
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 please")
        assert street.items["REF-1"].state == "waiting"
        assert breaks(street) == ""
        assert (street.items["REF-1"].state, street.items["REF-1"].demanded) == ("open", False)
        assert street.types(DANA, "next", "REF-1").reply.refused is False  # type: ignore[union-attr]
        assert street.items["REF-1"].stage == "payment"

    def test_in_its_stage_neither_steps_nor_proof_hold_it_up(self, street: Street) -> None:
        """And the record of its end says what it went without."""
        breaks(street)
        street.types(DANA, "next", "REF-1")
        assert street.types(FINN, "close", "REF-1").reply.refused  # type: ignore[union-attr]
        breaks(street)
        assert street.types(FINN, "close", "REF-1").reply.refused is False  # type: ignore[union-attr]
        without = street.items["REF-1"].unproven
        assert without is not None
        assert (without.by, without.code, without.lacking, without.override) == (
            "finn", "BREAK_GLASS", ("receipt",), False,
        )  # fmt: skip
        assert without.rationale == WHY

    def test_an_approval_that_was_never_asked_for_is_passed_by_too(self) -> None:
        text = HARBOR.replace(
            "    close: {evidence: [link]}\n",
            "    close: {evidence: [link]}\n    break_glass: {who: [sam], review_by: maria,"
            " review_within: 1 business day, at_most: 2, per: 30 days}\n",
        )
        street = Street(text)
        street.says(RITA, "access to billing please", channel="it-help")
        assert breaks(street, "slack:U0SAM", "ACC-1") == ""
        item = street.items["ACC-1"]
        assert {t.state for t in item.exceptions} == {"bypassed"}
        assert item.state == "open"
        assert street.types("slack:U0SAM", "close", "ACC-1").reply.refused is False  # type: ignore[union-attr]


class TestWhoHears:
    def test_everybody_who_would_have_been_asked(self, street: Street) -> None:
        street.passes(hours=2, minutes=1)  # the escalation has reached Maria
        breaks(street)
        told = {n.to for n in street.notices if isinstance(n, GlassBroken)}
        assert told == {"lee"}, "Dana did it herself, and Maria reviews it"
        assert [n.item for n in street.heard("maria", DecisionCard)][-1].startswith("REVIEW-")
        words = street.words(street.heard("lee", GlassBroken)[0])
        assert words is not None
        assert "dana broke the glass on REF-1" in plain(words)
        assert WHY in plain(words)
        assert "You would have been asked" in plain(words)

    def test_their_cards_no_longer_ask(self, street: Street) -> None:
        breaks(street)
        card = street.words(street.heard("lee", DecisionCard)[-1])
        assert card is not None
        assert "broke the glass" in plain(card)
        assert not card.actions

    def test_whoever_decides_too_late_is_told(self, street: Street) -> None:
        breaks(street)
        reply = street.types(LEE, "approve", "REF-1", code="OVER_LIMIT", reason_code="GOODWILL", words="Fine.").reply
        assert reply is not None
        assert reply.code == "bypassed"
        assert "broke the glass" in plain(reply.message)


class TestTheReview:
    def test_it_begins_at_once_with_an_owner_and_a_deadline(self, street: Street) -> None:
        breaks(street)
        review = street.items["REVIEW-1"]
        waiting = review.open_trouble()[0]
        assert (waiting.code, waiting.owner, review.owner, review.requester) == ("REVIEW_REF", "maria", "maria", "dana")
        assert waiting.due_at - street.now == timedelta(days=2)
        assert [(link.key, link.relation) for link in street.items["REF-1"].links][:1] == [("REVIEW-1", "review")]
        card = street.words(street.heard("maria", DecisionCard)[-1])
        assert card is not None
        assert WHY in plain(card)
        assert "OVER_LIMIT" in plain(card)
        assert "They wrote" not in plain(card)

    @pytest.mark.parametrize(
        ("verb", "code", "outcome"), [("approve", "JUSTIFIED", "done"), ("reject", "NOT_JUSTIFIED", "rejected")]
    )
    def test_the_verdict_closes_it_and_is_its_proof(self, street: Street, verb: str, code: str, outcome: str) -> None:
        breaks(street)
        street.types(MARIA, verb, "REVIEW-1", reason_code=code, words="I saw the log of that night.")
        review = street.items["REVIEW-1"]
        assert (review.state, review.outcome) == ("closed", outcome)
        assert review.evidence[0].value == f"{code}: I saw the log of that night."
        told = street.words(street.heard(REQUESTER, Closed)[-1])
        assert told is not None
        assert "I saw the log" in plain(told)

    def test_nobody_reviews_their_own(self) -> None:
        """Where the reviewer is the one who did it, somebody else reviews; and handing it to them does not help."""
        street = Street(HARBOR.replace("who: [dana, lee]", "who: [dana, lee, sam]"))
        big_refund(street)
        breaks(street, LEE)
        reply = street.types(LEE, "approve", "REVIEW-1", reason_code="JUSTIFIED", words="It was me.").reply
        assert reply is not None
        assert reply.code == "own_request"
        handed = street.types(MARIA, "assign", "REVIEW-1", code="REVIEW_REF", person="lee", words="You know it.").reply
        assert handed is not None
        assert handed.refused

    def test_it_is_reminded_of_and_goes_up_like_any_decision(self, street: Street) -> None:
        breaks(street)
        street.passes(days=2, minutes=1)
        assert set(street.items["REVIEW-1"].open_trouble()[0].may_decide) > {"maria"}
        assert "dana" not in street.items["REVIEW-1"].open_trouble()[0].may_decide

    def test_the_cause_is_somebodys_to_mend(self, street: Street) -> None:
        """OVER_LIMIT names Dana for its remediation; where no exception does, it is the leader's."""
        breaks(street)
        fix = street.items["FIX-1"]
        assert (fix.owner, fix.workflow, fix.state, fix.fields["code"]) == ("dana", "remediation", "open", "OVER_LIMIT")
        assert fix.due_at is not None
        assert street.heard("dana", Handed)[-1].item == "FIX-1"
        assert street.types(DANA, "close", "FIX-1").reply.code == "evidence"  # type: ignore[union-attr]

        other = Street(HARBOR)
        other.says(RITA, "refund for ORD-48213, 45 USD, or my lawyer calls")
        breaks(other)
        assert other.items["FIX-1"].owner == "maria"


class TestTooOften:
    def test_the_leader_is_asked_once_a_crossing(self) -> None:
        """Two uses within 30 days are allowed: the third asks the leader, the fourth does not ask again."""
        street = Street(HARBOR)
        for n in range(4):
            street.says(RITA, f"Please refund ORD-4821{n}, I was charged $45{n}")
            breaks(street, item=f"REF-{n + 1}")
            street.passes(days=1)
        asked = [i for i in street.items.values() if i.last_trouble("TOO_OFTEN_REF")]
        assert [i.links[0].key for i in asked] == ["REF-3"]
        assert asked[0].open_trouble()[0].owner == "maria"

    def test_what_is_long_ago_does_not_count_and_a_new_crossing_does(self) -> None:
        street = Street(HARBOR)
        for n, pause in enumerate((0, 0, 31, 0, 0)):
            street.passes(days=pause)
            street.says(RITA, f"Please refund ORD-4821{n}, I was charged $45{n}")
            breaks(street, item=f"REF-{n + 1}")
        asked = [i for i in street.items.values() if i.last_trouble("TOO_OFTEN_REF")]
        assert [i.links[0].key for i in asked] == ["REF-5"]


class TestTheMorningAfter:
    def test_the_digest_has_the_use_the_overdue_review_by_owner_and_what_was_closed_without(self) -> None:
        street = Street(HARBOR)
        big_refund(street)
        breaks(street)
        (due,) = (row for row in rows(morning(street), "Today") if row.startswith("REF-1"))
        assert "also glass broken: dana went past OVER_LIMIT" in due
        assert WHY in due
        assert not rows(morning(street), "Reviews overdue")
        street.types(DANA, "next", "REF-1")
        breaks(street)
        street.types(FINN, "close", "REF-1")
        (line,) = rows(morning(street), "Closed without proof")
        assert line.startswith("REF-1  without receipt · finn, BREAK_GLASS")
        street.passes(days=3)
        assert len(rows(morning(street), "Waits for you")) == 2, "to who may review them they stand there"
        (late,) = rows(morning(street, "finn"), "Reviews overdue")
        assert late.startswith("maria  2 reviews, due since")
        assert late.endswith("REVIEW-1, REVIEW-2")
        assert not rows(morning(street), "Glass broken"), "that was in another one"
