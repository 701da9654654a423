"""Mail of ours that came back: whom it did not reach, who must know of it, and where nothing more is sent.

Anybody can write a bounce. One is believed only where it names a letter of ours, by its Message-ID or its token, that
really went to the address that it says is refused; so nobody is silenced by a stranger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from rules.attaching import attach
from rules.draft import Draft, merge
from rules.events import Bounce, Mailed, Refusal
from rules.failures import failed
from rules.items import Item
from rules.notices import REQUESTER, Bounced
from rules.own_events import Failed, Refused, Unreachable
from rules.ruling import Ruling, World
from rules.traces import Letter

#: `refused`: that address takes nothing. `failed`: it did not take this letter. `delayed`: it may still.
Outcome = Literal["refused", "failed", "delayed"]

#: Servers try for four to five days (RFC 5321, section 4.5.4.1), and ours may have tried as long before.
COMES_BACK_WITHIN: Final = timedelta(days=10)
#: RFC 3463: a full mailbox and a letter too large are of class 5 and say nothing about the next letter.
_THIS_LETTER = ("5.2.2", "5.2.3", "5.3.4")


def believed(bounce: Bounce, letters: Sequence[Letter], now: datetime) -> tuple[Letter, Refusal] | None:
    """The letter that came back, and what is said of its address; None where none of ours did.

    The id of an older letter may have been read by many, in answers that quote it.
    """
    for letter in letters:
        if now - letter.at > COMES_BACK_WITHIN:
            continue
        for refusal in bounce.refusals:
            if refusal.address in ("", letter.address):
                return letter, refusal
    return None


def outcome(refusal: Refusal) -> Outcome:
    """What a refusal means (RFC 3463, section 3.1; RFC 3464, section 2.3.3)."""
    if refusal.action == "delayed" or (refusal.status.startswith("4.") and refusal.action != "failed"):
        return "delayed"
    content = refusal.status.startswith("5.6.") or refusal.status in _THIS_LETTER
    return "refused" if refusal.status.startswith("5.") and not content else "failed"


def refused(event: Refused, world: World) -> Ruling:
    """A letter that did not even leave: what follows is the same."""
    if not world.letters:
        return Ruling(ignored="there is no such letter")
    return returned(event, world, world.letters[0], event.refusal)


def returned(event: Mailed | Refused, world: World, letter: Letter, refusal: Refusal) -> Ruling:
    """Keep it with the item of the letter, and let everybody know whom it concerns. It is nobody's word."""
    meant = outcome(refusal)
    kept = Ruling(touched=letter.item)
    person = world.book.person_of(letter.address)
    if world.item is not None:
        kept = _noted(event, world, world.item, letter, refusal, meant)
        world = replace(world, item=next(iter(kept.items), world.item))
    if meant == "delayed":
        return kept
    if meant == "refused" and person in world.book.people:
        why = f"their mail server refuses mail: {refusal.status}"
        gone = Unreachable(
            id=f"{event.id}:unreachable", workspace=event.workspace, at=event.at, by="docket", via=event.via,
            person=person, channel="mail", why=why,
        )  # fmt: skip
        return replace(kept, leads_to=(*kept.leads_to, gone))
    if world.item is not None and world.item.workflow == "docket":
        return kept  # a failed notice about a failure makes no further notice
    if world.item is not None and _is_private(world, world.item) and kept.notices:
        return kept  # its owner hears of it already, and nobody else may know whom it did not reach
    about = f" about {letter.item}" if letter.item else ""
    said = f"{world.book.named(person)} was not reached by mail{about}: {said_of(refusal)}."
    failure = Failed(
        id=f"{event.id}:undelivered", workspace=event.workspace, at=event.at, by="docket", via=event.via,
        cause=f"deliver:mail:{letter.address}", sentence=said, item=letter.item or None,
    )  # fmt: skip
    return merge(kept, failed(failure, world))


def _is_private(world: World, item: Item) -> bool:
    return world.book_of(item.rulebook).workflows[item.workflow].private


def said_of(refusal: Refusal) -> str:
    """What the server did, in words: `the address refuses mail (5.1.1)`."""
    code = f" ({refusal.status})" if refusal.status else ""
    match outcome(refusal):
        case "refused":
            return f"the address refuses mail{code}"
        case "delayed":
            return f"the letter is delayed{code}"
        case _:
            return f"the letter was not taken{code}"


def _noted(
    event: Mailed | Refused, world: World, item: Item, letter: Letter, refusal: Refusal, meant: Outcome
) -> Ruling:
    draft = Draft(world, event, world.book_of(item.rulebook).workflows[item.workflow], item.key, item)
    if isinstance(event, Mailed):
        facts = {"message_id": event.message_id, "automatic": "bounce", "quiet": True, "outcome": meant}
        attach(draft, event.new_text or event.text, event.attachments, {**facts, "status": refusal.status})
    if letter.to == REQUESTER and meant == "refused" and not item.bounced:
        draft.record("bounced", {"status": refusal.status or "refused"}, {"address": letter.address})
        draft.tell(Bounced(item=item.key, to=item.owner))
    return draft.ruling()
