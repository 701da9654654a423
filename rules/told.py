"""What another system tells by a webhook: an item is opened, or one hears where it stands elsewhere (M22, M152).

The signature of a workflow's own hook is its right to speak about that workflow's items. What it says goes the way of
everything else: values are read like anybody's, proof and closing are the same deeds, and a decision can't be said in a
hook at all. It is taken whole or not at all; but an item that can't be closed yet keeps what was said of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final

from rules import expecting
from rules.answers import fill
from rules.attaching import attach
from rules.book.rulebook import Rulebook, Workflow
from rules.disputes import weigh
from rules.draft import Draft, merge
from rules.events import Command, Hooked, Verb
from rules.fields.reading import NotReadable, canonical
from rules.intake import context, open_item
from rules.items import Item, Source
from rules.messages import Line, Reply
from rules.notices import CONVERSATION, Card, Replied
from rules.own_events import Failed
from rules.replies import refused
from rules.ruling import Ruling, World
from rules.tracking import home
from rules.truth import STATUS, owns
from rules.work import DEEDS

#: A plain address as RFC 5321 has it without quotes, and how Slack calls its people.
_ADDRESS: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)
_SLACK: Final = re.compile(r"slack:[UW][A-Z0-9]{2,20}", re.ASCII)


def conversation(workflow: str, system: str, record: str) -> str:
    """The name under which an item of `workflow` is found by the id of its record in another system."""
    folded = " ".join(system.casefold().split()).replace("%", "%25").replace(":", "%3A")
    return f"hook:{workflow}:{folded}:{record}"


def named(event: Hooked) -> tuple[str, ...]:
    """The conversation by which a hook names its item."""
    return (conversation(event.workflow, event.system, event.link),) if event.link else ()


def hear(event: Hooked, world: World) -> Ruling:
    """Judge a hook. A reply that is refused: nothing was recorded. One with a `code` alone: it was not closed."""
    today = world.book.workflows.get(event.workflow)
    if today is None or not today.intake.webhook:
        return Ruling(reply=refused("workflow", (f"{event.workflow} takes no webhooks.",)))
    item = world.item if world.item is not None and world.item.workflow == today.name else None
    if item is None and (event.item or not event.text.strip()):
        said = event.item or f"item with the id {event.link} in {event.system}"
        return Ruling(reply=refused("unknown_item", (f"There is no {said} in {today.name}.",)))
    workflow = today if item is None else world.book_of(item.rulebook).workflows[item.workflow]
    values = _values(event, world, workflow)
    if isinstance(values, Reply):
        return Ruling(reply=values)
    if item is not None:
        return _say(event, world, workflow, item, values, note=event.note or event.text)
    opened = _open(event, world, workflow, values)
    if isinstance(opened, Reply):
        return Ruling(reply=opened)
    (item,) = opened.items
    said_more = _say(event, world, workflow, item, values, note=event.note)
    if said_more.reply is not None and said_more.reply.refused:
        return said_more
    return replace(merge(opened, said_more), reply=said_more.reply)


def _values(event: Hooked, world: World, workflow: Workflow) -> dict[str, str] | Reply:
    """What it says of fields, canonical; else everything that is wrong with it."""
    words, found = context(world.book, world), dict[str, str]()
    wrong: dict[str, str] = {}
    for name, said in event.fields.items():
        field = workflow.fields.get(name)
        if field is None:
            known = ", ".join(workflow.fields) or "none"
            wrong[name] = f"{workflow.name} has no field `{name}`. It has: {known}."
            continue
        try:
            found[name] = canonical(field, said, words)
        except NotReadable as problem:
            wrong[name] = f"{name}: {problem}"
    if wrong:
        unknown = any(name not in workflow.fields for name in wrong)
        lines: tuple[Line, ...] = tuple((sentence,) for sentence in wrong.values())
        return refused("unknown_field" if unknown else "unreadable", *lines)
    return found


def _open(event: Hooked, world: World, workflow: Workflow, values: Mapping[str, str]) -> Ruling | Reply:
    """An item of whoever it names as the requester, else of the system itself, which nobody asks anything."""
    if event.requester and not _is_identity(event.requester, world.book):
        return refused("requester", ("`requester` is an e-mail address, slack:U... or a person of the rulebook.",))
    by = world.book.person_of(event.requester) if event.requester else event.by
    place, name = home(workflow)
    source = Source(
        channel="webhook",
        place=place,
        place_name=name,
        answerable=bool(event.requester),
        subject=event.title,
        reply_to=_address(by, world.book) if event.requester else "",
    )
    if event.link:
        # What has a record of its own over there is a case of its own, however much it reads like another.
        world = replace(world, alike=lambda _workflow, _text: ())
    return open_item(
        event, world, workflow, by=by, text=event.text, source=source, given=values,
        may_ask=bool(event.requester), threads=named(event),
    )  # fmt: skip


def _is_identity(said: str, book: Rulebook) -> bool:
    return said in book.people or bool(_SLACK.fullmatch(said)) or bool(_ADDRESS.fullmatch(said))


def _address(identity: str, book: Rulebook) -> str:
    """Where somebody is written to whom Slack doesn't reach."""
    person = book.people.get(identity)
    if person is not None:
        return "" if person.slack else person.email
    return "" if identity.startswith("slack:") else identity


