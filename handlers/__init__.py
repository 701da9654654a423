"""The doors: one folder a channel; they translate and never decide."""
