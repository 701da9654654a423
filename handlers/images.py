"""Pictures on their way to a channel: drawn by the house, sent with a message or left at the channel before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture that was drawn: `png` with its title and alternative text. `digest`: the same is the same to look at.

    `file`: under which id the channel keeps it, where it wants it before the message.
    """

    name: str
    title: str
    alt: str
    png: bytes = field(repr=False)
    digest: str
    file: str = ""


class Uploads(Protocol):
    """Where a channel takes images before the message that shows them."""

    async def upload(self, image: Image) -> str:
        """Leave it there; gives the channel's id of it. Raises Passing or Lasting."""
        ...
