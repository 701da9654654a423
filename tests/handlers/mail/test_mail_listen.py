"""Watching an inbox on a real IMAP server: nothing is lost, nothing counts twice, nothing blocks what comes behind."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import handlers.mail.imap
from handlers.mail.listen import Inbox
from handlers.mail.patience import Pace
from handlers.mail.settings import InboxSettings
from rules.events import Mailed, Unreadable
from tests.dovecot import PASSWORD, Dovecot, running
from tests.handlers.mail.conftest import BUSY, House

PACE = Pace(
    idle=30, slice=0.1, poll=0.1, retry=0.05, retry_most=0.2, refused=0.1, refused_most=0.2, report=0, busy=0.05
)


def mail(subject: str, body: str = "Please refund ORD-12345.") -> bytes:
    return (
        f"From: Rita <rita@shop.example>\r\nTo: refunds@harbor.example\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.replace(' ', '-')}@shop.example>\r\nDate: Fri, 20 Nov 2026 09:15:00 +0100\r\n"
        f"\r\n{body}\r\n"
    ).encode()


def settings_of(server: Dovecot, user: str) -> InboxSettings:
    return InboxSettings(
        name="refunds", host="127.0.0.1", port=server.port, security="plain", user=user, password=PASSWORD
    )


@asynccontextmanager
async def watching(settings: InboxSettings, house: House, **more: object) -> AsyncIterator[None]:
    """The inbox is watched in here, and its watch ends cleanly and soon."""
    stop = asyncio.Event()
    options = {"pace": PACE, "clock": lambda: datetime.now(UTC)} | more
    task = asyncio.create_task(Inbox(settings, house, **options).run(stop))  # type: ignore[arg-type]  # a mix of options
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def test_a_mail_that_arrives_while_waiting_is_taken_at_once_and_then_marked_seen(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: "refunds" in house.marks)
        dovecot.deliver(user, mail("one"))
        began = time.monotonic()
        await house.until(lambda: house.subjects == ["one"])
        assert time.monotonic() - began < 5, "told by IDLE, not found by the next look"
        await house.until(lambda: dovecot.listing(user, criterion="SEEN") == [1])
    event = house.events[0]
    assert isinstance(event, Mailed)
    assert (event.inbox, event.by, event.new_text) == ("refunds", "rita@shop.example", "Please refund ORD-12345.")
    assert house.raws == [mail("one")]
    assert abs((datetime.now(UTC) - event.at).total_seconds()) < 60


async def test_a_mail_that_the_server_tells_of_in_its_answer_to_the_search_is_not_waited_for(
    dovecot: Dovecot, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = dovecot.new_user()
    look = handlers.mail.imap.Session._search
    arrived: list[bool] = []

    def delivered_just_before(self: handlers.mail.imap.Session, *criteria: object) -> list[int]:
        if house.told and not arrived:
            arrived.append(True)
            dovecot.deliver(user, mail("just now"))
        return look(self, *criteria)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(handlers.mail.imap.Session, "_search", delivered_just_before)
    async with watching(settings_of(dovecot, user), house, pace=replace(PACE, idle_first=4)):
        await house.until(lambda: arrived)
        began = time.monotonic()
        await house.until(lambda: house.subjects == ["just now"])
        assert time.monotonic() - began < 6, "not found by the renewal of IDLE, which is 8 seconds away"


async def test_a_server_without_idle_and_move_is_polled_and_mail_is_copied_away(house: House) -> None:
    with running("IDLE", "MOVE") as server:
        user = server.new_user()
        async with watching(replace(settings_of(server, user), done="Taken"), house):
            await house.until(lambda: "refunds" in house.marks)
            server.deliver(user, mail("one"))
            await house.until(lambda: server.listing(user, "Taken"))
            assert server.listing(user) == []
    assert house.subjects == ["one"]


async def test_taken_mail_is_moved_to_the_folder_the_url_names(dovecot: Dovecot, house: House) -> None:
    user = dovecot.new_user()
    for number in range(3):
        dovecot.deliver(user, mail(f"mail {number}"))
    async with watching(replace(settings_of(dovecot, user), done="Done/März & more"), house):
        await house.until(lambda: len(house.events) == 3)
        await house.until(lambda: dovecot.listing(user) == [])
    with dovecot.client(user) as client:
        assert len(client.list()[1]) == 3, "INBOX, Done and the folder in it"


async def test_over_tls_only_with_a_certificate_that_can_be_trusted(dovecot: Dovecot, house: House) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail("one"))
    secure = replace(settings_of(dovecot, user), security="tls", port=dovecot.tls_port)
    async with watching(secure, house):
        await house.until(lambda: house.told)
    assert house.told[0][1].startswith("The inbox refunds can't be read: the server's certificate can't be trusted.")
    assert not house.events
    async with watching(secure, house, tls=dovecot.trusting()):
        await house.until(lambda: house.subjects == ["one"])
    async with watching(replace(settings_of(dovecot, user), security="starttls"), house, tls=dovecot.trusting()):
        dovecot.deliver(user, mail("two"))
        await house.until(lambda: house.subjects == ["one", "two"])


async def test_seen_only_after_the_commit_and_a_busy_desk_gets_the_mail_again_until_it_takes_it_once(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    house.refuse = lambda _event: BUSY
    dovecot.deliver(user, mail("one"))
    dovecot.deliver(user, mail("two"))
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: len(house.offered) >= 3)
        assert set(house.offered) == {house.offered[0]}, "the one behind it waits its turn"
        assert dovecot.listing(user, criterion="SEEN") == []
        house.refuse = lambda _event: None
        await house.until(lambda: dovecot.listing(user, criterion="UNSEEN") == [])
    assert house.subjects == ["one", "two"]


async def test_stopped_before_the_commit_the_mail_stays_and_is_taken_after_the_next_start(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: "refunds" in house.marks)
    house.refuse = lambda _event: BUSY
    dovecot.deliver(user, mail("one"))
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: house.offered)
    assert dovecot.listing(user, criterion="UNSEEN") == [1]
    house.refuse = lambda _event: None
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: house.subjects == ["one"])


async def test_taken_but_not_marked_before_a_crash_it_is_offered_again_and_then_marked(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail("one"))
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: dovecot.listing(user, criterion="SEEN") == [1])
    with dovecot.client(user) as client:  # as if the process had died between the commit and the mark
        client.select()
        client.store("1", "-FLAGS", "\\Seen")
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: dovecot.listing(user, criterion="SEEN") == [1])
    assert house.subjects == ["one"]
    assert len(house.offered) == 2


async def test_what_people_had_read_before_the_first_start_is_history_and_opened_mail_later_is_not(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, mail("old"))
    dovecot.deliver(user, mail("waiting"))
    with dovecot.client(user) as client:
        client.select()
        client.store("1", "+FLAGS", "\\Seen")
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: house.marks.get("refunds", (0, 0))[1] == 2)
    assert house.subjects == ["waiting"]
    dovecot.deliver(user, mail("opened by a person meanwhile"))
    with dovecot.client(user) as client:
        client.select()
        client.store("3", "+FLAGS", "\\Seen")
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: house.subjects == ["waiting", "opened by a person meanwhile"])


async def test_after_a_change_of_uidvalidity_everything_is_read_again_and_counts_once(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    with dovecot.client(user) as client:
        client.create("Refunds")
    settings = replace(settings_of(dovecot, user), folder="Refunds")
    dovecot.deliver(user, mail("one"), "Refunds")
    async with watching(settings, house):
        await house.until(lambda: house.marks.get("refunds", (0, 0))[1] == 1)
    before = house.marks["refunds"]
    with dovecot.client(user) as client:
        client.delete("Refunds")
        client.create("Refunds")
    for subject in ("two", "one"):
        dovecot.deliver(user, mail(subject), "Refunds")
    async with watching(settings, house):
        await house.until(lambda: house.marks["refunds"][1] == 2)
    assert house.marks["refunds"][0] != before[0]
    assert house.subjects == ["one", "two"]


async def test_a_server_that_dies_under_idle_is_told_once_and_found_again(house: House) -> None:
    with running() as server:
        user = server.new_user()
        async with watching(settings_of(server, user), house):
            await house.until(lambda: house.told)
            house.told.clear()
            server.kill()
            await house.until(lambda: house.told)
            await asyncio.sleep(0.3)  # a few more attempts, which nobody needs to hear of
            assert [cause for cause, _ in house.told] == ["inbox:refunds"]
            assert "Mail waits there" in house.told[0][1]
            server.start()
            server.deliver(user, mail("after"))
            await house.until(lambda: house.subjects == ["after"])
            await house.until(lambda: ("inbox:refunds", "") in house.told)


async def test_a_wrong_password_is_told_in_a_sentence_without_the_password(house: House) -> None:
    with running() as server:  # its own: after a refusal Dovecot makes every login from this address wait for seconds
        async with watching(replace(settings_of(server, server.new_user()), password="wr0ng"), house):
            await house.until(lambda: house.told)
    assert house.told == [
        (
            "inbox:refunds",
            "The inbox refunds can't be read: 127.0.0.1 refuses the user or the password. "
            "Mend DOCKET_INBOX_REFUNDS; mail waits there.",
        )
    ]


async def test_a_folder_that_is_not_there_is_named(dovecot: Dovecot, house: House) -> None:
    async with watching(replace(settings_of(dovecot, dovecot.new_user()), folder="Nowhere"), house):
        await house.until(lambda: house.told)
    assert "the folder Nowhere can't be opened" in house.told[0][1]


async def test_of_a_mail_over_the_cap_the_beginning_is_taken_and_said_to_be_one(
    dovecot: Dovecot, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers.mail.imap, "MAX_MESSAGE", 1_000_000)
    user = dovecot.new_user()
    dovecot.deliver(user, mail("huge", "first line\r\n" + "x" * 70 + "\r\n" * 700_000))
    dovecot.deliver(user, mail("behind"))
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: len(house.events) == 2)
    huge = house.events[0]
    assert isinstance(huge, Mailed)
    assert len(house.raws[0]) == handlers.mail.imap.BEGINNING
    assert huge.troubles == ("It is larger than 25 MB; only its beginning was read.",)
    assert huge.text.startswith("first line")


async def test_what_can_not_be_read_becomes_an_unreadable_with_its_raw_bytes_and_blocks_nothing(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    dovecot.deliver(user, b"\r\n\r\n")
    dovecot.deliver(user, mail("behind"))
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: len(house.events) == 2)
    assert isinstance(house.events[0], Unreadable)
    assert house.events[0].problem == "It is empty."
    assert house.raws[0] == b"\r\n\r\n"
    assert house.subjects == ["behind"]


async def test_a_mail_that_makes_the_house_stumble_becomes_an_unreadable_and_blocks_nothing(
    dovecot: Dovecot, house: House
) -> None:
    user = dovecot.new_user()
    house.refuse = lambda event: (
        RuntimeError("a fault") if isinstance(event, Mailed) and event.subject == "odd" else None
    )
    dovecot.deliver(user, mail("odd"))
    dovecot.deliver(user, mail("behind"))
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: len(house.events) == 2)
    assert isinstance(house.events[0], Unreadable)
    assert house.raws[0] == mail("odd")
    assert house.subjects == ["behind"]


async def test_a_mail_that_the_server_never_hands_out_is_told_and_passed_by(
    dovecot: Dovecot, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = dovecot.new_user()
    for subject in ("one", "cursed", "three"):
        dovecot.deliver(user, mail(subject))
    fetch = handlers.mail.imap.Session.fetch

    def cursed(self: handlers.mail.imap.Session, batch: list[tuple[int, int]]) -> list[handlers.mail.imap.Fetched]:
        if any(uid == 2 for uid, _ in batch):
            raise ssl.SSLError("the connection broke")
        return fetch(self, batch)

    monkeypatch.setattr(handlers.mail.imap.Session, "fetch", cursed)
    async with watching(settings_of(dovecot, user), house):
        await house.until(lambda: len(house.events) == 3)
    assert house.subjects == ["one", "three"]
    assert "does not hand it out" in house.events[1].problem  # type: ignore[union-attr]  # the Unreadable between


async def test_the_same_mail_in_two_inboxes_has_one_outside_id(dovecot: Dovecot, house: House) -> None:
    first, second = dovecot.new_user(), dovecot.new_user()
    dovecot.deliver(first, b"Delivered-To: refunds@harbor.example\r\n" + mail("both"))
    dovecot.deliver(second, b"Received: from elsewhere\r\n\tby there\r\n" + mail("both"))
    async with watching(settings_of(dovecot, first), house):
        await house.until(lambda: len(house.offered) == 1)
    async with watching(replace(settings_of(dovecot, second), name="concerns"), house):
        await house.until(lambda: len(house.offered) == 2)
    assert len(set(house.offered)) == 1


async def test_of_several_instances_the_one_whose_inbox_it_is_reads_it(dovecot: Dovecot, house: House) -> None:
    """It goes over in the middle of waiting; what came between is taken, and what was taken is not taken again."""
    user, holder = dovecot.new_user(), ["nobody"]
    settings = settings_of(dovecot, user)
    async with (
        watching(settings, house, ours=lambda: holder[0] == "one"),
        watching(settings, house, ours=lambda: holder[0] == "two"),
    ):
        dovecot.deliver(user, mail("First"))
        await asyncio.sleep(0.3)
        assert house.subjects == []
        for number, name in enumerate(("one", "two", "one"), 1):
            holder[0] = name
            await house.until(lambda number=number: len(house.subjects) == number)
            dovecot.deliver(user, mail(f"Letter {number}"))
        await house.until(lambda: len(house.subjects) == 4)
        assert house.subjects == ["First", "Letter 1", "Letter 2", "Letter 3"]
