"""What other systems tell: whose word counts, what is filled, asked and kept; and that a hook never decides."""

from __future__ import annotations

import pytest

from rules.book.holes import Holes
from rules.book.load import load
from rules.elsewhere import Elsewhere
from rules.items import Item
from rules.notices import REQUESTER, Broken, Closed, DecisionCard, Handed, Question, Replied
from rules.record import item_json
from rules.truth import area_of, owns
from rules.wording.cards import decision_card, item_card
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

#: The example as it stands, and with a webhook for the private lane and an owner for where things stand.
PRIVATE = HARBOR.replace("intake: {email: [concerns], command: true}", "intake: {email: [concerns], webhook: true}")
JIRA = HARBOR.replace("{operational status: Docket, money: Stripe,", "{operational status: Jira, money: Stripe,")
SHORT = HARBOR.replace("        before: [{check: Customer is known, else: NOT_READY}]\n", "").replace(
    "        checklist: [Payment log checked, Card matches the order]\n", ""
)
NO_CONFLICT = HARBOR.replace("conflict: STALLED", "")


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def refund(street: Street, text: str = "Please refund ORD-48213, it was $45") -> Item:
    street.says(RITA, text)
    return street.items["REF-1"]


def card(street: Street, key: str = "REF-1") -> str:
    item = street.items[key]
    return plain(item_card(item, street.book.workflows[item.workflow], street.book, street.now))


class TestWhoseWordCounts:
    def test_a_field_belongs_to_the_area_it_names_else_of_its_name_else_of_its_type(self) -> None:
        text = HARBOR.replace("reason: {ask:", "reason: {truth: communication, ask:")
        workflow = load(text).workflows["refund"]
        assert area_of(workflow, "amount") == "money"
        assert area_of(workflow, "reason") == "communication"
        assert area_of(workflow, "status") == "operational status"
        assert area_of(workflow, "order") == ""

    def test_names_of_systems_count_in_any_case(self) -> None:
        workflow = load(HARBOR).workflows["refund"]
        assert owns(workflow, "amount", " stripe")
        assert not owns(workflow, "amount", "Stripes")
        assert not owns(workflow, "order", "Stripe")
        assert not owns(workflow, "nonsense", "Stripe")

    def test_an_area_that_is_not_there_is_a_hole(self) -> None:
        with pytest.raises(Holes, match=r"unknown area of `source_of_truth` `mony`.*Did you mean `money`"):
            load(HARBOR.replace("reason: {ask:", "reason: {truth: mony, ask:"))


class TestOpening:
    def test_a_system_opens_an_item_and_knows_it_by_its_own_id(self, street: Street) -> None:
        street.hooks("Stripe", text="Dispute", link="dp_1", fields={"order": "ORD-48213", "amount": "45"})
        item = street.items["REF-1"]
        assert (item.requester, item.source.channel, item.state) == ("hook:Stripe", "webhook", "open")
        assert item.fields == {"order": "ORD-48213", "amount": "45.00 USD"}
        assert item.elsewhere == (Elsewhere(system="Stripe", id="dp_1"),)
        assert street.hooks("STRIPE", link="dp_1", status="lost").touched == "REF-1"

    def test_what_is_missing_is_asked_of_the_requester_it_names(self, street: Street) -> None:
        street.hooks("Shop", text="Refund please", requester="carla@customer.example")
        item = street.items["REF-1"]
        assert (item.requester, item.missing) == ("carla@customer.example", ("order", "amount"))
        (question,) = street.heard(REQUESTER, Question)
        words = street.words(question)
        assert words is not None
        assert "Reply to this mail" in plain(words)

    def test_a_machine_is_asked_nothing_and_a_person_hears_at_once(self, street: Street) -> None:
        street.hooks("Stripe", text="Dispute")
        assert street.heard(REQUESTER, Question) == []
        assert [t.code for t in street.items["REF-1"].open_trouble()] == ["MISSING_DETAILS"]

    def test_two_cases_that_read_alike_stay_two_where_they_have_their_own_ids(self, street: Street) -> None:
        for link in ("dp_1", "dp_2"):
            street.hooks("Stripe", text="Dispute opened", link=link)
        assert set(street.items) == {"REF-1", "REF-2"}

    def test_what_is_known_by_its_id_is_not_opened_twice_and_its_text_is_kept(self, street: Street) -> None:
        for text in ("Dispute opened", "Dispute is under review"):
            street.hooks("Stripe", text=text, link="dp_1")
        assert set(street.items) == {"REF-1"}
        assert street.items["REF-1"].said == "Dispute is under review"

    @pytest.mark.parametrize("requester", ["rita", "slack:rita", "Rita <r@x.example>", "a@b", "hook:Stripe", "docket"])
    def test_a_requester_is_somebody(self, street: Street, requester: str) -> None:
        ruling = street.hooks("Shop", text="Refund", requester=requester)
        assert ruling.reply is not None
        assert (ruling.reply.refused, ruling.reply.code) == (True, "requester")
        assert street.items == {}


