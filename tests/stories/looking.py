"""The office with its web page, and how people get in: for the stories of the page and the pictures of the docs."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bot.demo import example
from bot.sandbox.clock import HandClock
from bot.sandbox.town import Town
from rules.book.load import load
from tests.stories.harbor import MORNING, Harbor, working

LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/look/in/[a-z2-7]+")


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@asynccontextmanager
async def office_with_pages(folder: Path, *, pictures: bool = False) -> AsyncIterator[Harbor]:
    """Harbor with its pages on a free port; `pictures` as in `harbor`."""
    text, here = example(), free_address()
    async with Town(load(text), HandClock(MORNING, running=False)) as town:
        given = {
            **town.environment, "DOCKET_DATABASE_URL": f"sqlite:///{folder}/docket.db", "DOCKET_HTTP": here,
            "DOCKET_PUBLIC_URL": f"http://{here}",
        }  # fmt: skip
        async with working(town, given, text, town.clock, pictures=pictures) as office:
            yield office


async def link_for(office: Harbor, who: str) -> str:
    """What `/docket web` gives somebody."""
    await office.town.slack.types(who, "/docket web")
    await office.calm()
    found = LINK.search(str(office.town.slack.whispers(who)[-1]))
    assert found is not None, office.town.slack.words(office.town.slack.whispers(who)[-1])
    return found.group()
