"""Who may do what: the table of interface.md ("Slack"), tried for every kind of person."""

from __future__ import annotations

from typing import Any

import pytest

from rules.events import Command
from rules.forms import form
from rules.messages import Form, Reply
from rules.notices import CONVERSATION, Card, DecisionCard
from rules.reading import Shelf, answer
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import Street, plain

STRANGER = "slack:U0STRANGER"
DANA, LEE, MARIA = "slack:U0DANA", "slack:U0LEE", "slack:U0MARIA"  # owner, backup, leader of REF-1
INES, OLU, SAM = "slack:U0INES", "olu@harbor.example", "slack:U0SAM"  # a colleague, one without Slack, the operator
EVERYONE = [STRANGER, RITA, INES, OLU, SAM, DANA, LEE, MARIA]
PEOPLE = {INES, OLU, SAM, DANA, LEE, MARIA}
RUN_IT = {DANA, LEE, MARIA}

DEEDS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("except", {"code": "NOT_READY", "words": "the card is unknown"}, set(EVERYONE)),
    ("claim", {}, PEOPLE - {DANA}),  # she has it already
    ("evidence", {"name": "receipt", "words": "re_1"}, PEOPLE),
    ("assign", {"person": "finn", "words": "he knows"}, RUN_IT),
    ("next", {}, RUN_IT),
    ("tick", {"name": "1"}, RUN_IT),
    ("set", {"name": "reason", "words": "broken"}, RUN_IT),
    ("snooze", {"until": "2h"}, RUN_IT),
    ("ack", {}, RUN_IT),
]


def small_refund() -> Street:
    """REF-1: complete, below every limit, with Dana; Lee backs up, Maria leads."""
    street = Street(HARBOR)
    street.says(RITA, "Please refund ORD-48213, it was $45")
    return street


def asked(street: Street, who: str, verb: Any, item: str | None = "REF-1", **more: Any) -> Any:
    """The answer to a question about REF-1 or about everything."""
    command = Command(id="q", workspace="main", at=street.now, by=who, via="slack", verb=verb, item=item, **more)
    shelf = Shelf(item=street.items["REF-1"], items=tuple(street.items.values()))
    return answer(command, street.book, lambda i: street.book.workflows[i.workflow], shelf, street.now)


@pytest.mark.parametrize(("verb", "more", "may"), DEEDS, ids=[verb for verb, _, _ in DEEDS])
@pytest.mark.parametrize("who", EVERYONE)
def test_a_deed_is_done_for_whoever_may_and_for_nobody_else(
    who: str, verb: str, more: dict[str, Any], may: set[str]
) -> None:
    """A refusal is a private sentence and changes nothing."""
    street = small_refund()
    if verb == "next":
        street.ticks_all(DANA, "REF-1")
    before = street.items["REF-1"]
    reply = street.types(who, verb, "REF-1", **more).reply
    assert reply is not None
    assert (not reply.refused) == (who in may), plain(reply.message)
    assert (street.items["REF-1"] != before) == (who in may)


@pytest.mark.parametrize("verb", ["close", "reopen"])
@pytest.mark.parametrize("who", EVERYONE)
def test_closing_and_opening_again_belong_to_those_who_run_it(who: str, verb: str) -> None:
    """After the money went out (payment is Finn's stage)."""
    street = small_refund()
    street.ticks_all(DANA, "REF-1")
    street.types(DANA, "next", "REF-1")
    assert street.items["REF-1"].owner == "finn"
    street.ticks_all("slack:U0FINN", "REF-1")
    street.types("slack:U0FINN", "evidence", "REF-1", name="receipt", words="re_1")
    if verb == "reopen":
        street.types("slack:U0FINN", "close", "REF-1")
    reply = street.types(who, verb, "REF-1", words="it bounced").reply
    assert reply is not None
    assert (not reply.refused) == (who in {LEE, MARIA})


@pytest.mark.parametrize("who", EVERYONE)
def test_questions_are_answered_to_those_who_may_see(who: str) -> None:
    """`show` and `why`: people and the requester; `list` and `exceptions`: people; `help` and `mine`: anyone."""
    street = small_refund()
    for verb in ("show", "why"):
        assert asked(street, who, verb).refused == (who not in PEOPLE | {RITA}), verb
    for verb in ("list", "exceptions"):
        assert asked(street, who, verb, None).refused == (who not in PEOPLE), verb
    for verb in ("help", "mine"):
        assert not asked(street, who, verb, None).refused, verb


