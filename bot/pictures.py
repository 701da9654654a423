"""Pictures of digests: read once for an occasion, drawn in a process of their own, left at the channel only once.

A digest never waits long for them and never fails by them: what can't be drawn or shown is left out, and the operator
hears of it once.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import os
import sys
from array import array
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import bot
from bot.books import Books
from bot.figures import scope_of
from bot.outages import Outages
from handlers.images import Image, Uploads
from handlers.ports import Busy, Lasting, Outgoing, Passing
from rules.charts import Picture, as_json
from rules.figures import Kept, Scope, kept_by_week, open_over_time
from rules.pictures import (
    age_of_open,
    deadlines_kept,
    deadlines_since,
    exceptions_over_time,
    time_in_stage,
    trend_since,
)
from storage import figures, outbox
from storage.outbox import Claimed
from storage.store import Store, Unavailable

log = logging.getLogger(__name__)

#: Drawing four takes two seconds; a machine that is short of everything gets so long.
DRAW_SECONDS = 30.0
#: Pictures are about 15 kB each; readers of one digest see the same ones.
KEPT = 64
#: Readers in several zones have their digest at several moments of a day.
MOMENTS = 8
#: So often a channel may refuse to show or take the pictures of one message; then it goes without.
TRIES = 4
#: What drawing may see of our environment: no secret.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "MPLCONFIGDIR", "TMPDIR", "XDG_CACHE_HOME")
#: A page shows pictures that are at most so old: they are of weeks.
PAGE = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DRAWING, _SHOWING = "pictures", "pictures:shown"


def pictures(conn: Any, books: Books, until: datetime) -> tuple[Picture, ...]:
    """The four of everybody's work up to then (UTC), in their order; what has no series is not there."""
    ws, zone, scope = books.workspace, books.current.timezone, scope_of(conn, books)
    since, weeks = trend_since(until), deadlines_since(until, zone)
    ordeals = figures.ordeals(conn, ws, since, until, scope)
    kept, took = _stays(conn, ws, (weeks, since, until), scope, zone)
    made = (
        exceptions_over_time(open_over_time(ordeals, since, until, zone)),
        age_of_open(figures.ages(conn, ws, until, scope)),
        time_in_stage(took),
        deadlines_kept(kept),
    )
    return tuple(each for each in made if each is not None)


def _stays(
    conn: Any, ws: str, times: tuple[datetime, datetime, datetime], scope: Scope, zone: str
) -> tuple[list[Kept], dict[tuple[str, str], array[float]]]:
    """What became of deadlines from the first of three times, how long stages took from the second, up to the third.

    Read week by week and only as numbers: all stays of a busy house at once are more than the bot may hold.
    """
    first, since, until = times
    kept: list[Kept] = []
    took: dict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))
    while first < until:
        end = min(first + timedelta(weeks=1), until)
        left = figures.dwells(conn, ws, first, end, scope)
        kept += kept_by_week(left, zone)
        for stay in left:
            if stay.left_at >= since:
                took[stay.workflow, stay.stage].append(stay.seconds)
        first = end
    return kept, took


class NotDrawn(Exception):
    """Why not, in words without content."""


class Studio:
    """Draws one lot at a time and remembers what it drew."""

    def __init__(
        self, command: Sequence[str] = (sys.executable, "-m", "bot.drawing"), seconds: float = DRAW_SECONDS
    ) -> None:
        self._command, self._seconds = command, seconds
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._alone = asyncio.Lock()

    async def images(self, wanted: Sequence[Picture]) -> tuple[Image, ...]:
        """All of them as PNG. Raises NotDrawn."""
        described = {_digest(each): as_json(each) for each in wanted}
        async with self._alone:
            if new := [digest for digest in described if digest not in self._drawn]:
                drawn = await self._draw([described[digest] for digest in new])
                self._drawn |= zip(new, drawn, strict=True)
            images = []
            for each in wanted:
                digest = _digest(each)
                self._drawn.move_to_end(digest)
                images.append(
                    Image(name=each.name, title=each.title, alt=each.alt, png=self._drawn[digest], digest=digest)
                )
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return tuple(images)

    async def _draw(self, described: Sequence[Mapping[str, Any]]) -> list[bytes]:
        pipe, nowhere = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        # one thread: a library of linear algebra would reserve memory for as many as there are cores
        environment |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
        try:
            drawing = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, stderr=nowhere, env=environment,
                cwd=Path(bot.__file__).parents[1],
            )  # fmt: skip
        except OSError as problem:
            raise NotDrawn(f"their process can't be started: {type(problem).__name__}") from None
        try:
            async with asyncio.timeout(self._seconds):
                answer, _ = await drawing.communicate(json.dumps(described).encode())
        except TimeoutError:
            raise NotDrawn(f"they take longer than {self._seconds:.0f} s") from None
        finally:
            if drawing.returncode is None:  # also when the bot stops
                with suppress(ProcessLookupError):
                    drawing.kill()
                await drawing.wait()
        if drawing.returncode:
            raise NotDrawn(f"their process ended with {drawing.returncode}")
        try:
            drawn = [base64.b64decode(each, validate=True) for each in json.loads(answer)]
        except ValueError:
            raise NotDrawn("what their process says is no picture") from None
        if len(drawn) != len(described):
            raise NotDrawn("their process drew another number of them")
        return drawn


