"""Closing with proof: every kind is checked, a refusal says what is missing and how, an override is on record."""

from __future__ import annotations

from typing import Any

import pytest

from rules.commands import Parsed, parse
from rules.events import Attachment, Command
from rules.forms import form
from rules.messages import Form, Reply
from rules.notices import CONVERSATION, Card
from tests.rules.test_flows import HARBOR, RITA
from tests.street import Street, plain

DANA, FINN, LEE, MARIA, SAM = (f"slack:U0{name}" for name in ("DANA", "FINN", "LEE", "MARIA", "SAM"))
ALL = "receipt, field, timestamp, status, link, note, message, file"


def office(evidence: str = "receipt", more: str = "override: [maria]") -> Street:
    """REF-1, small and complete, in a workflow of one stage that wants this proof."""
    start, end = HARBOR.index("    stages:\n"), HARBOR.index("    stale_after: 2 business days     #")
    text = HARBOR[:start] + "    stages: [{name: handle, within: 1 business day}]\n" + HARBOR[end:]
    text = text.replace("evidence: [receipt]", f"evidence: [{evidence}]").replace("override: [maria]", more)
    street = Street(text)
    street.says(RITA, "Please refund ORD-48213, it was $45")
    return street


def types(street: Street, who: str, line: str, **more: Any) -> Reply:
    """A line as it is typed; gives the answer."""
    said = parse(line)
    assert isinstance(said, Parsed)
    fields = {name: getattr(said, name) for name in ("code", "reason_code", "name", "words")}
    reply = street.types(who, said.verb, said.item, **fields, **more).reply
    assert reply is not None
    return reply


class TestWithoutProof:
    def test_it_does_not_close_and_each_missing_kind_is_named_with_its_command(self) -> None:
        street = office(ALL)
        types(street, DANA, "evidence REF-1 receipt re_1234")
        reply = types(street, DANA, "close REF-1")
        assert (reply.refused, reply.code) == (True, "evidence")
        said = plain(reply.message)
        for kind in ("field", "timestamp", "status", "link", "note", "message", "file"):
            assert f"/docket evidence REF-1 {kind} " in said
        assert "evidence REF-1 receipt" not in said, "that one is there"
        assert "maria may close it without" in said
        assert street.items["REF-1"].closed_at is None

    def test_the_letter_too(self) -> None:
        """By mail the same rule holds, and the same words say what is missing."""
        street = office()
        street.mails("dana@harbor.example", "close REF-1", trust="aligned")
        assert street.items["REF-1"].closed_at is None
        street.mails("dana@harbor.example", "evidence REF-1 receipt re_1234", trust="aligned")
        street.mails("dana@harbor.example", "close REF-1", trust="aligned")
        assert street.items["REF-1"].outcome == "done"

    def test_the_end_names_the_proofs_that_it_rests_on(self) -> None:
        street = office("receipt, note")
        types(street, DANA, "evidence REF-1 receipt re_1234")
        types(street, DANA, "evidence REF-1 link https://pay.example/re_1234")
        types(street, DANA, "evidence REF-1 note Paid back in full.")
        types(street, DANA, "close REF-1")
        closed = next(e for e in street.entries if e.kind == "closed")
        assert closed.facts["evidence"] == ["REF-1/E1", "REF-1/E3"]
        assert [(e.by, e.at) for e in street.items["REF-1"].evidence] == [("dana", street.now)] * 3


#: kind, words, what is kept (None: refused), the refusal's code
KINDS = [
    ("field", "amount", "45.00 USD", ""),
    ("field", "reason", None, "field_empty"),
    ("field", "colour", None, "unknown_field"),
    ("timestamp", "2026-03-04 09:15", "2026-03-04T15:15:00Z", ""),
    ("timestamp", "2026-03-04T15:15:00Z", "2026-03-04T15:15:00Z", ""),
    ("timestamp", "today 9:15am", "2026-03-04T15:15:00Z", ""),
    ("timestamp", "yesterday at 14:00", "2026-03-03T20:00:00Z", ""),
    ("timestamp", "Mar 3, 14:00", "2026-03-03T20:00:00Z", ""),
    ("timestamp", "12:05 am", "2026-03-04T06:05:00Z", ""),
    ("timestamp", "now", "2026-03-04T16:00:00Z", ""),
    ("timestamp", "today 11:15", None, "future"),
    ("timestamp", "2026-03-04", None, "moment"),
    ("timestamp", "soon", None, "moment"),
    ("timestamp", "today 25:15", None, "moment"),
    ("timestamp", "0001-01-01T00:00:00+14:00", None, "moment"),
    ("status", "refunded", "refunded", ""),
    ("link", "https://pay.example/re_1234", "https://pay.example/re_1234", ""),
    ("link", "<https://pay.example/x>", "https://pay.example/x", ""),
    ("link", "pay.example/x", None, "link"),
    ("link", "javascript:alert(1)", None, "link"),
    ("link", "https://a b", None, "link"),
    ("link", "https://[", None, "link"),
    ("link", "https://bank.example@evil.example/", None, "link"),
    ("link", "https://wiki:8443/refunds?id=1", "https://wiki:8443/refunds?id=1", ""),
    ("note", "Paid back.", "Paid back.", ""),
    ("note", "", None, "usage"),
    ("note", "x" * 2_001, None, "too_long"),
    ("receipt", "re_1234", "re_1234", ""),
    ("message", "last", "It arrived, thanks.", ""),
    ("message", "https://harbor.slack.com/archives/C1/p1", None, "no_message"),
    ("message", "", None, "no_message"),
    ("photo", "x", None, "kind"),
    ("file", "", None, "no_file"),
]


