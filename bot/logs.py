"""Logs: one line a happening, as text or JSON; never a secret, never a message's body."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

#: Libraries whose chatter helps nobody who runs the bot.
QUIET = (
    "apscheduler",
    "slack_bolt",
    "slack_sdk",
    "aiohttp.access",
    "imapclient",
    "mail.log",
    "pymap",
    "asyncio",
    "alembic",
)


class AsJson(logging.Formatter):
    """A line as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up(form: Literal["text", "json"], level: int = logging.INFO) -> None:
    """Send logs to stderr in that form."""
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        handler.setFormatter(AsJson())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
