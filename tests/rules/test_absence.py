"""Somebody can't be reached any more: who has their work then, who hears of it, and what stays as it was (M138)."""

from __future__ import annotations

from typing import Any

import pytest

from rules.absence import Failing, address_of, gone, holds, outdated, without
from rules.book.load import load
from rules.items import Item
from rules.notices import CONVERSATION, Card, DecisionCard, Handed, Late
from tests.rules.test_flows import HARBOR, RITA, big_refund
from tests.street import MORNING, Street, plain

BOOK = load(HARBOR)
LEE, MARIA, DANA = "slack:U0LEE", "slack:U0MARIA", "slack:U0DANA"
YES: dict[str, Any] = {"reason_code": "DOUBLE_CHARGE", "words": "The log shows both."}


def failing(person: str, channel: str, /, **other: Any) -> Failing:
    address = address_of(BOOK.people[person], channel)
    given = {"person": person, "channel": channel, "address": address, "since": MORNING, "why": "gone", **other}
    return Failing(**given)


@pytest.mark.parametrize(
    ("person", "channels", "slack", "absent"),
    [
        ("lee", [], True, ""),
        ("lee", ["slack"], True, "slack"),  # deactivated is gone, whatever the mailbox says
        ("lee", ["mail"], True, ""),  # Slack still reaches him
        ("lee", ["mail", "slack"], True, "slack"),
        ("lee", ["mail"], False, "mail"),  # an office without Slack
        ("lee", ["slack"], False, ""),  # of a Slack that is not there nobody can say
        ("olu", ["mail"], True, "mail"),  # has no Slack
        ("olu", ["slack"], True, ""),
    ],
)
def test_who_is_absent_and_by_which_way(person: str, channels: list[str], slack: bool, absent: str) -> None:
    ways = [failing(person, channel) for channel in channels] + [failing("dana", "slack")]
    found = gone(BOOK.people[person], ways, slack=slack)
    assert (found.channel if found else "") == absent


def test_an_address_that_was_corrected_in_the_rulebook_counts_no_more() -> None:
    old = [failing("lee", "slack", address="U0LEFT"), failing("olu", "mail"), failing("lee", "slack", person="ida")]
    assert gone(BOOK.people["lee"], old, slack=True) is None
    assert [way.person for way in outdated(BOOK, old)] == ["lee", "ida"]


def test_an_absence_is_no_change_of_the_rules() -> None:
    """The version stays, and the others are who they were; nobody gone: the very same book."""
    there = without(BOOK, [failing("lee", "slack", why="left")], MORNING, slack=True)
    assert (there.version, there.people["lee"].gone, there.operator) == (BOOK.version, "left", "sam")
    assert {k: v for k, v in there.people.items() if k != "lee"} == {k: v for k, v in BOOK.people.items() if k != "lee"}
    assert without(BOOK, [failing("lee", "mail")], MORNING, slack=True) is BOOK


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


def decided_by(item: Item) -> tuple[str, str, tuple[str, ...]]:
    (trouble,) = item.open_trouble()
    return trouble.owner, trouble.backup, trouble.may_decide


