"""Getting an item on: to its next stage, with its fields set and its proof added, to its end and back."""

from __future__ import annotations

import hashlib

from rules.answers import fill, locked, reopen, shown_fields
from rules.draft import DOCKET, Draft
from rules.events import Command
from rules.fields.reading import NotReadable, canonical
from rules.intake import context
from rules.items import PROOFS
from rules.messages import Reply, Who
from rules.notices import CONVERSATION, Card
from rules.obstacles import in_the_way
from rules.refusals import closed
from rules.replies import done, refused, usage
from rules.stages import enter, finish, following, lacking_evidence
from rules.stops import open_trouble


def move_on(draft: Draft, command: Command) -> Reply:
    """Hand it to the next stage; what that one needs and has not is an exception."""
    item = draft.item
    if problem := in_the_way(draft):
        return problem
    after = following(draft)
    if after is None:
        return refused("last_stage", (f"{item.key} is in its last stage. ", f"`/docket close {item.key}` ends it."))
    lacking = [name for name in after.needs if name not in item.fields]
    if lacking or (after.needs and item.missing):
        names = ", ".join(lacking or item.missing)
        code = after.unmet
        if code and open_trouble(draft, code, because=f"{after.name} needs {names}.", raised_by=DOCKET):
            owner = draft.item.open_trouble(code)[0].owner
            return refused(
                "unmet", (f"{after.name} needs {names}. ", Who(owner), f" decides whether it may go on ({code}).")
            )
        return refused("unmet", (f"{after.name} needs {names}; set it first: `/docket set {item.key} {names} value`.",))
    enter(draft, after)
    return done((f"{item.key} is in {after.name} now. ", Who(draft.item.owner), " has it."), item=item.key)


def set_field(draft: Draft, command: Command) -> Reply:
    """Set a field by hand."""
    item, name = draft.item, (command.name or "")
    field = draft.workflow.fields.get(name)
    if problem := closed(draft):
        return problem
    if field is None:
        known = ", ".join(draft.workflow.fields)
        return refused("unknown_field", (f"{item.key} has no field `{name}`. It has: {known}.",), blank="name")
    if locked(item, shown_fields(draft), name):
        return refused("pending", (f"{name} is part of what is being decided and can't change now.",), blank="words")
    try:
        value = canonical(field, command.words, context(draft.book, draft.world))
    except NotReadable as problem:
        return refused("unreadable", (str(problem),), blank="words")
    fill(draft, {name: value}, "set")
    return done((f"{name} of {item.key} is {value}.",), item=item.key)


def add_evidence(draft: Draft, command: Command) -> Reply:
    """Add a proof."""
    kind, value = (command.name or ""), command.words.strip()
    wanted = ", ".join(draft.workflow.close.evidence)
    if kind not in PROOFS:
        return refused("kind", (f"Name the kind of proof; {draft.key} needs: {wanted}.",), blank="name")
    files = command.files if kind == "file" or not value else ()
    if not files and (not value or kind == "file"):
        return usage(f"evidence {draft.key} {kind} value", "What is the proof? A number, a link, a sentence, a file.")
    if problem := closed(draft):
        return problem
    proofs = [(file.name, file.sha256) for file in files] or [(value, hashlib.sha256(value.encode()).hexdigest())]
    for said, digest in proofs:
        proof = {"id": f"{draft.key}/E{len(draft.item.evidence) + 1}", "kind": kind, "sha256": digest}
        draft.record("evidenced", proof, {"value": said})
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    ids = ", ".join(proof.id for proof in draft.item.evidence[-len(proofs) :])
    return done((f"{kind} is on {draft.key} ({ids}).",), item=draft.key)


def close(draft: Draft, command: Command) -> Reply:
    """End it from its last stage, with the proof that the workflow wants."""
    item = draft.item
    if problem := in_the_way(draft):
        return problem
    if item.missing:
        return refused("missing", (f"{item.key} still waits for: {', '.join(item.missing)}.",))
    if (after := following(draft)) is not None:
        return refused(
            "not_last", (f"{item.key} closes from its last stage; {after.name} comes next: `/docket next {item.key}`.",)
        )
    if lacking := lacking_evidence(draft):
        kinds = ", ".join(lacking)
        return refused(
            "evidence",
            (f"{item.key} can't close without proof: {kinds}.",),
            (f"`/docket evidence {item.key} {lacking[0]} …`",),
        )
    finish(draft, "done")
    return done((f"{item.key} is done.",), item=item.key)


def open_again(draft: Draft, command: Command) -> Reply:
    """Open a closed item again, with a cause."""
    if draft.item.closed_at is None:
        return refused("open", (f"{draft.key} is open. ", Who(draft.item.owner), " has it."))
    if not command.words.strip():
        return refused("cause", ("Say why it is opened again; it stands in the record.",), blank="words")
    reopen(draft, command.words.strip())
    return done((f"{draft.key} is open again.",), item=draft.key)
