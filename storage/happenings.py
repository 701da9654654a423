"""Happenings as JSON and back: what waits is kept as the rules will see it, whole, with its own id and time."""

from __future__ import annotations

import json
from functools import cache
from types import GenericAlias
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from rules.events import Event
from storage.columns import clean_json

#: Bytes (of a file that came along) as base64, RFC 4648, section 5.
_BYTES = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


def packed(event: Event) -> str:
    """The event as JSON, with its kind; times RFC 3339, text as both engines keep it (columns.clean)."""
    kind = type(event).__name__
    (values,) = _shape(kind).dump_python((event,), mode="json")
    return json.dumps({"kind": kind, "event": clean_json(values)})


def unpacked(text: str) -> Event | None:
    """The inverse of `packed`; None for a kind or a form that this program does not know."""
    try:
        read = json.loads(text)
        if read["kind"] not in _kinds():
            return None
        (event,) = _shape(read["kind"]).validate_json(json.dumps([read["event"]]))
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
    assert isinstance(event, Event)
    return event


def _kinds() -> dict[str, type[Event]]:
    return {kind.__name__: kind for kind in Event.__subclasses__()}


@cache
def _shape(kind: str) -> TypeAdapter[Any]:
    # In a tuple, because a dataclass itself takes no settings from outside.
    form: Any = GenericAlias(tuple, (_kinds()[kind],))
    return TypeAdapter(form, config=_BYTES)
