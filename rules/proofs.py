"""Proofs: each kind is read and checked before it stands on an item; what is lacking is told with its command.

field NAME            a field of the item that has a value       link URL       a web address (http, https)
timestamp MOMENT      when it happened, no later than now        note, status, receipt WORDS
message LINK | last   a message of the item's own conversation   file [NAME]    one that came along
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rules.attaching import files_of
from rules.draft import Draft
from rules.entries import stamp
from rules.events import Attachment, Command
from rules.items import PROOFS
from rules.messages import Line, Reply, Strong
from rules.moments import NotAMoment, moment_in
from rules.notices import CONVERSATION, Card
from rules.people import zone_of
from rules.refusals import closed
from rules.replies import done, refused
from rules.stages import lacking_evidence

LONGEST: Final = 2_000
#: A host (one of the house's own has no dot), perhaps a port; never a name before an @, which shows another host.
_URL: Final = re.compile(r"https?://[^\s/?#@:\[\]\\]+(?::\d{1,5})?(?:[/?#]\S*)?", re.IGNORECASE)

#: What a kind of proof is, and how one is given.
WANTS: Final[Mapping[str, tuple[str, str]]] = {
    "field": ("a field of it that is set", "field NAME"),
    "timestamp": ("when it happened", "timestamp today 14:30"),
    "status": ("where it stands now, in a few words", "status WORDS"),
    "file": ("a file that came into its conversation", "file NAME"),
    "link": ("a web address", "link https://..."),
    "note": ("a sentence that says what was done", "note WORDS"),
    "message": ("a message of its conversation, by its link; `last` is the last one", "message LINK"),
    "receipt": ("the number of a receipt, or the receipt as a file", "receipt NUMBER"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof before it has its number; the hash is of a file's bytes, else of the value."""

    value: str
    sha256: str = ""
    name: str = ""
    media_type: str = ""
    size: int = 0


def how_to(draft: Draft, kind: str) -> Line:
    """The command that adds a kind of proof, and what it is."""
    what, how = WANTS[kind]
    return (Strong(f"/docket evidence {draft.key} {how}"), f"  {what}")


def add_evidence(draft: Draft, command: Command) -> Reply:
    """Put a proof on the item, of one of the kinds; what came without all of its proof may get it later."""
    kind, words = (command.name or ""), command.words.strip()
    if kind not in PROOFS:
        wanted = lacking_evidence(draft) or draft.workflow.close.evidence
        said = f"`{kind}` is no kind of proof." if kind else "Which kind of proof is it?"
        return refused("kind", (f"{said} {draft.key} needs:",), *(how_to(draft, each) for each in wanted), blank="name")
    if draft.item.unproven is None and (problem := closed(draft)):
        return problem
    came = command.files if kind in ("file", "receipt") or not words else ()
    if came and not (kind == "receipt" and words):
        proofs: list[Proof] | Reply = [_file(file) for file in came]
    elif len(words) > LONGEST:
        proofs = refused("too_long", (f"That is longer than {LONGEST:,} characters.",), blank="words")
    else:
        proofs = _READ[kind](draft, words)
    if isinstance(proofs, Reply):
        return proofs
    for proof in proofs:
        _put(draft, kind, proof)
    draft.tell(Card(item=draft.key, to=CONVERSATION))
    ids = ", ".join(proof.id for proof in draft.item.evidence[-len(proofs) :])
    left = () if draft.item.closed_at else lacking_evidence(draft)
    more: tuple[Line, ...] = (("Still lacking:",), *(how_to(draft, each) for each in left)) if left else ()
    return done((f"{kind} is on {draft.key} ({ids}).",), *more, item=draft.key)


def _put(draft: Draft, kind: str, proof: Proof) -> None:
    digest = proof.sha256 or hashlib.sha256(proof.value.encode("utf-8", "replace")).hexdigest()
    facts: dict[str, Any] = {"id": f"{draft.key}/E{len(draft.item.evidence) + 1}", "kind": kind, "sha256": digest}
    if proof.media_type or proof.size:
        facts |= {"media_type": proof.media_type, "size": proof.size}
    draft.record("evidenced", facts, {"value": proof.value, **({"name": proof.name} if proof.name else {})})


