"""Never looping: when nothing automatic is written back, and how much mail of one sender is taken as it comes.

RFC 3834 asks not to answer what is automatic. What does not say that it is, is known by its behaviour: an answer faster
than a person reads, or more of it than a person writes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rules.book.rulebook import Rulebook
from rules.events import Mailed
from rules.ruling import World
from rules.traces import Answered, Traffic

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
#: Automatic answers (questions, receipts, "I could not read that") to one address.
ANSWERS_AN_HOUR, ANSWERS_A_DAY = 5, 20
#: To everybody together; above it something is wrong, and the operator looks at it.
ALL_ANSWERS_AN_HOUR = 1000
#: Items that the mail of one sender opens; what is above it waits for the operator.
OPENED_AN_HOUR = 30
#: Nobody reads a letter and answers it in less.
FASTER_THAN_A_PERSON = timedelta(seconds=30)

_ALL = f"{ALL_ANSWERS_AN_HOUR} automatic answers went out by mail within an hour"
_FAST = "It came sooner after our letter than a person reads, so a machine may have written it"


class Silence:
    """Whether anything automatic may be written to the sender of a mail; asked only where something would be.

    `alarms` are the failures (cause, sentence) that the operator hears of then.
    """

    def __init__(self, event: Mailed, world: World) -> None:
        self._event, self._world = event, world
        self.alarms: tuple[tuple[str, str], ...] = ()

    def hush(self) -> str:
        """Why no automatic answer goes there now, as a sentence; "" when one may."""
        world, address = self._world, self._event.reply_to or self._event.by
        answered = [one.at for one in world.traffic.answered if one.at > world.now - DAY]
        lately = [at for at in answered if at > world.now - HOUR]
        for sent, most, words in ((lately, ANSWERS_AN_HOUR, "an hour"), (answered, ANSWERS_A_DAY, "a day")):
            if len(sent) >= most:
                return f"{address} was sent {most} automatic answers within {words}, so nobody was asked."
        if world.traffic.answers(world.now - HOUR, ALL_ANSWERS_AN_HOUR) >= ALL_ANSWERS_AN_HOUR:
            more = "No more goes out until that is over; the items say that nobody was asked."
            self.alarms = (("held:answers", f"{_ALL}. {more}"),)
            return f"{_ALL}, so nobody was asked."
        return ""

    def hasty(self) -> str:
        """Why a stranger's mail looks like a machine's by its haste, as a sentence; "" when it does not."""
        fast = hasty_after(self._event, self._world.book, self._world.traffic)
        return f"{_FAST}, and nobody was asked." if fast is not None else ""


def hasty_after(event: Mailed, book: Rulebook, traffic: Traffic) -> Answered | None:
    """The answer of ours that a stranger's mail came after, so soon that no person can have read it."""
    if event.automatic or not event.by or book.person_of(event.by) in book.people or not traffic.answered:
        return None
    last = traffic.answered[0]
    # what was under way already when our letter went is no answer to it
    return last if timedelta(0) <= event.at - last.at < FASTER_THAN_A_PERSON else None


def flooding(event: Mailed, world: World) -> bool:
    """Whether the sender's mail has opened as many items within the hour as one sender's may."""
    sender = world.book.person_of(event.by)
    return world.traffic.opened(sender, world.now - HOUR, OPENED_AN_HOUR) >= OPENED_AN_HOUR
