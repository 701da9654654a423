"""The parts of a mail (RFC 2045, 2046): split by our own iterative hand, with caps, and their parameters read.

The standard library's parser recurses: a few hundred nested parts are a RecursionError there.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from handlers.mail.charset import decode
from handlers.mail.headers import Headers, base64_bytes, split, words

MAX_DEPTH, MAX_PARTS = 30, 500
_MAX_PARAMETER = 8 * 1024  # characters of a Content-Type or Content-Disposition that are read


@dataclass(slots=True)
class Part:
    """One part: a leaf with `body` (still encoded), or a multipart with `children`.

    `media_type` is lower case; `parameters` are Content-Type's, decoded, by lower-case name.
    """

    headers: Headers
    body: bytes
    media_type: str
    parameters: dict[str, str]
    disposition: str
    file_name: str  # as sent, decoded, not yet cleaned
    depth: int
    children: list[Part] = field(default_factory=list)

    @property
    def charset(self) -> str:
        return self.parameters.get("charset", "")

    def data(self, limit: int | None = None) -> bytes:
        """The content without its transfer encoding; of a text `limit` bytes or a little more are enough."""
        encoding = self.headers.first("content-transfer-encoding").strip(" \t;\"'").lower()
        encoded = self.body if limit is None else self.body[: limit * 3]
        if encoding == "base64":
            return base64_bytes(encoded) if _looks_like_base64(encoded) else encoded
        if encoding.startswith("quoted-printable"):
            return quopri.decodestring(encoded)
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return _uu(encoded)
        return encoded

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the mail."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))


def parse(raw: bytes) -> tuple[Part, list[str]]:
    """The tree of `raw` and what was odd about it, in words. Never an error."""
    troubles: list[str] = []
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")  # line ends of a very old system
    root = _part(raw, depth=0)
    if root.headers.cut:
        troubles.append("Its header block is too long; the rest of it was not read.")
    count = 1
    waiting = [root]
    while waiting:
        part = waiting.pop(0)
        if not part.media_type.startswith("multipart/"):
            continue
        if part.depth >= MAX_DEPTH:
            troubles.append(f"Its parts are nested more than {MAX_DEPTH} deep; what is deeper was not read.")
            continue
        pieces, whole = _pieces(part.body, part.parameters.get("boundary", ""), MAX_PARTS - count)
        if not pieces:
            # a boundary that never occurs: people still see the text, so it is read as text
            part.media_type = "text/plain"
            troubles.append("It says that it has several parts, but none can be found.")
            continue
        if not whole:
            troubles.append(f"It has more than {MAX_PARTS} parts; the rest was not read.")
        inner = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        part.children = [_part(piece, depth=part.depth + 1, default_type=inner) for piece in pieces]
        count += len(pieces)
        waiting.extend(part.children)
    return root, list(dict.fromkeys(troubles))


def _part(raw: bytes, *, depth: int, default_type: str = "text/plain") -> Part:
    headers, body = split(raw)
    media_type = ""
    parameters: dict[str, str] = {}
    for value in headers.all("content-type"):  # two of them: the first that says anything
        media_type, parameters = parameterized(value)
        if re.fullmatch(r"[!#$&^_.+a-z0-9-]+/[!#$&^_.+a-z0-9-]+", media_type):
            break
        media_type = ""
    disposition, more = parameterized(headers.first("content-disposition"))
    name = more.get("filename") or parameters.get("name", "")
    return Part(headers, body, media_type or default_type, parameters, disposition, name, depth)


def _pieces(body: bytes, boundary: str, limit: int) -> tuple[list[bytes], bool]:
    """The raw parts between the boundary lines, `limit` at most, and whether these are all of them."""
    if not boundary:
        return [], True
    mark = re.escape(boundary.encode("utf-8", "surrogateescape").rstrip())
    pieces: list[bytes] = []
    begin: int | None = None
    for line in re.finditer(rb"(?m)^--" + mark + rb"(--)?[ \t]*\r*$\n?", body):
        if begin is not None:
            if len(pieces) >= max(limit, 1):
                return pieces, False
            # RFC 2046 section 5.1.1: the line end before a boundary belongs to the boundary
            pieces.append(body[begin : line.start()].removesuffix(b"\n").removesuffix(b"\r"))
        begin = line.end()
        if line.group(1):  # the closing line; what follows is an epilogue
            begin = None
            break
    if begin is not None and (rest := body[begin:]).strip():
        pieces.append(rest)  # cut off: the last part has no end
    return pieces, True


def parameterized(value: str) -> tuple[str, dict[str, str]]:
    """A Content-Type or Content-Disposition: its value in lower case, and its parameters decoded (RFC 2231, 2047).

    One pass, quotes and missing quotes suffered; of repeated parameters the first counts.
    """
    value = value[:_MAX_PARAMETER].replace("\r", "").replace("\n", "")
    found: dict[str, str] = {}
    head, _, rest = value.partition(";")
    at, end = 0, len(rest)
    while at < end:
        equals, semicolon = rest.find("=", at), rest.find(";", at)
        if equals < 0:
            break
        if 0 <= semicolon < equals:
            at = semicolon + 1
            continue
        name = rest[at:equals].strip().lower()
        at = equals + 1
        while at < end and rest[at] in " \t":
            at += 1
        if at < end and rest[at] == '"':
            content, at = _quoted(rest, at + 1)
            semicolon = rest.find(";", at)
            at = semicolon + 1 if semicolon >= 0 else end
        else:
            semicolon = rest.find(";", at)
            stop = semicolon if semicolon >= 0 else end
            content, at = rest[at:stop].strip(), stop + 1
        found.setdefault(name, content)
    return head.strip().lower(), _joined(found)


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The quoted string that begins at `at`, and where it ends; a missing quote ends at the end."""
    out: list[str] = []
    while at < len(text) and text[at] != '"':
        # a backslash quotes only a quote or itself: Windows paths come unescaped
        if text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\"):
            at += 1
        out.append(text[at])
        at += 1
    return "".join(out), at + 1


def _joined(found: dict[str, str]) -> dict[str, str]:
    """RFC 2231: continuations (`name*0*`, `name*1`) joined, charsets applied; RFC 2047 words, though forbidden."""
    result: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in found.items():
        form = re.fullmatch(r"([^*]+)(?:\*(\d{1,3}))?(\*)?", name)
        if form is None or (form.group(2) is None and form.group(3) is None):
            result.setdefault(name, words(value))
        else:
            pieces.setdefault(form.group(1), {})[int(form.group(2) or 0)] = (value, form.group(3) is not None)
    for name, numbered in pieces.items():
        charset, data = "", b""
        for position, (_, (value, extended)) in enumerate(sorted(numbered.items())):
            if extended:
                if position == 0 and value.count("'") >= 2:
                    charset, _, value = value.split("'", 2)
                data += unquote_to_bytes(value.encode("utf-8", "surrogateescape"))
            else:
                data += value.encode("utf-8", "surrogateescape")
        text = decode(data, charset)
        result[name] = words(text) if text.isascii() else text  # both encodings at once happen
    return result


def _looks_like_base64(data: bytes) -> bool:
    """Whether something declared base64 is: some programs declare it and send plain text."""
    sample = data[:4096]
    plain = len(re.findall(rb"[^A-Za-z0-9+/=\s]", sample)) + len(re.findall(rb"\w +\w", sample))
    return plain * 10 <= len(sample)


def _uu(data: bytes) -> bytes:
    """uuencoded content, lines that can't be read left out."""
    out: list[bytes] = []
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(out)
