"""Files that are no rulebook, or want to hurt whoever reads them: each is a hole, in little time and memory."""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from rules.book.load import Holes, load
from rules.book.loading.source import MAX_BYTES
from tests.rules.book.rulebooks import SMALL, small

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

FILES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "the rulebook is empty"),
    "only a comment": ("# nothing\n", "the rulebook is empty"),
    "null": ("~", "the rulebook is empty"),
    "a list": ("- a\n- b\n", "a rulebook is a mapping of keys"),
    "a word": ("rulebook", "a rulebook is a mapping of keys"),
    "two documents": (SMALL + "---\na: b\n", "a second document begins here"),
    "tabs": ("a:\n\tb: 1\n", "Indent with spaces, not tabs."),
    "open bracket": ("a: [1\nb: 2\n", "this is not YAML"),
    "open quote": ("a: 'x", "this is not YAML"),
    "colon in a plain text": ("a: b: c\n", "this is not YAML: mapping values are not allowed here"),
    "not UTF-8": (b"version: 1\norganization: Caf\xe9\n", "the file is not UTF-8 text"),
    "UTF-16": ("version: 1\n".encode("utf-16"), "the file is not UTF-8 text"),
    "NUL": ("version: \x00", "an unprintable character stands here"),
    "half a surrogate": ("version: \ud800", "an unprintable character stands here"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, "the file is not UTF-8 text"),
    "50 MB": ("a: " + "x" * 50_000_000, "a rulebook has at most 1000000"),
    "a long key": ("a" * 900_000 + ": 1\n", "this is not YAML"),
    "alias bomb": (BOMB, "the file holds more than 50000 values"),
    "alias of itself": ("a: &a [*a]\n", "the alias `*a` stands for nothing before it"),
    "alias of nothing": ("a: *b\n", "the alias `*b` stands for nothing before it"),
    "deep list": ("a: " + "[" * 300_000, "nested more than 40 deep"),
    "deep mapping": ("".join(" " * n + "a:\n" for n in range(1_300)), "nested more than 40 deep"),
    "deep keys": ("? " * 300_000, "nested more than 40 deep"),
    "many values": ("a: [" + "1," * 400_000 + "]", "the file holds more than 50000 values"),
    "many unknown keys": ("".join(f"k{n}: 1\n" for n in range(20_000)), "unknown key `k0` in the rulebook"),
    "many unknown people": (
        small((
            "    owner: dana\n",
            "    owner: [" + ", ".join("{when: amount > 1, is: nobody}" for _ in range(5_000)) + "]\n",
        )),
        "owner `nobody` is not a person",
    ),
    "a mapping as key": ("? {a: 1}\n: b\n", "a key must be a word"),
    "merge key": (SMALL + "<<: {a: 1}\n", "unknown key `<<` in the rulebook"),
    "python object": ("version: !!python/object/apply:os.system [id]\n", "is not used in rulebooks"),
    "a long line of dashes": ("- " * 300_000, "nested more than 40 deep"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_a_hole(name: str) -> None:
    """No crash, no minutes of work, no gigabytes: a sentence with a place."""
    text, said = FILES[name]
    began, memory = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Holes) as caught:
        load(text)
    took = time.process_time() - began
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    assert said in str(caught.value)
    assert all(hole.line >= 1 and hole.column >= 1 for hole in caught.value.holes)
    assert took < 30, f"{took:.1f} s"  # the longest takes about one; unguarded it would be minutes
    assert grown_kb < 400_000, f"{grown_kb} kB"


def test_what_is_not_utf8_is_told_where() -> None:
    """Line and column of the first wrong byte."""
    with pytest.raises(Holes) as caught:
        load(b"version: 1\norganization: Caf\xe9\n")
    assert str(caught.value).startswith("rulebook.yml:2:18  ")


def test_a_file_at_the_limit_is_read() -> None:
    """The limit is on size alone: comments may fill it."""
    assert load(SMALL + "#" * (MAX_BYTES - len(SMALL.encode()) - 1) + "\n").operator == "sam"


def test_small_aliases_and_a_byte_order_mark_are_fine() -> None:
    """What people write with good reason is read."""
    text = small(
        ("{GOODWILL: Keeping", "{GOODWILL: &why Keeping"),
        ("{NO_PROOF: Nothing that we hold supports the claim.}", "{NO_PROOF: *why}"),
    )
    book = load(b"\xef\xbb\xbf" + text.encode())
    assert book.reason_codes["GOODWILL"] == book.reason_codes["NO_PROOF"]


def test_words_of_older_yaml_are_words() -> None:
    """YAML 1.2: no, on, yes and 017 are texts, so a region NO is a region."""
    book = load(small(("{EU: [EUR], NA: [USD]}", "{NO: [yes, on], NA: [off]}")))
    assert dict(book.workflows["refund"].fields["region"].choices) == {"NO": ("yes", "on"), "NA": ("off",)}


def test_any_damage_to_a_rulebook_loads_or_is_a_hole() -> None:
    """Cut, doubled, swapped and replaced pieces: never anything but Holes (a seeded sample)."""
    dice = random.Random(20261121)
    pieces = ["", *"{}[]:,'\"*~0#é\n", "&a ", "  ", "true", "- ", "|\n", "lee"]
    for _ in range(150):
        text = SMALL
        for _ in range(dice.randrange(1, 4)):
            begin = dice.randrange(len(text))
            text = text[:begin] + dice.choice(pieces) + text[begin + dice.choice((0, 0, 1, 5, 40)) :]
        with suppress(Holes):
            load(text)


def test_any_wrong_value_in_the_example_loads_or_is_a_hole() -> None:
    """Every value of the shipped example replaced by something else or left out: Holes, never a crash (a sample)."""
    example = YAML(typ="safe", pure=True).load(
        (Path(__file__).parents[3] / "examples" / "harbor.yml").read_text("utf-8")
    )
    dice = random.Random(20261121)
    gone = object()
    wrong = [gone, None, [], {}, 5, True, "lee", "x" * 3_000, [[]], {"a": {"b": 1}}, ["lee", "lee"]]
    for path in dice.sample(list(places(example)), 60):
        damaged = json.loads(json.dumps(example, default=str))
        outer = damaged
        for step in path[:-1]:
            outer = outer[step]
        value = dice.choice(wrong)
        if value is gone:
            del outer[path[-1]]
        else:
            outer[path[-1]] = value
        with suppress(Holes):
            load(json.dumps(damaged, ensure_ascii=False))  # JSON is YAML 1.2


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from places(inner, (*path, step))
