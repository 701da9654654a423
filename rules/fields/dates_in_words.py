"""Dates in words, in seven languages: `Dec 1`, `1. Dezember 2026`, `tomorrow`, `by Friday`, `in 3 days`."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta

from rules.fields.calendar_words import (
    DAYS_FROM_TODAY,
    NUMBER_WORDS,
    alternation,
    is_short_weekday,
    months,
    weekdays,
)
from rules.fields.dates_in_figures import dated
from rules.fields.found import Mention
from rules.fields.second_opinion import agrees

# Each snippet is read a second time by dateparser; a text with more dates than this is no request.
OPINIONS_AT_MOST = 30

_MONTH = alternation(months())
_WEEKDAY = alternation(weekdays())
_NUMBER = alternation(NUMBER_WORDS)
_YEAR = r"(?P<year>(?:19|20|21)\d{2})(?![\w%-]|[.,:]\d|\s?[$€£])|['’](?P<short>\d{2})(?!\w)"

_DAY_MONTH = re.compile(
    r"(?<![\w#/])(?<!\w[.,:/])(?P<day>\d{1,2})(?P<ordinal>st|nd|rd|th|er|re|e|º|ª|°|\.)?[\s\-/]{0,2}"
    rf"(?P<of>of\s|de\s|d['’]|di\s)?(?P<month>{_MONTH})(?![^\W\d_])\.?"
    rf"(?:,?[\s\-/]{{1,2}}(?:de\s|del\s|of\s)?(?:{_YEAR}))?",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"(?<![\w-])(?P<month>{_MONTH})\.?\s{{1,2}}(?:the\s)?(?P<day>\d{{1,2}})(?P<ordinal>st|nd|rd|th)?(?P<of>)"
    rf"(?![\w%]|[.,:/]\d)(?:,?\s{{1,2}}(?:{_YEAR}))?",
    re.IGNORECASE,
)
_RANGE_BEFORE = re.compile(r"\d(?:st|nd|rd|th|er|\.)?\s?(?:[-–—&+]|to|and|or|bis|und|oder|et|au|ou|y|e|al|o|t/m|en|a)\s?$")
_RANGE_BEHIND = re.compile(
    r"\s?(?:[-–—&+/]|to\b|and\b|or\b)\s?(?:the\s)?\d{1,2}(?:st|nd|rd|th)?(?=\s*(?:$|[.,;!?)\n]|of\b))"
)
_MONTH_YEAR = re.compile(rf"(?<![\w-])(?:{_MONTH})\.?\s(?:de\s)?(?:20\d{{2}})(?!\w)", re.IGNORECASE)

_WEEKDAY_BEFORE = re.compile(rf"(?<!\w)(?P<name>{_WEEKDAY})\.?,?\s{{1,2}}(?:the\s|den\s|le\s|el\s|il\s|dem\s)?$", re.I)
_WEEKDAY_ALONE = re.compile(
    r"(?<![\w-])(?:(?P<until>by|until|till|before|due|bis|bis zum|avant|d['’]ici|antes del|para el|entro|prima di|"
    r"tegen|vóór|uiterlijk|até|antes de)\s)?"
    r"(?:(?P<this>this|this coming|coming|diesen|kommenden|ce|este|deze|questo)\s|"
    r"(?P<next>next|nächsten|nächster|próximo|próxima|prossimo|volgende)\s|"
    r"(?P<last>last|letzten|vorigen|afgelopen|pasado|scorso)\s)?"
    rf"(?P<name>{_WEEKDAY})(?P<behind>\s(?:prochain|prossimo|próximo|que viene|que vem))?(?![\w-]|['’]s)",
    re.IGNORECASE,
)
_FROM_TODAY = re.compile(rf"(?<![\w-])(?:{alternation(DAYS_FROM_TODAY)})(?![\w-]|['’]s)", re.IGNORECASE)
_NOT_TOMORROW = re.compile(
    r"\b(?:guten|heute|gestern|jeden|am|goede|la|esta|buena|una|cada|die|der|den|dem|einen|in de)\s$", re.IGNORECASE
)
_IN_UNITS = (
    ("en", r"(?:in|within)\s(?P<n>\d{1,3}|{n})\s(?P<work>business\s|working\s)?(?P<unit>days?|weeks?|months?)"),
    ("en", r"(?P<n>\d{1,3}|{n})\s(?P<work>business\s|working\s)?(?P<unit>days?|weeks?|months?)\s(?:from\s(?:now|today))"),
    ("en", r"(?P<n>\d{1,3}|{n})\s(?P<unit>days?|weeks?|months?)\s(?P<ago>ago)"),
    ("de", r"in\s(?P<n>\d{1,3}|{n})\s(?P<work>werk)?(?P<unit>tag(?:en)?|wochen?|monat(?:en)?)"),
    ("fr", r"dans\s(?P<n>\d{1,3}|{n})\s(?P<unit>jours?|semaines?|mois)(?P<work>\souvrés|\souvrables)?"),
    ("es", r"(?:en|dentro de)\s(?P<n>\d{1,3}|{n})\s(?P<unit>d[ií]as?|semanas?|mes(?:es)?)(?P<work>\sh[áa]biles)?"),
    ("it", r"(?:tra|fra)\s(?P<n>\d{1,3}|{n})\s(?P<unit>giorn[oi]|settiman[ae]|mes[ei])(?P<work>\slavorativi)?"),
    ("nl", r"over\s(?P<n>\d{1,3}|{n})\s(?P<work>werk)?(?P<unit>dag(?:en)?|wek?en|week|maand(?:en)?)"),
    ("pt", r"(?:em|daqui a|dentro de)\s(?P<n>\d{1,3}|{n})\s(?P<unit>dias?|semanas?|m[eê]s(?:es)?)(?P<work>\súteis)?"),
)
_UNITS = tuple(
    (language, re.compile(rf"(?<![\w-]){form.replace('{n}', _NUMBER)}(?![\w-])", re.IGNORECASE))
    for language, form in _IN_UNITS
)
_END = re.compile(
    r"(?<![\w-])(?:(?P<month>end of (?:the |this )?month|month[- ]end|EOM|Ende (?:des|dieses) Monats|Monatsende|"
    r"fin (?:du|de ce|de|del|de este) me?s|fin (?:du|de ce) mois|final(?:es)? de(?:l| este)? mes|fine (?:del )?mese|"
    r"eind(?:e)? (?:van )?(?:de|deze) maand|(?:fim|final) d[oe]s?(?:te)? mês)|"
    r"(?P<next>end of (?:the )?next month|Ende (?:des )?nächsten Monats|fin du mois prochain)|"
    r"(?P<year>end of (?:the |this )?year|year[- ]end|EOY|Ende (?:des|dieses) Jahres|Jahresende|fin (?:de l['’]année|"
    r"del? año)|fine (?:dell['’])?anno|(?:fim|final) do ano))(?![\w-])(?! prochain)",
    re.IGNORECASE,
)
# Looks like a date, names no day.
_VAGUE = re.compile(
    r"(?<![\w-])(?:(?:next|this|coming|nächste|kommende|diese|volgende|deze)\s(?:week|month|year|woche|maand)|"
    r"(?:semaine|mois) prochaine?|(?:próxima semana|próximo mes|prossima settimana|prossimo mese|próximo mês)|"
    r"(?:end|beginning|middle) of (?:the |this |next )?(?:week|quarter)|Q[1-4]|(?:Ende|Anfang|Mitte) (?:der|dieser) Woche|"
    r"asap)(?![\w-])",
    re.IGNORECASE,
)


def mentions(text: str, today: date, *, asked: bool) -> list[Mention]:
    """Every date in words; `asked`: the text answers a question for a date.

    Without a year a day is the next such one, today included. Unclear are: no such day, a weekday that contradicts
    its date, ranges (Dec 1-5), "next Friday" while this week's is still to come, business days, and a reading that
    dateparser does not share. In an opening message a weekday alone needs a word like "by": "on Friday" may be past.
    """
    found = [*_with_month(text, today, asked), *_weekday_alone(text, today, asked), *_from_today(text, today)]
    found += [*_in_units(text, today), *_ends(text, today)]
    found += [Mention(match.start(), match.end(), None, faint=True) for match in _VAGUE.finditer(text)]
    found += [Mention(match.start(), match.end(), None, faint=True) for match in _MONTH_YEAR.finditer(text)]
    return found


def with_weekday(text: str, mention: Mention) -> Mention:
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
    if _RANGE_BEFORE.search(before) or (full_year is None and _RANGE_BEHIND.match(behind)):
        return None
    if before.endswith("-") and before[-2:-1].isalnum():
        return None
    found = dated(full_year, month, day, today)
    if found is None:
        return None
    plainly = f"{day} {match.group('month')}" + (f" {full_year}" if full_year else "")
    return found if agrees(plainly, language, today, found, year_known=bool(full_year)) else None


def _weekday_alone(text: str, today: date, asked: bool) -> Iterator[Mention]:
    for match in _WEEKDAY_ALONE.finditer(text):
        name = match.group("name")
        said = any(match.group(part) for part in ("until", "this", "next", "last", "behind"))
        if is_short_weekday(name) and not (name[0].isupper() and (said or asked)):
            continue
        if not (said or asked):
            continue
        value = _weekday(match, today)
        yield Mention(match.start(), match.end(), value.isoformat() if value else None)


def _weekday(match: re.Match[str], today: date) -> date | None:
    weekday, language = weekdays()[match.group("name").casefold()]
    ahead = (weekday - today.weekday()) % 7
    if ahead == 0:
        return None  # said on that very day it may be today or a week from now
    if match.group("last"):
        day = today - timedelta(days=7 - ahead)
        return day if day.isocalendar()[:2] != today.isocalendar()[:2] else None
    day = today + timedelta(days=ahead)
    this_week = day.isocalendar()[:2] == today.isocalendar()[:2]
    if (match.group("next") or match.group("behind")) and this_week:
        return None
    if match.group("this") and not this_week and not re.match("coming|kommend", match.group("this"), re.I):
        return None
    return day if agrees(match.group("name"), language, today, day, year_known=False) else None


def _from_today(text: str, today: date) -> Iterator[Mention]:
    for match in _FROM_TODAY.finditer(text):
        word = match.group().casefold().replace("’", "'")
        if word in ("morgen", "mañana"):
            morning = word == "morgen" and match.group()[0].isupper() and match.start() > 0
            if morning or _NOT_TOMORROW.search(text[max(0, match.start() - 10) : match.start()]):
                continue
        day = today + timedelta(days=DAYS_FROM_TODAY[word])
        yield Mention(match.start(), match.end(), day.isoformat())


def _in_units(text: str, today: date) -> Iterator[Mention]:
    left = OPINIONS_AT_MOST
    for language, pattern in _UNITS:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            written, unit = parts["n"].casefold(), parts["unit"].casefold()
            count = int(written) if written.isdigit() else NUMBER_WORDS[written]
            day = None if parts.get("work") else _stepped(today, -count if parts.get("ago") else count, unit)
            left -= 1
            if day is not None and left >= 0:
                agreed = agrees(_for_opinion(match.group(), language), language, today, day, year_known=False)
                day = day if agreed else None
            yield Mention(match.start(), match.end(), day.isoformat() if day and left >= 0 else None)


def _for_opinion(snippet: str, language: str) -> str:
    """The same words in the form that dateparser knows."""
    if language == "en":
        return re.sub(r"^within\s", "in ", re.sub(r"^(.*)\sfrom\s(?:now|today)$", r"in \1", snippet, flags=re.I), flags=re.I)
    return snippet


def _stepped(today: date, count: int, unit: str) -> date | None:
    if unit.startswith(("month", "monat", "moi", "mes", "maand", "mês")):
        months_on = today.year * 12 + today.month - 1 + count
        try:
            return date(months_on // 12, months_on % 12 + 1, today.day)
        except ValueError:
            return None  # Jan 31 has no day a month later
    days = 7 if unit.startswith(("w", "s")) else 1
    return today + timedelta(days=count * days)


def _ends(text: str, today: date) -> Iterator[Mention]:
    for match in _END.finditer(text):
        if match.group("year"):
            day = date(today.year, 12, 31)
        else:
            year, month = divmod(today.year * 12 + today.month - 1 + bool(match.group("next")), 12)
            day = date(year, month + 1, calendar.monthrange(year, month + 1)[1])
        yield Mention(match.start(), match.end(), day.isoformat())
