"""The bot's own workflows: its failures, post-reviews of what was done without asking, the mending of causes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rules.book.durations import Duration
from rules.book.field import Field
from rules.book.rulebook import BuiltIn, Close, ExceptionRule, Intake, OwnerRow, Person, Stage, Workflow

APPROVE = {"MENDED": "The cause is gone, and what failed was done again or is no longer needed."}
REJECT = {"KNOWN": "Known and accepted for now; nothing more will be done."}
JUSTIFIED, NOT_JUSTIFIED = "JUSTIFIED", "NOT_JUSTIFIED"
#: The verdicts of a post-review; a rulebook that uses these codes itself says what they mean.
REVIEWED = {
    JUSTIFIED: "It was needed then, and nobody could have been asked in time.",
    NOT_JUSTIFIED: "It was not needed, or somebody could have been asked first.",
}
#: The fields of a post-review, in the order in which they are shown.
ABOUT, WHY, PASSED = "about", "why", "passed"

_MEANS = {
    "UNREADABLE": "Something came in that the bot could not read.",
    "UNDELIVERABLE": "A message of the bot could not be delivered.",
    "UNREACHABLE": "Slack, a mailbox or the mail server can't be reached.",
    "ABSENT": "Somebody of the rulebook can't be reached any more.",
    "DISAVOWED": "Somebody says that a decision in their name was not theirs.",
    "HELD": "Mail is held until somebody has looked at it, or answers are held back.",
    "RULE_FAILED": "A condition of the rulebook could not be judged.",
    "OURS": "The bot failed in some other way.",
}
_WITHIN = Duration(4, "business hour")
_REVIEW_WITHIN = Duration(2, "business day")
_MEND_WITHIN = Duration(5, "business day")


def workflows_beside(users: Iterable[Workflow], operator: str, people: Mapping[str, Person]) -> tuple[Workflow, ...]:
    """The built-in workflows for a rulebook with those of its own; a name or key that one of these has stays theirs."""
    theirs = tuple(users)
    names, keys = {w.name for w in theirs} | {"docket"}, {w.key for w in theirs} | {"BOT"}
    backup = _beside(operator, (), people, operator)
    return (
        _review(free("post_review", names), free("REVIEW", keys, ""), theirs, operator, people),
        _remediation(free("remediation", names), free("FIX", keys, ""), operator, backup),
        _docket(operator, backup),
    )


def review_code(workflow: Workflow) -> str:
    """Under which code a use of break-glass or an override in `workflow` waits for its review."""
    return f"REVIEW_{workflow.key}"


def too_often_code(workflow: Workflow) -> str:
    """Under which code the leader of `workflow` hears that the glass is broken too often."""
    return f"TOO_OFTEN_{workflow.key}"


def free(name: str, used: Collection[str], between: str = "_") -> str:
    """`name`, counted where it is taken: `name_2`."""
    found, n = name, 1
    while found in used:
        n += 1
        found = f"{name}{between}{n}"
    return found


def _beside(owner: str, preferred: Iterable[str | None], people: Mapping[str, Person], operator: str) -> str:
    """Somebody else behind `owner`: the preferred ones, the owner's manager, the operator, whoever there is."""
    person = people.get(owner)
    candidates = (*preferred, person.manager if person else None, operator, *people)
    return next((each for each in candidates if each and each != owner), owner)


def _docket(operator: str, backup: str) -> Workflow:
    """The workflow of key BOT. The backup is the operator's manager, else the first other person of the rulebook."""
    exceptions = {
        code: ExceptionRule(
            code=code,
            means=means,
            owner=operator,
            backup=backup,
            respond_within=_WITHIN,
            show=("what",),
            approve=tuple(APPROVE),
            reject=tuple(REJECT),
        )
        for code, means in _MEANS.items()
    }
    return Workflow(
        name="docket",
        key="BOT",
        promise="Every failure of the bot itself is seen and mended by a person.",
        source_of_truth={"operational status": "Docket"},
        intake=Intake(),
        fields=_texts("cause", "what"),
        owner=(OwnerRow(is_=operator),),
        backup=backup,
        stages=(Stage(name="mend", within=_WITHIN),),
        close=Close(evidence=("note",)),
        exceptions=exceptions,
        built_in="docket",
    )


