"""The off switch: who stops what, what a pause holds back, and what is said to whoever meets it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from rules.book.rulebook import Rulebook, Workflow
from rules.entries import OWN_RECORD, Entry, stamp
from rules.events import Command, Event
from rules.items import Item
from rules.messages import Form, Line, Reply, Strong
from rules.own_events import (
    Failed,
    Looked,
    Reachable,
    Recovered,
    Refused,
    RolledBack,
    StoodStill,
    Threaded,
    Tried,
    Unreachable,
)
from rules.pauses import Backlog, Pause, covering
from rules.replies import done, refused
from rules.rights import owners_of, refusal
from rules.ruling import Ruling, World
from rules.traces import Kept
from rules.wording.pauses import (
    goes_on_line,
    held_lines,
    how_to_go_on,
    name_of,
    not_paused,
    paused_line,
    stopped_lines,
)

#: What the bot records of itself (what it sent, what failed, who is there), and the undoing of damage, which is what
#: a pause may be for.
_RECORDS: Final = (Failed, Recovered, Looked, Refused, Threaded, Unreachable, Reachable, StoodStill, RolledBack)
#: What is typed for everything at once; so is nothing.
_EVERYTHING: Final = ("", "all", "everything")
_SWITCHES: Final = ("pause", "resume", "quarantine")


def held_for(event: Event, ruling: Ruling, pauses: Sequence[Pause]) -> tuple[str, Pause] | None:
    """The paused workflow for which a happening waits, and what stops it; None: it is taken.

    `ruling` is what would come of it now: what changes nothing is no work, and is not held.
    """
    if isinstance(event, _RECORDS) or (isinstance(event, Command) and event.verb in _SWITCHES):
        return None
    touched = [event.workflow] if isinstance(event, Tried) else [item.workflow for item in ruling.items]
    for workflow in dict.fromkeys(touched):
        if (pause := covering(pauses, workflow)) is not None:
            return workflow, pause
    return None


def met(event: Event, pause: Pause, book: Rulebook) -> Reply:
    """What a person hears at once whose word or click meets a pause. A command is to be given again; words are kept."""
    known = book.person_of(event.by) in book.people
    if isinstance(event, Command):
        return refused("paused", paused_line(pause, book, why=known), ("Nothing was changed. Say it again then.",))
    kept = "What you said is kept and is handled when it goes on."
    return done(paused_line(pause, book, why=known), (kept,))


def instead(found: Form | Reply | None, item: Item | None, pauses: Sequence[Pause], book: Rulebook) -> Reply | None:
    """What is said instead of opening the form of an item whose workflow is paused; None: it is opened."""
    if item is None or isinstance(found, Reply) or (pause := covering(pauses, item.workflow)) is None:
        return None
    return refused("paused", paused_line(pause, book), ("Nothing was changed.",))


def laid_over(items: Iterable[Item], pauses: Sequence[Pause]) -> list[Item]:
    """The items as they stand for their readers: what belongs to a paused workflow is held."""
    shown = []
    for item in items:
        pause = covering(pauses, item.workflow) if item.closed_at is None else None
        shown.append(item if pause is None else replace(item, paused=pause))
    return shown


def switch(command: Command, world: World) -> Ruling:
    """`pause` and `resume`: by who may, of one workflow or of everything."""
    book, me = world.book, world.book.person_of(command.by)
    typed = (command.workflow or "").casefold()
    workflow = _named(book, typed)
    # A rulebook may have dropped a workflow while it was paused: what was held must still go on.
    gone = workflow is None and any(pause.workflow.casefold() == typed for pause in world.pauses if typed)
    if workflow is None and typed not in _EVERYTHING and not gone:
        if (outside := refusal(command.verb, book, me, guest=command.guest)) is not None and me not in book.people:
            return Ruling(reply=outside)
        names = ", ".join(w.name for w in _stoppable(book))
        said = f"There is no workflow `{command.workflow}`. There are: {names}."
        all_of_it = (f"`/docket {command.verb} all` means everything.",)
        return Ruling(reply=refused("unknown_workflow", (said,), all_of_it, blank="workflow"))
    if (outside := refusal(command.verb, book, me, guest=command.guest, workflow=workflow)) is not None:
        return Ruling(reply=_one_of_them(command, world, outside) if workflow is None else outside)
    name = typed if gone else workflow.name if workflow else ""
    standing = next((pause for pause in world.pauses if pause.workflow.casefold() == name.casefold()), None)
    if command.verb == "pause":
        return _pause(command, world, name, standing)
    return _resume(command, world, name, standing)


def _one_of_them(command: Command, world: World, outside: Reply) -> Reply:
    """Who may not let everything go on, but may one workflow that is paused, is told how."""
    book, me = world.book, world.book.person_of(command.by)
    paused = [_named(book, pause.workflow.casefold()) for pause in world.pauses if pause.workflow]
    theirs = [w for w in paused if w is not None and refusal(command.verb, book, me, workflow=w) is None]
    if command.verb != "resume" or not theirs:
        return outside
    lines: list[Line] = [(Strong(f"/docket resume {w.name}"), f"  lets {w.name} go on") for w in theirs]
    return refused(outside.code, outside.message.headline, *lines)


def stoppable(book: Rulebook, typed: str | None) -> str | None:
    """The workflow that is meant, by name or key; "" for everything, None where there is no such."""
    folded = (typed or "").casefold()
    workflow = _named(book, folded)
    return workflow.name if workflow is not None else "" if folded in _EVERYTHING else None


def _named(book: Rulebook, typed: str) -> Workflow | None:
    return next((w for w in _stoppable(book) if typed in (w.name.casefold(), w.key.casefold())), None)


def _stoppable(book: Rulebook) -> list[Workflow]:
    """Those that have a promise of their own; the bot's own stop with everything."""
    return [w for w in book.workflows.values() if w.built_in is None]


