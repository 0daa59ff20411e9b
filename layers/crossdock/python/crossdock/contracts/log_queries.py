"""Questions to the functions' logs that operators ask again and again, in the language of CloudWatch Logs Insights.

They are saved with each stage (Logs Insights → Queries → crossdock/{stage}/…); docs/logs.md is written from here.
They rest on what `platform/logs.py` writes: one JSON object a line with `service`, `station`, `message`, ids.
"""

from dataclasses import dataclass
from typing import Final

MOST_GROUPS: Final = 50
"""Log groups that one query can be asked of (CloudWatch Logs, quota of Logs Insights)."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """One question: its name, what it answers, and its text."""

    name: str
    answers: str
    text: str


QUERIES: Final = (
    LogQuery(
        "way-of-one-event",
        "Every station that one event passed, from its first byte to the last acknowledgement. Put its correlation id "
        "(X-Correlation-Id of the answer) in the place of CORRELATION-ID; `crossdock trace` asks the same.",
        'fields @timestamp, service, station, level, message\n| filter @message like "CORRELATION-ID"\n'
        "| sort @timestamp asc\n| limit 1000",
    ),
    LogQuery(
        "what-fails",
        "Errors and warnings of all functions, the most frequent first, with when each was last seen.",
        'filter level in ["WARNING", "ERROR", "CRITICAL"]\n'
        "| stats count(*) as times, latest(@timestamp) as last, latest(reason) as reason by service, level, message\n"
        "| sort times desc\n| limit 100",
    ),
    LogQuery(
        "slowest-functions",
        "How long the functions run and how much memory they need: the 99th percentile and the worst.",
        'filter @type = "REPORT"\n'
        "| stats count(*) as calls, pct(@duration, 99) as p99_ms, max(@duration) as worst_ms, "
        "max(@maxMemoryUsed) / 1000000 as most_mb by @log\n| sort p99_ms desc",
    ),
    LogQuery(
        "cold-starts",
        "How often functions start cold, and what that costs their callers.",
        'filter @type = "REPORT" and ispresent(@initDuration)\n'
        "| stats count(*) as starts, pct(@initDuration, 95) as p95_ms, max(@initDuration) as worst_ms by @log\n"
        "| sort starts desc",
    ),
    LogQuery(
        "timeouts",
        "Calls that Lambda cut short: their work was done again, or is among the dead letters.",
        'filter @message like "Task timed out"\n| stats count(*) as times, latest(@timestamp) as last by @log\n'
        "| sort times desc",
    ),
    LogQuery(
        "limited-partners",
        "Partners whose own limit was used up (429), by name.",
        'filter message = "partner limited"\n| stats count(*) as times, latest(@timestamp) as last by partner\n'
        "| sort times desc",
    ),
    LogQuery(
        "refused-requests",
        "What the API and the webhooks refused, by the name of the problem: forged signatures, unknown fields, limits.",
        'filter station = "refused"\n'
        "| stats count(*) as times, latest(@timestamp) as last by service, status, message\n| sort times desc",
    ),
    LogQuery(
        "stations-per-minute",
        "How much passes each station, minute by minute: where a flow ends is where it stands.",
        "filter ispresent(station)\n| stats count(*) as lines by bin(1m), service, station",
    ),
)
