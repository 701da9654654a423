"""Whether what is said to the bot in a mention or a direct message is a command: it must read like one to its end.

"report" is a command, "report my manager for bullying" is somebody's trouble and must never be taken for one.
"""

from __future__ import annotations

from collections.abc import Collection

import re2
from rapidfuzz import fuzz, process

from rules.commands import VERBS, Misunderstood, as_key, item_and_rest, meant, parse
from rules.items import PROOFS

#: Free talk has many words that are like a verb: only the closest are told as a typing error.
MEANT_FROM = 75
_HELP_ME = frozenset({"me", "please", "us"})
_REPORT = re2.compile(
    r"[a-z]+(?:-[a-z]+)+|gates|rework|handoffs|remediation|signals|throughput|loops|ownership|gaps|model"
)
#: Under a card, where most of what is said is talk, a command without its KEY is known by the word after its verb.
_SECOND = {
    **dict.fromkeys(("approve", "reject", "except"), re2.compile(r"[A-Z][A-Z0-9_]{2,60}")),
    "snooze": re2.compile(r"[0-9]+[smhdw]|[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "assign": re2.compile(r"@\S+"),
    "evidence": re2.compile("|".join(PROOFS)),
}


def command_word(text: str, workflows: Collection[str], *, mentioned: bool, in_thread: bool) -> bool:
    """Whether a text is meant as a command. `workflows`: the names and keys that `new` knows, in small letters.

    `mentioned`: it was said to us by name; `in_thread`: in a thread, where a command may leave out its KEY.
    """
    first, *rest = text.split(maxsplit=1) or [""]
    said = rest[0] if rest else ""
    verb, words = first.lower().lstrip("/"), said.split()
    if verb not in VERBS:
        return as_key(first.partition("/")[0]) is not None and not words
    match verb:
        case "mine" | "exceptions" | "web":
            return not words
        case "quarantine":
            return not words or words[0].lower() in ("release", "drop")
        case "help":
            return not words or (len(words) == 1 and (words[0].lower() in VERBS or words[0].lower() in _HELP_ME))
        case "digest":
            return len(words) <= 1
        case "list" | "pause" | "resume":
            return not words or (len(words) == 1 and words[0].lower() in workflows)
        case "report":
            named = len(words) == 1 and _REPORT.fullmatch(words[0]) is not None
            of = words[1].lower() if len(words) == 2 and words[0].lower() == "model" else ""
            return not words or named or of in workflows
        case "new":
            return not words or _like_one_of(words[0].lower(), workflows)
        case "away":
            return "until" in words or words[:1] == ["over"]
        case _:
            key, _, after = item_and_rest(said)
            return key is not None or _without_key(verb, after.split(), mentioned=mentioned, in_thread=in_thread)


def nearly(text: str) -> Misunderstood | None:
    """What to say of a text that begins with a typing error of a verb and goes on like a command (`exept REF-12`)."""
    first, *rest = text.split(maxsplit=1) or [""]
    said = rest[0] if rest else ""
    if first.lower() in VERBS or meant(first, MEANT_FROM) is None:
        return None
    key, _, _ = item_and_rest(said)
    parsed = parse(text) if key is not None or not said else None
    return parsed if isinstance(parsed, Misunderstood) else None


def _without_key(verb: str, words: list[str], *, mentioned: bool, in_thread: bool) -> bool:
    """A verb alone asks for what it lacks; in a thread it means the thread's item, said to us by name in any form."""
    if not words or (mentioned and in_thread):
        return True
    second = _SECOND.get(verb)
    return in_thread and second is not None and second.fullmatch(words[0]) is not None


def _like_one_of(word: str, workflows: Collection[str]) -> bool:
    return process.extractOne(word[:40], list(workflows), scorer=fuzz.ratio, score_cutoff=MEANT_FROM) is not None
