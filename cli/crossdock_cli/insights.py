"""A stage's logs searched by CloudWatch Logs Insights: over all functions at once, in seconds, whatever they wrote.

Only in an account: the engine on this machine has no Insights, and little to search.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock_cli.target import Target

MOST_LINES: Final = 10_000
"""Lines that one query gives back at most (a quota of Logs Insights)."""
_POLL_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 300.0
_UNDER_WAY: Final = frozenset({"Scheduled", "Running", "Unknown"})


def search(
    target: Target, phrase: str, start_ms: int, *, prefix: str, pause: Callable[[float], None] = time.sleep
) -> list[tuple[str, int]]:
    """The lines that hold `phrase`, as (text, epoch milliseconds), in order of time, of all log groups under `prefix`.

    Costs what Insights asks for each GB that it reads. Raises CliError when the query fails, takes longer than five
    minutes, or finds more lines than it can give.
    """
    now = time.time()
    query = (
        f"SOURCE logGroups(namePrefix: [{_quoted(prefix)}])\n"
        f"| fields @timestamp, @message\n| filter @message like {_quoted(phrase)}\n| sort @timestamp asc"
    )
    asked = _started(target, query, start_ms // 1000, int(now) + 1)
    give_up = now + _PATIENCE_SECONDS
    while (answer := target.logs.get_query_results(queryId=asked))["status"] in _UNDER_WAY:
        if time.time() > give_up:
            target.logs.stop_query(queryId=asked)
            raise CliError("the logs were not searched within five minutes", "look less far back: --since MINUTES")
        pause(_POLL_SECONDS)
    if answer["status"] != "Complete":
        raise CliError(f"the search of the logs ended as {answer['status']}", "try again, or look less far back")
    if len(answer["results"]) >= MOST_LINES:
        raise CliError(f"more than {MOST_LINES:,} lines hold it", "look less far back: --since MINUTES")
    return [_line({field["field"]: field["value"] for field in row}) for row in answer["results"]]


def _started(target: Target, query: str, start: int, end: int) -> str:
    try:
        return target.logs.start_query(queryString=query, startTime=start, endTime=end, limit=MOST_LINES)["queryId"]
    except ClientError as exc:
        if exc.response["Error"]["Code"] == "LimitExceededException":
            raise CliError(
                "the account runs as many log queries as it may", "wait until one has ended, and try again"
            ) from exc
        raise


def _line(row: dict[str, str]) -> tuple[str, int]:
    """`2026-11-21 08:00:01.250` is UTC."""
    at = datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC)
    return row["@message"], round(at.timestamp() * 1000)


def _quoted(text: str) -> str:
    """A text of Insights' language: between quotation marks, those inside and backslashes escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
