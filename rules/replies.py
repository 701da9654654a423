"""The private answers to what people do: short, with what was done or what is missing and who can supply it."""

from __future__ import annotations

from rules.messages import Line, Message, Reply, Strong


def done(*lines: Line, item: str = "") -> Reply:
    """It was done, and this is what it led to."""
    return Reply(message=_message(lines, item))


def refused(code: str, *lines: Line, blank: str = "") -> Reply:
    """Nothing was changed; `code` names the refusal for programs, the lines say it to the person."""
    return Reply(message=_message(lines, ""), refused=True, code=code, blank=blank)


def _message(lines: tuple[Line, ...], item: str) -> Message:
    return Message(subject=item, headline=lines[0], lines=lines[1:])


def usage(verb_usage: str, why: str) -> Reply:
    """A command that lacks something, with how it is typed."""
    return refused("usage", (why,), ("Like this: ", Strong(f"/docket {verb_usage}")))
