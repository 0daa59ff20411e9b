"""crossdock: receives every change once, applies it once, tells each channel, and heals what drifted."""

__version__ = "0.1.0"
