"""Which item a mail belongs to: threads in any order, plus addresses, subjects, copies, and what must stay apart."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from handlers.mail.read import read
from rules.events import Mailed
from storage import evidence, ledger
from storage.schema import threads
from tests.stories.mailroom import mailroom
from tests.stories.post_office import CUSTOMER, OURS, Letter, mail

REQUEST = "Please refund ORD-48213, I was charged twice."
TOM, UNA = "Tom <tom@shop.example>", "Una <una@shop.example>"


def unthreaded(letter: Letter, body: str, **headers: str) -> bytes:
    """A reply of a program, or through a relay, that names no mail at all."""
    return mail(body, **{"Subject": f"Re: {letter.subject}", **headers})


async def test_the_plus_address_finds_the_item_where_a_relay_changed_every_id(tmp_path: Path) -> None:
    """Amazon SES replaces our Message-ID, some programs cut References: the address that we asked replies to stays."""
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        question = office.last()
        replied_to = str(question.mail["Reply-To"].addresses[0].addr_spec)
        ses = "<0100018f-aaaa@email.amazonses.com>"
        await office.arrives(
            unthreaded(
                question, "It was 45 USD.", To=replied_to.upper(), Subject="Your mail", In_Reply_To=ses, References=ses
            )
        )
        assert (await office.item("REF-1")).fields["amount"] == "45.00 USD"
        # delivered by Bcc or a forward: only the server's note has it
        await office.arrives(
            unthreaded(question, "Thanks!", Subject="Hi", To="someone@shop.example", Delivered_To=replied_to)
        )
        assert await office.keys() == ["REF-1"]
        assert (await office.kinds("REF-1")).count("attached") == 2


async def test_a_key_in_the_subject_counts_only_for_somebody_who_belongs_to_the_item(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        question = office.last()
        assert question.subject.endswith("[REF-1]")
        await office.arrives(unthreaded(question, "It was 45 USD."))
        assert (await office.item("REF-1")).fields["amount"] == "45.00 USD"
        # a stranger who read the key somewhere opens an item of their own
        await office.arrives(unthreaded(question, "My ORD-50000 broke, $30, please.", sender=TOM))
        assert (await office.item("REF-2")).requester == "tom@shop.example"
        # a colleague; and Tom, once he has written in the thread of REF-1
        await office.arrives(unthreaded(question, "I know them.", sender="Lee <lee@harbor.example>"))
        await office.arrives(mail("I was there, it was 45 USD.", sender=TOM, answers=question))
        await office.arrives(unthreaded(question, "Any news?", sender=TOM, Subject="AW: [EXT] [ref-1] teapot"))
        # Outlook keeps the old subject in Thread-Topic when somebody writes another
        await office.arrives(unthreaded(question, "And thanks.", Subject="One more", Thread_Topic="How much? [REF-1]"))
        assert await office.keys() == ["REF-1", "REF-2"]
        assert (await office.kinds("REF-1")).count("attached") == 5
        await office.arrives(mail("Another one: ORD-48777, $20.", Subject=f"Re: {question.subject[:-8]}"))
        assert await office.keys() == ["REF-1", "REF-2", "REF-3"], "a subject alone never threads"


THREAD: dict[str, dict[str, Any]] = {
    "request": {"Message_ID": "<a@shop.example>"},
    "answer of a colleague": {
        "sender": TOM, "Message_ID": "<b@shop.example>", "In_Reply_To": "<a@shop.example>",
        "References": "<root@shop.example> <a@shop.example>",
    },
    "reply to all": {
        "sender": UNA, "Message_ID": "<c@shop.example>", "In_Reply_To": "<b@shop.example>",
        "References": "<root@shop.example> <a@shop.example> <b@shop.example>",
    },
}  # fmt: skip


@pytest.mark.parametrize("order", [*itertools.permutations(THREAD)], ids=lambda order: ", ".join(order))
async def test_a_thread_of_three_people_is_one_item_in_whatever_order_it_comes(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    async with mailroom(tmp_path) as office:
        for which in order:
            await office.arrives(mail(f"About ORD-48213: {which}.", subject=which, **THREAD[which]))
        assert await office.keys() == ["REF-1"]
        assert (await office.kinds("REF-1")).count("attached") == 2


async def test_two_replies_to_a_mail_that_never_came_are_one_item(tmp_path: Path) -> None:
    """We were put in copy in the middle of somebody's talk, twice."""
    before: dict[str, Any] = {"In_Reply_To": "<root@shop.example>", "References": "<root@shop.example>"}
    async with mailroom(tmp_path) as office:
        await office.arrives(mail("Refund for ORD-48213? $45", sender=TOM, Cc=OURS, **before))
        await office.arrives(mail("Yes, please do, all of it.", sender=UNA, Cc=OURS, **before))
        assert await office.keys() == ["REF-1"]


