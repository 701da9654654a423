"""Header blocks: their fields as they were sent, encoded words decoded by our own hand, and values made safe to show.

The standard library's compat32 policy splits the block; nothing of it decodes, because its newer policies raise on one
mail in a hundred and believe forged addresses.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import unicodedata
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32

from handlers.mail.charset import decode

MAX_BYTES, MAX_LINES = 256 * 1024, 1000  # of a header block: what lies beyond is not read, and said to be so
_MAX_VALUE = 64 * 1024  # characters of one value that are decoded: Received chains and id lists fit
_SAFE_LENGTH = 200  # of a subject or a name
# RFC 5322 section 4.5 allows blanks before the colon; the standard library ends the block there.
_BLANK_BEFORE_COLON = re.compile(rb"(?m)^([!-9;-~]{1,100})[ \t]+:")
# A line that neither is a field, nor goes on with one, nor is mbox's first: there the standard library ends the block.
_NO_FIELD = re.compile(rb"(?m)^(?!From |[!-9;-~]+:|[ \t]|$)")


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of one header block, as sent.

    `cut`: the block was larger than the caps. `from_fields` counts the From fields of the whole block, cut or not.
    """

    fields: tuple[tuple[str, str], ...]  # name in lower case, raw value (surrogate escapes for bytes above ASCII)
    cut: bool
    from_fields: int

    def all(self, name: str) -> list[str]:
        """The raw values of that field, unfolded, top to bottom."""
        return [unfold(value) for key, value in self.fields if key == name]

    def first(self, name: str) -> str:
        """The first raw value, unfolded; "" where there is none."""
        return next((unfold(value) for key, value in self.fields if key == name), "")

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)

    def text(self, name: str) -> str:
        """The first value decoded and safe to show."""
        return safe(words(self.first(name)))


def split(raw: bytes) -> tuple[Headers, bytes]:
    """The header block of `raw` and the body behind it. A line that is no field ends the block and begins the body."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")  # an editor's byte order mark
    if raw.startswith((b"\r\n", b"\n")):
        head, body = b"", raw
    else:
        end = re.search(rb"\r*\n\r*\n", raw)
        head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    from_fields = len(re.findall(rb"(?im)^from[ \t]*:", head))
    whole = head
    lines = head.split(b"\n", MAX_LINES)
    if len(lines) > MAX_LINES:
        head = b"\n".join(lines[:MAX_LINES])
    head = head[:MAX_BYTES].replace(b"\x00", b"")
    cut = len(head) + whole.count(b"\x00") < len(whole)
    head = _BLANK_BEFORE_COLON.sub(rb"\1:", re.sub(rb"\r+\n", b"\n", head))
    if stray := _NO_FIELD.search(head):
        head, body = head[: stray.start()], head[stray.start() :] + b"\n\n" + body
    message = BytesHeaderParser(policy=compat32).parsebytes(head + b"\n\n")
    fields = tuple((name.lower(), str(value)) for name, value in message.raw_items())
    return Headers(fields, cut, from_fields), body


def unfold(value: str) -> str:
    """RFC 5322 section 2.2.3: a value on one line, without the line breaks of its folding."""
    return re.sub(r"[\r\n]+[ \t]?", " ", value).strip() if "\n" in value or "\r" in value else value.strip()


def words(value: str, declared: str = "") -> str:
    """RFC 2047: encoded words decoded; raw bytes above ASCII (not allowed, common) by `declared` or by what they are.

    Neighbouring words of one charset are joined before they are decoded: some programs cut inside a character.
    Blanks inside a word are suffered. One pass: every search begins where the last one ended.
    """
    value = value[:_MAX_VALUE]
    out: list[str] = []
    pending, charset = b"", ""
    start = at = 0
    last = value.rfind(
        "?="
    )  # behind it no word can end: without this, heads without ends would be searched again and again
    while 0 <= (at := value.find("=?", at)) < last:
        word = _word(value, at)
        if word is None:
            at += 2
            continue
        end, its_charset, data = word
        between = value[start:at]
        if pending and not between.strip() and its_charset == charset:
            pending += data
        else:
            out.append(decode(pending, charset))
            if between.strip() or not out[-1]:
                out.append(_plain(between, declared))
            pending, charset = data, its_charset
        start = at = end
    out.append(decode(pending, charset))
    out.append(_plain(value[start:], declared))
    return "".join(out)


def _word(value: str, at: int) -> tuple[int, str, bytes] | None:
    """The encoded word that begins at `at`: its end, charset and bytes; None where none does."""
    charset_end = value.find("?", at + 2, at + 80)
    if charset_end < 0 or value[charset_end + 2 : charset_end + 3] != "?":
        return None
    # RFC 2231 section 5: a language may follow the charset
    charset = value[at + 2 : charset_end].partition("*")[0].lower()
    encoding = value[charset_end + 1].lower()
    begin = charset_end + 3
    if encoding not in "bq" or not charset or re.search(r"\s", charset) or (end := value.find("?=", begin)) < 0:
        return None
    data = value[begin:end].encode("ascii", "surrogateescape")
    if encoding == "b":
        return end + 2, charset, base64_bytes(data)
    return end + 2, charset, quopri.decodestring(data.replace(b" ", b"_"), header=True)


def base64_bytes(data: bytes) -> bytes:
    """Base64, junk and missing padding suffered: what can be read of it."""
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    if len(clean) % 4 == 1:  # a single character holds no byte
        clean = clean[:-1]
    try:
        return base64.b64decode(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:
        return b""


def _plain(value: str, declared: str) -> str:
    """Text between encoded words: ASCII, or bytes that nobody encoded."""
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"), declared)


def safe(text: str, limit: int = _SAFE_LENGTH) -> str:
    """One line that can break nothing: no control, bidi or line-separating characters, blanks folded, cut to `limit`.

    NUL is among them: databases refuse it. RFC 5322 header values and log lines may hold what this returns.
    """
    text = text[: limit * 8]
    visible = "".join(" " if unicodedata.category(c) in _UNSAFE and c not in _JOINERS else c for c in text)
    return " ".join(visible.split())[:limit].rstrip()


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # Persian, Indic scripts and emoji families are spelled with them
