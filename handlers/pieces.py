"""Parts of a line as words for one reader: what letters and pages show in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.messages import Link, Quote, Strong, When, Who


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line, in words: what the templates see. `kind`: words, strong, quote or link."""

    kind: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Who reads and when: what to call identities, the reader's zone, and the local day on which the mail goes."""

    names: Mapping[str, str]
    zone: ZoneInfo
    today: Day


def piece(part: object, reading: Reading) -> Piece:
    """A part of a line as words for this reader; a link only where its address is one that can be followed safely."""
    match part:
        case When(at=at, form=form):
            return Piece("words", moment(at, form, reading))
        case Who(identity=identity):
            return Piece("words", _name(identity, reading.names))
        case Strong(text=words):
            return Piece("strong", words)
        case Quote(text=words):
            return Piece("quote", words)
        case Link(url=url, label=label) if url.startswith(("https://", "http://", "mailto:")):
            return Piece("link", label, url)
        case Link(label=label):
            return Piece("words", label)
    return Piece("words", str(part))


def _name(identity: str, names: Mapping[str, str]) -> str:
    return names.get(identity) or identity.removeprefix("slack:")


def moment(at: datetime, form: str, reading: Reading) -> str:
    """A moment in the reader's zone: `11:30`, `Thu Nov 20` or `Thu Nov 20 at 11:30`; the mail's own day is `today`.

    In English whatever the locale.
    """
    local = at.astimezone(reading.zone)
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[local.weekday()]
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[local.month - 1]
    day = "today" if local.date() == reading.today else f"{weekday} {month} {local.day}"
    clock = f"{local:%H:%M}"
    return {"time": clock, "day": day}.get(form, f"{day} at {clock}")
