"""Who vouches for a sender: Authentication-Results of the receiver that the settings name, and of nobody else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.mail.addresses import author
from handlers.mail.headers import split
from handlers.mail.parts import parse as parts
from handlers.mail.settings import parse_inbox_url
from handlers.mail.trust import Malformed, parse, trust
from tests.handlers.mail.measure import MAIL, rows
from tests.handlers.mail.mutated import OWN

US = "mx.harbor.example"


def found(name: str, authserv: str | None) -> str:
    headers = parts((OWN / f"auth-{name}.eml").read_bytes())[0].headers
    return trust(headers, author(headers).address, authserv)


@pytest.mark.parametrize(
    ("name", "authserv", "wanted"),
    [
        ("aligned", US, "aligned"),
        ("aligned", "MX.Harbor.Example", "aligned"),
        ("aligned", None, ""),
        ("aligned", "mx.elsewhere.example", ""),
        ("aligned", "harbor.example", ""),
        ("aligned", "microsoft365", ""),
        ("no-policy", US, "aligned"),
        ("failed", US, "failed"),
        ("failed", "mx.elsewhere.example", ""),
        ("forged-below", US, ""),
        ("forged-line-below", US, ""),
        ("postfix", US, ""),
        ("postfix", f"below:{US}", "aligned"),
        ("postfix", "below:out.harbor.example", ""),
        ("gmail", "mx.google.com", "aligned"),
        ("microsoft", "microsoft365", "aligned"),
        ("microsoft", US, ""),
    ],
)
def test_only_the_named_receiver_counts_where_only_it_can_write(name: str, authserv: str | None, wanted: str) -> None:
    assert found(name, authserv) == wanted


@pytest.mark.skipif(not MAIL.exists(), reason="the shared collection is not at hand")
def test_no_forged_mail_of_the_collection_is_believed_and_every_aligned_one_is() -> None:
    seen = 0
    for row, raw in rows():
        want = row.get("expected") or {}
        if "sender_ok" not in want:
            continue
        seen += 1
        headers = parts(raw)[0].headers
        said = trust(headers, author(headers).address, want["trusted_authserv_id"])
        assert (said == "aligned") == want["sender_ok"], row["file"]
    assert seen >= 15


def of(*fields: str, by: str = "olga@corp.example", authserv: str = "mx.desk.example") -> str:
    head = "".join(f"Authentication-Results: {field}\r\n" for field in fields) + f"From: {by}\r\n\r\n"
    return trust(split(head.encode())[0], by, authserv)


@pytest.mark.parametrize(
    "value",
    [
        "mx.desk.example; dmarc=pass header.from=corp.example.evil.example",
        "mx.desk.example; dmarc=pass header.from=sub.corp.example",
        "mx.desk.example; dmarc=pass",
        "mx.desk.example; dmarc=passed header.from=corp.example",
        "mx.desk.example; dmarc=bestguesspass header.from=corp.example",
        "mx.desk.example; dkim=pass header.d=corp.example",
        "mx.desk.example; dkim=pass header.d=corp.example; dkim=fail header.d=corp.example; dmarc=none",
        "mx.desk.example; dkim=pass header.d=evil.example; dmarc=none header.from=corp.example",
        "mx.desk.example; x=y (dmarc=pass header.from=corp.example",
        'mx.desk.example; spf=pass smtp.mailfrom="a; dmarc=pass header.from=corp.example',
        "mx.desk.example; dmarc=pass header.from=evil.example header.from=corp.example",
        "mx.desk.example; dmarc=pass header.from=evil.example; dmarc=pass header.from=corp.example",
        "mx.desk.example; dmarc=none header.from=corp.example; dmarc=pass header.from=corp.example",
        "mx.desk.example x; dmarc=pass header.from=corp.example",
        "mx.desk.example.evil; dmarc=pass header.from=corp.example",
        "(mx.desk.example); dmarc=pass header.from=corp.example",
        "mx.desk.example; dmarc=pass header.from=c\N{CYRILLIC SMALL LETTER O}rp.example",
        "mx.desk.example; none",
        "mx.desk.example",
        "",
    ],
)
def test_a_pass_that_is_none_is_not_taken_for_one(value: str) -> None:
    assert of(value) == ""


@pytest.mark.parametrize(
    "value",
    [
        "mx.desk.example; dmarc=pass header.from=corp.example",
        "mx.desk.example 1 ; dmarc = pass (p=none) header.from = Corp.Example.",
        '"mx.desk.example" (ours); dmarc=pass reason="all is well; really" header.from="corp.example";',
        "mx.desk.example; dkim=pass header.d=corp.example header.b=x/y+z==; dmarc=none header.from=corp.example",
        "(a (nested) comment) mx.desk.example; dmarc/1=pass header.from=corp.example policy.dmarc=none",
    ],
)
def test_what_the_grammar_allows_is_understood(value: str) -> None:
    assert of(value) == "aligned"


def test_what_contradicts_itself_is_a_failure_and_a_stranger_vouches_for_nobody() -> None:
    good, bad = (f"mx.desk.example; dmarc={result} header.from=corp.example" for result in ("pass", "fail"))
    assert of(good, bad) == of(bad, good) == "failed"
    assert of(good.replace("mx.desk", "mx.evil"), good) == "aligned"
    assert of(good, bad.replace("mx.desk", "mx.evil")) == "aligned"
    assert of("mx.desk.example; spf=pass smtp.mailfrom=corp.example", good) == "aligned"
    assert of(good, by="") == "", "nobody can be vouched for who is not known"


def test_microsoft_365_counts_by_its_topmost_field_alone_and_never_by_its_guess() -> None:
    def said(*fields: str) -> str:
        return of(*fields, authserv="microsoft365")

    good = "spf=pass smtp.mailfrom=x; dmarc=pass action=none header.from=corp.example;compauth=pass reason=100"
    assert said(good) == "aligned"
    assert said(good.replace("compauth=pass", "compauth=softpass")) == ""
    assert said(good.replace("dmarc=pass", "dmarc=bestguesspass")) == ""
    assert said(good.replace(";compauth=pass reason=100", "")) == ""
    assert said("spf=none; dmarc=none header.from=corp.example;compauth=pass", good) == ""
    assert said(good.replace("dmarc=pass", "dmarc=fail")) == "failed"
    assert said(f"mx.evil.example; {good}", good) == ""


def test_a_setting_that_names_nobody_is_refused() -> None:
    for nobody in ("", "below:"):
        with pytest.raises(ValueError, match="authserv= needs the name"):
            parse_inbox_url("refunds", f"imaps://u:p@mx.example/INBOX?authserv={nobody}")


def test_hostile_fields_are_read_in_a_moment() -> None:
    hostile = ["(" * 60_000, '"' * 60_000, "a=" * 30_000, "mx.desk.example" + ";a=b" * 15_000, "\\(" * 30_000]
    began = time.process_time()
    assert [of(value) for value in hostile] == [""] * len(hostile)
    assert time.process_time() - began < 0.5
    with pytest.raises(Malformed):
        parse("mx.desk.example; (")


PIECES = ["mx.desk.example", "dmarc", "dkim", "pass", "fail", "header.from", "corp.example", *'=;()"\\@./ 1\t', "none"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_whatever_stands_there_only_a_plain_pass_counts(value: str) -> None:
    said = of(value)
    assert said in ("", "aligned", "failed")
    if said == "aligned":
        whose, results = parse(value)
        assert whose == "mx.desk.example"
        passed = [one for one in results if one.method in ("dmarc", "dkim") and one.result == "pass"]
        assert any(said.rstrip(".").endswith("corp.example") for one in passed for said in one.properties.values())
        assert not [one for one in results if one.method == "dmarc" and one.result not in ("pass", "none")]
