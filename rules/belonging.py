"""Which item a mail belongs to: what it refers to, in the order that counts, and what must stay apart.

First the mails that it answers, sent or received; then the plus address of a letter of ours; then an item's key in the
subject, which counts only for somebody who belongs to that item. A subject alone never threads.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rules.book.rulebook import Rulebook, Workflow
from rules.entries import stamp
from rules.events import Mailed
from rules.intake import context, read_opening
from rules.items import Item
from rules.people import held_by
from rules.ruling import World
from rules.traces import Clue

#: A mail that names more is a stranger's list; the newest come first, and its parent is among them.
OFFERED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The conversation under which the same mail is known again that was changed on its way (a list's footer)."""

    message_id: str
    by: str
    sent_at: str

    @property
    def conversation(self) -> str:
        return f"copy:{self.message_id}:{self.by}:{self.sent_at}"


def referred(event: Mailed) -> tuple[str, ...]:
    """The conversations of the mails that it answers, as threads are kept."""
    return tuple(f"mail:{message_id}" for message_id in event.references)


def offers(event: Mailed) -> tuple[str, ...]:
    """The conversations that its item gets unless another has them: itself, and what it answers and we do not know.

    So a parent that comes after its reply, and a second reply to a parent that never comes, find the same item. What a
    machine says it refers to is left out.
    """
    own = (f"mail:{event.message_id}",) if event.message_id else ()
    copy = copy_of(event)
    known = (copy.conversation,) if copy else ()
    if event.automatic in ("", "notification"):
        return (*own, *known, *referred(event)[:OFFERED])
    return (*own, *known)


def copy_of(event: Mailed) -> Copy | None:
    """What its other copies share with it: the id alone does not do, some programs give all their mail the same."""
    if not event.message_id or not event.by or event.sent_at is None:
        return None
    return Copy(message_id=event.message_id, by=event.by, sent_at=stamp(event.sent_at))


def joins(
    event: Mailed,
    item: Item,
    workflow: Workflow,
    world: World,
    clue: Clue,
    *,
    confined: bool,
    voices: Collection[str],
) -> bool:
    """Whether a mail becomes part of `item`, to which `clue` led.

    `workflow` is the item's, `voices` are those who have written about it. `confined`: it came to a private
    inbox, so no item that others see may have it.
    """
    if confined and not workflow.private:
        return False
    if clue == "haste":
        return _says_nothing(event, workflow, world)
    return clue != "subject" or _belongs(world.book.person_of(event.by), item, workflow, world.book, voices)


def _says_nothing(event: Mailed, workflow: Workflow, world: World) -> bool:
    """Whether nothing in it is what the workflow asks for: then it is no request, but what a help desk answers all."""
    fields, conflicts = read_opening(workflow, f"{event.subject}\n{event.new_text}", context(world.book, world))
    return bool(workflow.fields) and not fields and not conflicts


def _belongs(person: str, item: Item, workflow: Workflow, book: Rulebook, voices: Collection[str]) -> bool:
    """Requester, owner and backup, everybody of the rulebook where it is not private, and who wrote before."""
    if not person:
        return False
    if person in (item.requester, *voices) or person in held_by(item):
        return True
    return person in book.people and not workflow.private
