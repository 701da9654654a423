"""Where a notice goes: Slack or mail, a person or a conversation, or rightly nowhere."""

from __future__ import annotations

import pytest

from rules.lanes import Ways, lane
from rules.notices import REQUESTER, Card, Closed, Handed, Question
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street

BOTH, SLACK, MAIL = Ways(slack=True, mail=True), Ways(slack=True, mail=False), Ways(slack=False, mail=True)


@pytest.fixture
def street() -> Street:
    return Street(HARBOR)


@pytest.mark.parametrize(
    ("to", "ways", "expected"),
    [
        ("lee", BOTH, "slack:U0LEE"),
        ("lee", SLACK, "slack:U0LEE"),
        ("lee", MAIL, "mail:lee@harbor.example"),
        ("olu", BOTH, "mail:olu@harbor.example"),
        # No channel reaches Olu: the failure to deliver is seen and has an owner, rather than nothing being tried.
        ("olu", SLACK, "mail:olu@harbor.example"),
    ],
)
def test_a_person_is_reached_where_they_are(street: Street, to: str, ways: Ways, expected: str) -> None:
    street.says(RITA, "Refund $45 for ORD-48213 please")
    assert lane(Handed(item="REF-1", to=to), street.items["REF-1"], street.book, ways) == expected


def test_a_conversation_in_slack_is_the_channel(street: Street) -> None:
    street.says(RITA, "Refund for ORD-48213 please")
    item = street.items["REF-1"]
    assert lane(Question(item="REF-1", to=REQUESTER), item, street.book, BOTH) == "slack:C0REFUNDS"


def test_when_slack_is_gone_who_asked_there_is_answered_by_mail_where_an_address_is_known(street: Street) -> None:
    street.says("slack:U0DANA", "Refund for ORD-48213 please")
    street.says(RITA, "Refund for ORD-48214 please, it came broken")
    asked = [Question(item=key, to=REQUESTER) for key in ("REF-1", "REF-2")]
    lanes = [lane(notice, street.items[notice.item], street.book, MAIL) for notice in asked]
    assert lanes == ["mail:dana@harbor.example", None]


def test_who_wrote_by_mail_is_answered_where_answers_may_go(street: Street) -> None:
    street.mails("rita@corp.example", "Please refund ORD-48213", reply_to="orders@corp.example")
    item = street.items["REF-1"]
    assert lane(Question(item="REF-1", to=REQUESTER), item, street.book, BOTH) == "mail:orders@corp.example"
    assert lane(Card(item="REF-1", to="conversation"), item, street.book, BOTH) is None


def test_a_machine_never_hears_anything_not_even_the_end(street: Street) -> None:
    street.mails("cron@corp.example", "refund job failed", automatic="notification")
    item = street.items["REF-1"]
    assert lane(Closed(item="REF-1", to=REQUESTER), item, street.book, BOTH) is None


def test_a_typed_item_lives_in_its_workflows_channel_or_with_who_typed_it(street: Street) -> None:
    street.types(RITA, "new", workflow="refund", words="Refund $45 for ORD-48213", place="D1", place_name="")
    street.types(RITA, "new", workflow="concern", words="Somebody is being treated badly.")
    card = Card(item="", to="conversation")
    assert lane(card, street.items["REF-1"], street.book, BOTH) == "slack:#refunds"
    assert lane(card, street.items["CON-1"], street.book, BOTH) == "slack:U0RITA"
