"""The front door of the rulebook: its text in, a Rulebook without a hole out, or all holes at once."""

from __future__ import annotations

from hashlib import sha256

from rules.book.holes import Hole, Holes
from rules.book.loading import builtin, places
from rules.book.loading.defaults import read_defaults
from rules.book.loading.fields import channel_name, check_overlaps
from rules.book.loading.hours import read_calendars, read_digests
from rules.book.loading.known import known_of
from rules.book.loading.people import read_codes, read_people
from rules.book.loading.shape import Loading, Part, TooManyHoles
from rules.book.loading.source import read_source
from rules.book.loading.workflows import check_carried, check_keys, workflows_of
from rules.book.rulebook import Rulebook

__all__ = ["Hole", "Holes", "load"]

_KEYS = (
    "version", "organization", "timezone", "currency", "operator", "calendars", "people", "reason_codes",
    "defaults", "workflows", "lane", "digests",
)  # fmt: skip


def load(text: str | bytes, file: str = "rulebook.yml") -> Rulebook:
    """Read a rulebook. `file` names it in holes. `version` of the result is the SHA-256 (hex) of the text's bytes.

    Raises Holes with every hole of the text, sorted by line.
    """
    loading = Loading(file)
    try:
        root = read_source(text, loading.report)
        if root is not None:
            loading.known = known_of(root)
            book = _book(loading, Part(loading, root, "the rulebook"), _version(text))
            if not loading.holes:
                return book
    except TooManyHoles:
        pass  # those that were found are told; the others after them
    raise Holes(loading.holes)


def _book(loading: Loading, top: Part, version: str) -> Rulebook:
    top.allow(*_KEYS)
    _format(top)
    timezone = places.timezone(top, "timezone", "UTC", needed=True)
    people = read_people(top)
    approve, reject = read_codes(top)
    operator = top.person("operator")
    workflows = workflows_of(loading, top)
    check_keys(workflows)
    check_carried(workflows)
    check_overlaps([(part, workflow.intake) for part, workflow in workflows])
    if operator and len(people) == 1:
        top.hole("the operator is the only person", "Someone must be the backup; name a second person.", "people")
    ours = builtin.workflows_beside([workflow for _, workflow in workflows], operator, people)
    return Rulebook(
        version=version,
        organization=top.text("organization", needed=True, meant="Name it; digests carry it."),
        timezone=timezone,
        currency=places.currency(top, "currency"),
        operator=operator,
        calendars=read_calendars(top, timezone),
        people=people,
        reason_codes={**builtin.REVIEWED, **approve, **reject, **builtin.APPROVE, **builtin.REJECT},
        approve_codes=(*approve, *builtin.APPROVE),
        reject_codes=(*reject, *builtin.REJECT),
        defaults=read_defaults(top),
        workflows={workflow.name: workflow for workflow in (*(workflow for _, workflow in workflows), *ours)},
        digests=read_digests(top, people),
        lane_channel=_lane(top),
    )


def _format(top: Part) -> None:
    """`version` is the format's, and there is one."""
    if "version" not in top:
        top.missing("version", "Write `version: 1`.")
    elif top.text("version") != "1":
        top.hole(f"version {top.text('version')} of the format is not known", "Write `version: 1`.", "version")


def _lane(top: Part) -> str | None:
    part = top.part("lane")
    if part is None:
        return None
    part.allow("channel")
    return channel_name(part, "channel")


def _version(text: str | bytes) -> str:
    return sha256(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text).hexdigest()
