"""Month and weekday names of seven languages (CLDR, by babel) and the words for days seen from today."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from babel import Locale

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")

# Abbreviations that are ordinary words elsewhere: "3 days ago 5 ...", "set 5", "out 5", "gen 2".
_WORDS_ELSEWHERE = frozenset(("ago", "set", "out", "gen", "mag"))
_MORE_MONTHS = {"sept": (9, "en"), "maerz": (3, "de"), "mrz": (3, "de"), "jänner": (1, "de"), "setiembre": (9, "es")}
_SHORT_WEEKDAYS = {
    "mon": 0,
    "tue": 1,
    "tues": 1,
    "wed": 2,
    "thu": 3,
    "thur": 3,
    "thurs": 3,
    "fri": 4,
    "sat": 5,
    "sun": 6,
}

# Word -> days from today. `morgen`, `mañana` and `hier` also mean other things; dates_in_words.py guards the first two.
DAYS_FROM_TODAY: Mapping[str, int] = MappingProxyType({
    "today": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1, "day before yesterday": -2,
    "heute": 0, "morgen": 1, "übermorgen": 2, "gestern": -1, "vorgestern": -2,
    "aujourd'hui": 0, "demain": 1, "après-demain": 2, "avant-hier": -2,
    "hoy": 0, "mañana": 1, "pasado mañana": 2, "ayer": -1, "anteayer": -2,
    "oggi": 0, "domani": 1, "dopodomani": 2, "ieri": -1,
    "vandaag": 0, "overmorgen": 2, "gisteren": -1, "eergisteren": -2,
    "hoje": 0, "amanhã": 1, "depois de amanhã": 2, "ontem": -1, "anteontem": -2,
})  # fmt: skip

NUMBER_WORDS: Mapping[str, int] = MappingProxyType({
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "einem": 1, "einer": 1, "zwei": 2, "drei": 3, "vier": 4, "un": 1, "une": 1, "deux": 2, "trois": 3,
    "quatre": 4, "uno": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "due": 2, "tre": 3, "quattro": 4, "een": 1,
    "twee": 2, "drie": 3, "um": 1, "uma": 1, "dois": 2, "duas": 2, "três": 3,
})  # fmt: skip


def unaccented(word: str) -> str:
    """`März` -> `Marz`: people write month names without their accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


@lru_cache(maxsize=1)
def months() -> Mapping[str, tuple[int, str]]:
    """Casefolded month name or abbreviation (no dot) -> (month, language of the first that has it)."""
    found: dict[str, tuple[int, str]] = dict(_MORE_MONTHS)
    for language in LANGUAGES:
        names = Locale(language).months
        for width in ("wide", "abbreviated"):
            for form in ("format", "stand-alone"):
                for month, name in names[form][width].items():
                    word = name.rstrip(".").casefold()
                    if word not in _WORDS_ELSEWHERE:
                        found.setdefault(word, (month, language))
                        found.setdefault(unaccented(word), (month, language))
    return found


@lru_cache(maxsize=1)
def weekdays() -> Mapping[str, tuple[int, str]]:
    """Casefolded weekday -> (weekday, 0 = Monday; language); short forms in English alone."""
    found = {word: (day, "en") for word, day in _SHORT_WEEKDAYS.items()}
    for language in LANGUAGES:
        for day, name in Locale(language).days["format"]["wide"].items():
            for word in (name.casefold(), unaccented(name.casefold())):
                found.setdefault(word, (day, language))
    return found


def alternation(words: Mapping[str, object]) -> str:
    """The words as a regular expression, longest first, so that no word hides behind its own beginning."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def is_short_weekday(word: str) -> bool:
    """Whether a weekday is one of the English abbreviations, which are also words (sat, sun, wed)."""
    return word.casefold() in _SHORT_WEEKDAYS
