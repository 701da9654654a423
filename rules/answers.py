"""What is said about an item that stands: replies answer what is missing, edits and deletions are noted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rules import intake
from rules.asking_back import ask_back, tell_askers
from rules.attaching import attach
from rules.book.rulebook import ExceptionRule
from rules.disputes import weigh
from rules.draft import DOCKET, Draft, merge
from rules.events import Deleted, Edited, Mailed, Posted
from rules.expecting import begin, hear
from rules.fields.reading import read_answer, read_unasked
from rules.intake import ask, asked_in, context, missing, no_persons, read_opening
from rules.items import Item
from rules.messages import Reply
from rules.notices import CONVERSATION, Card, Handed, Question, Replied, Unclear
from rules.owners import choose_owner
from rules.people import may_see
from rules.prompts import noted, prompt, to_be_prompted
from rules.ruling import Ruling, World
from rules.small_talk import small_talk
from rules.stages import enter
from rules.stops import ask_approval, judge, judge_again, open_trouble


def from_thread(event: Posted, world: World, item: Item) -> Ruling:
    """A reply in an item's Slack thread."""
    if reason := no_persons(event):
        return Ruling(ignored=reason, touched=item.key)
    if (event.place, event.ts) == (item.source.place, item.source.message_id):
        # Somebody pointed at it before it was heard itself.
        return Ruling(ignored="the message that it was opened with", touched=item.key)
    draft = _begin(event, world, item)
    nodded = to_be_prompted(draft, event.text)
    prompted = {"prompted": [trouble.code for trouble in nodded]} if nodded else {}
    attach(draft, event.text, event.files, {"ts": event.ts, "place": event.place, **prompted})
    hear(draft, "thread")
    if _opens_another(draft, event.text):
        return _with_another(draft, intake.from_reply(event, world, draft.workflow, follows=item.key))
    aside = event.direct and not small_talk(event.text)
    if aside and draft.by != item.owner and item.closed_at is None:
        draft.tell(Replied(item=item.key, to=item.owner))
    tell_askers(draft, in_slack=True)
    ruling = _read(draft, event.text, files=bool(event.files))
    if nodded:
        return replace(ruling, reply=Reply(message=prompt(nodded, draft.item, draft.workflow, about=event.ts)))
    return replace(ruling, reply=noted(draft.item, draft.by)) if aside else ruling


def from_mail(event: Mailed, world: World, item: Item) -> Ruling:
    """A mail in an item's thread; a machine's mail is kept with the item and changes nothing else."""
    draft = _begin(event, world, item)
    where: dict[str, Any] = {"message_id": event.message_id}
    if event.automatic:
        answers = event.automatic in ("auto-reply", "notification")
        where |= {"automatic": event.automatic, "quiet": event.automatic != "notification", "absent": answers}
    attach(draft, event.new_text or event.text, event.attachments, where)
    if event.message_id:
        draft.threads[f"mail:{event.message_id}"] = item.key
    if event.automatic:
        return draft.ruling()
    ask_back(draft, event)
    if not event.by:
        return draft.ruling()
    if event.trust != "failed":
        hear(draft, "mail")
    if _opens_another(draft, event.new_text):
        return _with_another(
            draft, intake.from_mail(event, world, follows=item.key, into=world.book.workflows[item.workflow])
        )
    told = tell_askers(draft, in_slack=False)
    if item.owner not in (draft.by, *told) and item.closed_at is None:
        draft.tell(Replied(item=item.key, to=item.owner))
    return _read(draft, event.new_text, may_answer=event.answerable, files=bool(event.attachments))


def from_edit(event: Edited, world: World, item: Item) -> Ruling:
    """The source message reads differently: noted and shown; values that nobody decides on just now follow it."""
    draft = _begin(event, world, item)
    if event.ts != item.source.message_id:
        attach(draft, event.text, (), {"because": "an edited reply", "ts": event.ts})
        return draft.ruling()
    draft.record("edited", {}, {"text": event.text})
    if item.closed_at is None:
        _follow_the_edit(draft, item)
        judge(draft, "the message")
    draft.tell(Card(item=item.key, to=CONVERSATION))
    return draft.ruling()


