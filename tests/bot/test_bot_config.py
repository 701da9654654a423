"""Settings: from the environment and `.env`, what can never work in sentences, and no secret shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Misconfigured, Settings, rulebook, settings

SLACK = {"SLACK_BOT_TOKEN": "xoxb-secret-1", "SLACK_APP_TOKEN": "xapp-secret-2"}
SECRET = "hunter2"


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inboxes are collected from both, since only the rulebook knows their names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        "DOCKET_MAIL_FROM=file@harbor.example\nDOCKET_RULEBOOK=mine.yml\nDOCKET_LOG=\n"
        "DOCKET_INBOX_REFUNDS=imaps://file:x@h/\nDOCKET_INBOX_CONCERNS=imaps://c:x@h/\n"
    )
    monkeypatch.setenv("DOCKET_MAIL_FROM", "docket@harbor.example")
    monkeypatch.setenv("DOCKET_INBOX_REFUNDS", "imaps://env:x@h/")
    read = settings()
    assert read.mail_from == "docket@harbor.example"
    assert read.rulebook == Path("mine.yml")
    assert {name: url.get_secret_value() for name, url in read.inboxes.items()} == {
        "refunds": "imaps://env:x@h/",
        "concerns": "imaps://c:x@h/",
    }


def test_a_given_environment_is_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo on a machine with real tokens must not find them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("DOCKET_MAIL_FROM=file@harbor.example\n")
    for name, value in SLACK.items():
        monkeypatch.setenv(name, value)
    read = settings({"DOCKET_DATABASE_URL": "sqlite:///x.db"})
    assert (read.slack_on, read.mail_from, read.database_url) == (False, None, "sqlite:///x.db")


@pytest.mark.parametrize(
    ("given", "on", "by_http"),
    [
        (SLACK, True, False),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "DOCKET_HTTP": ":8080"}, True, True),
        ({**SLACK, "SLACK_SIGNING_SECRET": "s", "DOCKET_HTTP": ":8080"}, True, False),  # Socket Mode wins
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, False, False),
    ],
)
def test_slack_is_heard_one_way_or_the_other(given: dict[str, str], on: bool, by_http: bool) -> None:
    read = settings(given)
    assert (read.slack_on, read.slack_by_http) == (on, by_http)
    assert bool(read.problems()) is not on


def test_an_inbox_is_found_by_its_name_in_the_rulebook() -> None:
    """What can't stand in the name of a variable is an underscore there."""
    read = settings({"DOCKET_INBOX_IT_HELP": "imaps://a:b@h/", "DOCKET_INBOX_REFUNDS": "imaps://c:d@h/"})
    assert (read.inbox("it-help") is not None, read.inbox("Refunds") is not None) == (True, True)
    assert read.inbox("concerns") is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Neither Slack nor an inbox"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN is not set"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": SECRET}, "needs DOCKET_HTTP"),
        ({"SLACK_SIGNING_SECRET": SECRET, "DOCKET_HTTP": ":8080"}, "SLACK_BOT_TOKEN is not set"),
        ({**SLACK, "SLACK_SIGNING_SECRET": " "}, "SLACK_SIGNING_SECRET is blank"),
        ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xapp-1"}, "takes the installed app's bot token"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-1"}, "takes an app-level token"),
        ({**SLACK, "SLACK_API_URL": "slack.example"}, "SLACK_API_URL is no web address"),
        ({"DOCKET_INBOX_A": f"imap://me:{SECRET}@mail.example/"}, "imaps:// or add ?starttls=1"),
        ({"DOCKET_INBOX_A": f"pop3://me:{SECRET}@mail.example/"}, "imaps://"),
        ({**SLACK, "DOCKET_SMTP_URL": f"smtp://me:{SECRET}@mail.example"}, "smtps://"),
        ({**SLACK, "DOCKET_SMTP_URL": f"smtps://me:{SECRET}@mail.example"}, "DOCKET_MAIL_FROM"),
        ({**SLACK, "DOCKET_MAIL_FROM": "Docket <docket@harbor.example>"}, "not one plain mail address"),
        ({**SLACK, "DOCKET_LOG": "yaml"}, "`text` or `json`"),
        ({**SLACK, "DOCKET_HEARTBEAT_URL": f"ping.example/{SECRET}"}, "DOCKET_HEARTBEAT_URL is no web address"),
    ],
)
def test_what_can_never_work_is_a_sentence(given: dict[str, str], sentence: str) -> None:
    """Each says what to do, and none repeats a secret."""
    problems = "\n".join(settings(given).problems())
    assert sentence in problems
    assert SECRET not in problems


def test_settings_that_work_have_no_problem() -> None:
    """Also tokens of a Slack-compatible server, whose form is its own."""
    assert settings({**SLACK, "DOCKET_INBOX_A": "imap://a:b@127.0.0.1:1143/"}).problems() == []
    assert settings({"SLACK_BOT_TOKEN": "one", "SLACK_APP_TOKEN": "two"}).problems() == []


def test_no_secret_is_shown() -> None:
    """Whoever logs the settings logs no password."""
    read: Settings = settings(
        {
            **SLACK,
            "DOCKET_DATABASE_URL": f"postgresql+psycopg://u:{SECRET}@h/d",
            "DOCKET_INBOX_A": f"imaps://a:{SECRET}@h/",
            "DOCKET_HEARTBEAT_URL": f"https://ping.example/{SECRET}",
        }
    )
    assert SECRET not in repr(read)
    assert "secret" not in repr(read).replace("slack_signing_secret", "").replace("secret=None", "").replace(
        "Secret", ""
    )


def test_a_missing_rulebook_says_what_to_do(tmp_path: Path) -> None:
    """The sentence names the file and the way out."""
    with pytest.raises(Misconfigured, match=r"There is no rulebook at .*harbor\.yml"):
        rulebook(tmp_path / "rulebook.yml")


def test_a_folder_is_no_rulebook_and_a_huge_file_neither(tmp_path: Path) -> None:
    """Neither is read to its end."""
    with pytest.raises(Misconfigured, match="can't be read"):
        rulebook(tmp_path)
    (tmp_path / "huge.yml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(Misconfigured, match="larger than"):
        rulebook(tmp_path / "huge.yml")


def test_all_holes_are_told_at_once(tmp_path: Path) -> None:
    """In the form of an editor's error list."""
    path = tmp_path / "rulebook.yml"
    path.write_text("version: 1\norganization: X\n")
    with pytest.raises(
        Misconfigured, match=r"The rulebook has \d+ holes; nothing was started\.\n.*rulebook\.yml:\d+:\d+"
    ):
        rulebook(path)
