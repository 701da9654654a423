"""Who owns what: `owner` rows, backups, approvals. Every case ends at one name, and its backup is somebody else."""

from __future__ import annotations

from dataclasses import dataclass

from rules.book.field import Field
from rules.book.loading.sentences import needed_sentence
from rules.book.loading.shape import Part
from rules.book.rulebook import Approval, OwnerRow

_NO_OWNER = "Add a last row without a condition, like {is: dana}."


@dataclass(frozen=True, slots=True)
class Names:
    """What the parts of one workflow may name: its fields and exception codes."""

    fields: dict[str, Field]
    codes: tuple[str, ...]


def not_twice(part: Part, owner: str | None, backup: str | None, key: str = "backup") -> None:
    """Owner and backup must be two people: nobody is their own backup."""
    if owner and owner == backup:
        part.hole(f"`{owner}` is owner and own backup in {part.name}", "Name somebody else as backup.", key)


def read_owner(workflow: Part, backup: str, names: Names) -> tuple[OwnerRow, ...]:
    """The rows of `owner`, first to last; a single name is one row. The last row has no condition."""
    node = workflow.value("owner")
    if node is None:
        workflow.missing("owner", "Name one person.")
        return ()
    if node.kind == "scalar":
        owner = workflow.person("owner")
        not_twice(workflow, owner, backup)
        return (OwnerRow(is_=owner),)
    rows = []
    if any(row.kind == "scalar" for row in node.items or ()):
        meant = "One item has one owner; name one, or give rows a `when`."
        workflow.hole("the owner is a list of names", meant, "owner")
        return ()
    parts = workflow.parts("owner") if node.kind == "list" else [Part(workflow.loading, node, "an owner row")]
    for number, part in enumerate(parts, 1):
        part.allow("when", "is", "manager_of", "else", "backup")
        last = number == len(parts)
        if last and "when" in part:
            part.hole("the last owner row has a condition, so an item could have no owner", _NO_OWNER, "when")
        elif not last and "when" not in part:
            part.hole("the owner rows below this one are never reached", "Give it a `when`, or move it to the end.")
        rows.append(_row(part, "is", backup, names))
    if not rows:
        workflow.hole("nobody is named as owner", _NO_OWNER, "owner")
    return tuple(rows)


def read_approvals(outer: Part, names: Names) -> tuple[Approval, ...]:
    """`approval`: one gate, or a list of them."""
    node = outer.value("approval")
    if node is None:
        return ()
    if node.kind == "list":
        parts = outer.parts("approval")
    else:
        part = outer.part("approval")
        parts = [part] if part else []
    return tuple(_approval(part, names) for part in parts)


def read_codes_of(part: Part) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The reason codes to approve and to reject with; all of the rulebook's where none are listed."""
    known = part.loading.known
    verdicts = []
    for verdict, codes, others in (("approve", known.approve, known.reject), ("reject", known.reject, known.approve)):
        if verdict not in part:
            verdicts.append(codes)
            continue
        for node in part.nodes(verdict):
            if node.text in others and node.text not in codes:
                other = "reject" if verdict == "approve" else "approve"
                part.loading.at(node, f"`{node.text}` is a code to {other} with", f"It can't stand under `{verdict}`.")
        known_here = (*codes, *others)
        listed = part.names_in(verdict, known_here, "reason code", "reason codes")
        if not part.nodes(verdict):
            part.hole(f"{part.name} has no code to {verdict} with", "Name one, or leave the key out for all.", verdict)
        verdicts.append(listed)
    return verdicts[0], verdicts[1]


def read_show(part: Part, names: Names) -> tuple[str, ...]:
    """The fields that the decider is shown."""
    return part.names_in("show", names.fields, "field", "fields")


def _approval(part: Part, names: Names) -> Approval:
    part.allow("because", "owner", "backup", "rows", "respond_within", "approve", "reject", "calendar", "show")
    backup = part.person("backup")
    approve, reject = read_codes_of(part)
    return Approval(
        because=needed_sentence(part, "because", "Say why this gate exists."),
        owner=_approver(part, backup, names),
        backup=backup,
        respond_within=part.time("respond_within"),
        approve=approve,
        reject=reject,
        rows=tuple(_threshold(row, backup, names) for row in part.parts("rows")),
        calendar=part.calendar(),
        show=read_show(part, names),
    )


def _approver(part: Part, backup: str, names: Names) -> OwnerRow:
    """The owner of a gate: a name, or the requester's manager."""
    node = part.value("owner")
    if node is not None and node.kind == "mapping":
        inner = Part(part.loading, node, f"`owner` of {part.name}")
        inner.allow("is", "manager_of", "else", "backup")
        return _row(inner, "is", backup, names)
    owner = part.person("owner")
    not_twice(part, owner, backup)
    return OwnerRow(is_=owner)


def _threshold(part: Part, backup: str, names: Names) -> OwnerRow:
    """A row of `rows`: it names its owner under `owner`, and always has a condition."""
    part.allow("when", "owner", "manager_of", "else", "backup")
    if "when" not in part:
        part.missing("when", "The one without a condition is the gate's own `owner`.")
    return _row(part, "owner", backup, names)


def _row(part: Part, key: str, backup: str, names: Names) -> OwnerRow:
    own_backup = part.person("backup", needed=False)
    when = part.condition("when", names.fields)
    if "manager_of" in part:
        part.one_of("manager_of", ("requester",), "requester")
        if key in part:
            part.hole(f"{part.name} names two owners", f"Keep `{key}` or `manager_of`.", "manager_of")
        if "else" not in part:
            part.missing("else", "A requester without a manager needs a name here.")
        otherwise = part.person("else", needed=False, noun="owner")
        not_twice(part, otherwise, own_backup or backup, "backup" if own_backup else "else")
        return OwnerRow(manager_of="requester", otherwise=otherwise or None, when=when, backup=own_backup or None)
    if "else" in part:
        part.hole("`else` belongs to `manager_of`", "Leave it out.", "else")
    owner = part.person(key, noun="owner")
    not_twice(part, owner, own_backup or backup, "backup" if own_backup else key)
    return OwnerRow(is_=owner or None, when=when, backup=own_backup or None)
