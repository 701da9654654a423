"""What people of the rulebook tell the bot by mail: read, believed or not, done or refused, and always answered.

A question is answered to the address that the rulebook gives, so whoever asks in another's name learns nothing. What
changes something must be the sender's own (rules/tickets.py); else nothing is done, they are told how they can, and the
item's record keeps who tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from rules import intake
from rules.asking_back import answer, cautious, refusal
from rules.attaching import attach
from rules.commands import Parsed
from rules.draft import Draft, merge
from rules.events import Command, Mailed
from rules.items import Item, Trouble
from rules.mail_words import DECISIONS, Unclear, read
from rules.people import may_decide
from rules.replies import refused
from rules.rights import sees, unknown
from rules.ruling import Ruling, World
from rules.tickets import asks_about, doubt, fits
from rules.wording.by_mail_refused import not_believed, which_item

#: How a command is done: apply's own way, which judges rights.
Do = Callable[[Command, World, Item | None], Ruling]

QUESTIONS = frozenset(
    {"mine", "list", "show", "why", "decide", "exceptions", "help", "digest", "report", "quarantine", "web"}
)
#: What is said to an exception, where a letter asks about one.
_ABOUT_AN_EXCEPTION = frozenset({*DECISIONS, "changes", "ask", "assign", "snooze"})
#: Refusals that the letter's own list of choices mends.
_CHOICES = frozenset({"reason_code", "rationale"})
_NEW = re.compile(r"[\W_]*new\s+\S+\s*", re.IGNORECASE)


def told(event: Mailed, world: World, item: Item | None, do: Do) -> Ruling | None:
    """What comes of a mail that tells the bot something; None: it does not, and is something said."""
    person = world.book.person_of(event.by)
    if event.automatic or person not in world.book.people:
        return None
    workflow = world.book_of(item.rulebook).workflows[item.workflow] if item else None
    said = read(event.new_text, world.book, workflow)
    if said is None or (isinstance(said, Unclear) and item is not None):
        return None
    if isinstance(said, Unclear) or (said.verb in DECISIONS and said.item is None and item is None):
        return Ruling(notices=cautious(world, answer(event, person, lines=which_item())))
    if said.verb == "new":
        return _new(event, world, said)
    if item is not None and workflow is not None and not sees(world.book, item, workflow, person):
        item = None
    if said.item is not None and (item is None or item.key != said.item):
        return Ruling(notices=cautious(world, answer(event, person, lines=(unknown(said.item).message.headline,))))
    if said.verb in QUESTIONS:
        return _question(event, world, person, said, item)
    if item is not None:
        return _deed(event, world, person, said, item, do)
    return _without_item(event, world, person, said, do)


def _new(event: Mailed, world: World, said: Parsed) -> Ruling | None:
    """`new WORKFLOW text`: a mail like any other, to the workflow that it names."""
    named = (w for w in world.book.workflows.values() if (said.workflow or "") in (w.name, w.key.lower()))
    workflow = next((w for w in named if w.intake.command), None)
    if workflow is None:
        return None
    text = _NEW.sub("", event.new_text, count=1)
    return intake.from_mail(replace(event, new_text=text, text=text), world, into=workflow)


def _question(event: Mailed, world: World, person: str, said: Parsed, item: Item | None) -> Ruling:
    asked = {"verb": said.verb, "item": item.key if item else "", "name": said.name, "workflow": said.workflow}
    ticket = world.ticket if item is not None and fits(world.ticket, person, item) else None
    trouble = asks_about(ticket, item) if item is not None else None
    if item is not None and said.verb == "decide":
        waiting = item.open_trouble(said.code)
        trouble = next((t for t in waiting if may_decide(t, person, item.requester)), None)
    known = {name: value for name, value in asked.items() if value}
    told = answer(event, person, item, asked=known, trouble=trouble)
    doubted: str | None = "failed" if event.trust else "no_token"
    if item is not None:
        doubted = doubt(event, world.ticket, person, item, world.now)
    believed = event.trust == "aligned" or doubted is None
    if said.verb == "web" and not believed:  # a link that signs somebody in is more than an answer
        lines = not_believed(doubted or "", event.by, said.verb, item, world.book.operator)
        return Ruling(notices=cautious(world, answer(event, person, item, lines=lines)))
    return Ruling(
        notices=told if believed else cautious(world, told),
        touched=item.key if item else "",
        spends=ticket.outbox_id if ticket and told and not ticket.spent and event.trust != "failed" else "",
    )


def _without_item(event: Mailed, world: World, person: str, said: Parsed, do: Do) -> Ruling | None:
    """What concerns no item needs a receiver's word for the sender: no letter of ours is about it."""
    if said.verb not in ("away", "pause", "resume"):
        return None
    if event.trust != "aligned":
        lines = not_believed("failed" if event.trust else "no_token", event.by, said.verb, None, world.book.operator)
        return Ruling(notices=cautious(world, answer(event, person, lines=lines)))
    ruling = do(_command(event, said, None, None), world, None)
    reply = ruling.reply or refused("", ("",))
    lines = (reply.message.headline, *reply.message.lines)
    return merge(
        replace(ruling, reply=None), Ruling(notices=answer(event, person, lines=lines, done=not reply.refused))
    )


