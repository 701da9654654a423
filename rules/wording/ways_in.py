"""What is said of the link that leads to the web page: in the answer to `web`, and at the foot of a digest."""

from __future__ import annotations

from datetime import datetime

from rules.book.rulebook import Rulebook
from rules.messages import Line, Link, Message, Reply, When
from rules.replies import refused
from rules.wording.lines import reach


def invited(url: str, until: datetime, hours: int) -> Reply:
    """The answer with somebody's own link, good until then (UTC); the browser stays signed in for so many hours."""
    return Reply(
        message=Message(
            subject="web",
            headline=(Link(url, "Look on your own"), ": what waits, what is yours, any item, the reports."),
            lines=(("The link is yours alone. It opens once, until ", When(until), "; don't pass it on."),),
            small=((f"Your browser then stays signed in for {hours} hours, or until you sign out there.",),),
        )
    )


def no_page(book: Rulebook) -> Reply:
    """The bot serves no pages."""
    return refused(
        "no_page",
        ("There is no web page here: DOCKET_HTTP and DOCKET_PUBLIC_URL are not set.",),
        (*reach(book, (book.operator,), mention=False), " can set them. `/docket mine` and `/docket list` need none."),
    )


def foot(url: str, until: datetime) -> Line:
    """Below a digest."""
    return (Link(url, "Look on your own"), ", once until ", When(until), ": the link is yours alone.")
