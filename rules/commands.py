"""The grammar of what people type after `/docket`, after a mention, or in a direct message.

    new WORKFLOW [text]            mine        list|exceptions [WORKFLOW]             help [VERB]
    show|why|claim|next|accept|ack|decide KEY                       digest [NAME]     report NAME       web
    close KEY [override CODE why]
    assign KEY @person             back|reopen KEY cause            ask KEY question
    except KEY CODE why            approve|reject KEY[/EXCEPTION] CODE why
    set KEY field value            evidence KEY kind value
    tick KEY n [pass|fail|blocked|undo why]
    snooze KEY 2h                  away [@who] until D for @person  breakglass KEY why
    pause [WORKFLOW] [why]         resume [WORKFLOW]                disavow KEY       quarantine
    changes KEY[/EXCEPTION] what is missing                         reply KEY text

Words are matched in any case; a KEY is letters, a dash and digits (REF-12), with /EXCEPTION where one is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

import re2
from rapidfuzz import fuzz, process

from rules.events import Verb

VERBS: tuple[Verb, ...] = get_args(Verb)

#: What each verb does, in a few words, and how it is typed: help and suggestions are made of this.
USAGE: dict[Verb, tuple[str, str]] = {
    "new": ("open an item", "new WORKFLOW [text]"),
    "mine": ("what is yours and what waits for you", "mine"),
    "list": ("what is open", "list [WORKFLOW]"),
    "show": ("one item, whole", "show KEY"),
    "why": ("why it is due then and who was told", "why KEY"),
    "claim": ("take an item yourself", "claim KEY"),
    "assign": ("hand an item to someone", "assign KEY @person"),
    "next": ("move it to the next stage", "next KEY"),
    "back": ("send it back to where it came from", "back KEY cause"),
    "except": ("raise an exception", "except KEY CODE why"),
    "decide": ("see a decision card again, or decide as before", "decide KEY [as in KEY]"),
    "approve": ("approve an exception", "approve KEY CODE why"),
    "reject": ("reject an exception", "reject KEY CODE why"),
    "evidence": ("add a proof", "evidence KEY kind value"),
    "close": ("close it, with its proof or saying why without", "close KEY [override CODE why]"),
    "snooze": ("be reminded later; deadlines stay", "snooze KEY 2h"),
    "away": ("say who stands in for you", "away until D for @person, away over"),
    "breakglass": ("act first, be reviewed after", "breakglass KEY why"),
    "pause": ("stop a workflow, or all", "pause [WORKFLOW|all] [why]"),
    "resume": ("let it go on", "resume [WORKFLOW|all]"),
    "digest": ("the digest, now", "digest [NAME]"),
    "report": ("a question to the ledger, or a workflow on one page", "report NAME|model WORKFLOW"),
    "help": ("this", "help [VERB]"),
    "accept": ("accept a handoff", "accept KEY"),
    "tick": ("tick a step off", "tick KEY n [pass|fail|blocked|undo why]"),
    "set": ("set a field", "set KEY field value"),
    "ack": ("say that you are on it", "ack KEY"),
    "reopen": ("open it again", "reopen KEY cause"),
    "ask": ("ask the requester something", "ask KEY question"),
    "exceptions": ("what waits for a decision", "exceptions [WORKFLOW]"),
    "quarantine": ("what was held", "quarantine [release|drop ID why]"),
    "changes": ("send an approval back with what is missing", "changes KEY what is missing"),
    "reply": ("answer the requester in your own words", "reply KEY text"),
    "disavow": ("say that a decision in your name was not yours", "disavow KEY"),
    "web": ("a link to look on your own, in a browser", "web"),
}

#: One of each, as somebody would type it.
EXAMPLES: dict[Verb, str] = {
    "new": "new refund ORD-48213 was charged twice, 45 USD",
    "mine": "mine",
    "list": "list refund",
    "show": "show REF-12",
    "why": "why REF-12",
    "claim": "claim REF-12",
    "assign": "assign REF-12 @dana she knows the customer",
    "next": "next REF-12",
    "back": "back REF-12 the amount is wrong",
    "except": "except REF-12 NOT_READY the order is not in the log",
    "decide": "decide REF-12",
    "approve": "approve REF-12 DOUBLE_CHARGE the log shows both captures",
    "reject": "reject REF-12 NO_PROOF the log shows one capture",
    "evidence": "evidence REF-12 receipt re_1234",
    "close": "close REF-12",
    "snooze": "snooze REF-12 2h",
    "away": "away until 2026-12-01 for @lee",
    "breakglass": "breakglass REF-12 the customer stands in the shop",
    "pause": "pause refund the bank is down",
    "resume": "resume refund",
    "digest": "digest morning",
    "report": "report stall-rate",
    "help": "help except",
    "accept": "accept REF-12",
    "tick": "tick REF-12 2",
    "set": "set REF-12 amount 450 USD",
    "ack": "ack REF-12",
    "reopen": "reopen REF-12 the money came back",
    "ask": "ask REF-12 which card was charged?",
    "exceptions": "exceptions",
    "quarantine": "quarantine",
    "changes": "changes ACC-4 until when is it needed?",
    "reply": "reply REF-12 the money goes out today",
    "disavow": "disavow REF-12",
    "web": "web",
}

#: A typed word that is at least this like a verb (rapidfuzz ratio, 100 is equal) was probably meant for it.
MEANT_FROM = 60

_KEY = re2.compile(r"([A-Za-z][A-Za-z0-9]{0,9})-([0-9]{1,12})(?:/([A-Za-z][A-Za-z0-9_]{0,60}))?")
_WITH_KEY = frozenset(
    {"show", "why", "claim", "assign", "next", "back", "except", "decide", "approve", "reject", "evidence", "close",
     "snooze", "breakglass", "accept", "tick", "set", "ack", "reopen", "ask", "disavow", "changes", "reply"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """One command, as far as it was typed; what is missing stays None or "". Attributes as in events.Command."""

    verb: Verb
    item: str | None = None
    code: str | None = None
    reason_code: str | None = None
    workflow: str | None = None
    person: str | None = None
    name: str | None = None
    until: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misunderstood:
    """No command: `sentence` says what was probably meant; `guess` is that verb, if there is one."""

    sentence: str
    guess: Verb | None = None


def key_in(text: str) -> str | None:
    """The first item key in a text (`REF-12`), in capitals, or None."""
    found = _KEY.search(text)
    return f"{found.group(1).upper()}-{int(found.group(2))}" if found else None


def as_key(text: str) -> str | None:
    """The item key that a text is, and nothing besides (`ref-12` is REF-12), or None."""
    found = _KEY.fullmatch(text)
    return key_in(text) if found and not found.group(3) else None


def parse(text: str) -> Parsed | Misunderstood:
    """What was typed, without its leading `/docket` or mention; "" means `mine`, and a KEY alone means `show`."""
    first, rest = _parted(text)
    if not first:
        return Parsed(verb="mine")
    word = first.lower().lstrip("/")
    if word not in VERBS:
        if _KEY.fullmatch(first):
            return Parsed(verb="show", item=key_in(first))
        return _misspelt(first)
    verb = word
    if verb in _WITH_KEY:
        return _about_an_item(verb, rest)
    if verb == "new":
        workflow, words = _parted(rest)
        return Parsed(verb=verb, workflow=workflow.lower() or None, words=words)
    if verb in ("list", "exceptions"):
        return Parsed(verb=verb, workflow=rest.lower() or None)
    if verb in ("pause", "resume"):
        workflow, why = _parted(rest)
        return Parsed(verb=verb, workflow=workflow.lower() or None, words=_because(why))
    if verb == "away":
        return _away(rest)
    if verb == "quarantine":
        return _quarantine(rest)
    return Parsed(verb=verb, name=rest.lower() or None)


def _quarantine(rest: str) -> Parsed:
    """`release ID why` or `drop ID why`; an outside id keeps its letters as they are."""
    deed, after = _parted(rest)
    outside_id, words = _parted(after)
    return Parsed(verb="quarantine", name=deed.lower() or None, code=outside_id or None, words=_because(words))


def _parted(text: str) -> tuple[str, str]:
    """The first word, and what follows it; a line may end after a word, too."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, rest[0].strip() if rest else ""


