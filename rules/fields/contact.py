"""Addresses of people and pages: email, phone, URL; each canonical or unclear, in linear time."""

from __future__ import annotations

import re

import phonenumbers

from rules.book.field import Field
from rules.fields.found import Context, Mention
from rules.fields.plain import SPOILT

MENTIONS_AT_MOST = 100

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_EMAIL = re.compile(
    rf"(?<![A-Za-z0-9._%+@-])([A-Za-z0-9](?:{_ATOM}|\.){{0,63}})@([A-Za-z0-9](?:[A-Za-z0-9-]|\.(?=[A-Za-z0-9])){{0,252}})"
)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})")
_IP = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)")

_URL = re.compile(r"(?<![A-Za-z0-9])(?:(https?)://|(?=www\.))([^\s<>\"|\\^`{}\ufffd]{1,2000})", re.IGNORECASE)
_TRAILING = ".,;:!?'\"*_~»”’…"

_PHONE = re.compile(r"(?<![\w#/])(?<!\w[-./])\+?[(\d](?:[\d ()\u00a0\u202f./–-]){5,26}\d(?!\w)")
_EXTENSION = re.compile(r"\s?(?:ext\.?|x|extension|#|durchwahl|poste)\s?\.?\d{1,6}", re.IGNORECASE)
_PHONE_WORD = re.compile(
    r"(?:phone|telephone|tel|call|mobile|cell|ring|fon|telefon|handy|téléphone|teléfono|telefone|telefono|telefoon|"
    r"mobil|móvil|whatsapp|fax|dial|number|nummer|numéro|rufnummer)\b[^\n\d+]{0,16}$",
    re.IGNORECASE,
)
_DATE_LIKE = re.compile(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}")


def emails(_field: Field, text: str, _context: Context) -> list[Mention]:
    """Email addresses (RFC 5321 section 4.1.2, dot-strings only).

    The domain becomes lower case. The local part stays as written, because only its own host may say that case does
    not matter (section 2.4). A dot too many or a domain without a name is unclear.
    """
    found: list[Mention] = []
    for match in _EMAIL.finditer(text):
        local, domain = match.group(1), match.group(2).lower()
        after = text[match.end() : match.end() + 1]
        good = _HOST.fullmatch(domain) and ".." not in local and not local.endswith(".")
        good = good and not (after and (after in "@_-" + SPOILT or after.isalnum()))
        found.append(Mention(match.start(), match.end(), f"{local}@{domain}" if good else None))
        if len(found) >= MENTIONS_AT_MOST:
            break
    return found


def urls(_field: Field, text: str, _context: Context) -> list[Mention]:
    """Web addresses (RFC 3986): scheme and host in lower case, the rest as written, sentence punctuation cut off.

    `www.` without a scheme is read as https. An address with a user name in front of its host is unclear, because it
    is made to look like another one.
    """
    found: list[Mention] = []
    for match in _URL.finditer(text):
        rest = _without_punctuation(match.group(2))
        end = match.start(2) + len(rest)
        host = re.split(r"[/?#]", rest, maxsplit=1)[0]
        name, _, port = host.lower().partition(":")
        good = _HOST.fullmatch(name) or _IP.fullmatch(name) or (name == "localhost" and match.group(1))
        good = good and (not port or (port.isdigit() and int(port[:6]) < 65536))
        address = f"{(match.group(1) or 'https').lower()}://{host.lower()}{rest[len(host) :]}"
        found.append(Mention(match.start(), max(end, match.start() + 1), address if good else None))
        if len(found) >= MENTIONS_AT_MOST:
            break
    return found


def _without_punctuation(rest: str) -> str:
    """The address without what closes the sentence around it; brackets stay where they opened within."""
    end = len(rest)
    for _ in range(20):
        last = rest[end - 1 : end]
        if not last:
            break
        opened = {")": "(", "]": "["}.get(last)
        if last in _TRAILING or (opened and rest.count(opened, 0, end) < rest.count(last, 0, end)):
            end -= 1
        else:
            break
    return rest[:end]


def phones(_field: Field, text: str, context: Context, *, asked: bool = False) -> list[Mention]:
    """Phone numbers as E.164, as far as Google's metadata calls them valid; `asked`: the text answers a question.

    Without a region only +country numbers can be read. In an opening message plain digits count only behind a word
    such as "call", because an order number has as many. A number with an extension is unclear: E.164 has no place
    for it, and half a number reaches somebody else.
    """
    found: list[Mention] = []
    for match in _PHONE.finditer(text):
        written = match.group()
        digits = sum(character.isdigit() for character in written)
        announced = asked or bool(_PHONE_WORD.search(text[max(0, match.start() - 40) : match.start()]))
        if not 7 <= digits <= 17 or _DATE_LIKE.fullmatch(written):
            continue
        if not (announced or written.startswith("+") or (_formatted(written) and context.region)):
            continue
        number = _dialled(written, context.region)
        extension = _EXTENSION.match(text, match.end())
        if number is None and not announced and not written.startswith("+"):
            continue  # digits in groups that nobody called a phone number
        end = extension.end() if extension else match.end()
        found.append(Mention(match.start(), end, None if extension else number))
        if len(found) >= MENTIONS_AT_MOST:
            break
    return found


def _formatted(written: str) -> bool:
    return "(" in written or written.count("-") >= 2 or written.startswith("0")


def _dialled(written: str, region: str | None) -> str | None:
    """E.164 when the whole of it is a number that can be dialled there as written (with its trunk prefix)."""
    matcher = phonenumbers.PhoneNumberMatcher(written, region, leniency=phonenumbers.Leniency.VALID, max_tries=2)
    match = next(iter(matcher), None)
    if match is None or match.raw_string != written.strip() or match.number.extension:
        return None
    return str(phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164))
