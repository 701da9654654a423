"""What other systems say of an item, as lines of its card: its records there, how it stands there, who disagrees."""

from __future__ import annotations

from rules.book.rulebook import Workflow
from rules.items import Item
from rules.messages import Line, Link, Part, When
from rules.truth import STATUS, area_of, differing
from rules.wording.lines import show_value

#: So many records are shown; the record of the item has all.
SHOWN = 3


def told_lines(item: Item, workflow: Workflow) -> list[Line]:
    """Its records in other systems with what stands there, and each word of theirs that differs from the item's."""
    lines: list[Line] = []
    parts: list[Part] = []
    stands = {told.system.casefold(): told for told in item.told if told.fact == STATUS}
    for link in item.elsewhere[-SHOWN:]:
        known: Part = Link(link.url, link.id) if link.url else link.id
        parts += [" · " if parts else "Elsewhere: ", f"{link.system} ", known]
    for told in [*stands.values()][-SHOWN:]:
        parts += [" · " if parts else "Elsewhere: ", f"{told.system} says {told.value} ", When(told.at)]
    if parts:
        lines.append(tuple(parts))
    for told in differing(item, workflow):
        if told.fact != STATUS:
            said = show_value(told.fact, told.value, workflow)
            area = area_of(workflow, told.fact)
            lines.append((f"{told.system} says {told.fact} {said}, and {told.system} owns {area}.",))
    return lines