def item_and_rest(rest: str) -> tuple[str | None, str | None, str]:
    """The KEY that a text begins with, the EXCEPTION in it, and what follows; without a KEY all of it follows."""
    first, after = _parted(rest)
    found = _KEY.fullmatch(first)
    if found is None:
        return None, None, rest
    code = found.group(3).upper() if found.group(3) else None
    return f"{found.group(1).upper()}-{int(found.group(2))}", code, after


def _about_an_item(verb: Verb, rest: str) -> Parsed:
    # In a thread a mention without KEY means that thread's item: the words stay for the desk to place.
    item, code, after = item_and_rest(rest)
    head, tail = _parted(after)
    match verb:
        case "decide":
            like = as_key(after.split()[-1]) if after.lower().startswith("as in ") else None
            return Parsed(verb=verb, item=item, code=code, name=like, words=after)
        case "approve" | "reject":
            return Parsed(verb=verb, item=item, code=code, reason_code=head.upper() or None, words=_because(tail))
        case "changes":
            return Parsed(verb=verb, item=item, code=code, words=_because(after))
        case "except":
            return Parsed(verb=verb, item=item, code=head.upper() or None, words=_because(tail))
        case "assign":
            return Parsed(verb=verb, item=item, code=code, person=head or None, words=_because(tail))
        case "snooze":
            return Parsed(verb=verb, item=item, code=code, until=head or None)
        case "close" if head.lower() == "override":
            code_named, why = _parted(tail)
            return Parsed(
                verb=verb, item=item, name="override", reason_code=code_named.upper() or None, words=_because(why)
            )
        case "breakglass":
            return Parsed(verb=verb, item=item, words=_because(after))
        case "set" | "evidence" | "tick":
            return Parsed(verb=verb, item=item, name=head.lower() or None, words=tail)
        case _:
            return Parsed(verb=verb, item=item, code=code, words=after)


