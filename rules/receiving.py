"""A mail arrives: it came back, it is held, or it is judged; and what it leaves behind for those that come after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from rules import bounces, intake
from rules.attaching import attach
from rules.belonging import offers
from rules.draft import DOCKET, Draft, merge
from rules.events import Mailed
from rules.failures import count_or_open
from rules.holding import flood, hostile
from rules.items import Item
from rules.loops import Silence
from rules.notices import CONVERSATION, Card, Replied
from rules.own_events import Reachable
from rules.passing_on import absence_of
from rules.ruling import Ruling, World
from rules.stops import cards
from rules.traces import Clue

#: What is kept with an item and read no further, and why.
_KEPT: Final[Mapping[Clue, str]] = {
    "copy": "the same mail, changed on its way",
    "haste": "it came sooner after our letter than a person reads, and says nothing that was asked",
}


def receive(event: Mailed, world: World, judge: Callable[[Mailed, World], Ruling]) -> Ruling:
    """What comes of a mail; `judge` says it where nothing speaks against taking it.

    `world.item` is the one that it belongs to, `world.clue` how that is known.
    """
    item = world.item
    if event.bounce is not None and (back := bounces.believed(event.bounce, world.letters, world.now)) is not None:
        return bounces.returned(event, world, *back)
    if (held := hostile(event, world)) is not None:
        return held
    if item is None and event.automatic in ("", "notification") and (held := flood(event, world)) is not None:
        return held
    silence = Silence(event, world)
    world = replace(world, hush=silence.hush, hasty=silence.hasty)
    if item is not None and world.clue == "moved":
        return _withdrawn(event, world, item)
    because = _KEPT.get(world.clue) if world.clue is not None else None
    ruling = _kept(event, world, item, because) if item is not None and because else judge(event, world)
    if item is not None and item.bounced and not event.automatic:
        ruling = _reached_again(event, world, item, ruling)
    if (there := _there_again(event, world)) is not None:
        ruling = replace(ruling, leads_to=(*ruling.leads_to, there))
    for cause, sentence in silence.alarms:
        if world.failure(cause) is not None:
            continue  # told, and not looked at yet: in a flood, one more entry for each mail would say nothing more
        ruling = merge(ruling, count_or_open(event, world, cause, sentence, None))
    return _bound(event, ruling)


def _kept(event: Mailed, world: World, item: Item, because: str) -> Ruling:
    """It belongs to the item and is kept there; what changed on its way, as in lists, is told to nobody twice."""
    draft = _draft(event, world, item)
    facts: dict[str, Any] = {"message_id": event.message_id, "because": because}
    if world.clue == "haste":
        facts |= {"quiet": True, "absent": True}
        if item.closed_at is None:
            draft.tell(Replied(item=item.key, to=item.owner))
    attach(draft, event.new_text or event.text, event.attachments, facts)
    return draft.ruling()


def _reached_again(event: Mailed, world: World, item: Item, ruling: Ruling) -> Ruling:
    """Who writes from an address reads there again."""
    now = next((one for one in ruling.items if one.key == item.key), None)
    if now is None or world.book.person_of(event.by) != item.requester:
        return ruling
    draft = _draft(event, world, now)
    draft.record("bounced", {"status": ""}, by=DOCKET)
    return merge(ruling, draft.ruling())


def _there_again(event: Mailed, world: World) -> Reachable | None:
    """The same of somebody of the rulebook; were it another in their name, mail to them would come back as before."""
    person = world.book.people.get(world.book.person_of(event.by))
    if person is None or event.automatic:
        return None
    causes = (absence_of(person.key), f"deliver:mail:{person.email}")
    if not any(world.failure(cause) for cause in causes):
        return None
    return Reachable(
        id=f"{event.id}:reachable", workspace=event.workspace, at=event.at, by="docket", via=event.via,
        person=person.key, channel="mail",
    )  # fmt: skip


def _withdrawn(event: Mailed, world: World, item: Item) -> Ruling:
    """A blind copy reached a private inbox after the mail had opened `item` in a public one: the private one wins."""
    ruling = intake.from_mail(event, replace(world, item=None))
    if not ruling.touched:
        return ruling
    draft = _draft(event, world, item)
    for trouble in item.open_trouble():
        draft.record("voided", {"code": trouble.code, "because": "it belongs elsewhere"}, by=DOCKET)
        draft.tell(*cards(draft, trouble))
    draft.record("closed", {"outcome": "duplicate", "left": item.stage, "dwell_seconds": None}, by=DOCKET)
    draft.tell(Card(item=item.key, to=CONVERSATION))
    moved = merge(ruling, draft.ruling())
    return replace(moved, threads={**moved.threads, **dict.fromkeys(offers(event), ruling.touched)})


def _draft(event: Mailed, world: World, item: Item) -> Draft:
    return Draft(world, event, world.book_of(item.rulebook).workflows[item.workflow], item.key, item)


def _bound(event: Mailed, ruling: Ruling) -> Ruling:
    """Its own id, and those that it names, are its item's from now on, unless another item has them already."""
    if not ruling.entries or not ruling.touched:
        return ruling
    threads = {name: key for name, key in ruling.threads.items() if not name.startswith("mail:")}
    return replace(ruling, threads=threads, offered=dict.fromkeys(offers(event), ruling.touched))
