"""Bytes of a mail to text: what the mail says of its charset is a hint, what the bytes say counts more."""

from __future__ import annotations

import codecs
import re

import chardet

# Mail names these charsets too narrowly (or by old names); the wider one on the right reads all of the left.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "latin_1": "cp1252",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "cp-850": "cp850",
}
# These write all their text in 7-bit bytes or in pairs of bytes: that it is valid UTF-8 too says nothing.
_LIKE_ASCII = re.compile(r"utf[-_]?(7|16|32)|hz|iso2022")
_BELOW_128 = bytes(range(128))
_NO_LETTERS = bytes(b for b in range(128) if not chr(b).isalpha())
_SAMPLE = 20_000  # bytes that chardet looks at: more costs time and changes no verdict


def codec_of(declared: str) -> str:
    """The Python codec behind a declared charset; "" for none, and for codecs that are no charset (zlib, idna, hex)."""
    name = declared.strip(" \t\r\n\"'").lower()
    if not re.fullmatch(r"[a-z0-9._:+-]{1,40}", name):
        return ""
    name = _WIDER.get(name, name)
    for candidate in (name, name.removeprefix("x-"), re.sub(r"^(?:windows|cp|ibm|x-cp)[-_]?(?=\d)", "cp", name)):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        # unicode_escape and its like would let a mail write any character, zlib and bz2 are no text at all
        if not getattr(found, "_is_text_encoding", True) or re.search(
            r"escape|idna|punycode|undefined|mbcs|oem", found.name
        ):
            return ""
        return _WIDER.get(found.name, found.name)
    return ""


def decode(data: bytes, declared: str = "") -> str:
    """`data` as text, whatever it is: never an error, at worst replacement characters. `declared` is the mail's word.

    The order: encodings that look like ASCII when declared, ISO-2022 escapes, UTF-8 where valid, the declared one,
    chardet. A declared Latin-1 or ASCII (what programs write that never thought about it) loses to chardet's guess
    where most letters are above ASCII, which no Latin script has.
    """
    codec = codec_of(declared)
    if _LIKE_ASCII.match(codec) and (read := _strict(data, codec)) is not None:
        return read.removeprefix("\ufeff")
    if b"\x1b$" in data or b"\x1b(" in data:
        for escaped in ("iso2022_jp_ext", "iso2022_kr"):
            if (read := _strict(data, escaped)) is not None:
                return read
    if (read := _strict(data, "utf-8")) is not None:
        return read.removeprefix("\ufeff")
    high = len(data.translate(None, _BELOW_128))
    if codec == "utf-8":
        damaged = data.decode("utf-8", "replace")
        if damaged.count("\ufffd") * 5 < high:  # a cut, a broken gateway
            return damaged
    elif codec not in ("", "cp1252") and (read := _strict(data, codec)) is not None:
        return read
    foreign = high * 2 > len(data.translate(None, _NO_LETTERS))
    guess = "" if codec == "cp1252" and not foreign else _guess(data)
    if not foreign and not re.match(r"cp125|iso8859|koi8", guess):
        guess = ""  # a few odd letters in a short text: the encodings of old Macs and of DOS are no likely reading
    return data.decode(guess or codec or "cp1252", "replace")


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return None


def _guess(data: bytes) -> str:
    """What chardet thinks, where Python can decode it."""
    found = chardet.detect(data[:_SAMPLE])["encoding"]
    return codec_of(found) if found else ""
