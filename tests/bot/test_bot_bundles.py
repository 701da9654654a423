"""What comes due for one person at one moment is one message, for whoever has it and for whoever hears of it above."""

from __future__ import annotations

from pathlib import Path

from tests.bot.house import house

DANA, LEE = "U0DANA", "U0LEE"


async def test_two_promises_broken_at_once_are_one_message_for_each_reader(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        for n in (1, 2):
            await office.says("slack:U0RITA", f"Please refund ORD-1000{n}, it was $4{n}")
        await office.calm()
        before = {who: len(office.slack.said(who)) for who in (DANA, LEE)}
        await office.pushes(hours=4, minutes=1)
        for who in (DANA, LEE):
            told = office.slack.said(who)[before[who] :]
            late = [words for words in told if "overdue: triage was due" in words]
            assert len(late) == 1, told
            assert "REF-1" in late[0]
            assert "REF-2" in late[0]
            assert "dana has it" in late[0]


async def test_one_alone_is_told_whole(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", "Please refund ORD-10001, it was $41")
        await office.calm()
        await office.pushes(hours=4, minutes=1)
        (late,) = [words for words in office.slack.said(LEE) if "is overdue" in words]
        assert "Every refund request gets an answer" in late
