"""The private lane, rule by rule: what is seen, told, handed over and counted of work that three people may know of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rules.deciding_page import page
from rules.entries import stamp
from rules.events import Mailed, Unreadable
from rules.notices import CONVERSATION, REQUESTER, Broken, Card, Discreet, Handed, Late, Notice
from rules.own_events import Failed
from rules.tickets import Ticket
from rules.wording.discreet import discreet
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, LEE, MARIA, SAM = (f"slack:U0{name}" for name in ("DANA", "LEE", "MARIA", "SAM"))
CANARY = "Somebody is being treated badly."
THEIRS = {"maria", "lee", CONVERSATION, REQUESTER}


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def concern(street: Street, who: str = RITA, text: str = CANARY) -> str:
    """A concern, and its key."""
    street.types(who, "new", workflow="concern", words=text)
    return max((key for key in street.items if key.startswith("CON-")), key=lambda key: int(key[4:]))


def away(*people: str) -> Street:
    """Harbor with these people away, each with Finn to stand in."""
    book = HARBOR
    for person in people:
        before = f"slack: U0{person.upper()}"
        book = book.replace(before, f"{before}, away: {{until: 2026-03-20, for: finn}}")
    return Street(book)


def told(street: Street) -> set[str]:
    """Everybody whom any notice is for."""
    return {notice.to for notice in street.notices}


def said(street: Street, notice: Notice) -> str:
    """A notice's words."""
    message = discreet(notice) if isinstance(notice, Discreet) else street.words(notice)
    assert message is not None
    return plain(message)


def test_its_card_offers_what_who_asked_may_do_and_nothing_else(street: Street) -> None:
    """Nobody else reads it: the owner, whose deeds a card in a channel offers, has a letter of their own."""
    concern(street)
    card = next(notice for notice in street.notices if isinstance(notice, Card))
    message = street.words(card)
    assert message is not None
    assert [action.verb for action in message.actions] == ["except", "why"]


class TestWhoHasIt:
    """Owner and backup as the rulebook names them, and nobody in their stead."""

    @pytest.mark.parametrize(
        ("gone", "seats"),
        [
            ((), ("maria", "lee")),
            (("maria",), ("lee", "maria")),
            (("lee",), ("maria", "lee")),
            (("maria", "lee"), ("maria", "lee")),
        ],
        ids=str,
    )
    def test_an_absence_brings_in_nobody(self, gone: tuple[str, ...], seats: tuple[str, str]) -> None:
        """Finn stands in for them everywhere else."""
        street = away(*gone)
        key = concern(street)
        assert (street.items[key].owner, street.items[key].backup) == seats
        street.types(MARIA, "except", key, code="NOT_HEARD", words="No answer.")
        street.passes(days=6)
        assert told(street) - {"sam"} <= THEIRS

    @pytest.mark.parametrize(("who", "other"), [(MARIA, "lee"), (LEE, "maria")])
    def test_whoever_asks_leaves_it_to_the_other_alone(self, who: str, other: str) -> None:
        """They can't own it, and no third person can be asked."""
        street = Street(HARBOR)
        key = concern(street, who)
        assert (street.items[key].owner, street.items[key].backup) == (other, other)
        street.types(f"slack:U0{other.upper()}", "except", key, code="NOT_HEARD", words="No answer.")
        assert street.items[key].open_trouble()[0].may_decide == (other,)

    def test_it_goes_back_and_forth_between_the_two(self, street: Street) -> None:
        """Claimed by the backup, handed back by them; both keep seeing it."""
        key = concern(street)
        street.types(LEE, "claim", key)
        assert (street.items[key].owner, street.items[key].backup) == ("lee", "maria")
        street.types(LEE, "assign", key, person="maria", words="as agreed")
        assert (street.items[key].owner, street.items[key].backup) == ("maria", "lee")
        assert told(street) <= THEIRS

    def test_a_notice_that_waited_is_not_said_to_who_has_it_no_more(self, street: Street) -> None:
        """The last gate: whatever was queued for whom, a person without a seat gets no words."""
        key = concern(street)
        assert street.words(Late(item=key, to="maria")) is not None
        for who in ("dana", "sam", "finn"):
            assert street.words(Late(item=key, to=who)) is None
            assert street.words(Broken(item=key, to=who)) is None

    def test_a_decision_page_is_closed_to_who_has_it_no_more(self, street: Street) -> None:
        """Its address lasts for a month; the seat may not."""
        key = concern(street)
        street.types(MARIA, "except", key, code="NOT_HEARD", words="No answer.")
        item = street.items[key]
        letter = Ticket(
            outbox_id="n1", person="lee", item=key, code="NOT_HEARD", opened_at=stamp(item.exceptions[0].opened_at),
            expires_at=street.now + timedelta(days=30), spent=False,
        )  # fmt: skip
        assert page(letter, street.world(item)) is not None
        assert page(replace(letter, person="dana"), street.world(item)) is None