def _file(file: Attachment) -> Proof:
    """A file whose bytes we never had is proven by its address."""
    value = file.name if file.sha256 else (file.url or file.name)
    return Proof(value=value, sha256=file.sha256, name=file.name, media_type=file.media_type, size=file.size)


def _came_along(draft: Draft, words: str) -> list[Proof] | Reply:
    files = files_of(draft.world.record(draft.key))
    named = [file for file in files if file.name.casefold() == words.casefold()] if words else list(files[-1:])
    if named:
        return [_file(named[-1])]
    if not files:
        return refused(
            "no_file", (f"No file came with {draft.key} yet. Post it in its thread or mail it, then say this again.",)
        )
    names = ", ".join(file.name for file in files[-10:])
    return refused("no_file", (f"No file called `{words}` came with {draft.key}. These did: {names}.",), blank="words")


def _field(draft: Draft, words: str) -> list[Proof] | Reply:
    name = words.partition(" ")[0].casefold()
    if name not in draft.workflow.fields:
        known = ", ".join(draft.workflow.fields) or "none"
        return refused("unknown_field", (f"{draft.key} has no field `{name}`. It has: {known}.",), blank="words")
    if name not in draft.item.fields:
        mend = f"{name} of {draft.key} is not known yet; set it first: `/docket set {draft.key} {name} value`."
        return refused("field_empty", (mend,), blank="words")
    return [Proof(value=draft.item.fields[name], name=name)]


def _timestamp(draft: Draft, words: str) -> list[Proof] | Reply:
    try:
        at = moment_in(words, draft.now, zone_of(draft.book, draft.by), draft.book)
    except NotAMoment as problem:
        return refused("moment", (str(problem),), blank="words")
    if at > draft.now:
        return refused("future", ("That is still to come; proof is of what has happened.",), blank="words")
    return [Proof(value=stamp(at))]


def _link(draft: Draft, words: str) -> list[Proof] | Reply:
    url = words.strip("<>")
    if not _URL.fullmatch(url):
        return refused("link", ("That is no web address; it begins with https:// and has no spaces.",), blank="words")
    return [Proof(value=url)]


def _message(draft: Draft, words: str) -> list[Proof] | Reply:
    """The words of a message are kept, since whoever wrote it may take it back."""
    link = words.strip("<>")
    found: list[tuple[str, str]] = []  # where it stands, what it says
    for entry in draft.world.record(draft.key):
        if entry.kind not in ("opened", "attached"):
            continue
        source = entry.facts.get("source", entry.facts)
        place, ts = source.get("place") or "", source.get("ts") or source.get("message_id") or ""
        wrote = str(entry.texts.get("text", ""))
        linked = link.partition("?")[0].endswith(f"/archives/{place}/p{ts.replace('.', '')}")
        if words == "last" or (ts and (link in (ts, ts.strip("<>")) or linked)):
            found.append((ts, wrote))
    found = [(where, wrote) for where, wrote in found if wrote]
    if not found or not link:
        return refused(
            "no_message", (f"That is no message of {draft.key}. Copy the link of one in its thread.",), blank="words"
        )
    where, wrote = found[-1]
    return [Proof(value=wrote[:LONGEST], name=where)]


def _words(draft: Draft, words: str) -> list[Proof] | Reply:
    if not words:
        return refused("usage", ("What is the proof? A number, a link, a sentence, a file.",), blank="words")
    return [Proof(value=words)]


_READ: Final[Mapping[str, Callable[[Draft, str], list[Proof] | Reply]]] = {
    "field": _field,
    "timestamp": _timestamp,
    "status": _words,
    "file": _came_along,
    "link": _link,
    "note": _words,
    "message": _message,
    "receipt": _words,
}
