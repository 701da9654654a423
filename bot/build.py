"""The composition: from settings and a rulebook to a bot. Read this first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from bot.absences import Absences
from bot.books import Books
from bot.clock import wall_clock
from bot.config import Misconfigured, Settings
from bot.courier import Courier
from bot.desk import Desk
from bot.duties import ABSENCES, HOMES, SEALS, Duties
from bot.duties import inbox as reading
from bot.health import Health
from bot.homes import Homes
from bot.knock import Knock
from bot.letters import mentions, names
from bot.links import Links
from bot.looking_in import serve_look
from bot.maildesk import InboxDesk
from bot.oauth_files import oauth_of
from bot.outages import Outages
from bot.pace import Pace
from bot.pages import Pages
from bot.pictures import Illustrator, Studio
from bot.silence import Silence
from bot.slackdesk import SlackMemory
from bot.tokens import Tokens, tokens_of
from bot.turns import shared_turns
from bot.watching import serve_health, watching
from bot.without_slack import without_slack
from handlers.ports import Sender, Sleep
from rules.book.rulebook import Rulebook
from rules.lanes import Ways
from rules.people import zone_of
from storage.store import Store

if TYPE_CHECKING:
    from handlers.mail.oauth import AccessTokens
    from handlers.slack.client import Client
    from handlers.slack.way_in import WayIn
    from handlers.web.hooks import Hooks

WORKSPACE = "main"
#: So many webhooks of one workflow are taken: a program that sends in a circle must not fill the database.
HOOKS_A_MINUTE = 600
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Bot:
    """Everything that runs, put together and not yet started."""

    settings: Settings
    store: Store
    books: Books
    desk: Desk
    courier: Courier
    knock: Knock
    absences: Absences
    clock: Callable[[], datetime]
    slack: Any = None  # handlers.slack's SlackDoor, where Slack is on
    homes: Homes | None = None  # where Slack is on
    inboxes: list[Any] = field(default_factory=list)  # handlers.mail's Inbox, one for each that is configured
    web: Any = None  # handlers.web's WebDoor, where DOCKET_HTTP is set
    outages: Outages
    silence: Silence
    duties: Duties
    health: Health
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
    books.tokens = await tokens_of(settings, store, WORKSPACE)
    ways = Ways(slack=settings.slack_on, mail=settings.mail_on)
    desk = Desk(store, books, clock, ways)
    outages = Outages(desk, clock)
    duties = Duties(store, WORKSPACE, clock)
    absences = Absences(store, desk, outages, clock, ours=duties.want(ABSENCES))
    quiet, pace = asyncio.Lock(), Pace(sleep, shared=shared_turns(store, WORKSPACE))
    senders: dict[str, Sender] = {}
    inboxes: list[Any] = []
    bot = Bot(
        settings=settings,
        store=store,
        books=books,
        desk=desk,
        courier=Courier(store, books, desk, senders, clock, quiet, outages, pace, absences, sleep),
        knock=Knock(store, books, desk, clock, quiet, absences),
        absences=absences,
        clock=clock,
        inboxes=inboxes,
        outages=outages,
        silence=Silence(store, WORKSPACE, inboxes, outages, clock, ours=lambda name: duties.ours(reading(name))),
        duties=duties,
        health=watching(settings, store, books, desk, outages, absences, inboxes, duties, clock),
        closers=[duties.close],
    )
    bot.knock.sealing.ours = duties.want(SEALS)
    bot.courier.illustrator = Illustrator(store, books, outages, Studio())
    books.public_url, books.files = settings.public_url or "", settings.files
    links = Links(store, books, clock)
    if settings.http_address is not None:
        _web(bot, settings.http_address, links, books.tokens)
    if settings.slack_on:
        _slack(bot, senders, pace, links)
    if settings.mail_on:
        _mail_out(bot, senders)
    _mail_in(bot)
    books.replies = bool(bot.inboxes)
    return bot


def _web(bot: Bot, address: tuple[str, int], links: Links, tokens: Tokens) -> None:
    from handlers.web import decide, hooks, items
    from handlers.web.listen import WebDoor
    from handlers.web.taps import Taps

    bot.web = WebDoor(*address)
    serve_health(bot.health, bot.web, tokens)
    bot.web.add("GET", items.ROUTE, items.item_page(links.where))
    secure = bot.books.public_url.startswith("https://")
    pages = decide.DecisionPages(Pages(bot.desk, tokens), tokens.proof, Taps(time.monotonic), secure=secure)
    bot.web.add("GET", decide.ROUTE, pages.show)
    bot.web.add("POST", decide.ROUTE, pages.decide)
    if bot.books.public_url:
        serve_look(bot.web, bot.store, bot.books, tokens, bot.clock, bot.courier)
    bot.web.add("*", hooks.ROUTE, _hooks(bot, tokens).answer)


def _hooks(bot: Bot, tokens: Tokens) -> Hooks:
    from bot.hookdesk import HookDesk
    from handlers.web.hooks import Hooks
    from handlers.web.taps import Taps

    taps = Taps(time.monotonic, burst=HOOKS_A_MINUTE, per_minute=HOOKS_A_MINUTE)
    take, secret = HookDesk(bot.desk).take, tokens.hook_secret
    return Hooks(take, secret, lambda name: takes_hooks(bot.books.current, name), bot.clock, taps, WORKSPACE)


def _slack(bot: Bot, senders: dict[str, Sender], pace: Pace, links: Links) -> None:
    # Imported here: command-line verbs that need no Slack should not pay for its libraries.
    from handlers.slack.client import close_client, open_client
    from handlers.slack.home_tabs import SlackHomeTabs
    from handlers.slack.listen import SlackDoor
    from handlers.slack.mrkdwn import Reader
    from handlers.slack.people import People
    from handlers.slack.send import SlackSender
    from handlers.slack.upload import SlackUploads

    token = bot.settings.slack_bot_token
    assert token is not None
    client = open_client(token.get_secret_value(), bot.settings.slack_api_url, pace)
    bot.closers.append(lambda: close_client(client))
    senders["slack"] = SlackSender(client, lambda: bot.slack.us)
    assert bot.courier.illustrator is not None
    bot.courier.illustrator.uploads["slack"] = SlackUploads(client)
    people = People(
        client,
        bot.clock,
        ours=lambda: {person.slack for person in bot.books.current.people.values() if person.slack},
        changed=bot.absences.changed,
    )
    bot.courier.directory = bot.absences.accounts = people
    bot.closers.append(bot.absences.close)

    def reader(identity: str) -> Reader:
        book = bot.books.current
        person = book.person_of(identity)
        # The rulebook says by which clock its people live; others by the one they set in Slack.
        zone = "" if person in book.people else people.zone(identity)
        return Reader(zone or zone_of(book, person), names(book), mentions(book))

    tabs, ours = SlackHomeTabs(client, reader, people), bot.duties.want(HOMES)
    bot.homes = Homes(bot.store, bot.books, tabs, bot.clock, bot.outages, pace, ours=ours)
    bot.slack = SlackDoor(
        client,
        _way_in(bot, client),
        bot.desk,
        clock=bot.clock,
        heard=SlackMemory(bot.store, WORKSPACE, bot.clock, bot.duties),
        reader=reader,
        people=people,
        reactions=lambda: {w.intake.reaction for w in bot.books.current.workflows.values() if w.intake.reaction},
        workflows=lambda: command_names(bot.books.current),
        homes=bot.homes,
        previews=links,
        public_url=bot.books.public_url,
        failed=bot.outages.failed,
        recovered=bot.outages.recovered,
        ended=partial(without_slack, bot.courier, bot.desk, bot.homes, bot.outages),
    )
    client.ended = bot.slack.end
    bot.health.slack = bot.slack


def _way_in(bot: Bot, client: Client) -> WayIn:
    from handlers.slack.connection import Connection
    from handlers.slack.request_url import PATH, RequestUrl

    if (app_token := bot.settings.slack_app_token) is not None:
        return Connection(client, app_token.get_secret_value())
    secret = bot.settings.slack_signing_secret
    assert secret is not None
    url = RequestUrl(secret.get_secret_value(), bot.clock)
    # Served before the first sign-in: Slack asks for it as soon as the address is entered there.
    bot.web.post(PATH, url.take)
    bot.web.greet(PATH)  # Slack looks at the certificate so (page "Slash commands", `ssl_check`)
    return url


def _mail_out(bot: Bot, senders: dict[str, Sender]) -> None:
    from handlers.mail.send import SmtpSender
    from handlers.mail.settings import parse_smtp_url

    url, sender = bot.settings.smtp_url, bot.settings.mail_from
    assert url is not None
    assert sender is not None
    read = _checked(partial(parse_smtp_url, url.get_secret_value()))
    smtp = SmtpSender(
        read,
        tokens=_tokens(bot, "smtp", read.host) if read.oauth else None,
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
    ours = frozenset(addresses)
    for inbox in known:
        tokens = _tokens(bot, inbox.name, inbox.host) if inbox.oauth else None
        duty = bot.duties.want(reading(inbox.name))
        bot.inboxes.append(
            Inbox(inbox, desk, clock=bot.clock, own_addresses=own, inbox_addresses=ours, tokens=tokens, ours=duty)
        )
    bot.desk.reread = desk.reread({inbox.name: inbox.reading for inbox in bot.inboxes})


def _tokens(bot: Bot, name: str, host: str) -> AccessTokens:
    from handlers.mail.oauth import AccessTokens

    settings, keep = oauth_of(bot.settings, name, host)
    return AccessTokens(settings, clock=bot.clock, rotated=keep)


def _checked(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except ValueError as problem:
        raise Misconfigured(str(problem)) from None


def command_names(book: Rulebook) -> set[str]:
    """The names and keys of the workflows that a command opens, in small letters."""
    opened = [w for w in book.workflows.values() if w.intake.command]
    return {word.lower() for workflow in opened for word in (workflow.name, workflow.key)}


def takes_hooks(book: Rulebook, name: str) -> bool:
    """Whether there is a workflow of that name, and it takes webhooks."""
    workflow = book.workflows.get(name)
    return workflow is not None and workflow.intake.webhook


def inbox_names(book: Rulebook) -> list[str]:
    """The inboxes that the rulebook speaks of, in its order, each once."""
    return list(dict.fromkeys(name for workflow in book.workflows.values() for name in workflow.intake.email))