def test_a_requester_outside_sees_where_it_stands_and_nobodys_words() -> None:
    """Status yes, rationale, record and notices no."""
    street = Street(HARBOR)
    big_refund(street)
    street.types(LEE, "approve", "REF-1", reason_code="GOODWILL", words="A secret thought.")
    for verb in ("show", "why"):
        said = plain(asked(street, RITA, verb).message)
        assert "dana" in said
        assert "secret" not in said
    assert "secret" in plain(asked(street, MARIA, "show").message)


def test_a_question_about_an_unseen_thread_names_its_item() -> None:
    """A mention without KEY by somebody who may not see it: a sentence with the key, never `None`."""
    street = small_refund()
    said = plain(asked(street, STRANGER, "why", None).message)
    assert "REF-1" in said
    assert "None" not in said


class TestWhoIsMeant:
    """`@person`: a Slack user, an address, a key of the rulebook, in any case."""

    @pytest.mark.parametrize(
        "said", ["finn", "@finn", "@Finn", "FINN", "slack:U0FINN", "Finn@harbor.example", "Finn Okafor"]
    )
    def test_a_person_of_the_rulebook_however_named(self, said: str) -> None:
        """All of these are Finn."""
        street = small_refund()
        street.types(DANA, "assign", "REF-1", person=said)
        assert street.items["REF-1"].owner == "finn"

    @pytest.mark.parametrize("said", ["slack:U0NOBODY", "@nobody", "nobody@corp.example", "@"])
    def test_nobody_else_can_own_anything(self, said: str) -> None:
        """The refusal lists whom the rulebook knows."""
        street = small_refund()
        reply = street.types(DANA, "assign", "REF-1", person=said).reply
        assert reply is not None
        assert reply.code == "unknown_person"
        assert "finn" in plain(reply.message)
        assert street.items["REF-1"].owner == "dana"

    def test_the_requester_can_be_given_neither_the_item_nor_its_decision(self) -> None:
        """Not by claiming, not by being named."""
        street = Street(HARBOR)
        street.says("slack:U0FINN", "Please refund ORD-48213, it was $450")
        for who, verb, more in (
            ("slack:U0FINN", "claim", {}),
            (DANA, "assign", {"person": "finn", "words": "x"}),
            (LEE, "assign", {"person": "finn", "code": "OVER_LIMIT", "words": "x"}),
        ):
            reply = street.types(who, verb, "REF-1", **more).reply
            assert reply is not None
            assert reply.code == "own_request"

    def test_a_mail_of_a_person_is_theirs(self) -> None:
        """Their address in any case ties it to the rulebook, so they never own their own request."""
        street = Street(HARBOR)
        street.mails("dana@harbor.example", "Please refund ORD-48213, it was 45 USD")
        item = street.items["REF-1"]
        assert (item.requester, item.owner) == ("dana", "lee")


class TestWhoHasIt:
    """The owner rows are asked at intake, and again while it waits; what a person settled since then stays."""

    def test_an_answer_may_move_it_to_another_row(self) -> None:
        """The region that a reply gives away decides the row, as it would have at intake."""
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 please")
        street.says(RITA, "it was 45 EUR", thread="REF-1")
        assert street.items["REF-1"].fields["region"] == "EU"
        assert street.items["REF-1"].owner == "ines"

    def test_whom_a_person_named_keeps_it(self) -> None:
        """An answer that changes no row, or even one that does, takes it from nobody who was given it by hand."""
        for said in ("it was 45 USD", "it was 45 EUR"):
            street = Street(HARBOR)
            street.says(RITA, "refund for ORD-48213 please")
            street.types(LEE, "assign", "REF-1", person="finn", words="he knows them")
            street.says(RITA, said, thread="REF-1")
            assert street.items["REF-1"].owner == "finn"

    def test_after_the_last_answer_the_rows_are_asked_no_more(self) -> None:
        """A region that is set later moves nothing."""
        street = small_refund()
        street.types(DANA, "set", "REF-1", name="region", words="EU")
        assert street.items["REF-1"].owner == "dana"

    def test_the_bots_own_items_have_one_owner_too(self) -> None:
        """The operator, with a backup; when both are away the next present person."""
        street = Street(HARBOR)
        street.fails("smtp")
        item = street.items["BOT-1"]
        assert (item.owner, item.backup, item.open_trouble()[0].owner) == ("sam", "maria", "sam")
        gone = Street(HARBOR.replace("slack: U0SAM,", "slack: U0SAM, away: {until: 2026-03-20, for: lee},"))
        gone.fails("smtp")
        assert gone.items["BOT-1"].owner == "lee"


