"""What is said to a person, before any channel's form: lines of words, times and names, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from rules.charts import Picture
from rules.events import Posted, Verb


@dataclass(frozen=True, slots=True)
class When:
    """A moment (UTC), shown in the reader's zone: `time` 11:30, `day` Thu Nov 20, `both`."""

    at: datetime
    form: Literal["time", "day", "both"] = "both"


@dataclass(frozen=True, slots=True)
class Who:
    """A person or stranger by identity; `mention` pings (one a message: who must act), else the plain name."""

    identity: str
    mention: bool = False


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's own words; always escaped, shown as a quotation."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A web address under a label."""

    url: str
    label: str


Part = str | When | Who | Strong | Quote | Link
Line = tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something the reader can do here: a Command of the same verb. `more`: in the `···` menu.

    `about` (a Slack message's ts in the same conversation) makes its message a question to whoever wrote that: a click
    answers it, and it goes. With it `new` has no item, but the `workflow` that the message is to open. `like`: the key
    of an item whose decision fills the form.
    """

    verb: Verb | Literal["open"]
    label: str
    item: str
    code: str | None = None
    style: Literal["", "primary", "danger"] = ""
    more: bool = False
    workflow: str = ""
    about: str = ""
    like: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a list with what can be done about it."""

    line: Line
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows under a heading; `rest` says how many more there are and where."""

    heading: str
    rows: tuple[Row, ...]
    rest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A card, letter, question, reminder, digest or answer. `subject` is the mail's; `summary` the notification's line.

    The first two lines must be enough to act on; `small` is the fine print; `page` asks for a wide layout (digest).
    """

    subject: str
    headline: Line
    lines: tuple[Line, ...] = ()
    sections: tuple[Section, ...] = ()
    small: tuple[Line, ...] = ()
    actions: tuple[Action, ...] = ()
    bulk: bool = False  # a digest: nobody in particular must act
    pictures: tuple[Picture, ...] = ()  # below all else; whoever sees none has the words above


def identities(*lines: Line) -> frozenset[str]:
    """Everyone who is named in some lines."""
    return frozenset(part.identity for line in lines for part in line if isinstance(part, Who))


def named_in(message: Message) -> frozenset[str]:
    """Everyone who is named in a message."""
    rows = (row.line for section in message.sections for row in section.rows)
    return identities(message.headline, *message.lines, *rows, *message.small)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    value: str
    label: str
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A field of a form. `kind` long: several lines; `choice`, `person`: a select.

    `redraws`: what is chosen here makes another form of it, at once.
    """

    name: str
    label: str
    kind: Literal["line", "long", "choice", "person"] = "line"
    hint: str = ""
    choices: tuple[Choice, ...] = ()
    initial: str = ""
    required: bool = True
    redraws: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that becomes a Command: `verb`, `item` and `code` as they stand, the blanks by name in `fields`.

    `shown` is what the person sees above the blanks (kept as Command.seen); it must survive the round trip.
    """

    verb: Verb
    title: str
    submit: str
    blanks: tuple[Blank, ...]
    item: str | None = None
    code: str | None = None
    workflow: str | None = None
    lines: tuple[Line, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    place_name: str = ""
    message: Posted | None = None  # Command.message, which must survive the round trip, too
    again: bool = False  # it was sent back once: the same words are another act now


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The private answer to a command, a click or a form. `refused` with `code`: nothing was changed, and why.

    `form`: open this instead (a choice is needed). `blank`: the form's field that was wrong, `blanks` where there are
    several: what is wrong with each.
    """

    message: Message
    refused: bool = False
    code: str = ""
    form: Form | None = None
    blank: str = ""
    blanks: Mapping[str, str] = field(default_factory=dict)
