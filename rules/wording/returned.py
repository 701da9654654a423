"""What the owner of an item reads when mail to its requester came back: that nobody there hears of it any more."""

from __future__ import annotations

from rules.book.rulebook import Workflow
from rules.items import Item
from rules.messages import Action, Message, Strong, Who
from rules.wording.lines import facts, title


def bounced(item: Item, workflow: Workflow) -> Message | None:
    """Whose address refuses mail, with what code, and what follows; None when they have written since."""
    if not item.bounced:
        return None
    code = f" ({item.bounced})" if item.bounced[:1].isdigit() else ""
    at = "" if item.source.reply_to == item.requester else f" at {item.source.reply_to}"
    return Message(
        subject=f"Not reached by mail: {title(item, workflow)} [{item.key}]",
        headline=("Mail to ", Who(item.requester), f"{at} comes back: the address refuses it{code}."),
        lines=(
            ("Nothing more is mailed there about ", Strong(item.key), ". Reach them another way."),
            facts(item, workflow),
        ),
        actions=(Action(verb="show", label="Show", item=item.key),),
    )