class TestLate:
    """Escalation ends at the backup; the operator hears one sentence."""

    def test_the_operator_hears_that_something_is_late_and_not_what(self, street: Street) -> None:
        """After the owner, after the backup; no key, no name, no title."""
        concern(street)
        street.passes(days=5)
        to_sam = [n for n in street.notices if n.to == "sam"]
        assert to_sam
        assert {(type(n), n.item) for n in to_sam} == {(Discreet, "")}
        assert {said(street, n) for n in to_sam} == {"A private item is late."}
        assert told(street) <= {*THEIRS, "sam"}
        first = next(i for i, n in enumerate(street.notices) if n.to == "sam")
        assert {n.to for n in street.notices[:first] if isinstance(n, Late)} == {"maria", "lee"}

    def test_an_undecided_exception_goes_no_further_either(self, street: Street) -> None:
        """Owner, backup, then the sentence; never the operator as somebody who could reassign it."""
        key = concern(street)
        street.types(MARIA, "except", key, code="NOT_HEARD", words="No answer.")
        street.passes(days=2)
        assert street.items[key].open_trouble()[0].may_decide == ("lee", "maria")
        assert {type(n) for n in street.notices if n.to == "sam"} == {Discreet}
        reply = street.types(SAM, "assign", key, person="dana", code="NOT_HEARD", words="x").reply
        assert reply is not None
        assert reply.code == "unknown_item"

    def test_an_operator_who_asked_or_holds_it_hears_nothing_more(self) -> None:
        """Their own concern is no news to them, and a second voice about it none either."""
        for street, who in ((Street(HARBOR), SAM), (Street(HARBOR.replace("operator: sam", "operator: lee")), RITA)):
            concern(street, who)
            street.passes(days=5)
            assert not [n for n in street.notices if isinstance(n, Discreet)]


class TestThoseAbove:
    """A leader and the operator have no seat by being that, also where they asked themselves and so may see it."""

    def test_a_leader_who_asked_does_not_run_it(self) -> None:
        """They lead the workflow; the concern is theirs as anybody's is."""
        street = Street(HARBOR.replace("    key: CON\n", "    key: CON\n    leader: finn\n"))
        key = concern(street, "slack:U0FINN")
        for verb in ("next", "close", "ack"):
            reply = street.types("slack:U0FINN", verb, key).reply  # type: ignore[arg-type]
            assert reply is not None
            assert reply.code == "not_yours"

    def test_an_operator_who_asked_hands_no_decision_on(self, street: Street) -> None:
        """Elsewhere the operator may reassign whatever waits."""
        key = concern(street, SAM)
        street.types(MARIA, "except", key, code="NOT_HEARD", words="No answer.")
        reply = street.types(SAM, "assign", key, person="maria", code="NOT_HEARD", words="please").reply
        assert reply is not None
        assert reply.code == "not_yours"