def _deed(event: Mailed, world: World, person: str, said: Parsed, item: Item, do: Do) -> Ruling:
    ticket = world.ticket if fits(world.ticket, person, item) else None
    asked = asks_about(ticket, item)
    command = _command(event, said, item, asked)
    meant = _meant(command, item)
    kept = _kept(event, world, item)
    why = doubt(event, world.ticket, person, item, world.now, trouble=meant)
    if why is not None:
        draft = _draft(event, world, kept, item)
        refusal(draft, event, why, said.verb)
        lines = not_believed(why, event.by, said.verb, item, world.book.operator)
        draft.tell(*cautious(world, answer(event, person, item, lines=lines, trouble=meant)))
        return merge(kept, draft.ruling())
    done = do(command, replace(world, item=_left(kept, item)), _left(kept, item))
    reply = done.reply
    ruling = merge(kept, replace(done, reply=None, spends=ticket.outbox_id if ticket and not ticket.spent else ""))
    if reply is None or (said.verb in DECISIONS and not reply.refused):
        return ruling  # the receipt of a decision says what was understood
    draft = _draft(event, world, ruling, item)
    if reply.refused and said.verb in DECISIONS:
        refusal(draft, event, reply.code, said.verb)
    lines = (reply.message.headline, *(() if reply.code in _CHOICES else reply.message.lines))
    about = meant or asked
    waits = next((t for t in draft.item.open_trouble() if about and t.opened_at == about.opened_at), None)
    draft.tell(*answer(event, person, draft.item, lines=lines, trouble=waits, done=not reply.refused))
    return merge(ruling, draft.ruling())


def _command(event: Mailed, said: Parsed, item: Item | None, asked: Trouble | None) -> Command:
    """The command as it would be typed; the letter that is answered says which exception is meant."""
    code = said.code
    if code is None and asked is not None:
        open_still = asked.state == "open" and said.verb in _ABOUT_AN_EXCEPTION
        code = asked.code if open_still or said.verb == "disavow" else None
    return Command(
        id=event.id,
        workspace=event.workspace,
        at=event.at,
        by=event.by,
        via="mail",
        verb=said.verb,
        item=item.key if item else None,
        code=code,
        reason_code=said.reason_code,
        workflow=said.workflow,
        person=said.person,
        name=said.name,
        until=said.until,
        words=said.words,
        files=event.attachments,
    )


def _meant(command: Command, item: Item) -> Trouble | None:
    """The exception that is to be decided, where it is plain which."""
    waiting = item.open_trouble(command.code) if command.verb in (*DECISIONS, "changes") else ()
    return waiting[0] if len(waiting) == 1 else None


def _kept(event: Mailed, world: World, item: Item) -> Ruling:
    """The mail is part of its item, whatever becomes of what it tells."""
    draft = _draft(event, world, Ruling(), item)
    attach(draft, event.new_text or event.text, event.attachments, {"message_id": event.message_id})
    if event.message_id:
        draft.threads[f"mail:{event.message_id}"] = item.key
    return draft.ruling()


def _draft(event: Mailed, world: World, before: Ruling, item: Item) -> Draft:
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    return Draft(world, event, workflow, item.key, _left(before, item))


def _left(ruling: Ruling, item: Item) -> Item:
    """The item as a ruling leaves it."""
    return next((one for one in ruling.items if one.key == item.key), item)
