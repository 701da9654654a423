"""The gap review (M11): what is missing in a workflow, by its rulebook and its history, with evidence and move.

Five kinds: visibility (nobody would see it), ownership (the wrong or no name), execution (the work itself), exception
(what stops is not mastered), proof (the end is not shown). What history says needs enough of it to mean anything.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rules.book.rulebook import Rulebook, Workflow
from rules.figures import Dwell
from rules.report_facts import Facts
from rules.report_table import Cell, Report
from rules.reports_flow import told

#: Fewer cases than these say nothing.
ENOUGH: Final = 5
#: From these shares on history speaks of a gap.
HANDED_ON, SENT_BACK, UNKEPT, NOT_AT_ONCE, STALLED = 0.3, 0.1, 0.2, 0.3, 0.2
#: A gate that was asked so often and never said no may not be needed.
NEVER: Final = 10
_ORDER: Final = ("visibility", "ownership", "execution", "exception", "proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is missing, what shows it, and what to do next; `items` where history shows it."""

    kind: Literal["visibility", "ownership", "execution", "exception", "proof"]
    what: str
    evidence: str
    move: str
    items: tuple[str, ...] = ()


def gaps(facts: Facts) -> Report:
    """What is missing in each workflow: visibility, ownership, execution, exceptions, proof?"""
    rows: list[tuple[Cell, ...]] = []
    for flow in facts.book.workflows.values():
        if flow.built_in or not facts.public(flow.name):
            continue
        found = [*written(flow, facts.book), *lived(flow, facts)]
        found.sort(key=lambda gap: _ORDER.index(gap.kind))
        rows += [(flow.name, gap.kind, gap.what, gap.evidence, gap.items, gap.move) for gap in found]
    return Report(
        name="gaps",
        asks="What is missing in each workflow, what shows it, and what is the next move?",
        columns=(
            ("workflow", "words"), ("gap", "words"), ("what", "words"), ("evidence", "words"), ("items", "keys"),
            ("next_move", "words"),
        ),
        rows=rows,
        empty="No gap is to be seen, neither in the rulebook nor in its history.",
    )  # fmt: skip


def written(flow: Workflow, book: Rulebook) -> Iterator[Gap]:
    """What the rulebook itself shows."""
    said = f"rulebook, {flow.name}"
    if not any(rule.stale for rule in flow.exceptions.values()):
        yield Gap(
            kind="visibility",
            what="Nothing is raised when work falls silent.",
            evidence=f"{said}: no exception has `when: stale`",
            move="Give one exception `when: stale`, and say after how long (`stale_after`).",
        )
    if flow.leader is None or not _reads(flow.leader, book):
        whom = f"{book.named(flow.leader)}, who leads it," if flow.leader else "Nobody leads it, so nobody"
        yield Gap(
            kind="visibility",
            what=f"{whom} reads {'no' if flow.leader else 'a'} digest of it.",
            evidence=f"{said}: leader {flow.leader or 'none'}; digests {', '.join(book.digests) or 'none'}",
            move="Name the leader in the `to` of a digest." if flow.leader else "Name one person as `leader`.",
        )
    if len(flow.owner) == 1 and flow.owner[0].is_ and all(s.owner in (None, flow.owner[0].is_) for s in flow.stages):
        alone = [rule.code for rule in flow.exceptions.values() if rule.owner == flow.owner[0].is_]
        if alone and len(alone) == len(flow.exceptions):
            yield Gap(
                kind="ownership",
                what="Whoever does the work also decides every exception of it.",
                evidence=f"{said}: {flow.owner[0].is_} does every stage and owns {', '.join(alone)}",
                move="Give the exceptions that carry money, law or people to somebody else.",
            )
    for stage in flow.stages[1:]:
        if not (stage.needs or stage.before):
            yield Gap(
                kind="execution",
                what=f"{stage.name} takes over whatever comes: nothing must be true before.",
                evidence=f"{said}, stage {stage.name}: no `needs`, no `before`",
                move="Say what must be there (`needs`, with `unmet`), or what is checked `before`.",
            )
    for stage in flow.stages:
        if stage.done_by in ("human", "assisted") and not stage.checklist and not stage.before:
            yield Gap(
                kind="execution",
                what=f"{stage.name} is done from memory.",
                evidence=f"{said}, stage {stage.name}: done by {stage.done_by}, no `checklist`",
                move="Write down its steps as a `checklist`.",
            )
    if not any(rule.when or rule.stale for rule in flow.exceptions.values()):
        yield Gap(
            kind="exception",
            what="No stop rule fires by itself; a person must notice.",
            evidence=f"{said}: no exception has `when`",
            move="Write the clearest limit as a condition (`when: amount > 300`).",
        )
    if flow.close.evidence == ("note",):
        yield Gap(
            kind="proof",
            what="A sentence is proof enough.",
            evidence=f"{said}: close.evidence is `note` alone",
            move="Ask for something that another system made: a receipt, a link, a status.",
        )


def _reads(person: str, book: Rulebook) -> bool:
    return any(person in spec.to for spec in book.digests.values())


