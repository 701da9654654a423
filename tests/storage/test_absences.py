"""Who can't be reached is remembered once for each way, with the address that failed; and what they hold is found."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from rules.absence import Failing
from storage import absences, items
from storage.store import Store
from tests.storage.samples import HOUR, NOW, WS, item, trouble

LEE = Failing(person="lee", channel="slack", address="U0LEE", since=NOW, why="deactivated in Slack")
OLU = Failing(person="olu", channel="mail", address="olu@harbor.example", since=NOW, why="550 no such user")


async def noted(store: Store, *ways: Failing) -> tuple[Failing, ...]:
    def work(conn: Connection) -> None:
        for way in ways:
            absences.note(conn, WS, way)

    await store.write(work)
    return await store.read(lambda conn: absences.known(conn, WS).failing)


async def test_a_way_fails_since_it_was_first_noted(store: Store) -> None:
    """Said again it is the same absence; another address is another one; other workspaces have their own."""
    again = replace(LEE, since=NOW + HOUR, why="unknown in Slack")
    assert await noted(store, LEE, OLU, again) == (LEE, OLU)
    moved = replace(again, address="U0LEE2")
    assert await noted(store, moved) == (moved, OLU)
    assert await store.read(lambda conn: absences.known(conn, "other").failing) == ()


async def test_a_way_that_works_again_is_forgotten(store: Store) -> None:
    await noted(store, LEE, OLU)
    await store.write(lambda conn: absences.mend(conn, WS, "lee", "mail"))
    assert await noted(store) == (LEE, OLU)
    await store.write(lambda conn: absences.mend(conn, WS, "lee", "slack"))
    assert await noted(store) == (OLU,)


async def test_what_somebody_holds_is_found_oldest_first(store: Store) -> None:
    """As the owner, as who decides, or whom the escalation reached; nothing that is decided or closed."""

    def work(conn: Connection) -> None:
        held = [
            item("REF-1", owner="lee", opened_at=NOW + HOUR),
            item("REF-2", owner="dana", exceptions=(trouble(owner="lee", may_decide=("lee",)),)),
            item("REF-3", owner="dana", exceptions=(trouble(owner="maria", may_decide=("maria", "lee")),)),
            item("REF-4", owner="dana", exceptions=(trouble(owner="lee", may_decide=("lee",), state="void"),)),
            item("REF-5", owner="lee", closed_at=NOW),
            item("REF-6", owner="leepold", backup="lee"),
            item("REF-7", owner="dana", exceptions=(trouble(owner="maria", may_decide=("maria", "l_e")),)),
            item("REF-8", owner="lee", workspace="other"),
        ]
        for each in held:
            items.save(conn, each, 0)

    await store.write(work)
    found = await store.read(lambda conn: items.held(conn, WS, "lee"))
    assert [each.key for each in found] == ["REF-2", "REF-3", "REF-1"]
    assert [i.key for i in await store.read(lambda conn: items.held(conn, WS, "l_e"))] == ["REF-7"]
