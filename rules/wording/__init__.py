"""The words of cards, letters, reminders and answers, once for every channel."""

from rules.wording.notices import word, word_reminders

__all__ = ["word", "word_reminders"]
