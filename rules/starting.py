"""An item that the rules open because of another: the flow that follows it, a post-review, a remediation."""

from __future__ import annotations

from dataclasses import asdict

from rules.answers import fill, locked, shown_fields
from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET, Draft, merge
from rules.fields.reading import NotReadable, canonical
from rules.intake import ask, context, missing, title_of
from rules.items import Item, Source
from rules.notices import CONVERSATION, Card, Handed
from rules.own_events import Started
from rules.owners import choose_owner
from rules.people import seat
from rules.ruling import Ruling, World
from rules.stages import enter
from rules.stops import judge, open_trouble


def _into(event: Started, world: World, origin: Item) -> tuple[Rulebook, Workflow]:
    """The workflow that is meant: of today's rulebook, or where that one does not know it of the item's own."""
    books = (world.book, world.book_of(origin.rulebook))
    found: list[tuple[Rulebook, Workflow]] = []
    for book in books:
        ours = book.built_in(event.relation) if event.relation != "then" else book.workflows.get(event.workflow)
        if ours is not None:
            found.append((book, ours))
    return next((pair for pair in found if not event.code or pair[1].rule(event.code)), found[0])


def start(event: Started, world: World, origin: Item) -> Ruling:
    """Open the item, link it with `origin` each way, and have its owner told (or asked, where a `code` is named).

    The flow that follows is begun once: while its item is open, `origin` closed again only brings that up to date. Of
    private work nothing but the carried fields is told to the other side, not even its key.
    """
    book, workflow = _into(event, world, origin)
    before = world.book_of(origin.rulebook).workflows[origin.workflow]
    flow = f"then:{origin.key}"
    if event.relation == "then" and (standing := world.bound(flow)) is not None and standing.closed_at is None:
        return _brought_up_to_date(event, world, standing)
    fields = _carried(event, world, workflow) if event.relation == "then" else dict(event.fields)
    draft = Draft(world, event, workflow, f"{workflow.key}-{world.number(workflow.key)}", None)
    draft.version = book.version
    source = asdict(Source(channel="docket"))
    source.pop("subject")
    source.pop("reply_to")
    draft.record(
        "opened",
        {
            "workspace": event.workspace,
            "workflow": workflow.name,
            "source": source,
            "missing": list(missing(workflow, fields)),
            "origin": "" if before.private else origin.key,
            "relation": event.relation,
            **({"cause": event.cause} if event.cause else {}),
        },
        {
            "title": workflow.name if before.private else title_of(event.title),
            "text": "It goes on from private work." if before.private else event.text,
            # Whoever did it without asking answers for it: so nothing can make them its judge.
            "requester": event.by if event.relation == "review" else DOCKET,
            "subject": "",
            "fields": fields,
            "conflicts": {},
        },
        by=DOCKET,
    )
    owner, backup, because = choose_owner(draft)
    if event.owner:
        owner, backup = seat(world.book, workflow, event.owner, workflow.backup, draft.item.requester, world.now)
        because = event.relation if before.private else f"{event.relation} of {origin.key}"
    draft.record("owned", {"owner": owner, "backup": backup}, {"because": because}, by=DOCKET)
    if not event.code:
        draft.tell(Handed(item=draft.key, to=owner))
    enter(draft, workflow.stages[0], owner=owner if event.owner else None)
    if event.code:
        open_trouble(draft, event.code, because=event.text, raised_by=DOCKET)
    elif draft.item.missing:
        ask(draft)
    judge(draft)
    if event.relation == "then":
        draft.threads[flow] = draft.key
    if workflow.private:
        return draft.ruling()
    ours = Draft(world, event, before, origin.key, origin)
    ours.record("linked", {"key": draft.key, "relation": event.relation}, by=DOCKET)
    ours.tell(Card(item=origin.key, to=CONVERSATION))
    return merge(draft.ruling(), ours.ruling())


def _carried(event: Started, world: World, workflow: Workflow) -> dict[str, str]:
    """The carried values that the other workflow's fields take; what they don't is asked for there."""
    words, found = context(world.book, world), {}
    for name, value in event.fields.items():
        if (field := workflow.fields.get(name)) is not None:
            try:
                found[name] = canonical(field, value, words)
            except NotReadable:
                continue
    return found


def _brought_up_to_date(event: Started, world: World, standing: Item) -> Ruling:
    """What it began with was changed before it ended again: the item that goes on from it has today's values."""
    workflow = world.book_of(standing.rulebook).workflows[standing.workflow]
    draft = Draft(world, event, workflow, standing.key, standing)
    shown = shown_fields(draft)
    values = {
        name: value
        for name, value in _carried(event, world, workflow).items()
        if standing.fields.get(name) != value and not locked(standing, shown, name)
    }
    if not values:
        return Ruling(ignored="its flow goes on already", touched=standing.key)
    fill(draft, values, "carried")
    draft.tell(Handed(item=draft.key, to=draft.item.owner))
    return draft.ruling()
