"""Mails as a mail program shows them: who, about what, the words, the HTML; for the page and for tests."""

from __future__ import annotations

import base64
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage

from bot.sandbox.mail import Letter

# Allows measuring the height of the frame, no scripts, no images from elsewhere.
LETTER_CSP = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail's readable parts; `html` is empty when there is none."""

    sender: str
    to: str
    subject: str
    reply_to: str
    text: str
    html: str


def message_of(letter: Letter) -> EmailMessage:
    return email.message_from_bytes(letter.raw, policy=email.policy.default)


def _with_images(html: str, mail: EmailMessage) -> str:
    """The HTML with the images that travel beside it (RFC 2392) in their places."""
    for part in mail.walk():
        if part.get_content_maintype() == "image" and (cid := str(part["Content-ID"] or "").strip("<>")):
            data = base64.b64encode(part.get_content()).decode()
            html = html.replace(f'"cid:{cid}"', f'"data:{part.get_content_type()};base64,{data}"')
    return html


def opened(letter: Letter) -> Opened:
    """Open a letter; one that can't be parsed is shown as its bytes."""
    try:
        mail = message_of(letter)
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        return Opened(
            sender=str(mail["From"] or letter.sender),
            to=str(mail["To"] or ", ".join(letter.recipients)),
            subject=str(mail["Subject"] or "(no subject)"),
            reply_to=str(mail["Reply-To"] or mail["From"] or letter.sender),
            text=str(text.get_content()).replace("\r\n", "\n") if text else "",
            html=_with_images(str(html.get_content()), mail) if html else "",
        )
    except Exception:  # the standard parser raises many kinds on strangers' mail; it must still be shown
        shown = letter.raw.decode("utf-8", "replace")
        return Opened(letter.sender, ", ".join(letter.recipients), "(unreadable)", letter.sender, shown, "")
