"""Reading one mapping of the file: typed getters that report a hole and go on, so that all holes are found at once.

A getter that found a hole returns a harmless value of its type; nothing uses it, since the rulebook does not load.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import TypeVar

from rules.book.conditions import Condition, ConditionError, compile_condition
from rules.book.durations import Duration, parse
from rules.book.field import Field
from rules.book.holes import Hole
from rules.book.loading.known import Known, guess, listed
from rules.book.loading.source import Node
from rules.book.patterns import shortened

T = TypeVar("T", bound=str)

NEVER = Duration(1, "hour")  # stands for a duration that could not be read
_NOUNS = {"mapping": "a mapping of keys", "list": "a list", "scalar": "a single value"}
_LONGEST_TEXT = 2_000
_MOST_HOLES = 1_000


class TooManyHoles(Exception):
    """Nobody mends that many at once, and to guess what each of them meant takes time."""


class Loading:
    """One load: the file's name, the names it defines, the holes so far."""

    def __init__(self, file: str, known: Known | None = None) -> None:
        self.file = file
        self.known = known or Known()
        self._holes: dict[Hole, None] = {}

    def report(self, line: int, column: int, what: str, meant: str = "") -> None:
        # A node behind an alias is read at each place; its hole is one hole.
        self._holes[Hole(file=self.file, line=line, column=column, what=what, meant=meant)] = None
        if len(self._holes) > _MOST_HOLES:
            raise TooManyHoles

    def at(self, node: Node, what: str, meant: str = "") -> None:
        """Report a hole at a node."""
        self.report(node.line, node.column, what, meant)

    def text_of(self, node: Node, name: str) -> str:
        """The text of a scalar, on one line; "" with a hole where there is none."""
        if node.kind == "scalar" and node.plain and node.text in ("true", "false", "True", "False"):
            self.at(node, f"{name} must be a text, not {node.text}", "Put it in quotes if it is meant as a word.")
            return ""
        if node.kind != "scalar" or node.empty or not node.text.strip():
            self.at(node, f"{name} must be a text" + ("" if node.kind == "scalar" else f", not {_NOUNS[node.kind]}"))
            return ""
        if len(node.text) > _LONGEST_TEXT:
            self.at(node, f"{name} is longer than {_LONGEST_TEXT} characters", "Say it shorter.")
            return ""
        return " ".join(node.text.split()) if "\n" in node.text else node.text.strip()

    def choice(self, node: Node, choices: Collection[T], default: T, name: str) -> T:
        """One word of a few, at a node."""
        for choice in choices:
            if node.kind == "scalar" and node.text == choice:
                return choice
        what = f"`{shortened(node.text)}`" if node.kind == "scalar" else _NOUNS[node.kind]
        self.at(node, f"{name} can't be {what}", guess(node.text, choices, "values"))
        return default

    @property
    def holes(self) -> list[Hole]:
        return list(self._holes)


