"""What a letter says where chat has buttons: the lines that its reader can answer with, if they would work."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rules.book.rulebook import Rulebook, Workflow
from rules.draft import DOCKET
from rules.items import Item
from rules.messages import Action, Line, Link, Message, Part, Row, Section, Strong, Who
from rules.wording.break_glass import broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a letter can point to: `slack`, whether the bot speaks with Slack; `replies`, whether replies are read.

    `page` is the address of the letter's own decision page, "" where there is none.
    """

    slack: bool
    replies: bool
    page: str = ""


def by_mail(
    message: Message,
    reader: str,
    book: Rulebook,
    reach: Reach,
    item: Item | None = None,
    workflow: Workflow | None = None,
) -> Message:
    """A message as a letter to `reader`, a rulebook key or a requester outside it, who can do nothing but reply.

    `item` (of `workflow`): the one that replies to the letter are about.
    """
    if reader not in book.people:
        return message
    actions = _actions(message)
    if reach.slack and book.people[reader].slack:
        return _with(message, _in_slack(actions, item)) if actions else message
    message = _untyped(message)
    if item is None or workflow is None:
        return replace(message, lines=(*message.lines, _anywhere(book, reach, actions[0]))) if actions else message
    own = [action for action in actions if action.item == item.key]
    if not own:
        return message
    code = next((action.code for action in own if action.verb == "approve" and action.code), None)
    page = reach.page if code else ""
    if not reach.replies:
        how: Line = (Link(page, "Decide on its page"),) if page else _not_read(book)
        return _with(message, how)
    section = _decision(item, code, workflow, book, page) if code else _other(own, item, workflow, book)
    if {action.item for action in actions} - {item.key}:
        message = _with(message, ("For another one: ", Strong("decide KEY"), " or ", Strong("show KEY"), "."))
    return replace(message, sections=(*message.sections, section)) if section.rows else message


def _actions(message: Message) -> list[Action]:
    rows = [row for section in message.sections for row in section.rows]
    return [*message.actions, *(action for row in rows for action in row.actions)]


def _decision(item: Item, code: str, workflow: Workflow, book: Rulebook, page: str) -> Section:
    """Every choice as the line that makes it, with what it means."""
    rule = workflow.rule(code)
    choices = [("approve", c) for c in rule.approve] + [("reject", c) for c in rule.reject] if rule else []
    lines: list[Line] = [
        (Strong(f"{verb} {choice} because ..."), f"  {book.reason_codes.get(choice, '')}") for verb, choice in choices
    ]
    if rule is not None and rule.gate == "approval":
        lines.append((Strong("changes because ..."), "  sends it back, with what is missing"))
    if item.requester != DOCKET:
        lines.append((Strong("ask ..."), "  a question to ", Who(item.requester), "; the deadline stays"))
    lines.append((Strong("assign @name because ..."), "  hands the decision to somebody else"))
    if page:
        lines.append((Link(page, "Or decide on its page"),))
    return Section(
        heading="To decide, reply with one line",
        rows=tuple(Row(line=line) for line in lines),
        rest=f"Whatever else you write is kept with {item.key} and decides nothing.",
    )


def _other(actions: list[Action], item: Item, workflow: Workflow, book: Rulebook) -> Section:
    if any(action.verb == "disavow" for action in actions):
        looks: Line = () if workflow.private else (", and ", Who(book.operator), " looks into it")
        void: Line = (Strong("this wasn't me"), "  the decision is void then", *looks)
        return Section(heading="If this was not you, reply with one line", rows=(Row(line=void),))
    return Section(
        heading="To act, reply with one line",
        rows=tuple(Row(line=line) for line in _work(actions, item, workflow)),
        rest=f"Whatever else you write is kept with {item.key}.",
    )


