"""The new part of a reply: what its author wrote, without quotations, signature, banner and disclaimer.

Our own rules, one pass over the lines, every pattern bounded: the mail libraries' rules take over 20 seconds for 60 kB
of hostile text. They prefer to cut: a quoted "approve" read as an answer is worse than an answer asked for again.
"""

from __future__ import annotations

import re

from handlers.mail.phrases import BANNER, BEGIN_FORWARDED, DISCLAIMER, LABELS, ORIGINAL, PROGRAM_LINE, WROTE

_MOST_LINES = 5_000  # nobody writes more by hand; what comes after them is in the mail's whole text
_LONG = 400  # characters: a longer line is nobody's attribution, label or signature
_WINDOW = 5  # lines that an attribution may be broken over
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[\w.-]{1,253}")
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}\b|\b\d{1,2} ?(?:am|pm|uhr)\b")
_DAY = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{4}[年년]|\b\d{1,2}\.? [^\W\d]{3,12}\.?,? (?:19|20)?\d\d"
)
_GMT = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d gmt[+-]\d\d:?\d\d\b")
_MARKS = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])  # of direction
_OPENER = re.compile(r"on |am |le |el |il |op |den |em |dnia |w dniu |at |\W{0,2}\d|\w{2,12}[.,] ?\d|\w{2,3} \d")
_DELIMITER = re.compile(r"[\s\-_=*#~+—–ᐧ]*")
_LABEL = re.compile(r"[\s*_]{0,8}([^\W\d_][^:：\n]{0,24}?)[\s*]{0,4}[:：]")
_FENCE = re.compile(r"\W{0,4}-{2,}\s*([^-]{3,60}?)\s*-{2,}\W{0,4}")


def new_text(text: str) -> str:
    """`text` (line ends LF) without what was there before: "" where nothing is new."""
    lines = _without_banner([line.rstrip() for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]])
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _begins_quoted_mail(lines, at):
            break
        if line.lstrip().startswith(">"):
            at += 1
            continue
        end, sure = _attribution(lines, at)
        if end:
            below = _next_filled(lines, end)
            if below < len(lines) and lines[below].lstrip()[:1] in (">", "|"):
                mark = lines[below].lstrip()[0]
                at = below
                while at < len(lines) and (lines[at].lstrip().startswith(mark) or _blank_within(lines, at, mark)):
                    at += 1
                continue
            if not any(piece.strip() for piece in kept):
                at = end  # the answer stands below it
                continue
            if sure:
                break  # a quotation without marks: there is no telling where it ends
        if _ends_text(lines, at):
            break
        kept.append(line)
        at += 1
    return "\n".join(_trimmed(kept))


def _without_banner(lines: list[str]) -> list[str]:
    """Without the paragraph that a gateway put on top."""
    first = _next_filled(lines, 0)
    if first < len(lines) and BANNER.match(lines[first][:_LONG].casefold()):
        end = first
        while end < len(lines) and lines[end].strip():
            end += 1
        if any(line.strip() for line in lines[end:]):
            return lines[end:]
    return lines


def _begins_quoted_mail(lines: list[str], at: int) -> bool:
    """Whether from here on stands the mail that was answered or passed on, whole, without marks."""
    line = lines[at]
    if len(line) > _LONG or not line.strip():
        return False
    folded = line.casefold().strip()
    if BEGIN_FORWARDED.fullmatch(folded):
        return True
    if fence := _FENCE.fullmatch(folded):
        if ORIGINAL.search(fence.group(1)):
            return True
        below = _next_filled(lines, at + 1)
        return below < len(lines) and _label(lines[below]) is not None and _header_block(lines, below)
    return _header_block(lines, at)


def _header_block(lines: list[str], at: int) -> bool:
    """Whether a block like `From: ... Sent: ... To: ... Subject: ...` begins here.

    Three kinds of label, beginning with From or Date, and a subject or an address among them: a person's own
    "From: Berlin, To: Munich, Date: March 3" has neither.
    """
    first = _label(lines[at])
    if first not in ("from", "sent"):
        return False
    kinds: set[str] = set()
    has_address = False
    for line in lines[at : at + 8]:
        if not line.strip():
            break
        kind = _label(line)
        if kind is None and not line.startswith((" ", "\t")) and len(kinds) < 2:
            break
        if kind:
            kinds.add(kind)
        has_address = has_address or "@" in line[:_LONG]
    return len(kinds) >= 3 and "from" in kinds and ("subject" in kinds or has_address)