def _review(name: str, key: str, theirs: Iterable[Workflow], operator: str, people: Mapping[str, Person]) -> Workflow:
    """Post-reviews: one code for each workflow in which something can be done without asking."""
    exceptions: dict[str, ExceptionRule] = {}
    for workflow in theirs:
        for rule in _reviews_of(workflow, operator, people):
            exceptions[rule.code] = rule
    return _ours(
        name,
        key,
        built_in="review",
        promise="Whatever was done without asking first is reviewed by somebody else.",
        fields=_texts(ABOUT, WHY, PASSED),
        operator=operator,
        backup=_beside(operator, (), people, operator),
        stage=Stage(name="review", within=_REVIEW_WITHIN),
        close=Close(evidence=("status",)),
        exceptions=exceptions,
    )


def _reviews_of(workflow: Workflow, operator: str, people: Mapping[str, Person]) -> Iterable[ExceptionRule]:
    glass = workflow.break_glass
    if workflow.private or (glass is None and not workflow.close.override):
        return
    leader = workflow.leader or operator
    reviewer = glass.review_by if glass else leader
    behind = [each for each in (workflow.leader, operator, workflow.backup) if not glass or each not in glass.who]
    yield _verdict(
        workflow,
        review_code(workflow),
        f"Something in {workflow.name.replace('_', ' ')} was done without asking first.",
        (reviewer, _beside(reviewer, behind, people, operator)),
        glass.review_within if glass else _REVIEW_WITHIN,
    )
    if glass is not None:
        yield _verdict(
            workflow,
            too_often_code(workflow),
            f"The glass of {workflow.name} is broken more often than its rulebook allows.",
            (leader, _beside(leader, (glass.review_by, operator), people, operator)),
            glass.review_within,
        )


def _verdict(workflow: Workflow, code: str, means: str, seats: tuple[str, str], within: Duration) -> ExceptionRule:
    return ExceptionRule(
        code=code,
        means=means,
        owner=seats[0],
        backup=seats[1],
        respond_within=within,
        calendar=workflow.calendar,
        show=(WHY, PASSED),
        approve=(JUSTIFIED,),
        reject=(NOT_JUSTIFIED,),
    )


def _remediation(name: str, key: str, operator: str, backup: str) -> Workflow:
    """The mending of causes: an owner, a deadline, proof."""
    stuck = ExceptionRule(
        code="STUCK",
        means="Nothing has happened for too long about the cause of a repeated exception.",
        owner=operator,
        backup=backup,
        respond_within=_REVIEW_WITHIN,
        stale=True,
        approve=tuple(APPROVE),
        reject=tuple(REJECT),
        on_reject="stay",
    )
    return _ours(
        name,
        key,
        built_in="remediation",
        promise="What keeps going wrong is mended at its cause, and the proof is kept.",
        fields=_texts("workflow", "code", "items"),
        operator=operator,
        backup=backup,
        stage=Stage(name="mend", within=_MEND_WITHIN),
        close=Close(evidence=("note",)),
        exceptions={stuck.code: stuck},
        stale_after=_MEND_WITHIN,
    )


def _ours(
    name: str,
    key: str,
    *,
    built_in: BuiltIn,
    promise: str,
    fields: Mapping[str, Field],
    operator: str,
    backup: str,
    stage: Stage,
    close: Close,
    exceptions: Mapping[str, ExceptionRule],
    stale_after: Duration | None = None,
) -> Workflow:
    return Workflow(
        name=name,
        key=key,
        promise=promise,
        source_of_truth={"operational status": "Docket"},
        intake=Intake(),
        fields=fields,
        owner=(OwnerRow(is_=operator),),
        backup=backup,
        stages=(stage,),
        close=close,
        exceptions=exceptions,
        stale_after=stale_after,
        built_in=built_in,
    )


def _texts(*names: str) -> dict[str, Field]:
    return {name: Field(name=name, type="text") for name in names}
