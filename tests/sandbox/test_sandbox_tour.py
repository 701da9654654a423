"""The first five minutes: the refund story with the example's rulebook, and a walk that fits any other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_town import small_book

from bot.demo import example
from bot.sandbox.roster import User, roster_of
from bot.sandbox.slack_app import SlackApp
from bot.sandbox.tour import REFUND, first_minutes, topics
from rules.book.load import load
from rules.book.rulebook import Intake, Rulebook

ACCESS = """\
version: 1
organization: Mill
timezone: Europe/Berlin
operator: ada
calendars: {office: {days: [mon, tue, wed, thu, fri], hours: "09:00-17:00"}}
people:
  ada: {name: Ada Moor, email: ada@mill.example, slack: U0ADA}
  ben: {name: Ben Lau, email: ben@mill.example}
reason_codes: {approve: {FINE: It is fine.}, reject: {NO_NEED: There is no need.}}
defaults:
  {calendar: office, reminders: {first: 50%, every: 2 business hours}, escalate_to: [backup], snooze_at_most: 1 day}
workflows:
  access:
    key: ACC
    promise: Access is granted the same day.
    source_of_truth: {all of it: Docket}
    intake: {slack: [{channel: doors, when: 'mentions("access")'}], command: true}
    fields: {door: {ask: "Which door?", type: text, required: true}}
    owner: ada
    backup: ben
    stages: [{name: grant, within: 1 business day}]
    close: {evidence: [note]}
    exceptions: {STUCK: {means: Nothing moves., owner: ada, backup: ben, respond_within: 1 business day, when: stale}}
    follow_up: {every: 4 business hours, at_most: 3, then: STUCK}
    EXAMPLES
digests: {weekly: {to: [ben], at: "07:45", via: [email]}}
"""
WITH_EXAMPLE = ACCESS.replace("EXAMPLES", 'examples: [{message: "access to the cellar please", then: {owner: ada}}]')
WITHOUT = ACCESS.replace("    EXAMPLES\n", "")


def places(book: Rulebook) -> set[str]:
    """What a step may lead to: the sandbox's channels, the app, the mail pane, or where one stands."""
    roster = roster_of(book, User(id="U0DOCKET", handle="docket", name="Docket", is_bot=True))
    return {f"#{channel.name}" for channel in roster.channels} | {f"@{SlackApp().handle}", "home", "mail", ""}


def people(book: Rulebook) -> set[str]:
    roster = roster_of(book, User(id="U0DOCKET", handle="docket", name="Docket", is_bot=True))
    return {user.handle for user in roster.users} | {p.email.partition("@")[0] for p in roster.mail} | {""}


def test_the_example_tells_the_refund_story() -> None:
    assert first_minutes(load(example())) == REFUND


@pytest.mark.parametrize("text", [example(), WITH_EXAMPLE, WITHOUT])
def test_every_step_leads_to_somebody_and_somewhere_that_is_there(text: str) -> None:
    book = load(text)
    for step in first_minutes(book):
        assert step.who in people(book), step
        assert step.where in places(book), step


def test_a_rulebook_of_ones_own_is_walked_along_its_own_example() -> None:
    ask, thread, owner, typed, time, digest = first_minutes(load(WITH_EXAMPLE))
    assert (ask.where, ask.fill) == ("#doors", "access to the cellar please")
    assert (thread.where, thread.thread) == ("#doors", True)
    assert typed.fill == "/docket help"
    assert time.push == "morning"
    assert (digest.who, digest.where) == ("ben", "mail")
    assert (owner.title, owner.who, owner.where) == ("See what Ada sees", "ada", "home")
    assert (digest.title, "at 07:45" in digest.text) == ("Read Ben's digest", True)


def test_without_an_example_the_first_step_says_what_is_listened_for() -> None:
    assert 'mentions("access")' in first_minutes(load(WITHOUT))[0].text


def test_a_rulebook_that_nobody_can_reach_from_slack_still_has_a_walk() -> None:
    book = small_book()
    silent = {name: replace(w, intake=Intake()) for name, w in book.workflows.items()}
    titles = [step.title for step in first_minutes(replace(book, workflows=silent, digests={}))]
    assert titles == ["Type a command", "Let time pass"]


def test_a_channel_says_what_is_promised_there() -> None:
    assert topics(load(WITHOUT)) == {"doors": "Access is granted the same day."}