class TestAnswers:
    """A reply is read for what is missing; more than that only where it names the field."""

    def test_a_text_field_is_filled_by_its_name(self) -> None:
        """`reason: ...` beside the answers, and later alone."""
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 please")
        street.says(RITA, "45 USD, reason: charged twice", thread="REF-1")
        assert street.items["REF-1"].fields["reason"] == "charged twice"
        street = small_refund()
        street.says(RITA, "reason: it broke", thread="REF-1")
        assert street.items["REF-1"].fields["reason"] == "it broke"

    def test_talk_in_the_thread_fills_nothing(self) -> None:
        """Once nothing is missing, a colleague's words are no answer."""
        street = Street(HARBOR)
        street.says(RITA, "refund for ORD-48213 please, it was 45")
        street.says(RITA, "45 USD", thread="REF-1")
        before = street.items["REF-1"].fields
        street.says(DANA, "the last one was in EUR", thread="REF-1")
        assert street.items["REF-1"].fields == before

    def test_a_pending_decision_sees_what_is_filled_and_edited(self) -> None:
        """The card of whoever decides changes with the item."""
        street = Street(HARBOR)
        street.says(RITA, "refund me or my lawyer calls")
        street.notices.clear()
        street.says(RITA, "ORD-48213, 45 USD", thread="REF-1")
        assert [n.revises for n in street.heard("maria", DecisionCard)] == [True]
        street.notices.clear()
        street.edits(RITA, "REF-1", "refund me or my lawyer calls the newspaper")
        (card,) = street.heard("maria", DecisionCard)
        words = street.words(card)
        assert words is not None
        assert "newspaper" in plain(words)
        assert "edited" in plain(words)
        (shown,) = street.heard(CONVERSATION, Card)
        words = street.words(shown)
        assert words is not None
        assert "edited" in plain(words)

    def test_two_values_for_one_field_are_none_and_shown(self) -> None:
        """Asked for where required; both stand on the card."""
        street = Street(HARBOR)
        street.says(RITA, "Please refund ORD-48213, it was $45 or $54, from EU or US")
        item = street.items["REF-1"]
        assert item.missing == ("amount",)
        assert "region" not in item.fields
        words = street.words(street.heard(CONVERSATION, Card)[-1])
        assert words is not None
        assert "amount unclear" in plain(words)


class TestForms:
    """What a form of `new` brings is read like everything else."""

    def test_values_are_kept_in_their_canonical_form(self) -> None:
        """A condition compares 450 USD, not somebody's way of writing it."""
        street = Street(HARBOR)
        street.types(
            RITA, "new", workflow="refund", words="help", fields={"amount": "$200", "order": "ORD-48213", "reason": ""}
        )
        item = street.items["REF-1"]
        assert item.fields == {"amount": "200.00 USD", "order": "ORD-48213"}
        assert not item.exceptions

    def test_an_unreadable_value_is_said_under_its_field(self) -> None:
        """Nothing is opened; the sentence says how it would be read."""
        street = Street(HARBOR)
        filled = {"amount": "a lot", "order": "ORD-48213", "reason": "", "region": ""}
        reply = street.types(RITA, "new", workflow="refund", words="help", fields=filled).reply
        assert reply is not None
        assert (reply.refused, reply.blank) == (True, "amount")
        assert not street.items


def test_anyones_reaction_tracks_a_message_for_its_author() -> None:
    """The rulebook: `:ticket:` on any message tracks it; who wrote it asked, whoever reacted."""
    street = Street(HARBOR)
    street.reacts(STRANGER, "ticket", RITA, "my card was charged twice")
    assert street.items["REF-1"].requester == RITA


def test_a_form_is_not_offered_to_whom_it_is_not_for() -> None:
    """Nobody fills in what they will be refused, and a private item has no form for strangers to it."""
    street = Street(HARBOR)
    big_refund(street)
    street.types(RITA, "new", workflow="concern", words="Somebody is being treated badly.")

    def offered(who: str, verb: str, key: str) -> Form | Reply:
        command = Command(id="f", workspace="main", at=street.now, by=who, via="slack", verb=verb, item=key)  # type: ignore[arg-type]
        return form(command, street.world(street.items[key]))

    assert isinstance(offered("slack:U0DANA", "assign", "REF-1"), Form)
    assert isinstance(offered("slack:U0FINN", "assign", "REF-1"), Reply)
    assert isinstance(offered("slack:U0FINN", "except", "REF-1"), Form)
    for verb in ("assign", "except", "approve"):
        assert isinstance(offered("slack:U0DANA", verb, "CON-1"), Reply)
