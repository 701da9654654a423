"""Commands said in mentions and direct messages: what reads like one is one; what only begins so is somebody's talk."""

from __future__ import annotations

import pytest

from rules.addressed import command_word, nearly
from rules.commands import EXAMPLES, USAGE, Parsed, parse
from rules.events import Command, Verb
from rules.messages import Reply
from rules.reading import Shelf, answer
from tests.rules.test_flows import HARBOR
from tests.street import Street, plain

NAMES = {"refund", "ref", "concern", "con"}

COMMANDS = [
    "mine", "Mine", "/mine", "help", "help approve", "help me", "exceptions", "list", "list refund", "list REF", "new",
    "new refund ORD-48213, 45 USD", "new refund\nORD-48213", "new refnd twice", "new concern it goes on", "REF-12",
    "show REF-12", "why ref-12", "except REF-12 NOT_READY why", "approve REF-12/OVER_LIMIT GOODWILL keep them", "close",
    "digest", "digest morning", "report stall-rate", "report gates", "away until 2026-12-01 for @lee", "pause refund",
    "quarantine",
]  # fmt: skip

#: What people confide, write and ask; each begins with a verb of ours.
TALK = [
    "report harassment by my manager", "report bullying", "new colleague is bullying me", "new laptop please",
    "help me, my manager shouts at me", "list of what he said to me", "mine is broken too", "show up at nine, he said",
    "why does nobody answer", "ask Dana about it", "back pain since Monday", "close to quitting", "set of problems",
    "next week we talk", "digest this: he lied again", "exceptions are made for him alone", "REF-12 is still not paid",
    "pause for a moment", "accept my apologies", "hello", "away from my desk", "help harassment",
]  # fmt: skip


@pytest.mark.parametrize("text", COMMANDS)
def test_what_reads_like_a_command_is_one(text: str) -> None:
    assert command_word(text, NAMES, mentioned=False, in_thread=False)
    assert command_word(text, NAMES, mentioned=True, in_thread=False)


@pytest.mark.parametrize("text", TALK)
def test_what_only_begins_like_one_is_talk(text: str) -> None:
    """It goes where it was meant for: to whoever is asked in confidence, or to the item of the thread."""
    assert not command_word(text, NAMES, mentioned=False, in_thread=False)
    assert not command_word(text, NAMES, mentioned=False, in_thread=True)


IN_A_THREAD = [
    ("close", True), ("claim", True), ("why", True), ("approve GOODWILL keep them", True),
    ("approve this please", False), ("except NOT_READY the log is missing", True),
    ("except for the fee it is right", False), ("snooze 2h", True), ("snooze for a bit", False),
    ("assign @U0FINN he knows", True), ("assign it to somebody", False), ("evidence receipt re_1", True),
    ("evidence is attached", False), ("reject it", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "command"), IN_A_THREAD)
def test_under_a_card_the_key_may_be_left_out(text: str, command: bool) -> None:
    """There most of what is said is talk: the word after the verb tells. Said to us by name it is always a command."""
    assert command_word(text, NAMES, mentioned=False, in_thread=True) == command
    assert command_word(text, NAMES, mentioned=True, in_thread=True)


@pytest.mark.parametrize(
    ("text", "guess"),
    [("exept REF-12 NOT_READY", "except"), ("aprove REF-1", "approve"), ("exceptons", "exceptions"), ("hepl", "help")],
)
def test_a_typing_error_is_told_with_what_was_meant(text: str, guess: str) -> None:
    said = nearly(text)
    assert said is not None
    assert f"Did you mean `{guess}`" in said.sentence
    assert "/docket" in said.sentence


@pytest.mark.parametrize(
    "text", ["", "hello", "thanks", "REF-12", "showing off again he was", "listen to me", "refund"]
)
def test_ordinary_words_are_no_typing_errors(text: str) -> None:
    assert nearly(text) is None


@pytest.mark.parametrize("verb", USAGE)
def test_every_verb_has_an_example_that_means_it(verb: Verb) -> None:
    """Help shows it."""
    parsed = parse(EXAMPLES[verb])
    assert isinstance(parsed, Parsed)
    assert parsed.verb == verb
    said = plain(asked("slack:U0DANA", "help", verb).message)
    assert f"/docket {EXAMPLES[verb]}" in said


def test_the_command_alone_shows_what_can_be_said() -> None:
    """Five commands to try, for colleagues and strangers their own; what is empty says how something gets there."""
    colleague, stranger = (plain(asked(who, "mine").message) for who in ("slack:U0LEE", "slack:U0RITA"))
    for said in (colleague, stranger):
        assert "Nothing is yours" in said
        assert "write in #refunds or #it-help, or type `/docket new`" in said
        assert said.splitlines()[-1].count(" · ") == 4
    assert "They come when a stop rule in your name fires (yours: OVER_LIMIT" in colleague
    assert "exceptions" not in stranger.splitlines()[-1], "a stranger may not"


def asked(who: str, verb: Verb, name: str | None = None) -> Reply:
    street = Street(HARBOR)
    command = Command(id="q", workspace="main", at=street.now, by=who, via="slack", verb=verb, name=name)
    return answer(command, street.book, lambda i: street.book.workflows[i.workflow], Shelf(), street.now)