async def test_references_to_two_items_join_the_first_that_is_known_and_make_no_third(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(f"{REQUEST} $45", Message_ID="<one@shop.example>"))
        await office.arrives(mail("ORD-50000 broke, $30", Message_ID="<two@shop.example>"))
        merged = {"In_Reply_To": "<gone@shop.example>", "References": "<one@shop.example> <two@shop.example>"}
        await office.arrives(mail("Both in one talk now.", **merged))
        assert await office.keys() == ["REF-1", "REF-2"]
        assert (await office.kinds("REF-2")).count("attached") == 1, "References count from the end"
        assert "attached" not in await office.kinds("REF-1")


async def test_a_forwarded_letter_stays_with_its_item_and_gives_nobody_a_say(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        question = office.last()
        await office.arrives(mail("FYI, they ask how much: 45 USD?", sender=TOM, answers=question, Subject="Fwd: help"))
        item = await office.item("REF-1")
        assert (item.state, item.requester) == ("waiting", CUSTOMER)
        assert await office.keys() == ["REF-1"]
        assert office.peer.to("tom@shop.example") == []


async def test_a_reply_that_is_faster_than_our_receipt_finds_its_item_by_the_letters_own_id(tmp_path: Path) -> None:
    """A machine answers within the second: what binds our letter to its item may not be written yet."""
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST))
        question = office.last()
        await office.store.write(lambda conn: conn.execute(delete(threads)))
        await office.arrives(mail("It was 45 USD.", In_Reply_To=question.id))
        assert await office.keys() == ["REF-1"]
        await office.arrives(mail("ORD-50000, $20", In_Reply_To=f"<docket.{'0' * 36}@harbor.example>"))
        assert await office.keys() == ["REF-1", "REF-2"], "an id of our form that we never sent is nothing known"


async def test_the_copy_that_a_list_changed_is_kept_and_told_to_nobody(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        same: dict[str, Any] = {"Message_ID": "<a@shop.example>", "Cc": "support@lists.example"}
        await office.arrives(mail(f"{REQUEST} $45", **same))
        told = len(office.peer.letters)
        footer = "\n_______\nSupport mailing list, Berlin Office\nhttps://lists.example/Support\n"
        await office.arrives(mail(f"{REQUEST} $45{footer}", List_Id="<support.lists.example>", **same))
        assert await office.keys() == ["REF-1"]
        assert (await office.kinds("REF-1")).count("attached") == 1
        assert len(office.peer.letters) == told


async def test_different_mails_under_one_id_are_different_items(tmp_path: Path) -> None:
    """A broken program gives all its mail the same Message-ID; nothing it sends may be lost for that."""
    async with mailroom(tmp_path) as office:
        for number in range(3):
            raw = mail(f"ORD-4800{number} broke, $4{number}.", Message_ID="<1@form.example>",
                       Date=f"Wed, 04 Mar 2026 10:0{number}:00 -0600")  # fmt: skip
            await office.arrives(raw)
        assert await office.keys() == ["REF-1", "REF-2", "REF-3"]


async def test_an_id_that_is_taken_can_not_be_taken_over(tmp_path: Path) -> None:
    """Who gives their mail the id of somebody else's does not get the answers to that."""
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(REQUEST, Message_ID="<a@shop.example>"))
        await office.arrives(mail("Mine: ORD-50000, $5", sender="M <m@evil.example>", Message_ID="<a@shop.example>"))
        await office.arrives(mail("It was 45 USD.", sender=TOM, In_Reply_To="<a@shop.example>"))
        assert "attached" in await office.kinds("REF-1")
        assert "attached" not in await office.kinds("REF-2")


BLIND = f"{REQUEST} It was 45 USD."


