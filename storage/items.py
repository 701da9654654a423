"""The items as they stand, each whole as JSON beside the columns that questions are asked by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from sqlalchemy import ColumnElement, Connection, and_, bindparam, literal_column, null, or_, select, union, update

from rules.items import Item
from rules.likeness import signature
from rules.precedents import case_of
from storage.columns import clean_json, hold, insert
from storage.failures import Conflict
from storage.rendered import Rendered
from storage.schema import counters, exceptions, items

#: The built-in workflow of the bot's own failures.
DOCKET = "docket"

_BODY: TypeAdapter[Item] = TypeAdapter(Item)


def load(conn: Connection, ws: str, key: str) -> Item | None:
    """The item of that key."""
    bodies = _LOAD.scalars(conn, {"ws": ws, "wanted": key})
    return _BODY.validate_json(bodies[0]) if bodies else None


def save(conn: Connection, item: Item, expected_version: int) -> None:
    """Store `item` over version `expected_version` (0: it is new), with its exceptions as rows.

    Raises Conflict when another version is stored: the store then runs the whole work again.
    """
    row = _row(item)
    if expected_version == 0:
        done = _NEW.run(conn, row)
    else:
        done = _CHANGE.run(conn, {**row, "ws": item.workspace, "wanted": item.key, "expected": expected_version})
    if done != 1:
        raise Conflict(f"{item.key} is no longer at version {expected_version}")
    if item.exceptions:  # an item never loses one, so there is nothing to delete
        _EXCEPTIONS.run_each(conn, _exception_rows(item))


def next_number(conn: Connection, ws: str, prefix: str) -> int:
    """The next number of PREFIX-1, PREFIX-2, ...; given back when the transaction fails, so there are no gaps."""
    (number,) = _NUMBER.scalars(conn, {"workspace": ws, "prefix": prefix, "last": 1})
    return int(number)


def open_like(conn: Connection, ws: str, workflow: str, text: str, limit: int) -> list[Item]:
    """The open items of a workflow that could be near-duplicates of a request's text, newest first."""
    asked = {"ws": ws, "in_workflow": workflow, "like": signature(text), "most": limit}
    return [_BODY.validate_json(body) for body in _LIKE.scalars(conn, asked)]


def listing(
    conn: Connection,
    ws: str,
    *,
    workflow: str | None = None,
    state_open: bool = True,
    owner: str | None = None,
    requester: str | None = None,
    include_docket: bool = False,
    limit: int,
) -> list[Item]:
    """Items by any of these, what is due first at the top; `state_open=False` gives the closed ones as well."""
    wanted: list[ColumnElement[bool]] = []
    if workflow is not None:
        wanted.append(items.c.workflow == workflow)
    elif not include_docket:
        wanted.append(items.c.workflow != DOCKET)
    if state_open:
        wanted.append(_OPEN)
    if owner is not None:
        wanted.append(items.c.owner == owner)
    if requester is not None:
        wanted.append(items.c.requester == requester)
    order = [items.c.due_at.is_(None), items.c.due_at, items.c.opened_at, items.c.key]
    return _items(conn, ws, *wanted, order=order, limit=limit)


def held(conn: Connection, ws: str, person: str) -> list[Item]:
    """The open items that a person has, or on which they may take an undecided decision, oldest first."""
    # Ordered as the index of open exceptions is, or SQLite would read all that there ever were.
    deciding = conn.scalars(
        select(exceptions.c.item)
        .where(
            exceptions.c.workspace == ws,
            exceptions.c.state == literal_column("'open'"),
            or_(exceptions.c.owner == person, exceptions.c.may_decide.contains(f'"{person}"', autoescape=True)),
        )
        .order_by(exceptions.c.due_at)
    )
    found = {item.key: item for item in _items(conn, ws, items.c.owner == person, _OPEN, order=[], limit=None)}
    found |= {key: item for key in deciding if key not in found and (item := load(conn, ws, key)) is not None}
    return sorted(found.values(), key=lambda item: (item.opened_at, item.key))


def all_keys(conn: Connection, ws: str) -> list[str]:
    """Every key there is, oldest item first: what a replay walks."""
    return list(
        conn.scalars(select(items.c.key).where(items.c.workspace == ws).order_by(items.c.opened_at, items.c.key))
    )


