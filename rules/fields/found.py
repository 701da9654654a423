"""The nouns of reading: where something stood in a text, what it means, and what could not be read for certain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SNIPPET_CHARACTERS = 60
VALUES_KEPT = 10  # more contradicting values help nobody to see the contradiction
UNCLEAR_KEPT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a text is read against.

    `now` is an aware UTC datetime; `timezone` the IANA zone of the writer or the organization ("tomorrow" is theirs);
    `currency` the ISO 4217 code of amounts that name none; `region` the ISO 3166 code that settles 03/04/2026,
    1,200 and phone numbers without a country (None: they stay unclear).
    """

    now: datetime
    timezone: str = "UTC"
    currency: str = "USD"
    region: str | None = None

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("Context.now needs a zone")

    @property
    def today(self) -> date:
        """The local day of `now` in `timezone`."""
        return self.now.astimezone(ZoneInfo(self.timezone) if self.timezone != "UTC" else UTC).date()


@dataclass(frozen=True, slots=True)
class Mention:
    """Text [start, end) that looks like a value; `value` is canonical, or None where no reading is certain.

    A `faint` mention only counts when nothing plainer stands beside it ("next week" beside "Dec 1").
    """

    start: int
    end: int
    value: str | None
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """All different canonical values of a field (none: not there, several: they contradict), and unclear snippets."""

    values: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()

    @property
    def value(self) -> str | None:
        """The value, when there is exactly one and nothing beside it is unclear."""
        return self.values[0] if len(self.values) == 1 and not self.unclear else None

    def __bool__(self) -> bool:
        return bool(self.values or self.unclear)


class NotReadable(Exception):
    """A value that can't be read for certain; the sentence says what was wrong and which form would be read."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def plainest(mentions: Iterable[Mention]) -> list[Mention]:
    """The mentions that count: of overlapping ones the longest; two readings of the same words make them unclear."""
    ordered = sorted(mentions, key=lambda m: (m.start, -m.end))
    kept: list[Mention] = []
    for mention in ordered:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
            continue
        last = kept[-1]
        within = mention.end <= last.end and (mention.start, mention.end) != (last.start, last.end)
        if within or mention.value == last.value:
            kept[-1] = Mention(last.start, max(last.end, mention.end), last.value, last.faint)
        else:
            kept[-1] = Mention(last.start, max(last.end, mention.end), None, last.faint and mention.faint)
    return kept if all(m.faint for m in kept) else [m for m in kept if not m.faint]


def gathered(mentions: Iterable[Mention], text: str) -> Found:
    """What the mentions in `text` say together; the same value said twice is one value (letter case aside)."""
    values: dict[str, str] = {}
    unclear: dict[str, None] = {}
    for mention in plainest(mentions):
        if mention.value is None:
            unclear.setdefault(" ".join(text[mention.start : mention.end].split())[:SNIPPET_CHARACTERS])
        else:
            values.setdefault(mention.value.casefold(), mention.value)
    return Found(tuple(values.values())[:VALUES_KEPT], tuple(unclear)[:UNCLEAR_KEPT])


def masked(text: str, mentions: Iterable[Mention]) -> str:
    """The text with the mentions blanked out (a sentinel, so that neighbours don't join), offsets unchanged."""
    parts: list[str] = []
    at = 0
    for mention in sorted(mentions, key=lambda m: m.start):
        start = max(at, mention.start)
        if mention.end > start:
            parts += [text[at:start], "\n" * (mention.end - start)]
            at = mention.end
    return "".join(parts) + text[at:]
