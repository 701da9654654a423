"""`name: value` lines: the fields that a text names itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.book.field import Field


@dataclass(frozen=True, slots=True)
class Labelled:
    """`value` was written for `field`; the whole segment lies at [start, end)."""

    field: Field
    value: str
    start: int
    end: int


def labelled(fields: Sequence[Field], text: str, *, inline: bool) -> Iterator[Labelled]:
    """Every `name: value` (or `name = value`) of plain text, field names in any case, with `_`, `-` or spaces.

    A value ends with its line; that of a text field goes on until an empty line or the next label. `inline`: a label
    may also stand behind a comma or semicolon (`amount: 450, order: ORD-12345`).
    """
    by_name = {_folded(field.name): field for field in fields if field.name.strip("_- ")}
    if not by_name:
        return
    names = "|".join(r"[ _-]".join(map(re.escape, name.split())) for name in sorted(by_name, key=len, reverse=True))
    opener = r"(?:^|[,;][ \t])" if inline else "^"
    pattern = re.compile(
        rf"{opener}[ \t]{{0,8}}(?:[-*•>][ \t]{{1,4}})?[*_`]{{0,2}}({names})[*_`]{{0,2}}[ \t]{{0,4}}[:=][*_`]{{0,2}}",
        re.IGNORECASE | re.MULTILINE,
    )
    matches = list(pattern.finditer(text))
    for number, match in enumerate(matches):
        field = by_name[_folded(match.group(1))]
        stop = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        until = "\n\n" if field.type == "text" else "\n"
        line_end = text.find(until, match.end(), stop)
        end = stop if line_end < 0 else line_end
        yield Labelled(field, text[match.end() : end].strip(), match.start(), end)


def _folded(name: str) -> str:
    return " ".join(re.split(r"[ _-]+", name.casefold().strip(" _-")))