def _work(actions: list[Action], item: Item, workflow: Workflow) -> list[Line]:
    """What the reader can do now, in the order in which it is likely."""
    verbs = {action.verb for action in actions}
    rows: list[Line] = []
    if "accept" in verbs:
        rows.append((Strong("accept"), "  you take it as it is; working on it says the same"))
    if "back" in verbs:
        rows.append((Strong(f"back {item.key} ..."), "  sends it back, with what is missing or wrong"))
    if "ack" in verbs:
        rows.append((Strong("ack"), "  you are on it"))
    if verbs & {"accept", "ack", "next", "close", "tick"}:
        rows += _step(item, workflow)
    if "assign" in verbs:
        rows.append((Strong("assign @name"), "  hands it to somebody else"))
    if "except" in verbs and workflow.exceptions:
        rows.append((Strong("except CODE why"), f"  raises an exception: {', '.join(workflow.exceptions)}"))
    if "set" in verbs and workflow.fields:
        rows.append((Strong("set FIELD value"), f"  changes one: {', '.join(workflow.fields)}"))
    if "reply" in verbs:
        rows.append((Strong(f"reply {item.key} ..."), "  what follows goes to ", Who(item.requester), " in your name"))
    if "snooze" in verbs:
        rows.append((Strong("snooze 2h"), "  reminds you later; the deadline stays"))
    if "show" in verbs:
        rows.append((Strong("show"), "  the item, whole"))
    return rows


def _step(item: Item, workflow: Workflow) -> list[Line]:
    """On to the next stage; in the last one the proof that is missing, and the end."""
    if item.changes:
        return [(Strong("next"), "  asks again as it stands")]
    if item.missing or item.open_trouble() or item.closed_at is not None:
        return []
    names = [stage.name for stage in workflow.stages]
    after = names[names.index(item.stage) + 1 :] if item.stage in names else []
    ticks: list[Line] = []
    if (steps := item.open_steps()) and broken(item) is None:
        number, step = steps[0]
        said = f"  {step.text}: done; after the number, fail why or blocked why where it is not"
        ticks = [(Strong(f"tick {number}"), said)]
    if after:
        return ticks or [(Strong("next"), f"  on to {after[0]}")]
    lacking = [kind for kind in workflow.close.evidence if kind not in {proof.kind for proof in item.evidence}]
    proofs: list[Line] = [
        (Strong(f"evidence {kind} ..."), "  the proof without which it can't close; a file may come along")
        for kind in lacking
    ]
    return [*ticks, *proofs] if ticks else [*proofs, (Strong("close"), "  it is done")]


def _in_slack(actions: list[Action], item: Item | None) -> Line:
    if item is None:
        return ("In Slack: /docket mine",)
    decides = any(action.verb in ("approve", "reject") for action in actions)
    return (f"In Slack: /docket {'decide' if decides else 'show'} {item.key}",)


def _anywhere(book: Rulebook, reach: Reach, first: Action) -> Line:
    """In a letter about many items: one can be named, as the `first` of them."""
    if not reach.replies:
        return _not_read(book)
    decide, show = Strong(f"decide {first.item}"), Strong(f"show {first.item}")
    return ("Reply with one line: ", decide, " brings the letter to decide it by, ", show, " the item, whole.")


def _not_read(book: Rulebook) -> Line:
    return ("Replies to this mail are not read: ask ", Who(book.operator), " to act for you.")


def _with(message: Message, how: Line) -> Message:
    return replace(message, small=(how, *message.small))


def _untyped(message: Message) -> Message:
    """Commands as they stand in a mail: there is no slash to type."""

    def words(part: Part) -> Part:
        if isinstance(part, str):
            return part.replace("/docket ", "")
        return Strong(part.text.replace("/docket ", "")) if isinstance(part, Strong) else part

    def line(said: Line) -> Line:
        return tuple(words(part) for part in said)

    return replace(
        message,
        headline=line(message.headline),
        lines=tuple(line(one) for one in message.lines),
        sections=tuple(
            replace(
                section,
                rows=tuple(replace(row, line=line(row.line)) for row in section.rows),
                rest=section.rest.replace("/docket ", ""),
            )
            for section in message.sections
        ),
        small=tuple(line(one) for one in message.small),
    )