class TestPassingOn:
    """Lee decides above the limit, Maria backs him up; he backs Dana up, who has the item."""

    def test_a_decision_that_waits_goes_to_the_backup_with_its_deadline(self, street: Street) -> None:
        before = big_refund(street).open_trouble()[0]
        street.loses("lee")
        item = street.items["REF-1"]
        assert decided_by(item) == ("maria", "sam", ("maria",))
        after = item.open_trouble()[0]
        assert (after.due_at, after.next_at, after.opened_at) == (before.due_at, before.next_at, before.opened_at)
        card = street.heard("maria", DecisionCard)[-1]
        words = street.words(card)
        assert words is not None
        assert "lee can't be reached (deactivated in Slack), so this decision is yours." in plain(words)
        assert [n.revises for n in street.heard("lee", DecisionCard)] == [False, True], "his card loses its buttons"
        assert isinstance(street.heard(CONVERSATION)[-1], Card)

    def test_the_record_says_since_when_and_why(self, street: Street) -> None:
        big_refund(street)
        street.loses("lee")
        moved = [e for e in street.entries if e.kind == "reassigned"]
        assert [(e.by, e.facts["absent"], e.facts["since"]) for e in moved] == [
            ("docket", "lee", "2026-03-04T16:00:00Z")
        ]
        assert moved[0].texts["because"] == "Lee Park can't be reached since Mar 4 (deactivated in Slack)"

    def test_an_item_goes_to_the_backup_who_hears_why(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        due_at = street.items["REF-1"].due_at
        street.loses("dana")
        item = street.items["REF-1"]
        assert (item.owner, item.backup, item.due_at) == ("lee", "maria", due_at)
        (handed,) = street.heard("lee", Handed)
        words = street.words(handed)
        assert words is not None
        assert "Why you: Dana Ruiz can't be reached since Mar 4 (deactivated in Slack)" in plain(words)

    def test_a_backup_who_left_is_replaced_without_a_word(self, street: Street) -> None:
        """Nobody holds anything new: only the record has it, and who owns it since when stays."""
        street.says(RITA, "Please refund ORD-48213, it was $45")
        since, told = street.items["REF-1"].owner_since, len(street.notices)
        street.passes(minutes=5)
        street.loses("lee")
        item = street.items["REF-1"]
        assert (item.owner, item.backup, item.owner_since) == ("dana", "maria", since)
        assert street.kinds("REF-1")[-1] == "relieved"
        assert [n for n in street.notices[told:] if n.item == "REF-1" and not isinstance(n, Card)] == []

    def test_who_could_decide_by_escalation_only_can_no_more(self, street: Street) -> None:
        big_refund(street)
        street.passes(hours=2, minutes=1)
        assert decided_by(street.items["REF-1"])[2] == ("lee", "maria")
        street.loses("maria")
        assert decided_by(street.items["REF-1"]) == ("lee", "sam", ("lee",))
        refused = street.types(MARIA, "approve", "REF-1", **YES).reply
        assert refused is not None
        assert refused.code == "not_yours"
        assert not street.types(LEE, "approve", "REF-1", **YES).reply.refused  # type: ignore[union-attr]

    def test_who_asked_never_gets_it(self, street: Street) -> None:
        """Maria's own request: Lee's decision can't go to her, though she backs him up."""
        street.says(MARIA, "Please refund ORD-48213, it was $450")
        street.loses("lee")
        owner, backup, may_decide = decided_by(street.items["REF-1"])
        assert "maria" not in (owner, backup, *may_decide)
        assert owner == "sam"

    def test_a_stand_in_whom_the_rulebook_names_comes_before_the_backup(self) -> None:
        street = Street(HARBOR.replace("slack: U0LEE,", "slack: U0LEE, away: {until: 2026-03-20, for: finn},"))
        street.now = MORNING.replace(day=23)
        big_refund(street)
        street.loses("lee")
        assert decided_by(street.items["REF-1"])[0] == "maria", "that absence is over"
        street = Street(HARBOR.replace("slack: U0LEE,", "slack: U0LEE, away: {until: 2026-03-20, for: finn},"))
        street.loses("lee")
        assert decided_by(big_refund(street))[0] == "finn"

    def test_two_leave_and_it_goes_on_to_the_third(self, street: Street) -> None:
        big_refund(street)
        street.loses("lee")
        street.loses("maria")
        assert decided_by(street.items["REF-1"])[0] == "sam"
        assert street.items["REF-1"].backup not in ("lee", "maria")

    def test_nobody_is_left_and_the_name_stays(self, street: Street) -> None:
        """The digest shows it; nothing is recorded that changes nothing."""
        big_refund(street)
        for person in BOOK.people:
            street.loses(person, "slack" if BOOK.people[person].slack else "mail")
        assert decided_by(street.items["REF-1"])[0] in BOOK.people
        assert street.kinds("REF-1").count("reassigned") <= len(BOOK.people)

    def test_closed_items_stay_as_they_are(self, street: Street) -> None:
        big_refund(street)
        street.types(LEE, "reject", "REF-1", reason_code="NO_PROOF", words="One capture.")
        entries = street.kinds("REF-1")
        street.loses("lee")
        street.loses("dana")
        assert street.kinds("REF-1") == entries


class TestAfterwards:
    """New work skips who is gone, until they are back."""

    def test_new_items_and_decisions_skip_them(self, street: Street) -> None:
        street.loses("lee")
        item = big_refund(street)
        assert (item.owner, item.backup, decided_by(item)[0]) == ("dana", "maria", "maria")
        street.passes(hours=8)
        assert street.heard("lee") == []
        refused = street.types(DANA, "assign", "REF-1", person="lee", words="he knows").reply
        assert refused is not None
        assert "Lee Park can't be reached" in plain(refused.message)

    def test_the_next_on_the_ladder_hears_of_it(self, street: Street) -> None:
        """Lee, who would hear first that Dana is late, is gone: Maria does."""
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.loses("lee")
        street.passes(hours=8)
        assert [n.to for n in street.notices if isinstance(n, Late)][:2] == ["dana", "maria"]
        assert street.heard("lee") == []

    def test_back_again_new_work_comes_and_the_old_stays_where_it_is(self, street: Street) -> None:
        big_refund(street)
        street.loses("lee")
        street.finds("lee")
        assert decided_by(street.items["REF-1"])[0] == "maria"
        street.says(RITA, "Please refund ORD-55555, it was $900")
        newest = max(street.items.values(), key=lambda item: (item.opened_at, item.key))
        assert decided_by(newest)[0] == "lee"


def told_operator(street: Street) -> list[Item]:
    return [item for item in street.items.values() if item.workflow == "docket"]


class TestOperator:
    """One exception for one absence, with who has what now; it ends when they are back."""

    def test_hears_once_who_has_what_now(self, street: Street) -> None:
        big_refund(street)
        for amount in (600, 700):
            street.says(f"slack:U0R{amount}", f"Please refund ORD-{amount}00, it was ${amount}")
        street.says(MARIA, "Please refund ORD-77777, it was $800")
        street.loses("lee")
        (bot,) = told_operator(street)
        assert bot.owner == "sam"
        assert bot.text == (
            "Lee Park can't be reached (deactivated in Slack): 3 decisions go to Maria Sol, 1 decision to Sam Adeyemi. "
            "Take Lee Park out of the rulebook, or name who stands in."
        )
        assert bot.open_trouble("ABSENT")
        street.loses("lee")
        assert len(told_operator(street)) == 1
        assert told_operator(street)[0].open_trouble()[0].count == 2
        street.finds("lee")
        assert told_operator(street)[0].outcome == "done"

    def test_says_that_the_cause_is_gone_and_new_work_goes_there_again(self, street: Street) -> None:
        """Of a mailbox that takes mail again nobody else tells us. `KNOWN` changes nothing."""
        for verb, reason, absent in (("reject", "KNOWN", True), ("approve", "MENDED", False)):
            street.loses("olu", "mail", "550 no such user")
            (bot,) = [item for item in told_operator(street) if item.closed_at is None]
            street.types("slack:U0SAM", verb, bot.key, reason_code=reason, words="I asked.")
            assert street.items[bot.key].closed_at is not None
            assert bool(street.world(None).book.people["olu"].gone) == absent

    def test_of_a_quiet_colleague_too(self, street: Street) -> None:
        street.loses("ines")
        assert told_operator(street)[0].text.startswith("Ines Weber can't be reached (deactivated in Slack). Take ")

    def test_items_and_decisions_are_counted_apart(self, street: Street) -> None:
        street.says(RITA, "Please refund ORD-48213, it was $45")
        street.types(DANA, "except", "REF-1", code="MISSING_DETAILS", words="no name")
        street.loses("dana")
        assert ": 1 item and 1 decision go to Lee Park. " in told_operator(street)[0].text

    def test_the_operator_leaves(self, street: Street) -> None:
        """The next above has the bot's failures, also the open ones, and stands last on every ladder."""
        street.fails("smtp")
        street.loses("sam")
        old, new = told_operator(street)
        assert (old.owner, decided_by(old)[0], new.owner, decided_by(new)[0]) == ("maria",) * 4
        assert new.text.startswith(
            "Sam Adeyemi can't be reached (deactivated in Slack): 1 item and 1 decision go to Maria"
        )
        assert street.heard("maria", DecisionCard)
        street.fails("inbox:refunds")
        assert decided_by(told_operator(street)[-1])[0] == "maria"

    def test_a_mailbox_that_refuses_is_told_where_slack_still_reaches_them(self, street: Street) -> None:
        """Nothing moves; it is an undeliverable letter like others."""
        big_refund(street)
        street.loses("lee", "mail", "550 no such user")
        assert decided_by(street.items["REF-1"])[0] == "lee"
        (bot,) = told_operator(street)
        assert bot.text.startswith("Mail to Lee Park comes back (550 no such user). Slack still reaches them;")
        assert bot.open_trouble("UNDELIVERABLE")
        street.finds("lee", "mail")
        assert told_operator(street)[0].outcome == "done"

    def test_a_stranger_is_nobodys_absence(self, street: Street) -> None:
        assert street.loses("nobody@corp.example", "mail").ignored


class TestPrivate:
    """CON: Maria owns, Lee backs up; nobody else may ever hear of it."""

    def concern(self, street: Street) -> Item:
        street.mails("rita@corp.example", "Somebody shouts at people.", inbox="concerns")
        return street.items["CON-1"]

    def test_goes_to_the_backup_and_to_nobody_else(self, street: Street) -> None:
        assert (self.concern(street).owner, street.items["CON-1"].backup) == ("maria", "lee")
        street.loses("maria")
        item = street.items["CON-1"]
        assert (item.owner, item.backup) == ("lee", "lee"), "alone with it, and standing as both"
        assert {n.to for n in street.notices if n.item == "CON-1"} <= {"maria", "lee", CONVERSATION, "requester"}

    def test_the_operator_does_not_even_hear_the_number(self, street: Street) -> None:
        self.concern(street)
        street.loses("maria")
        assert told_operator(street)[0].text.startswith("Maria Sol can't be reached (deactivated in Slack). Take ")

    def test_waits_for_them_when_both_are_gone(self, street: Street) -> None:
        self.concern(street)
        street.loses("lee")
        street.loses("maria")
        item = street.items["CON-1"]
        assert (item.owner, item.backup) == ("maria", "maria")
        street.passes(days=2)
        owner, _, may_decide = decided_by(street.items["CON-1"])
        assert {owner, *may_decide} <= {"maria", "lee"}


def test_who_holds_what() -> None:
    street = Street(HARBOR)
    item = big_refund(street)
    assert [person for person in BOOK.people if holds(item, person)] == ["dana", "lee"]