def lived(flow: Workflow, facts: Facts) -> Iterator[Gap]:
    """What its history shows, in the time that the report covers."""
    period = told(facts.period)
    opened = {p.item for p in period.passages if p.kind == "opened" and p.workflow == flow.name}
    sent = (each for each in period.loops if each.workflow == flow.name and each.kind == "sent back")
    back = tuple(dict.fromkeys(each.item for each in sent))
    handed = {m.item for m in facts.moves if m.workflow == flow.name and m.kind == "handed" and _inside(m.facts)}
    silent = {code for code, rule in flow.exceptions.items() if rule.stale}
    stalled = {each.item for each in period.raised if each.workflow == flow.name and each.code in silent}
    if (said := _often(stalled & opened, opened, STALLED)) is not None:
        yield Gap(
            kind="visibility", what="Much of it falls silent.", evidence=f"{said} of what was opened fell silent",
            items=tuple(sorted(stalled & opened)), move="Look at where these stood, and shorten `within` there.",
        )  # fmt: skip
    if (said := _often(handed & opened, opened, HANDED_ON)) is not None:
        yield Gap(
            kind="ownership", what="The rulebook's owner is often not who does it.",
            evidence=f"{said} of what was opened was given to somebody else within a stage",
            items=tuple(sorted(handed & opened)), move="Write the rule by which people hand it on as a row of `owner`.",
        )  # fmt: skip
    yield from _stages(flow, period.dwells)
    if (said := _often(set(back) & opened, opened, SENT_BACK)) is not None:
        yield Gap(
            kind="execution", what="Work is sent back.", evidence=f"{said} of what was opened was sent back",
            items=back, move="Put the commonest cause (`docketbot report rework`) into `needs` or `before`.",
        )  # fmt: skip
    yield from _exceptions(flow, facts)
    unproven = tuple(closed.key for closed in facts.closed if closed.workflow == flow.name)
    if unproven:
        done = sum(each.workflow == flow.name for each in period.endings)
        yield Gap(
            kind="proof", what="Work was closed without its proof.",
            evidence=f"{len(unproven)} closed without, {done} items closed as done", items=unproven,
            move="Ask those who overrode it what they could have shown, and make that a kind of evidence.",
        )  # fmt: skip


def _inside(facts: str) -> bool:
    """Whether that change of hands left it in its stage."""
    move = json.loads(facts)
    return bool(move.get("left")) and move.get("left") == move.get("stage")


def _often(some: set[str], of: set[str], share: float) -> str | None:
    """`6 of 20 (30%)`, where these are that many of all; None: they are fewer, or of too few."""
    if len(of) < ENOUGH or len(some) < share * len(of):
        return None
    return f"{len(some)} of {len(of)} ({len(some) / len(of):.0%})"


def _stages(flow: Workflow, dwells: Sequence[Dwell]) -> Iterator[Gap]:
    by_stage: dict[str, list[Dwell]] = defaultdict(list)
    for stay in dwells:
        if stay.workflow == flow.name:
            by_stage[stay.stage].append(stay)
    for stage, stays in by_stage.items():
        late = tuple(dict.fromkeys(stay.item for stay in stays if not stay.kept))
        missed = sum(not stay.kept for stay in stays)
        if len(stays) >= ENOUGH and missed >= UNKEPT * len(stays):
            yield Gap(
                kind="execution", what=f"{stage} is often left after its deadline.",
                evidence=f"{missed} of {len(stays)} stays ({missed / len(stays):.0%})", items=late,
                move="See what they waited for (`docketbot show KEY`): give it less, or give it longer.",
            )  # fmt: skip


def _exceptions(flow: Workflow, facts: Facts) -> Iterator[Gap]:
    period = told(facts.period)
    own = [each for each in period.raised if each.workflow == flow.name]
    counts = Counter(each.code for each in own)
    for code, rule in flow.exceptions.items():
        keys = tuple(dict.fromkeys(each.item for each in own if each.code == code))
        if rule.repeats is None and rule.remediation is None and counts[code] >= ENOUGH:
            yield Gap(
                kind="exception", what=f"{code} keeps happening, and nobody mends its cause.",
                evidence=f"raised {counts[code]} times, no `repeats`, no `remediation`", items=keys,
                move="Name who mends it (`remediation`), and from how many on (`repeats`).",
            )  # fmt: skip
    endings = [each for each in period.endings if each.workflow == flow.name]
    again = {each.item for each in endings if each.repeated}
    if (said := _often(again, {each.item for each in endings}, NOT_AT_ONCE)) is not None:
        yield Gap(
            kind="exception", what="The same exception stops an item more than once.",
            evidence=f"{said} of what was done", items=tuple(sorted(again)),
            move="Let the decision change what raised it: another stage, another deadline, another value.",
        )  # fmt: skip
    for gate in facts.gates:
        if gate.workflow == flow.name and gate.rejected == 0 and gate.approved >= NEVER:
            waited = gate.waited.total_seconds() / 3600
            yield Gap(
                kind="exception", what=f"{gate.code} never says no.",
                evidence=f"{gate.approved} approved, none rejected, {waited:,.0f} h waited",
                move="Ask whether it is needed, or raise its limit.",
            )  # fmt: skip
