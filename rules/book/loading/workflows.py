"""One workflow, key by key; the six parts without which it is refused are asked for where each is read."""

from __future__ import annotations

import re
from collections.abc import Collection
from decimal import Decimal

from rules.book.durations import UNITS
from rules.book.gates import gates_of, with_codes
from rules.book.loading import places
from rules.book.loading.builtin import free
from rules.book.loading.examples import read_examples
from rules.book.loading.exceptions import read_exceptions
from rules.book.loading.fields import read_fields, read_intake
from rules.book.loading.known import guess
from rules.book.loading.owners import Names, not_twice, read_approvals, read_owner
from rules.book.loading.people import IDENTIFIER
from rules.book.loading.sentences import needed_sentence
from rules.book.loading.shape import Loading, Part
from rules.book.loading.source import Node
from rules.book.loading.stages import read_close, read_follow_up, read_handoffs, read_stages, staying_codes
from rules.book.rulebook import Approval, BreakGlass, Outgoing, Workflow

_KEY = re.compile(r"[A-Z][A-Z0-9]{0,9}", re.ASCII)
_COST = re.compile(r"(\d{1,12}(?:\.\d{1,4})?) ([A-Z]{3}) per ([a-z]+(?: [a-z]+)?)", re.ASCII)
_CRITICAL = ("revenue", "customer", "cross_department", "compliance")
_KEYS = (
    "key", "promise", "leader", "criticality", "cost_of_delay", "source_of_truth", "intake", "fields", "follow_up",
    "owner", "backup", "handoffs", "stages", "stale_after", "close", "on_reply_after_close", "on_pause", "outgoing",
    "conflict", "break_glass", "exceptions", "examples", "private", "approval", "calendar",
)  # fmt: skip


def read_workflow(name: Node, part: Part) -> Workflow:
    """A workflow and all that keeps its promise."""
    part.allow(*_KEYS)
    if name.text == "docket":
        part.hole("`docket` is the bot's own workflow", "Choose another name.")
    elif not IDENTIFIER.fullmatch(name.text):
        part.hole(f"the name `{name.text}` of a workflow must be like refund", "Use small letters, digits, - and _.")
    private = part.flag("private")
    fields = read_fields(part)
    names = Names(fields=fields, codes=_codes(part))
    backup = part.person("backup")
    stages = read_stages(part, backup, names)
    exceptions = read_exceptions(part, names, staying_codes(part))
    approvals, stages = with_codes(read_approvals(part, names), stages, exceptions)
    if private:
        _no_manager(part, (*approvals, *(gate for stage in stages for gate in stage.approvals)))
    outgoing = _outgoing(part, names)
    known = part.loading.known
    stale_after = part.duration("stale_after")
    if stale_after and not any(rule.stale for rule in exceptions.values()):
        part.hole("silence raises no exception", "Give one `when: stale`.", "stale_after")
    return Workflow(
        name=name.text,
        key=_key(part),
        promise=needed_sentence(part, "promise", "State the one promise that it keeps."),
        source_of_truth=_truth(part),
        intake=read_intake(part, fields, private=private),
        fields=fields,
        owner=read_owner(part, backup, names),
        backup=backup,
        stages=stages,
        close=read_close(part, names),
        exceptions=exceptions,
        private=private,
        leader=part.person("leader", needed=False) or None,
        criticality=tuple(
            part.loading.choice(node, _CRITICAL, "customer", "criticality") for node in part.nodes("criticality")
        ),
        cost_of_delay=_cost(part),
        follow_up=read_follow_up(part, fields, names),
        handoffs=read_handoffs(part, names, len(stages)),
        stale_after=stale_after,
        approvals=approvals,
        outgoing=outgoing,
        conflict=part.name_in("conflict", names.codes, "exception", "exceptions") or None,
        break_glass=_break_glass(part, exceptions, private=private),
        on_reply_after_close=part.one_of("on_reply_after_close", ("reopen", "link"), "reopen"),
        on_pause=part.one_of("on_pause", ("stand_still", "run_on"), "stand_still"),
        examples=read_examples(part, names),
        calendar=part.calendar(),
        gates=gates_of(approvals, stages, outgoing, (known.approve, known.reject), exceptions),
    )


def _no_manager(part: Part, gates: tuple[Approval, ...]) -> None:
    """What is private has its own people alone: a yes from somebody's manager would tell that manager."""
    if any(row.manager_of for gate in gates for row in (gate.owner, *gate.rows)):
        meant = "Name a person: the manager of whoever asked would hear of it."
        part.hole("an approval of a private workflow goes to a manager", meant, "private")


