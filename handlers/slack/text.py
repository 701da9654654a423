"""Slack's text as people wrote it: escapes, mentions and links taken apart (page "Formatting message text")."""

from __future__ import annotations

import re

from handlers.slack.wire import string

#: `<...>` holds no further angle bracket, so this runs in linear time whatever a stranger writes.
_TOKEN = re.compile(r"<([^<>]*)>")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_PLAIN = {"amp": "&", "lt": "<", "gt": ">"}


def words(raw: object) -> str:
    """Plain words of Slack's text: `<@U1|name>` is `@U1`, `<#C1|refunds>` `#refunds`, `<!channel>` `@channel`.

    A link gives its label and address, a mail address itself, a date token its fallback. Anything but text gives "".
    """
    text = _TOKEN.sub(lambda found: _token(found.group(1)), string(raw))
    # Last and in one pass: what was typed as `&amp;lt;` is `&lt;`, not `<`.
    return _ENTITY.sub(lambda found: _PLAIN[found.group(1)], text)


def mentions(raw: object, user: str) -> bool:
    """Whether Slack's text names that user by `<@U...>`; the same letters merely typed arrive without brackets."""
    return any(token.split("|", 1)[0] == f"@{user}" for token in _TOKEN.findall(string(raw)))


def _token(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return target
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return _special(target[1:], label)
    if target.startswith(("mailto:", "tel:")):
        return label or target.partition(":")[2]
    if not label or label == target or label == target.partition("://")[2].rstrip("/"):
        return target
    return f"{label} ({target})"


def _special(command: str, label: str) -> str:
    """`<!here>`, `<!subteam^S1|@desk>`, `<!date^1700000000^{date}|Nov 14>`."""
    if command.startswith("date^"):
        return label
    if command.startswith("subteam^"):
        return label or f"@{command.split('^')[1]}"
    return f"@{command.split('^')[0]}"
