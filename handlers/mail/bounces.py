"""What a bounce says: which addresses refused a mail of ours, with what status, and which of our mails it was.

By RFC 3464 where a server keeps to it, else from its words. Whether it is believed is for the rules: anybody can write
a bounce, so it counts only against an address that the mail it names really went to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from handlers.mail.addresses import is_own, mailboxes
from handlers.mail.headers import words
from handlers.mail.parts import Part
from rules.events import Bounce, Refusal

_READ = 256 * 1024  # bytes of a bounce that are looked at: the reason stands before the mail that is given back
_PARTS, _MOST = 30, 50  # parts that are looked at; addresses, ids and details that are kept
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,10}")
_REPORT = ("message/delivery-status", "message/global-delivery-status")
_GIVEN_BACK = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
# Where the words end and the mail that is given back begins: a line that says so, or the first of its header lines.
_BELOW = re.compile(
    r"(?im)^[ \t>|]{0,8}(?:--.{0,80}(?:copy of|original|returned|unsent|below this line|message headers?)|"
    r"(?:received|return-path|message-id|dkim-signature|mime-version|x-mailer):\s)"
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.@-])([45])([0-7])\d[ -](?!\d)")
# What servers say where they give no code, as the status that RFC 3463 has for it; the first that is found counts.
_SAID = (
    ("4.0.0", r"delayed|delivery delay|will (?:be |continue to )?(?:retr|try)|still being|not yet been|temporar|"
              r"warning only|do not need to resend|verzögert"),
    ("5.2.2", r"(?:mail ?box|mail ?folder|quota|inbox|account).{0,40}(?:full|exceed|over)|over ?quota|voll\b|"
              r"exceed.{0,40}quota|(?:quota|storage).{0,20}exceeded|insufficient (?:disk|storage|system storage)"),
    ("5.3.4", r"(?:message|mail) (?:size|is too|too) (?:exceed|large|big)|too (?:large|big)|exceeds? .{0,40}size"),
    ("4.4.7", r"timed out|time-?out|expired|too long in the queue|retry time(?:out)?|unable to connect|"
              r"connection (?:refused|timed)|could not (?:connect|be contacted)"),
    ("5.7.1", r"spam|blocked|blacklist|denied|not (?:allowed|permitted|authori[sz]ed)|prohibited|policy|virus"),
    ("5.1.2", r"(?:host|domain|name)(?: name)? (?:is )?(?:unknown|not found|does ?n.t exist|service error)|"
              r"unknown (?:host|domain)|bad destination host|unrouteable|no mx record|dns lookup failure"),
    ("5.2.1", r"(?:mailbox|account|user|address).{0,40}(?:disabled|inactive|suspended|not active|deactivated|closed)|"
              r"no longer (?:active|valid|available|with|in use|works?)"),
    ("5.1.1", r"user (?:is )?(?:unknown|not found|does ?n.t (?:exist|have))|unknown (?:user|recipient|address|local)|"
              r"no (?:such|mail ?box|valid recipients?) |invalid (?:recipient|mailbox|address|user)|does ?n.t exist|"
              r"does not exist|not (?:a )?(?:known|valid|listed|our customer|exist)|not found|unrecogni[sz]ed|"
              r"addresses? (?:unknown|failed)|recipient.{0,40}(?:rejected|unknown|not)|mailbox unavailable|"
              r"unbekannt|inconnu|couldn.t find|could not find|may not exist|存在しない|存在しません"),
)  # fmt: skip
_KINDS = tuple((status, re.compile(f"(?is){pattern}")) for status, pattern in _SAID)


def bounce(root: Part, *, own_addresses: frozenset[str], is_sent: Callable[[str], bool]) -> Bounce:
    """What `root`, a bounce, says. `is_sent`: whether a Message-ID (with brackets) is one of ours."""
    looked = list(_looked_at(root))
    everything = "\n".join(text for _, text in looked)
    told = _reported(looked) or _told(root, looked, own_addresses)
    refusals = [one for one in told if not is_sent(f"<{one.address}>")]  # an id looks like an address
    ids = dict.fromkeys(found for found in re.findall(r"<[^<>\s]{1,998}>", everything) if is_sent(found))
    return Bounce(
        refusals=tuple(refusals[:_MOST]),
        sent_as=tuple(ids)[:_MOST],
        details=_details(everything.lower(), own_addresses),
    )


def _details(text: str, own_addresses: frozenset[str]) -> tuple[str, ...]:
    """The +details (RFC 5233) of our own addresses that stand anywhere in `text` (lower case)."""
    found: dict[str, None] = {}
    for own in sorted(own_addresses):
        name, _, domain = own.rpartition("@")
        pattern = rf"{re.escape(name)}\+([\w.=-]{{1,64}})@{re.escape(domain)}(?![\w.-]*\w)"
        found.update(dict.fromkeys(re.findall(pattern, text)))
    return tuple(found)[:_MOST]


def _looked_at(root: Part) -> Iterator[tuple[Part, str]]:
    """The parts that hold something, with their text, up to a limit; the header of the whole mail with the first."""
    left = _READ
    head = "\n".join(f"{name}: {value}" for name, value in root.headers.fields[:200])[: _READ // 8]
    leaves = (part for part in root.walk() if not part.children)
    for number, part in enumerate(leaves):
        if number >= _PARTS or left <= 0:
            return
        text = part.data(limit=left)[:left].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        left -= len(text)
        yield part, f"{text}\n{head}" if part.media_type in _GIVEN_BACK and number == 0 else text
    if left > 0:
        yield root, head


def _reported(looked: list[tuple[Part, str]]) -> list[Refusal]:
    """RFC 3464: the groups of fields behind the first one, one for each recipient."""
    found: dict[str, Refusal] = {}
    for part, text in looked:
        if part.media_type not in _REPORT:
            continue
        for group in re.split(r"\n[ \t]*\n", text):
            fields = _fields(group)
            for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
                if (address := _recipient(fields.get(name, ""))) and address not in found:
                    found[address] = Refusal(address=address, status=_status(fields), action=_action(fields))
    return list(found.values())


def _fields(group: str) -> dict[str, str]:
    unfolded = re.sub(r"\n[ \t]+", " ", group)
    pairs = (line.partition(":") for line in unfolded.split("\n")[:100])
    fields: dict[str, str] = {}
    for name, colon, value in pairs:
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _recipient(value: str) -> str:
    """`rfc822; olga@corp.example`, with or without brackets and the kind of address in front."""
    address = _ADDRESS.search(value.rpartition(";")[2])
    return address.group().lower().strip(".") if address else ""


def _status(fields: dict[str, str]) -> str:
    """Status, unless it says nothing (5.0.0) where the diagnosis says more."""
    stated = _STATUS.search(fields.get("status", ""))
    code = stated.group() if stated else ""
    if code and not code.endswith(".0.0"):
        return code
    said = fields.get("diagnostic-code", "")
    return _code(said) or code or _in_words(said)


def _action(fields: dict[str, str]) -> Literal["", "failed", "delayed"]:
    action = re.match(r"failed|delayed", fields.get("action", "").lower())
    return "" if action is None else "failed" if action.group() == "failed" else "delayed"


def _told(root: Part, looked: list[tuple[Part, str]], own_addresses: frozenset[str]) -> list[Refusal]:
    """In its own words: the addresses that stand before the mail that is given back, and what is said there."""
    stated = [box.address for value in root.headers.all("x-failed-recipients") for box in mailboxes(value)]
    text = "\n".join(text for part, text in looked if part is not root or not part.headers.has("from"))
    text = next((text for part, text in looked if part.media_type not in (*_REPORT, *_GIVEN_BACK)), text)
    below = _BELOW.search(text)
    reason = text[: below.start()] if below and below.start() > 40 else text[: _READ // 16]
    named = [address.lower().strip(".'") for address in _ADDRESS.findall(reason)]
    named += [one.rpartition("=")[2] for one in named if "=" in one]  # `SMTP=olga@corp.example` of old Exchange
    fit = [one for one in (*stated, *named) if one and not is_own(one, own_addresses)] or [""]
    about = f"{words(root.headers.first('subject'))}\n{reason}"
    status = _code(reason) or _in_words(about)
    action: Literal["", "delayed"] = "delayed" if status.startswith("4.0.") else ""
    return [Refusal(address=one, status=status, action=action) for one in dict.fromkeys(fit)]


def _code(text: str) -> str:
    """The most telling code in some words: an extended one that is no success, else a reply code as its class."""
    codes = [found.group() for found in _STATUS.finditer(text) if found.group(1) != "2"]
    if told := next((code for code in codes if not code.endswith(".0.0")), ""):
        return told
    if reply := _REPLY.search(text):
        said = _in_words(text)
        return said if said.startswith(reply.group(1)) else f"{reply.group(1)}.0.0"
    return codes[0] if codes else ""


def _in_words(text: str) -> str:
    return next((status for status, pattern in _KINDS if pattern.search(text[: _READ // 16])), "")
