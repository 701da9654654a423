"""Links between items and to them: where they lead, what they show in Slack, and that private work shows nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.config import Misconfigured
from bot.demo import example, manifest
from bot.sandbox.clock import HandClock
from bot.sandbox.roster import Json
from bot.sandbox.town import Town
from rules.book.load import load
from tests.stories.harbor import MORNING, Harbor, working

PUBLIC = "https://docket.harbor.example"
BIG = "Please refund $450 for ORD-48213, I was charged twice"

#: What leads to no item of ours, or is no link at all.
NOT_OURS = (
    "REF-1", f"{PUBLIC}/items/REF-9", f"{PUBLIC}/items/", f"{PUBLIC}/items/REF-1/x", f"{PUBLIC}:81/items/REF-1",
    f"{PUBLIC}.evil.example/items/REF-1", "https://harbor.example/items/REF-1",
)  # fmt: skip


@asynccontextmanager
async def office_with_an_address(folder: Path, app: dict[str, Any] | None = None) -> AsyncIterator[Harbor]:
    """Harbor with DOCKET_PUBLIC_URL, listening on a free port."""
    text = example()
    async with Town(load(text), HandClock(MORNING, running=False), manifest=app or manifest()) as town:
        given = {
            **town.environment,
            "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db",
            "DOCKET_HTTP": "127.0.0.1:0",
            "DOCKET_PUBLIC_URL": PUBLIC,
        }
        async with working(town, given, text, town.clock) as office:
            yield office


async def gets(office: Harbor, path: str) -> tuple[int, str, str]:
    """Status, where it leads, and the body, as somebody without any right gets it."""
    url = f"http://127.0.0.1:{office.bot.web.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def shares(office: Harbor, who: str, text: str, where: str = "#general") -> str:
    """Post a link; gives what unfolded below it, in words."""
    message = await office.town.slack.says(who, where, text)
    await office.calm()
    await office.bot.slack._unfurls.settle()
    return below(office, message)


def below(office: Harbor, message: Json) -> str:
    slack = office.town.slack
    shown = slack.holding(message).messages[message["ts"]]
    return "\n".join(slack.words(attachment) for attachment in shown.get("attachments", ()))


async def test_an_items_address_leads_to_its_thread_and_unfolds_where_it_is_shared(tmp_path: Path) -> None:
    async with office_with_an_address(tmp_path) as office:
        slack = office.town.slack
        root = await slack.says("rita", "#refunds", BIG)
        await office.calm()
        status, leads, _ = await gets(office, "/items/REF-1")
        assert (status, leads) == (302, office.town.workspace.permalink(slack.holding(root), root))
        assert (await gets(office, "/items/ref-1"))[0] == 302

        said = await shares(office, "dana", f"look at {PUBLIC}/items/REF-1 please")
        assert "REF-1 · Refund for ORD-48213" in said
        assert "Waits for Lee Park to decide (OVER_LIMIT) until Wed Mar 4 at 12:00 · Dana Ruiz has it" in said
        assert "REF-1" in await shares(office, "rita", f"mine: {PUBLIC}/items/REF-1")
        assert "REF-1" in await shares(office, "dana", f"{PUBLIC}/items/ref-1/?from=mail#top", "#refunds")
        assert "REF-1" in await shares(office, "dana", f"{PUBLIC}/items/REF-1", "@docket")


async def test_nothing_unfolds_for_a_key_a_stranger_or_another_address(tmp_path: Path) -> None:
    async with office_with_an_address(tmp_path) as office:
        await office.town.slack.says("dana", "#refunds", BIG)
        await office.calm()
        assert await shares(office, "rita", f"what is {PUBLIC}/items/REF-1") == "", "it is not hers"
        for text in NOT_OURS:
            assert await shares(office, "dana", f"see {text} there") == "", text
        unfurled = [given for method, given in office.town.api.calls if method == "chat.unfurl"]
        assert unfurled == []


async def test_what_is_private_is_as_unknown_as_what_never_was(tmp_path: Path) -> None:
    """The same 404, and nothing unfolds, not even for its owner: a conversation has other readers."""
    async with office_with_an_address(tmp_path) as office:
        await office.town.slack.types("rita", "/docket new concern My lead shouts at people")
        await office.calm()
        assert (await office.item("CON-1")).owner == "maria"
        answers = {await gets(office, path) for path in ("/items/CON-1", "/items/CON-2", "/items/x", "/items/BOT-1")}
        assert len(answers) == 1
        assert answers.pop()[0] == 404
        for who in ("maria", "rita"):
            assert await shares(office, who, f"{PUBLIC}/items/CON-1", "@docket") == ""


async def test_an_item_that_came_by_mail_says_where_it_lives_and_nothing_of_what_it_says(tmp_path: Path) -> None:
    async with office_with_an_address(tmp_path) as office:
        to = f"refunds@{office.town.mail.domain}"
        await office.town.mail.write("Carla", "carla@customer.example", to, "A <b>lamp</b>", BIG)
        await office.until(lambda: office.town.slack.inbox("lee"))
        status, _, body = await gets(office, "/items/REF-1")
        assert status == 200
        assert "REF-1 came by mail to refunds" in body
        assert "ORD-48213" not in body
        assert "lamp" not in body
        assert "carla" not in body.lower()


async def test_show_gives_the_address_to_share(tmp_path: Path) -> None:
    async with office_with_an_address(tmp_path) as office:
        slack = office.town.slack
        await slack.says("rita", "#refunds", BIG)
        await office.calm()
        await slack.types("dana", "/docket show REF-1")
        await office.calm()
        said = slack.words(slack.whispers("dana")[-1])
        assert f"{PUBLIC}/items/REF-1" in said
        assert said.startswith("*REF-1* · Waits for Lee Park to decide (OVER_LIMIT) until"), "whose it is comes first"


async def test_an_item_opened_by_command_has_its_thread_from_the_card_on(tmp_path: Path) -> None:
    """Its card begins the thread; what is only in somebody's direct messages has no address for others."""
    async with office_with_an_address(tmp_path) as office:
        slack = office.town.slack
        await slack.types("rita", "/docket new refund ORD-48213 450 USD, charged twice")
        await slack.types("rita", "/docket new bookkeeping ORD-48213 45 USD")
        await office.calm()
        (card,) = [m for m in slack.channel("#refunds") if "REF-1" in slack.words(m)]
        leads = (await gets(office, "/items/REF-1"))[1]
        assert leads == office.town.workspace.permalink(slack.holding(card), card)
        assert (await office.item("BOOK-1")).source.thread is not None
        status, leads, body = await gets(office, "/items/BOOK-1")
        assert (status, leads) == (200, "")
        assert "tracked in the Slack of Harbor Supply" in body


