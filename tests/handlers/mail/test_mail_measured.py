"""Figures over the shared collection of real mail that must not fall, where that collection is at hand."""

from __future__ import annotations

import pytest

from docs.measure_mail import PAGE, table
from tests.handlers.mail.measure import MAIL, Figure, measure

#: Heading: the least share of mails that must come out right.
LEAST = {
    "no fault": 1.0,
    "huge within 0.1 s": 1.0,
    "forged sender not believed": 1.0,
    "not answered where unwanted": 1.0,
    "text contains": 1.0,
    "text": 0.95,
    "subject": 0.95,
    "attachments": 0.95,
    "replies clean": 0.94,
    "bounces found": 0.97,
    "no bounce seen where none is": 0.995,
    "automatic found": 0.98,
    "no machine seen where a person is": 0.99,
    "parent first": 1.0,
}


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    if not (MAIL / "manifest.jsonl").exists():
        pytest.skip("the shared collection of mail is not beside this project")
    return measure()


@pytest.mark.parametrize("heading", LEAST)
def test_the_figure_holds(figures: dict[str, Figure], heading: str) -> None:
    figure = figures[heading]
    assert figure.total
    assert figure.share >= LEAST[heading], figure.missed


def test_the_page_says_what_is_measured(figures: dict[str, Figure]) -> None:
    """`python docs/measure_mail.py` makes the table of docs/email.md."""
    assert table(figures) in PAGE.read_text("utf-8")
