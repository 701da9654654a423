"""A condition's syntax tree: rule-engine parses it, and every node is checked here before the rulebook loads."""

from __future__ import annotations

import decimal
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

from rule_engine import Context, DataType, Rule, ast, errors

from rules.book import mentions
from rules.book.grammar import BUILT_IN, FUNCTIONS, ConditionError, Token, nearest, raw_patterns, tokens
from rules.book.patterns import PatternError, compiled, shortened

if TYPE_CHECKING:
    from rules.book.rulebook import Field

_DEEPEST = 60  # rule-engine judges recursively; an honest condition has a handful of levels

_READS = {"mentions": ("text", "subject")}
_TYPE_NAMES = {"FLOAT": "a number", "STRING": "a text", "DATETIME": "a date", "TIMEDELTA": "a time span"}
_FIELD_TYPES = {"money": DataType.FLOAT, "number": DataType.FLOAT, "date": DataType.DATETIME}
# zone_name and to_epoch would tell the label of the wall clock as the truth; the rest of rule-engine's attributes
# either leave the types that a condition knows or have no use in one.
_ATTRIBUTES = frozenset(
    "date day hour minute month second weekday year ceiling floor as_lower as_upper ends_with starts_with is_empty "
    "length days total_seconds".split()
)
_CONTAINERS = (ast.ArrayExpression,)
_LITERALS = (ast.StringExpression, ast.FloatExpression, ast.DatetimeExpression, ast.TimedeltaExpression)


def decimal_context() -> decimal.Context:
    """The same arithmetic in every thread: 40 digits, and an overflow or a division by zero is an error."""
    return decimal.Context(prec=40, traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow])


def compile_tree(source: str, fields: Mapping[str, Field], currency: str) -> Any:
    """Parse and check; the tree's root node. Raises ConditionError."""
    found = tokens(source, fields.keys())
    if not found:
        raise ConditionError("the condition is empty", "Write what must be true, like amount > 300.")
    root = _parsed(source, found, fields)
    _Check(found, fields, currency).whole(root)
    return root


def read_names(node: Any) -> frozenset[str]:
    """The fields and built-in names that a node depends on."""
    names = [inner.name for inner in _walk(node) if isinstance(inner, ast.SymbolExpression)]
    return frozenset(read for name in names for read in _READS.get(name, (name,)) if read not in FUNCTIONS)


def _parsed(source: str, found: tuple[Token, ...], fields: Mapping[str, Field]) -> Any:
    prepared = raw_patterns(source, found)
    context = Context(type_resolver=_types(fields), default_timezone=UTC, decimal_context=decimal_context())
    try:
        with decimal.localcontext(decimal_context()):
            return Rule(prepared, context).statement.expression
    except errors.RuleSyntaxError as problem:
        raise _syntax(problem, source, prepared) from None
    except errors.AttributeResolutionError as problem:
        raise _no_attribute(problem.attribute_name, found) from None
    except errors.FunctionCallError as problem:
        name = problem.function_name or "the function"
        raise ConditionError(f"`{name}` is called wrongly", _usage(name), _offset(found, name)) from None
    except errors.EngineError:
        raise ConditionError("the types do not fit", _kinds(found, fields)) from None
    except (ArithmeticError, ValueError):
        raise ConditionError("a number or a text in it can't be used") from None
    except RecursionError:
        raise ConditionError("the condition is too deeply nested") from None


def _types(fields: Mapping[str, Field]) -> dict[str, Any]:
    span = {
        name: DataType.FUNCTION(name, return_type=DataType.TIMEDELTA, argument_types=(DataType.FLOAT,))
        for name in ("minutes", "hours", "days", "weeks")
    }
    return {
        **{name: _FIELD_TYPES.get(field.type, DataType.STRING) for name, field in fields.items()},
        **{name: DataType.STRING for name in BUILT_IN},
        "now": DataType.DATETIME,
        "mentions": DataType.FUNCTION("mentions", return_type=DataType.BOOLEAN, minimum_arguments=1),
        "matches": DataType.FUNCTION(
            "matches", return_type=DataType.BOOLEAN, argument_types=(DataType.STRING, DataType.STRING)
        ),
        **span,
    }


