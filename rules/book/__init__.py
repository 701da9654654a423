"""The rulebook: its types, its checks, its conditions and calendars."""
