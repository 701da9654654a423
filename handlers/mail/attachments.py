"""The files of a mail: which parts are files, under what clean names, with size and hash."""

from __future__ import annotations

import hashlib
import re

from handlers.mail.headers import safe
from handlers.mail.parts import Part
from rules.events import Attachment

_MAX_NAME = 150
_ENDINGS = {
    "message/rfc822": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "application/pdf": ".pdf",
    "application/ms-tnef": ".dat",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
}
# Windows opens devices under these names, whatever their ending.
_DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")


def attachment(part: Part) -> Attachment:
    """The file that `part` is. A forwarded message is named by its subject."""
    data = part.data()
    name = part.file_name
    if not name and part.media_type == "message/rfc822":
        subject = re.match(rb"(?is)(?:.{0,20000}?\n)??subject:([^\r\n]{0,200})", part.body)
        name = subject.group(1).decode("utf-8", "replace") if subject else ""
        name = f"{name}.eml" if name.strip() else ""
    return Attachment(
        name=clean_name(name, part.media_type),
        media_type=part.media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def clean_name(name: str, media_type: str = "") -> str:
    """A file name that leads nowhere: the last path component, without control or bidi characters, 150 at most."""
    name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r'[<>:"|?*\u200c\u200d]', "_", safe(name, 4 * _MAX_NAME)).strip(". ")
    if not name:
        return "attachment" + _ENDINGS.get(media_type, "")
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    if len(name) > _MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: _MAX_NAME - 1 - len(ending)]}.{ending}" if dot and len(ending) <= 10 else name[:_MAX_NAME]
    return name
