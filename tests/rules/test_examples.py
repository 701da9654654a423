"""A rulebook's own examples: true ones pass, and one that is not true says what came instead, and where it stands."""

from __future__ import annotations

from rules.book.load import load
from rules.examples import run
from tests.rules.test_flows import HARBOR


def test_harbors_examples_are_true() -> None:
    assert run(load(HARBOR)) == []


def test_an_example_that_is_not_true_is_told_with_its_line_and_what_came_instead() -> None:
    said = "then: {owner: dana, fields: {order: ORD-12345, amount: 450 USD}, exception: OVER_LIMIT}"
    assert said in HARBOR
    text = HARBOR.replace(said, "then: {owner: ines, fields: {order: ORD-12345, amount: 45 USD}, exception: STALLED}")
    line = next(n for n, words in enumerate(text.splitlines(), 1) if "owner: ines, fields" in words)
    failures = run(load(text))
    assert {failure.line for failure in failures} == {line}
    told = " ".join(failure.what for failure in failures)
    assert "goes to dana" in told
    assert "450.00 USD" in told
    assert "OVER_LIMIT" in told
