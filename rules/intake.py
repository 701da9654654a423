"""Intake: a message, a mail or `/docket new` becomes an item with an owner, or a reasoned nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from rules.attaching import attach, file_facts
from rules.book.conditions import Condition, ConditionFailed, Facts
from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET, Draft
from rules.events import Attachment, Command, Event, Mailed, Posted, Reacted
from rules.fields.reading import Context, NotReadable, canonical, find
from rules.items import Source
from rules.likeness import alike
from rules.notices import CONVERSATION, REQUESTER, Card, Handed, Question, Received
from rules.owners import choose_owner
from rules.replies import refused
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
                ruling = _from_post(event, world, workflow, by=event.by)
                return replace(ruling, unjudged=(*unjudged, *ruling.unjudged))
    return Ruling(ignored="no workflow listens for this")


def from_reaction(event: Reacted, world: World) -> Ruling:
    """The reaction of a workflow on any message tracks it; who wrote the message asked for it, not who reacted."""
    workflow = next((w for w in world.book.workflows.values() if w.intake.reaction == event.reaction), None)
    if workflow is None:
        return Ruling(ignored=f"no workflow is opened by :{event.reaction}:")
    if event.message.bot:
        return Ruling(ignored="written by a program")
    return _from_post(event.message, world, workflow, by=event.message.by)


def from_command(event: Command, world: World, workflow: Workflow) -> Ruling:
    """`/docket new WORKFLOW text` or its form: who typed it asks. Its card goes to the workflow's first channel."""
    words = context(world.book, world)
    given: dict[str, str] = {}
    for name, value in event.fields.items():
        if name in workflow.fields and value.strip():
            try:
                given[name] = canonical(workflow.fields[name], value, words)
            except NotReadable as problem:
                return Ruling(reply=refused("unreadable", (str(problem),), blank=name))
    listens = {row.channel for row in workflow.intake.slack}
    place, name = event.place, event.place_name
    if workflow.private or not listens:
        place, name = "", ""
    elif name not in listens:
        name = next(iter(row.channel for row in workflow.intake.slack))
        place = f"#{name}"
    source = Source(channel="command", place=place, place_name=name)
    text = event.words or ", ".join(given.values())
    return _open(event, world, workflow, by=event.by, text=text, source=source, given=given)


def _reading(event: Mailed, book: Rulebook) -> Workflow | None:
    """Whose mail it is. Sent to several inboxes it is one happening, and a private one wins."""
    reached = {event.inbox, *event.addressed}
    private = (w for w in book.workflows.values() if w.private and reached & set(w.intake.email))
    ordinary = (w for w in book.workflows.values() if event.inbox in w.intake.email)
    return next(private, None) or next(ordinary, None)


def from_mail(event: Mailed, world: World, *, follows: str = "") -> Ruling:
    """A mail that answers nothing we know, to an inbox of a workflow, or that `follows` a closed item."""
    if event.automatic in ("auto-reply", "bounce", "receipt", "own"):
        return Ruling(ignored=f"automatic mail: {event.automatic}")
    workflow = _reading(event, world.book)
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
    return _open(
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
    return _from_post(event, world, workflow, by=event.by, follows=follows)


def _from_post(event: Posted, world: World, workflow: Workflow, by: str, follows: str = "") -> Ruling:
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
    return _open(
        event, world, workflow, by=by, text=event.text, source=source, threads=(conversation,), files=event.files,
        follows=follows,
    )  # fmt: skip


def _open(
    event: Event,
    world: World,
    workflow: Workflow,
    *,
    by: str,
    text: str,
    source: Source,
    given: Mapping[str, str] | None = None,
    may_ask: bool = True,
    threads: tuple[str, ...] = (),
    files: tuple[Attachment, ...] = (),
    oddities: tuple[str, ...] = (),
    follows: str = "",
) -> Ruling:
    requester = world.book.person_of(by)
    near = [other for other in world.alike(workflow.name, text) if alike(other.text, text)]
    own = next((o for o in near if requester and o.requester == requester and o.state != "closed"), None)
    if own is not None:
        return _attach_to_twin(Draft(world, event, workflow, own.key, own), text, files, threads)
    key = f"{workflow.key}-{world.number(workflow.key)}"
    draft = Draft(world, event, workflow, key, None)
    fields, conflicts = read_opening(workflow, f"{source.subject}\n{text}", context(world.book, world))
    fields = {**fields, **(given or {})}
    conflicts = {name: seen for name, seen in conflicts.items() if name not in fields}
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
            **({"file_names": [file.name for file in files]} if files else {}),
            **({"oddities": list(oddities)} if oddities else {}),
        },
        by=requester,
    )
    draft.threads.update(dict.fromkeys(threads, key))
    if near:
        draft.record("alike", {"keys": [other.key for other in near[:3]]}, by=DOCKET)
    owner, backup, because = choose_owner(draft)
    draft.record("owned", {"owner": owner, "backup": backup}, {"because": because}, by=DOCKET)
    draft.tell(Card(item=key, to=CONVERSATION))
    if not (source.place and source.channel != "mail" and world.book.people[owner].slack):
        draft.tell(Handed(item=key, to=owner))  # else the card in the channel mentions them already
    enter(draft, workflow.stages[0])
    _ask_or_raise(draft, may_ask)
    judge(draft)
    return draft.ruling()


def _ask_or_raise(draft: Draft, may_ask: bool) -> None:
    """Ask for what is missing, in one message; where a machine wrote, no question helps: a person is told at once."""
    follow_up = draft.workflow.follow_up
    if draft.item.missing and may_ask:
        ask(draft)
    elif draft.item.missing and follow_up is not None:
        because = "A machine or an unknown sender wrote this, so nothing was asked."
        open_trouble(draft, follow_up.then, because=because, raised_by=DOCKET)
    elif may_ask and draft.item.source.channel == "mail":
        draft.tell(Received(item=draft.key, to=REQUESTER))


def ask(draft: Draft, *, anew: bool = False) -> None:
    """Ask the requester for all that is missing; `anew` starts the count of questions again."""
    draft.record("asked", {"fields": list(draft.item.missing), "anew": anew}, by=DOCKET)
    draft.tell(Question(item=draft.key, to=REQUESTER), Card(item=draft.key, to=CONVERSATION))


def _attach_to_twin(draft: Draft, text: str, files: tuple[Attachment, ...], threads: tuple[str, ...]) -> Ruling:
    """The same sender said the same again: one record of one request, with both messages in it."""
    attach(draft, text, files, {"because": "the same request again"})
    draft.threads.update(dict.fromkeys(threads, draft.key))
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    return draft.ruling()


def title_of(text: str) -> str:
    """The first line of a message, short enough for a list."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line), "(no text)")
    return first if len(first) <= TITLE_LENGTH else first[: TITLE_LENGTH - 1].rstrip() + "…"
