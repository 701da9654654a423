"""The grammar of what people of the rulebook tell the bot by mail: one command, in the first line of what they wrote.

    approve [KEY[/EXCEPTION]] CODE because WHY      `:` or `-` may stand for `because`
    reject  [KEY[/EXCEPTION]] CODE because WHY
    ask [KEY] QUESTION
    changes [KEY] because WHAT IS MISSING           of an approval
    reply KEY TEXT                                  all of the mail goes to whoever asked
    this wasn't me                                  in answer to the receipt of a decision

and what can be typed after `/docket`, in the same words (rules/commands.py): claim, assign, next, tick, close,
evidence, set, except, snooze, ack, reopen, breakglass, show, why, decide, mine, list, exceptions, digest, web, help,
new.
KEY may be left out where the letter that is answered names the item. Words count in any case; quotation marks around
the line are passed over. What follows a line that a mail program broke (some 70 characters) belongs to it.

Nothing else is a decision: not "approved", "yes", "ok", nor a line that asks, doubts or sets a condition ("approve?",
"approve CODE, but ..."). And nothing else is a command: a line that only begins like one ("Show me the money, please")
is something said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from rules.book.durations import parse_short
from rules.book.rulebook import Rulebook, Workflow
from rules.checklists import STATES
from rules.commands import Parsed, parse
from rules.handing import meant
from rules.items import PROOFS
from rules.small_talk import small_talk

DECISIONS: Final = ("approve", "reject")
_MOST_CHARACTERS = 4000  # of a line that is read
_A_NAME = 40
_BROKEN = 55  # a line this long may have been broken by a program; what follows a shorter one is another line
_MARKS = "`\"'“”‘’„«»*_ \t\u00a0"
_DASHES = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", "ʼ": "'", "\u00a0": " "})
_DECISION = re.compile(r"(approve|reject) (?:([a-z][a-z0-9]{0,9}-[0-9]{1,12}(?:/[a-z][a-z0-9_]{0,60})?) )?([a-z0-9_]+)")
_BECAUSE = re.compile(r",? ?\bbecause\b[:,]? ?| ?[:-] ?", re.IGNORECASE)
_CONDITION = re.compile(r"(but|if|only|unless|not|no|when|once|after|provided|except|as long as|maybe|perhaps)\b")
_DENIAL = re.compile(r"\b(not|can'?t|cannot|don'?t|won'?t|never) (approve|reject)")
_NOT_ME = re.compile(r"(this|that|it) (wasn'?t|was not) me[.! ]*")
_LONE: Final = frozenset({"show", "why", "claim", "next", "ack", "accept", "decide"})
#: A short line with one of these and something wrong in it is refused with the mend, which a sentence would not need.
_REFUSED: Final = frozenset({"assign", "snooze", "set", "evidence", "except"})
_SHORT = 3  # words
_BARE: Final = frozenset({"mine", "help", "list", "exceptions", "digest", "quarantine", "web"})
_KEYED: Final = frozenset({"back", "breakglass", "disavow"})
_REPLY = re.compile(r"[\W_]*reply\s+\S+\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unclear:
    """It begins as a decision and is none; `why` says in a sentence what stands in the way."""

    why: str


def read(text: str, book: Rulebook, workflow: Workflow | None) -> Parsed | Unclear | None:
    """What the new text of a mail tells the bot; None: it is talk. `workflow`: the item's that it is about, if any."""
    line = first_line(text)
    if _NOT_ME.fullmatch(line.casefold()):
        return Parsed(verb="disavow")
    word = line.partition(" ")[0].casefold()
    if word.rstrip("?!.,:;") in DECISIONS:
        return _decision(line, text)
    if not word or len(line) >= _MOST_CHARACTERS:
        return None
    tries = (parse(line), parse(line.rstrip(".! ")))
    parsed = next((one for one in tries if isinstance(one, Parsed) and _complete(one, line, book, workflow)), None)
    if parsed is None:
        return None
    if parsed.verb in _BARE and parsed.item is None and not _nothing_more(text):
        return None  # "Help" above a story is the story's first word
    if parsed.verb == "reply":
        # Other words of a mail are for us; these are for somebody else, all of them and as they stand.
        return replace(parsed, words=_REPLY.sub("", text[: 2 * _MOST_CHARACTERS], count=1).strip())
    return parsed


def key_named(text: str) -> str | None:
    """The KEY of a line that reads like a command about an item: `show REF-12`, `approve ref-12/OVER_LIMIT ...`."""
    line = first_line(text)
    parsed = parse(line.rstrip(".! ")) if line else None
    return parsed.item if isinstance(parsed, Parsed) else None


def commands(text: str, book: Rulebook, workflow: Workflow) -> bool:
    """Whether a text that names an item tells the bot something, and is no talk about that item."""
    return read(text, book, workflow) is not None


def decides(text: str) -> bool:
    """Whether a text begins with the word for a decision, whatever follows."""
    return first_line(text).partition(" ")[0].casefold().rstrip("?!.,:;") in DECISIONS


