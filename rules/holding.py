"""What is held: mail that waits for a person's look before it is taken, and why; nothing is dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rules.events import Mailed, Suspicion
from rules.failures import confined, count_or_open, failed
from rules.loops import OPENED_AN_HOUR, flooding
from rules.own_events import Failed
from rules.ruling import Ruling, World

#: Why a mail that looks hostile is held. The list is short, because every false alarm is a request that waits: mail
#: that no program of a person's makes, a program that runs when somebody opens it, and a sender of ours who is none.
_SAID: Final[dict[Suspicion, str]] = {
    "built to break readers": "It is built to break its readers: more parts, or deeper ones, than any mail has.",
    "a program attached": "A program is attached, which runs when somebody opens it.",
}
_FORGED = "It says that it is from {}, and the receiving server says that it is not (dmarc=fail)."


def hostile(event: Mailed, world: World) -> Ruling | None:
    """The ruling that holds a mail which looks hostile; None: take it. What machines send back is nobody's request.

    A forged reply is judged where its item is: there it decides nothing, and the record says so.
    """
    if world.released or event.automatic not in ("", "notification"):
        return None
    person = world.book.person_of(event.by)
    known = person in world.book.people
    if event.trust == "failed" and known and world.item is None:
        return held(event, world, "forged", _FORGED.format(world.book.named(person)))
    for suspicion in event.suspicions:
        if suspicion == "a program attached" and known:
            continue  # colleagues send each other scripts; a forged one is held above where the receiver can tell
        return held(event, world, suspicion, _SAID[suspicion])
    return None


def flood(event: Mailed, world: World) -> Ruling | None:
    """The ruling that holds a mail whose sender has opened too many items within the hour; None: it may open one.

    Private mail is never held for its number: holding it would tell of each as loudly as taking it.
    """
    if world.released or confined(event, world.book) or not flooding(event, world):
        return None
    sender = event.by or "an unknown sender"
    return held(event, world, "flood", f"{sender} opened {OPENED_AN_HOUR} items by mail within the hour.")


def held(event: Mailed, world: World, cause: str, reason: str) -> Ruling:
    """Keep it for a person: one open failure of the bot for each cause and inbox; private mail is its owner's item."""
    sentence = f"Mail in the inbox {event.inbox} is held until you look at it (/docket quarantine). {reason}"
    item = (
        world.item if world.item and world.book_of(world.item.rulebook).workflows[world.item.workflow].private else None
    )
    if (private := confined(event, world.book)) or item is not None:
        failure = Failed(
            id=f"{event.id}:held", workspace=event.workspace, at=event.at, by="docket", via=event.via,
            cause=f"held:{cause}", sentence=sentence, workflow=private,
        )  # fmt: skip
        return replace(failed(failure, replace(world, item=item)), held=reason)
    return replace(count_or_open(event, world, f"held:{cause}:{event.inbox}", sentence, None), held=reason)
