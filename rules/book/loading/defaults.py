"""What holds where a workflow says nothing else: `defaults`."""

from __future__ import annotations

import re
from fractions import Fraction

from rules.book.durations import Duration
from rules.book.loading.known import listed
from rules.book.loading.shape import Part
from rules.book.loading.source import Node
from rules.book.rulebook import Defaults, Reminders

_LADDER = ("backup", "manager")
_SHARE = re.compile(r"(\d{1,3}) ?%", re.ASCII)
_HALF = Fraction(1, 2)
_EVERY = Duration(2, "business hour")


def read_defaults(top: Part) -> Defaults:
    """The defaults, and the defaults of the defaults.

    `calendar`: the only one there is, or `office`. `reminders`: first at 50%, then every 2 business hours, quiet
    outside the default calendar. `escalate_to`: backup, then manager. `snooze_at_most`: 2 business days.
    """
    part = top.part("defaults") or Part(top.loading, Node("mapping", 1, 1, pairs=[]), "`defaults`")
    part.allow("calendar", "reminders", "escalate_to", "snooze_at_most")
    calendar = part.calendar() or _only_calendar(part, top)
    ladder = tuple(
        top.loading.choice(node, _LADDER, "backup", "a step of `escalate_to`") for node in part.nodes("escalate_to")
    )
    return Defaults(
        calendar=calendar,
        reminders=_reminders(part, calendar),
        escalate_to=tuple(dict.fromkeys(ladder)) if "escalate_to" in part else _LADDER,
        snooze_at_most=part.duration("snooze_at_most") or Duration(2, "business day"),
    )


def _only_calendar(part: Part, top: Part) -> str:
    calendars = top.loading.known.calendars or ("office",)
    if len(calendars) == 1:
        return calendars[0]
    if "office" in calendars:
        return "office"
    if "calendar" not in part:
        (part if "defaults" in top else top).hole("no default calendar is named", listed(calendars, "calendars"))
    return calendars[0]


def _reminders(defaults: Part, calendar: str) -> Reminders:
    part = defaults.part("reminders")
    if part is None:
        return Reminders(first=_HALF, every=_EVERY, quiet=calendar)
    part.allow("first", "every", "quiet")
    quiet = part.calendar("quiet") or calendar
    return Reminders(first=_share(part), every=part.duration("every") or _EVERY, quiet=quiet)


def _share(part: Part) -> Fraction:
    text = part.text("first")
    if not text:
        return _HALF
    match = _SHARE.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= 100:
        part.hole(f"`{text}` is not a share of the time allowed", "Write it like 50%.", "first")
        return _HALF
    return Fraction(int(match[1]), 100)
