"""The handoff card: one message that tells whoever has an item now all that is known of it so far (M37)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rules.attaching import files_of
from rules.book.rulebook import Rulebook, Workflow
from rules.commands import Parsed, parse
from rules.draft import DOCKET
from rules.entries import Entry
from rules.items import Item
from rules.messages import Action, Line, Link, Message, Part, Quote, Row, Section, Strong, Who
from rules.notices import Handed
from rules.precedents import Precedent
from rules.wording.cards import next_step, status
from rules.wording.checklists import to_do
from rules.wording.lines import decided_line, facts, heading, keys_line, stage_and_time, subject_of, title, with_files
from rules.wording.passing import receiving

#: Of what was said, decided, proved, so much is in the card, newest last; `show` has all of it.
SAID, DECIDED, PROVED, FILES = 3, 5, 5, 5
_SAID_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What lies behind an item: its entries, oldest first, and the item (with its past) that it comes from, if any.

    `like`: of a decision, earlier ones that are like it.
    """

    entries: Sequence[Entry] = ()
    origin: tuple[Item, Workflow, Sequence[Entry]] | None = None
    like: Sequence[Precedent] = ()


def handoff_card(
    item: Item, workflow: Workflow, notice: Handed, book: Rulebook, past: Past, links: Mapping[str, str]
) -> Message:
    """To its new owner: what it is, until when, and all that is known; accept, send back, or go on."""
    last = item.handoffs[-1] if item.handoffs else None
    passed_from = notice.passed_from or (last.passed_from if last is not None and notice.update else "")
    passed: Line = (" Handed over by ", Who(passed_from), ".") if passed_from else ()
    came_back: tuple[Line, ...] = ()
    if last is not None and last.back:
        passed = (" ", Who(last.passed_from), f" sent it back from {last.left}.")
        came_back = (("What is missing or wrong: ", Quote(last.cause)),)
    stands = status(item, workflow) if item.open_trouble() or item.missing else stage_and_time(item)
    return Message(
        subject=f"{'Back to you' if came_back else 'Yours now'}: {subject_of(item, workflow)} [{item.key}]",
        headline=("You have ", Strong(item.key), f": {title(item, workflow)}.", *passed),
        lines=(
            *came_back,
            _by_name(stands),
            facts(item, workflow),
            _what_came(item),
            *((odd,) for odd in item.oddities[:3]),
            *((("It follows ", *keys_line((item.follows,), links), ", which is closed."),) if item.follows else ()),
        ),
        sections=(*to_do(item), *_known(item, book, past.entries), *_origin(past, book, links)),
        small=((f"Why you: {item.owner_because}", *_thread(item)),),
        actions=(
            *(receiving(item) or (*_on_it(item), *_step(item, workflow))),
            Action(verb="assign", label="Hand over", item=item.key),
            Action(verb="evidence", label="Add evidence", item=item.key, more=True),
            Action(verb="except", label="Raise an exception", item=item.key, more=True),
        ),
    )


def handed_on(item: Item, workflow: Workflow, notice: Handed) -> Message:
    """What their card becomes who had it: where it is now; nothing is left to press."""
    after = item.handoffs[notice.number] if notice.number < len(item.handoffs) else None
    lines: list[Line] = [_by_name(status(item, workflow))]
    if after is not None and after.back:
        lines.insert(0, (Who(after.passed_from), f" sent it back from {after.left}: ", Quote(after.cause)))
    headline: Line = heading(item, workflow)
    return Message(subject=f"{subject_of(item, workflow)} [{item.key}]", headline=headline, lines=tuple(lines))


def _by_name(line: Line) -> Line:
    """The same without a mention: whoever reads the card is the only one who must act."""
    return tuple(Who(part.identity) if isinstance(part, Who) else part for part in line)


def _on_it(item: Item) -> tuple[Action, ...]:
    return () if item.acknowledged_at else (Action(verb="ack", label="I'm on it", item=item.key),)


