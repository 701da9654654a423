"""What the dateparser package makes of a short snippet: a second opinion on dates in words, never the first."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from threading import Lock

import dateparser

SNIPPET_AT_MOST = 40  # characters
# In one text; a text with more dates than this is no request, and each opinion takes a millisecond.
OPINIONS_AT_MOST = 30

# dateparser does not say that its shared tables may be read by several threads at once, and takes run in several.
_ONE_AT_A_TIME = Lock()


@lru_cache(maxsize=2048)
def agrees(snippet: str, language: str, today: date, ours: date) -> bool:
    """Whether dateparser reads the snippet as the same day; it sees nothing longer than 40 characters.

    Its "now" is given (noon of the local day), so the answer depends on the arguments alone.
    """
    if len(snippet) > SNIPPET_AT_MOST:
        return False
    settings = {
        "RELATIVE_BASE": datetime.combine(today, time(12)),
        "PREFER_DATES_FROM": "future",
        "TIMEZONE": "UTC",
        "RETURN_AS_TIMEZONE_AWARE": False,
        "PARSERS": ["relative-time", "absolute-time"],
    }
    with _ONE_AT_A_TIME:
        read = dateparser.parse(snippet, languages=[language], settings=settings)
    return read is not None and read.date() == ours
