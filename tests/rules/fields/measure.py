"""Precision and recall of the readers on the public extraction data, when it lies beside the project.

Run: python tests/rules/fields/measure.py [-v]  (-v prints what was read wrongly)
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
DATA = PROJECT.parent / "shared" / "assist-data" / "extraction"
sys.path.insert(0, str(PROJECT))

from rules.book.field import Field  # noqa: E402  (the path is set above, so that the script runs from anywhere)
from rules.fields.reading import Context, find  # noqa: E402

REGIONS = {
    "Dutch": "NL", "English": "US", "French": "FR", "German": "DE", "Italian": "IT", "Japanese": "JP",
    "Portuguese": "BR", "Spanish": "ES", "Swedish": "SE", "Turkish": "TR",
}  # fmt: skip
UNITS = {
    "dollar": "USD", "dólar": "USD", "dollaro": "USD", "euro": "EUR", "pound": "GBP", "british pound": "GBP",
    "livre": "GBP", "libra": "GBP", "united states dollar": "USD", "dollar états-unis": "USD", "yen": "JPY",
    "dólar estadunidense": "USD", "dólar canadiense": "CAD", "dólar canadense": "CAD", "dollar canadien": "CAD",
    "dollar australien": "AUD", "australian dollar": "AUD", "franco suizo": "CHF", "swiss franc": "CHF",
    "roupie indienne": "INR", "japanese yen": "JPY", "dólar de hong kong": "HKD", "dollar de hong kong": "HKD",
}  # fmt: skip
KINDS = {"currency": "money", "datetime": "date", "email": "email", "phone": "phone", "url": "url"}

Case = tuple[str, str, str, Context, set[str], set[str]]  # kind, group, text, context, expected, also right


def cases() -> Iterator[Case]:
    """Every sentence with what should be read in it."""
    for line in (DATA / "dev.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "datetime" and not row["ref"]:
            continue  # nobody says when it was written
        now = datetime.fromisoformat(row["ref"]) if row["ref"] else datetime(2019, 5, 8)
        context = Context(now=now.replace(tzinfo=UTC), currency="USD", region=REGIONS[row["lang"]])
        expected, also = _expected(row)
        yield KINDS[row["kind"]], row["lang"], row["input"], context, expected, also
    for line in (DATA / "hand-dev.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        region = row["locale"][-2:]
        money = {"DE": "EUR", "FR": "EUR", "ES": "EUR", "IT": "EUR", "GB": "GBP", "SE": "SEK", "MX": "MXN", "IN": "INR"}
        context = Context(now=datetime(2025, 3, 4, tzinfo=UTC), currency=money.get(region, "USD"), region=region)
        for kind, values in (
            ("money", {_amount(value, code) for value, code in row["amounts"]}),
            ("date", set(row["dates"])),
            ("email", set(row["mails"])),
            ("phone", set(row["phones"])),
            ("url", set(row["urls"])),
        ):
            yield kind, "by hand", row["text"], context, values, set()


def _expected(row: dict[str, object]) -> tuple[set[str], set[str]]:
    expected: set[str] = set()
    also: set[str] = set()
    for mention in row["expected"]:  # type: ignore[attr-defined]  # JSON
        found = mention["res"]
        if row["kind"] == "currency":
            unit = str(found.get("unit", "")).casefold()
            code = found.get("isoCurrency") or next((c for u, c in UNITS.items() if u == unit), None) or unit
            expected.add(_amount(found["value"] or "0", str(code)))
        elif row["kind"] == "datetime":
            for value in found.get("values", ()):
                if mention["type"] in ("datetimeV2.date", "datetimeV2.datetime") and value.get("value"):
                    (expected if mention["type"].endswith(".date") else also).add(value["value"][:10])
                also |= {value[edge][:10] for edge in ("start", "end") if value.get(edge)}
        elif row["kind"] == "phone":
            expected.add("".join(c for c in found["value"] if c.isdigit()))
        else:
            expected.add(found["value"])
    return expected, also


def _amount(value: str, code: str) -> str:
    try:
        return f"{Decimal(value.replace(',', '.')).normalize():f} {code}"
    except InvalidOperation:
        return f"{value} {code}"


def _same(kind: str, ours: str, theirs: set[str]) -> str | None:
    if kind == "money":
        amount, _, code = ours.partition(" ")
        ours = f"{Decimal(amount).normalize():f} {code}"
    if kind == "phone":
        digits = ours.lstrip("+")
        return next((t for t in theirs if t.lstrip("+")[-7:] == digits[-7:]), None)
    folded = {t.casefold().rstrip("/"): t for t in theirs}
    return folded.get(ours.casefold().rstrip("/")) or folded.get(ours.casefold().removeprefix("https://"))


Tallies = dict[tuple[str, str], Counter[str]]


def tallies(*, verbose: bool) -> Tallies:
    """Values right, wrong and missed, and sentences unclear or filled wrongly, by type and language."""
    counts: Tallies = {}
    for kind, group, text, context, expected, also in cases():
        found = find(Field(name="it", type=kind), text, context)  # type: ignore[arg-type]  # one of the known kinds
        tally = counts.setdefault((kind, group), Counter())
        left = set(expected)
        for value in found.values:
            match = _same(kind, value, left) or _same(kind, value, expected | also)
            left.discard(match or "")
            tally["right" if match else "wrong"] += 1
            if verbose and not match and len(found.values) == 1:
                print(f"wrong  {kind:6} {group[:10]:10} {value!r} wanted {sorted(expected | also)} in {text!r}")
        # Two expected readings of a day without its year are one mention.
        certain = len(found.values) == 1 and not found.unclear
        one = len(expected) == 1 or kind == "date"
        tally["filled wrongly"] += certain and not (one and _same(kind, found.values[0], expected | also))
        missed = len(left) if kind != "date" else int(bool(expected) and left == expected)
        tally["missed"] += missed
        tally["unclear"] += bool(found.unclear)
    return counts


def main(verbose: bool) -> None:
    """Print the table."""
    counts = tallies(verbose=verbose)
    print(
        f"{'type':8}{'group':12}{'right':>7}{'wrong':>7}{'missed':>8}{'unclear':>9}"
        f"{'precision':>11}{'recall':>8}{'filled wrongly':>16}"
    )
    totals: Tallies = {}
    for (kind, _), tally in counts.items():
        totals.setdefault((kind, "all"), Counter()).update(tally)
    for (kind, group), tally in sorted(counts.items()) + sorted(totals.items()):
        right, wrong, missed = tally["right"], tally["wrong"], tally["missed"]
        precision = right / (right + wrong) if right + wrong else 1.0
        recall = right / (right + missed) if right + missed else 1.0
        print(
            f"{kind:8}{group:12}{right:7}{wrong:7}{missed:8}{tally['unclear']:9}"
            f"{precision:11.3f}{recall:8.3f}{tally['filled wrongly']:16}"
        )


if __name__ == "__main__":
    if DATA.is_dir():
        main("-v" in sys.argv[1:])
    else:
        print("The extraction data is not here; nothing was measured.")
