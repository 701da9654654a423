"""A small rulebook, and a bare bolt app that connects to a town: what the tests of the sandbox share."""

from __future__ import annotations

from datetime import UTC, datetime, time
from fractions import Fraction

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.town import Town
from rules.book.durations import Duration
from rules.book.rulebook import (
    Close,
    Defaults,
    Digest,
    Intake,
    OwnerRow,
    Person,
    Reminders,
    Rulebook,
    SlackIntake,
    Stage,
    Workflow,
)

FRIDAY = datetime(2026, 11, 20, 16, 42, tzinfo=UTC)  # 10:42 in Chicago


def small_book() -> Rulebook:
    """A rulebook with what the sandbox reads of one: people, channels, inboxes, digests."""

    def person(key: str, name: str, slack: str | None) -> Person:
        return Person(key=key, name=name, email=f"{key}@harbor.example", slack=slack)

    people = [
        person("dana", "Dana Ruiz", "U0DANA"),
        person("lee", "Lee Park", "U0LEE"),
        person("maria", "Maria Sol", "U0MARIA"),
        person("olu", "Olu Bright", None),
    ]
    day = Duration(1, "days")

    def workflow(name: str, key: str, intake: Intake, *, private: bool = False) -> Workflow:
        return Workflow(
            name=name,
            key=key,
            promise="",
            source_of_truth={},
            intake=intake,
            fields={},
            owner=(OwnerRow(is_="dana"),),
            backup="lee",
            stages=(Stage(name="triage", within=day),),
            close=Close(evidence=("note",)),
            exceptions={},
            private=private,
        )

    return Rulebook(
        version="0" * 64,
        organization="Harbor Supply",
        timezone="America/Chicago",
        currency="USD",
        operator="maria",
        calendars={},
        people={p.key: p for p in people},
        reason_codes={},
        approve_codes=(),
        reject_codes=(),
        defaults=Defaults(
            calendar="office",
            reminders=Reminders(first=Fraction(1, 2), every=day),
            escalate_to=("backup",),
            snooze_at_most=day,
        ),
        workflows={
            "concern": workflow("concern", "CON", Intake(email=("concerns",)), private=True),
            "refund": workflow(
                "refund", "REF", Intake(slack=(SlackIntake(channel="refunds"),), email=("refunds",), command=True)
            ),
        },
        digests={"morning": Digest(name="morning", to=("maria",), at=time(8, 30), via=("slack",))},
        lane_channel="exceptions",
    )


def bolt_app(town: Town) -> AsyncApp:
    """A bolt app as one writes it for Slack; only the addresses are the town's."""
    known = town.environment
    client = AsyncWebClient(token=known["SLACK_BOT_TOKEN"], base_url=known["SLACK_API_URL"], retry_handlers=[])
    return AsyncApp(client=client, process_before_response=True)


class Running:
    """A bolt app connected by Socket Mode while the block runs."""

    def __init__(self, town: Town, app: AsyncApp) -> None:
        self.handler = AsyncSocketModeHandler(app, town.environment["SLACK_APP_TOKEN"])

    async def __aenter__(self) -> Running:
        await self.handler.connect_async()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.handler.close_async()