def _say(
    event: Hooked, world: World, workflow: Workflow, item: Item, values: Mapping[str, str], *, note: str
) -> Ruling:
    """Keep what is said of an item, and do what follows from it."""
    draft = Draft(world, event, workflow, item.key, item)
    said = {**values, **({STATUS: event.status} if event.status else {})} if event.system else {}
    _record(draft, event, said)
    expecting.hear(draft, "hook", event.system)
    if note:
        attach(draft, note, (), {})
        if draft.item.closed_at is None:
            draft.tell(Replied(item=draft.key, to=draft.item.owner))
    for kind, value in event.evidence:
        problem = _does(draft, event, "evidence", name=kind, words=value)
        if problem is not None:
            return Ruling(reply=problem)
    unasked = _take_in(draft, event, values)
    not_closed = _does(draft, event, "close") if event.close else None
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    ruling = draft.ruling(reply=replace(not_closed, refused=False) if not_closed else None)
    return replace(ruling, leads_to=(*ruling.leads_to, *_to_the_operator(event, draft, unasked)))


def _record(draft: Draft, event: Hooked, said: Mapping[str, str]) -> None:
    known = {(link.system.casefold(), link.id) for link in (*draft.item.elsewhere, *event.links)}
    links = [asdict(link) for link in event.links]
    if event.link and (event.system.casefold(), event.link) not in known:
        links.insert(0, {"system": event.system, "id": event.link, "url": ""})
    if not said and not links and not event.close:
        return
    counts = [fact for fact in said if owns(draft.workflow, fact, event.system)]
    draft.record(
        "told",
        {"counts": counts, **({"close": True} if event.close else {})},
        {"system": event.system, "said": dict(said), "links": links},
    )
    for link in links:
        draft.offered[conversation(draft.workflow.name, str(link["system"]), str(link["id"]))] = draft.key


def _take_in(draft: Draft, event: Hooked, values: Mapping[str, str]) -> str:
    """Fill what is empty with the word of whoever owns it, and see where two disagree; gives what nobody was asked."""
    if draft.item.closed_at is None:
        empty = {
            name: value
            for name, value in values.items()
            if name not in draft.item.fields and owns(draft.workflow, name, event.system)
        }
        if empty:
            fill(draft, empty, "told")
    return weigh(draft)


def _does(draft: Draft, event: Hooked, verb: Verb, *, name: str | None = None, words: str = "") -> Reply | None:
    """The same deed as by any other path; why not, where it was refused."""
    command = Command(
        id=event.id, workspace=event.workspace, at=event.at, by=event.by, via=event.via, verb=verb, item=draft.key,
        name=name, words=words,
    )  # fmt: skip
    reply = DEEDS[verb](draft, command)
    return reply if reply.refused else None


def _to_the_operator(event: Hooked, draft: Draft, sentence: str) -> tuple[Failed, ...]:
    """A disagreement that the item can't carry is somebody's, too: the operator's, of private work whoever has it."""
    if not sentence:
        return ()
    return (
        Failed(
            id=f"{event.id}:conflict", workspace=event.workspace, at=draft.now, by="docket", via="docket",
            cause=f"conflict:{draft.key}", sentence=sentence, item=draft.key,
        ),
    )  # fmt: skip
