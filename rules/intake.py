"""Intake: a message in a channel or a mail becomes an item with an owner, or a reasoned nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from rules.attaching import attach, file_facts, file_texts
from rules.book.conditions import Condition, ConditionFailed, Facts
from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET, Draft
from rules.events import Attachment, Event, Mailed, Posted
from rules.fields.reading import Context, find
from rules.items import Item, Source
from rules.likeness import alike
from rules.notices import CONVERSATION, REQUESTER, Card, Handed, Question, Received
from rules.owners import choose_owner
from rules.ruling import Ruling, World
from rules.small_talk import small_talk
from rules.stages import enter
from rules.stops import judge, open_trouble

TITLE_LENGTH = 100


def from_channel(event: Posted, world: World) -> Ruling:
    """A message that starts no reply: the first workflow that listens in its channel and whose condition it meets."""
    if reason := chatter(event):
        return Ruling(ignored=reason)
    for workflow in world.book.workflows.values():
        for row in workflow.intake.slack:
            if row.channel != event.place_name:
                continue
            unjudged: tuple[str, ...] = ()
            try:
                meets = _meets(row.when, event, workflow, world)
            except ConditionFailed as problem:
                # Rather one item too many, which a person closes, than a request that nobody sees.
                meets, unjudged = True, (f"The intake of {workflow.name} could not be judged: {problem}",)
            if meets:
                ruling = from_post(event, world, workflow)
                return replace(ruling, unjudged=(*unjudged, *ruling.unjudged))
    return Ruling(ignored="no workflow listens for this")


def _reading(event: Mailed, book: Rulebook) -> Workflow | None:
    """Whose mail it is. Sent to several inboxes it is one happening, and a private one wins."""
    ordinary = (w for w in book.workflows.values() if event.inbox in w.intake.email)
    return private_reader(book, (event.inbox, *event.addressed)) or next(ordinary, None)


def private_reader(book: Rulebook, inboxes: Iterable[str]) -> Workflow | None:
    """The private workflow that takes what one of these inboxes got, if there is one."""
    reached = set(inboxes)
    return next((w for w in book.workflows.values() if w.private and reached & set(w.intake.email)), None)


def from_mail(event: Mailed, world: World, *, follows: str = "", into: Workflow | None = None) -> Ruling:
    """A mail that answers nothing we know, to an inbox of a workflow, or that `follows` a closed item of `into`."""
    if event.automatic in ("auto-reply", "bounce", "receipt", "own"):
        return Ruling(ignored=f"automatic mail: {event.automatic}")
    # What follows a private item is private, too, whichever inbox the reply came to.
    workflow = into or _reading(event, world.book)
    if workflow is None:
        return Ruling(ignored=f"no workflow reads the inbox {event.inbox}")
    may_ask = event.answerable and not event.automatic and bool(event.by)
    source = Source(
        channel="mail",
        place=event.inbox,
        place_name=event.inbox,
        thread=event.message_id,
        message_id=event.message_id,
        answerable=may_ask,
        subject="" if follows else event.subject,  # a reply's is ours, about the item before
        reply_to=event.reply_to or event.by,
    )
    text = event.new_text or event.text
    threads = (f"mail:{event.message_id}",) if event.message_id else ()
    return open_item(
        event, world, workflow, by=event.by, text=text, source=source, may_ask=may_ask, threads=threads,
        files=event.attachments, oddities=event.troubles, follows=follows,
    )  # fmt: skip


def no_persons(event: Posted) -> str:
    """Why a Slack message is nobody's word, or "" when a person wrote it."""
    if event.bot:
        return "written by a program"
    spoken = event.subtype in ("", "file_share", "thread_broadcast", "me_message")
    return "" if spoken else f"Slack's own message ({event.subtype})"


def chatter(event: Posted) -> str:
    """Why a Slack message opens nothing, or "" when it may."""
    if reason := no_persons(event):
        return reason
    if not event.text.strip():
        return "no text"
    return "small talk" if small_talk(event.text) else ""