class TestRefused:
    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("unknown_item", {"item": "REF-9", "note": "hello"}),
            ("unknown_item", {"item": "ACC-1", "note": "another workflow's"}),
            ("unknown_item", {"link": "re_9", "note": "hello"}),
            ("unknown_field", {"item": "REF-1", "fields": {"amuont": "45"}}),
            ("unreadable", {"item": "REF-1", "fields": {"amount": "a lot"}}),
            ("kind", {"item": "REF-1", "evidence": (("gossip", "x"),)}),
            ("no_file", {"item": "REF-1", "evidence": (("file", "x"),)}),
        ],
    )
    def test_what_cannot_be_taken_whole_leaves_nothing(
        self, street: Street, code: str, said: dict[str, object]
    ) -> None:
        refund(street)
        street.types(RITA, "new", workflow="access", words="Payroll until 2026-12-01")
        before = len(street.entries)
        ruling = street.hooks("Stripe", **said)
        assert ruling.reply is not None
        assert (ruling.reply.refused, ruling.reply.code) == (True, code)
        assert ruling.entries == ()
        assert len(street.entries) == before

    def test_a_workflow_without_webhook_takes_none(self, street: Street) -> None:
        ruling = street.hooks("Stripe", workflow="access", text="Access to payroll")
        assert ruling.reply is not None
        assert ruling.reply.refused


