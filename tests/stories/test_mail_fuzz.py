"""Damaged mails, a few here and 100,000 in `make fuzz`: none makes the bot stumble, and none is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from handlers.mail.read import read
from rules.events import Mailed, Unreadable
from storage.schema import inbox
from tests.bot.house import house
from tests.fuzzing import FUZZ
from tests.handlers.mail.mutated import mutated

#: Seeds, and mails of each: a house of its own for every seed, as a mailbox never has 100,000 of one day.
SEEDS, EACH = (40, 2500) if FUZZ else (1, 200)
TOGETHER = 50


@pytest.mark.timeout(1800 if FUZZ else 120)
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_no_damaged_mail_stumbles_or_is_lost(tmp_path: Path, seed: int) -> None:
    """Each is read, taken, and kept as it came under its own outside id; none needs the desk's quarantine."""
    raws = list(mutated(seed, EACH))
    async with house(tmp_path) as office:
        events = [
            read(raw, inbox="refunds", received_at=office.clock() + timedelta(seconds=n),
                 own_addresses=frozenset({"docket@harbor.example"}), sent_ids=lambda _: False)
            for n, raw in enumerate(raws)
        ]  # fmt: skip
        for event in events:
            assert isinstance(event, Mailed) or (isinstance(event, Unreadable) and event.problem == "It is empty.")
        for start in range(0, len(raws), TOGETHER):
            pairs = zip(events[start : start + TOGETHER], raws[start : start + TOGETHER], strict=True)
            await asyncio.gather(*(office.desk.take(event, raw) for event, raw in pairs))
        rows = await office.store.read(lambda conn: {row.outside_id: row for row in conn.execute(select(inbox))})
        first = {}
        for event, raw in zip(events, raws, strict=True):
            first.setdefault(event.id, raw)
        for outside_id, raw in first.items():
            assert rows[outside_id].raw == raw, "kept as it came"
            assert rows[outside_id].state != "counted", "and something became of it"
        stumbled = [row.reason for row in rows.values() if row.reason.endswith("in the rules")]
        assert not stumbled, Counter(stumbled)