class TestFailures:
    """What fails with it is its owner's; the operator hears that there is something."""

    def failed(self, street: Street, cause: str, sentence: str, **more: Any) -> None:
        street.take(
            Failed(
                id=f"f:{cause}:{len(street.entries)}", workspace="main", at=street.now, by="docket", via="docket",
                cause=cause, sentence=sentence, **more,
            )
        )  # fmt: skip

    def test_a_notice_that_can_not_be_delivered_is_told_to_those_who_hold_it(self, street: Street) -> None:
        """In the item's own record, each cause once; no item of the bot's own, whose list everybody reads."""
        key = concern(street)
        street.notices.clear()
        for _ in range(3):
            self.failed(street, "deliver:mail:rita@corp.example", "rita@corp.example was not told.", item=key)
        assert not [k for k in street.items if k.startswith("BOT-")]
        assert street.kinds(key).count("failed") == 3
        assert [(type(n), n.to) for n in street.notices] == [(Broken, "maria"), (Broken, "lee"), (Discreet, "sam")]
        assert "rita@corp.example was not told." in said(street, street.notices[0])
        assert said(street, street.notices[2]) == "Something private failed. maria has it."

    def test_the_same_about_public_work_is_the_operators(self, street: Street) -> None:
        """As ever."""
        street.says(RITA, "Please refund ORD-48213, it was $45")
        self.failed(street, "deliver:mail:rita@corp.example", "rita@corp.example was not told.", item="REF-1")
        assert street.items["BOT-1"].owner == "sam"

    def test_a_closed_item_keeps_what_failed_after_its_end(self, street: Street) -> None:
        """The last word to the requester may be the one that does not arrive."""
        key = concern(street)
        street.types(MARIA, "evidence", key, name="note", words="we spoke")
        street.types(MARIA, "close", key)
        self.failed(street, "deliver:mail:rita@corp.example", "rita@corp.example was not told.", item=key)
        assert street.kinds(key)[-1] == "failed"

    def test_what_its_inbox_can_not_read_becomes_an_item_of_its_owner(self, street: Street) -> None:
        """It may be just what the lane is there for: it has an owner, a deadline, and nobody else knows."""
        street.take(
            Unreadable(
                id="mail:x", workspace="main", at=street.now, by="rita@corp.example", via="mail", inbox="concerns",
                problem="Its parts are broken.",
            )
        )  # fmt: skip
        item = street.items["CON-1"]
        assert (item.owner, item.backup, item.requester) == ("maria", "lee", "docket")
        assert item.due_at is not None
        assert {n.to for n in street.notices if not isinstance(n, Discreet)} <= THEIRS
        assert "Its parts are broken. It is kept as mail:x." in said(street, street.heard("maria", Handed)[0])
        assert said(street, street.heard("sam")[0]) == "Something private failed. maria has it."
        street.passes(days=6)
        assert told(street) <= {*THEIRS, "sam"}
        assert list(street.items) == ["CON-1"]

    def test_the_same_in_a_public_inbox_is_the_operators(self, street: Street) -> None:
        """As ever."""
        street.take(
            Unreadable(
                id="mail:x", workspace="main", at=street.now, by="", via="mail", inbox="refunds", problem="Broken."
            )
        )
        assert list(street.items) == ["BOT-1"]

    def test_a_rule_that_can_not_be_judged_on_it_stands_in_its_own_record(self) -> None:
        """The sentence names the item and quotes the rule: the operator hears neither."""
        rule = "means: It was long ago., when: 1 / (count - 3) > 1, owner: lee, backup: maria, respond_within: 1 hour"
        odd = f"ODD: {{{rule}}}"
        book = HARBOR.replace("exceptions: {NOT_HEARD", f"exceptions: {{{odd}, NOT_HEARD")
        street = Street(
            book.replace("fields: {}\n    owner: maria", "fields: {count: {type: number}}\n    owner: maria")
        )
        street.types(RITA, "new", workflow="concern", words=CANARY, fields={"count": "3"})
        key = "CON-1"
        assert "failed" in street.kinds(key)
        assert list(street.items) == [key]
        assert {n.to for n in street.notices} <= {*THEIRS, "sam"}


