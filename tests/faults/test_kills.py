"""kill -9 at any moment: nothing acknowledged is lost, nothing is counted twice, nobody is told twice."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.child import MOMENTS
from tests.faults.office import Moment, Office, office
from tests.postgres import Server

WHOLE = bool(os.environ.get("DOCKET_FAULTS"))
Account = dict[str, dict[str, int]]


async def day(place: Office, moments: Iterator[Moment | None]) -> Account:
    """A working day and the next morning: requests, answers, decisions, reminders, a digest; a death in each beat."""
    async with place.living():
        pass
    for n in range(4):
        async with place.beat(next(moments)):
            await place.asks(f"ORD-{10100 + n}", f", $4{n}, it came broken")
            await place.asks(f"ORD-{20110 + 7 * n}", " for the blue one")
            await place.asks(f"ORD-{30120 + 31 * n}", f", I was charged $45{n} twice")
            await place.writes(f"ORD-{40130 + 3 * n}", f", $3{n}")
            await place.writes(f"ORD-{50140 + 11 * n}", " soon")
    async with place.living():
        pass
    for n in range(4):
        async with place.beat(next(moments)):
            await place.answers(f"ORD-{20110 + 7 * n}", f"it was $6{n}.50")
            await place.answers(f"ORD-{50140 + 11 * n}", f"It was $7{n}.")
    async with place.living():
        pass
    for _ in range(3):
        async with place.beat(next(moments)):
            place.clock.push(timedelta(minutes=55))
    async with place.living():
        pass
    for n in range(4):
        async with place.beat(next(moments)):
            place.decides(f"ORD-{30120 + 31 * n}")
    async with place.living():
        pass
    for hours in (8, 14):  # into the night, and past the digest of the next morning
        async with place.beat(next(moments)):
            place.clock.push(timedelta(hours=hours))
    async with place.living():
        pass
    return await place.account()