class TestMismatch:
    def test_the_owner_of_a_fact_says_otherwise_and_a_person_decides(self, street: Street) -> None:
        refund(street)
        street.hooks("Stripe", item="REF-1", fields={"amount": "40.00"})
        item = street.items["REF-1"]
        assert item.fields["amount"] == "45.00 USD", "the bot picks no side"
        (trouble,) = item.open_trouble()
        assert (trouble.code, trouble.owner) == ("STALLED", "lee")
        assert "Stripe owns money and says amount 40 USD, REF-1 says 45 USD" in trouble.because
        assert "Stripe says amount 40 USD, and Stripe owns money." in card(street)
        (asked,) = street.heard("lee", DecisionCard)
        words = street.words(asked)
        assert words is not None
        assert "Two systems disagree" in plain(words)

    def test_who_does_not_own_it_changes_nothing_and_is_kept(self, street: Street) -> None:
        refund(street)
        street.hooks("Zendesk", item="REF-1", fields={"amount": "40.00", "order": "ORD-99999"})
        item = street.items["REF-1"]
        assert (item.fields["amount"], item.fields["order"], item.state) == ("45.00 USD", "ORD-48213", "open")
        assert [(t.fact, t.value, t.counts) for t in item.told] == [
            ("amount", "40.00 USD", False), ("order", "ORD-99999", False),
        ]  # fmt: skip

    def test_an_empty_field_is_filled_by_its_owner_alone(self, street: Street) -> None:
        refund(street, "Please refund ORD-48213")
        street.hooks("Zendesk", item="REF-1", fields={"amount": "10"})
        assert street.items["REF-1"].missing == ("amount",)
        street.hooks("Stripe", item="REF-1", fields={"amount": "450"})
        item = street.items["REF-1"]
        assert item.fields["amount"] == "450.00 USD"
        assert [t.code for t in item.open_trouble()] == ["OVER_LIMIT"], "what it says is judged like anybody's word"

    def test_two_values_found_are_none_and_the_owner_of_the_fact_settles_it(self, street: Street) -> None:
        refund(street, "Please refund ORD-48213, it was $45 or $54")
        assert "amount unclear (45 USD or 54 USD)" in card(street)
        street.hooks("Stripe", item="REF-1", fields={"amount": "54"})
        assert street.items["REF-1"].fields["amount"] == "54.00 USD"
        assert street.items["REF-1"].conflicts == {}

    @pytest.mark.parametrize("how", ["a person sets it", "the system takes it back"])
    def test_the_question_ends_when_both_agree_again(self, street: Street, how: str) -> None:
        refund(street)
        street.hooks("Stripe", item="REF-1", fields={"amount": "40"})
        if how == "a person sets it":
            street.types("slack:U0DANA", "set", "REF-1", name="amount", words="40 USD")
        else:
            street.hooks("Stripe", item="REF-1", fields={"amount": "45"})
        item = street.items["REF-1"]
        assert (item.state, item.exceptions[-1].state) == ("open", "void")
        assert "Stripe owns" not in card(street)

    def test_it_is_asked_once_for_the_same_values_and_anew_for_others(self, street: Street) -> None:
        refund(street)
        street.hooks("Stripe", item="REF-1", fields={"amount": "40"})
        street.types("slack:U0LEE", "approve", "REF-1", reason_code="GOODWILL", words="45 is what we promised.")
        street.hooks("Stripe", item="REF-1", fields={"amount": "40"})
        assert street.items["REF-1"].state == "open"
        street.hooks("Stripe", item="REF-1", fields={"amount": "30"})
        assert [t.state for t in street.items["REF-1"].exceptions] == ["approved", "open"]

    def test_another_word_while_it_is_asked_is_another_question(self, street: Street) -> None:
        refund(street)
        for amount in ("40", "30", "30"):
            street.hooks("Stripe", item="REF-1", fields={"amount": amount})
        assert [t.state for t in street.items["REF-1"].exceptions] == ["void", "open"]
        assert "says amount 30 USD" in street.items["REF-1"].open_trouble()[0].because

    def test_without_a_code_for_it_the_operator_has_it(self) -> None:
        street = Street(NO_CONFLICT)
        refund(street)
        street.hooks("Stripe", item="REF-1", fields={"amount": "40"})
        assert street.items["REF-1"].state == "open"
        assert "Stripe owns money" in street.items["BOT-1"].fields["what"]
        assert street.items["BOT-1"].owner == "sam"

    def test_where_that_code_is_open_for_another_reason_it_is_not_lost(self, street: Street) -> None:
        refund(street)
        street.types("slack:U0DANA", "except", "REF-1", code="STALLED", words="The bank is closed.")
        street.hooks("Stripe", item="REF-1", fields={"amount": "40"})
        assert street.items["BOT-1"].owner == "sam"

    def test_of_a_closed_item_the_operator_hears_and_it_is_asked_when_it_opens_again(self, street: Street) -> None:
        refund(street, "Please refund ORD-48213, I was charged $450 twice")
        street.types("slack:U0LEE", "reject", "REF-1", reason_code="NO_PROOF", words="One capture.")
        street.hooks("Stripe", item="REF-1", fields={"amount": "400"})
        assert street.items["REF-1"].state == "closed"
        assert "REF-1" in street.items["BOT-1"].fields["what"]
        street.types("slack:U0DANA", "reopen", "REF-1", words="The money came back.")
        assert "STALLED" in [t.code for t in street.items["REF-1"].open_trouble()]

    def test_where_it_stands_elsewhere_is_shown_and_contradicts_only_by_the_rule(self, street: Street) -> None:
        refund(street)
        street.hooks("Stripe", item="REF-1", status="done")
        assert street.items["REF-1"].state == "open", "Docket owns the operational status"
        assert "Stripe says done" in card(street)
        other = Street(JIRA)
        refund(other)
        other.hooks("Jira", item="REF-1", status="Done")
        assert "Jira owns operational status and says Done, REF-1 is open" in other.items["REF-1"].exceptions[0].because


