"""Strangers' text made plain enough to read: bounded, one kind of digit, nothing invisible, nothing reversed."""

from __future__ import annotations

import re
import unicodedata

READ_CHARACTERS = 20_000  # nobody states a fact behind that; it keeps every reader's time bounded
SPOILT = "\ufffd"  # stands where a digit's meaning is changed by what is on or beside it: no reader crosses it
MARKS_KEPT = 4  # combining marks on one letter; composing a longer run takes quadratic time

# Right-to-left override shows the digits in another order than they are stored: neither order can be trusted.
_REVERSED = re.compile("\u202e[^\u202c\n]*\u202c?")
_ROOM = re.compile(r"[\x0b\x0c\x1c-\x1f]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_SIGNS = {0x066B: ".", 0x066C: "'", 0x060C: ",", 0x2212: "-", 0xFF0D: "-", 0xFFE5: "¥", 0xFFE1: "£", 0xFFE6: "₩"}


def bounded(text: str) -> str:
    """The first 20,000 characters with one kind of line end."""
    return text[:READ_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")


def in_own_words(text: str) -> str:
    """What a `text` field keeps: the words as they are, without control characters (no database takes a NUL)."""
    return _CONTROL.sub("", bounded(text)).strip()


def plain(text: str) -> str:
    """The text as the readers see it, at most 20,000 characters.

    Digits of every script become 0-9 (Unicode category Nd) and full-width forms ASCII; what is invisible goes;
    fractions, superscripts, circled numbers and digits under combining marks become a sentinel that no reader
    crosses, so that `2½` or a struck-out number is never read as another number.
    """
    cut = len(text) > READ_CHARACTERS
    text = bounded(text)
    text = _CONTROL.sub(SPOILT, _ROOM.sub(" ", text))
    if not text.isascii():  # the sentinel is not, which costs a little and changes nothing
        text = unicodedata.normalize("NFC", _plain_characters(_REVERSED.sub(SPOILT, text)))
    return text + SPOILT if cut else text  # a number that was cut in two must not be read


def _plain_characters(text: str) -> str:
    out: list[str] = []
    marks = 0
    for character in text:
        if character < "\x80":
            out.append(character)
            marks = 0
            continue
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
            last = out[-1] if out else ""
            if last == SPOILT or (last.isdigit() and character != "\ufe0f"):
                out.append(SPOILT)
            elif marks <= MARKS_KEPT and character != "\ufe0f":
                out.append(character)
            continue
        marks = 0
        code = ord(character)
        if category == "Nd":
            out.append(str(unicodedata.decimal(character)))
        elif category in ("No", "Nl"):
            out.append(SPOILT)
        elif category == "Cf" or category == "Cc":
            continue
        elif code in _SIGNS:
            out.append(_SIGNS[code])
        elif 0xFF01 <= code <= 0xFF5E:
            out.append(chr(code - 0xFEE0))
        else:
            out.append("\n" if character in "\u2028\u2029\u0085" else character)
    return "".join(out)
