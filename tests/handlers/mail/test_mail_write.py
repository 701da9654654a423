"""The letter: two forms of the same words, headers that keep machines quiet, and nothing of a stranger in a header."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest

from handlers.mail.write import letter
from handlers.ports import Outgoing
from rules.messages import Action, Link, Message, Quote, Row, Section, Strong, When, Who

NOON = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
MESSAGE = Message(
    subject="Decide by 11:30: refund 450 USD, ORD-48213",
    headline=("Decide by ", When(NOON, "time"), ": refund above the desk's limit"),
    lines=(
        ("REF-12 · ", Who("dana"), " has it · from ", Who("rita@shop.example")),
        ("reason ", Quote("charged <b>twice</b> & angry")),
    ),
    sections=(
        Section(
            heading="Broken",
            rows=(Row(line=(Strong("REF-8"), " · due ", When(NOON))), Row(line=(Link("https://x.example/8", "page"),))),
            rest="and 14 more: /docket exceptions",
        ),
    ),
    small=(("You get this because OVER_LIMIT is yours.",),),
    actions=(Action(verb="approve", label="Approve", item="REF-12"),),
)
OUTGOING = Outgoing(
    outbox_id="0198c0de-0000-7000-8000-000000000001",
    address="olu@harbor.example",
    message=MESSAGE,
    timezone="America/New_York",
    item="REF-12",
    names={"dana": "Dana Reyes"},
)


def sent(outgoing: Outgoing = OUTGOING) -> bytes:
    return letter(outgoing, sender="docket@harbor.example", sender_name="Harbor Supply", date=NOON)


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def form(data: bytes, kind: str) -> str:
    part = read(data).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_text_stands_alone_and_is_the_first_form() -> None:
    assert [part.get_content_type() for part in read(sent()).iter_parts()] == ["text/plain", "text/html"]
    assert form(sent(), "plain") == (
        "Decide by 11:30: refund above the desk's limit\n\n"
        "REF-12 · Dana Reyes has it · from rita@shop.example\n"
        'reason "charged <b>twice</b> & angry"\n\n'
        "Broken\n------\n- REF-8 · due today at 11:30\n- page (https://x.example/8)\n"
        "and 14 more: /docket exceptions\n\n"
        "You get this because OVER_LIMIT is yours.\n"
    )


def test_the_text_is_narrow_even_where_words_are_many() -> None:
    long = replace(MESSAGE, lines=(("word " * 100,), (Quote("one\n" + "and two " * 30),)))
    assert max(len(line) for line in form(sent(replace(OUTGOING, message=long)), "plain").splitlines()) < 76


def test_the_html_says_the_same_escaped_and_loads_nothing() -> None:
    page = form(sent(), "html")
    visible = " ".join(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]).split())
    for words in (
        "Decide by 11:30",
        "Dana Reyes has it",
        "Broken",
        "REF-8",
        "due today at 11:30",
        "OVER_LIMIT is yours",
    ):
        assert words in visible
    assert "charged &lt;b&gt;twice&lt;/b&gt; &amp; angry" in page
    assert not re.search(r"<(?:img|script|link|form|button)|url\(|@import|src=", page)
    assert 'name="color-scheme" content="light dark"' in page
    assert "prefers-color-scheme: dark" in page
    assert re.search(r'<td class="headline" style="[^"]*font-size: 18px', page), "styles stand where Gmail reads them"
    assert 'width="600"' in page
    assert len(page) < 102_000, "Gmail cuts what is longer"


def test_a_link_leads_nowhere_but_to_the_web() -> None:
    message = replace(MESSAGE, lines=((Link("javascript:alert(1)", "click"),),))
    assert "javascript" not in form(sent(replace(OUTGOING, message=message)), "html")


def test_what_cannot_be_clicked_in_a_mail_is_not_shown() -> None:
    assert "Approve" not in form(sent(), "html")


def test_headers_name_sender_reader_and_time_and_keep_machines_quiet() -> None:
    mail = read(sent())
    assert mail["From"] == "Harbor Supply <docket@harbor.example>"
    assert mail["To"] == "olu@harbor.example"
    assert mail["Subject"] == "Decide by 11:30: refund 450 USD, ORD-48213 [REF-12]"
    assert mail["Date"] == "Fri, 20 Nov 2026 16:30:00 +0000"
    assert mail["Message-ID"] == "<docket.0198c0de-0000-7000-8000-000000000001@harbor.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-Loop"] == "docket@harbor.example"
    assert mail["Precedence"] is None
    assert mail["Reply-To"] is None
    assert read(sent(replace(OUTGOING, answers=True)))["Auto-Submitted"] == "auto-replied"
    assert read(sent(replace(OUTGOING, message=replace(MESSAGE, bulk=True))))["Precedence"] == "bulk"


def test_replies_come_back_with_the_letters_token() -> None:
    assert read(sent())["Reply-To"] is None
    token = "agolte635b7ixnub67aglmt6scwtg33cqjzwcx3zxi"
    to = read(sent(replace(OUTGOING, reply_token=token)))["Reply-To"]
    assert str(to) == f"Harbor Supply <docket+{token}@harbor.example>"


def test_a_repeat_has_the_same_bytes() -> None:
    assert sent() == sent()


def test_the_key_stands_once_in_the_subject() -> None:
    message = replace(MESSAGE, subject="Which order? [REF-12]")
    assert read(sent(replace(OUTGOING, message=message)))["Subject"] == "Which order? [REF-12]"
    assert read(sent(replace(OUTGOING, item="")))["Subject"] == "Decide by 11:30: refund 450 USD, ORD-48213"


def test_long_ids_stay_as_they_are_because_outlook_threads_by_them() -> None:
    ids = tuple(f"<{'x' * 80}{n}@prod.outlook.example>" for n in range(30))
    data = sent(replace(OUTGOING, thread=ids[-1], references=ids))
    header = next(line for line in data.split(b"\r\n") if line.startswith(b"In-Reply-To:"))
    assert header == b"In-Reply-To: " + ids[-1].encode()
    assert b"=?" not in data.split(b"\r\n\r\n")[0]
    assert read(data)["References"].split() == [*ids[:10], *ids[-10:]]


@pytest.mark.parametrize(
    "hostile", ["\r\nBcc: v@evil.example", "\nX: y", "\x00", "\x0b", "\x85", "\u2028X: y", "\u202e"]
)
def test_no_stranger_writes_a_header(hostile: str) -> None:
    message = replace(MESSAGE, subject=f"refund{hostile} end")
    outgoing = replace(OUTGOING, message=message, thread=f"<a{hostile}@x>", references=(f"<b{hostile}@x>",))
    data = letter(outgoing, sender="docket@harbor.example", sender_name=f"Harbor{hostile}", date=NOON)
    mail = read(data)
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
        "X-Auto-Response-Suppress", "X-Loop", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert mail["To"] == "olu@harbor.example"
    assert not re.search(r"[\x00-\x1f\x7f\x85\u2028\u202e]", mail["Subject"])


@pytest.mark.parametrize(
    "address", ["a@b.example, c@d.example", "a@b.example\r\nBcc: c@d", "nobody", "a b@c.example", ""]
)
def test_only_one_plain_address_is_written_to(address: str) -> None:
    with pytest.raises(ValueError):
        sent(replace(OUTGOING, address=address))