def _step(item: Item, workflow: Workflow) -> tuple[Action, ...]:
    """What it still needs here, or its end. Never its next stage: this card may be old, and would move it twice."""
    step = next_step(item, workflow)
    waits = item.missing or item.open_trouble()
    return (replace(step, more=False),) if step.verb in ("tick", "close") and not waits else ()


def _what_came(item: Item) -> Line:
    """Their first words; of what the rules opened or nobody could read, the sentence that says so."""
    if item.requester == DOCKET:
        return (item.text,)
    return ("They wrote ", Quote(" ".join(item.text.split())[:300]), *with_files(item))


def _known(item: Item, book: Rulebook, entries: Sequence[Entry]) -> tuple[Section, ...]:
    """What was asked and said, decided and proved, and what came along, as far as there is any."""
    decided = [decided_line(item, t, book) for t in item.exceptions if t.decision is not None]
    proofs: list[Line] = [(f"{e.id} {e.kind}: ", Quote(e.value), " by ", Who(e.by)) for e in item.evidence]
    files: list[Line] = [(Strong(file.name or "erased"), f"  {file.media_type}") for file in files_of(entries)]
    earlier = item.returns[:-1] if item.handoffs and item.handoffs[-1].back else item.returns
    lists: tuple[tuple[str, Sequence[Line], int], ...] = (
        ("Sent back before", [(Who(h.passed_from), ": ", Quote(h.cause)) for h in earlier], SAID),
        ("Asked and said", _talk(entries, book), SAID + 1),
        ("Decided", decided, DECIDED),
        ("Proof", proofs, PROVED),
        ("Files", files, FILES),
    )
    return tuple(_section(name, lines, most, item) for name, lines, most in lists if lines)


def _section(name: str, lines: Sequence[Line], most: int, item: Item) -> Section:
    more = len(lines) - most
    rest = f"and {more} more: /docket show {item.key}" if more > 0 else ""
    return Section(heading=name, rows=tuple(Row(line=line) for line in lines[-most:]), rest=rest)


def _talk(entries: Sequence[Entry], book: Rulebook) -> list[Line]:
    """What was asked for, and then what was said, oldest first; what was told to the bot alone is no talk."""
    asked = Counter(name for e in entries if e.kind == "asked" for name in e.facts.get("fields", ()))
    said: list[Line] = [
        (Who(str(e.texts.get("from") or e.by)), ": ", Quote(_short(str(e.texts["text"]))))
        for e in entries
        if e.kind == "attached"
        and str(e.texts.get("text", "")).strip()
        and not e.facts.get("automatic")
        and not (e.via == "mail" and e.by in book.people and isinstance(parse(str(e.texts["text"])), Parsed))
    ]
    questions: list[Line] = [
        (Who(e.by), " asked: ", Quote(_short(str(e.texts.get("question", "")))))
        for e in entries
        if e.kind == "questioned"
    ]
    for_fields: list[Part] = []
    for name, count in asked.items():
        for_fields += [", " if for_fields else "Asked for ", name, f" ({count} times)" if count > 1 else ""]
    return [*([tuple(part for part in for_fields if part)] if for_fields else []), *questions, *said][-SAID - 1 :]


def _origin(past: Past, book: Rulebook, links: Mapping[str, str]) -> tuple[Section, ...]:
    """All that is known of the item that this one comes from."""
    if past.origin is None:
        return ()
    item, workflow, entries = past.origin
    key: Part = Link(links[item.key], item.key) if item.key in links else Strong(item.key)
    first: list[Line] = [
        (key, *heading(item, workflow)[1:]),
        _by_name(status(item, workflow)),
        facts(item, workflow),
        _what_came(item),
    ]
    rows = [*first, *(row.line for section in _known(item, book, entries) for row in section.rows)]
    return (Section(heading=f"Where it comes from: {item.key}", rows=tuple(Row(line=line) for line in rows)),)


def _thread(item: Item) -> Line:
    return (" · ", Link(item.source.permalink, "Open the thread")) if item.source.permalink else ()


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= _SAID_CHARACTERS else folded[: _SAID_CHARACTERS - 1].rstrip() + "…"
