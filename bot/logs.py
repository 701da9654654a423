"""Logs: one line a happening, as text or JSON, with its story's id; never a secret, never a message's body."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType

#: Libraries whose chatter helps nobody who runs the bot. At DEBUG some of them write whole messages.
QUIET = (
    "aiohttp.access", "alembic", "apscheduler", "asyncio", "imapclient", "mail.log", "pymap", "slack_bolt", "slack_sdk",
)  # fmt: skip
LONGEST_STORY = 90
#: Who logs each step of each story: for whatever collects logs, and too much on a terminal.
STORIES = "bot.story"

#: The outside id of the happening that is being seen through here.
_story: ContextVar[str] = ContextVar("story", default="")
_Problem = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@contextmanager
def story(outside_id: str) -> Iterator[None]:
    """Every line that is logged inside, and in what is started inside, carries this id."""
    token = _story.set(outside_id[:LONGEST_STORY])
    try:
        yield
    finally:
        _story.reset(token)


def current_story() -> str:
    """The id of the story that is being told here; "" outside of one."""
    return _story.get()


def set_up(form: str, level: int = logging.INFO) -> None:
    """Send logs to stderr as `text` or `json`, in place of whatever was set up before."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(add_story)
    handler.setLevel(level)  # some libraries set a level of their own, below the root's
    handler.setFormatter(AsJson() if form == "json" else AsText())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(STORIES).setLevel(logging.INFO if form == "json" else logging.WARNING)


def add_story(record: logging.LogRecord) -> bool:
    """Give a line the id of the story that it belongs to; a filter that lets everything through."""
    record.story = _story.get()
    return True


class WithoutWords(logging.Formatter):
    """Says where something failed and as what, without the exception's own words: SQL's and pydantic's quote values."""

    def formatException(self, ei: _Problem) -> str:
        kind, _, where = ei
        frames = "".join(traceback.format_tb(where)).rstrip()
        return f"{frames}\n{kind.__name__ if kind else 'unknown'}"


class AsText(WithoutWords):
    """`10:42:03 WARNING the database is busy [slack:T1:C1:1700.1]`, by the machine's own clock."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        told = getattr(record, "story", "")
        return f"{line} [{told}]" if told else line


class AsJson(WithoutWords):
    """A line as one JSON object; `at` is RFC 3339 in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "story": getattr(record, "story", ""),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