def from_deletion(event: Deleted, world: World, item: Item) -> Ruling:
    """A message of an item is gone from its channel; the record keeps what it said."""
    draft = _begin(event, world, item)
    draft.record("deleted", {"source": event.ts == item.source.message_id, "ts": event.ts})
    draft.tell(Card(item=item.key, to=CONVERSATION))
    return draft.ruling()


def _counts(draft: Draft) -> bool:
    """Answers count from the requester, the owner, the backup and people of the rulebook who may see it."""
    item = draft.item
    if draft.by in (item.requester, item.owner, item.backup):
        return True
    return draft.by in draft.book.people and may_see(draft.book, item, draft.workflow, draft.by)


def fill(draft: Draft, fields: dict[str, str], how: str) -> None:
    """Set field values and let everything follow that depends on them: owner, stop rules, clock, card."""
    by_rows = choose_owner(draft)[:2] if draft.item.missing else None
    before = draft.item.fields
    known = {**before, **fields}
    changed = [name for name, value in fields.items() if before.get(name) != value]
    left = missing(draft.workflow, known) if draft.item.demanded else ()
    draft.record("filled", {"names": list(fields), "how": how, "missing": list(left)}, {"fields": fields})
    if by_rows is not None:
        _owner_again(draft, by_rows)
    judge(draft, ", ".join(changed))
    weigh(draft)
    if (stage := draft.workflow.stage(draft.item.stage)) is not None:
        begin(draft, stage)


def locked(item: Item, shown: tuple[str, ...], name: str) -> bool:
    """Whether `name` is a known value under `show` of a pending decision: what is being decided may not change."""
    return name in shown and name in item.fields


def shown_fields(draft: Draft) -> tuple[str, ...]:
    """The fields under `show` of every undecided exception."""
    rules = [rule for trouble in draft.item.open_trouble() if (rule := draft.rule(trouble.code)) is not None]
    return tuple(name for rule in rules for name in rule.show or _all_of(draft, rule))


def _all_of(draft: Draft, rule: ExceptionRule) -> tuple[str, ...]:
    """An approval that names no field is given on all of them; an exception, on what its rule reads."""
    return tuple(draft.workflow.fields) if rule.gate == "approval" else ()


def _begin(event: Posted | Mailed | Edited | Deleted, world: World, item: Item) -> Draft:
    workflow = world.book_of(item.rulebook).workflows[item.workflow]
    return Draft(world, event, workflow, item.key, item)


def _read(draft: Draft, text: str, *, may_answer: bool = True, files: bool = False) -> Ruling:
    if draft.item.closed_at is not None and not _opens_again(draft, text):
        return draft.ruling()
    if not _counts(draft):
        return draft.ruling()
    item, words = draft.item, context(draft.book, draft.world)
    asked = [draft.workflow.fields[name] for name in item.missing]
    empty = [f for name, f in draft.workflow.fields.items() if name not in item.fields and f not in asked]
    answers = read_answer(asked, text, words)
    # While it waits for an answer the whole reply is one; later talk fills a gap only where it names the field.
    found = {**read_unasked(empty, text, words, named_only=not asked), **answers.values}
    changes = bool(item.changes) and draft.by == item.asked_of
    if changes:  # what they name now was known, and was not right
        named = read_unasked([*draft.workflow.fields.values()], text, words, named_only=True)
        found |= {name: value for name, value in named.items() if item.fields.get(name) != value}
    if found:
        fill(draft, found, "answer")
    if changes and (files or not small_talk(text)):
        ask_approval(draft, "answered")
    unclear = {name: problem for name, problem in answers.unclear.items() if name in draft.item.missing}
    if unclear and may_answer and (hush := draft.world.hush() or draft.world.hasty()):
        # Two machines would go on like this for ever: a person takes over.
        if draft.workflow.follow_up is not None:
            open_trouble(draft, draft.workflow.follow_up.then, because=hush, raised_by=DOCKET)
    elif unclear and may_answer and not draft.item.told_unclear:
        if draft.via == "mail":
            # An absence that nothing marks as one would answer this, too, and so on without end.
            draft.record("asked", {"fields": list(unclear), "unclear": True}, by=DOCKET)
        draft.tell(Unclear(item=draft.key, to=asked_in(draft.item), problems=unclear))
    elif may_answer and found and _half_answered(draft, item):
        draft.tell(Question(item=draft.key, to=asked_in(draft.item)))  # else they would think that they are done
    return draft.ruling()