class Illustrator:
    """Puts pictures upon a message; `uploads` are the channels that want them before it."""

    def __init__(self, store: Store, books: Books, outages: Outages, studio: Studio) -> None:
        self._store, self._books, self._outages, self._studio = store, books, outages, studio
        self.uploads: dict[str, Uploads] = {}
        self._read: OrderedDict[tuple[datetime, str], tuple[Picture, ...]] = OrderedDict()
        self._refused: Counter[str] = Counter()  # by outbox id
        self._told: set[str] = set()
        # Until the first success, an earlier process may have told the operator that these fail.
        self._doubted = {_DRAWING, _SHOWING}

    async def onto(self, outgoing: Outgoing, until: datetime, claim: Claimed) -> Outgoing:
        """The message with the pictures up to then (UTC), as far as they can be had, in words and drawn.

        Raises Passing where it is better sent a little later.
        """
        try:
            wanted = await self._pictures(until)
            outgoing = replace(outgoing, message=replace(outgoing.message, pictures=wanted))
            images = await self._studio.images(wanted)
        except Exception as problem:
            known = isinstance(problem, NotDrawn | Unavailable)
            log.warning("pictures were not drawn: %s", problem if known else type(problem).__name__)
            said = str(problem) if isinstance(problem, NotDrawn) else type(problem).__name__
            await self._fails(_DRAWING, f"Digests go out without pictures: {said}.")
            return outgoing
        await self._works(_DRAWING)
        uploads = self.uploads.get(claim.lane.partition(":")[0])
        if uploads is not None and images:
            images = await self._left_at(uploads, images, claim)
        return replace(outgoing, images=images)

    async def _pictures(self, until: datetime) -> tuple[Picture, ...]:
        """Read once for all readers of a digest, and for its second try."""
        key = (until, self._books.current.version)
        if key not in self._read:
            self._read[key] = await self._store.read(lambda conn: pictures(conn, self._books, until))
            while len(self._read) > MOMENTS:
                self._read.popitem(last=False)
        return self._read[key]

    async def shown(self, now: datetime) -> tuple[Picture, ...]:
        """The pictures as they stand, for a page: up to a moment of the last minutes (UTC). Raises Unavailable."""
        return await self._pictures(now - (now - _EPOCH) % PAGE)

    async def image(self, name: str, now: datetime) -> Image | None:
        """One of `shown`, drawn; None where there is nothing to draw. Raises NotDrawn, Unavailable."""
        found = [each for each in await self.shown(now) if each.name == name]
        return (await self._studio.images(found))[0] if found else None

    def refused(self, claim: Claimed) -> None:
        """The channel did not take the message because of its images."""
        self._refused[claim.id] += 1

    def arrived(self, claim: Claimed) -> None:
        """It is sent, one way or another."""
        self._refused.pop(claim.id, None)

    async def _left_at(self, uploads: Uploads, images: Sequence[Image], claim: Claimed) -> tuple[Image, ...]:
        """The images with their files. What was left there in an earlier try is not left there again."""
        if self._refused[claim.id] >= TRIES:
            await self._fails(_SHOWING, "Digests go out without pictures: Slack does not take or show them.")
            return ()
        try:
            files = await self._store.read(lambda conn: outbox.files(conn, claim.id))
            for image in images:
                if image.digest not in files:
                    files = {**files, image.digest: await uploads.upload(image)}
                    await self._store.write(partial(outbox.left, id=claim.id, files=files))
        except Passing as problem:
            self._refused[claim.id] += 1
            if problem.retry_after_seconds is not None:  # a rate limit: it is worth a wait
                raise
            log.warning("pictures were not uploaded: %s", problem)
            return ()
        except Lasting as problem:
            log.warning("pictures were not uploaded: %s", problem)
            await self._fails(_SHOWING, f"Digests go out without pictures: {problem}")
            return ()
        except Unavailable:
            return ()
        await self._works(_SHOWING)
        return tuple(replace(image, file=files[image.digest]) for image in images)

    async def _fails(self, cause: str, sentence: str) -> None:
        if cause in self._told:
            return
        with suppress(Busy):
            await self._outages.failed(cause, sentence)
            self._told.add(cause)

    async def _works(self, cause: str) -> None:
        if cause in self._told | self._doubted:
            with suppress(Busy):
                await self._outages.recovered(cause)
                self._told.discard(cause)
                self._doubted.discard(cause)


def _digest(each: Picture) -> str:
    return hashlib.sha256(json.dumps([each.name, as_json(each)]).encode()).hexdigest()[:16]
