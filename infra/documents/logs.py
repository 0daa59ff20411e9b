"""docs/logs.md: what stands in the logs, how one event is followed through them, and the saved queries."""

from typing import Final

from crossdock.contracts.log_queries import QUERIES

_HEAD: Final = """# Logs: one event followed, and the questions that are saved

Every function writes one JSON object a line, and one line for each batch that passes it, not for each fact: following
a movement costs a fraction of a byte of it. No line holds a payload, a secret or a person's data; tests try that with
marked values.

| field | what it says |
| --- | --- |
| `correlation_id`, `correlation_ids` | of which facts the line is: the ids that the answers to their senders carried |
| `station` | what happened to them, in a word: `accepted`, `applied`, `announced`, `delivered`, `refused`, … |
| `service` | the function, by the name of its folder under `functions/` |
| `message`, `level`, `timestamp` | what passed; how grave; when, in UTC |

A correlation id is made where a fact comes in, or taken from the sender's `X-Correlation-Id`, and goes with it through
the queues, the bus, the journal and its stream to the channels, whose acknowledgements are logged under it too.

```sh
crossdock trace CORRELATION
crossdock trace CORRELATION --since 10080 --json
```

prints its way station by station: on the local engine from the logs themselves, of a deployed stage by Logs Insights
over all functions at once. It needs `logs:StartQuery` and `logs:GetQueryResults`, and costs what Insights asks for each
GB that it reads, so look no further back than you must. API Gateway and Lambda are also in X-Ray, sampled.

# Saved queries

In CloudWatch: Logs Insights → Queries → `crossdock/` and the stage. They are deployed with the operations stack. On the
local engine there is no Insights: `crossdock local logs` and `crossdock trace` read the same lines.
"""


def logs_page() -> str:
    """The whole page."""
    queries = (f"\n## {query.name}\n\n{query.answers}\n\n```\n{query.text}\n```\n" for query in QUERIES)
    return _HEAD + "".join(queries)
