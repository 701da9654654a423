"""URLs of inboxes and of the way out: what works is read, what can never work is refused in a sentence."""

from __future__ import annotations

import pytest

from handlers.mail.settings import InboxSettings, SmtpSettings, parse_inbox_url, parse_smtp_url

INBOXES = {
    "imaps://bot:pw@imap.example": ("imap.example", 993, "tls", "bot", "pw", "INBOX", None),
    "imaps://bot%40x.example:p%40s%2Fs%23%25@imap.example:1993/INBOX": (
        "imap.example", 1993, "tls", "bot@x.example", "p@s/s#%", "INBOX", None,
    ),
    "imaps://bot:pw@imap.example/Work/M%C3%A4rz%20%26%20more?done=Work/Done": (
        "imap.example", 993, "tls", "bot", "pw", "Work/März & more", "Work/Done",
    ),
    "imap://bot:pw@imap.example/?starttls=1": ("imap.example", 143, "starttls", "bot", "pw", "INBOX", None),
    "imap://bot:pw@127.0.0.1:1143": ("127.0.0.1", 1143, "plain", "bot", "pw", "INBOX", None),
    "imap://bot:pw@[::1]:1143": ("::1", 1143, "plain", "bot", "pw", "INBOX", None),
    "imap://bot:pw@localhost": ("localhost", 143, "plain", "bot", "pw", "INBOX", None),
}  # fmt: skip


@pytest.mark.parametrize("url", INBOXES)
def test_an_inbox_url_is_read(url: str) -> None:
    host, port, security, user, password, folder, done = INBOXES[url]
    assert parse_inbox_url("refunds", url) == InboxSettings(
        name="refunds", host=host, port=port, security=security, user=user, password=password, folder=folder, done=done
    )  # type: ignore[arg-type]  # the table's strings


def test_the_receiver_whose_results_count_is_kept() -> None:
    assert parse_inbox_url("refunds", "imaps://b:p@imap.example?authserv=mx.example").authserv == "mx.example"


REFUSED = {
    "http://bot:pw@imap.example": "begins with imaps:// or imap://",
    "imap://bot:hunter2@imap.example": "would send the password readable",
    "imap://bot:hunter2@localhost.evil.example": "would send the password readable",
    "imap://bot:hunter2@imap.example?starttls=0": "starttls=1 or leave it out",
    "imaps://bot:hunter2@imap.example?starttls=1": "leave starttls=1 out",
    "imaps://imap.example/INBOX": "needs a user and a password",
    "imaps://bot@imap.example/INBOX": "needs a user and a password",
    "imaps://bot:hunter2@/INBOX": "names no host",
    "imaps://bot:hunter2@imap.example:port/": "can't be read",
    "imaps://bot:hunt#er2@imap.example": "# is %23",
    "imaps://bot:hunter2@imap.example/IN#BOX": "write it as %23",
    "imaps://bot:hunt/er2@imap.example": "can't be read",
    "imaps://bot:hunter2@imap.example?dnoe=Done": "dnoe= is unknown; known are auth, authserv, done, starttls",
    "imaps://bot:hunter2@imap.example?done=A&done=B": "says something twice",
    "imaps://bot:hunter2@imap.example/Refunds?done=Refunds": "is the folder that is watched",
    "imaps://bot:hunter2@imap.example?done=inbox": "is the folder that is watched",
    "imaps://bot:hunter2@imap.example?done=": "needs the name of a folder",
    "imaps://bot:hunter2@imap.example?auth=kerberos": "write auth=xoauth2",
    "imaps://bot:hunter2@imap.example?auth=ntlm": "auth=ntlm is unknown",
}


@pytest.mark.parametrize("url", REFUSED)
def test_what_can_never_work_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_inbox_url("refunds", url)
    assert REFUSED[url] in str(refused.value)
    assert "hunt" not in str(refused.value)


def test_the_way_out_is_read() -> None:
    assert parse_smtp_url("smtps://b:p%2F@smtp.example") == SmtpSettings(
        host="smtp.example", port=465, security="tls", user="b", password="p/"
    )
    assert parse_smtp_url("smtp://smtp.example?starttls=1").port == 587
    assert parse_smtp_url("smtp://localhost:2525") == SmtpSettings(host="localhost", port=2525, security="plain")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("smtp://b:hunter2@smtp.example", "would send the password readable"),
        ("smtps://b@smtp.example", "a user needs a password"),
        ("smtps://b:hunter2@smtp.example/x", "nothing can stand behind the port"),
        ("smtps://b:hunter2@smtp.example?x=1", "x= is unknown"),
        ("imaps://b:hunter2@smtp.example", "begins with smtps:// or smtp://"),
    ],
)
def test_a_way_out_that_can_never_work_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_smtp_url(url)
    assert why in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_password_shows_in_no_repr() -> None:
    assert "hunter2" not in repr(parse_inbox_url("refunds", "imaps://b:hunter2@imap.example"))
    assert "hunter2" not in repr(parse_smtp_url("smtps://b:hunter2@smtp.example"))
