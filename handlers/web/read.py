"""Reads what a webhook says: the bytes of its body become an event, or a sentence on what is wrong with them. Pure.

The format is docs/webhooks.md. Strict on purpose: what nobody understands is refused and not passed over, so that a
program hears of its typing errors on the first day.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from rapidfuzz import process

from rules.elsewhere import Elsewhere
from rules.events import Hooked

KEYS: Final = (
    "system", "key", "link", "links", "text", "title", "requester", "fields", "status", "evidence", "close", "note",
)  # fmt: skip
NAME_MOST, ID_MOST, LINE_MOST, TEXT_MOST, URL_MOST = 60, 200, 300, 20_000, 2_000
FIELDS_MOST, LIST_MOST = 50, 20
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,9}-[0-9]{1,12}", re.ASCII)
_URL: Final = re.compile(r"https?://[^\s<>|\"]+", re.ASCII)
_LIKE: Final = 70


class NotRead(Exception):
    """The body says nothing that can be taken; the sentence says why, `code` names it for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def read(body: bytes, *, id: str, workspace: str, workflow: str, at: datetime) -> Hooked:
    """The event of a verified hook. `id` is its outside id, `at` when its sender signed it (UTC). Raises NotRead."""
    said = _object(body)
    for key in said:
        if key not in KEYS:
            raise NotRead("unknown_key", f"`{_shown(key)}` is no key of a hook. {_meant(key)}")
    system = _name(said, "system")
    hooked = Hooked(
        id=id,
        workspace=workspace,
        at=at,
        by=f"hook:{system or workflow}",
        via="webhook",
        workflow=workflow,
        system=system,
        item=_item(said),
        link=_name(said, "link", ID_MOST),
        text=_text(said, "text"),
        title=" ".join(_text(said, "title", LINE_MOST).split()),
        requester=_requester(said),
        fields=_fields(said),
        status=_name(said, "status"),
        evidence=tuple(_proof(each) for each in _list(said, "evidence")),
        close=_flag(said, "close"),
        note=_text(said, "note"),
        links=tuple(_link(each) for each in _list(said, "links")),
    )
    _makes_sense(hooked)
    return hooked


def _makes_sense(hooked: Hooked) -> None:
    if not (hooked.item or hooked.link or hooked.text.strip()):
        raise NotRead("about_what", "Say what it is about: `key` or `link` of an item, or `text` to open one.")
    if (hooked.item or hooked.link) and not hooked.system:
        raise NotRead("system", "Say which system speaks: `system` goes with `key` and `link`.")
    if (hooked.status or hooked.close) and not hooked.system:
        raise NotRead("system", "Say which system speaks: `system` goes with `status` and `close`.")
    if hooked.item and hooked.text:
        raise NotRead("text", "`text` opens an item; what is said about one that has a `key` goes into `note`.")
    if (hooked.title or hooked.requester) and not hooked.text.strip():
        raise NotRead("text", "`title` and `requester` belong to an item that is opened: they need `text`.")


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body.decode(), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise NotRead("not_json", "The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise NotRead("not_json", "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise NotRead("not_json", "The body is JSON, but not an object: it begins with {.")
    return found


def _no_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")  # RFC 8259, section 6


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259, section 4: of a name that stands twice nobody knows which value is meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name in found if sum(name == each for each, _ in pairs) > 1)
        raise NotRead("twice", f"`{_shown(twice)}` stands there twice; nobody can say which one is meant.")
    return found


def _text(said: Mapping[str, Any], key: str, most: int = TEXT_MOST) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise NotRead("type", f"`{key}` is a text.")
    if len(value) > most:
        raise NotRead("too_long", f"`{key}` is longer than {most:,} characters.")
    return value


def _name(said: Mapping[str, Any], key: str, most: int = NAME_MOST) -> str:
    """A short text on one line, without anything that can't be seen: it stands in records and names things."""
    value = _text(said, key, most).strip()
    if not value.isprintable():
        raise NotRead("type", f"`{key}` holds characters that can't be shown.")
    return value


def _item(said: Mapping[str, Any]) -> str | None:
    key = _text(said, "key", ID_MOST).strip()
    if key and not _KEY.fullmatch(key):
        raise NotRead("key", "`key` is the key of an item, like REF-12.")
    return key.upper() or None


def _requester(said: Mapping[str, Any]) -> str:
    """An identity; addresses are known in small letters."""
    value = _text(said, "requester", LINE_MOST).strip()
    return value.lower() if "@" in value else value


def _flag(said: Mapping[str, Any], key: str) -> bool:
    value = said.get(key, False)
    if not isinstance(value, bool):
        raise NotRead("type", f"`{key}` is true or false.")
    return value


def _fields(said: Mapping[str, Any]) -> dict[str, str]:
    fields = said.get("fields", {})
    if not isinstance(fields, dict):
        raise NotRead("type", '`fields` is an object of field names and values: {"amount": "450 USD"}.')
    if len(fields) > FIELDS_MOST:
        raise NotRead("too_many", f"`fields` has more than {FIELDS_MOST} values.")
    if any(len(name) > NAME_MOST for name in fields):
        raise NotRead("too_long", f"The name of a field is longer than {NAME_MOST} characters.")
    return {name: _value(name, value) for name, value in fields.items()}


def _value(name: str, value: object) -> str:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise NotRead("type", f"`fields.{_shown(name)}` is a text or a number.")
    return _text({name: value}, name)


def _list(said: Mapping[str, Any], key: str) -> list[Any]:
    value = said.get(key, [])
    if not isinstance(value, list):
        raise NotRead("type", f"`{key}` is a list.")
    if len(value) > LIST_MOST:
        raise NotRead("too_many", f"`{key}` has more than {LIST_MOST} entries.")
    return value


def _proof(each: object) -> tuple[str, str]:
    if not isinstance(each, dict) or set(each) != {"kind", "value"}:
        raise NotRead("type", 'Each entry of `evidence` is {"kind": ..., "value": ...}.')
    kind, value = _name(each, "kind"), _text(each, "value").strip()
    if not kind or not value:
        raise NotRead("type", "Each entry of `evidence` has a kind and a value that says something.")
    return kind, value


def _link(each: object) -> Elsewhere:
    if not isinstance(each, dict) or not {"system", "id"} <= set(each) <= {"system", "id", "url"}:
        raise NotRead("type", 'Each entry of `links` is {"system": ..., "id": ...} and may have a "url".')
    system, id, url = _name(each, "system"), _name(each, "id", ID_MOST), _name(each, "url", URL_MOST)
    if not system or not id:
        raise NotRead("type", "Each entry of `links` has a system and an id that says something.")
    if url and not _URL.fullmatch(url):
        raise NotRead("type", "`url` of a link is a web address, https://...")
    return Elsewhere(system=system, id=id, url=url)


def _meant(key: str) -> str:
    near = process.extractOne(key[:NAME_MOST], KEYS, score_cutoff=_LIKE)
    return f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(KEYS)}."


def _shown(key: str) -> str:
    """A sender's own word inside a sentence of ours: short, and nothing in it that can't be seen."""
    return "".join(c if c.isprintable() else "?" for c in key[:40])
