"""Days counted from today, in seven languages: `tomorrow`, `by Friday`, `in 3 days`, `end of the month`."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta

from rules.fields.calendar_words import DAYS_FROM_TODAY, NUMBER_WORDS, alternation, is_short_weekday, weekdays
from rules.fields.found import Mention
from rules.fields.second_opinion import OPINIONS_AT_MOST, agrees

_NUMBER = alternation(NUMBER_WORDS)
_COUNTING_BEHIND = re.compile(
    r"\s(?:from|after|before|since|desde|a partir|à partir|après|ab|nach|vor|vanaf|na|dopo|depois|después|antes)\b",
    re.IGNORECASE,
)
_FIGURES_BEHIND = re.compile(r",?\s{1,2}\d{1,2}(?!\d|:\d|\s?[ap]\.?m\b|\s?h\b|\s?uhr\b)", re.IGNORECASE)
_WEEKDAY_ALONE = re.compile(
    r"(?<![\w-])(?:(?P<until>by|until|till|before|due|bis|bis zum|avant|d['’]ici|antes del|para el|entro|prima di|"
    r"tegen|vóór|uiterlijk|até|antes de)\s)?"
    r"(?:(?P<this>this|this coming|coming|diesen|kommenden|ce|este|deze|questo)\s|"
    r"(?P<next>next|nächsten|nächster|próximo|próxima|prossimo|volgende)\s|"
    r"(?P<last>last|letzten|vorigen|afgelopen|pasado|scorso)\s)?"
    rf"(?P<name>{alternation(weekdays())})(?P<behind>\s(?:prochain|suivant|prossimo|successivo|próximo|próxima|"
    r"siguiente|seguinte|que viene|que vem))?(?![\w-]|['’]s)",
    re.IGNORECASE,
)
_FROM_TODAY = re.compile(rf"(?<![\w-])(?:{alternation(DAYS_FROM_TODAY)})(?![\w-]|['’]s)", re.IGNORECASE)
_NOT_TOMORROW = re.compile(
    r"\b(?:guten|heute|gestern|jeden|am|goede|la|esta|buena|una|cada|die|der|den|dem|einen|in de)\s$", re.IGNORECASE
)
_IN_UNITS = (
    ("en", r"(?:in|within)\s(?P<n>\d{1,3}|{n})\s(?P<work>business\s|working\s)?(?P<unit>days?|weeks?|months?)"),
    ("en", r"(?P<n>\d{1,3}|{n})\s(?P<work>business\s|working\s)?(?P<unit>days?|weeks?|months?)\sfrom\s(?:now|today)"),
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
    r"(?:end|beginning|middle) of (?:the |this |next )?(?:week|quarter)|Q[1-4]|"
    r"(?:Ende|Anfang|Mitte) (?:der|dieser) Woche|"
    r"asap)(?![\w-])",
    re.IGNORECASE,
)


def mentions(text: str, today: date, *, asked: bool) -> list[Mention]:
    """Every day that plain text counts from today; `asked`: the text answers a question for a date.

    A weekday is the coming one; in an opening message it needs a word like "by", because "on Friday" may be past.
    Unclear are: a weekday on that very day, "next Friday" while this week's is still to come, business days, and
    what dateparser reads otherwise. "Next week" names no day: it is faintly unclear.
    """
    found = [*_weekday_alone(text, today, asked), *_from_today(text, today)]
    found += [*_in_units(text, today), *_ends(text, today)]
    return found + [Mention(match.start(), match.end(), None, faint=True) for match in _VAGUE.finditer(text)]


def _weekday_alone(text: str, today: date, asked: bool) -> Iterator[Mention]:
    for match in _WEEKDAY_ALONE.finditer(text):
        name = match.group("name")
        said = any(match.group(part) for part in ("until", "this", "next", "last", "behind"))
        if is_short_weekday(name) and (not name[0].isupper() or match.group("behind")):
            continue
        if not (said or asked):
            continue
        value = None if _FIGURES_BEHIND.match(text, match.end()) else _weekday(match, today)
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
    return day if agrees(match.group("name"), language, today, day) else None


def _from_today(text: str, today: date) -> Iterator[Mention]:
    for match in _FROM_TODAY.finditer(text):
        word = match.group().casefold().replace("’", "'")
        if word in ("morgen", "mañana"):
            morning = word == "morgen" and match.group()[0].isupper() and match.start() > 0
            if morning or _NOT_TOMORROW.search(text[max(0, match.start() - 10) : match.start()]):
                continue
        day = today + timedelta(days=DAYS_FROM_TODAY[word])
        yield Mention(match.start(), match.end(), day.isoformat())


def _in_units(text: str, today: date) -> list[Mention]:
    left = OPINIONS_AT_MOST
    found: dict[tuple[int, int], date | None] = {}
    for language, pattern in _UNITS:
        for match in pattern.finditer(text):
            day = _units_from_today(match, today)
            left -= 1
            if day is None or left < 0 or not agrees(_for_opinion(match, language), language, today, day):
                day = None
            # Spanish and Portuguese share words; one of them understanding is enough.
            found[match.span()] = found.get(match.span()) or day
    return [Mention(*span, day.isoformat() if day else None) for span, day in found.items()]


def _units_from_today(match: re.Match[str], today: date) -> date | None:
    parts = match.groupdict()
    if parts.get("work") or _COUNTING_BEHIND.match(match.string, match.end()):
        return None
    count = _count(match)
    return _stepped(today, -count if parts.get("ago") else count, parts["unit"].casefold())


def _count(match: re.Match[str]) -> int:
    written = match.group("n").casefold()
    return int(written) if written.isdigit() else NUMBER_WORDS[written]


def _for_opinion(match: re.Match[str], language: str) -> str:
    """The same words in the form that dateparser knows: figures, and in English only "in" and "ago"."""
    unit, count = match.group("unit"), _count(match)
    if language == "en":
        return f"{count} {unit} ago" if "ago" in match.groupdict() else f"in {count} {unit}"
    start, end = match.span("n")
    return f"{match.string[match.start() : start]}{count}{match.string[end : match.end()]}"


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
