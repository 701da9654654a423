"""People and the words that every decision names: `people`, `reason_codes`."""

from __future__ import annotations

import re

from rules.book.loading import places
from rules.book.loading.sentences import one_sentence
from rules.book.loading.shape import Part
from rules.book.loading.source import Node
from rules.book.patterns import shortened
from rules.book.rulebook import Away, Person

IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]{0,40}", re.ASCII)
CODE = re.compile(r"[A-Z][A-Z0-9_]{0,40}", re.ASCII)

_TEAM_NAME = re.compile(
    r"\b(teams?|groups?|departments?|dept|help ?desk|desk|queue|(shared )?inbox|mailbox|support|committee|squad|"
    r"everyone|everybody|operations|on-?call|customer services?)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r" (and|und|et|y|or) |[&/+;]", re.IGNORECASE)
_SHARED_BOX = frozenset((
    "abuse", "accounts", "admin", "all", "billing", "contact", "desk", "everyone", "finance", "hello", "help",
    "helpdesk", "hr", "info", "inbox", "it", "jobs", "legal", "mail", "no-reply", "noreply", "office", "operations",
    "ops", "postmaster", "press", "refunds", "root", "sales", "service", "support", "team", "webmaster",
))  # fmt: skip


def read_people(top: Part) -> dict[str, Person]:
    """Everyone who can own something, by key."""
    if "people" not in top:
        top.missing("people", "Name everyone who owns something.")
    found = {name.text: _person(name, part) for name, part in top.named("people", "person")}
    _shared(top, "email", {key: person.email.casefold() for key, person in found.items()})
    _shared(top, "slack", {key: person.slack or "" for key, person in found.items()})
    _circles(top, found)
    return found


def read_codes(top: Part) -> tuple[dict[str, str], dict[str, str]]:
    """Reason codes to approve with and to reject with, and what each means."""
    codes = top.part("reason_codes")
    if codes is None:
        top.missing("reason_codes", "Every decision names one: give approve and reject codes.")
        return {}, {}
    codes.allow("approve", "reject")
    approve, reject = _codes(codes, "approve"), _codes(codes, "reject")
    rejecting = codes.part("reject") if reject else None
    for name, _ in rejecting.items() if rejecting else ():
        if name.text in approve:
            codes.loading.at(name, f"`{name.text}` approves and rejects", "A code belongs to one verdict; rename one.")
    return approve, reject


def _codes(codes: Part, verdict: str) -> dict[str, str]:
    part = codes.part(verdict)
    if part is None:
        codes.missing(verdict, "Every decision names a code.")
        return {}
    found = {}
    for name, value in part.items():
        if not CODE.fullmatch(name.text):
            part.loading.at(name, f"the code `{name.text}` must be like NO_PROOF", "Use capitals, digits and _.")
        if name.text in ("MENDED", "KNOWN"):
            part.loading.at(name, f"`{name.text}` is the bot's own reason code", "Choose another name.")
        found[name.text] = one_sentence(part.loading, value, f"the meaning of `{name.text}`")
    if not found:
        codes.hole(f"there is no reason code to {verdict} with", "Every decision names one.", verdict)
    return found


def _person(name: Node, part: Part) -> Person:
    part.allow("name", "email", "slack", "manager", "timezone", "away")
    if not IDENTIFIER.fullmatch(name.text):
        part.hole(f"the key `{name.text}` of a person must be like dana", "Use small letters, digits, - and _.")
    full = part.text("name", needed=True, meant="A real name, like Dana Ruiz.")
    email = places.address(part, "email")
    local = email.partition("@")[0].casefold()
    if full and not any(letter.isalpha() for letter in full):
        part.hole(f"`{full}` is not a person's name", "A real name, like Dana Ruiz.", "name")
    if _TEAM_NAME.search(full) or local in _SHARED_BOX:
        key = "name" if _TEAM_NAME.search(full) else "email"
        part.hole(f"`{full if key == 'name' else email}` is a team or a shared inbox", "Name one person.", key)
    elif _SEVERAL.search(full):
        part.hole(f"`{full}` is more than one person", "Name one person.", "name")
    manager = part.person("manager", needed=False, noun="manager") or None
    if manager == name.text:
        part.hole(f"`{name.text}` is their own manager", "Leave `manager` out at the top.", "manager")
        manager = None
    return Person(
        key=name.text,
        name=full,
        email=email,
        slack=places.slack_person(part, "slack"),
        manager=manager,
        timezone=places.timezone(part, "timezone", "") or None,
        away=_away(part, name.text),
    )


def _away(part: Part, key: str) -> Away | None:
    away = part.part("away")
    if away is None:
        return None
    away.allow("until", "for")
    node = away.value("until")
    if node is None:
        away.missing("until", "Write a day, like 2026-12-01.")
        return None
    stand_in = away.person("for", noun="stand-in")
    if stand_in == key:
        away.hole(f"`{key}` stands in for themselves", "Name somebody else.", "for")
    return Away(until=away.day(node, "`until`"), stand_in=stand_in)


def _shared(top: Part, what: str, values: dict[str, str]) -> None:
    """Two people behind one identity: nobody could tell who decided."""
    first: dict[str, str] = {}
    for name, part in top.named("people", "person"):
        value = values.get(name.text, "")
        if value and value in first:
            part.hole(f"`{name.text}` has the {what} of `{first[value]}`", "Each person has their own.", what)
        first.setdefault(value, name.text)


def _circles(top: Part, people: dict[str, Person]) -> None:
    """Managers in a circle: an escalation would never reach anyone new."""
    settled: set[str] = set()
    for name, part in top.named("people", "person"):
        path: dict[str, None] = {}
        key: str | None = name.text
        while key in people and key not in settled and key not in path:
            path[key] = None
            key = people[key].manager
        if key in path:
            circle = [*list(path)[list(path).index(key) :], key]
            part.hole(
                f"managers in a circle: {shortened(' -> '.join(circle), 100)}", "Someone is at the top.", "manager"
            )
        settled |= path.keys()
