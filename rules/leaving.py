"""`away`: who says that they are not there, until when, and who stands in; and that they are back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from rules.absence import Said
from rules.book.field import Field
from rules.book.rulebook import Away, Rulebook
from rules.draft import DOCKET
from rules.entries import OWN_RECORD, Entry
from rules.events import Command
from rules.fields.reading import NotReadable, canonical
from rules.handing import meant
from rules.intake import context
from rules.messages import Line, Reply, Who
from rules.passing_on import shares
from rules.people import is_present, zone_of
from rules.replies import done, refused, usage
from rules.rights import refusal
from rules.ruling import Ruling, World
from rules.wording.lines import reach

#: What is said instead of a day by whoever is back.
OVER = "over"
_USAGE = "away until 2026-12-01 for @person"


def leave(command: Command, world: World) -> Ruling:
    """`away until D for @person`, of oneself or (`away @who until ...`, the operator) of somebody else; `away over`."""
    book = world.book
    by = book.person_of(command.by)
    if (refused_to := refusal("away", book, by, guest=command.guest)) is not None:
        return Ruling(reply=refused_to)
    who = meant(book, command.name) if command.name else by
    if who is None:
        return Ruling(reply=_nobody(command.name or "", book))
    if who != by and by != book.operator:
        line: Line = (*reach(book, (book.operator,)), " can say it of somebody else; others say it of themselves.")
        return Ruling(reply=refused("not_yours", line))
    if command.until == OVER:
        return _back(command, world, who)
    if not command.until or not command.person:
        return Ruling(reply=usage(_USAGE, _standing(book.people[who].away, who, book)))
    said = _said(command, world, who)
    return Ruling(reply=said) if isinstance(said, Reply) else _leaves(command, world, said)


def _said(command: Command, world: World, who: str) -> Said | Reply:
    """What was understood, or what is missing and how it is said."""
    book = world.book
    zone = zone_of(book, who)
    try:
        day = canonical(Field(name="until", type="date"), command.until or "", context(book, world, zone))
    except NotReadable:
        return usage(_USAGE, "Until which day? Write it like 2026-12-01.")
    until = date.fromisoformat(day)
    if until < world.now.astimezone(ZoneInfo(zone)).date():
        return refused("past", (f"{_written(until)} is over already.",), blank="until")
    stand_in = meant(book, command.person or "")
    if stand_in is None:
        return _nobody(command.person or "", book)
    if stand_in == who:
        return refused("same_person", (f"{book.named(who)} can't stand in for themselves.",), blank="person")
    if not is_present(book, stand_in, world.now):
        why = f"{book.named(stand_in)} is not there either. Name somebody who is."
        return refused("absent", (why,), blank="person")
    return Said(person=who, until=until, stand_in=stand_in, by=book.person_of(command.by), at=world.now)


def _leaves(command: Command, world: World, said: Said) -> Ruling:
    """It is said; what lies with them is passed on after it, item by item (bot/absences)."""
    book = world.book
    facts = {"person": said.person, "until": said.until.isoformat(), "stand_in": said.stand_in}
    leave = replace(book.people[said.person], away=Away(until=said.until, stand_in=said.stand_in, said_by=said.by))
    then = replace(world, book=replace(book, people={**book.people, said.person: leave}))
    back = said.until + timedelta(days=1)
    whose = "you" if said.person == said.by else book.named(said.person)
    return Ruling(
        entries=(_entry(command, world, facts),),
        away=said,
        reply=done(
            (
                Who(said.stand_in),
                f" stands in for {whose} through {_written(said.until)}{shares(said.person, then)}",
            ),
            (f"From {_written(back)} on, what is not done is {'yours' if whose == 'you' else 'theirs'} again.",),
            ("Back sooner? ", "`/docket away over`"),
        ),
    )


def _back(command: Command, world: World, who: str) -> Ruling:
    book = world.book
    away = book.people[who].away
    if away is None or is_present(replace(book, people={who: replace(book.people[who], gone="")}), who, world.now):
        return Ruling(reply=refused("present", (f"Nobody said that {book.named(who)} is away.",)))
    if not away.said_by:
        said = f"The rulebook says that {book.named(who)} is away until {_written(away.until)}. Change it there."
        return Ruling(reply=refused("rulebook", (said,)))
    whose = "yours" if who == book.person_of(command.by) else f"{book.named(who)}'s"
    return Ruling(
        entries=(_entry(command, world, {"person": who, "over": True}),),
        returns=who,
        reply=done((f"Noted. What {book.named(away.stand_in)} has not done meanwhile is {whose} again.",)),
    )


def _entry(command: Command, world: World, facts: Mapping[str, str | bool]) -> Entry:
    by = world.book.person_of(command.by)
    return Entry(
        kind="away", item=OWN_RECORD, at=world.now, by=by or DOCKET, via=command.via, rulebook=world.book.version,
        facts=facts,
    )  # fmt: skip


def _nobody(said: str, book: Rulebook) -> Reply:
    line = (Who(said), f" is not in the rulebook. Known people: {', '.join(book.people)}.")
    return refused("unknown_person", line, blank="person")


def _standing(away: Away | None, who: str, book: Rulebook) -> str:
    if away is None:
        return "Until which day, and who stands in?"
    return f"{book.named(who)} is away until {_written(away.until)}; {book.named(away.stand_in)} stands in."


def _written(day: date) -> str:
    return f"{day:%a %b} {day.day}"