def check_keys(workflows: list[tuple[Part, Workflow]]) -> None:
    """REF-1 must be one item: no two workflows share a key, and BOT is the bot's own."""
    taken = {"BOT": "the bot's own workflow"}
    for part, workflow in workflows:
        other = taken.setdefault(workflow.key, part.name)
        if workflow.key and other != part.name:
            part.hole(f"the key `{workflow.key}` belongs to {other} already", "Give each workflow its own.", "key")


def check_carried(workflows: list[tuple[Part, Workflow]]) -> None:
    """A value that is carried into the next workflow must be of the same type there."""
    by_name = {workflow.name: workflow for _, workflow in workflows}
    for part, workflow in workflows:
        then = workflow.close.then
        target = by_name.get(then.open) if then else None
        if then is None or target is None:
            continue
        for name in then.carry:
            ours, theirs = workflow.fields[name].type, target.fields[name].type if name in target.fields else None
            if theirs and ours != theirs:
                what = f"`{name}` is of type {ours} in {part.name} and {theirs} in workflow `{target.name}`"
                part.hole(what, "Give both the same type.", "close")


def _codes(part: Part) -> tuple[str, ...]:
    return tuple(name.text for name, _ in part.named("exceptions", "exception"))


def _key(part: Part) -> str:
    key = part.text("key", needed=True, meant="Items are named by it: REF makes REF-1, REF-2.")
    if key and not _KEY.fullmatch(key):
        part.hole(f"the key `{key}` must be like REF", "Use capitals and digits, 10 at most.", "key")
    return key


def _truth(part: Part) -> dict[str, str]:
    node = part.part("source_of_truth")
    if node is None:
        part.missing("source_of_truth", "Say where each fact is true: {operational status: Docket}.")
        return {}
    found = {name.text: node.loading.text_of(value, "the source of truth") for name, value in node.items()}
    if not found:
        part.hole("no source of truth is named", "Say where each fact is true.", "source_of_truth")
    return found


def _cost(part: Part) -> tuple[Decimal, str, str] | None:
    text = part.text("cost_of_delay")
    if not text:
        return None
    match = _COST.fullmatch(text)
    if match is None:
        part.hole(f"`{text}` is not a cost of delay", "Write it like 25 USD per business hour.", "cost_of_delay")
        return None
    if not places.is_currency(match[2]):
        part.hole(f"`{match[2]}` is not a currency", "Name its ISO 4217 code, like USD.", "cost_of_delay")
    if match[3] not in UNITS:
        part.hole(f"`{match[3]}` is not a unit of time", guess(match[3], UNITS, "units"), "cost_of_delay")
    return Decimal(match[1]), match[2], match[3]


def _outgoing(workflow: Part, names: Names) -> Outgoing | None:
    part = workflow.part("outgoing")
    if part is None:
        return None
    part.allow("when", "owner", "backup", "respond_within")
    if "when" not in part:
        part.missing("when", "Say which answers wait for a yes.")
    when = part.condition("when", names.fields)
    owner, backup, within = part.person("owner"), part.person("backup"), part.time("respond_within")
    not_twice(part, owner, backup)
    return Outgoing(when=when, owner=owner, backup=backup, respond_within=within) if when else None


def _break_glass(workflow: Part, taken: Collection[str], *, private: bool) -> BreakGlass | None:
    part = workflow.part("break_glass")
    if part is None:
        return None
    if private:
        what = f"`break_glass` of {workflow.name} would tell a reviewer of private work"
        workflow.hole(what, "Leave it out: what is private stays with its own people.", "break_glass")
    part.allow("who", "review_by", "review_within", "at_most", "per")
    who, reviewer = part.people("who", "`who` of break-glass:"), part.person("review_by")
    if not part.nodes("who"):
        part.missing("who", "Name who may break the glass.")
    if reviewer and reviewer in who:
        part.hole(f"`{reviewer}` would review their own break-glass", "Name somebody else.", "review_by")
    return BreakGlass(
        who=who,
        review_by=reviewer,
        review_within=part.time("review_within"),
        at_most=part.number("at_most"),
        per=part.time("per"),
        code=free("BREAK_GLASS", taken),
    )


def workflows_of(loading: Loading, top: Part) -> list[tuple[Part, Workflow]]:
    """All workflows of the file, with the part that each was read from."""
    if not loading.known.workflows:
        top.missing("workflows", "Describe at least one.")
    return [(part, read_workflow(name, part)) for name, part in top.named("workflows", "workflow")]
