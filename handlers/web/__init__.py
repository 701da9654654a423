"""The web: health, metrics, signed webhooks, decision pages."""
