"""Assent: what sounds like a decision in a thread is heard in many languages; talk and questions are not it."""

from __future__ import annotations

import time

import pytest

from rules.assent import assent

VERDICTS = [
    "looks good", "Looks good to me!", "LGTM", "lgtm 👍", "ok go ahead", "OK, go ahead and pay it.", "go ahead",
    "approved", "Approved.", "I approve", "I'd approve this", "yes, approved", "Yes.", "yes please", "yep", "sure",
    "ok", "Okay!", "+1", "-1", "👍", "👍🏽", "👎", "✅", ":+1:", ":thumbsup::skin-tone-3:", ":white_check_mark:", ":x:",
    "nope", "Nope, no proof.", "no", "No!", "no way", "rejected", "I reject this", "don't approve this", "denied",
    "sounds good, thanks a lot", "Thanks Dana, looks good", "<@U0DANA> approved", "@dana approved", "Dana, looks good",
    "fine by me", "works for me", "good to go", "no objections", "agreed", "this is fine", "all good",
    "genehmigt", "Sieht gut aus, danke", "einverstanden", "abgelehnt", "passt", "Geht klar!", "approuvé", "C’est bon",
    "vas-y", "d'accord", "refusé", "aprobado", "adelante", "de acuerdo", "rechazado", "approvato", "va bene", "procedi",
    "goedgekeurd", "akkoord", "ga je gang", "aprovado", "pode seguir", "godkänt", "godkendt", "godkjent", "hyväksytty",
    "zatwierdzone", "zgoda", "schváleno", "jóváhagyva", "aprobat", "onaylandı", "одобрено", "Согласен", "нет",
    "схвалено", "εγκρίνεται", "موافق", "מאושר", "स्वीकृत", "承認します", "了解、承認", "批准", "同意", "승인합니다",
]  # fmt: skip

TALK = [
    "", "  ", "thanks", "ok thanks", "ok, will check", "on it", "got it", "good morning", "no problem", "no worries",
    "is this approved?", "looks good?", "LGTM?", "has it been approved", "who approves this", "450 USD", "ok, 450",
    "no, the order is ORD-12345", "yes, it was charged twice", "I will check if it looks good", "please refund me",
    "I can't approve this without the log", "the card does not match", "done", "hold on", "let me see", "👀", ":eyes:",
    "Salesforce", "great", "Dana", "once the log is there it looks good", "approved " * 40, "承認しますか？", "merci",
]  # fmt: skip


@pytest.mark.parametrize("text", VERDICTS)
def test_a_verdict_is_heard(text: str) -> None:
    """For or against, with courtesy around it, in the languages that small talk is known in."""
    assert assent(text)


@pytest.mark.parametrize("text", TALK)
def test_talk_is_no_verdict(text: str) -> None:
    """Thanks, questions, answers, announcements: nobody is bothered with buttons for them."""
    assert not assent(text)


@pytest.mark.parametrize("piece", ["ok ", "no ", "a", "👍", ":+1:", "yes please ", "@x ", "thanks Dana ", "\u0301"])
def test_hostile_texts_cost_nothing(piece: str) -> None:
    began = time.process_time()
    assent(piece * 20_000)
    assent((piece * 200)[:200])
    assert time.process_time() - began < 0.5
