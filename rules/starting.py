"""An item that the rules open because of another: the flow that follows it, a post-review, a remediation."""

from __future__ import annotations

from dataclasses import asdict

from rules.draft import DOCKET, Draft, merge
from rules.intake import missing, title_of
from rules.items import Item, Source
from rules.notices import CONVERSATION, Card, Handed
from rules.own_events import Started
from rules.owners import choose_owner
from rules.people import seat
from rules.ruling import Ruling, World
from rules.stages import enter
from rules.stops import judge, open_trouble


def start(event: Started, world: World, origin: Item) -> Ruling:
    """Open the item, link it with `origin` each way, and have its owner told (or asked, where a `code` is named)."""
    book = world.book if event.workflow in world.book.workflows else world.book_of(origin.rulebook)
    workflow = book.workflows[event.workflow]
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
            "missing": list(missing(workflow, event.fields)),
            "origin": origin.key,
            "relation": event.relation,
        },
        {
            "title": title_of(event.title),
            "text": event.text,
            "requester": DOCKET,
            "subject": "",
            "fields": dict(event.fields),
            "conflicts": {},
        },
        by=DOCKET,
    )
    owner, backup, because = choose_owner(draft)
    if event.owner:
        owner, backup = seat(world.book, workflow, event.owner, workflow.backup, DOCKET, world.now)
        because = f"{event.relation} of {origin.key}"
    draft.record("owned", {"owner": owner, "backup": backup}, {"because": because}, by=DOCKET)
    if not event.code:
        draft.tell(Handed(item=draft.key, to=owner))
    enter(draft, workflow.stages[0])
    if event.code:
        open_trouble(draft, event.code, because=event.text, raised_by=DOCKET)
    judge(draft)
    ours = Draft(world, event, world.book_of(origin.rulebook).workflows[origin.workflow], origin.key, origin)
    ours.record("linked", {"key": draft.key, "relation": event.relation}, by=DOCKET)
    ours.tell(Card(item=origin.key, to=CONVERSATION))
    return merge(draft.ruling(), ours.ruling())
