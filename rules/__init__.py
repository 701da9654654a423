"""The judgement: pure functions over events, items and the rulebook."""