def _because(words: str) -> str:
    """`because` is how the sentence begins when it is spoken; the record keeps what follows."""
    return words[len("because ") :].strip() if words.lower().startswith("because ") else words


def _away(rest: str) -> Parsed:
    """`[@who] until D for @person`, in which D may be several words (`next friday`); `over [@who]`: they are back."""
    words = rest.split()
    low = [word.lower() for word in words]
    if low[:1] == ["over"]:
        return Parsed(verb="away", until="over", name=" ".join(words[1:]) or None)
    first = low.index("until") if "until" in low else len(words)
    last = len(low) - 1 - low[::-1].index("for") if "for" in low else len(words)
    return Parsed(
        verb="away",
        name=" ".join(words[: min(first, last)]) or None,
        until=" ".join(words[first + 1 : max(first + 1, last)]) or None,
        person=" ".join(words[last + 1 :]) or None,
    )


def _misspelt(word: str) -> Misunderstood:
    verb = meant(word, MEANT_FROM)
    if verb is None:
        return Misunderstood(sentence=f"`{word[:40]}` is no command of mine. `/docket help` lists them.")
    does, _ = USAGE[verb]
    return Misunderstood(
        sentence=f"`/docket {word[:40]}`? Did you mean `{verb}`: {does} (`/docket {EXAMPLES[verb]}`)?", guess=verb
    )


def meant(word: str, likeness: int) -> Verb | None:
    """The verb that a word is a typing error of: the one most like it, from a likeness of 0 to 100 on."""
    # Long words are no typing errors of a verb, and comparing them costs time on hostile text.
    best = process.extractOne(word.lower()[:40], VERBS, scorer=fuzz.ratio, score_cutoff=likeness)
    return cast(Verb, best[0]) if best else None
