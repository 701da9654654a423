"""Pictures in a letter: beside the HTML that shows them, and their numbers in words for everybody else."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

from handlers.images import Image
from handlers.mail.write import letter
from handlers.ports import Outgoing
from rules.charts import Picture, Series
from rules.messages import Message

NOON = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\nof ages"
PICTURE = Picture(
    name="ages",
    title="3 of 9 open items are older than a week",
    alt='Age of what is open. "Under" 1 day: 6. 1 to 4 weeks: 3.',
    chart="bars",
    ticks=("under 1 day",),
    series=(Series(label="open", values=(6.0,)),),
)
DIGEST = Outgoing(
    outbox_id="0198c0de-0000-7000-8000-000000000001",
    address="maria@harbor.example",
    message=Message(
        subject="Friday", headline=("Harbor Supply, Friday",), small=(("41 items open",),), pictures=(PICTURE,)
    ),
    timezone="UTC",
)
IMAGES = tuple(
    Image(name=name, title=PICTURE.title, alt=PICTURE.alt, png=PNG, digest=f"abc{n}")
    for n, name in enumerate(("ages", "stages"))
)


def sent(outgoing: Outgoing) -> bytes:
    return letter(outgoing, sender="docket@harbor.example", sender_name="Harbor Supply", date=NOON)


def read(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_images_travel_with_the_html_and_are_no_attachments() -> None:
    mail = read(sent(replace(DIGEST, images=IMAGES)))
    words, related = mail.iter_parts()
    assert [words.get_content_type(), related.get_content_type()] == ["text/plain", "multipart/related"]
    page, *pictures = related.iter_parts()
    assert page.get_content_type() == "text/html"
    assert [each["Content-ID"] for each in pictures] == ["<ages.abc0@docket>", "<stages.abc1@docket>"]
    assert {each.get_content_disposition() for each in pictures} == {"inline"}
    assert {each.get_content() for each in pictures} == {PNG}
    assert list(mail.iter_attachments()) == [], "a mail program shows no paper clip"
    html = page.get_content()
    assert 'src="cid:ages.abc0@docket"' in html
    assert 'alt="Age of what is open. &quot;Under&quot; 1 day: 6. 1 to 4 weeks: 3."' in html
    assert "http" not in html.split("<body")[1], "nothing is loaded from anywhere"


def test_the_numbers_stand_in_the_text_also_where_nothing_could_be_drawn() -> None:
    for images in (IMAGES, ()):
        words = read(sent(replace(DIGEST, images=images))).get_body(("plain",))
        assert words is not None
        said = " ".join(str(words.get_content()).split())
        assert '3 of 9 open items are older than a week Age of what is open. "Under" 1 day: 6. 1 to 4 weeks: 3.' in said
        assert said.index("4 weeks: 3.") < said.index("41 items open"), "before the fine print"
    html = read(sent(DIGEST)).get_body(("html",))
    assert html is not None
    assert "<img" not in str(html.get_content())


def test_a_repeat_has_the_same_bytes() -> None:
    assert sent(replace(DIGEST, images=IMAGES)) == sent(replace(DIGEST, images=IMAGES))
