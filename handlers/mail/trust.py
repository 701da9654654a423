"""What a receiver that we trust found out about a sender: Authentication-Results (RFC 8601), parsed, not searched.

From proves nothing, and anybody can write such a field. What counts stands where only our border can have put it, under
exactly the name that the inbox's settings give it, says pass for just From's domain, and is contradicted by nothing.

Where it stands (`authserv=` of the inbox):
    NAME            above the topmost Received line.
    below:NAME      down to the line below the topmost `Received: ... by NAME`: of Postfix with its filters, or where
                    machines of ours pass the mail on. A forged one could stand there, too: it says as well that the
                    border removes what comes in under its name (RFC 8601, section 5). mx.google.com is known to.
    microsoft365    Microsoft 365 writes the field without a name; its topmost one counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from handlers.mail.headers import Headers

Trust = Literal["", "aligned", "failed"]

#: The value of `authserv=` for inboxes on Microsoft 365, which writes the field without a name of its own
#: (learn.microsoft.com, "Anti-spam message headers in Microsoft 365").
MICROSOFT365 = "microsoft365"
BELOW = "below:"
_BELOW_KNOWN = frozenset({"mx.google.com"})

_FIELD = "authentication-results"
_MOST_CHARACTERS, _MOST_FIELDS = 16 * 1024, 50
_BY = re.compile(r"(?i)(?:^|\s)by\s+([^\s;()]+)")
_WORD = re.compile(r"""[^\s;()"=]+""")
_VALUE = re.compile(r"""[^\s;()"]+""")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:/[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result in small letters; `properties` by name (`header.from`), in small letters."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


class Malformed(ValueError):
    """A field that the grammar of RFC 8601, section 2.2 does not make: nothing in it counts."""


def trust(headers: Headers, by: str, authserv: str | None) -> Trust:
    """`aligned`: the receiver `authserv` vouches for `by`'s domain. `failed`: it says dmarc=fail. "": neither.

    `by` is the one plain address of From ("" where there is none to believe: then nobody can vouch for it).
    """
    if not authserv:
        return ""
    domain = by.rpartition("@")[2].lower()
    if authserv.lower() == MICROSOFT365:
        return _microsoft(headers, domain)
    name = authserv.lower().removeprefix(BELOW)
    below = authserv.lower().startswith(BELOW) or name in _BELOW_KNOWN
    believed: list[Result] = []
    for value, within in _fields(headers, name, below=below):
        try:
            whose, results = parse(value)
        except Malformed:
            if within and name in value.lower():
                return ""  # ours perhaps, and unreadable: no telling what it says
            continue
        if whose != name:
            continue
        # nobody forges a failure of their own: that one counts wherever it stands
        if any(one.method == "dmarc" and one.result == "fail" for one in results):
            return "failed"
        if within:
            believed += results
    return "aligned" if domain and _aligned(believed, domain) else ""


def _aligned(results: list[Result], domain: str) -> bool:
    """DMARC passed for just this domain; or it has no policy, and a DKIM signature of just this domain passed."""
    dmarc = [one for one in results if one.method == "dmarc"]
    if not dmarc or any(_domain(one.properties.get("header.from", domain)) != domain for one in dmarc):
        return False
    if all(one.result == "pass" and "header.from" in one.properties for one in dmarc):
        return True
    dkim = [one for one in results if one.method == "dkim" and _domain(one.properties.get("header.d", "")) == domain]
    return all(one.result == "none" for one in dmarc) and bool(dkim) and all(one.result == "pass" for one in dkim)


def _domain(value: str) -> str:
    """Compared in ASCII: a name in letters of other scripts is never From's, which is ASCII or not believed."""
    name = value.rpartition("@")[2].rstrip(".")
    return name if name.isascii() else ""


def _microsoft(headers: Headers, domain: str) -> Trust:
    """Its topmost field alone; its own guess (compauth) must agree, and is never enough."""
    value = headers.first(_FIELD)
    try:
        results = _results(_Scanner(f";{value}"))
    except Malformed:
        return ""
    dmarc = [one for one in results if one.method == "dmarc"]
    if any(one.result == "fail" for one in dmarc):
        return "failed"
    guess = [one.properties.get("compauth") for one in results if "compauth" in one.properties]
    guess += [one.result for one in results if one.method == "compauth"]
    passed = len(dmarc) == 1 and dmarc[0].result == "pass"
    ours = passed and _domain(dmarc[0].properties.get("header.from", "")) == domain
    return "aligned" if domain and ours and guess == ["pass"] else ""


def _fields(headers: Headers, name: str, *, below: bool) -> list[tuple[str, bool]]:
    """Every field with whether it stands where our border puts its own."""
    rows = [(key, value) for key, value in headers.fields if key in ("received", _FIELD)]
    lines = [at for at, (key, _) in enumerate(rows) if key == "received"]
    end = lines[0] if lines else len(rows)
    if below and (border := next((at for at in lines if _by(rows[at][1]) == name), None)) is not None:
        end = next((at for at in lines if at > border), len(rows))
    found = [(" ".join(value.split()), at < end) for at, (key, value) in enumerate(rows) if key == _FIELD]
    return found[:_MOST_FIELDS]


def _by(received: str) -> str:
    found = _BY.search(_without_comments(received[:_MOST_CHARACTERS]))
    return found.group(1).lower().rstrip(".") if found else ""


def _without_comments(value: str) -> str:
    out, depth = [], 0
    for char in value:
        depth = max(0, depth + (char == "(") - (char == ")"))
        if depth == 0:
            out.append(" " if char == ")" else char)
    return "".join(out)


def parse(value: str) -> tuple[str, list[Result]]:
    """A field's value: the authserv-id in small letters, and its results ([] for `none`). Raises Malformed."""
    scanner = _Scanner(value)
    whose = scanner.value().lower()
    if scanner.peek() not in (";", ""):
        version = scanner.word()
        if not version.isdecimal():
            raise Malformed("only a version may follow the authserv-id")
    return whose, _results(scanner)


def _results(scanner: _Scanner) -> list[Result]:
    found: list[Result] = []
    while scanner.peek():
        scanner.take(";")
        if not scanner.peek():  # one semicolon at the end is common
            break
        method = scanner.word().lower()
        if method == "none" and not found and not scanner.peek():
            return []
        if not _NAME.fullmatch(method):
            raise Malformed("no method")
        scanner.take("=")
        result = scanner.word().lower()
        properties: dict[str, str] = {}
        while scanner.peek() not in (";", ""):
            name = scanner.word().lower()
            scanner.take("=")
            said = scanner.value().lower()
            if properties.setdefault(name, said) != said:
                raise Malformed("two values for one property")
        found.append(Result(method.partition("/")[0], result, properties))
    return found


class _Scanner:
    """Reads a field from left to right; comments and white space (CFWS, RFC 5322) are passed over between pieces."""

    def __init__(self, value: str) -> None:
        if len(value) > _MOST_CHARACTERS:
            raise Malformed("too long")
        self._value, self._at = value, 0

    def peek(self) -> str:
        """The next character that counts, "" at the end."""
        self._skip()
        return self._value[self._at : self._at + 1]

    def take(self, char: str) -> None:
        if self.peek() != char:
            raise Malformed(f"no {char!r} where it must stand")
        self._at += 1

    def word(self) -> str:
        self._skip()
        return self._match(_WORD)

    def value(self) -> str:
        """A word or a quoted string, and what may follow that without a blank: `"a b"@domain`."""
        if self.peek() != '"':
            return self._match(_VALUE)
        quoted = re.sub(r"\\(.)", r"\1", self._match(_QUOTED)[1:-1])
        rest = _VALUE.match(self._value, self._at)
        return quoted + (self._match(_VALUE) if rest else "")

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._value, self._at)
        if found is None:
            raise Malformed("a word is missing")
        self._at = found.end()
        return found.group()

    def _skip(self) -> None:
        depth = 0
        while self._at < len(self._value):
            char = self._value[self._at]
            if char == "\\" and depth:
                self._at += 1
            elif char == "(":
                depth += 1
            elif char == ")" and depth:
                depth -= 1
            elif not depth and not char.isspace():
                return
            self._at += 1
        if depth:
            raise Malformed("a comment without an end")
