"""Facts in and values out: verified webhooks into the inbox, current state to each channel until it acknowledges."""
