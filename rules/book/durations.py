"""Durations of a rulebook: how long something may take, by the wall clock or in a calendar's open time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from rapidfuzz import fuzz, process

Unit = Literal["second", "minute", "hour", "day", "week", "business minute", "business hour", "business day"]

UNITS: tuple[Unit, ...] = get_args(Unit)

_SHORT: dict[str, Unit] = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_WORDS = re.compile(r"(\d{1,9}) +([a-z]+(?: +[a-z]+)?)", re.ASCII)
_COMPACT = re.compile(r"(\d{1,9})([smhd])", re.ASCII)

# A century: beyond it a due time would leave the range of dates, and nobody means it.
_LONGEST_SECONDS = 100 * 366 * 86_400
_SECONDS: dict[Unit, int] = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 604_800,
    "business minute": 60,
    "business hour": 3_600,
    "business day": 86_400,
}


@dataclass(frozen=True, slots=True)
class Duration:
    """`amount` (above zero) of `unit`; units that begin with `business` count a calendar's open time."""

    amount: int
    unit: Unit

    @property
    def business(self) -> bool:
        """Whether a calendar is needed to add it."""
        return self.unit.startswith("business")

    @property
    def unit_seconds(self) -> int:
        """Seconds of one unit; a `business day` has no fixed length and is given as a day of the wall clock."""
        return _SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"


def parse(text: str) -> Duration:
    """Read `4 business hours`, `30 minutes`, `1 business day`.

    Raises ValueError with a sentence that names the nearest thing that could be meant.
    """
    match = _WORDS.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"`{_shown(text)}` is not a duration{_meant(text)}")
    word = " ".join(match[2].split())
    unit = next((unit for unit in UNITS if word in (unit, unit + "s")), None)
    if unit is None:
        near = process.extractOne(word.removesuffix("s"), UNITS, scorer=fuzz.ratio, score_cutoff=60)
        meant = f". Known units: {', '.join(UNITS)}."
        if near is not None:
            likely = next(unit for unit in UNITS if unit == near[0])
            meant = f". Did you mean `{Duration(int(match[1]), likely)}`?"
        raise ValueError(f"`{_shown(word)}` is not a unit of time{meant}")
    return _sensible(Duration(int(match[1]), unit))


def parse_short(text: str) -> Duration:
    """Read the short form of commands: `45s`, `30m`, `2h`, `2d`. Raises ValueError with a sentence."""
    match = _COMPACT.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"`{_shown(text)}` is not a time like 45s, 30m, 2h or 2d.")
    return _sensible(Duration(int(match[1]), _SHORT[match[2]]))


def _sensible(duration: Duration) -> Duration:
    if duration.amount == 0:
        raise ValueError(f"`{duration}` is no time at all; give a number above zero.")
    if duration.amount * duration.unit_seconds > _LONGEST_SECONDS:
        raise ValueError(f"`{duration}` is longer than a century.")
    return duration


def _meant(text: str) -> str:
    """The end of the sentence: what a short form or a bare number probably stands for."""
    try:
        return f". Did you mean `{parse_short(text)}`?"
    except ValueError:
        bare = text.strip()
        example = f"{bare} minutes" if bare.isdecimal() and len(bare) < 5 else "4 business hours"
        return f". Write a number and a unit, like `{example}`."


def _shown(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
