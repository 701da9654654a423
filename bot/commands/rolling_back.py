"""`rollback`: what a bad rulebook version or a bad sender did since some time, and undoing it by new entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.commands.looking import Private, veiled
from bot.commands.opening import over
from bot.terminal import data, local, say, stop, table

_UNDO = {
    "opened": "withdraw it",
    "exception": "void it",
    "decision": "",
    "closed": "",
}


def rollback(
    since: Annotated[str, typer.Option("--since", help="From when on: 2026-11-20 or 2026-11-20T14:00.")],
    version: Annotated[str, typer.Option("--rulebook", help="The bad version, or its first digits.")] = "",
    sender: Annotated[str, typer.Option("--sender", help="The bad sender: an address, slack:U..., a name.")] = "",
    only: Annotated[list[str] | None, typer.Option("--only", help="Only these items; may be given again.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Undo it; without this it is only shown.")] = False,
    because: Annotated[str, typer.Option("--because", help="Why; it stands in the record of each item.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who says so, by the rulebook's name.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    private: Private = False,
) -> None:
    """What was done since then, and undo it. Example: docketbot rollback --since 2026-11-20 --sender spam@x.example"""
    if bool(version) == bool(sender):
        stop("Name what was bad: a rulebook version (--rulebook) or a sender (--sender).")
    if apply and not because.strip():
        stop("Say why with --because; it stands in the record of each item.")

    async def work(store: Any, books: Any) -> None:
        if by is not None and by not in books.current.people:
            stop(f"`{by}` is nobody of the rulebook. It has: {', '.join(books.current.people)}.")
        blame = await _blame(store, books, since, version, sender)
        found = await _found(store, books, blame, [key.upper() for key in only or ()])
        hidden = await veiled(store, books, [item for item, _, _ in found], "rollback", private=private)
        found = [each for each in found if each[0].key not in hidden]
        if json:
            data([_json(item, traces, told) for item, traces, told in found])
        else:
            _show(found, books)
        if apply:
            await _undo(store, books, blame, found, because.strip(), by or books.current.operator)

    over(work)


async def _blame(store: Any, books: Any, since: str, version: str, sender: str) -> Any:
    from rules.rolling_back import Blame
    from storage.blame import versions

    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        stop(f"`{since}` is no time. Write it like 2026-11-20 or 2026-11-20T14:00.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(books.current.timezone))
    if version:
        known = await store.read(lambda conn: versions(conn, books.workspace, version.lower()))
        if len(known) != 1:
            many = f"{len(known)} rulebook versions begin" if known else "No rulebook that was in force begins"
            stop(f"{many} with `{version}`. The ledger names them: docketbot ledger export.", 2 if known else 1)
        version = known[0]
    who = books.current.person_of(sender if sender.startswith("slack:") else sender.lower()) if sender else ""
    return Blame(since=moment.astimezone(UTC), rulebook=version, sender=who)


async def _found(store: Any, books: Any, blame: Any, only: Sequence[str]) -> list[tuple[Any, Any, dict[str, int]]]:
    """Items with what stands on them, and what was told about them."""
    from rules.rolling_back import traces
    from storage import blame as shelf
    from storage import items, ledger

    ws = books.workspace

    def one(conn: Any, key: str) -> tuple[Any, Any, dict[str, int]] | None:
        item = items.load(conn, ws, key)
        if item is None or item.workflow == "docket":
            return None
        entries = [recorded.entry for recorded in ledger.of_item(conn, ws, key)]
        left = traces(item, entries, blame, books.workflow(conn, item), books.current)
        return (item, left, shelf.told(conn, ws, key, blame.since)) if left else None

    def every(conn: Any) -> list[tuple[Any, Any, dict[str, int]]]:
        keys = shelf.touched(conn, ws, blame.since, rulebook=blame.rulebook, sender=blame.sender)
        return [each for key in keys if not only or key in only if (each := one(conn, key)) is not None]

    found: list[tuple[Any, Any, dict[str, int]]] = await store.read(every)
    return found


def _show(found: Sequence[tuple[Any, Any, dict[str, int]]], books: Any) -> None:
    if not found:
        say("Nothing of it stands.")
        return
    zone = books.current.timezone
    rows = [
        (item.key, trace.kind, trace.about, local(trace.at, zone), _what(trace, books))
        for item, traces, _ in found
        for trace in traces
    ]
    table(("KEY", "WHAT", "ABOUT", "WHEN", "TO UNDO IT"), rows)
    sent: dict[str, int] = {}
    for _, _, told in found:
        for kind, count in told.items():
            sent[kind] = sent.get(kind, 0) + count
    if sent:
        say("Told meanwhile, which nothing takes back: " + ", ".join(f"{n} {kind}" for kind, n in sent.items()) + ".")


def _what(trace: Any, books: Any) -> str:
    if trace.left:
        return f"yours to look at: {trace.left}"
    if trace.kind == "field":
        return f"back to {trace.before}" if trace.before is not None else "back to nothing"
    if trace.kind == "owner":
        return f"back to {books.current.named(trace.before)}"
    return _UNDO[trace.kind]


def _json(item: Any, traces: Any, told: dict[str, int]) -> dict[str, Any]:
    from rules.record import rfc3339

    return {
        "key": item.key,
        "traces": [
            {"kind": t.kind, "about": t.about, "at": rfc3339(t.at), "before": t.before, "left": t.left} for t in traces
        ],
        "told": told,
    }


async def _undo(store: Any, books: Any, blame: Any, found: Sequence[Any], because: str, by: str) -> None:
    from bot.commands.pausing import PutTogether
    from rules.own_events import RolledBack

    undone = 0
    async with PutTogether(store, books) as bot:
        for item, traces, _ in found:
            if all(trace.left for trace in traces):
                continue
            taken = await bot.desk.take(
                RolledBack(
                    id=f"rollback:{item.key}:{item.version}:{blame.since.isoformat()}:{blame.rulebook or blame.sender}",
                    workspace=books.workspace, at=datetime.now(UTC), by=by, via="command line", item=item.key,
                    since=blame.since, because=because, rulebook=blame.rulebook, sender=blame.sender,
                )
            )  # fmt: skip
            undone += not (taken.repeat or taken.ignored)
    left = sum(bool(trace.left) for _, traces, _ in found for trace in traces)
    say("1 item was set back." if undone == 1 else f"{undone} items were set back.")
    if left:
        things = "1 thing is" if left == 1 else f"{left} things are"
        say(f"{things} yours to look at: a person decided it, or it is closed.")