def context(book: Rulebook, world: World, zone: str | None = None) -> Context:
    """How words are read: by the organization's clock, zone and currency."""
    name = zone or book.timezone
    country = {c.holidays.partition("-")[0] for c in book.calendars.values() if c.holidays}
    return Context(
        now=world.now, timezone=name, currency=book.currency, region=country.pop() if len(country) == 1 else None
    )


def read_opening(workflow: Workflow, text: str, words: Context) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The fields that a first message states, and those for which it states different things."""
    fields: dict[str, str] = {}
    conflicts: dict[str, tuple[str, ...]] = {}
    for name, field in workflow.fields.items():
        values = find(field, text, words).values
        if len(values) == 1:
            fields[name] = values[0]
        elif values:
            conflicts[name] = values
    return fields, conflicts


def missing(workflow: Workflow, known: Mapping[str, str]) -> tuple[str, ...]:
    """The required fields without a value, in the rulebook's order."""
    return tuple(name for name, field in workflow.fields.items() if field.required and name not in known)


def _meets(when: Condition | None, event: Posted, workflow: Workflow, world: World) -> bool:
    if when is None:
        return True
    # Most conditions ask for words alone; the fields are read anyhow when the item is opened.
    read = when.reads & workflow.fields.keys()
    facts = Facts(
        values=read_opening(workflow, event.text, context(world.book, world))[0] if read else {},
        text=event.text,
        sender=world.book.person_of(event.by),
        subject="",
        channel=event.place_name,
        now=world.now,
        timezone=world.book.timezone,
    )
    return when.holds(facts)


def from_reply(event: Posted, world: World, workflow: Workflow, *, follows: str) -> Ruling:
    """A reply in the thread of a closed item opens another, which the thread belongs to from now on."""
    return from_post(event, world, workflow, follows=follows)


def from_post(
    event: Posted,
    world: World,
    workflow: Workflow,
    *,
    follows: str = "",
    tracked_by: str = "",
    given: Mapping[str, str] | None = None,
    cleared: frozenset[str] = frozenset(),
) -> Ruling:
    """A Slack message becomes an item that lives in its thread; the rest as in `open_item`."""
    root = event.thread or event.ts
    source = Source(
        channel="slack",
        place=event.place,
        place_name=event.place_name,
        thread=root,
        permalink=event.permalink,
        message_id=event.ts,
    )
    conversation = f"slack:{event.place}:{root}"
    return open_item(
        event, world, workflow, by=event.by, text=event.text, source=source, threads=(conversation,),
        files=event.files, follows=follows, tracked_by=tracked_by, given=given, cleared=cleared, alone=event.direct,
    )  # fmt: skip


