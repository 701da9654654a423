"""How far each Slack conversation has been heard: what came in, what could not be taken, what a gap may have hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from handlers.ports import Mark

#: Slack's timestamps; of this one width they sort as text. What has none of them can't be asked for in history.
TS = re.compile(r"\d{10}\.\d{6}")
_MICROSECONDS = 1_000_000


def ts_of(at: datetime) -> str:
    """A moment (aware) as Slack writes it."""
    return _ts(round(at.timestamp() * _MICROSECONDS))


def earlier(ts: str, by: timedelta = timedelta(microseconds=1)) -> str:
    """The timestamp that lies so much before another."""
    seconds, _, rest = ts.partition(".")
    return _ts(int(seconds) * _MICROSECONDS + int(rest) - by // timedelta(microseconds=1))


def _ts(microseconds: int) -> str:
    return f"{max(0, microseconds) // _MICROSECONDS:010d}.{max(0, microseconds) % _MICROSECONDS:06d}"


class Marks:
    """What `handlers.ports.Heard` keeps, as it is known in this process.

    A mark never passes what could not be taken, nor the beginning of a gap before the gap was looked through.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Mark] = {}
        self._since: dict[str, str] = {}
        self._newest: dict[str, str] = {}
        self._gap: dict[str, str] = {}
        self._missed: dict[str, dict[str, datetime]] = {}
        self._gapless = True

    def load(self, kept: Mapping[str, Mark]) -> None:
        """What earlier processes and other instances kept; what is known here already stays."""
        for place, mark in kept.items():
            self._kept[place] = mark
            self._since.setdefault(place, mark.since)
            if not self._gapless:
                self._gap.setdefault(place, mark.ts)
            self._newest[place] = max(mark.ts, self._newest.get(place, ""))

    def part(self) -> None:
        """From now on something may be said that nobody hears."""
        self._gap = {place: self._mark(place) for place in self._newest}
        self._gapless = False

    def mend(self, began: datetime) -> None:
        """The gap was looked through, but for those conversations of which `read` was not told.

        What could not be taken before that look `began` was found by it, or never will be.
        """
        self._gapless = True
        for place, missed in list(self._missed.items()):
            self._missed[place] = {ts: at for ts, at in missed.items() if at >= began}

    def begin(self, place: str, since: str) -> None:
        """It is ours from there on: the first start, an invitation. What is known already stays."""
        self._since.setdefault(place, since)
        self._newest[place] = max(since, self._newest.get(place, ""))

    def read(self, place: str) -> None:
        """What was missed there has been taken; `passed` was told of each message."""
        self._gap.pop(place, None)

    def known(self, place: str) -> Mark | None:
        """How far it was heard without a gap, and since when it is ours; None before anything of it was heard."""
        since = self._since.get(place)
        return Mark(since, self._mark(place)) if since is not None and place in self._newest else None

    def passed(self, place: str, ts: str) -> None:
        """A message was taken, or rightly passed by."""
        if not place or not TS.fullmatch(ts):
            return
        if self._gapless:  # else the look through the gap finds out since when it is ours
            self._since.setdefault(place, earlier(ts))
        self._newest[place] = max(ts, self._newest.get(place, ""))
        if missed := self._missed.get(place):
            missed.pop(ts, None)
            if not missed:
                del self._missed[place]

    def missed(self, place: str, ts: str, now: datetime) -> None:
        """A message could not be taken; Slack sends it again a few times."""
        if place and TS.fullmatch(ts):
            if self._gapless:
                self._since.setdefault(place, earlier(ts))
            self._newest.setdefault(place, earlier(ts))
            self._missed.setdefault(place, {}).setdefault(ts, now)

    def missing_since(self) -> datetime | None:
        """Since when something waits that could not be taken."""
        return min((at for missed in self._missed.values() for at in missed.values()), default=None)

    def due(self) -> dict[str, Mark]:
        """What is to be kept and is not yet."""
        marks = {place: mark for place in self._since if (mark := self.known(place)) is not None}
        return {place: mark for place, mark in marks.items() if self._kept.get(place) != mark}

    def keep(self, marks: Mapping[str, Mark]) -> None:
        """They are kept now."""
        self._kept.update(marks)

    def _mark(self, place: str) -> str:
        missed = (earlier(ts) for ts in self._missed.get(place, ()))
        gap = (self._gap[place],) if place in self._gap else ()
        mark: str = min((self._newest[place], *gap, *missed))
        return mark
