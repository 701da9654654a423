"""Calendars and digests: when people work, and when the bot reports to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Literal

from rules.book.calendars import BusinessCalendar
from rules.book.loading import places
from rules.book.loading.known import listed
from rules.book.loading.shape import Loading, Part
from rules.book.loading.source import Node
from rules.book.rulebook import Calendar, Digest, Person, Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)", re.ASCII)
_WAYS: tuple[Literal["slack", "email"], ...] = ("slack", "email")


def read_calendars(top: Part, timezone: str) -> dict[str, Calendar]:
    """The calendars by name; without any, `office`: Monday to Friday, 09:00-17:00, in the organization's zone."""
    if "calendars" not in top:
        spans = (Span(time(9), time(17)),)
        return {"office": Calendar(name="office", hours=dict.fromkeys(range(5), spans), timezone=timezone)}
    return {name.text: _calendar(name.text, part, timezone) for name, part in top.named("calendars", "calendar")}


def read_digests(top: Part, people: Mapping[str, Person]) -> dict[str, Digest]:
    """The digests by name. Without `days` every day, without `via` Slack and mail as each reader can be reached."""
    return {name.text: _digest(name.text, part, people) for name, part in top.named("digests", "digest")}


def _calendar(name: str, part: Part, timezone: str) -> Calendar:
    part.allow("days", "hours", "timezone", "holidays", "closed")
    closed = frozenset(part.day(node, "closed day") for node in part.nodes("closed"))
    calendar = Calendar(
        name=name,
        hours=_hours(part),
        timezone=places.timezone(part, "timezone", timezone),
        holidays=places.holiday_code(part, "holidays"),
        closed=closed,
    )
    if calendar.hours and places.is_zone(calendar.timezone):
        _opens(part, calendar)
    return calendar


def _opens(part: Part, calendar: Calendar) -> None:
    """A deadline in a calendar that stays closed would never come: look from any day, and from each closed day."""
    try:
        for day in (date(2026, 1, 1), *sorted(calendar.closed)):
            BusinessCalendar(calendar).next_opening(datetime.combine(day, time(), tzinfo=UTC))
    except ValueError as problem:
        part.hole(str(problem).rstrip("."), "Give it days and hours.")


def _hours(part: Part) -> dict[int, tuple[Span, ...]]:
    node = part.value("hours")
    if node is None:
        part.missing("hours", 'Write them like "09:00-17:00".')
        return {}
    if node.kind != "mapping":
        if "days" not in part:
            part.missing("days", "Write `all`, or a list like [mon, tue].")
        spans = _spans(part, node)
        return dict.fromkeys(sorted(_days(part, "days")), spans) if spans else {}
    hours = {}
    for key, value in node.pairs or ():
        weekday = _weekday(part.loading, key)
        if weekday is not None:
            hours[weekday] = _spans(part, value)
    if "days" in part:
        part.hole("the days stand in `hours` already", "Leave `days` out.", "days")
    return {day: spans for day, spans in hours.items() if spans}


def _spans(part: Part, node: Node) -> tuple[Span, ...]:
    found: list[tuple[str, str]] = []
    for span in node.items if node.items is not None else [node]:
        match = _SPAN.fullmatch(span.text.strip()) if span.kind == "scalar" else None
        if match is None or not places.clock(match[1]) or not (places.clock(match[2]) or match[2] == "24:00"):
            part.loading.at(span, f"`{span.text}` are no opening hours", 'Write them like "09:00-17:00".')
        elif match[1] >= match[2]:
            meant = 'Past midnight is two spans: ["22:00-24:00", "00:00-06:00"].'
            part.loading.at(span, f"`{span.text}` ends before it begins", meant)
        elif any(match[1] < end and begin < match[2] for begin, end in found):
            part.loading.at(span, f"`{span.text}` overlaps another span of that day")
        else:
            found.append((match[1], match[2]))
    if node.items == []:
        part.loading.at(node, f"{part.name} has no hours")
    return tuple(Span(_time(begin), _time(end)) for begin, end in sorted(found))


def _time(text: str) -> time:
    return time(*(places.clock(text) or (0, 0)))


def _days(part: Part, key: str) -> set[int]:
    node = part.value(key)
    if node is not None and node.kind == "scalar" and node.text == "all":
        return set(range(7))
    days = {_weekday(part.loading, day) for day in part.nodes(key)}
    if node is not None and node.items == []:
        part.hole(f"`{key}` of {part.name} names no day", "Write `all`, or a list like [mon, tue].", key)
    return {day for day in days if day is not None}


def _weekday(loading: Loading, node: Node) -> int | None:
    word = node.text.casefold()
    for names in (DAYS, _LONG_DAYS):
        if word in names:
            return names.index(word)
    loading.at(node, f"`{node.text}` is not a day of the week", f"Write {', '.join(DAYS)}.")
    return None


def _digest(name: str, part: Part, people: Mapping[str, Person]) -> Digest:
    part.allow("to", "at", "days", "calendar", "via", "covers")
    if not part.nodes("to"):
        part.missing("to", listed(part.loading.known.people, "people"))
    to = part.people("to", "reader")
    at = places.clock(part.text("at", needed=True, meant='Write a time, like "08:30".'))
    if at is None and "at" in part:
        part.hole(f"`{part.text('at')}` is not a time of day", 'Write it like "08:30".', "at")
    via = tuple(part.loading.choice(node, _WAYS, "email", "a way of a digest") for node in part.nodes("via")) or _WAYS
    if "email" not in via:
        for key in to:
            if key in people and not people[key].slack:
                part.hole(f"`{key}` has no Slack to get the digest `{name}`", "Add email to `via`.", "via")
    return Digest(
        name=name,
        to=to,
        at=time(*at) if at else time(),
        via=tuple(dict.fromkeys(via)),
        days=frozenset(_days(part, "days")) if "days" in part else frozenset(range(7)),
        calendar=part.calendar(),
        covers=part.duration("covers"),
    )