class _Check:
    """One look at each node: only what is known, linear and of the right type stays."""

    def __init__(self, found: tuple[Token, ...], fields: Mapping[str, Field], currency: str) -> None:
        self._found = found
        self._fields = fields
        self._currency = currency

    def whole(self, root: Any) -> None:
        if _depth(root) > _DEEPEST:
            raise ConditionError("the condition is too deeply nested", "Write it as several rows or exceptions.")
        self._boolean(root)
        for node in _walk(root):
            self._node(node)

    def _boolean(self, node: Any) -> None:
        """A place where only yes or no may stand, and not always the same one."""
        if isinstance(node, ast.BooleanExpression) or not read_names(node):
            raise ConditionError("vague: it is always the same, whatever the item says", "Compare a field with a value.")
        if node.result_type != DataType.BOOLEAN:
            raise ConditionError(f"{self._said(node)} is not a yes or a no", "Compare it with a value, like amount > 300.")

    def _node(self, node: Any) -> None:
        if isinstance(node, ast.LogicExpression):
            self._boolean(node.left)
            self._boolean(node.right)
        elif isinstance(node, ast.UnaryExpression) and node.type == "not":
            self._boolean(node.right)
        elif isinstance(node, ast.ComparisonExpression) and not isinstance(node, ast.FuzzyComparisonExpression):
            self._comparison(node.left, [node.right])
        elif isinstance(node, ast.ContainsExpression):
            self._contains(node)
        elif isinstance(node, ast.FunctionCallExpression):
            self._call(node)
        elif isinstance(node, ast.GetAttributeExpression):
            if node.name not in _ATTRIBUTES:
                raise _no_attribute(node.name, self._found)
        elif isinstance(node, ast.SymbolExpression):
            self._symbol(node)
        elif not isinstance(node, _KNOWN):
            raise ConditionError("the condition uses something that conditions do not know")

    def _symbol(self, node: Any) -> None:
        if node.name in FUNCTIONS and node.name not in self._called():
            raise ConditionError(f"`{node.name}` needs brackets", _usage(node.name), _offset(self._found, node.name))

    def _called(self) -> set[str]:
        pairs = zip(self._found, self._found[1:], strict=False)
        return {token.text for token, after in pairs if token.kind == "name" and after.text == "("}

    def _comparison(self, left: Any, others: list[Any]) -> None:
        for right in others:
            if DataType.UNDEFINED in (left.result_type, right.result_type) or left.result_type != right.result_type:
                sides = f"{self._said(left)} and {self._said(right)}"
                raise ConditionError(f"{sides} can't be compared", _kinds(self._found, self._fields))
            if isinstance(left, ast.SymbolExpression) and isinstance(right, ast.SymbolExpression):
                if left.name == right.name:
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
                raise ConditionError("`mentions` is called wrongly", _usage(name), _offset(self._found, name))
        elif name == "matches":
            self._matches(node)
        elif name in ("starts_with", "ends_with") and not literals:
            raise ConditionError(f"`{name}` is called wrongly", f'Like sender.{name}("...").')

    def _matches(self, node: Any) -> None:
        value, pattern = node.arguments
        offset = _offset(self._found, "matches")
        if isinstance(value, ast.StringExpression) or not isinstance(pattern, ast.StringExpression):
            raise ConditionError("`matches` is called wrongly", _usage("matches"), offset)
        try:
            program = compiled(pattern.value)
        except PatternError as problem:
            raise ConditionError(str(problem), "RE2 has no lookaround and no backreferences.", offset) from None
        if program.fullmatch("") is not None:
            raise ConditionError("vague: the pattern matches every text", "Say what must stand in it.", offset)

    def _money(self) -> dict[str, str]:
        return {n: field.currency or self._currency for n, field in self._fields.items() if field.type == "money"}

    def _said(self, node: Any) -> str:
        kind = _TYPE_NAMES.get(node.result_type.name, "something else")
        if isinstance(node, ast.SymbolExpression | ast.GetAttributeExpression):
            return f"`{node.name}` ({kind})"
        if isinstance(node, ast.StringExpression | ast.FloatExpression):
            return f"`{shortened(str(node.value))}` ({kind})"
        return kind


_KNOWN = (
    *_LITERALS,
    *_CONTAINERS,
    ast.BooleanExpression,
    ast.AddExpression,
    ast.SubtractExpression,
    ast.ArithmeticExpression,
    ast.UnaryExpression,
)


def _inner(node: Any) -> tuple[Any, ...]:
    if isinstance(node, ast.ContainsExpression):
        return (node.container, node.member)
    if isinstance(node, ast.FunctionCallExpression):
        return (node.function, *node.arguments)
    if isinstance(node, ast.GetAttributeExpression):
        return (node.object,)
    if isinstance(node, _CONTAINERS):
        return tuple(node.value)
    return tuple(getattr(node, side) for side in ("left", "right") if hasattr(node, side))


def _walk(node: Any) -> Iterator[Any]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(_inner(node))


def _depth(root: Any) -> int:
    level, depth = [root], 0
    while level:
        level, depth = [inner for node in level for inner in _inner(node)], depth + 1
    return depth


def _offset(found: tuple[Token, ...], name: str) -> int:
    return next((token.offset for token in found if token.text == name), 0)


def _syntax(problem: Any, source: str, prepared: str) -> ConditionError:
    token = problem.token
    if token is None:
        return ConditionError("the condition ends too early", "Something is missing at its end.", len(source))
    # Raw prefixes were put in front of patterns: step back over those before the place.
    offset = token.lexpos
    while offset > 0 and not source.startswith(prepared[token.lexpos :], offset):
        offset -= 1
    word = shortened(str(token.value))
    hint = ' Write it like amount > 300, or mentions("refund").'
    return ConditionError(f"the condition can't be read at `{word}`", hint.strip(), offset)


def _no_attribute(name: str, found: tuple[Token, ...]) -> ConditionError:
    meant = nearest(name, _ATTRIBUTES)
    return ConditionError(f"there is no `.{shortened(name)}` here", meant, _offset(found, name))


def _usage(name: str) -> str:
    usages = {"mentions": 'mentions("refund", "money back")', "matches": "matches(text, 'ORD-\\d+')"}
    return f"Write it like {usages.get(name, f'{name}(4)')}."


def _kinds(found: tuple[Token, ...], fields: Mapping[str, Field]) -> str:
    kinds = []
    for name in dict.fromkeys(token.text for token in found if token.kind == "name" and token.text in fields):
        kind = _FIELD_TYPES.get(fields[name].type, DataType.STRING).name
        kinds.append(f"`{name}` is {_TYPE_NAMES[kind]}")
    dated = any(fields[t.text].type == "date" for t in found if t.text in fields)
    if dated:
        kinds.append('a day is written d"2026-12-31"')
    return f"{', '.join(kinds)}." if kinds else ""
