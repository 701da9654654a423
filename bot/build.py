"""The composition: from settings and a rulebook to a bot. Read this first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from bot.books import Books
from bot.config import Misconfigured, Settings
from bot.courier import Courier
from bot.desk import Desk
from bot.knock import Knock
from bot.letters import mentions, names
from bot.maildesk import InboxDesk
from bot.outages import Outages
from bot.pace import Pace
from handlers.ports import Sender, Sleep
from rules.book.rulebook import Rulebook
from rules.notices import Ways
from rules.people import zone_of
from storage.store import Store

WORKSPACE = "main"
T = TypeVar("T")


def wall_clock() -> datetime:
    """The time now, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Bot:
    """Everything that runs, put together and not yet started."""

    settings: Settings
    store: Store
    books: Books
    desk: Desk
    courier: Courier
    knock: Knock
    clock: Callable[[], datetime]
    slack: Any = None  # handlers.slack's SlackDoor, where Slack is on
    inboxes: list[Any] = field(default_factory=list)  # handlers.mail's Inbox, one for each that is configured
    web: Any = None  # handlers.web's WebDoor, where DOCKET_HTTP is set
    outages: Outages
    closers: list[Callable[[], Any]] = field(default_factory=list)


async def build(
    settings: Settings,
    book: Rulebook,
    text: str,
    store: Store,
    *,
    clock: Callable[[], datetime] = wall_clock,
    sleep: Sleep = asyncio.sleep,
) -> Bot:
    """Put a bot together; it has opened nothing but `store`. Raises Misconfigured for URLs that can never work."""
    books = Books(book, text, WORKSPACE)
    ways = Ways(slack=settings.slack_on, mail=settings.mail_on)
    desk = Desk(store, books, clock, ways)
    outages = Outages(desk, clock)
    quiet = asyncio.Lock()
    senders: dict[str, Sender] = {}
    bot = Bot(
        settings=settings,
        store=store,
        books=books,
        desk=desk,
        courier=Courier(store, books, desk, senders, clock, quiet, outages, Pace(sleep), sleep),
        knock=Knock(store, books, desk, clock, quiet),
        clock=clock,
        outages=outages,
    )
    if settings.http_address is not None:
        from handlers.web.listen import WebDoor

        bot.web = WebDoor(*settings.http_address)
    if settings.slack_on:
        _slack(bot, senders)
    if settings.mail_on:
        _mail_out(bot, senders)
    _mail_in(bot)
    return bot


def _slack(bot: Bot, senders: dict[str, Sender]) -> None:
    # Imported here: command-line verbs that need no Slack should not pay for its libraries.
    from handlers.slack.client import close_client, open_client
    from handlers.slack.listen import SlackDoor
    from handlers.slack.mrkdwn import Reader
    from handlers.slack.people import People
    from handlers.slack.send import SlackSender

    token, app_token = bot.settings.slack_bot_token, bot.settings.slack_app_token
    assert token is not None
    assert app_token is not None
    client = open_client(token.get_secret_value(), bot.settings.slack_api_url)
    bot.closers.append(lambda: close_client(client))
    senders["slack"] = SlackSender(client)
    people = People(client, bot.clock)
    bot.courier.directory = people

    def reader(identity: str) -> Reader:
        book = bot.books.current
        return Reader(zone_of(book, book.person_of(identity)), names(book), mentions(book))

    bot.slack = SlackDoor(
        client,
        app_token.get_secret_value(),
        bot.desk,
        clock=bot.clock,
        reader=reader,
        people=people,
        reactions=lambda: {w.intake.reaction for w in bot.books.current.workflows.values() if w.intake.reaction},
        failed=bot.outages.failed,
        recovered=bot.outages.recovered,
    )


def _mail_out(bot: Bot, senders: dict[str, Sender]) -> None:
    from handlers.mail.send import SmtpSender
    from handlers.mail.settings import parse_smtp_url

    url, sender = bot.settings.smtp_url, bot.settings.mail_from
    assert url is not None
    assert sender is not None
    smtp = SmtpSender(
        _checked(partial(parse_smtp_url, url.get_secret_value())),
        sender=sender,
        sender_name=bot.books.current.organization,
        clock=bot.clock,
    )
    senders["mail"] = smtp
    bot.closers.append(smtp.close)


def _mail_in(bot: Bot) -> None:
    from handlers.mail.listen import Inbox
    from handlers.mail.settings import parse_inbox_url

    own = frozenset({bot.settings.mail_from.lower()} if bot.settings.mail_from else ())
    known = [
        _checked(partial(parse_inbox_url, name, url.get_secret_value()))
        for name in inbox_names(bot.books.current)
        if (url := bot.settings.inbox(name)) is not None
    ]
    addresses = {inbox.user.lower(): inbox.name for inbox in known if "@" in inbox.user}
    desk = InboxDesk(bot.store, bot.desk, bot.outages, addresses)
    bot.inboxes += [Inbox(inbox, desk, clock=bot.clock, own_addresses=own) for inbox in known]


def _checked(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ValueError as problem:
        raise Misconfigured(str(problem)) from None


def inbox_names(book: Rulebook) -> list[str]:
    """The inboxes that the rulebook speaks of, in its order, each once."""
    return list(dict.fromkeys(name for workflow in book.workflows.values() for name in workflow.intake.email))
