"""Conditions of a rulebook (`when`): parsed and type-checked at load, judged against an item's facts later.

The language is rule-engine's (https://zerosteiner.github.io/rule-engine/), narrowed to what is linear and has no clock
of its own. Amounts are decimals, dates and `now` are local wall-clock times of the item's zone.

An amount in another currency than its field's has no place on the field's scale, so every comparison that reads it
holds, also under `not` (`not (amount <= 300)` is read as `amount > 300`): an unknown rate may stop work, never wave it
through.
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rule_engine import ast, errors

from rules.book.checks import Check
from rules.book.field import Field
from rules.book.grammar import ConditionError, tokens
from rules.book.mentions import mentions
from rules.book.patterns import compiled
from rules.book.tree import decimal_context, parsed, read_names

__all__ = ["Condition", "ConditionError", "ConditionFailed", "Facts", "compile_condition"]


class ConditionFailed(Exception):
    """A condition could not be judged on these facts; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a condition is judged on: `values` canonical by field, `now` aware, `timezone` an IANA name."""

    values: Mapping[str, str]
    text: str
    sender: str
    subject: str
    channel: str
    now: datetime
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Condition:
    """A condition that can be judged. `source` as written, `reads` the fields and built-in names it depends on.

    Equal and hashed by source: two rulebooks with the same words mean the same condition.
    """

    source: str
    reads: frozenset[str]
    root: Any  # rule-engine's tree
    types: Mapping[str, str]  # of the fields that it reads
    currencies: Mapping[str, str]  # of the money fields among them

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Condition({self.source!r})"

    def holds(self, facts: Facts) -> bool:
        """Whether it is met; one that reads a field without a value is not. Raises ConditionFailed."""
        if any(not facts.values.get(name) for name in self.types):
            return False
        try:
            symbols = {**_built_in(facts), **{name: self._value(name, facts) for name in self.types}}
            foreign = frozenset(name for name in self.currencies if self._is_foreign(name, facts))
            with decimal.localcontext(decimal_context()):
                return _met(self.root, symbols, foreign, True)
        except errors.EngineError as problem:
            raise ConditionFailed(f"The condition `{self.source}` could not be judged: {problem.message}.") from None
        except (ValueError, ArithmeticError, LookupError, RecursionError) as problem:
            reason = str(problem) or type(problem).__name__
            raise ConditionFailed(f"The condition `{self.source}` could not be judged: {reason}.") from None

    def _value(self, name: str, facts: Facts) -> object:
        value, kind = facts.values[name], self.types[name]
        if kind in ("money", "number"):
            return _number(name, value.split(" ")[0])
        return _local(_moment(name, value), facts.timezone) if kind == "date" else value

    def _is_foreign(self, name: str, facts: Facts) -> bool:
        _, _, unit = facts.values[name].partition(" ")
        return bool(unit) and unit != self.currencies[name]


def compile_condition(text: str, fields: Mapping[str, Field], currency: str) -> Condition:
    """Read a condition of a workflow with these fields; `currency` is of money fields that name none.

    Raises ConditionError: a sentence, what was probably meant, the offset in `text`.
    """
    found = tokens(text, fields.keys())
    if not found:
        raise ConditionError("the condition is empty", "Write what must be true, like amount > 300.")
    root = parsed(text, found, fields)
    Check(found, fields, currency).whole(root)
    reads = read_names(root)
    types = {name: field.type for name, field in fields.items() if name in reads}
    money = {name: fields[name].currency or currency for name, kind in types.items() if kind == "money"}
    return Condition(source=text, reads=reads, root=root, types=types, currencies=money)


def _built_in(facts: Facts) -> dict[str, object]:
    whole = f"{facts.subject}\n{facts.text}"
    return {
        "text": facts.text,
        "sender": facts.sender,
        "subject": facts.subject,
        "channel": facts.channel,
        "now": _local(facts.now, facts.timezone),
        "mentions": lambda *phrases: mentions(whole, phrases),
        "matches": lambda value, pattern: compiled(pattern).search(value) is not None,
        "minutes": lambda n: timedelta(minutes=float(n)),
        "hours": lambda n: timedelta(hours=float(n)),
        "days": lambda n: timedelta(days=float(n)),
        "weeks": lambda n: timedelta(weeks=float(n)),
    }


def _met(node: Any, symbols: Mapping[str, object], foreign: frozenset[str], positive: bool) -> bool:
    """Judge a node; a comparison that reads a foreign amount yields what makes the whole hold."""
    if not foreign:
        return bool(node.evaluate(symbols))
    if isinstance(node, ast.LogicExpression):
        left = _met(node.left, symbols, foreign, positive)
        if left == (node.type == "or"):
            return left
        return _met(node.right, symbols, foreign, positive)
    if isinstance(node, ast.UnaryExpression) and node.type == "not":
        return not _met(node.right, symbols, foreign, not positive)
    if foreign & read_names(node):
        return positive
    return bool(node.evaluate(symbols))


def _number(name: str, value: str) -> Decimal:
    try:
        number = Decimal(value)
    except decimal.InvalidOperation:
        raise ValueError(f"`{name}` is no number") from None
    if not number.is_finite():
        raise ValueError(f"`{name}` is no number")
    return number


def _moment(name: str, value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"`{name}` is no date") from None


def _local(moment: datetime, timezone: str) -> datetime:
    """The wall-clock time of that zone, labelled UTC so that times compare and add as a wall clock reads."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(timezone))
    return moment.replace(tzinfo=UTC)
