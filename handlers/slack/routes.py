"""Which of the desk's three ways a command goes: it is answered, it is asked for the rest by a form, or it is taken."""

from __future__ import annotations

from typing import Literal

from rules.events import Command
from rules.forms import has_form

#: Verbs that change nothing.
READING = frozenset(
    {"mine", "list", "show", "why", "help", "exceptions", "digest", "decide", "report", "quarantine", "web"}
)  # fmt: skip

#: What a typed command must have said; a form asks for the rest. What a new item needs is its workflow's to say.
_NEEDS: dict[str, tuple[str, ...]] = {
    "approve": ("reason_code", "words"),
    "reject": ("reason_code", "words"),
    "except": ("code", "words"),
    "assign": ("person",),
    "set": ("name", "words"),
    "evidence": ("name", "words"),
    "snooze": ("until",),
    "tick": ("name",),
    "ask": ("words",),
    "reopen": ("words",),
    "breakglass": ("words",),
    "back": ("words",),
    "changes": ("words",),
    "reply": ("words",),
}


def route(command: Command) -> Literal["ask", "form", "take"]:
    """The way of a command or click that could be answered with a form. Pure.

    Without an item there is nothing to make a form of: it is taken, and the rules say what is missing. `new` asks for
    its form, which there is none of where nothing is left to ask.
    """
    if command.verb == "decide" and command.name:
        return "form"  # as another item was decided
    if command.verb in READING and not (command.verb == "quarantine" and command.name):
        return "ask"
    if command.verb == "new":
        return "form"
    if not has_form(command.verb) or (command.item is None and command.message is None):
        return "take"
    if command.verb == "evidence" and (command.files or command.name == "file"):
        return "take"  # a file needs no further words
    complete = all(getattr(command, name) for name in _NEEDS.get(command.verb, ()))
    return "take" if complete else "form"
