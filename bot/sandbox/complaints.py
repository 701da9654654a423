"""Slack's complaints about blocks: its sentences, each with the place of the trouble as a JSON pointer."""

from __future__ import annotations

from typing import Any

from bot.sandbox.roster import Json


class Complaints:
    """Collects Slack's sentences, each with the place of the trouble as a JSON pointer."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, what: str, where: str) -> None:
        self.lines.append(f"[ERROR] {what} [json-pointer:{where}]")

    def length(self, value: object, limit: int, where: str, *, least: int = 0) -> None:
        """A string of `least` to `limit` characters."""
        if not isinstance(value, str):
            self.add("must be a string", where)
        elif len(value) > limit:
            self.add(f"must be less than {limit + 1} characters", where)
        elif len(value) < least:
            self.add(f"must be more than {least - 1} characters", where)

    def text(self, value: object, limit: int, where: str, *, plain: bool = False) -> None:
        """A text object of 1 to `limit` characters; `plain`: mrkdwn isn't allowed here."""
        if not isinstance(value, dict):
            self.add("must provide an object", where)
            return
        if value.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
            self.add(f"unsupported type: {value.get('type')}", f"{where}/type")
            return
        for key in value:
            if key not in ("type", "text", "emoji", "verbatim"):
                self.add(f"additional property: {key}", where)
        self.length(value.get("text"), limit, f"{where}/text", least=1)

    def needed(self, holder: Json, key: str, where: str) -> bool:
        if holder.get(key) is None:
            self.add(f"missing required field: {key}", where)
            return False
        return True

    def items(self, value: object, most: int, where: str, *, least: int = 1) -> list[Any]:
        """A list of `least` to `most` items; what isn't one counts as empty after the complaint."""
        if not isinstance(value, list):
            self.add("must be an array", where)
            return []
        if len(value) > most:
            self.add(f"no more than {most} items allowed", where)
        if len(value) < least:
            self.add(f"no fewer than {least} items required", where)
        return value
