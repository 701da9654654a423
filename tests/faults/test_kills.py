"""kill -9 at any moment: nothing acknowledged is lost, nothing is counted twice, nobody is told twice."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.child import MOMENTS
from tests.faults.office import Moment, Office, office
from tests.postgres import Server

WHOLE = bool(os.environ.get("DOCKET_FAULTS"))
BEATS = 16


async def story(place: Office, moments: Sequence[Moment | None], deadly: bool) -> dict[str, dict[str, int]]:
    """A working day and the next morning: requests, answers, decisions, reminders, a digest; a death in each beat."""
    deaths = iter(moments)
    place.begin()
    await place.calm()

    async def beat() -> None:
        moment = next(deaths)
        await place.beat(moment, deadly)

    for n in range(4):
        if deadly:
            await place.life.killed()  # type: ignore[union-attr]
            place.begin(moments[n])
        await place.asks(f"ORD-{10100 + n}", f", $4{n}, it came broken")
        await place.asks(f"ORD-{20100 + 7 * n}", " for the blue one")
        await place.asks(f"ORD-{30100 + 31 * n}", f", I was charged $45{n} twice")
        await place.writes(f"ORD-{40100 + 3 * n}", f", $3{n}")
        await place.writes(f"ORD-{50100 + 11 * n}", " soon")
        await beat()
    await place.calm()
    return await place.account()
