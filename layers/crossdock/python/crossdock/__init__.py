"""crossdock."""
