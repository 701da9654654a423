"""Lines of a message in Slack's mrkdwn, within a limit: strangers' text can neither ping, link nor format.

Sources: Slack's pages "Formatting message text" (what is escaped, date tokens) and "Text object" (`verbatim`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.slack.wire import string
from rules.messages import Line, Link, Part, Quote, Strong, When, Who

#: Direction overrides could turn a name or an amount around, zero-width characters hide where a word ends.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
#: `*`, `_`, `~` format only at the edge of a word; inside (`DOUBLE_CHARGE`) they are left, for they are typed again.
_AT_AN_EDGE = re.compile(r"(?<![A-Za-z0-9])[*_~]|[*_~](?![A-Za-z0-9])")
_ALIKE = {"*": "∗", "_": "ˍ", "~": "∼"}
_TICK = "ˋ"
_CODE = re.compile(r"`([^`\n]+)`")
#: Slack quotes a line that begins with `>` also where it comes escaped.
_QUOTING = re.compile(r"^([ \t]*)>", re.MULTILINE)
_TOKENS = {"time": "{time}", "day": "{date_short_pretty}", "both": "{date_short_pretty} at {time}"}
_MORE = "…"
_WEB = re.compile(r"https?://[^\s<>|\"]+")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: their IANA zone, what to call identities, and the Slack user ids that may be mentioned."""

    timezone: str = "UTC"
    names: Mapping[str, str] = field(default_factory=dict)
    mentions: Mapping[str, str] = field(default_factory=dict)


def size(text: str) -> int:
    """A text's length as Slack's limits count it at the strictest: UTF-16 units, of which an emoji has two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str) -> str:
    """The three characters that Slack's markup is made of; nothing else may be escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def tame(text: str, *, code: bool = True) -> str:
    """Text whose characters format nothing: lookalikes at the edges of words, no invisible characters.

    mrkdwn has no escape for its own marks. With `code` a closed pair of backticks in a line stays: it is how commands
    are written, and nothing inside it acts.
    """
    text = _UNSEEN.sub("", string(text).replace("\r\n", "\n").replace("\r", "\n"))
    text = text.replace("```", _TICK * 3)
    if not code:
        return _tamed(text)
    pieces = _CODE.split(text)
    return "".join(f"`{piece}`" if odd % 2 else _tamed(piece) for odd, piece in enumerate(pieces))


def _tamed(text: str) -> str:
    text = _AT_AN_EDGE.sub(lambda found: _ALIKE[found.group()], text.replace("`", _TICK))
    return _QUOTING.sub(lambda found: found.group(1) + "›", text)


def cut(text: str, limit: int) -> str:
    """Plain text within `limit` units; what was cut off is marked."""
    if size(text) <= limit:
        return text
    taken = _fitting(text, limit - size(_MORE), size)
    return taken.rstrip() + _MORE if limit >= size(_MORE) else ""


def _fitting(text: str, limit: int, measure: Callable[[str], int]) -> str:
    """The longest beginning whose measure holds; never ends in a joiner that would glue to what follows."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip("\u200d\ufe0f")


def line(parts: Line, reader: Reader, limit: int = 3000) -> str:
    """One line in mrkdwn of at most `limit` units; tokens are whole or left out, long texts are cut."""
    done, left = "", limit
    for part in parts:
        piece = _part(part, reader, left)
        if piece is None:
            return done + _MORE if left >= 1 else done
        done, left = done + piece, left - size(piece)
    return done


def plain(parts: Line, reader: Reader, limit: int = 1000) -> str:
    """The same line for notifications and screen readers: names and times in words, nothing that pings."""
    return escape_to(spoken(parts, reader), limit)


def spoken(parts: Line, reader: Reader) -> str:
    """The line in plain words, unescaped: for places where Slack knows no markup."""
    return tame("".join(_spoken(part, reader) for part in parts))


def escape_to(text: str, limit: int) -> str:
    """Tamed and escaped text within `limit` units, never cut inside an entity."""
    # What can't fit in any case need not be looked at: strangers' texts may be long.
    tamed = tame(text[: 4 * limit + 4])
    if size(escape(tamed)) <= limit and len(text) <= 4 * limit + 4:
        return escape(tamed)
    return escape(_fitting(tamed, limit - 1, lambda t: size(escape(t))).rstrip()) + _MORE if limit > 0 else ""


def local(when: When, timezone: str) -> str:
    """A moment in words, in that zone: `11:30`, `Thu Nov 20`, `Thu Nov 20 at 11:30`."""
    there = when.at.astimezone(ZoneInfo(timezone))
    day = f"{_DAYS[there.weekday()]} {_MONTHS[there.month - 1]} {there.day}"
    return {"time": f"{there:%H:%M}", "day": day, "both": f"{day} at {there:%H:%M}"}[when.form]


# Not strftime's %a and %b: they follow the machine's locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _part(part: Part, reader: Reader, left: int) -> str | None:
    """One part in at most `left` units; None where it can't be there even cut."""
    if isinstance(part, str):
        return _cut_part(part, left)
    token = _token(part, reader, left)
    return token if token is not None and size(token) <= left else None


