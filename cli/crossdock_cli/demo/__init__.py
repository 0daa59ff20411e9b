"""The demonstration: a day of business through the public entry points, and the channels that receive it."""
