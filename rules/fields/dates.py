"""Dates of a text in figures and in words; canonical ISO 8601 (`2026-12-01`), by the writer's local calendar day."""

from __future__ import annotations

from rules.book.field import Field
from rules.fields import dates_from_today, dates_in_figures, dates_in_words
from rules.fields.found import Context, Mention


def mentions(_field: Field, text: str, context: Context, *, asked: bool = False) -> list[Mention]:
    """Every date that plain text mentions; see the three readers for what is unclear.

    A weekday in front of a date belongs to it; a day that something is counted from ("2 weeks from Jan 15") is unclear.
    """
    today = context.today
    found = dates_in_figures.mentions(text, today, context.region, asked=asked)
    found += dates_in_words.mentions(text, today, asked=asked)
    found += dates_from_today.mentions(text, today, asked=asked)
    return [mention if mention.faint else dates_in_words.with_surroundings(text, mention) for mention in found]
