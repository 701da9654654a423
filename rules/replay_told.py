"""How what another system says changes an item; replay.py has the rest of the fold."""

from __future__ import annotations

from dataclasses import replace

from rules.elsewhere import Elsewhere, Told
from rules.entries import Entry
from rules.items import Item

#: Of what other systems say, and of the records there, so many are kept with an item; the ledger has all.
KEPT = 50


def told(item: Item, entry: Entry) -> Item:
    """The item with a system's last word on each fact that it spoke of, and with the records that it named."""
    system, counts = entry.texts.get("system", ""), entry.facts["counts"]
    said = tuple(
        Told(system=system, fact=fact, value=value, at=entry.at, counts=fact in counts)
        for fact, value in entry.texts.get("said", {}).items()
    )
    new = {(each.system.casefold(), each.fact) for each in said}
    before = tuple(each for each in item.told if (each.system.casefold(), each.fact) not in new)
    links = {(link.system.casefold(), link.id): link for link in item.elsewhere}
    links |= {(each["system"].casefold(), each["id"]): Elsewhere(**each) for each in entry.texts.get("links", ())}
    return replace(item, told=(*before, *said)[-KEPT:], elsewhere=tuple(links.values())[-KEPT:], touched_at=entry.at)