def _label(line: str) -> str | None:
    found = _LABEL.match(line[:60])
    return LABELS.get(found.group(1).strip(" *_").casefold()) if found else None


def _attribution(lines: list[str], at: int) -> tuple[int, bool]:
    """Where the attribution ("On ..., Ann wrote:") that begins at this line ends (the line after); 0 where none begins.

    Sure: it names day and hour, or an address. "The customer wrote on May 3:" may be a person's own sentence.
    """
    if not lines[at].strip() or len(lines[at]) > _LONG:
        return 0, False
    joined = ""
    for end in range(at, min(at + _WINDOW + 3, len(lines))):
        line = lines[end].strip()
        if len(line) > _LONG or (end > at and line.startswith(">") and not WROTE.search(line.casefold())):
            return 0, False
        if not line:
            # one program breaks its attribution over paragraphs: go on only where it already looks like one
            if _CLOCK.search(joined) and _DAY.search(joined) and joined.startswith("on "):
                continue
            return 0, False
        # undeclared quoted-printable ends a line by "="
        joined = joined.removesuffix("=") + ("" if joined.endswith("=") else " ") + line.casefold().translate(_MARKS)
        joined = joined.strip()
        if len(joined) > _LONG or (end - at >= _WINDOW and not joined.startswith("on ")):
            return 0, False
        is_one, sure = _is_attribution(joined, lines, end)
        if is_one and (end - at <= 1 or _OPENER.match(joined)):
            return end + 1, sure
    return 0, False


def _is_attribution(joined: str, lines: list[str], end: int) -> tuple[bool, bool]:
    if joined.endswith((":", "：")):
        day, clock = bool(_DAY.search(joined)), bool(_CLOCK.search(joined))
        addressed = bool(_ADDRESS.search(joined))
        sure = addressed or (day and clock)
        if WROTE.search(joined[-200:]):
            return day or clock or addressed, sure
        return day and clock and addressed, sure
    if _GMT.match(joined):
        return len(joined) < 120, True
    if joined.endswith(">") and re.match(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\b", joined) and _ADDRESS.search(joined):
        # `2013/7/20 sam via Meta <info@...>` with a quotation right below
        below = _next_filled(lines, end + 1)
        return below < len(lines) and lines[below].lstrip()[:1] in (">", "|"), True
    return False, False


def _ends_text(lines: list[str], at: int) -> bool:
    """Whether a signature, a list's footer or a disclaimer begins here."""
    line = lines[at]
    bare = line.strip()
    if bare in ("--", "---", "—", "—-", "–") or (len(bare) >= 40 and not bare.strip("_")):
        # a rule in the middle of a long text is no signature
        filled = sum(1 for rest in lines[at + 1 : at + 40] if rest.strip())
        return filled <= (4 if bare == "---" else 12)
    folded = line[:_LONG].casefold()
    if DISCLAIMER.match(folded):
        return True
    if len(line) <= 160 and bare and PROGRAM_LINE.fullmatch(folded.strip()):
        below = _next_filled(lines, at + 1)
        return below >= len(lines) or bool(
            PROGRAM_LINE.fullmatch(lines[below].casefold().strip()[:160])
            or _begins_quoted_mail(lines, below)
            or _attribution(lines, below)[0]
            or lines[below].lstrip().startswith((">", "--", "__"))
        )
    return False


def _next_filled(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _blank_within(lines: list[str], at: int, mark: str) -> bool:
    """Whether the quotation goes on after this blank line."""
    return not lines[at].strip() and at + 1 < len(lines) and lines[at + 1].lstrip().startswith(mark)


def _trimmed(lines: list[str]) -> list[str]:
    """Without blank lines at both ends, and without the rules and dashes that stood above what was cut."""
    begin, end = 0, len(lines)
    while begin < end and not lines[begin].strip():
        begin += 1
    while end > begin and _DELIMITER.fullmatch(lines[end - 1]):
        end -= 1
    return lines[begin:end]
