"""A condition's syntax tree: parsed by rule-engine, and walked here."""

from __future__ import annotations

import decimal
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from rule_engine import Context, DataType, Rule, ast, errors

from rules.book.field import Field
from rules.book.grammar import BUILT_IN, FUNCTIONS, ConditionError, Token, nearest, raw_patterns, usage
from rules.book.patterns import shortened

TYPE_NAMES = {"FLOAT": "a number", "STRING": "a text", "DATETIME": "a date", "TIMEDELTA": "a time span"}
# zone_name and to_epoch would tell the label of the wall clock as the truth; the rest of rule-engine's attributes
# either leave the types that a condition knows or have no use in one.
ATTRIBUTES = frozenset((
    "date", "day", "hour", "minute", "month", "second", "weekday", "year", "ceiling", "floor", "as_lower", "as_upper",
    "ends_with", "starts_with", "is_empty", "length", "days", "total_seconds",
))  # fmt: skip
CONTAINERS = (ast.ArrayExpression,)

_READS = {"mentions": ("text", "subject")}
_FIELD_TYPES = {"money": DataType.FLOAT, "number": DataType.FLOAT, "date": DataType.DATETIME}


def decimal_context() -> decimal.Context:
    """The same arithmetic in every thread: 40 digits, and an overflow or a division by zero is an error."""
    return decimal.Context(prec=40, traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow])


def read_names(node: Any) -> frozenset[str]:
    """The fields and built-in names that a node depends on."""
    names = [inner.name for inner in walk(node) if isinstance(inner, ast.SymbolExpression)]
    return frozenset(read for name in names for read in _READS.get(name, (name,)) if read not in FUNCTIONS)


def parsed(source: str, found: tuple[Token, ...], fields: Mapping[str, Field]) -> Any:
    """The root node of a condition whose tokens were found good. Raises ConditionError."""
    prepared = raw_patterns(source, found)
    context = Context(type_resolver=_types(fields), default_timezone=UTC, decimal_context=decimal_context())
    try:
        with decimal.localcontext(decimal_context()):
            return Rule(prepared, context).statement.expression
    except errors.RuleSyntaxError as problem:
        raise _syntax(problem, source, prepared) from None
    except errors.AttributeResolutionError as problem:
        raise no_attribute(problem.attribute_name, found) from None
    except errors.FunctionCallError as problem:
        name = problem.function_name or "the function"
        raise ConditionError(f"`{name}` is called wrongly", usage(name), offset_of(found, name)) from None
    except errors.EngineError:
        raise ConditionError("the types do not fit", kinds(found, fields)) from None
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
        **dict.fromkeys(BUILT_IN, DataType.STRING),
        "now": DataType.DATETIME,
        "mentions": DataType.FUNCTION("mentions", return_type=DataType.BOOLEAN, minimum_arguments=1),
        "matches": DataType.FUNCTION(
            "matches", return_type=DataType.BOOLEAN, argument_types=(DataType.STRING, DataType.STRING)
        ),
        **span,
    }


def _inner(node: Any) -> tuple[Any, ...]:
    if isinstance(node, ast.ContainsExpression):
        return (node.container, node.member)
    if isinstance(node, ast.FunctionCallExpression):
        return (node.function, *node.arguments)
    if isinstance(node, ast.GetAttributeExpression):
        return (node.object,)
    if isinstance(node, CONTAINERS):
        return tuple(node.value)
    return tuple(getattr(node, side) for side in ("left", "right") if hasattr(node, side))


def walk(node: Any) -> Iterator[Any]:
    """A node and all below it, from left to right."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(_inner(node))


def depth(root: Any) -> int:
    """How many levels a tree has."""
    level, levels = [root], 0
    while level:
        level, levels = [inner for node in level for inner in _inner(node)], levels + 1
    return levels


def offset_of(found: tuple[Token, ...], name: str) -> int:
    """Where a word first stands in the condition."""
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
    hint = 'Write it like amount > 300, or mentions("refund").'
    return ConditionError(f"the condition can't be read at `{word}`", hint, offset)


def no_attribute(name: str, found: tuple[Token, ...]) -> ConditionError:
    """What is said of an attribute that nothing has."""
    meant = nearest(name, ATTRIBUTES)
    return ConditionError(f"there is no `.{shortened(name)}` here", meant, offset_of(found, name))


def kinds(found: tuple[Token, ...], fields: Mapping[str, Field]) -> str:
    """Of what types the fields of a condition are, as a hint."""
    told = []
    used = dict.fromkeys(token.text for token in found if token.text in fields)
    for name in used:
        kind = _FIELD_TYPES.get(fields[name].type, DataType.STRING).name
        told.append(f"`{name}` is {TYPE_NAMES[kind]}")
    if any(fields[name].type == "date" for name in used):
        told.append('a day is written d"2026-12-31"')
    return f"{', '.join(told)}." if told else ""