def _half_answered(draft: Draft, before: Item) -> bool:
    """Whether whoever was asked has just said some of what is missing, and not all; not where machines might go on."""
    fewer = 0 < len(draft.item.missing) < len(before.missing)
    return fewer and draft.by == draft.item.asked_of and not (draft.world.hush() or draft.world.hasty())


def _opens_again(draft: Draft, text: str) -> bool:
    """A reply of the requester to a closed item opens it again where the rulebook says so; thanks do not."""
    reopens = draft.workflow.on_reply_after_close == "reopen" and draft.by == draft.item.requester
    if not reopens or small_talk(text):
        return False
    reopen(draft, "the requester wrote again")
    return True


def _opens_another(draft: Draft, text: str) -> bool:
    """Where the rulebook says `link`, a reply of the requester to a closed item is a new one; thanks are not."""
    if draft.workflow.name not in draft.book.workflows:
        return False
    links = draft.workflow.on_reply_after_close == "link" and draft.by == draft.item.requester
    return links and draft.item.closed_at is not None and not small_talk(text)


def _with_another(draft: Draft, another: Ruling) -> Ruling:
    """Both records: the closed item keeps the reply, and the talk goes on at the new one."""
    both = merge(draft.ruling(), another)
    return replace(both, touched=another.touched) if another.touched else both


def reopen(draft: Draft, cause: str) -> None:
    """Open a closed item again, in the stage it ended in, with a fresh clock; what is still missing is asked for."""
    item = draft.item
    stage = draft.workflow.stage(item.stage) or draft.workflow.stages[-1]
    left = missing(draft.workflow, item.fields) if item.demanded else ()
    draft.record("reopened", {"stage": stage.name, "due_at": None, "missing": list(left)}, {"cause": cause})
    enter(draft, stage)
    if left:
        ask(draft, anew=True)
    judge_again(draft)
    weigh(draft)
    draft.tell(Handed(item=item.key, to=item.owner), Card(item=item.key, to=CONVERSATION))


def _owner_again(draft: Draft, by_rows: tuple[str, str]) -> None:
    """The owner row is chosen again while the item still waited for an answer, and only then.

    `by_rows` is what the rows said before; whom a person or a stage named since then stays.
    """
    owner, backup, because = choose_owner(draft)
    if (draft.item.owner, draft.item.backup) != by_rows or (owner, backup) == by_rows:
        return
    draft.record("owned", {"owner": owner, "backup": backup}, {"because": because}, by=DOCKET)
    if owner != by_rows[0]:
        draft.tell(Handed(item=draft.key, to=owner, passed_from=by_rows[0]))


def _follow_the_edit(draft: Draft, before: Item) -> None:
    words = context(draft.book, draft.world)
    was, _ = read_opening(draft.workflow, before.text, words)
    now, conflicts = read_opening(draft.workflow, draft.item.text, words)
    shown = shown_fields(draft)
    # Only what the message itself had said follows its edit: an answer given since then is newer than both.
    changed = {
        name: value
        for name, value in now.items()
        if before.fields.get(name) in (None, was.get(name))
        and before.fields.get(name) != value
        and not locked(before, shown, name)
    }
    if changed:
        fill(draft, changed, "edit")
    unsure = {n: list(v) for n, v in conflicts.items() if n in draft.item.missing}
    if unsure:
        draft.record("conflicted", {"missing": list(draft.item.missing)}, {"conflicts": unsure})
        if before.asks == 0:
            ask(draft)
