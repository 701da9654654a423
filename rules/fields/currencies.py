"""What currencies are called: codes, signs and words, from CLDR (by babel) and a short table of everyday words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_currency_precision, get_currency_symbol

_DOLLARS = (
    "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU DOP BBD BSD BZD BMD BND FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD"
)
_POUNDS = "GBP EGP SYP LBP GIP FKP SHP SSP"
_CROWNS = "SEK NOK DKK ISK"
_RUPEES = "INR PKR LKR NPR MUR SCR"
_PESOS = "MXN ARS CLP COP UYU DOP PHP CUP"
_FRANCS = "CHF XOF XAF XPF BIF DJF GNF KMF RWF"

# Signs and words that several currencies share; CLDR's own ones are added to these.
_SIGNS = {
    "$": _DOLLARS, "£": _POUNDS, "¥": "JPY CNY", "kr": _CROWNS, "kr.": _CROWNS, "Kr": _CROWNS, "Kr.": _CROWNS,
    "Rs": _RUPEES, "Rs.": _RUPEES, "₨": _RUPEES, "US$": "USD", "U$S": "USD", "C$": "CAD", "AU$": "AUD", "S$": "SGD",
    "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "₽": "RUB", "₺": "TRY", "₴": "UAH", "Fr.": "CHF", "SFr.": "CHF",
    "円": "JPY", "元": "CNY", "€": "EUR", "R$": "BRL", "₹": "INR", "$US": "USD", "$CA": "CAD", "$AU": "AUD",
    "US $": "USD",
}  # fmt: skip
_WORDS = {
    _DOLLARS: "dollar dollars dollari dollaro dólar dólares dolar dolares bucks",
    "EUR": "euro euros",
    "GBP EGP": "pound pounds pfund",  # of money only where the home currency is one; else a weight
    "GBP": "quid sterling sterline",
    _FRANCS: "franc francs franken franchi",
    _CROWNS: "krona kronor krone kroner kronen crowns",
    _RUPEES: "rupee rupees rupien",
    _PESOS: "peso pesos",
    "JPY": "yen yenes",
    "CNY": "yuan rmb renminbi",
    "BRL": "reais",
    "PLN": "zloty zlotys złoty złote złotych",
}
_HUNDREDTHS = "cent cents centime centimes centavo centavos céntimo céntimos centesimi pence pennies penny ¢ öre øre"
# Codes that are words, or first names, in capitals: they count only where the rulebook's own currency is that one.
_WORDLIKE = "ALL TRY TOP CUP COP BOB PEN MAD GEL SOS MOP LAK BAM RON SLE ANG STN TND ERN"
# Written small they are common; any other small code is a word too often (all, try, cad, sek).
_SMALL = ("usd", "eur", "gbp", "chf", "jpy")
_NAMED = (
    "USD CAD AUD NZD SGD HKD MXN EUR GBP CHF SEK NOK DKK ISK JPY CNY INR BRL ZAR PLN CZK HUF RON TRY RUB UAH KRW ILS "
    "AED SAR KWD BHD THB PHP IDR MYR VND NGN KES EGP ARS CLP COP"
)
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "pl", "tr")


@lru_cache(maxsize=1)
def tender() -> frozenset[str]:
    """The codes that are legal tender somewhere today, by CLDR's supplemental data."""
    rows = (row for rows in get_global("territory_currencies").values() for row in rows)
    return frozenset(code for code, _since, until, legal in rows if legal and until is None)


@lru_cache(maxsize=1)
def signs() -> Mapping[str, tuple[str, ...]]:
    """Sign -> the currencies that it may mean, the longest signs first."""
    found = {sign: tuple(codes.split()) for sign, codes in _SIGNS.items()}
    for code in tender():
        sign = get_currency_symbol(code, locale=Locale("en"))
        if sign != code and not sign.isalpha():
            found.setdefault(sign, (code,))
    return dict(sorted(found.items(), key=lambda row: -len(row[0])))


@lru_cache(maxsize=1)
def words() -> Mapping[str, tuple[str, ...]]:
    """Casefolded name -> the currencies that it may mean: `dollars`, `swiss francs`, `us-dollar`."""
    found: dict[str, tuple[str, ...]] = {}
    for language in _LANGUAGES:
        locale = Locale(language)
        for code in _NAMED.split():
            for count in (1, 2, 5):
                found.setdefault(get_currency_name(code, count=count, locale=locale).casefold(), (code,))
    for codes, names in _WORDS.items():
        found.update({name.casefold(): tuple(codes.split()) for name in names.split()})
    return found


def hundredth(word: str) -> bool:
    """Whether a word names the hundredth part of a currency (cents, pence)."""
    return word.casefold() in _HUNDREDTHS.split()


def coded(word: str, home: tuple[str, ...]) -> tuple[str, ...]:
    """The currency that a three-letter word names as an ISO 4217 code; `home`: the field's and the book's currency.

    () for a word that names none. A code that is also a word counts as a code only at home, and only in capitals.
    """
    code = word.upper()
    if code not in tender() or len(word) != 3:
        return ()
    if word == code:
        return (code,) if code not in _WORDLIKE.split() or code in home else ()
    at_home = code in home and code not in _WORDLIKE.split()
    return (code,) if word.casefold() in _SMALL or at_home else ()


def chosen(codes: tuple[str, ...], home: tuple[str, ...]) -> str | None:
    """Which of several currencies is meant: the only one, the field's, the book's, or None where that is unclear.

    One convention is taken from outside the rulebook: £ is British where no home currency has that sign.
    """
    if len(codes) == 1:
        return codes[0]
    at_home = next((code for code in home if code in codes), None)
    return at_home or ("GBP" if codes == signs()["£"] else None)


def decimals(code: str) -> int:
    """How many decimals amounts of the currency have, by CLDR: JPY 0, USD 2, KWD 3."""
    return get_currency_precision(code)
