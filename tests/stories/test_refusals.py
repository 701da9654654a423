"""Settings, tokens, rulebooks and databases that can never work: `docketbot run` says what to do and ends with 2."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from tests.processes import docketbot
from tests.stories.harbor import MORNING

MANIFEST = Path(__file__).parents[2] / "manifest.yml"
#: What stands for every secret here: it must never be said.
SECRET = "geheim4711"

MAIL = {"DOCKET_INBOX_REFUNDS": f"imap://refunds:{SECRET}@127.0.0.1:9/INBOX"}
#: Named: what is set (on top of a rulebook that holds), and what the sentence must say.
SETTINGS: dict[str, tuple[dict[str, str], str]] = {
    "nothing is set": ({}, "Neither Slack nor an inbox is configured"),
    "half of Slack": ({"SLACK_BOT_TOKEN": f"xoxb-{SECRET}"}, "SLACK_APP_TOKEN is not set"),
    "a user token for the app": (
        {"SLACK_BOT_TOKEN": f"xoxb-{SECRET}", "SLACK_APP_TOKEN": f"xoxp-{SECRET}"},
        "SLACK_APP_TOKEN holds a bot or user token",
    ),
    "the tokens swapped": (
        {"SLACK_BOT_TOKEN": f"xapp-{SECRET}", "SLACK_APP_TOKEN": f"xoxb-{SECRET}"},
        "SLACK_BOT_TOKEN holds an app-level token",
    ),
    "HTTP mode without an address": (
        {"SLACK_BOT_TOKEN": f"xoxb-{SECRET}", "SLACK_SIGNING_SECRET": SECRET},
        "SLACK_SIGNING_SECRET (HTTP mode) needs DOCKET_HTTP",
    ),
    "an inbox without TLS": (
        {"DOCKET_INBOX_REFUNDS": f"imap://refunds:{SECRET}@mail.example/INBOX"},
        "would send the password readable",
    ),
    "an inbox's password with a #": (
        {"DOCKET_INBOX_REFUNDS": f"imaps://refunds:{SECRET}#1@mail.example/INBOX"},
        "%23",
    ),
    "mail out without an address": (MAIL | {"DOCKET_SMTP_URL": f"smtps://u:{SECRET}@mx.example"}, "DOCKET_MAIL_FROM"),
    "an odd log form": (MAIL | {"DOCKET_LOG": "xml"}, "DOCKET_LOG is `text` or `json`"),
    "no rulebook": (MAIL | {"DOCKET_RULEBOOK": "elsewhere.yml"}, "There is no rulebook at elsewhere.yml"),
    "a folder as rulebook": (MAIL | {"DOCKET_RULEBOOK": "."}, "can't be read"),
    "a rulebook in another encoding": (MAIL | {"DOCKET_RULEBOOK": "latin.yml"}, "UTF-8"),
    "a holey rulebook": (MAIL | {"DOCKET_RULEBOOK": "holey.yml"}, "leee"),
    "a database in no folder": (MAIL | {"DOCKET_DATABASE_URL": "sqlite:///nowhere/docket.db"}, "does not exist"),
    "a folder as database": (MAIL | {"DOCKET_DATABASE_URL": "sqlite:///."}, "must name a file"),
    "no database at all": (MAIL | {"DOCKET_DATABASE_URL": "sqlite:///notes.txt"}, "is not a database"),
    "another kind of database": (
        MAIL | {"DOCKET_DATABASE_URL": f"mysql://docket:{SECRET}@db.example/docket"},
        "can't keep its data in mysql",
    ),
    "a database URL that is none": (MAIL | {"DOCKET_DATABASE_URL": f"docket:{SECRET}"}, "no database URL"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rulebook.yml").write_text(example())
    (tmp_path / "holey.yml").write_text(example().replace("backup: lee", "backup: leee"))
    (tmp_path / "latin.yml").write_bytes(example().replace("Harbor Supply", "Caf\u00e9").encode("cp1252"))
    (tmp_path / "notes.txt").write_text("Not a database, but a list of things to buy. " * 100)
    return tmp_path


async def refused(environment: Mapping[str, str], folder: Path) -> str:
    """Run it, and what it says on its way out: code 2, sentences, no traceback, no secret."""
    process = docketbot("run", environment=environment, folder=folder)
    code = await process.ends()
    assert code == 2, process.said
    assert "Traceback" not in process.said
    assert SECRET not in process.said
    return process.said


async def test_each_wrong_setting_ends_with_two_and_its_sentence(folder: Path) -> None:
    at_once = asyncio.Semaphore(3)

    async def said(given: dict[str, str]) -> str:
        async with at_once:
            return await refused(given, folder)

    every = await asyncio.gather(*(said(given) for given, _ in SETTINGS.values()))
    for (name, (_, sentence)), words in zip(SETTINGS.items(), every, strict=True):
        assert sentence in words, f"{name}:\n{words}"


async def test_a_holey_rulebook_is_answered_with_all_its_holes(folder: Path) -> None:
    said = await refused(MAIL | {"DOCKET_RULEBOOK": "holey.yml"}, folder)
    assert len(re.findall(r"holey\.yml:\d+:\d+", said)) > 3
    assert "lee" in said


#: Named: what is changed in the sandbox's own settings, and what the sentence must say.
TOKENS: dict[str, tuple[dict[str, str], str]] = {
    "an unknown bot token": ({"SLACK_BOT_TOKEN": f"xoxb-{SECRET}"}, "does not accept SLACK_BOT_TOKEN"),
    "a user token for the bot": ({"SLACK_BOT_TOKEN": f"xoxp-{SECRET}"}, "does not accept SLACK_BOT_TOKEN"),
    "an unknown app token": ({"SLACK_APP_TOKEN": f"xapp-{SECRET}"}, "SLACK_APP_TOKEN"),
}


async def test_tokens_that_slack_refuses_end_with_two_and_their_sentence(folder: Path) -> None:
    async with Town(load(example()), HandClock(MORNING, running=False)) as town:
        for name, (wrong, sentence) in TOKENS.items():
            said = await refused({**town.environment, **wrong}, folder)
            assert sentence in said, f"{name}:\n{said}"
            assert town.app.app_token not in said
            assert town.app.bot_token not in said


async def test_an_unknown_bot_token_ends_http_mode_alike(folder: Path) -> None:
    async with Town(load(example()), HandClock(MORNING, running=False)) as town:
        said = await refused({**town.http_environment, "SLACK_BOT_TOKEN": f"xoxb-{SECRET}"}, folder)
    assert "does not accept SLACK_BOT_TOKEN" in said
    assert town.app.signing_secret not in said


async def test_missing_scopes_are_named(folder: Path) -> None:
    manifest: Any = YAML(typ="safe").load(MANIFEST.read_text())
    manifest["oauth_config"]["scopes"]["bot"].remove("groups:history")
    manifest["oauth_config"]["scopes"]["bot"].remove("reactions:read")
    async with Town(load(example()), HandClock(MORNING, running=False), manifest=manifest) as town:
        said = await refused(town.environment, folder)
    assert "groups:history, reactions:read" in said
    assert "manifest.yml" in said