class Part:
    """A mapping that is being read. `name` says what it is in sentences, `key` is the node that introduces it."""

    def __init__(self, loading: Loading, node: Node, name: str, key: Node | None = None) -> None:
        self.loading = loading
        self.node = node
        self.name = name
        self.key = key or node
        self._values: dict[str, tuple[Node, Node]] = {}
        if node.pairs is None:
            loading.at(node, f"{name} must be {_NOUNS['mapping']}, not {_NOUNS[node.kind]}")
        for key_node, value in node.pairs or ():
            self._values[key_node.text] = (key_node, value)

    def __contains__(self, key: str) -> bool:
        return key in self._values and not self._values[key][1].empty

    def allow(self, *known: str) -> None:
        """Every other key of this mapping is a hole."""
        for key, (node, _) in self._values.items():
            if key not in known:
                self.loading.at(node, f"unknown key `{shortened(key)}` in {self.name}", guess(key, known, "keys"))

    def hole(self, what: str, meant: str = "", key: str | None = None) -> None:
        """Report a hole at a key's value, or at the mapping itself."""
        pair = self._values.get(key) if key else None
        self.loading.at(pair[1] if pair else self.key, what, meant)

    def value(self, key: str) -> Node | None:
        """What stands under a key; None where nothing does."""
        return self._values[key][1] if key in self else None

    def missing(self, key: str, meant: str = "") -> None:
        """Report that a key that is needed is not there; what is no mapping at all has its hole already."""
        if self.node.pairs is None:
            return
        node = self._values[key][0] if key in self._values else self.key
        self.loading.at(node, f"{self.name} has no `{key}`", meant)

    def items(self) -> Iterator[tuple[Node, Node]]:
        """Keys and values, in the order of the file."""
        return iter(self._values.values())

    def part(self, key: str) -> Part | None:
        """The mapping under a key."""
        node = self.value(key)
        return Part(self.loading, node, f"`{key}` of {self.name}", self._values[key][0]) if node else None

    def parts(self, key: str) -> list[Part]:
        """The mappings in the list under a key."""
        return [Part(self.loading, node, f"`{key}` of {self.name}") for node in self.nodes(key)]

    def named(self, key: str, noun: str) -> list[tuple[Node, Part]]:
        """The mappings under a key by their names: `people: {dana: {...}}`."""
        outer = self.part(key)
        pairs = outer.items() if outer else ()
        return [(name, Part(self.loading, value, f"{noun} `{shortened(name.text)}`", name)) for name, value in pairs]

    def nodes(self, key: str) -> list[Node]:
        """The values of the list under a key."""
        node = self.value(key)
        if node is None:
            return []
        if node.items is None:
            self.loading.at(node, f"`{key}` of {self.name} must be a list, not {_NOUNS[node.kind]}", "Write it in [ ].")
        return node.items or []

    def text(self, key: str, *, needed: bool = False, meant: str = "") -> str:
        """A text; "" where it is not given."""
        node = self.value(key)
        if node is None:
            if needed:
                self.missing(key, meant)
            return ""
        return self.loading.text_of(node, f"`{key}` of {self.name}")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(self.loading.text_of(node, f"`{key}` of {self.name}") for node in self.nodes(key))

    def number(self, key: str, *, default: int = 1) -> int:
        """A whole number from 1 to 1000; needed."""
        node = self.value(key)
        if node is None:
            self.missing(key, "Give a whole number.")
            return default
        if node.kind != "scalar" or not re.fullmatch(r"[0-9]{1,4}", node.text) or not 1 <= int(node.text) <= 1000:
            self.loading.at(node, f"`{key}` of {self.name} must be a whole number from 1 to 1000")
            return default
        return int(node.text)

    def flag(self, key: str) -> bool:
        """true or false; false where it is not given."""
        node = self.value(key)
        if node is None:
            return False
        if not node.plain or node.text.lower() not in ("true", "false"):
            self.loading.at(node, f"`{key}` of {self.name} must be true or false")
            return False
        return node.text.lower() == "true"

    def duration(self, key: str, *, needed: bool = False) -> Duration | None:
        """A duration; None where it is not given. One that is needed or can't be read is NEVER, with a hole."""
        node = self.value(key)
        if node is None:
            if needed:
                self.missing(key, "Give a time, like 4 business hours.")
            return NEVER if needed else None
        if node.kind != "scalar":
            self.loading.at(node, f"`{key}` of {self.name} must be a time, like 4 business hours")
            return NEVER
        try:
            return parse(node.text)
        except ValueError as problem:
            what, _, meant = str(problem).rstrip(".").partition(". ")
            end = "" if meant.endswith("?") or not meant else "."
            self.loading.at(node, what, meant + end)
            return NEVER

    def time(self, key: str) -> Duration:
        """A duration that is needed."""
        return self.duration(key, needed=True) or NEVER

    def day(self, node: Node, name: str) -> date:
        """A day like 2026-12-24."""
        try:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", node.text):
                raise ValueError
            return date.fromisoformat(node.text)
        except ValueError:
            self.loading.at(node, f"{name} `{shortened(node.text)}` is not a day", "Write it like 2026-12-24.")
            return date(2000, 1, 1)

    def one_of(self, key: str, choices: Collection[T], default: T) -> T:
        """One word of a few."""
        node = self.value(key)
        return default if node is None else self.loading.choice(node, choices, default, f"`{key}` of {self.name}")

    def person(self, key: str, *, needed: bool = True, noun: str = "") -> str:
        """The key of a person; "" where there is none."""
        node = self.value(key)
        if node is None:
            if needed:
                self.missing(key, "Name one person.")
            return ""
        return self.person_of(node, noun or key)

    def person_of(self, node: Node, noun: str) -> str:
        people = self.loading.known.people
        if node.kind == "list":
            self.loading.at(node, f"{noun} is a list", "One name decides; name one person.")
            return ""
        if node.kind != "scalar" or node.text not in people:
            given = f" `{shortened(node.text)}`" if node.kind == "scalar" else ""
            self.loading.at(node, f"{noun}{given} is not a person", self._who(node.text))
            return ""
        return node.text

    def people(self, key: str, noun: str = "") -> tuple[str, ...]:
        """A list of people."""
        found = [self.person_of(node, noun or f"`{key}` of {self.name}:") for node in self.nodes(key)]
        return tuple(dict.fromkeys(person for person in found if person))

    def _who(self, text: str) -> str:
        people = self.loading.known.people
        by_name = {name: key for key, name in people.items()}
        near = guess(text, [*people, *by_name], "people")
        if near.startswith("Did you mean `"):
            word = near.removeprefix("Did you mean `").removesuffix("`?")
            near = f"Did you mean `{by_name.get(word, word)}`? {listed(people, 'people')}"
        else:
            near = listed(people, "people")
        return f"{near} A team can't own anything; name one person."

    def name_in(self, key: str, known: Collection[str], noun: str, plural: str, *, needed: bool = False) -> str:
        """A name that the rulebook defines elsewhere; "" where there is none."""
        node = self.value(key)
        if node is None:
            if needed:
                self.missing(key, listed(known, plural))
            return ""
        return self.known_name(node, known, noun, plural)

    def known_name(self, node: Node, known: Collection[str], noun: str, plural: str) -> str:
        """Such a name, at a node."""
        if noun == "exception" and not known:
            return ""  # the hole is that there are none
        if node.kind != "scalar" or node.text not in known:
            self.loading.at(
                node, f"unknown {noun} `{shortened(node.text)}` in {self.name}", guess(node.text, known, plural)
            )
            return ""
        return node.text

    def names_in(self, key: str, known: Collection[str], noun: str, plural: str) -> tuple[str, ...]:
        """A list of such names."""
        found = [self.known_name(node, known, noun, plural) for node in self.nodes(key)]
        return tuple(dict.fromkeys(name for name in found if name))

    def calendar(self, key: str = "calendar") -> str | None:
        """The name of a calendar, if given."""
        return self.name_in(key, self.loading.known.calendars, "calendar", "calendars") or None

    def condition(self, key: str, fields: dict[str, Field]) -> Condition | None:
        """A condition over these fields; None where it is not given or has a hole."""
        node = self.value(key)
        if node is None:
            return None
        if node.kind != "scalar":
            self.loading.at(node, f"`{key}` of {self.name} must be a condition", "Put it in quotes: '...'.")
            return None
        try:
            return compile_condition(node.text, fields, self.loading.known.currency)
        except ConditionError as problem:
            unknown = problem.sentence.startswith("unknown")
            what = f"{problem.sentence} in `{key}`" if unknown else f"`{key}`: {problem.sentence}"
            self.loading.report(node.line, node.column_at(problem.offset), what, problem.meant)
            return None
