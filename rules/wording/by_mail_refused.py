"""Why a mail decided or changed nothing, in words, and how its sender can."""

from __future__ import annotations

from rules.items import Item
from rules.messages import Line, Strong, Who
from rules.tickets import LASTS

_WHY = {
    "older": "By its date it was written before there was anything to decide.",
    "no_token": "It did not come to the address of a letter that asked you, so anybody could have written it.",
    "other_person": "It came to the address of a letter to somebody else.",
    "other_item": "It came to the address of a letter about something else.",
    "other_exception": "It came to the address of a letter about something else.",
    "spent": "The letter that it answers was answered before, and each is good for one answer.",
    "expired": f"The letter that it answers is older than {LASTS.days} days.",
}


def not_believed(why: str, by: str, verb: str, item: Item | None, operator: str) -> tuple[Line, ...]:
    """A mail under somebody's address that may not be theirs. The answer goes to the address in the rulebook."""
    domain = by.rpartition("@")[2]
    because = _WHY.get(why, f"The mail server that took it in says that it does not come from {domain}.")
    on: Line = (" on ", Strong(item.key)) if item else ()
    what = "Nothing was decided" if verb in ("approve", "reject") else "Nothing was changed"
    mend: Line = ("If it was you: reply to this letter instead.",)
    if item is None:
        mend = ("If it was you: ask ", Who(operator), " to do it for you.")
        if verb == "web":
            mend = ("If it was you: write `web` in reply to a letter of mine about an item.",)
    return ((what, *on, f": a mail under your address said `{verb}`. {because}"), mend)


def decides_nothing(item: Item, why: str) -> tuple[Line, ...]:
    """A reply to a letter that asks for a decision. `why`: what stands in the way of its being one."""
    if why:
        return (("Nothing was decided on ", Strong(item.key), f". {why}"),)
    return (("Your words are kept with ", Strong(item.key), "; they decide nothing."),)


def in_your_name(item: Item, by: str) -> tuple[Line, ...]:
    """To whoever was asked: somebody else answered their letter."""
    writer: Line = (Who(by),) if by else ("Somebody whose address can't be read",)
    return (
        (*writer, " answered a letter to you with a decision on ", Strong(item.key), ". Nothing was decided."),
        ("A decision is yours alone: reply to this letter from your own address.",),
    )


def which_item() -> tuple[Line, ...]:
    """A decision in a mail that belongs to nothing."""
    return (
        ("Which item? Nothing was decided.",),
        ("Reply to the letter that asks you, or name it: ", Strong("approve REF-12 CODE because ..."), "."),
    )
