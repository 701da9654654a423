"""Pictures of digests: drawn apart and once, left at the channel once, and no digest waits long or fails by them."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image as Drawing

from bot.demo import example
from bot.outages import Outages
from bot.pictures import TRIES, Illustrator, NotDrawn, Studio
from handlers.images import Image
from handlers.ports import Lasting, Outgoing, Passing, Sent, Unshown
from rules.charts import Picture, Series
from tests.bot.house import Channel, House, house

#: Friday, March 6 2026, 15:00 in Chicago: an hour before the weekly digest.
FRIDAY = datetime(2026, 3, 6, 21, tzinfo=UTC)
WEEKLY = ("days: [fri], via: [email]", "days: [fri], via: [slack]")
#: As many pictures as are asked for.
DRAWN = f"""{sys.executable} -ISc 'import json, sys; json.dump(["UA=="] * len(json.load(sys.stdin)), sys.stdout)'"""
NAMES = {"lines": "exceptions", "bars": "ages", "spans": "stages", "columns": "deadlines"}


def picture(chart: str = "bars", label: str = "under 1 day") -> Picture:
    values = Series(label="OVER_LIMIT $5$ \\frac", values=(1.0, 2.0, 3.0))
    told = {"ticks": (label, "2", "3"), "series": (values,) if chart == "bars" else (values, values)}
    return Picture(name=NAMES[chart], title="t", alt="a", chart=chart, said=("1", "2", "3"), **told)  # type: ignore[arg-type]  # names are words here


def script(folder: Path, body: str) -> tuple[str, ...]:
    """A drawing process that does as `body` says; each start leaves a mark in `folder`/starts."""
    path = folder / "draw.sh"
    path.write_text(f"echo x >>{folder}/starts\n{body}\n")
    return ("sh", str(path))


def png(*drawn: bytes) -> str:
    return f"cat >/dev/null; echo '{json.dumps([base64.b64encode(each).decode() for each in drawn])}'"


async def test_all_four_are_drawn_for_a_phone_and_stay_small() -> None:
    """The one test that draws for real."""
    wanted = [picture(chart) for chart in NAMES]
    images = await Studio().images(wanted)
    assert [each.name for each in images] == list(NAMES.values())
    for each in images:
        with Drawing.open(io.BytesIO(each.png)) as drawn:
            assert (drawn.format, drawn.width) == ("PNG", 864), "360 px wide at 2.4 times"
            assert len(drawn.convert("RGB").getcolors() or ()) > 4, "there is something on it"
    assert sum(len(each.png) for each in images) * 4 / 3 < 150_000


async def test_what_was_drawn_is_not_drawn_again(tmp_path: Path) -> None:
    studio = Studio(script(tmp_path, png(b"P")))
    first, again = await asyncio.gather(studio.images([picture()]), studio.images([picture()]))
    assert [each.png for each in (*first, *again)] == [b"P", b"P"]
    assert (tmp_path / "starts").read_text() == "x\n"
    (other,) = await studio.images([picture(label="something else")])
    assert other.digest != first[0].digest
    assert (tmp_path / "starts").read_text() == "x\nx\n"


async def test_the_process_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    await Studio(script(tmp_path, f"env >{tmp_path}/env; {png(b'P')}")).images([picture()])
    assert "xoxb-secret" not in (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("exit 3", "ended with 3"),
        ("cat >/dev/null; echo nonsense", "no picture"),
        (png(b"P", b"P"), "another number"),
        ("sleep 60", "longer than 0 s"),
    ],
)
async def test_what_goes_wrong_with_drawing_is_said_in_words(tmp_path: Path, body: str, why: str) -> None:
    with pytest.raises(NotDrawn, match=why):
        await Studio(script(tmp_path, f"exec {body}" if body.startswith("sleep") else body), seconds=0.4).images(
            [picture()]
        )
    with pytest.raises(NotDrawn, match="can't be started"):
        await Studio((str(tmp_path / "nothing"),)).images([picture()])


async def test_a_bot_that_stops_leaves_no_drawing_behind(tmp_path: Path) -> None:
    pid = tmp_path / "pid"

    def started() -> str:
        return pid.read_text().strip() if pid.exists() else ""

    studio = Studio(script(tmp_path, f"echo $$ >{pid}; exec sleep 60"))
    drawing = asyncio.create_task(studio.images([picture()]))
    while not started():
        await asyncio.sleep(0.005)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    with pytest.raises(ProcessLookupError):
        os.kill(int(started()), 0)


def test_the_bot_itself_never_loads_what_draws() -> None:
    assert "bot.drawing" not in sys.modules


@dataclass
class Shelf:
    """Where a channel takes images; `answers` are raised first."""

    taken: list[Image] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)

    async def upload(self, image: Image) -> str:
        if self.answers:
            raise self.answers.pop(0)
        self.taken.append(image)
        return f"F0{len(self.taken)}"


@dataclass
class Shy(Channel):
    """A way out that refuses messages with images so often."""

    refusals: list[Exception] = field(default_factory=list)

    async def send(self, outgoing: Outgoing) -> Sent:
        if outgoing.images and self.refusals:
            raise self.refusals.pop(0)
        return await Channel.send(self, outgoing)


@asynccontextmanager
async def illustrated(folder: Path, body: str = DRAWN) -> AsyncIterator[tuple[House, Shy, Shelf]]:
    """A house on a Friday with one request, whose weekly digest goes to Maria in Slack."""
    async with house(folder, text=example().replace(*WEEKLY), now=FRIDAY) as office:
        shelf, slack = Shelf(), Shy()
        office.slack = office.courier._senders["slack"] = slack
        outages = Outages(office.desk, office.clock)
        office.courier.illustrator = Illustrator(office.store, office.books, outages, Studio(script(folder, body)))
        office.courier.illustrator.uploads["slack"] = shelf
        await office.knock.look()
        await office.says("slack:U0RITA", "Please refund ORD-48213, I was charged $450 twice")
        await office.calm()
        yield office, slack, shelf


async def weekly(office: House) -> list[tuple[str, ...]]:
    """Let the hour of the digest come, and retries after it; the files of each weekly digest that was sent."""
    await office.pushes(hours=1)
    for _ in range(TRIES):
        await office.pushes(seconds=20)
    sent = [each for each in office.slack.sent if "Mar 6" in each.message.subject and each.address == "U0MARIA"]
    return [tuple(image.file for image in each.images) for each in sent]


async def test_a_second_try_leaves_nothing_at_slack_again(tmp_path: Path) -> None:
    async with illustrated(tmp_path) as (office, slack, shelf):
        slack.refusals = [Passing("Slack can't take it now."), Unshown("not yet", 2), Passing("busy", 2)]
        shelf.answers = [Passing("a rate limit", 3)]
        assert await weekly(office) == [("F01", "F02")]
        assert [each.name for each in shelf.taken] == ["exceptions", "ages"], (
            "each once, whatever became of the message"
        )
        assert (tmp_path / "starts").read_text() == "x\n", "and drawn once"
        assert await office.failures() == []


async def test_pictures_that_slack_never_shows_are_left_out_and_the_operator_hears_once(tmp_path: Path) -> None:
    async with illustrated(tmp_path) as (office, slack, shelf):
        slack.refusals = [Unshown("not yet", 2)] * (TRIES + 1)
        assert await weekly(office) == [()]
        assert (len(shelf.taken), len(slack.refusals)) == (2, 1)
        (failure,) = await office.failures()
        assert "Slack does not take or show them" in str(failure.fields)


async def test_without_the_scope_the_digest_goes_without_and_the_operator_hears_until_it_works(tmp_path: Path) -> None:
    async with illustrated(tmp_path) as (office, _, shelf):
        shelf.answers = [Lasting("The Slack app lacks a scope. Install it again from manifest.yml.")] * 2
        assert await weekly(office) == [()]
        (failure,) = await office.failures()
        assert "lacks a scope" in str(failure.fields)
        await office.pushes(days=7)
        assert len((await office.failures())[0].exceptions) == 1, "once"
        await office.pushes(days=7)
        assert [len(each.images) > 0 for each in office.slack.sent if each.message.pictures] == [False, False, True]
        assert await office.failures() == [], "it works again"


async def test_where_nothing_can_be_drawn_the_digest_says_the_numbers_in_words(tmp_path: Path) -> None:
    async with illustrated(tmp_path, "exit 1") as (office, _, shelf):
        assert await weekly(office) == [()]
        digest = next(each for each in office.slack.sent if each.message.pictures)
        assert [each.title for each in digest.message.pictures][-1] == "None of 1 open item is older than a week"
        assert shelf.taken == []
        (failure,) = await office.failures()
        assert "without pictures: their process ended with 1" in str(failure.fields)


async def test_a_page_has_the_pictures_of_the_last_five_minutes(tmp_path: Path) -> None:
    async with illustrated(tmp_path) as (office, *_):
        illustrator = office.courier.illustrator
        assert illustrator is not None
        assert await illustrator.image("ages", office.clock()) is not None
        office.clock.push(timedelta(minutes=6))
        first = await illustrator.shown(office.clock())
        await office.says("slack:U0RITA", "Please refund ORD-48214, I was charged $20 too much")
        assert await illustrator.shown(office.clock() + timedelta(minutes=3)) == first
        later = await illustrator.shown(office.clock() + timedelta(minutes=5))
        assert [each.title for each in later if each.name == "ages"] == ["None of 2 open items is older than a week"]
        assert await illustrator.image("deadlines", office.clock()) is None, "none was left yet"


async def test_the_morning_has_no_pictures(tmp_path: Path) -> None:
    async with illustrated(tmp_path) as (office, *_):
        await office.pushes(hours=17, minutes=31)
        await office.pushes(days=2)
        mornings = [each for each in office.slack.sent if each.message.bulk and "Monday" in each.message.subject]
        assert mornings
        assert not any(each.images or each.message.pictures for each in mornings)