class TestProofAndClosing:
    def test_it_closes_with_its_proof_from_the_last_stage_like_everybody(self) -> None:
        street = Street(SHORT)
        refund(street)
        ruling = street.hooks("Stripe", item="REF-1", close=True)
        assert ruling.reply is not None
        assert (ruling.reply.refused, ruling.reply.code) == (False, "not_last")
        street.types("slack:U0DANA", "next", "REF-1")
        assert street.hooks("Stripe", item="REF-1", close=True).reply.code == "evidence"  # type: ignore[union-attr]
        assert street.items["REF-1"].state == "open"
        ruling = street.hooks("Stripe", item="REF-1", evidence=(("receipt", "re_1"),), close=True)
        item = street.items["REF-1"]
        assert ruling.reply is None
        assert (item.outcome, item.evidence[0].by, item.evidence[0].kind) == ("done", "hook:Stripe", "receipt")
        assert street.heard(REQUESTER, Closed)

    def test_a_decision_that_waits_is_nobodys_but_a_persons(self, street: Street) -> None:
        refund(street, "Please refund ORD-48213, I was charged $450 twice")
        ruling = street.hooks("Stripe", item="REF-1", evidence=(("receipt", "re_1"),), close=True)
        assert ruling.reply is not None
        assert ruling.reply.code == "blocked"
        assert [t.state for t in street.items["REF-1"].exceptions] == ["open"]

    def test_what_it_writes_reaches_the_owner_and_is_data(self, street: Street) -> None:
        refund(street)
        street.hooks("Stripe", item="REF-1", note="<!channel> approve REF-1 GOODWILL because I say so")
        assert street.heard("dana", Replied)
        assert street.items["REF-1"].exceptions == ()

    def test_its_records_elsewhere_are_in_card_and_json(self, street: Street) -> None:
        refund(street)
        link = Elsewhere(system="Stripe", id="re_1", url="https://stripe.example/re_1")
        street.hooks("Stripe", item="REF-1", status="paid", links=(link, Elsewhere(system="Zendesk", id="991")))
        assert "Elsewhere: Stripe" in card(street)
        shown = item_json(street.items["REF-1"], street.book)
        assert shown["elsewhere"][0] == {"system": "Stripe", "id": "re_1", "url": "https://stripe.example/re_1"}
        assert shown["told"][0]["value"] == "paid"
        assert street.hooks("Zendesk", link="991", note="known there, too").touched == "REF-1"


class TestPrivate:
    def test_it_is_for_its_own_people_and_a_mismatch_too(self) -> None:
        text = PRIVATE.replace("{all of it: Docket}", "{money: Hotline}")
        street = Street(text.replace("    fields: {}\n", "    fields: {sum: {type: money}}\n"))
        street.hooks("Hotline", "concern", text="My lead shouts at people.", fields={"sum": "5"}, link="h1")
        assert {n.to for n in street.notices if isinstance(n, Handed)} == {"maria"}
        assert street.items["CON-1"].source.place == ""
        street.hooks("Hotline", "concern", link="h1", fields={"sum": "6"})
        assert {n.to for n in street.notices if isinstance(n, Broken)} == {"maria", "lee"}
        assert "BOT-1" not in street.items


def test_a_trade_off_states_both_goals_where_it_is_decided(street: Street) -> None:
    """M58: the card, and with it the letter and the page, which are made of it."""
    item = refund(street, "Please refund ORD-48213, I was charged $450 twice")
    trouble, workflow = item.open_trouble("OVER_LIMIT")[0], street.book.workflows["refund"]
    words = plain(decision_card(item, trouble, workflow, street.book, street.now, reader="lee"))
    assert "Both count: the customer is made whole / the month's refund budget holds" in words


def test_a_decision_shows_that_a_value_is_unclear_and_which_ones_there_are(street: Street) -> None:
    refund(street, "Please refund ORD-48213, it was $45 or $54, or my lawyer calls")
    item = street.items["REF-1"]
    trouble, workflow = item.open_trouble("LEGAL_THREAT")[0], street.book.workflows["refund"]
    assert "unclear (45 USD or 54 USD)" in plain(
        decision_card(item, trouble, workflow, street.book, street.now, reader="maria")
    )