async def test_near_duplicates_link_to_each_others_threads(tmp_path: Path) -> None:
    async with office_with_an_address(tmp_path) as office:
        slack = office.town.slack
        first = await slack.says("rita", "#refunds", "Please refund ORD-48213, it was $45, the lamp is broken")
        await office.calm()
        second = await slack.says("noa", "#refunds", "Please refund ORD-48213, it was $45, the lamp is broken")
        await office.calm()
        assert (await office.item("REF-2")).alike == ("REF-1",)
        link = office.town.workspace.permalink(slack.holding(first), first)
        (card,) = [m for m in slack.thread(second) if "REF-2" in slack.words(m)]
        assert f"Much like <{link}|REF-1>" in str(card["blocks"])


async def test_an_app_without_the_links_scopes_starts_unless_it_needs_them(tmp_path: Path) -> None:
    """Who has no DOCKET_PUBLIC_URL need not install the app again."""
    old, text = manifest(), example()
    scopes = old["oauth_config"]["scopes"]["bot"]
    old["oauth_config"]["scopes"]["bot"] = [scope for scope in scopes if not scope.startswith("links:")]
    async with Town(load(text), HandClock(MORNING, running=False), manifest=old) as town:
        given = {**town.environment, "DOCKET_DATABASE_URL": f"sqlite:///{tmp_path}/docket.db"}
        async with working(town, given, text, town.clock) as office:
            await town.slack.says("rita", "#refunds", BIG)
            await office.calm()
            assert (await office.item("REF-1")).state == "blocked"
    with pytest.raises(Misconfigured, match="links:read, links:write"):
        async with office_with_an_address(tmp_path, old):
            pass
