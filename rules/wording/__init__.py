"""The words of cards, letters, reminders and answers, once for every channel."""

from rules.wording.notices import word
from rules.wording.reminders import word_reminders

__all__ = ["word", "word_reminders"]
