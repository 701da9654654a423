"""What a person says to the bot alone, in no card's thread: nothing of it goes anywhere before they say where to."""

from __future__ import annotations

from dataclasses import replace

from rules.book.rulebook import Workflow
from rules.events import Posted
from rules.home import how_to_ask
from rules.intake import no_persons
from rules.messages import Action, Line, Message, Reply, Who
from rules.ruling import Ruling, World
from rules.small_talk import greeting, small_talk
from rules.tracking import openable, track


def from_direct(event: Posted, world: World) -> Ruling:
    """A greeting is answered, small talk is let be; anything else is asked about, privately, where it is to go."""
    if reason := no_persons(event):
        return Ruling(ignored=reason)
    if not event.text.strip() and not event.files:
        return Ruling(ignored="no text")
    if event.text.strip() and small_talk(event.text):
        return Ruling(ignored="small talk", reply=_hello(world) if greeting(event.text) else None)
    offered = openable(world.book, event)
    private = [w for w in offered if w.private]
    asked = _in_confidence(event, world, private) if private else _what(event, [w for w in offered if not w.private])
    return Ruling(ignored="asked where it is to go", reply=Reply(message=asked), unkept=True)


def _hello(world: World) -> Reply:
    lines: tuple[Line, ...] = (
        ("`/docket` shows what is yours, `/docket help` what can be said.",),
        (how_to_ask(world.book),),
    )
    return Reply(message=Message(subject="", headline=("Hello.",), lines=lines))


def _in_confidence(event: Posted, world: World, private: list[Workflow]) -> Message:
    """The private lane first, by the name of whoever would have it."""
    seats = {w.name: _seats(event, world, w) for w in private}
    owner, backup = seats[private[0].name]
    one = len(private) == 1
    headline: Line = ("Hand this to ", Who(owner), " in confidence?") if one else ("Hand this on in confidence?",)
    holders: Line = (Who(owner), " and ", Who(backup)) if backup != owner else (Who(owner),)
    small: Line = ("Nothing was passed on yet. Only you, ", *holders, " would see it.")
    yes = [
        Action(
            verb="new",
            label="Yes" if one else f"Yes, {w.name.replace('_', ' ')}: {world.book.named(seats[w.name][0])}",
            item="",
            workflow=w.name,
            about=event.ts,
            style="primary",
        )
        for w in private
    ]
    other = Action(verb="new", label="Something else", item="", about=event.ts)
    return Message(
        subject="",
        headline=headline,
        small=(small if one else ("Nothing was passed on yet.",),),
        actions=(*yes, other),
    )


def _seats(event: Posted, world: World, workflow: Workflow) -> tuple[str, str]:
    """Who would have it and who would back them up: as if it were opened, for nobody else can say."""
    trial = track(event, replace(world, number=lambda _key: 0), workflow)
    return trial.items[0].owner, trial.items[0].backup


def _what(event: Posted, public: list[Workflow]) -> Message:
    if not public:
        return Message(subject="", headline=("Nothing can be opened from here.",), lines=(("`/docket help`",),))
    opens = [
        Action(
            verb="new",
            label=w.name.replace("_", " ").capitalize(),
            item="",
            workflow=w.name,
            about=event.ts,
        )
        for w in public
    ]
    return Message(
        subject="",
        headline=("What should be opened?",),
        small=(("Nothing was passed on yet.",),),
        actions=tuple(opens),
    )
