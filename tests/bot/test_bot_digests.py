"""Digests: each once to each reader by each way at its hour, also after a stop; and the windows tile."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.digests import latest, times
from bot.logs import set_up, story
from rules.book.load import load
from rules.notices import Digest
from storage import outbox
from tests.bot.house import House, house

#: Tuesday, March 3 2026, 12:00 in Chicago: the day's digest is over.
NOON = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
REFUND = "Please refund ORD-48213, I was charged $450 twice"


async def test_a_digest_goes_once_to_each_reader_by_each_way(tmp_path: Path) -> None:
    """At 08:30 of the reader's zone on an open day, in Slack and by mail; a second look sends none."""
    async with house(tmp_path, now=NOON) as office:
        await office.knock.look()
        await office.calm()
        assert await _digests(office) == [], "a bot that is new has missed nothing"
        await office.says("slack:U0RITA", REFUND)
        await office.pushes(hours=20, minutes=31)
        await office.pushes(minutes=1)
        sent = sorted((d.to, d.way) for d in await _digests(office))
        assert sent == [("lee", "email"), ("lee", "slack"), ("maria", "email"), ("maria", "slack")]
        assert any("OVER_LIMIT" in said for said in office.slack.said("U0LEE"))
        assert any("OVER_LIMIT" in said for said in office.mail.said("lee@harbor.example"))


async def test_after_a_stop_only_the_latest_goes_and_covers_all_since(tmp_path: Path) -> None:
    """Three mornings were missed: one digest, from where the last one ended to now; the next begins there."""
    async with house(tmp_path, now=NOON) as office:
        await office.knock.look()
        await office.pushes(days=3)
        first = [d for d in await _digests(office) if (d.to, d.way, d.name) == ("maria", "slack", "morning")]
        assert [(d.day, d.since, d.until) for d in first] == [
            ("2026-03-06", "2026-03-03T14:30:00+00:00", (NOON + timedelta(days=3)).isoformat())
        ]
        await office.pushes(days=3)
        both = [d for d in await _digests(office) if (d.to, d.way, d.name) == ("maria", "slack", "morning")]
        assert both[1].since == both[0].until


async def test_a_restart_sends_no_digest_twice(tmp_path: Path) -> None:
    """What went is in the database, not in memory."""
    async with house(tmp_path, now=NOON) as office:
        await office.knock.look()
        await office.pushes(hours=21)
        count = len(await _digests(office))
    async with house(tmp_path, now=NOON + timedelta(hours=21)) as second:
        await second.knock.look()
        await second.calm()
        assert len(await _digests(second)) == count


def test_a_digest_keeps_its_readers_hour_over_a_clock_change() -> None:
    """08:30 in Chicago is 14:30 UTC on the Friday before the change and 13:30 UTC on the Monday after."""
    book = load((Path(__file__).parents[2] / "examples" / "harbor.yml").read_text())
    spec = book.digests["morning"]
    found = times(spec, "maria", book, datetime(2026, 3, 9, 20, 0, tzinfo=UTC))
    monday, friday = next(found)[1], next(found)[1]
    assert (monday.hour, friday.hour) == (13, 14)
    newest = latest(spec, "maria", "slack", book, datetime(2026, 3, 8, 20, 0, tzinfo=UTC))
    assert newest is not None
    assert newest.day.isoformat() == "2026-03-06", "nothing on a closed day"


def test_logs_carry_the_story_and_no_words_of_an_exception(capsys: pytest.CaptureFixture[str]) -> None:
    """SQL's errors quote the row that failed: where and as what is enough."""
    words = REFUND.upper()
    for form in ("text", "json"):
        set_up(form)
        try:
            with story("slack:T1:C1:17.1"):
                int(words)
        except ValueError:
            with story("slack:T1:C1:17.1"):
                logging.getLogger("bot.desk").exception("a take failed")
        line = capsys.readouterr().err
        assert "slack:T1:C1:17.1" in line
        assert "ValueError" in line
        assert words not in line
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)  # this test's stderr ends with it


async def _digests(office: House) -> list[Digest]:
    told = await office.store.read(lambda conn: outbox.of_item(conn, "main", ""))
    return [one.notice for one in told if isinstance(one.notice, Digest) and one.state == "sent"]
