"""How earlier decisions are told to whoever decides now, and how one of them fills the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.items import Trouble
from rules.messages import Action, Line, Link, Part, Quote, Strong, When
from rules.precedents import Precedent

_QUOTED = 120


def like_before(like: Sequence[Precedent], links: Mapping[str, str]) -> tuple[Line, ...]:
    """`Like this before: REF-7 approved, DOUBLE_CHARGE, "log shows both" (Oct 2, done)`, a line for each."""
    return tuple(_told(one, links, first=n == 0) for n, one in enumerate(like))


def _told(one: Precedent, links: Mapping[str, str], *, first: bool) -> Line:
    address = one.permalink or links.get(one.key)
    key: Part = Link(address, one.key) if address else Strong(one.key)
    done = "approved" if one.decision.verdict == "approve" else "rejected"
    why = one.decision.rationale
    return (
        "Like this before: " if first else "and ",
        key,
        f" {done}, {one.decision.reason_code}, ",
        Quote(why if len(why) <= _QUOTED else why[: _QUOTED - 1].rstrip() + "…"),
        " (",
        When(one.decision.at, "day"),
        f", {one.ended})",
    )


def as_in(like: Sequence[Precedent], item: str, trouble: Trouble) -> tuple[Action, ...]:
    """To decide as it was decided before: the form with that code and those words in it, for the person to sign."""
    return tuple(
        Action(verb="decide", label=f"As in {one.key}", item=item, code=trouble.code, like=one.key, more=True)
        for one in like[:2]
    )
