"""The bot's own failures: exceptions on items of the built-in workflow `docket`, owned by the operator.

Where private work failed its own owner hears of it, for what failed tells of it; the operator hears only that
something private did, and who has it (docs/decisions/0007).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET, Draft
from rules.events import (
    Command,
    Event,
    Hooked,
    Mailed,
    Unreadable,
)
from rules.intake import private_reader, title_of
from rules.items import Source
from rules.notices import Broken, Discreet, Handed, Notice
from rules.own_events import Failed, Recovered
from rules.owners import choose_owner
from rules.people import held_by, seat
from rules.ruling import Ruling, World
from rules.stages import enter, finish
from rules.stops import open_trouble

#: What a cause begins with, and the exception code it becomes; anything else is OURS.
CODES = {
    "absent:": "ABSENT",
    "reachability": "ABSENT",
    "disavowed:": "DISAVOWED",
    "unreadable:": "UNREADABLE",
    "deliver:": "UNDELIVERABLE",
    "held:": "HELD",
    "rules:": "RULE_FAILED",
    "inbox:": "UNREACHABLE",
    "smtp": "UNREACHABLE",
    "slack": "UNREACHABLE",
    "database": "UNREACHABLE",
    "rulebook": "RULE_FAILED",
}


def failed(event: Failed, world: World) -> Ruling:
    """One open exception per cause, counted up: a server that is down all night is one line in the morning."""
    if (item := world.item) is not None:
        workflow = world.book_of(item.rulebook).workflows.get(item.workflow)
        if workflow is not None and workflow.private:
            return _of_private(Draft(world, event, workflow, item.key, item), event.cause, event.sentence)
    workflow = world.book.workflows.get(event.workflow)
    if workflow is not None and workflow.private:
        return _as_private_item(event, world, workflow, event.sentence)
    return count_or_open(event, world, event.cause, event.sentence, event.item)


def unreadable(event: Unreadable, world: World) -> Ruling:
    """What can't be parsed is kept raw under the event's id; the operator is told, of a private inbox its owner."""
    sentence = f"A message in the inbox {event.inbox} can't be read: {event.problem} It is kept as {event.id}."
    if (workflow := private_reader(world.book, (event.inbox,))) is not None:
        return _as_private_item(event, world, workflow, sentence)
    return count_or_open(event, world, f"unreadable:{event.id}", sentence, None)


def confined(event: Event, book: Rulebook) -> str:
    """The private workflow that an event would have opened an item of, by itself; "": none."""
    match event:
        case Mailed():
            workflow = private_reader(book, (event.inbox, *event.addressed))
        case Unreadable():
            workflow = private_reader(book, (event.inbox,))
        case Hooked():
            workflow = book.workflows.get(event.workflow)
        case Command():
            workflow = book.workflows.get(event.workflow or "") or book.by_key(event.workflow or "")
        case _:
            workflow = None
    return workflow.name if workflow is not None and workflow.private else ""


def recovered(event: Recovered, world: World) -> Ruling:
    """The cause is gone: the exception ends by itself, and the record keeps from when to when."""
    return over(event, world, event.cause)


def over(event: Event, world: World, cause: str) -> Ruling:
    """End the exception of `cause`, if there is one."""
    item = world.failure(cause)
    if item is None:
        return Ruling(ignored="nothing had failed")
    draft = Draft(world, event, world.book.workflows["docket"], item.key, item)
    finish(draft, "done", by=DOCKET)
    return draft.ruling()


def unjudged(event: Event, world: World, ruling: Ruling) -> Ruling:
    """Conditions that could not be judged while something happened, as one failure of the rulebook."""
    sentence = " ".join(ruling.unjudged)
    about = next((item for item in (*ruling.items, world.item) if item and item.key == ruling.touched), None)
    if about is not None:
        workflow = world.book_of(about.rulebook).workflows.get(about.workflow)
        if workflow is not None and workflow.private:
            return _of_private(Draft(world, event, workflow, about.key, about), "rules:condition", sentence)
    return count_or_open(event, world, "rules:condition", sentence, ruling.touched)


def _of_private(draft: Draft, cause: str, sentence: str) -> Ruling:
    """It stands in the record of the private item; those who hold it are told, of each cause once."""
    known = cause in draft.item.failures
    draft.record("failed", {}, {"cause": cause, "what": sentence}, by=DOCKET)
    if not known:
        draft.tell(*(Broken(item=draft.key, to=to) for to in dict.fromkeys((draft.item.owner, draft.item.backup))))
        draft.tell(*_discreetly(draft))
    return draft.ruling()


def _as_private_item(event: Event, world: World, workflow: Workflow, sentence: str) -> Ruling:
    """What could not be read may be just what the private lane is there for: it becomes an item of its owner."""
    draft = Draft(world, event, workflow, f"{workflow.key}-{world.number(workflow.key)}", None)
    draft.by = DOCKET
    _open(draft, event, {}, sentence, title="Something that could not be read")
    draft.record("demand_dropped", {"because": "nobody can be asked"}, by=DOCKET)
    owner, backup, because = choose_owner(draft)
    draft.record("owned", {"owner": owner, "backup": backup}, {"because": because}, by=DOCKET)
    draft.tell(Handed(item=draft.key, to=owner))
    enter(draft, workflow.stages[0])
    draft.tell(*_discreetly(draft))
    return draft.ruling()


def _discreetly(draft: Draft) -> tuple[Notice, ...]:
    """To the operator, who may be wanted for the mending; not where they hold it themselves or asked for it."""
    operator = draft.book.operator
    if operator in held_by(draft.item) or operator == draft.item.requester:
        return ()
    return (Discreet(item="", to=operator, what="failed", holder=draft.item.owner),)


def count_or_open(event: Event, world: World, cause: str, sentence: str, about: str | None) -> Ruling:
    """Count up the open exception of `cause`, or open it; `about` is the item that it concerned."""
    code = next((code for start, code in CODES.items() if cause.startswith(start)), "OURS")
    workflow = world.book.workflows["docket"]
    standing = world.failure(cause)
    if standing is not None:
        draft = Draft(world, event, workflow, standing.key, standing)
        draft.by = DOCKET
        if standing.open_trouble(code):
            draft.record("counted", {"code": code})
        else:
            open_trouble(draft, code, because=sentence, raised_by=DOCKET)
        return draft.ruling()
    key = f"{workflow.key}-{world.number(workflow.key)}"
    draft = Draft(world, event, workflow, key, None)
    draft.by = DOCKET
    _open(draft, event, {"cause": cause, "what": sentence, **({"about": about} if about else {})}, sentence)
    operator, backup = seat(world.book, workflow, world.book.operator, workflow.backup, DOCKET, world.now)
    draft.record("owned", {"owner": operator, "backup": backup, "because": "the operator owns the bot's failures"})
    enter(draft, workflow.stages[0])
    open_trouble(draft, code, because=sentence, raised_by=DOCKET)
    return draft.ruling()


def _open(draft: Draft, event: Event, fields: Mapping[str, str], sentence: str, title: str = "") -> None:
    source = asdict(Source(channel="docket"))
    source.pop("subject")
    source.pop("reply_to")
    draft.record(
        "opened",
        {"workspace": event.workspace, "workflow": draft.workflow.name, "source": source, "missing": []},
        {
            "title": title or title_of(sentence),
            "text": sentence,
            "requester": DOCKET,
            "subject": "",
            "fields": dict(fields),
            "conflicts": {},
        },
    )
