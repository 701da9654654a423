"""Where an item can be looked at, and what may be shown of it to whoever only has a link. Nothing of private work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rules.book.rulebook import Rulebook, Workflow
from rules.items import Item
from rules.messages import Message, When
from rules.people import may_see
from rules.wording.standing import called, standing

#: Below DOCKET_PUBLIC_URL; the key follows.
PATH = "/items/"
#: Below it stands each decision's own page, by its token.
DECISIONS = "/decide/"
#: Below it stands the web page for people of the rulebook; below the second what signs them in, by a token.
LOOK, WAY_IN = "/look/", "/look/in/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwelling:
    """Where an item lives: its thread's address, or a sentence that says where to ask."""

    thread: str | None
    sentence: str


def related(item: Item) -> tuple[str, ...]:
    """The keys of the items that an item's card speaks of."""
    return tuple(key for key in (item.follows, *item.alike, *(link.key for link in item.links)) if key)


def threads(others: Iterable[tuple[Item, Workflow]], public_url: str = "") -> dict[str, str]:
    """The addresses of these items by their keys, as far as they have one that may be spoken of.

    That is its thread's; of what the rules opened, which has none, its own below `public_url` (DOCKET_PUBLIC_URL).
    """
    found = {}
    for item, workflow in others:
        own = page(item, workflow, public_url) if item.source.channel == "docket" else ""
        if _is_open(workflow) and (address := item.source.permalink or own):
            found[item.key] = address
    return found


def decision_page(token: str, public_url: str) -> str:
    """The address of the page that a token of a letter opens, below `public_url` (DOCKET_PUBLIC_URL)."""
    return f"{public_url.rstrip('/')}{DECISIONS}{token}"


def way_in(token: str, public_url: str) -> str:
    """The address that signs the reader of a token in to the web page, below `public_url` (DOCKET_PUBLIC_URL)."""
    return f"{public_url.rstrip('/')}{WAY_IN}{token}"


def page(item: Item, workflow: Workflow, public_url: str) -> str:
    """An item's own address below `public_url` (DOCKET_PUBLIC_URL); "" where it has none."""
    return f"{public_url.rstrip('/')}{PATH}{item.key}" if public_url and _is_open(workflow) else ""


def preview(item: Item, workflow: Workflow, book: Rulebook, by: str, now: datetime) -> Message | None:
    """What everybody in a conversation may see of an item whose link `by` (a rulebook key, a stranger) shared there.

    Title, owner, state and due time, as of `now`; None where it is private or nothing that `by` may see.
    """
    if not _is_open(workflow) or not may_see(book, item, workflow, by):
        return None
    return Message(
        subject=item.key,
        headline=called(item, workflow),
        lines=(standing(item, workflow, "", now),),
        small=(("As of ", When(now)),),
    )


def dwelling(item: Item, workflow: Workflow, book: Rulebook) -> Dwelling | None:
    """Where an item lives, for anybody who has its address; None for what an outsider may not know to exist."""
    if not _is_open(workflow):
        return None
    by_mail = f"{item.key} came by mail to {item.source.place_name}; its answers go by mail, too."
    sentence = (
        by_mail if item.source.channel == "mail" else f"{item.key} is tracked in the Slack of {book.organization}."
    )
    return Dwelling(thread=item.source.permalink, sentence=f"{sentence} In Slack, `/docket show {item.key}` shows it.")


def _is_open(workflow: Workflow) -> bool:
    """Whether outsiders may know of a workflow's items: not of private ones, and not of the bot's own failures."""
    return not workflow.private and workflow.name != "docket"
