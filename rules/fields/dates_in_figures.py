"""Dates in figures: ISO, 01.12.2026, 12/01/2026, 2026年12月1日; what could be two days is unclear."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from rules.fields.found import Mention

_TIME_BEHIND = r"(?:[T ]\d{2}:\d{2}[\d:.]{0,10}(?:Z|[+-]\d{2}:?\d{2})?)?"
_NOT_IN_A_NAME = r"(?<![\w#@/\\&=-])(?<!\w[.,:])"
_THREE = re.compile(_NOT_IN_A_NAME + r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})" + _TIME_BEHIND + r"(?![\w/\\@-]|[.,:]\d)")
_TWO = re.compile(_NOT_IN_A_NAME + r"(\d{1,2})([/.])(\d{1,2})(?!\d)(\.?)(?![\w/\\@%-]|[.,:]\d)")
_CJK = re.compile(r"(?<!\d)(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日")
# Two figures alone are a fraction or a score more often than a day: in an opening message they need such a word.
_DAY_WORD = re.compile(
    r"\b(?:on|by|until|till|to|before|after|from|since|due|of|am|bis|vom|zum|den|ab|seit|le|au|du|avant|depuis|el|al|"
    r"desde|hasta|del|il|dal|entro|op|tot|vanaf|voor|em|até|dia|no)\s$",
    re.IGNORECASE,
)
_YEARS = range(1900, 2200)


def mentions(text: str, today: date, region: str | None, *, asked: bool) -> list[Mention]:
    """Every date in figures. Year first is ISO's order and dots are day first, everywhere.

    Between slashes or hyphens the part above 12 is the day; else the region's own order decides, and without a
    region (or in one that writes the year first) the date is unclear. Two-digit years are this century's. Without a
    year it is the next such day, today included.
    """
    found: list[Mention] = []
    for match in _THREE.finditer(text):
        found += _three(match, today, region)
    for match in _TWO.finditer(text):
        found += _two(match, text, today, region, asked)
    for match in _CJK.finditer(text):
        year, month, day = match.groups()
        found.append(_mention(match, dated(int(year) if year else None, int(month), int(day), today)))
    return found


def dated(year: int | None, month: int, day: int, today: date) -> date | None:
    """That day; without a year the next one from today on. None where there is no such day."""
    years = (year,) if year is not None else range(today.year, today.year + 9)
    for candidate in years:
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None or found >= today:
            return found
    return None


@lru_cache(maxsize=64)
def day_first(region: str | None) -> bool | None:
    """The region's order of day and month in short dates (CLDR), or None where it does not say."""
    try:
        pattern = str(Locale.parse(f"und_{region}").date_formats["short"].pattern) if region else ""
    except (UnknownLocaleError, ValueError, KeyError):
        return None
    order = re.sub(r"[^dMy]", "", pattern)[:1]
    return {"d": True, "M": False}.get(order)


def _three(match: re.Match[str], today: date, region: str | None) -> list[Mention]:
    first, mark, second, third = match.group(1), match.group(2), match.group(3), match.group(4)
    if len(first) == 4:
        if len(third) > 2 or int(first) not in _YEARS:
            return []
        return [_mention(match, dated(int(first), int(second), int(third), today))]
    if len(first) > 2 or len(third) not in (2, 4) or (len(third) == 4 and int(third) not in _YEARS):
        return []
    year = int(third) if len(third) == 4 else 2000 + int(third)
    a, b = int(first), int(second)
    if max(a, b) > 31 or min(a, b) > 12 or not a or not b:
        return []  # a version, an address, a section number
    if len(third) == 2 and not _short_year_is_last(a, mark, first, second, third, today, region):
        return [_mention(match, None)]
    if mark == ".":
        return [_mention(match, dated(year, b, a, today))]
    return [_mention(match, _slashed(a, b, year, today, region))]


def _short_year_is_last(
    a: int, mark: str, first: str, second: str, third: str, today: date, region: str | None
) -> bool:
    """26/12/01 starts with its year in some places, 1.2.26 is a version in others."""
    if mark == ".":
        return len(first) == len(second) == 2
    year_could_lead = abs(2000 + a - today.year) <= 2 and int(third) <= 31
    return mark == "/" and (day_first(region) is not None or not year_could_lead)


def _slashed(a: int, b: int, year: int | None, today: date, region: str | None) -> date | None:
    if a > 12 or b > 12 or a == b:
        day, month = (b, a) if b > 12 else (a, b)
        return dated(year, month, day, today)
    order = day_first(region)
    if order is None:
        return None
    return dated(year, b, a, today) if order else dated(year, a, b, today)


def _two(match: re.Match[str], text: str, today: date, region: str | None, asked: bool) -> list[Mention]:
    a, mark, b, dot = int(match.group(1)), match.group(2), int(match.group(3)), match.group(4)
    announced = _DAY_WORD.search(text[max(0, match.start() - 12) : match.start()])
    if not (asked or announced) or not 1 <= min(a, b) <= 12 or max(a, b) > 31:
        return []
    if mark == ".":
        if b > 12:
            return []
        if not dot:  # 1.12 is a day, a price and a version
            return [_mention(match, None)] if asked else []
        return [_mention(match, dated(None, b, a, today))]
    return [_mention(match, _slashed(a, b, None, today, region))]


def _mention(match: re.Match[str], day: date | None) -> Mention:
    return Mention(match.start(), match.end(), day.isoformat() if day else None)
