"""From what number on the business wants to be told: the thresholds of alarms that no rule of ours can know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class AlarmTerms:
    """When an alarm rings.

    `money_held_up` maps a currency to whole units of it that exceptions may hold up. Within five minutes:
    `refused_webhooks` of a source, `refused_facts` and `duplicates` of a domain, `limited_requests` of all partners.
    `drifted_rows` of one kind within an hour. `channel_behind_seconds` is how long a channel's oldest item may wait.
    """

    money_held_up: Mapping[str, int] = field(default_factory=dict)
    refused_webhooks: int = 20
    refused_facts: int = 20
    duplicates: int = 1_000
    limited_requests: int = 100
    drifted_rows: int = 20
    channel_behind_seconds: int = 600


def alarm_terms(fields: Mapping[str, Any] | None) -> AlarmTerms:
    """The values of a compiled `[alarms]` section; what is left out, or compiled before there was one, is as usual."""
    return AlarmTerms(**(fields or {}))