class TestAcross:
    """Nothing of one person's concern reaches another person who has one."""

    def test_no_hint_at_the_like_of_it(self, street: Street) -> None:
        """Two people report the same: each card speaks of its own; the same person's second message is one item."""
        concern(street)
        second = concern(street, "slack:U0TOM")
        assert second == "CON-2"
        assert not street.items[second].alike
        assert "alike" not in street.kinds(second)
        concern(street)
        assert list(street.items) == ["CON-1", "CON-2"]

    def test_a_colleagues_word_in_its_thread_fills_nothing(self) -> None:
        """People of the rulebook answer questions elsewhere; here only those who may see it."""
        fields = "    fields: {}\n    owner: maria"
        assert fields in HARBOR
        more = "    follow_up: {every: 4 business hours, at_most: 3, then: NOT_HEARD}\n    owner: maria"
        where = "{where: {ask: 'Where was it?', pattern: 'room \\d', required: true}}"
        street = Street(HARBOR.replace(fields, fields.replace("{}", where).replace("    owner: maria", more)))
        street.mails("rita@corp.example", CANARY, inbox="concerns", message_id="<1@corp.example>")
        assert street.items["CON-1"].missing == ("where",)
        street.mails("dana@harbor.example", "it was room 1", inbox="refunds", references=("<1@corp.example>",))
        assert street.items["CON-1"].missing == ("where",)
        street.mails("rita@corp.example", "it was room 2", inbox="refunds", references=("<1@corp.example>",))
        assert street.items["CON-1"].fields == {"where": "room 2"}


class TestByMail:
    """A private inbox wins over everything else that a mail says."""

    def test_a_concern_written_as_a_reply_in_a_public_thread_is_private(self, street: Street) -> None:
        """Whatever thread it was typed in: the address says whom it is for."""
        street.mails("rita@corp.example", "Please refund ORD-48213, it was 45 USD", message_id="<1@corp.example>")
        street.mails("rita@corp.example", CANARY, inbox="concerns", references=("<1@corp.example>",))
        assert "CON-1" in street.items
        assert CANARY not in {entry.texts.get("text") for entry in street.entries if entry.item == "REF-1"}

    def test_what_follows_a_closed_concern_is_private_whichever_inbox_it_came_to(self) -> None:
        """With `link`, the reply opens another item of the same workflow: our letters come from a public inbox."""
        street = Street(HARBOR.replace("    key: CON\n", "    key: CON\n    on_reply_after_close: link\n"))
        street.mails("rita@corp.example", CANARY, inbox="concerns", message_id="<1@corp.example>")
        street.types(MARIA, "evidence", "CON-1", name="note", words="we spoke")
        street.types(MARIA, "close", "CON-1")
        street.mails("rita@corp.example", "It goes on, worse.", inbox="refunds", references=("<1@corp.example>",))
        assert list(street.items) == ["CON-1", "CON-2"]
        assert street.items["CON-2"].follows == "CON-1"

    def test_its_time_does_not_make_it_anyone_elses(self, street: Street) -> None:
        """A month without anybody doing anything: still three people, and the sentence."""
        street.take(
            Mailed(
                id="m", workspace="main", at=street.now, by="rita@corp.example", via="mail", inbox="concerns",
                message_id="<1@corp.example>", references=(), subject="help", from_name="Rita", text=CANARY,
                new_text=CANARY, reply_to="rita@corp.example",
            )
        )  # fmt: skip
        street.passes(seconds=timedelta(days=30).total_seconds())
        assert told(street) <= {*THEIRS, "sam"}
        assert list(street.items) == ["CON-1"]
