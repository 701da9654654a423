"""What a mail says and what it carries: its text for people, and the parts that are files."""

from __future__ import annotations

from dataclasses import dataclass, field

from handlers.mail.charset import decode
from handlers.mail.html import to_text
from handlers.mail.parts import Part

MAX_TEXT = 1_000_000  # characters
_TEXTS = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/x-markdown", "text/markdown")
_CONTROLS = dict.fromkeys([*range(9), 11, *range(14, 32), 127, 0xFEFF])


@dataclass(slots=True)
class Body:
    """The text, the parts that are files, and what was odd, in words."""

    text: str = ""
    files: list[Part] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def body_of(root: Part) -> Body:
    """Read the tree. The text of a forwarded message is not the sender's: it stays a file."""
    body = Body()
    pieces = [piece for piece in _texts(root, body, alone=True) if piece.strip()]
    text = "\n\n".join(pieces)
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
        body.troubles.append("Its text is very long; the end of it was not read.")
    body.text = text
    if any(part.media_type in ("multipart/encrypted", "application/pkcs7-mime") for part in root.walk()) and not text:
        body.troubles.append("It is encrypted or sealed; its text can't be read here.")
    elif "-----BEGIN PGP MESSAGE-----" in text:
        body.troubles.append("It is encrypted; its text can't be read here.")
    if any(part.media_type in ("application/ms-tnef", "application/vnd.ms-tnef") for part in body.files):
        body.troubles.append("Outlook packed its files into winmail.dat; they were not unpacked.")
    return body


def _texts(part: Part, body: Body, alone: bool = False) -> list[str]:
    """The texts below `part`, in order; what is none becomes a file. As deep as parts.MAX_DEPTH, no deeper."""
    kind = part.media_type
    if kind == "multipart/alternative":
        return _best(part, body)
    if kind.startswith("multipart/") and part.children:
        return [text for child in part.children for text in _texts(child, body)]
    is_text = kind in _TEXTS and part.disposition != "attachment" and (alone or not part.file_name)
    if kind.startswith("multipart/") or not is_text:
        if part.body.strip() or part.file_name:
            body.files.append(part)
        return []
    return [_text(part, body)]


def _best(part: Part, body: Body) -> list[str]:
    """Of several forms of the same text the plain one, unless it is empty; forms that are no text are files."""
    plain: list[str] = []
    rich: list[str] = []
    for child in part.children:
        texts = _texts(child, body)
        has_plain = child.media_type == "text/plain" or (
            child.media_type.startswith("multipart/") and any(p.media_type == "text/plain" for p in child.walk())
        )
        (plain if has_plain and not plain else rich).extend(texts)
    return plain if any(text.strip() for text in plain) else rich[:1]


def _text(part: Part, body: Body) -> str:
    data = part.data(limit=4 * MAX_TEXT)[: 4 * MAX_TEXT]
    text = decode(data, part.charset)
    if part.media_type == "text/html" or (part.media_type != "text/plain" and "</" in text):
        text, trouble = to_text(text)
        if trouble:
            body.troubles.append(trouble)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").translate(_CONTROLS)
