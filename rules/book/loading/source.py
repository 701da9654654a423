"""YAML 1.2 text to a tree of nodes that know their place; nothing in the text can cost minutes or gigabytes.

ruamel.yaml gives the events, the tree is built here without recursion, so that depth, size and the expansion of
aliases are counted while they grow. Scalars stay text: what they mean is asked where they are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from rules.book.patterns import shortened

MAX_BYTES = 1_000_000
_MAX_DEPTH = 40
_MAX_NODES = 50_000  # an alias counts as all that it stands for
_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!", None)

Report = Callable[[int, int, str, str], None]


@dataclass(slots=True)
class Node:
    """A scalar, list or mapping of the file. `line` and `column` count from 1.

    `text` is a scalar's value; `plain` whether it stands without quotes; `exact` whether the file shows it character
    by character on one line, so that an offset in the text is an offset in the file.
    """

    kind: Literal["scalar", "list", "mapping"]
    line: int
    column: int
    text: str = ""
    plain: bool = True
    exact: bool = False
    items: list[Node] | None = None
    pairs: list[tuple[Node, Node]] | None = None
    size: int = 1  # nodes in all, itself included

    def column_at(self, offset: int) -> int:
        """The column of a character of a scalar's text; its beginning where that can't be told."""
        return self.column + offset + (not self.plain) if self.exact else self.column

    @property
    def empty(self) -> bool:
        """Nothing stands here: `~`, `null` or no text at all."""
        return self.kind == "scalar" and self.plain and self.text in ("", "~", "null", "Null", "NULL")


class _Stop(Exception):
    """The text can't be read on: line, column, what, meant."""


def read_source(text: str | bytes, report: Report) -> Node | None:
    """The top mapping of the file; holes go to `report(line, column, what, meant)`. None when nothing can be read."""
    try:
        return _Builder(_decoded(text), report).build()
    except _Stop as stop:
        report(*stop.args)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        said = str(problem.problem or problem.context or "unreadable").replace("\\t", "tab")
        meant = "Indent with spaces, not tabs." if "'tab'" in said or "'\t'" in said else ""
        report(line, column, f"this is not YAML: {said}", meant)
    except (YAMLError, ValueError, OverflowError) as problem:
        report(1, 1, f"this is not YAML: {shortened(str(problem), 100)}", "")
    return None


def _decoded(text: str | bytes) -> str:
    if len(text) > MAX_BYTES:
        raise _Stop(
            1, 1, f"the file has {len(text)} bytes; a rulebook has at most {MAX_BYTES}", "Is it the right file?"
        )
    if isinstance(text, bytes):
        data = text
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as problem:
            line, column = _place_of(data[: problem.start].decode("utf-8"))
            raise _Stop(line, column, "the file is not UTF-8 text", "Save it as UTF-8.") from None
    return text.removeprefix("\ufeff")


def _place_of(before: str) -> tuple[int, int]:
    """Line and column of what follows a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


class _Builder:
    """Builds the tree from events with a stack of open nodes of its own."""

    def __init__(self, text: str, report: Report) -> None:
        self._text = text
        self._report = report
        self._open: list[tuple[Node, str | None, list[Node]]] = []  # node, anchor, children so far
        self._anchors: dict[str, Node] = {}
        self._nodes = 0
        self._root: Node | None = None

    def build(self) -> Node | None:
        documents = 0
        for event in self._events():
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Stop(line, column, "a second document begins here", "A rulebook is one document.")
            elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
                self._begin(event, line, column)
            elif isinstance(event, AliasEvent):
                self._alias(event.anchor, line, column)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                self._end()
        return self._top()

    def _events(self) -> Any:
        try:
            yield from YAML(typ="safe", pure=True).parse(self._text)
        except ReaderError as problem:
            line, column = _place_of(self._text[: problem.position])
            raise _Stop(line, column, "an unprintable character stands here", "Remove it.") from None

    def _top(self) -> Node | None:
        if self._root is None or self._root.empty:
            raise _Stop(1, 1, "the rulebook is empty", "`docketbot init` writes a first one.")
        if self._root.kind != "mapping":
            raise _Stop(
                self._root.line, self._root.column, "a rulebook is a mapping of keys", "Begin with `version: 1`."
            )
        return self._root

    def _begin(self, event: Any, line: int, column: int) -> None:
        self._grow(1, line, column)
        if event.ctag is not None and str(event.ctag) not in _TAGS:
            self._report(line, column, f"the tag `{shortened(str(event.ctag))}` is not used in rulebooks", "Remove it.")
        if isinstance(event, ScalarEvent):
            self._place(self._scalar(event, line, column), event.anchor)
            return
        kind: Literal["mapping", "list"] = "mapping" if isinstance(event, MappingStartEvent) else "list"
        if len(self._open) >= _MAX_DEPTH:
            raise _Stop(line, column, f"the file is nested more than {_MAX_DEPTH} deep", "")
        self._open.append((Node(kind, line, column), event.anchor, []))

    def _scalar(self, event: Any, line: int, column: int) -> Node:
        plain = event.style in (None, "")
        first = event.start_mark.index + (0 if plain else 1)
        exact = "\n" not in event.value and self._text.startswith(event.value, first)
        return Node("scalar", line, column, text=event.value, plain=plain, exact=exact)

    def _alias(self, anchor: str, line: int, column: int) -> None:
        node = self._anchors.get(anchor)
        if node is None:
            # Also an alias within its own anchor: that node is not finished, so it has no name yet.
            raise _Stop(line, column, f"the alias `*{shortened(anchor)}` stands for nothing before it", "")
        self._grow(node.size, line, column)
        self._place(node, None)

    def _end(self) -> None:
        node, anchor, children = self._open.pop()
        node.size += sum(child.size for child in children)
        if node.kind == "list":
            node.items = children
        else:
            node.pairs = self._without_repeats(list(zip(children[::2], children[1::2], strict=True)))
        self._place(node, anchor)

    def _without_repeats(self, pairs: list[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
        first: dict[str, Node] = {}
        kept = []
        for key, value in pairs:
            if key.kind != "scalar" or key.empty:
                self._report(key.line, key.column, "a key must be a word", "")
            elif key.text in first:
                where = f"It stands on line {first[key.text].line} already."
                self._report(key.line, key.column, f"the key `{shortened(key.text)}` is given twice", where)
            else:
                first[key.text] = key
                kept.append((key, value))
        return kept

    def _place(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1][2].append(node)
        else:
            self._root = node

    def _grow(self, nodes: int, line: int, column: int) -> None:
        self._nodes += nodes
        if self._nodes > _MAX_NODES:
            raise _Stop(
                line, column, f"the file holds more than {_MAX_NODES} values", "Aliases count as what they stand for."
            )
