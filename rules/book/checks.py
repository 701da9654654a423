"""What a condition's tree must be before the rulebook loads: only what is known, linear and of the right type stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rule_engine import DataType, ast

from rules.book import mentions
from rules.book.field import Field
from rules.book.grammar import ConditionError, Token, nearest, usage
from rules.book.patterns import PatternError, compiled, shortened
from rules.book.tree import (
    ATTRIBUTES,
    CONTAINERS,
    TYPE_NAMES,
    depth,
    kinds,
    no_attribute,
    offset_of,
    read_names,
    walk,
)

_DEEPEST = 60  # rule-engine judges recursively; an honest condition has a handful of levels
_LONGEST_SPAN = {"minutes": 53_000_000, "hours": 880_000, "days": 36_600, "weeks": 5_200}  # a century
_KNOWN = (
    ast.SymbolExpression,
    ast.StringExpression,
    ast.FloatExpression,
    ast.DatetimeExpression,
    ast.TimedeltaExpression,
    *CONTAINERS,
    ast.BooleanExpression,
    ast.AddExpression,
    ast.SubtractExpression,
    ast.ArithmeticExpression,
    ast.UnaryExpression,
)


class Check:
    """Knows a condition's words and fields while its nodes are looked at one by one."""

    def __init__(self, found: tuple[Token, ...], fields: Mapping[str, Field], currency: str) -> None:
        self._found = found
        self._fields = fields
        self._currency = currency

    def whole(self, root: Any) -> None:
        """Check a tree from its root. Raises ConditionError."""
        if depth(root) > _DEEPEST:
            raise ConditionError("the condition is too deeply nested", "Write it as several rows or exceptions.")
        self._boolean(root)
        for node in walk(root):
            self._node(node)

    def _boolean(self, node: Any) -> None:
        """A place where only yes or no may stand, and not always the same one."""
        if isinstance(node, ast.BooleanExpression) or not read_names(node):
            raise ConditionError(
                "vague: it is always the same, whatever the item says", "Compare a field with a value."
            )
        if node.result_type != DataType.BOOLEAN:
            raise ConditionError(
                f"{self._said(node)} is not a yes or a no", "Compare it with a value, like amount > 300."
            )

    def _node(self, node: Any) -> None:
        if isinstance(node, ast.LogicExpression):
            self._boolean(node.left)
            self._boolean(node.right)
        elif isinstance(node, ast.UnaryExpression) and node.type == "not":
            self._boolean(node.right)
        elif isinstance(node, ast.ComparisonExpression):
            self._comparison(node.left, [node.right])
        elif isinstance(node, ast.ContainsExpression):
            self._contains(node)
        elif isinstance(node, ast.FunctionCallExpression):
            self._call(node)
        elif isinstance(node, ast.GetAttributeExpression):
            if node.name not in ATTRIBUTES:
                raise no_attribute(node.name, self._found)
        elif not isinstance(node, _KNOWN):
            raise ConditionError("the condition uses something that conditions do not know")

    def _comparison(self, left: Any, others: list[Any]) -> None:
        for right in others:
            if DataType.UNDEFINED in (left.result_type, right.result_type) or left.result_type != right.result_type:
                sides = f"{self._said(left)} and {self._said(right)}"
                raise ConditionError(f"{sides} can't be compared", kinds(self._found, self._fields))
            if isinstance(left, ast.SymbolExpression) and getattr(right, "name", "") == left.name:
                raise ConditionError("vague: it compares a field with itself", "Compare it with a value.")
            self._choice(left, right)
            self._choice(right, left)
        names = sorted({name for node in (left, *others) for name in read_names(node)} & self._money().keys())
        if len({self._money()[name] for name in names}) > 1:
            raise ConditionError(f"{' and '.join(f'`{n}`' for n in names)} are in different currencies")

    def _choice(self, symbol: Any, literal: Any) -> None:
        field = self._fields.get(symbol.name) if isinstance(symbol, ast.SymbolExpression) else None
        if field is None or not isinstance(literal, ast.StringExpression) or field.type != "choice":
            return
        if literal.value not in field.choices:
            meant = nearest(literal.value, field.choices.keys()) or f"Choices: {', '.join(field.choices)}."
            offset = next((t.offset for t in self._found if t.text[1:-1] == literal.value), 0)
            raise ConditionError(f"`{shortened(literal.value)}` is not a choice of `{field.name}`", meant, offset)

    def _contains(self, node: Any) -> None:
        if isinstance(node.container, ast.ArrayExpression):
            if not node.container.value:
                raise ConditionError("vague: nothing is in an empty list", "Name the values.")
            self._comparison(node.member, list(node.container.value))
        elif node.container.result_type != DataType.STRING or node.member.result_type != DataType.STRING:
            raise ConditionError("`in` needs a list or a text on its right", 'Like region in ["EU", "NA"].')

    def _call(self, node: Any) -> None:
        name = getattr(node.function, "name", "")
        literals = all(isinstance(argument, ast.StringExpression) for argument in node.arguments)
        if name == "mentions":
            if not literals or not all(mentions.speaks(argument.value) for argument in node.arguments):
                raise ConditionError("`mentions` is called wrongly", usage(name), offset_of(self._found, name))
        elif name == "matches":
            self._matches(node)
        elif name in _LONGEST_SPAN:
            (amount,) = node.arguments
            if isinstance(amount, ast.FloatExpression) and not abs(amount.value) <= _LONGEST_SPAN[name]:
                raise ConditionError(f"`{name}` goes beyond a century", "", offset_of(self._found, name))
        elif name in ("starts_with", "ends_with") and not literals:
            raise ConditionError(f"`{name}` is called wrongly", f'Like sender.{name}("...").')

    def _matches(self, node: Any) -> None:
        value, pattern = node.arguments
        offset = offset_of(self._found, "matches")
        if isinstance(value, ast.StringExpression) or not isinstance(pattern, ast.StringExpression):
            raise ConditionError("`matches` is called wrongly", usage("matches"), offset)
        try:
            program = compiled(pattern.value)
        except PatternError as problem:
            raise ConditionError(str(problem), "RE2 has no lookaround and no backreferences.", offset) from None
        if program.fullmatch("") is not None:
            raise ConditionError("vague: the pattern matches every text", "Say what must stand in it.", offset)

    def _money(self) -> dict[str, str]:
        return {n: field.currency or self._currency for n, field in self._fields.items() if field.type == "money"}

    def _said(self, node: Any) -> str:
        kind = TYPE_NAMES.get(node.result_type.name, "something else")
        if isinstance(node, ast.SymbolExpression | ast.GetAttributeExpression):
            return f"`{node.name}` ({kind})"
        if isinstance(node, ast.StringExpression | ast.FloatExpression):
            return f"`{shortened(str(node.value))}` ({kind})"
        return kind