def _pause(command: Command, world: World, name: str, standing: Pause | None) -> Ruling:
    book, me = world.book, world.book.person_of(command.by)
    if standing is not None:
        return Ruling(reply=refused("paused", paused_line(standing, book), how_to_go_on(standing)))
    because, drill = command.words.strip(), command.name == "drill"
    pause = Pause(workflow=name, since=world.now, by=me, because=because, drill=drill)
    return Ruling(
        entries=(recorded("paused", pause, world, command, {"because": pause.because}),),
        reply=done(*stopped_lines(pause, book)),
        pauses=pause,
    )


def _resume(command: Command, world: World, name: str, standing: Pause | None) -> Ruling:
    book, me = world.book, world.book.person_of(command.by)
    if standing is None:
        return Ruling(reply=refused("not_paused", *not_paused(name, world.pauses, book)))
    if standing.resumed_at is not None:
        return Ruling(reply=refused("paused", goes_on_line(standing)))
    pause = replace(standing, resumed_at=world.now, resumed_by=me)
    waits = [each for each in world.backlog() if pause.covers(each.workflow) and _may_count(each, book, me)]
    others = [other for other in world.pauses if other is not standing and other.resumed_at is None]
    waits = [each for each in waits if covering(others, each.workflow) is None]
    count = sum(each.count for each in waits)
    return Ruling(
        entries=(recorded("resumed", pause, world, command, facts={"until": stamp(world.now), "held": count}),),
        reply=done(*held_lines(pause, waits, others, book)),
        resumes=pause,
    )


def _may_count(each: Backlog, book: Rulebook, me: str) -> bool:
    """Of private work not even the number is told to anybody but those who have it."""
    workflow = book.workflows.get(each.workflow)
    return workflow is None or not workflow.private or me in owners_of(workflow)


def recorded(
    kind: str,
    pause: Pause,
    world: World,
    event: Event,
    texts: dict[str, str] | None = None,
    facts: dict[str, object] | None = None,
) -> Entry:
    """That it was paused or goes on, for the bot's own record."""
    return Entry(
        kind="paused" if kind == "paused" else "resumed",
        item=OWN_RECORD,
        at=world.now,
        by=world.book.person_of(event.by),
        via=event.via,
        rulebook=world.book.version,
        facts={"workflow": pause.workflow, "since": stamp(pause.since), "drill": pause.drill, **(facts or {})},
        texts={name: words for name, words in (texts or {}).items() if words},
    )


def dropped(command: Command, world: World, kept: Kept) -> Ruling:
    """`quarantine drop ID why` of what waits for something paused: it is given up, and the bot's own record says so."""
    entry = Entry(
        kind="dropped",
        item=OWN_RECORD,
        at=world.now,
        by=world.book.person_of(command.by),
        via=command.via,
        rulebook=world.book.version,
        facts={"id": kept.id, "workflow": kept.paused},
        texts={"because": command.words.strip()},
    )
    said = "is dropped. It stays as it came, and nothing follows from it."
    return Ruling(entries=(entry,), drops=kept.id, reply=done((Strong(kept.id), f" {said}")))


def waits_for(kept: Kept) -> Reply:
    """Why what a pause holds is not let go by itself."""
    name = name_of(kept.paused)
    how = f"`/docket resume {kept.paused}` lets it go on; all that waits is taken then, in order."
    return refused("paused", (f"{name} is paused, and this waits for it.",), (how,))
