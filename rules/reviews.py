"""Post-reviews: what was done without asking is looked at by somebody else, who says whether it was needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from rules.book.loading.builtin import ABOUT, PASSED, WHY, review_code
from rules.book.rulebook import ExceptionRule
from rules.draft import Draft
from rules.items import Item, Trouble
from rules.people import seat
from rules.stages import finish
from rules.wording.lines import title


def ask_for_review(draft: Draft, done: str, passed: str, why: str, code: str = "") -> str:
    """Have what the acting person did to the draft's item reviewed, from this take on; gives who reviews it.

    `done` says what it was in a few words (`broke the glass on REF-12`), `passed` what it went past, `why` their own
    words. `code`: what is asked about it, where that is not whether it was needed.
    """
    code = code or review_code(draft.workflow)
    rule = rule_of(draft, code)
    who = draft.book.named(draft.by)
    draft.start(
        "",
        "review",
        title=f"{who} {done} ({title(draft.item, draft.workflow)})",
        text=f"{who} {done}: {why}",
        fields={ABOUT: draft.key, WHY: why, **({PASSED: passed} if passed else {})},
        code=code,
        owner=rule.owner,
    )
    reviewer, _ = seat(draft.book, draft.workflow, rule.owner, rule.backup, draft.by, draft.now)
    return reviewer


def rule_of(draft: Draft, code: str) -> ExceptionRule:
    """How a review of that code is asked for: by today's rulebook, or by the item's own where that one has it not."""
    books = (draft.book, draft.world.book_of(draft.item.rulebook))
    rules = (book.built_in("review").rule(code) for book in books)
    return next(rule for rule in rules if rule is not None)


def conclude(draft: Draft, trouble: Trouble) -> None:
    """The verdict closes the review; it is the proof that there was one."""
    last = draft.item.last_trouble(trouble.code)
    assert last is not None
    assert last.decision is not None, "it was decided a moment ago"
    said = f"{last.decision.reason_code}: {last.decision.rationale}"
    draft.record(
        "evidenced",
        {
            "id": f"{draft.key}/E{len(draft.item.evidence) + 1}",
            "kind": "status",
            "sha256": hashlib.sha256(said.encode("utf-8", "replace")).hexdigest(),
        },
        {"value": said},
    )
    finish(draft, "done" if last.decision.verdict == "approve" else "rejected")


def overdue(items: Iterable[Item], now: datetime) -> dict[str, list[tuple[Item, Trouble]]]:
    """The undecided reviews among these that were due before `now` (UTC), by who owns them, the oldest due first.

    `items` are items of the built-in reviews.
    """
    late = [(item, t) for item in items for t in item.open_trouble() if t.due_at < now]
    found: dict[str, list[tuple[Item, Trouble]]] = {}
    for item, trouble in sorted(late, key=lambda pair: (pair[1].due_at, pair[0].key)):
        found.setdefault(trouble.owner, []).append((item, trouble))
    return found