def open_item(
    event: Event,
    world: World,
    workflow: Workflow,
    *,
    by: str,
    text: str,
    source: Source,
    given: Mapping[str, str] | None = None,
    cleared: frozenset[str] = frozenset(),
    may_ask: bool = True,
    threads: tuple[str, ...] = (),
    files: tuple[Attachment, ...] = (),
    oddities: tuple[str, ...] = (),
    follows: str = "",
    tracked_by: str = "",
    alone: bool = False,
) -> Ruling:
    """Open an item that `by` asks for, or add to the open one of theirs that says the same.

    `given` are the fields that a form stated, canonical, and `cleared` those that it leaves open whatever the text
    says; `tracked_by` whoever pointed at the message, where that is somebody else; `alone`: nobody but the requester
    reads the conversation that its card goes to.
    """
    requester = world.book.person_of(by)
    near = [other for other in world.alike(workflow.name, text) if alike(other.text, text)]
    own = next((o for o in near if requester and o.requester == requester and o.state != "closed"), None)
    if own is not None:
        return _attach_to_twin(Draft(world, event, workflow, own.key, own), requester, text, files, threads)
    key = f"{workflow.key}-{world.number(workflow.key)}"
    draft = Draft(world, event, workflow, key, None)
    fields, conflicts = read_opening(workflow, f"{source.subject}\n{text}", context(world.book, world))
    fields = {name: value for name, value in fields.items() if name not in cleared} | {**(given or {})}
    conflicts = {name: seen for name, seen in conflicts.items() if name not in {*fields, *cleared}}
    shown = asdict(source)
    subject, reply_to = shown.pop("subject"), shown.pop("reply_to")
    draft.record(
        "opened",
        {
            "workspace": event.workspace,
            "workflow": workflow.name,
            "source": shown,
            "missing": list(missing(workflow, fields)),
            **({"files": file_facts(files)} if files else {}),
            **({"follows": follows} if follows else {}),
        },
        {
            "title": title_of(subject or text),
            "text": text,
            "requester": requester,
            "subject": subject,
            "reply_to": reply_to,
            "fields": fields,
            "conflicts": {name: list(seen) for name, seen in conflicts.items()},
            **file_texts(files),
            **({"oddities": list(oddities)} if oddities else {}),
            **({"tracked_by": tracked_by} if tracked_by not in ("", requester) else {}),
        },
        by=requester,
    )
    draft.threads.update(dict.fromkeys(threads, key))
    if near and not workflow.private:  # who asked for the like of it is nobody's business
        draft.record("alike", {"keys": [other.key for other in near[:3]]}, by=DOCKET)
    owner, backup, because = choose_owner(draft)
    draft.record("owned", {"owner": owner, "backup": backup}, {"because": because}, by=DOCKET)
    draft.tell(Card(item=key, to=CONVERSATION))
    if alone or not (source.place and source.channel != "mail" and world.book.people[owner].slack):
        draft.tell(Handed(item=key, to=owner))  # else the card in the channel mentions them already
    enter(draft, workflow.stages[0])
    _ask_or_raise(draft, may_ask)
    judge(draft)
    return draft.ruling()


def _ask_or_raise(draft: Draft, may_ask: bool) -> None:
    """Ask for what is missing, in one message; where a machine wrote, no question helps: a person is told at once."""
    follow_up = draft.workflow.follow_up
    hush = (draft.world.hush() or ("" if draft.item.fields else draft.world.hasty())) if may_ask else ""
    may_ask = may_ask and not hush
    if draft.item.missing and may_ask:
        ask(draft)
    elif draft.item.missing and follow_up is not None:
        because = hush or "A machine or an unknown sender wrote this, so nothing was asked."
        open_trouble(draft, follow_up.then, because=because, raised_by=DOCKET)
    elif may_ask and draft.item.source.channel == "mail":
        draft.tell(Received(item=draft.key, to=REQUESTER))


def ask(draft: Draft, *, anew: bool = False) -> None:
    """Ask for all that is missing; `anew` starts the count of questions again."""
    draft.record("asked", {"fields": list(draft.item.missing), "anew": anew}, by=DOCKET)
    draft.tell(Question(item=draft.key, to=asked_in(draft.item)), Card(item=draft.key, to=CONVERSATION))


def asked_in(item: Item) -> str:
    """Where a question goes: to the requester, to the owner of what the rules opened."""
    return item.owner if item.source.channel == "docket" else REQUESTER


def _attach_to_twin(
    draft: Draft, requester: str, text: str, files: tuple[Attachment, ...], threads: tuple[str, ...]
) -> Ruling:
    """The same sender said the same again: one record of one request, with both messages in it."""
    draft.by = requester
    attach(draft, text, files, {"because": "the same request again"})
    draft.threads.update(dict.fromkeys(threads, draft.key))
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    return draft.ruling()


def title_of(text: str) -> str:
    """The first line of a message, short enough for a list."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line), "(no text)")
    return first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1].rstrip() + "…"
