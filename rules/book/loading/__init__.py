"""From the text of a rulebook to its values: every hole on the way is collected with its place."""