@pytest.mark.parametrize(("kind", "words", "kept", "refusal"), KINDS)
def test_each_kind_is_checked(kind: str, words: str, kept: str | None, refusal: str) -> None:
    street = office()
    street.says(DANA, "It arrived, thanks.", thread="REF-1")
    reply = types(street, DANA, f"evidence REF-1 {kind} {words}")
    assert reply.code == refusal
    assert [e.value for e in street.items["REF-1"].evidence] == ([] if kept is None else [kept])


def test_a_message_is_kept_with_its_words_by_its_link() -> None:
    street = office()
    street.says(DANA, "The bank has confirmed it.", thread="REF-1")
    ts = next(e for e in street.entries if e.kind == "attached").facts["ts"]
    link = f"https://harbor.slack.com/archives/C0REFUNDS/p{ts.replace('.', '')}?thread_ts=1.1"
    types(street, DANA, f"evidence REF-1 message {link}")
    street.says(DANA, "Never mind.", thread="REF-1")
    proof = street.items["REF-1"].evidence[0]
    assert (proof.value, proof.name) == ("The bank has confirmed it.", ts)


def test_a_file_that_came_along_is_named_or_the_last_one() -> None:
    street = office()
    photo = Attachment(name="card.jpg", media_type="image/jpeg", size=2_000, sha256="ab" * 32)
    linked = Attachment(name="log.txt", media_type="text/plain", size=10, url="https://files.example/F1")
    street.says(RITA, "Here they are", thread="REF-1", files=(photo, linked))
    assert types(street, DANA, "evidence REF-1 file other.png").code == "no_file"
    types(street, DANA, "evidence REF-1 file CARD.jpg")
    types(street, DANA, "evidence REF-1 file")
    kept, only_linked = street.items["REF-1"].evidence
    assert (kept.name, kept.sha256, kept.media_type, kept.size) == ("card.jpg", "ab" * 32, "image/jpeg", 2_000)
    assert (only_linked.name, only_linked.value) == ("log.txt", "https://files.example/F1")
    assert len(only_linked.sha256) == 64


def test_a_file_that_comes_with_the_command_is_the_proof() -> None:
    street = office()
    mailed = Attachment(name="r.pdf", media_type="application/pdf", size=9, sha256="cd" * 32)
    types(street, DANA, "evidence REF-1 receipt", files=(mailed,))
    proof = street.items["REF-1"].evidence[0]
    assert (proof.kind, proof.name, proof.sha256) == ("receipt", "r.pdf", "cd" * 32)


def test_the_form_offers_what_is_still_lacking_first() -> None:
    street = office("receipt, timestamp, note")
    types(street, DANA, "evidence REF-1 receipt re_1234")
    command = Command(
        id="c1", workspace="main", at=street.now, by=DANA, via="slack", verb="evidence", item="REF-1"
    )  # fmt: skip
    asked = form(command, street.world(street.items["REF-1"]))
    assert isinstance(asked, Form)
    kinds = asked.blanks[0]
    assert [choice.value for choice in kinds.choices][:3] == ["timestamp", "note", "receipt"]
    assert (kinds.initial, "lacking" in kinds.choices[0].label, "lacking" in kinds.choices[2].label) == (
        "timestamp", True, False,
    )  # fmt: skip


