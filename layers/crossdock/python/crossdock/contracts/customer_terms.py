"""What the configuration says of customers beside who owns what: when one is complete, and what is derived."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Enriching:
    """One `[[customers.enrichment]]`: where all of `when` hold (`SW*`: begins with it), `gives` are claimed."""

    when: Mapping[str, str]
    gives: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerTerms:
    """When a customer is complete and may be told to those that do not know it yet.

    `required` are the attributes that it needs for that. `duplicates` says what a possible duplicate does: hold the new
    one back until somebody decided (hold), only tell of it (tell), or nothing, because nobody looks (off). What a
    system says within `echo_hours` of being told the same is its echo. `our_names` are what systems call us where they
    say who changed something. What says that it was changed more than `clock_tolerance_s` from now is not taken in.
    """

    required: tuple[str, ...] = ("name",)
    duplicates: str = "hold"
    echo_hours: int = 24
    our_names: tuple[str, ...] = ("crossdock",)
    enrichment: tuple[Enriching, ...] = ()
    clock_tolerance_s: int = 300
