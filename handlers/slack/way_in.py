"""What a way in of Slack's payloads is: a websocket that we open (connection.py), or requests that Slack makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from slack_bolt.async_app import AsyncApp


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Where a way in tells how it stands: `lost(sentence)` when it stays away, `back()` when it stands again.

    Both say whether the telling worked; else it is told again, so that nobody is left with old news. `parted()` is told
    at once when nothing can come in any more, `joined()` when that is over: what was said in between was missed.
    """

    lost: Callable[[str], Awaitable[bool]]
    back: Callable[[], Awaitable[bool]]
    parted: Callable[[], None]
    joined: Callable[[], None]


class WayIn(Protocol):
    """Hands each payload to Bolt (`app.async_dispatch`), and gives Slack its answer."""

    @property
    def stands(self) -> bool:
        """Whether payloads can come in now."""
        ...

    async def open(self, app: AsyncApp, news: News) -> None:
        """Let payloads in, and keep the way open by itself. Raises Refused or Unreachable; may be called again then."""
        ...

    async def close(self) -> None:
        """Let nothing in any more; also before it was opened."""
        ...
