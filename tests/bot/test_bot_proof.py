"""Proof and repeats through the desk: what the database counts, and where the bytes of large files lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bot.demo import example
from bot.files import written
from rules.attaching import files_of
from rules.events import Attachment, Mailed
from storage import items, ledger, repeats, reports
from tests.bot.house import MORNING, House, house
from tests.rules.test_remediation import TWICE

DANA, LEE = "slack:U0DANA", "slack:U0LEE"


async def big(office: House, *numbers: int) -> None:
    for n in numbers:
        await office.says("slack:U0RITA", f"Please refund ORD-4{n:04}, I was charged $4{n:02}")


async def keys(office: House, workflow: str) -> list[str]:
    found = await office.store.read(lambda c: items.listing(c, "main", workflow=workflow, state_open=False, limit=99))
    return sorted(item.key for item in found)


async def test_repeats_are_counted_in_the_database_and_opened_once(tmp_path: Path) -> None:
    async with house(tmp_path, text=TWICE) as office:
        await big(office, 10, 11)
        assert await keys(office, "remediation") == []
        await big(office, 12, 13)
        assert await keys(office, "remediation") == ["FIX-1"]
        fix = await office.item("FIX-1")
        assert fix.fields["items"] == "REF-1, REF-2, REF-3"
        await office.types(DANA, "evidence", "FIX-1", name="note", words="Checked before the capture now.")
        await office.types(DANA, "close", "FIX-1")
        await office.pushes(days=29)
        await big(office, 14, 15, 16)
        assert await keys(office, "remediation") == ["FIX-1"], "a period has not passed since the last one"


async def test_uses_are_counted_and_overdue_reviews_found(tmp_path: Path) -> None:
    async with house(tmp_path) as office:
        for n in range(1, 4):
            await big(office, n)
            await office.types(DANA, "breakglass", f"REF-{n}", words="The bank closes.")
        assert await keys(office, "post_review") == ["REVIEW-1", "REVIEW-2", "REVIEW-3", "REVIEW-4"]
        often = await office.item("REVIEW-4")
        assert [t.code for t in often.exceptions] == ["TOO_OFTEN_REF"]
        late = await office.store.read(lambda c: repeats.overdue(c, "main", {"post_review"}, office.clock()))
        assert late == []
        await office.pushes(days=2, minutes=1)
        late = await office.store.read(lambda c: repeats.overdue(c, "main", {"post_review"}, office.clock()))
        assert len(late) == 4


async def test_a_large_file_by_mail_is_proof_and_lies_beside_the_database(tmp_path: Path) -> None:
    photo = b"\x89PNG" + b"x" * 1_200_000
    sha256 = hashlib.sha256(photo).hexdigest()
    async with house(tmp_path) as office:
        await office.says("slack:U0RITA", "Please refund ORD-48213, it was $45")
        await office.desk.take(
            Mailed(
                id="mail:1", workspace="main", at=office.clock(), by="dana@harbor.example", via="mail", inbox="refunds",
                message_id="<1@x>", references=(), subject="[REF-1]", subject_keys=("REF-1",), from_name="", text="",
                new_text="evidence REF-1 file", trust="aligned", sent_at=office.clock(),
                attachments=(Attachment(name="card.png", media_type="image/png", size=len(photo), sha256=sha256,
                                        data=photo),),
            ),
            b"raw",
        )  # fmt: skip
        proof = (await office.item("REF-1")).evidence[0]
        assert (proof.kind, proof.name, proof.sha256, proof.size) == ("file", "card.png", sha256, len(photo))
        assert (tmp_path / "docket.db-files" / sha256[:2] / sha256).read_bytes() == photo
        recorded = await office.store.read(lambda c: ledger.of_item(c, "main", "REF-1"))
        came = files_of(each.entry for each in recorded)
        said = await office.store.read(lambda c: written(c, office.books, came, tmp_path / "out"))
        assert said.startswith("1 of 1 files written")
        assert (tmp_path / "out" / "card.png").read_bytes() == photo
        (tmp_path / "docket.db-files" / sha256[:2] / sha256).write_bytes(b"something else")
        said = await office.store.read(lambda c: written(c, office.books, came, tmp_path / "again"))
        assert "Not as they came, and so not written: card.png" in said


async def test_what_was_closed_without_all_of_its_proof_is_found_although_it_has_some(tmp_path: Path) -> None:
    text = example().replace("evidence: [receipt]", "evidence: [receipt, note]")
    async with house(tmp_path, text=text) as office:
        await office.says("slack:U0RITA", "Please refund ORD-48213, I was charged $450 twice")
        await office.types(DANA, "breakglass", "REF-1", words="The bank closes.")
        await office.types(DANA, "next", "REF-1")
        await office.types(DANA, "evidence", "REF-1", name="note", words="Paid back by hand.")
        await office.types(LEE, "breakglass", "REF-1", words="The receipt comes by post.")
        await office.types(LEE, "close", "REF-1")
        found = await office.store.read(lambda c: reports.unproven(c, "main", MORNING))
        assert [closed.key for closed in found] == ["REF-1"]