def changed(conn: Connection, ws: str, since: datetime, until: datetime) -> list[Item]:
    """The items that were opened or closed, or had an exception raised or ended, from `since` to before `until`.

    What a digest covers. Each way of having changed is a question that an index answers, so they are asked apart.
    """

    def within(column: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(column >= since, column < until)

    own = select(items.c.key).where(items.c.workspace == ws)
    of_exceptions = select(exceptions.c.item).where(exceptions.c.workspace == ws)
    keys = union(
        own.where(within(items.c.opened_at)),
        own.where(within(items.c.closed_at)),
        of_exceptions.where(within(exceptions.c.opened_at)),
        of_exceptions.where(within(exceptions.c.ended_at)),
    )
    return _items(conn, ws, items.c.key.in_(keys), order=[items.c.opened_at, items.c.key], limit=None)


def ended(conn: Connection, ws: str, requester: str, since: datetime, limit: int) -> list[Item]:
    """What that person asked for and was closed since then, the last first."""
    wanted = (items.c.requester == requester, _CLOSED, items.c.closed_at >= since)
    return _items(conn, ws, *wanted, order=[items.c.closed_at.desc(), items.c.key], limit=limit)


def failure(conn: Connection, ws: str, cause: str) -> Item | None:
    """The open item of the bot's own failure `cause`, where such failures are counted up.

    Two instances that meet the same failure at once take turns here, so that they open one item and not two.
    """
    hold(conn, f"failure\n{ws}\n{cause}")
    found = _items(conn, ws, items.c.cause == cause, _OPEN, order=[], limit=1)
    return found[0] if found else None


def _items(
    conn: Connection, ws: str, *wanted: ColumnElement[bool], order: Sequence[ColumnElement[Any]], limit: int | None
) -> list[Item]:
    rows = conn.scalars(select(items.c.body).where(items.c.workspace == ws, *wanted).order_by(*order).limit(limit))
    return [_BODY.validate_json(body) for body in rows]


def _row(item: Item) -> dict[str, Any]:
    return {
        "workspace": item.workspace,
        "key": item.key,
        "workflow": item.workflow,
        "title": item.title,
        "stage": item.stage,
        "owner": item.owner,
        "requester": item.requester,
        "opened_at": item.opened_at,
        "due_at": item.due_at,
        "closed_at": item.closed_at,
        "outcome": item.outcome,
        "proven": bool(item.evidence) and item.unproven is None,
        "cause": item.fields.get("cause") if item.workflow == DOCKET else item.cause or None,
        "signature": signature(item.text),
        "version": item.version,
        "head": item.head,
        "body": _body(item),
    }


def _body(item: Item) -> str:
    try:
        body = _BODY.dump_json(item).decode()
    except PydanticSerializationError:  # a lone surrogate
        body = ""
    if not body or "\\u0000" in body:
        cleaned = _BODY.validate_python(clean_json(_BODY.dump_python(item)))
        body = _BODY.dump_json(cleaned).decode()
    return body


def _exception_rows(item: Item) -> list[dict[str, Any]]:
    return [
        {
            "workspace": item.workspace,
            "item": item.key,
            "n": n,
            "workflow": item.workflow,
            "code": trouble.code,
            "state": trouble.state,
            "owner": trouble.owner,
            "may_decide": json.dumps(trouble.may_decide),
            "opened_at": trouble.opened_at,
            "due_at": trouble.due_at,
            "ended_at": trouble.ended_at,
            "decided_by": trouble.decision.by if trouble.decision else None,
            "reason_code": trouble.decision.reason_code if trouble.decision else None,
            "rationale": trouble.decision.rationale if trouble.decision else None,
            "likeness": case_of(item, trouble) if trouble.decision else None,
        }
        for n, trouble in enumerate(item.exceptions)
    ]


_OPEN = items.c.closed_at.is_(null())
_CLOSED = items.c.closed_at.is_not(null())
_LOAD = Rendered(select(items.c.body).where(items.c.workspace == bindparam("ws"), items.c.key == bindparam("wanted")))
_LIKE = Rendered(
    select(items.c.body)
    .where(
        items.c.workspace == bindparam("ws"),
        items.c.workflow == bindparam("in_workflow"),
        items.c.signature == bindparam("like"),
        _OPEN,
    )
    .order_by(items.c.opened_at.desc())
    .limit(bindparam("most"))
)
_NEW = Rendered(insert(items, lambda new: new.on_conflict_do_nothing()), items.c.keys())
_CHANGE = Rendered(
    update(items).where(
        items.c.workspace == bindparam("ws"),
        items.c.key == bindparam("wanted"),
        items.c.version == bindparam("expected"),
    ),
    items.c.keys(),
)
_EXCEPTIONS = Rendered(
    insert(
        exceptions,
        lambda new: new.on_conflict_do_update(
            index_elements=["workspace", "item", "n"],
            set_={c.name: new.excluded[c.name] for c in exceptions.c if not c.primary_key},
        ),
    ),
    exceptions.c.keys(),
)
_NUMBER = Rendered(
    insert(
        counters,
        lambda new: new.on_conflict_do_update(
            index_elements=["workspace", "prefix"], set_={"last": counters.c.last + 1}
        ).returning(counters.c.last),
    ),
    counters.c.keys(),
)
