"""Mails of every kind, written for these tests (tests/samples/mail): what the door makes of them."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.mail.identity import identity, is_ours, our_id
from handlers.mail.read import read
from rules.events import Mailed, Unreadable

SAMPLES = Path(__file__).parents[2] / "samples" / "mail"
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OWN = frozenset({"docket@harbor.example"})


def mailed(name: str, **changes: str) -> Mailed:
    raw = (SAMPLES / f"{name}.eml").read_bytes()
    for old, new in changes.items():
        raw = raw.replace(old.encode(), new.encode())
    event = taken(raw)
    assert isinstance(event, Mailed)
    return event


def taken(raw: bytes) -> Mailed | Unreadable:
    return read(raw, inbox="refunds", received_at=NOW, own_addresses=OWN, sent_ids=lambda one: is_ours(one, OWN))


def test_a_plain_mail_says_who_what_when_and_to_whom() -> None:
    event = mailed("plain")
    assert (event.by, event.from_name, event.subject) == ("rita@shop.example", "Rita Moss", "Refund for ORD-48213")
    assert event.text == "Please refund ORD-48213, I was charged 450 USD twice.\n\nRita\n"
    assert event.new_text == "Please refund ORD-48213, I was charged 450 USD twice.\n\nRita"
    assert (event.inbox, event.via, event.at, event.recipients) == ("refunds", "mail", NOW, ("refunds@harbor.example",))
    assert event.sent_at == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
    assert (event.automatic, event.answerable, event.reply_to, event.troubles) == ("", True, "rita@shop.example", ())
    assert (event.message_id, event.references) == ("<plain@shop.example>", ())


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("reply-gmail", "It was 450 USD."),
        ("reply-gmail-broken-line", "It was 450 USD."),
        ("reply-below", "It was 450 USD."),
        ("reply-between", "Hi,\n\n\nORD-48213\n\n\n450 USD"),
        ("reply-outlook", "It was 450 USD."),
        ("reply-outlook-german", "Es waren 450 USD.\n\nMit freundlichen Grüßen\nRita"),
        ("reply-french", "C'était 450 USD."),
        ("reply-japanese", "450 USD です。"),
        ("reply-chinese-block", "450 美元"),
        ("reply-original-message", "450 USD"),
        ("reply-phone", "450 USD"),
        ("reply-signature", "450 USD"),
        ("reply-banner", "450 USD"),
        ("reply-disclaimer", "450 USD"),
        ("reply-quote-only", ""),
        ("forward-inline", "Please look at this one."),
        ("html-reply-outlook", "450 USD"),
        ("html-reply-gmail", "450 USD"),
    ],
)
def test_of_a_reply_only_what_is_new_counts_and_all_is_kept(name: str, new: str) -> None:
    event = mailed(name)
    assert event.new_text == new
    assert len(event.text) > len(new)


def test_words_that_look_like_a_quotation_but_are_the_senders_stay() -> None:
    text = mailed("own-words-like-a-quote").new_text
    assert text.startswith("From: Berlin\nTo: Munich")
    assert "please refund ORD-48213" in text


def test_html_alone_becomes_text_and_what_is_hidden_is_not_read() -> None:
    assert mailed("html-only").text == "Please refund ORD-48213.\n\n- 450 USD\n- charged twice"
    assert mailed("html-hidden").text == "What is this about?\n\nseen"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alternative", "plain words"),
        ("alternative-empty-text", "html words"),
        ("nested", "inner words\n\nlist footer"),
        ("forward-attached", "please look"),
        ("broken-boundary", "no boundary line here\n"),
        ("broken-base64", "Please refund ORD-48213, sent plain though it says base64.\n"),
        ("broken-cut-attachment", "see file"),
        ("nul", "ab[2Jc\n"),
        ("headers-only", ""),
        ("line-ends-of-old", "line one\nline two\n"),
        ("charset-cp1251-undeclared", "Пожалуйста, верните деньги за заказ.\n"),
        ("charset-cp1251-called-latin", "Пожалуйста, верните деньги за заказ.\n"),
        ("charset-cp1252-called-ascii", "Größe 5 – bitte prüfen, Jörg\n"),
        ("charset-gbk-called-gb2312", "朱镕基说：请退款。\n"),
        ("charset-iso2022jp-undeclared", "返金してください。\n"),
        ("charset-sjis", "①㈱返金してください。\n"),
        ("charset-utf7", "Größe prüfen\n"),
        ("charset-no-charset-at-all", "Größe prüfen\n"),
    ],
)
def test_the_text_is_found_and_decoded(name: str, text: str) -> None:
    assert mailed(name).text == text


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("subject-split-in-a-character", "Prüfen"),
        ("subject-blank-in-word", "Größe ist da"),
        ("subject-unknown-charset", "Größe"),
        ("subject-raw-latin", "Größe prüfen"),
        ("subject-hostile", "a Bcc: v@x.example b"),
        ("line-ends-of-old", "old"),
    ],
)
def test_subjects_are_decoded_and_then_made_one_safe_line(name: str, subject: str) -> None:
    assert mailed(name).subject == subject


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("from-two-fields", ""),
        ("from-two-addresses", ""),
        ("from-encoded-address", ""),
        ("from-lookalike", ""),
        ("from-address-before-address", ""),
        ("from-route", ""),
        ("from-name-is-an-address", "mallory@evil.example"),
        ("from-comment", "mallory@evil.example"),
        ("from-upper-case", "olga@harbor.example"),
    ],
)
def test_nobody_is_taken_for_olga_by_a_trick(name: str, by: str) -> None:
    event = mailed(name)
    assert event.by == by
    assert bool(event.troubles) is not bool(by), "a sender who can't be believed is said to be one"
    assert event.answerable is bool(by)


def test_a_second_from_beyond_the_header_cap_counts_too() -> None:
    raw = b"From: olga@harbor.example\r\n" + b"X-Filler: x\r\n" * 2000 + b"From: mallory@evil.example\r\n\r\napprove"
    event = taken(raw)
    assert isinstance(event, Mailed)
    assert event.by == ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("auto-exchange-german", "auto-reply"),
        ("auto-vacation", "auto-reply"),
        ("auto-subject-only", "auto-reply"),
        ("auto-ticket", "notification"),
        ("auto-monitoring", "notification"),
        ("auto-newsletter", "notification"),
        ("auto-noreply", "notification"),
        ("bounce-report", "bounce"),
        ("bounce-prose", "bounce"),
        ("receipt", "receipt"),
        ("own-mail-back", "own"),
        ("own-address-forged", "own"),
    ],
)
def test_machines_are_told_from_people_and_never_answered(name: str, kind: str) -> None:
    event = mailed(name)
    assert (event.automatic, event.answerable) == (kind, False)


@pytest.mark.parametrize(
    ("name", "answerable"),
    [
        ("plain", True),
        ("person-asks-about-office", True),
        ("person-behind-a-forwarder", True),
        ("person-parcel-not-delivered", True),
        ("person-on-a-list", False),
        ("person-wants-no-answers", False),
    ],
)
def test_people_are_people_also_where_they_must_not_be_answered_by_a_machine(name: str, answerable: bool) -> None:
    event = mailed(name)
    assert (event.automatic, event.answerable) == ("", answerable)


@pytest.mark.parametrize("name", ["bounce-report", "bounce-prose", "receipt"])
def test_what_a_bounce_or_receipt_is_about_is_among_its_references(name: str) -> None:
    assert "<docket.7@harbor.example>" in mailed(name).references


def test_an_answer_goes_to_nobody_elses_address() -> None:
    assert mailed("reply-to-elsewhere").reply_to == "rita@shop.example"
    assert mailed("reply-to-same-domain").reply_to == "team@shop.example"


def test_the_mails_it_answers_come_nearest_first() -> None:
    assert mailed("reply-gmail").references == ("<docket.7@harbor.example>", "<first@shop.example>")
    assert mailed("references-messy").references == ("<b@x.example>", "<d@x.example>", "<c@x.example>", "<a@x.example>")


def test_files_are_listed_by_name_type_size_and_hash() -> None:
    (file,) = mailed("attachment").attachments
    assert (file.name, file.media_type, file.size) == ("receipt.pdf", "application/pdf", 16)
    assert file.sha256 == hashlib.sha256(b"%PDF-1.4 receipt").hexdigest()


def test_names_of_files_lead_nowhere() -> None:
    names = [file.name for file in mailed("attachment-names").attachments]
    assert names == [
        "Größe €.pdf",
        "very long näme.txt",
        "Rückgabe.pdf",
        "passwd",
        "evil.exe",
        "invoice fdp.exe",
        "_CON",
        "attachment",
        "a" * 146 + ".pdf",
    ]


@pytest.mark.parametrize(
    ("name", "files", "trouble"),
    [
        ("winmail", ["winmail.dat"], "winmail.dat"),
        ("forward-attached", ["approve this.eml"], ""),
        ("invite", ["invite.ics"], ""),
        ("encrypted", ["attachment", "encrypted.asc"], "encrypted"),
        ("broken-cut-attachment", ["a.pdf"], ""),
    ],
)
def test_what_is_not_opened_is_listed(name: str, files: list[str], trouble: str) -> None:
    event = mailed(name)
    assert [file.name for file in event.attachments] == files
    assert trouble in " ".join(event.troubles)
    assert bool(trouble) is bool(event.troubles)


def test_dates_are_believed_when_they_can_be_true() -> None:
    assert mailed("date-with-colon").sent_at == datetime(2026, 11, 20, 8, 15, tzinfo=UTC)
    assert mailed("date-nonsense").sent_at is None
    assert mailed("plain", **{"2026 09": "2126 09"}).sent_at is None


def test_nothing_to_read_is_unreadable_and_keeps_its_id() -> None:
    for raw in (b"", b"\r\n\r\n", b"\n"):
        event = taken(raw)
        assert isinstance(event, Unreadable)
        assert event.id == identity(raw)


def test_a_fault_of_ours_makes_the_mail_unreadable_and_nothing_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_raw: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr("handlers.mail.read.parse", faulty)
    event = taken((SAMPLES / "plain.eml").read_bytes())
    assert isinstance(event, Unreadable)
    assert event.problem == "It could not be read (RecursionError)."
    assert event.id == identity((SAMPLES / "plain.eml").read_bytes())


def test_the_same_mail_has_one_id_whatever_way_it_came() -> None:
    raw = (SAMPLES / "plain.eml").read_bytes()
    same = [
        b"Received: from a by b\r\n\tfor <x@y>\r\nDelivered-To: x@y\r\n" + raw,
        raw.replace(b"\r\n", b"\n"),
        raw + b"\r\n",
        raw.replace(b"Message-ID: <", b"Message-Id:\r\n <"),
    ]
    assert {identity(other) for other in same} == {identity(raw)}
    assert identity(raw).startswith("mail:")
    assert len(identity(raw)) == len("mail:") + 64


def test_a_reused_message_id_does_not_make_two_mails_one() -> None:
    raw = (SAMPLES / "plain.eml").read_bytes()
    assert identity(raw.replace(b"450", b"451")) != identity(raw)


def test_without_a_message_id_sender_date_subject_and_body_tell_mails_apart() -> None:
    raw = (SAMPLES / "no-message-id.eml").read_bytes()
    assert identity(b"Received: from a by b\r\n" + raw) == identity(raw)
    for old, new in ((b"09:15", b"09:16"), (b"rita@", b"mia@"), (b"Refund for", b"Refund of"), (b"Please", b"please")):
        assert identity(raw.replace(old, new)) != identity(raw)
    assert mailed("no-message-id").message_id is None
    assert mailed("message-id-without-brackets").message_id == "<abc@shop.example>"


def test_our_own_ids_are_known_by_their_form() -> None:
    assert our_id("0198", "Docket@Harbor.example") == "<docket.0198@harbor.example>"
    assert is_ours("<docket.0198@harbor.example>", OWN)
    assert not is_ours("<docket.0198@evil.example>", OWN)
    assert not is_ours("<0198@harbor.example>", OWN)


HOSTILE = {
    "nested parts": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(5000)
    ),
    "comments in From": b"From: " + b"(" * 60_000 + b"\r\n\r\nx",
    "encoded words without end": b"Subject: " + b"=?utf-8?q?a" * 20_000 + b"\r\n\r\nx",
    "heads of words": b"Subject: " + b"=?" * 60_000 + b"?=\r\n\r\nx",
    "parameters": b"Content-Type: text/plain" + b'; a="' * 20_000 + b"\r\n\r\nx",
    "references": b"References: " + b"<a@b>" * 50_000 + b"\r\n\r\nx",
    "attributions": b"\r\n\r\n".join([b"Subject: x", b"On 1.1.2026 9:00 a@b.c <\r\n" * 20_000]),
    "label lines": b"Subject: x\r\n\r\n" + b"From: a@b.c\r\n" * 20_000,
    "dashes": b"Subject: x\r\n\r\n" + b"-" * 500_000,
    "div in div": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
    "open formatting": b"Content-Type: text/html\r\n\r\n"
    + b"".join(b"<p><b id=%d>" % number for number in range(20_000)),
    "quoted-printable": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 500_000,
    "a megabyte of nothing": b"Subject: x\r\n\r\n" + b"\r\n" * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mails_take_no_time(name: str) -> None:
    began = time.process_time()
    taken(HOSTILE[name])
    assert time.process_time() - began < 5  # tenths of a second; unguarded, minutes


@given(st.binary(max_size=3000))
def test_no_bytes_make_it_stumble(raw: bytes) -> None:
    event = taken(raw)
    assert not isinstance(event, Unreadable) or event.problem == "It is empty."


@given(st.data())
def test_no_damage_to_a_real_mail_makes_it_stumble(data: st.DataObject) -> None:
    paths = sorted(SAMPLES.glob("*.eml"))
    raw = bytearray(data.draw(st.sampled_from(paths)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 5))] = data.draw(
            st.sampled_from(
                [b"", b"\r\n", b"\n\n", b"\x00", b"\xff", b'"', b"=?", b"?=", b"--b", b"<", b"(", b";", b":"]
            )
        )
    event = taken(bytes(raw))
    assert not isinstance(event, Unreadable) or event.problem == "It is empty."
    if isinstance(event, Mailed):
        assert "\x00" not in event.text + event.subject + event.from_name