@pytest.mark.parametrize("first", ["refunds", "concerns"])
async def test_a_blind_copy_to_a_private_inbox_makes_the_whole_of_it_private(tmp_path: Path, first: str) -> None:
    """Nothing in the public copy names the private inbox; still one item is open in the end, and it is private."""
    copies = {
        name: b"Delivered-To: %s@harbor.example\r\n" % name.encode() + mail(BLIND, Message_ID="<a@shop.example>")
        for name in ("refunds", "concerns")
    }
    same = copies["refunds"].partition(b"\r\n")[2]
    copies = {name: raw.partition(b"\r\n")[0] + b"\r\n" + same for name, raw in copies.items()}
    async with mailroom(tmp_path) as office:
        for name in sorted(copies, key=lambda name: name != first):
            await office.arrives(copies[name], name)
        concern = await office.item("CON-1")
        assert (concern.state, concern.owner) == ("open", "maria")
        if first == "refunds":
            public = await office.item("REF-1")
            assert (public.state, public.outcome) == ("closed", "duplicate")
            assert not any(letter.subject.startswith("Done") for letter in office.peer.to(CUSTOMER)), "nobody is told"
            await office.arrives(mail("One more thing.", In_Reply_To="<a@shop.example>"))
            assert (await office.item("REF-1")).state == "closed", "the talk goes on in private"
        else:
            assert await office.keys() == ["CON-1"]
        for name, raw in copies.items():
            assert (await office.arrives(raw, name)).repeat, "and each of them counts once"


async def test_what_came_to_a_private_inbox_joins_no_public_item(tmp_path: Path) -> None:
    async with mailroom(tmp_path) as office:
        await office.arrives(mail(f"{REQUEST} $45", Message_ID="<a@shop.example>"))
        secret = mail("Dana keeps the money.", subject="Re: [REF-1]", In_Reply_To="<a@shop.example>")
        await office.arrives(secret, "concerns")
        assert await office.keys() == ["CON-1", "REF-1"]
        assert "attached" not in await office.kinds("REF-1")
        ours = office.last()
        await office.arrives(mail("More of it.", answers=ours), "refunds")
        assert (await office.kinds("CON-1")).count("attached") == 1, "and what answers private mail stays private"
        both = {"In_Reply_To": "<a@shop.example>", "References": f"{ours.id} <a@shop.example>"}
        await office.arrives(mail("And this.", **both), "concerns")
        assert (await office.kinds("CON-1")).count("attached") == 2, "of two talks it joins the private one"
        assert await office.keys() == ["CON-1", "REF-1"]


async def test_files_are_kept_once_and_the_record_names_them(tmp_path: Path) -> None:
    part = "--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename={}\n\n%PDF {}\n"
    body = f"--b\nContent-Type: text/plain\n\n{REQUEST} 45 USD\n{part.format('log.pdf', 1)}{part.format('b.pdf', 2)}"
    async with mailroom(tmp_path) as office:
        mixed: dict[str, Any] = {"Content_Type": "multipart/mixed; boundary=b"}
        await office.arrives(mail(f"{body}--b--\n", **mixed))
        again = f"--b\nContent-Type: text/plain\n\nOnce more.\n{part.format('log.pdf', 1)}--b--\n"
        await office.arrives(mail(again, answers=office.last(), **mixed))
        (opened, *rest) = await office.store.read(lambda conn: ledger.of_item(conn, "main", "REF-1"))
        sha256 = [file["sha256"] for file in opened.entry.facts["files"]]
        kept = await office.store.read(lambda conn: [evidence.load(conn, "main", one) for one in sha256])
        assert [(one.name, one.data.strip()) for one in kept if one] == [("log.pdf", b"%PDF 1"), ("b.pdf", b"%PDF 2")]
        (attached,) = [one.entry for one in rest if one.entry.kind == "attached"]
        assert attached.facts["files"][0]["sha256"] == sha256[0]
        shown = await office.asks("dana", "show", item="REF-1")
        assert shown.count("log.pdf") == 1
        assert f"application/pdf, 1 kB · {sha256[1][:12]}" in shown


def test_the_samples_of_threads_are_found_by_what_they_carry(shared_dir: Path) -> None:
    """Each synthetic mail of the shared collection, with its item 7 as REF-7 and its letter's id under ours."""
    rows = [json.loads(line) for line in (shared_dir / "mail" / "manifest.jsonl").read_text().splitlines()]
    samples = [row for row in rows if row["class"] == "threads" and "item" in row["expected"]]
    assert len(samples) >= 12
    for row in samples:
        raw = (shared_dir / "mail" / row["file"]).read_bytes().replace(b"#7", b"REF-7")
        event = read(raw, inbox="x", received_at=datetime.now(UTC), own_addresses=frozenset({"bot@desk.example"}))
        assert isinstance(event, Mailed)
        by_id = "<item-7.ask@desk.example>" in event.references
        found = by_id or "item-7" in event.details or "REF-7" in event.subject_keys
        assert found == (row["expected"]["item"] == 7), row["file"]
