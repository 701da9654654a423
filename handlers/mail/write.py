"""A message to a letter: the bytes that go to the mail server, as text that stands alone and as HTML beside it.

Structure RFC 5322 and 2046; Auto-Submitted RFC 3834 section 5; X-Auto-Response-Suppress MS-OXCMAIL 2.1.3.2.20.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, PackageLoader

from handlers.images import Image
from handlers.mail.addresses import with_detail
from handlers.mail.headers import safe
from handlers.mail.identity import our_id
from handlers.pieces import Piece, Reading, piece
from handlers.ports import Outgoing
from rules.messages import Line, Message, Who

_WIDTH = 72  # columns of the text part: under 76 also where it is quoted once
_REFERENCES = 10  # of a long thread, kept at each end
# Longer lines than the default 78: what Python folds there it writes as encoded words, and Outlook then begins a new
# thread (cpython issues 79986, 100991).
_POLICY = SMTP.clone(max_line_length=998)
_TEMPLATES = Environment(
    loader=PackageLoader("handlers.mail"), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)
_INLINER = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def letter(outgoing: Outgoing, *, sender: str, sender_name: str, date: datetime) -> bytes:
    """The whole mail, ready for SMTP: the same bytes for the same arguments. `date` is aware.

    UnicodeEncodeError where the address is not ASCII, ValueError where it is none.
    """
    message = replace(outgoing.message, headline=_spoken(outgoing.message.headline))
    address = _address(outgoing.address)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(safe(sender_name), addr_spec=sender)
    mail["To"] = address
    if outgoing.reply_token:
        mail["Reply-To"] = Address(safe(sender_name), addr_spec=with_detail(sender, outgoing.reply_token))
    mail["Subject"] = subject(outgoing)
    mail["Date"] = format_datetime(date.astimezone(UTC))
    mail["Message-ID"] = our_id(outgoing.outbox_id, sender)
    if outgoing.thread:
        mail["In-Reply-To"] = safe(outgoing.thread, 998)
    if references := _references(outgoing):
        mail["References"] = " ".join(references)
    # answers must not answer each other, nor absences us
    mail["Auto-Submitted"] = "auto-replied" if outgoing.answers else "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Loop"] = sender
    if message.bulk:
        mail["Precedence"] = "bulk"
    zone = ZoneInfo(outgoing.timezone)
    reading = Reading(outgoing.names, zone, date.astimezone(zone).date())
    mail.set_content(text(message, reading), cte="quoted-printable")
    shown = [Shown(each.title, each.alt, f"{each.name}.{each.digest}@docket") for each in outgoing.images]
    mail.add_alternative(html(message, reading, shown), subtype="html", cte="quoted-printable")
    # the library's own boundaries are drawn by lot; a repeat must have the same bytes
    boundary = f"=_docket_{''.join(c for c in outgoing.outbox_id if c.isalnum())[:40]}"
    mail.set_boundary(boundary)
    if shown:
        _inline(mail, outgoing.images, shown, f"{boundary}_related")
    return mail.as_bytes()


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as the HTML names it; `cid` is the Content-ID of its part."""

    title: str
    alt: str
    cid: str


def _inline(mail: EmailMessage, images: Sequence[Image], shown: Sequence[Shown], boundary: str) -> None:
    """The pictures beside the HTML that shows them, and in no list of attachments (RFC 2387, RFC 2392)."""
    page = list(mail.iter_parts())[-1]  # the HTML was added last
    for each, named in zip(images, shown, strict=True):
        page.add_related(
            each.png, "image", "png", cid=f"<{named.cid}>", filename=f"{each.name}.png", disposition="inline"
        )
    page.set_boundary(boundary)


def _spoken(headline: Line) -> Line:
    """Without the name that chat pings in front: a letter speaks to its one reader already."""
    match headline:
        case (Who(mention=True), str(words), *rest) if words.startswith(", "):
            return (words[2:3].upper() + words[3:], *rest)
    return headline


def subject(outgoing: Outgoing) -> str:
    """The message's subject, safe for a header, with `[KEY]` at the end so that people can find it."""
    line = safe(outgoing.message.subject)
    return line if not outgoing.item or f"[{outgoing.item}]" in line else f"{line} [{outgoing.item}]".strip()


def text(message: Message, reading: Reading) -> str:
    """The message as plain text, lines under 76 columns, for readers who see nothing else."""
    blocks = [_wrapped(message.headline, reading)]
    if message.lines:
        blocks.append("\n".join(_wrapped(line, reading) for line in message.lines))
    for section in message.sections:
        heading = [section.heading, "-" * min(len(section.heading), _WIDTH)] if section.heading else []
        rows = [_wrapped(row.line, reading, first="- ", further="  ") for row in section.rows]
        blocks.append("\n".join([*heading, *rows, *([section.rest] if section.rest else [])]))
    blocks += [_wrapped((f"{each.title}\n{each.alt}",), reading) for each in message.pictures]
    if message.small:
        # no "-- " above it: clients would hide it as a signature
        blocks.append("\n".join(_wrapped(line, reading) for line in message.small))
    return "\n\n".join(blocks) + "\n"


def html(message: Message, reading: Reading, shown: Sequence[Shown] = ()) -> str:
    """The message as HTML for mail programs: tables, styles inlined, nothing loaded from anywhere.

    `shown` are the pictures that travel with it.
    """

    def pieces(line: Line) -> list[Piece]:
        return [piece(part, reading) for part in line]

    page = _TEMPLATES.get_template("letter.html").render(
        message=message,
        pictures=shown,
        title=safe(message.subject),
        pieces=pieces,
        preheader=safe(_plain(message.lines[0] if message.lines else (), reading), 120),
    )
    return _INLINER.inline(page)


def _plain(line: Line, reading: Reading) -> str:
    """A line in plain words: links written out, quotations in quotation marks."""
    words = []
    for said in (piece(part, reading) for part in line):
        if said.kind == "link":
            words.append(said.url if said.text == said.url else f"{said.text} ({said.url})")
        elif said.kind == "quote":
            words.append(f'"{said.text}"' if "\n" not in said.text else f"\n{textwrap.indent(said.text, '> ')}\n")
        else:
            words.append(said.text)
    return "".join(words)


def _wrapped(line: Line, reading: Reading, first: str = "", further: str = "") -> str:
    out: list[str] = []
    for number, row in enumerate(_plain(line, reading).split("\n")):
        mark = "> " if row.startswith("> ") else ""
        out += textwrap.wrap(
            row,
            _WIDTH,
            initial_indent=first if number == 0 else further,
            subsequent_indent=further + mark,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(out).strip("\n")


def _references(outgoing: Outgoing) -> list[str]:
    """The thread's ids, oldest first, the one that is answered last; of a long thread the first and the last ten."""
    ids = [safe(one, 998) for one in outgoing.references if one.strip()]
    if outgoing.thread and outgoing.thread not in ids:
        ids.append(safe(outgoing.thread, 998))
    ids = list(dict.fromkeys(ids))
    return ids if len(ids) <= 2 * _REFERENCES else ids[:_REFERENCES] + ids[-_REFERENCES:]


def _address(value: str) -> Address:
    value.encode("ascii")  # SMTPUTF8 (RFC 6531) is not spoken: says so by UnicodeEncodeError
    if value != safe(value, 254) or " " in value or value.count("@") != 1:
        raise ValueError("not one plain mail address")
    return Address(addr_spec=value)
