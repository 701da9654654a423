"""The bot's own failures: exceptions on items of the built-in workflow `docket`, owned by the operator."""

from __future__ import annotations

from dataclasses import asdict

from rules.draft import DOCKET, Draft
from rules.events import Event, Failed, Recovered, Unreadable
from rules.intake import title_of
from rules.items import Source
from rules.people import seat
from rules.ruling import Ruling, World
from rules.stages import enter, finish
from rules.stops import open_trouble

#: What a cause begins with, and the exception code it becomes; anything else is OURS.
CODES = {
    "unreadable:": "UNREADABLE",
    "deliver:": "UNDELIVERABLE",
    "rules:": "RULE_FAILED",
    "inbox:": "UNREACHABLE",
    "smtp": "UNREACHABLE",
    "slack": "UNREACHABLE",
    "database": "UNREACHABLE",
    "rulebook": "RULE_FAILED",
}


def failed(event: Failed, world: World) -> Ruling:
    """One open exception per cause, counted up: a server that is down all night is one line in the morning."""
    return _count_or_open(event, world, event.cause, event.sentence, event.item)


def unreadable(event: Unreadable, world: World) -> Ruling:
    """What can't be parsed is kept raw under the event's id, and the operator is told."""
    sentence = f"A message in the inbox {event.inbox} can't be read: {event.problem} It is kept as {event.id}."
    return _count_or_open(event, world, f"unreadable:{event.id}", sentence, None)


def recovered(event: Recovered, world: World) -> Ruling:
    """The cause is gone: the exception ends by itself, and the record keeps from when to when."""
    item = world.failure(event.cause)
    if item is None:
        return Ruling(ignored="nothing had failed")
    draft = Draft(world, event, world.book.workflows["docket"], item.key, item)
    finish(draft, "done", by=DOCKET)
    return draft.ruling()


def unjudged(event: Event, world: World, ruling: Ruling) -> Ruling:
    """Conditions that could not be judged while something happened, as one failure of the rulebook."""
    return _count_or_open(event, world, "rules:condition", " ".join(ruling.unjudged), ruling.touched)


def _count_or_open(event: Event, world: World, cause: str, sentence: str, about: str | None) -> Ruling:
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
    source = asdict(Source(channel="docket"))
    source.pop("subject")
    source.pop("reply_to")
    draft.record(
        "opened",
        {"workspace": event.workspace, "workflow": workflow.name, "source": source, "missing": []},
        {
            "title": title_of(sentence),
            "text": sentence,
            "requester": DOCKET,
            "subject": "",
            "fields": {"cause": cause, "what": sentence, **({"about": about} if about else {})},
            "conflicts": {},
        },
    )
    operator, backup = seat(world.book, world.book.operator, workflow.backup, DOCKET, world.now)
    draft.record("owned", {"owner": operator, "backup": backup, "because": "the operator owns the bot's failures"})
    enter(draft, workflow.stages[0])
    open_trouble(draft, code, because=sentence, raised_by=DOCKET)
    return draft.ruling()
