"""Facts read out of people's text: money, dates, numbers, contacts, choices, patterns; never guessed."""
