"""How items ended, and what they went through twice: from their entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from rules.figures_stays import Step

#: The kinds of entries by which an ending is judged.
JUDGED: Final = ("raised", "returned", "reopened", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """An item that was closed as done in some time, the last time at `at`; what had happened to it by the end of that.

    `returned` and `reopened` count how often; `repeated` are the codes that were raised on it more than once.
    """

    item: str
    workflow: str
    at: datetime
    returned: int = 0
    reopened: int = 0
    repeated: tuple[str, ...] = ()

    @property
    def first_time(self) -> bool:
        """Whether it was right at once: nothing came back, nothing was raised a second time."""
        return not (self.returned or self.reopened or self.repeated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Work went back: an item was sent back or reopened, its approval was sent back, or a code was raised on it again.

    `left` is where it was, `to` where it went; of an approval and a code, those.
    """

    item: str
    workflow: str
    kind: Literal["sent back", "reopened", "approval sent back", "raised again"]
    left: str
    to: str
    at: datetime


def ending(item: str, workflow: str, steps: Iterable[Step], since: datetime) -> Ending | None:
    """How it ended since then; None: it was not closed as done. `steps` are its entries, in order, up to the end of
    the time that is judged.
    """
    at, returned, reopened, codes, repeated = None, 0, 0, set(), []
    for kind, moment, facts in steps:
        match kind:
            case "closed" if facts["outcome"] == "done" and moment >= since:
                at = moment
            case "returned":
                returned += 1
            case "reopened":
                reopened += 1
            case "raised" if facts["code"] in codes:
                repeated.append(facts["code"])
            case "raised":
                codes.add(facts["code"])
    if at is None:
        return None
    return Ending(
        item=item, workflow=workflow, at=at, returned=returned, reopened=reopened,
        repeated=tuple(dict.fromkeys(repeated)),
    )  # fmt: skip