def first_line(text: str) -> str:
    """The first line that is not empty, with what a mail program broke off it, folded; quotation marks taken off."""
    lines = [line.strip() for line in text[: 2 * _MOST_CHARACTERS].split("\n")]
    begin = next((at for at, line in enumerate(lines) if line), len(lines))
    said: list[str] = []
    for line in lines[begin:]:
        if not line or (said and len(said[-1]) < _BROKEN):
            break
        said.append(line)
    return " ".join(" ".join(said).translate(_DASHES).split())[:_MOST_CHARACTERS].strip(_MARKS)


def _decision(line: str, text: str) -> Parsed | Unclear:
    if any(decides(other) for other in _lines_after_the_first(text)):
        return Unclear("There are two decisions in it.")
    found = _DECISION.match(line.casefold())
    if found is None or (code := found.group(3)) == "because":
        return Unclear("It names no reason code.")
    rest = line[found.end() :]
    because = _BECAUSE.match(rest)
    if because is None:
        if rest.lstrip().startswith("?"):
            return Unclear("There is a question mark in it.")
        return Unclear("After the code comes `because` and a sentence." if rest.strip() else "It does not say why.")
    why = rest[because.end() :].strip(_MARKS)
    if not any(letter.isalnum() for letter in why):
        return Unclear("It does not say why.")
    if why.endswith("?"):
        return Unclear("It ends with a question mark.")
    if "because" not in because.group().casefold() and _CONDITION.match(why.casefold()):
        return Unclear("It sets a condition.")
    if _DENIAL.search(why.casefold()):
        return Unclear("It says so and denies it.")
    parsed = parse(" ".join(filter(None, (found.group(1), found.group(2), code, "because", why))))
    assert isinstance(parsed, Parsed), "a decision's words are a command's"
    return parsed


def _lines_after_the_first(text: str) -> list[str]:
    filled = [line for line in text[: 2 * _MOST_CHARACTERS].split("\n") if line.strip()]
    return filled[1:]


def _nothing_more(text: str) -> bool:
    """Whether at most a greeting or a name stands below the first line."""
    rest = "\n".join(_lines_after_the_first(text)).strip()
    return len(rest) <= _A_NAME or small_talk(rest)


def _complete(parsed: Parsed, line: str, book: Rulebook, workflow: Workflow | None) -> bool:
    """Whether nothing is missing and nothing left over: else it is a sentence that begins with a verb of ours."""
    if parsed.verb in _LONE:
        return not parsed.words
    if parsed.verb in _KEYED:
        return parsed.item is not None
    if parsed.verb == "changes":  # "Changes to the plan" is something said
        return bool(parsed.words) and (parsed.item is not None or line.casefold().startswith("changes because "))
    check = _CHECKS.get(parsed.verb)
    if check is None:
        return False
    return check(parsed, book, workflow) or (parsed.verb in _REFUSED and len(line.split()) <= _SHORT)


def _until(parsed: Parsed) -> bool:
    try:
        parse_short(parsed.until or "")
    except ValueError:
        try:
            date.fromisoformat(parsed.until or "")
        except ValueError:
            return False
    return True


def _is_workflow(name: str | None, book: Rulebook) -> bool:
    return any((name or "") in (w.name, w.key.lower()) for w in book.workflows.values())


_CHECKS: dict[str, Callable[[Parsed, Rulebook, Workflow | None], bool]] = {
    "close": lambda said, _, __: not said.words or said.name == "override",
    "assign": lambda said, book, _: meant(book, said.person or "") is not None,
    "snooze": lambda said, _, __: _until(said),
    "set": lambda said, _, workflow: bool(workflow and said.name in workflow.fields and said.words),
    "evidence": lambda said, _, __: said.name in PROOFS,
    "tick": lambda said, _, __: (said.name or "").isdecimal() and said.words.partition(" ")[0].lower() in ("", *STATES),
    "except": lambda said, _, workflow: bool(workflow and said.code in workflow.exceptions),
    "ask": lambda said, _, __: bool(said.words),
    "reply": lambda said, _, __: bool(said.item and said.words),
    "reopen": lambda said, _, __: bool(said.words),
    "new": lambda said, book, _: _is_workflow(said.workflow, book),
    "mine": lambda said, _, __: not said.name,
    "exceptions": lambda said, book, _: not said.workflow or _is_workflow(said.workflow, book),
    "quarantine": lambda said, _, __: not said.name,
    "web": lambda said, _, __: not said.name,
    "list": lambda said, book, _: not said.workflow or _is_workflow(said.workflow, book),
    "pause": lambda said, book, _: _is_workflow(said.workflow, book),
    "resume": lambda said, book, _: _is_workflow(said.workflow, book),
    "digest": lambda said, book, _: not said.name or said.name in book.digests,
    "help": lambda said, _, __: not said.name,
    "away": lambda said, book, _: said.until == "over" or bool(said.until and meant(book, said.person or "")),
}
