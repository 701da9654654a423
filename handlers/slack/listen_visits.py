"""Listens to what is no word and no act of anybody: an opened Home tab, a shared link of ours, a changed account."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from handlers.ports import Busy, HomeDesk
from handlers.slack.home import opened
from handlers.slack.listen_events import NotTaken
from handlers.slack.people import CHANGED, People
from handlers.slack.unfurl_links import Unfurls
from handlers.slack.wire import Malformed

log = logging.getLogger(__name__)

EVENTS = ("app_home_opened", "link_shared", CHANGED)

Listener = Callable[[Mapping[str, Any]], Awaitable[None]]


def visits(homes: HomeDesk | None, unfurls: Unfurls | None, people: People) -> dict[str, Listener]:
    """The listener of each of EVENTS. Raises NotTaken where it should be sent again."""

    async def on_home(body: Mapping[str, Any]) -> None:
        try:
            reader = opened(body)
            if reader is not None and homes is not None:
                await homes.opened(reader)
        except Malformed as problem:
            log.warning("an opened Home could not be read: %s", problem)
        except Busy as problem:
            raise NotTaken(str(problem)) from problem

    async def on_link(body: Mapping[str, Any]) -> None:
        if unfurls is not None:
            await unfurls.hear(body)

    async def on_account(body: Mapping[str, Any]) -> None:
        try:
            await people.hear(body)
        except Malformed as problem:
            log.warning("a changed account could not be read: %s", problem)
        except Busy as problem:
            raise NotTaken(str(problem)) from problem

    return {"app_home_opened": on_home, "link_shared": on_link, CHANGED: on_account}
