"""Dates with their month by name, in seven languages: `Dec 1`, `1. Dezember 2026`, `Friday, 4 décembre`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from rules.fields.calendar_words import alternation, months, weekdays
from rules.fields.dates_in_figures import dated
from rules.fields.found import Mention
from rules.fields.second_opinion import OPINIONS_AT_MOST, agrees

_MONTH = alternation(months())
_WEEKDAY = alternation(weekdays())
_YEAR = r"(?P<year>(?:19|20|21)\d{2})(?![\w%]|[.,:-]\d|\s?[$€£]|\s(?:usd|eur|gbp|euros?|dollars?)\b)"
_YEAR += r"|['’](?P<short>\d{2})(?!\w)"

_DAY_MONTH = re.compile(
    r"(?<![\w#/])(?<!\w[.,:/])(?P<day>\d{1,2})(?P<ordinal>st|nd|rd|th|er|re|e|\.?[ºª°]|\.)?[\s\-/]{0,2}"
    rf"(?P<of>of\s|de\s|d['’]|di\s)?(?P<month>{_MONTH})(?![^\W\d_])\.?"
    rf"(?:,?[\s\-/]{{1,2}}(?:de\s|del\s|of\s|in\s|van\s)?(?:{_YEAR}))?",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"(?<![\w-])(?P<month>{_MONTH})\.?(?:\s{{1,2}}|,\s(?=\d{{1,2}}(?:st|nd|rd|th)))(?:the\s)?"
    r"(?P<day>\d{1,2})(?P<ordinal>st|nd|rd|th)?(?P<of>)"
    rf"(?![\w%]|[.,:/]\d)(?:,?\s{{1,2}}(?:of\s|in\s|de\s)?(?:{_YEAR}))?",
    re.IGNORECASE,
)
_RANGE_BEFORE = re.compile(
    r"\d(?:st|nd|rd|th|er|\.)?\s?(?:[-–—&+]|to|and|or|bis|und|oder|et|au|ou|y|e|al|o|t/m|en|a)\s?$"
)
_RANGE_BEHIND = re.compile(
    r"\s?(?:[-–—&+/]|to\b|and\b|or\b)\s?(?:the\s)?\d{1,2}(?:st|nd|rd|th)?(?=\s*(?:$|[.,;!?)\n]|of\b))"
)
# A year or a clock time with a year stands behind, in a form that is not ours: then "the next such day" is wrong.
_YEAR_BEHIND = re.compile(
    r"\W{0,3}(?:[^\W\d_]{1,3}\s)?(?:\d{1,2}:\d{2}(?::\d{2})?\W{1,3})?(?:19|20|21)\d{2}(?!\d)|\s?['’]\d{2}(?!\d)"
)
# "2 weeks from Jan 15", "the week of Apr 10", "between Jan 22 and now": the day is only where the counting starts.
_COUNTED_FROM = re.compile(
    r"(?:\b(?:days?|weeks?|months?|years?|tage?n?|wochen?|monaten?|jours?|semaines?|mois|d[ií]as?|semanas?|mes(?:es)?|"
    r"giorn[oi]|settiman[ae]|mesi|dag(?:en)?|wek?en|maand(?:en)?|w/c)\s(?:[^\W\d_]{1,11}\s){0,4}"
    r"|\b(?:between|zwischen|entre|tussen)\s(?:the\s|le\s|el\s)?|w/c\s(?:le\s)?)$",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"(?<![\w-])(?:{_MONTH})\.?\s(?:de\s)?(?:20\d{{2}})(?!\w)", re.IGNORECASE)

_WEEKDAY_BEFORE = re.compile(rf"(?<!\w)(?P<name>{_WEEKDAY})\.?,?\s{{1,2}}(?:the\s|den\s|le\s|el\s|il\s|dem\s)?$", re.I)


def mentions(text: str, today: date, *, asked: bool) -> list[Mention]:
    """Every date of plain text with its month by name; `asked`: the text answers a question for a date.

    Without a year a day is the next such one, today included. Unclear are: no such day, ranges (Dec 1-5), a year in a
    form that is not ours, and a day or month that dateparser reads otherwise. A month without a day is faintly so.
    """
    found = list(_with_month(text, today, asked))
    return found + [Mention(match.start(), match.end(), None, faint=True) for match in _MONTH_YEAR.finditer(text)]


def with_surroundings(text: str, mention: Mention) -> Mention:
    """The mention as the words in front of it leave it: unclear when something is counted from that day."""
    if _COUNTED_FROM.search(text[max(0, mention.start - 48) : mention.start]):
        return Mention(mention.start, mention.end, None)
    return _with_weekday(text, mention)


def _with_weekday(text: str, mention: Mention) -> Mention:
    """The mention with the weekday in front of it; unclear when the two contradict."""
    floor = max(0, mention.start - 24)
    before = _WEEKDAY_BEFORE.search(text[floor : mention.start])
    if before is None:
        return mention
    weekday, _ = weekdays()[before.group("name").casefold()]
    agreed = mention.value is not None and date.fromisoformat(mention.value).weekday() == weekday
    return Mention(floor + before.start(), mention.end, mention.value if agreed else None)


def _with_month(text: str, today: date, asked: bool) -> Iterator[Mention]:
    left = OPINIONS_AT_MOST
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        for match in pattern.finditer(text):
            day = int(match.group("day"))
            if not 1 <= day <= 31 or _is_another_word(match, asked):
                continue
            left -= 1
            value = _day_of_month(match, text, day, today) if left >= 0 else None
            yield Mention(match.start(), match.end(), value.isoformat() if value else None)


def _is_another_word(match: re.Match[str], asked: bool) -> bool:
    """`may 5 people come`, `the 5 may be`, `mar 3`: written small these months are words first."""
    month = match.group("month")
    said_more = match.group("year") or match.group("ordinal") not in (None, ".") or match.group("of")
    return month in ("may", "mar") and not asked and not said_more


def _day_of_month(match: re.Match[str], text: str, day: int, today: date) -> date | None:
    month, language = months()[match.group("month").casefold()]
    short, year = match.group("short"), match.group("year")
    full_year = int(year) if year else 2000 + int(short) if short else None
    before, behind = text[max(0, match.start() - 8) : match.start()], text[match.end() : match.end() + 12]
    leads_on = match.re is _DAY_MONTH and _RANGE_BEFORE.search(before)
    if leads_on or (full_year is None and _RANGE_BEHIND.match(behind)):
        return None
    if before.endswith("-") and before[-2:-1].isalnum():
        return None
    if full_year is None and _YEAR_BEHIND.match(text, match.end()):
        return None
    found = dated(full_year, month, day, today)
    if found is None:
        return None
    # With its year, because which year is meant is our rule alone.
    return found if agrees(f"{day} {match.group('month')} {found.year}", language, today, found) else None
