"""Small talk: courtesy in many languages is nothing said; one word of substance is."""

from __future__ import annotations

import pytest

from rules.small_talk import small_talk

COURTESY = [
    "thanks, got it!", "Thank you so much", "thx", "ok", "Okay.", "OK, will check", "will do", "on it", "let me check",
    "Hi", "Good morning all", "how are you?", "bye", "have a nice weekend!", "sounds good, thanks a lot", "+1", "👍",
    "👍🏽 🎉", ":tada: :+1:", "<@U0DANA> thanks", "@dana thanks", "Thanks Dana", "Thanks, Dana!", "Thanks,\nDana Ruiz",
    "", "  \n", "Danke!", "Vielen Dank, Lee", "Alles klar, danke schön", "Guten Morgen zusammen", "Merci beaucoup !",
    "d’accord, merci", "Muchas gracias", "¡Hola! Buenos días", "Grazie mille", "Bedankt",
    "Dank je", "Muito obrigado", "tack så mycket", "dziękuję", "спасибо", "ありがとうございます", "谢谢",
    "감사합니다", "شكرا", "תודה",
]  # fmt: skip

SAID = [
    "yes", "no", "Salesforce", "thanks, but it is ORD-12345", "ok, 450", "Hi, my card is broken",
    "thanks for nothing works",
    "danke, aber die Erstattung fehlt", "refund", "please refund me", "Hello, refund please", "done", "It broke.",
    "thanks " * 60, "cancel it", "merci de valider la facture", "hi Dana my printer",
]  # fmt: skip


@pytest.mark.parametrize("text", COURTESY)
def test_courtesy_is_small_talk(text: str) -> None:
    """Thanks, greetings, "ok" and emoji make no item and answer no question."""
    assert small_talk(text)


@pytest.mark.parametrize("text", SAID)
def test_anything_more_is_said(text: str) -> None:
    """A number, a thing or an answer among the courtesy is heard."""
    assert not small_talk(text)
