"""The week as it is read from the shelves: a worked day counted by hand, on both engines, without what is private."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.adopting import adopt
from bot.demo import example
from bot.weeks import WEEK, covered, sections_of, traces_of
from rules.book.load import load
from rules.messages import Message
from tests.bot.house import House, house
from tests.bot.test_bot_reports import DANA, LEE, RITA, postgres, url, works
from tests.street import plain

__all__ = ["postgres", "url"]


async def week(office: House) -> dict[str, list[str]]:
    """The lists of the last seven days, by heading, as words."""
    now = office.clock.now() + timedelta(seconds=1)
    sections = await office.store.read(lambda conn: sections_of(conn, office.books, WEEK, now))
    rows = {
        section.heading: [plain(Message(subject="", headline=row.line)) for row in section.rows] for section in sections
    }
    return {heading: found for heading, found in rows.items() if found}


async def test_a_worked_day_against_the_week_before(tmp_path: Path, url: str | None) -> None:
    async with house(tmp_path, url=url) as office:
        await works(office)
        found = await week(office)
        flow, kept, back, codes, *_ = found["The week against the one before"]
        assert flow == "Opened 4 (0 before), closed 0 (0), opened again 0 (0)"
        assert kept == "Deadlines kept: 100% of 2 stages"
        assert back == "Sent back once (0): REF-4"
        assert codes == "Exceptions raised: OVER_LIMIT in refund 3 (0)"
        (often,) = found["Repeats"]
        assert often.startswith("OVER_LIMIT  in refund 3 times (0 before), 5 within 30 days")
        assert often.endswith("dana mends the cause: REF-1, REF-2, REF-3")
        await office.pushes(days=8)
        later = await week(office)
        assert later["The week against the one before"][0].startswith("Opened 0 (4 before)")


async def test_before_and_after_a_rulebook_of_the_week(tmp_path: Path, url: str | None) -> None:
    async with house(tmp_path, url=url) as office:
        await works(office)
        assert "Rulebook" not in await week(office), "the first one changed nothing"
        await office.pushes(days=1)
        text = example().replace("when: amount > 300", "when: amount > 500")
        await adopt(office.store, office.books, load(text), text, office.clock)
        office.clock.push(timedelta(hours=2))
        await office.says(RITA, "Please refund ORD-30001, I was charged $450 twice")
        (row,) = (await week(office))["Rulebook"]
        assert row.startswith(f"refund  rulebook {office.books.current.version[:4]} since ")
        assert "opened 0 and 1, exceptions 0 and 0" in row


async def test_signals_are_found_in_what_is_read_and_private_work_is_in_none(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        await works(office)
        await office.types("slack:U0MARIA", "assign", "CON-1", person="lee")
        for person in ("finn", "dana") * 3:
            await office.types(LEE, "assign", "REF-4", person=person)
        await office.types(DANA, "ack", "REF-4")
        now = office.clock.now() + timedelta(seconds=1)
        traces = await office.store.read(lambda conn: traces_of(conn, office.books, now))
        assert {each.item for each in traces.passed} == {"REF-4"}
        assert {each.item for each in traces.raised} == {"REF-1", "REF-2", "REF-3", "REF-4"}
        assert {(each.item, each.verdict) for each in traces.answered} == {("REF-1", "approved"), ("REF-2", "approved")}
        (signal,) = (await week(office))["Signals"]
        assert signal.startswith("refund  1 item went back and forth between Dana Ruiz and Finn Okafor, 4 times in all")
        assert signal.endswith(": REF-4")


def test_a_digest_of_fewer_than_seven_days_tells_no_week() -> None:
    book = load(example())
    assert covered(book.digests["friday"]) == WEEK
    assert covered(book.digests["morning"]) is None
    assert covered(None) is None
