"""The files of a mail: under what clean names, with size and hash, their bytes, and which of them are programs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from handlers.mail.headers import safe
from handlers.mail.parts import MAX_DEPTH, MAX_PARTS, Part
from rules.events import Attachment, Suspicion

#: Of one mail so many files and bytes are kept as evidence; of the others the name, size and hash.
KEPT_FILES, KEPT_BYTES = 50, 25_000_000
_MAX_NAME = 150
# What Windows runs when somebody opens it; Outlook refuses the same. `.com` is how many subjects end.
_PROGRAM = re.compile(
    r"(?i)\.(?:exe|scr|pif|bat|cmd|vb|vbs|vbe|js|jse|ws|wsf|wsh|hta|lnk|msi|msp|mst|cpl|jar|ps1|psm1|reg|scf|chm|xll|iso|"
    r"img|vhdx?|appx|application|gadget|inf|url|wsc)"
)
_MACHINE_CODE = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
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


def attachments(parts: Sequence[Part]) -> tuple[Attachment, ...]:
    """The files that these parts are, with the bytes of as many as are kept."""
    files: list[Attachment] = []
    left = KEPT_BYTES
    for number, part in enumerate(parts):
        data = part.data()
        kept = data if number < KEPT_FILES and len(data) <= left else b""
        left -= len(kept)
        files.append(_attachment(part, data, kept))
    return tuple(files)


def suspicions(root: Part, files: Sequence[Attachment]) -> tuple[Suspicion, ...]:
    """Why a mail looks hostile. No mail program nests thirty deep or makes five hundred parts."""
    found: list[Suspicion] = []
    parts = list(root.walk())
    if len(parts) >= MAX_PARTS or any(p.depth >= MAX_DEPTH and p.media_type.startswith("multipart/") for p in parts):
        found.append("built to break readers")
    if any(_is_program(file) for file in files):
        found.append("a program attached")
    return tuple(found)


def _is_program(file: Attachment) -> bool:
    ending = file.name[file.name.rfind(".") :] if "." in file.name else ""
    if _PROGRAM.fullmatch(ending):
        return True
    return not file.media_type.startswith(("text/", "message/", "image/")) and file.data.startswith(_MACHINE_CODE)


def _attachment(part: Part, data: bytes, kept: bytes) -> Attachment:
    """The file that `part` is. A forwarded message is named by its subject."""
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
        data=kept,
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
