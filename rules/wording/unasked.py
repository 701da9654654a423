"""What a digest says of what was done without asking: glass broken, closed without proof, reviews that are overdue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from rules.items import Item
from rules.messages import Line, Quote, When, Who
from rules.reviews import overdue
from rules.wording.break_glass import passed_by, uses

KEYS_AT_MOST = 5


def glass(changed: Iterable[Item], within: Callable[[datetime], bool]) -> list[tuple[Item, Line]]:
    """Every use of break-glass in the time covered: on what, by whom, past what, why, and who reviews it."""
    found = [(use, item) for item in changed for use in uses(item) if within(use.opened_at)]
    told: list[tuple[Item, Line]] = []
    for use, item in sorted(found, key=lambda pair: pair[0].opened_at):
        went_past = passed_by(item, use)
        review = next((link.key for link in item.links if link.relation == "review"), "")
        line: Line = (
            Who(use.raised_by), f" went past {went_past or 'what stood in the way'}, ", When(use.opened_at), ": ",
            Quote(use.because), " · ", Who(use.owner), f" reviews it ({review})",
        )  # fmt: skip
        told.append((item, line))
    return told


def unproven(changed: Iterable[Item], within: Callable[[datetime], bool]) -> list[tuple[Item, Line]]:
    """What was closed without its proof in the time covered: which kinds, by whom, by which right and why."""
    found = [(item.unproven, item) for item in changed if item.unproven is not None and within(item.unproven.at)]
    told: list[tuple[Item, Line]] = []
    for without, item in sorted(found, key=lambda pair: pair[0].at):
        by_override = " (override)" if without.override else ""
        lacking = ", ".join(without.lacking)
        line: Line = (
            f"without {lacking} · ", Who(without.by), f"{by_override}, {without.code}: ", Quote(without.rationale)
        )  # fmt: skip
        told.append((item, line))
    return told


def overdue_lines(reviews: Iterable[Item], now: datetime) -> list[Line]:
    """One line for each person with reviews that were due: how many, since when, which."""
    lines: list[Line] = []
    for owner, late in overdue(reviews, now).items():
        count = "1 review" if len(late) == 1 else f"{len(late)} reviews"
        keys = ", ".join(item.key for item, _ in late[:KEYS_AT_MOST])
        more = f" and {len(late) - KEYS_AT_MOST} more" if len(late) > KEYS_AT_MOST else ""
        lines.append((Who(owner), f"  {count}, due since ", When(late[0][1].due_at), f": {keys}{more}"))
    return lines
