"""Gates: what always needs a yes (`approval`, `outgoing`) is asked for like an exception, under a code of its own."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from rules.book.rulebook import Approval, ExceptionRule, Outgoing, Stage

_NO_LETTER = re.compile(r"[^A-Z0-9]+")


def with_codes(
    approvals: tuple[Approval, ...], stages: tuple[Stage, ...], taken: Collection[str]
) -> tuple[tuple[Approval, ...], tuple[Stage, ...]]:
    """The same gates, each with its code: APPROVAL, of a stage APPROVAL_PAYMENT; further ones are counted (_2).

    `taken` are the exception codes of the rulebook, which stay theirs.
    """
    used = set(taken)

    def coded(gates: tuple[Approval, ...], name: str) -> tuple[Approval, ...]:
        found = []
        for gate in gates:
            found.append(replace(gate, code=_free(name, used)))
            used.add(found[-1].code)
        return tuple(found)

    own = coded(approvals, "APPROVAL")
    return own, tuple(
        replace(stage, approvals=coded(stage.approvals, f"APPROVAL_{_NO_LETTER.sub('_', stage.name.upper())}"))
        for stage in stages
    )


def gates_of(
    approvals: tuple[Approval, ...],
    stages: tuple[Stage, ...],
    outgoing: Outgoing | None,
    codes: tuple[tuple[str, ...], tuple[str, ...]],
    taken: Collection[str],
) -> dict[str, ExceptionRule]:
    """The gates as rules of decision, by code. `codes` are the rulebook's reason codes to approve and to reject with.

    The owner that stands there is the one without a condition; who it is for an item is found when it is opened.
    """
    found = [gate for gates in (approvals, *(stage.approvals for stage in stages)) for gate in gates]
    rules = {gate.code: _approval(gate) for gate in found}
    if outgoing is not None:
        code = _free("OUTGOING", {*taken, *rules})
        rules[code] = ExceptionRule(
            code=code,
            means="This answer to the outside needs a yes before it is sent.",
            owner=outgoing.owner,
            backup=outgoing.backup,
            respond_within=outgoing.respond_within,
            approve=codes[0],
            reject=codes[1],
            on_reject="stay",
            gate="outgoing",
        )
    return rules


def _approval(gate: Approval) -> ExceptionRule:
    return ExceptionRule(
        code=gate.code,
        means=gate.because,
        owner=gate.owner.is_ or gate.owner.otherwise or gate.backup,
        backup=gate.backup,
        respond_within=gate.respond_within,
        calendar=gate.calendar,
        show=gate.show,
        approve=gate.approve,
        reject=gate.reject,
        gate="approval",
    )


def _free(name: str, used: Collection[str]) -> str:
    """`name`, counted where it is taken."""
    code, n = name[:60], 1
    while code in used:
        n += 1
        code = f"{name[:56]}_{n}"
    return code
