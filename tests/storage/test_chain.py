"""The chain's form is for ever: what is hashed of an entry is the canonical JSON that architecture.md names."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from storage.chain import canonical, chained, chained_new, clean_canonical

ROW: dict[str, Any] = {
    "workspace": "main", "item": "REF-1", "seq": 2, "at": datetime(2026, 3, 4, 16, 0, tzinfo=UTC), "kind": "owned",
    "by": "dana", "via": "slack", "rulebook": "3f2a", "facts": '{"owner":"dana"}', "digests": '{"title":"00"}',
}  # fmt: skip
HOSTILE = ['a "quoted" name', "back\\slash", "line\nbreak", "é \u2400 \U0001f600", "", "</script>"]


def document(prev: str, row: dict[str, Any]) -> str:
    """The same by the words of its definition: eleven values, sorted names, no spaces, ASCII."""
    at = row["at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    values = {name: row[name] for name in ("item", "seq", "kind", "by", "via", "rulebook")}
    values |= {"prev": prev, "ws": row["workspace"], "at": at}
    values |= {name: json.loads(row[name]) for name in ("facts", "digests")}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def test_an_entry_has_the_hash_that_it_always_had() -> None:
    assert (
        chained("ab", ROW)
        == chained_new("ab", ROW)
        == "a90d1e4d867e55b75aeff8e3e134bcd2644932bf75f5f16ed4ab76635fb80c72"
    )


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("name", ["item", "kind", "by", "via", "rulebook", "workspace"])
def test_whatever_is_written_is_hashed_as_canonical_json(name: str, words: str) -> None:
    row = {**ROW, name: words, "facts": canonical({words: [words, 1.5, None, True]})}
    wanted = hashlib.sha256(document("ab", row).encode()).hexdigest()
    assert chained("ab", row) == chained_new("ab", row) == wanted


def test_facts_that_were_stored_in_another_form_are_the_same_facts() -> None:
    assert chained("", {**ROW, "facts": '{ "owner" : "dana" }'}) == chained("", ROW)


@pytest.mark.parametrize("value", ["a\0b", {"a\0": ["\ud800"]}, "\\u0000", "plain", "\U0001f600", ("a", "b")])
def test_what_an_engine_can_not_keep_is_cleaned(value: Any) -> None:
    written = clean_canonical(value)
    assert "\0" not in json.dumps(json.loads(written), ensure_ascii=False)
    assert "\\ud800" not in written
    if value in ("\\u0000", "plain", "\U0001f600"):
        assert json.loads(written) == value