def _cut_part(text: str, left: int) -> str | None:
    whole = escape_to(text, left)
    return whole if whole or not text else None


def _token(part: Part, reader: Reader, left: int) -> str | None:
    match part:
        case When(at=at):
            return f"<!date^{_epoch(at)}^{_TOKENS[part.form]}|{local(part, reader.timezone)}>"
        case Who():
            return _who(part, reader, left)
        case Strong(text=text):
            return _strong(text, left)
        case Quote(text=text):
            return _quote(text, left)
        case Link(url=url, label=label):
            return _link(url, label, left)
    return None


def _epoch(at: datetime) -> int:
    return int(at.timestamp())


def _who(part: Who, reader: Reader, left: int) -> str:
    user = reader.mentions.get(part.identity, "")
    if part.mention and re.fullmatch(r"[A-Z0-9]+", user):
        return f"<@{user}>"
    return escape_to(reader.names.get(part.identity, part.identity.removeprefix("slack:")), left)


def _strong(text: str, left: int) -> str:
    # Bold does not reach over a line's end, and spaces at its edges would keep it from being bold at all.
    folded = " ".join(tame(text, code=False).split())
    inner = escape_to(folded, left - 2)
    return f"*{inner}*" if inner else ""


def _quote(text: str, left: int) -> str:
    """Short words in quotation marks, several lines as a block of their own."""
    # A quotation mark inside would let the quoted one go on speaking as if it were us.
    tamed = tame(text.strip(), code=False).replace('"', "'")
    if "\n" not in tamed:
        return f'"{escape_to(tamed, left - 2)}"'
    quoted, room = [], left - 2
    for one in tamed.split("\n"):
        piece = ">" + escape_to(one, room - 2)
        if room - size(piece) - 1 < 2:
            quoted.append(">" + _MORE)
            break
        quoted.append(piece)
        room -= size(piece) + 1
    return "\n" + "\n".join(quoted) + "\n"


def _link(url: str, label: str, left: int) -> str:
    """Only web addresses are links; anything else (`javascript:`, spaces, `|`) is its label alone."""
    if not _WEB.fullmatch(url):
        return escape_to(label, left)
    address = escape(url)
    inner = escape_to(" ".join(label.split()), left - size(address) - 3).replace("|", "¦")
    return f"<{address}|{inner}>" if inner else f"<{address}>"


def _spoken(part: Part, reader: Reader) -> str:
    match part:
        case When():
            return local(part, reader.timezone)
        case Who(identity=identity):
            return reader.names.get(identity, identity.removeprefix("slack:"))
        case Strong(text=text):
            return text
        case Quote(text=text):
            return f'"{" ".join(text.split())}"'
        case Link(label=label):
            return label
        case _:
            return part


def lines(several: Iterable[Line], reader: Reader, limit: int = 3000) -> list[str]:
    """Each line in mrkdwn, the empty ones left out."""
    return [text for text in (line(parts, reader, limit) for parts in several) if text.strip()]
