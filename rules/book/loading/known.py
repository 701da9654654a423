"""The names that a rulebook defines, collected before anything is read: so every mention is checked at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from rules.book.loading.source import Node

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Known:
    """What may be named: people (key to name), calendars, reason codes by verdict, workflows (name to its node)."""

    people: Mapping[str, str] = field(default_factory=dict)
    calendars: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    workflows: Mapping[str, Node] = field(default_factory=dict)
    currency: str = ""


def known_of(root: Node) -> Known:
    """Read the keys only; what stands behind them is read later."""
    people = {key.text: _scalar(child(value, "name")) for key, value in _pairs(child(root, "people"))}
    codes = child(root, "reason_codes")
    return Known(
        people=people,
        calendars=keys(child(root, "calendars")),
        approve=keys(child(codes, "approve")),
        reject=keys(child(codes, "reject")),
        workflows={key.text: value for key, value in _pairs(child(root, "workflows"))},
        currency=_scalar(child(root, "currency")),
    )


def keys(node: Node | None) -> tuple[str, ...]:
    """The keys of a mapping; none where it is no mapping."""
    return tuple(key.text for key, _ in _pairs(node))


def child(node: Node | None, key: str) -> Node | None:
    """What stands under a key of a mapping."""
    return next((value for name, value in _pairs(node) if name.text == key), None)


def guess(word: str, known: Collection[str], noun: str) -> str:
    """What was probably meant: the nearest name, else all of them. `noun` is their plural, like "people"."""
    near = process.extractOne(word.casefold(), list(known), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=65)
    if near:
        return f"Did you mean `{near[0]}`?"
    return listed(known, noun)


def listed(known: Collection[str], noun: str) -> str:
    """The sentence "Known people: dana, finn."."""
    if not known:
        return f"The rulebook defines no {noun} here."
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"Known {noun}: {', '.join(list(known)[:_SHOWN])}{more}."


def _pairs(node: Node | None) -> list[tuple[Node, Node]]:
    return (node.pairs or []) if node is not None else []


def _scalar(node: Node | None) -> str:
    return node.text if node is not None else ""