class TestOverride:
    def test_whoever_the_rulebook_names_closes_without_and_it_is_reviewed(self) -> None:
        street = office()
        reply = types(street, MARIA, "close REF-1 override GOODWILL because the bank's site is down today")
        assert not reply.refused
        item = street.items["REF-1"]
        assert item.unproven is not None
        assert (item.outcome, item.unproven.by, item.unproven.code) == ("done", "maria", "GOODWILL")
        assert (item.unproven.lacking, item.unproven.override) == (("receipt",), True)
        entry = next(e for e in street.entries if e.kind == "closed")
        assert (entry.facts["override"], entry.facts["reason_code"], entry.facts["lacking"]) == (
            True, "GOODWILL", ["receipt"],
        )  # fmt: skip
        review = street.items["REVIEW-1"]
        assert review.open_trouble()[0].owner not in ("maria", "docket")
        assert review.fields["why"] == "the bank's site is down today"
        card = street.words(street.heard(CONVERSATION, Card)[-1])
        assert card is not None

    @pytest.mark.parametrize(
        ("who", "words", "refusal"),
        [
            (DANA, "override GOODWILL no bank today", "override"),
            (FINN, "override GOODWILL no bank today", "not_yours"),
            (MARIA, "override", "reason_code"),
            (MARIA, "override NO_PROOF no bank today", "reason_code"),
            (MARIA, "override MENDED no bank today", "reason_code"),
            (MARIA, "override GOODWILL", "rationale"),
            (MARIA, "", "evidence"),
        ],
    )
    def test_else_it_stays_open(self, who: str, words: str, refusal: str) -> None:
        street = office()
        reply = types(street, who, f"close REF-1 {words}".strip())
        assert reply.code == refusal
        assert street.items["REF-1"].closed_at is None
        assert list(street.items) == ["REF-1"]
        if refusal in ("override", "evidence"):
            assert "override CODE why" in plain(reply.message)

    def test_nobody_does_it_for_their_own_request(self) -> None:
        street = office()
        street.types(MARIA, "new", workflow="refund", words="ORD-48299 60 USD")
        assert types(street, MARIA, "close REF-2 override GOODWILL it is late").code == "own_request"

    def test_it_lifts_proof_and_nothing_else(self) -> None:
        street = office()
        street.types(DANA, "except", "REF-1", code="NOT_READY", words="The order is not in the log.")
        assert types(street, MARIA, "close REF-1 override GOODWILL it is late").code == "blocked"

    def test_with_its_proof_there_is_nothing_to_override(self) -> None:
        street = office()
        types(street, DANA, "evidence REF-1 receipt re_1234")
        assert not types(street, MARIA, "close REF-1 override GOODWILL it is late").refused
        assert street.items["REF-1"].unproven is None
        assert "REVIEW-1" not in street.items

    def test_somebody_named_closes_it_although_it_is_not_theirs(self) -> None:
        street = office(more="override: [finn]")
        assert not types(street, FINN, "close REF-1 override GOODWILL it is late").refused
        assert street.items["REVIEW-1"].open_trouble()[0].owner == "maria", "the reviewer of break-glass"

    def test_the_proof_may_come_later(self) -> None:
        street = office()
        types(street, MARIA, "close REF-1 override GOODWILL it is late")
        assert not types(street, DANA, "evidence REF-1 receipt re_1234").refused
        assert len(street.items["REF-1"].evidence) == 1

    def test_by_mail(self) -> None:
        street = office()
        text = "close REF-1 override GOODWILL because the bank's site is down"
        street.mails("maria@harbor.example", text, trust="aligned")
        assert street.items["REF-1"].unproven is not None


class TestOpenedAgain:
    @pytest.mark.parametrize("how", ["command", "reply"])
    def test_the_cause_is_on_record_and_on_the_card(self, how: str) -> None:
        street = office()
        types(street, MARIA, "close REF-1 override GOODWILL it is late")
        if how == "command":
            street.types(DANA, "reopen", "REF-1", words="The money came back.")
        else:
            street.says(RITA, "the money did not arrive, please look", thread="REF-1")
        item = street.items["REF-1"]
        cause = "The money came back." if how == "command" else "the requester wrote again"
        assert item.reopened is not None
        assert (item.reopened.by, item.reopened.because) == ("dana" if how == "command" else RITA, cause)
        assert (item.closed_at, item.unproven) == (None, None)
        card = street.words(street.heard(CONVERSATION, Card)[-1])
        assert card is not None
        assert cause in plain(card)

    def test_without_a_cause_it_stays_closed(self) -> None:
        street = office()
        types(street, MARIA, "close REF-1 override GOODWILL it is late")
        reply = street.types(DANA, "reopen", "REF-1").reply
        assert reply is not None
        assert reply.code == "cause"
