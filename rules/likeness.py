"""Near-duplicates: whether two texts ask for the same thing, so that one of them needs no item of its own."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz

COMPARED_CHARACTERS = 2_000
# Token-sorted ratio (rapidfuzz: 100 is equal, word order aside) of the words that carry meaning. Typing errors and a
# word more leave well-formed requests above it; it is the word rules below that tell requests in like words apart.
ALIKE_FROM = 88
# A word that is a typing error of another one: "refnud" / "refund" make 83.
SAME_WORD_FROM = 80
# With fewer words than this there is too little to be nearly equal: "refund please" / "refund now".
SMALL_WORDS = 4

_TOKEN = re.compile(r"[^\W_]+(?:[.,'’/_-][^\W_]+)*")
_COURTESY = (
    "a an the i we you me my our your it is was are be to of for on in at and or please pls thanks thank hi hello hey "
    "again still also just so very can could would will do does did have has had this that there with from by as am "
    "ich wir sie der die das ein eine und bitte danke hallo noch für fuer je nous vous le la les un une et merci "
    "bonjour pour el los las y por favor gracias hola para il di per ciao grazie een het en ik"
)
_NOT = (
    "not no never without don't dont doesn't can't cannot won't isn't nicht kein keine ohne pas sans sin non senza "
    "niet geen zonder não sem"
)
_COURTEOUS, _DENYING = frozenset(_COURTESY.split()), frozenset(_NOT.split())
_LETTERS_OF_A_TYPING_ERROR = 4  # a shorter word that differs is another word


def alike(a: str, b: str) -> bool:
    """Whether two request texts say nearly the same: the same numbers and codes, and the same words but for a few.

    Numbers and codes (every word with a digit; `1,200.50` and `1200.5` are one) must be equal as sets: ORD-12345 and
    ORD-12346 are two requests however alike their sentences are. So must negations. If each text has a word that the
    other lacks (typing errors and courtesy aside: Anna / Boris, grant / revoke), they differ too; one of them may
    say a little more, but name nothing more. Texts of fewer than four words must have the same words. A text without
    any word of meaning is like no other. Compares 2,000 characters of each.
    """
    one, other = _words(a), _words(b)
    if _codes(one) != _codes(other) or _DENYING & set(one) != _DENYING & set(other):
        return False
    first, second = _content(one), _content(other)
    if not (first or _codes(one)) or min(len(one), len(other)) < SMALL_WORDS:
        return bool(first or _codes(one)) and first == second
    lacks, more = _without_counterpart(first, second), _without_counterpart(second, first)
    if (lacks and more) or (lacks | more) & (_names(a) | _names(b)):
        return False
    return fuzz.token_sort_ratio(" ".join(sorted(first)), " ".join(sorted(second))) >= ALIKE_FROM or first == second


@lru_cache(maxsize=64)  # a take looks up by it, and stores it
def signature(text: str) -> str:
    """The same for all texts that could be alike, as far as a glance can tell: a hash of what must be equal.

    The shelves look up by it, so that a request is compared with the few that share its numbers, not with all.
    """
    words = _words(text)
    told = [*sorted(_codes(words)), "|", *sorted(_DENYING & set(words))]
    return hashlib.sha256(" ".join(told).encode("utf-8", "replace")).hexdigest()[:16]


def _words(text: str) -> list[str]:
    return _TOKEN.findall(_plain(text).casefold())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:COMPARED_CHARACTERS]).replace("’", "'")


def _codes(words: list[str]) -> set[str]:
    """Everything with a digit in it; the digits' grouping and trailing zeros of cents don't count."""
    return {_code(word) for word in words if any(character.isdigit() for character in word)}


def _code(word: str) -> str:
    number = re.fullmatch(r"(\d{1,3}(?:[,']\d{3})+|\d+)(?:\.(\d\d?))?", word)
    if number is None:
        return word
    cents = (number.group(2) or "").rstrip("0")
    return re.sub(r"\D", "", number.group(1)) + (f".{cents}" if cents else "")


def _content(words: list[str]) -> set[str]:
    return {w for w in words if w not in _COURTEOUS and not any(c.isdigit() for c in w)}


def _names(text: str) -> set[str]:
    """Words in capitals that open no sentence: whom or what a request is about."""
    plain = _plain(text)
    found: set[str] = set()
    for match in _TOKEN.finditer(plain):
        before = plain[: match.start()].rstrip(" \t\"'(*_")[-1:]
        if match.group()[0].isupper() and before and before not in ".!?:\n":
            found.add(match.group().casefold())
    return found


def _without_counterpart(words: set[str], others: set[str]) -> set[str]:
    """The words that the others lack and that are no typing error of one of theirs."""
    candidates = others - words
    return {word for word in words - others if not any(_same_but_for_a_slip(word, other) for other in candidates)}


def _same_but_for_a_slip(word: str, other: str) -> bool:
    return len(word) >= _LETTERS_OF_A_TYPING_ERROR and fuzz.ratio(word, other) >= SAME_WORD_FROM
