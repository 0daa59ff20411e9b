"""The flow as a picture: sources, queues with what waits on them, channels with how they are; and alarms that ring."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossdock.exchange.health_store import HealthStore
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock_cli.console.keeping import Kept
from crossdock_cli.console.runbooks import SLUG, known_runbooks
from crossdock_cli.exceptions.machinery import business_of

if TYPE_CHECKING:
    from crossdock_cli.target import Target

# In the order in which a fact passes them.
_INBOX: Final = ("webhooks",)
_WORK: Final = {
    "movements": "stock movements",
    "counts": "stock counts",
    "supply": "expected supply",
    "references": "item codes",
    "prices": "price rules",
    "price-customers": "customers' prices",
    "price-cells": "prices to publish",
    "accounts": "customers",
    "listings": "whole lists of customers",
    "reservations": "reservations",
    "expiries": "holds that will end",
}
_DEPTH: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
_LATER: Final = "ApproximateNumberOfMessagesDelayed"
_LINK: Final = re.compile(rf"runbooks/({SLUG})(?:\.md)?")
_FRESH_S: Final = {True: 2, False: 5}
_ALARMS_FRESH_S: Final = {True: 3, False: 20}


@dataclass
class Flow:
    """Looks at a stage's queues, channels and alarms."""

    target: Target
    _queues: Kept[dict[str, dict[str, int]]] = field(init=False)
    _alarms: Kept[list[dict[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        local = self.target.state is not None
        self.business = business_of(self.target)
        self._queues = Kept(self._depths, _FRESH_S[local])
        self._alarms = Kept(self._ring, _ALARMS_FRESH_S[local])

    def document(self) -> dict[str, Any]:
        """Sources, queues in the order of a fact's way, channels."""
        depths, none = self._queues.value(), {"waiting": 0, "later": 0}
        health = HealthStore(Table(self.target.dynamodb, self.target.name("exchange")))
        return {
            "at": to_text(system_clock()),
            "sources": sorted(self.business.sources),
            "inbox": [{"queue": q, "about": "deliveries to be mapped", **depths.get(q, none)} for q in _INBOX],
            "queues": [{"queue": q, "about": about, **depths.get(q, none)} for q, about in _WORK.items()],
            "given_up": sum(d["waiting"] for name, d in depths.items() if name.endswith("-dlq") or name == "failures"),
            "channels": [
                {
                    "channel": name,
                    "publishes": list(channel.publishes),
                    "state": health.read(name).state,
                    **depths.get(f"channel-{name}", none),
                }
                for name, channel in sorted(self.business.channels.items())
            ],
        }

    def alarms(self) -> list[dict[str, Any]]:
        """The stage's alarms that ring, the latest first, each with its runbook."""
        return self._alarms.value()

    def _depths(self) -> dict[str, dict[str, int]]:
        prefix = self.target.name("")
        pages = self.target.sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix)
        urls = [url for page in pages for url in page.get("QueueUrls", [])]
        with ThreadPoolExecutor(max_workers=8) as pool:
            return {url.rpartition("/")[2].removeprefix(prefix): depth for url, depth in pool.map(self._depth, urls)}

    def _depth(self, url: str) -> tuple[str, dict[str, int]]:
        try:
            said = self.target.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*_DEPTH, _LATER])["Attributes"]
        except ClientError:  # it was deleted a moment ago
            said = {}
        return url, {"waiting": sum(int(said.get(n, 0)) for n in _DEPTH), "later": int(said.get(_LATER, 0))}

    def _ring(self) -> list[dict[str, Any]]:
        pages = self.target.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=self.target.name(""), StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        found: list[Any] = [a for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for a in page[kind]]
        found.sort(key=lambda a: str(a.get("StateUpdatedTimestamp", "")), reverse=True)
        return [_alarm(a, self.target.name("")) for a in found]


def _alarm(alarm: Any, prefix: str) -> dict[str, Any]:
    about = str(alarm.get("AlarmDescription") or "")
    link = _LINK.search(about)
    since = alarm.get("StateUpdatedTimestamp")
    return {
        "name": alarm["AlarmName"].removeprefix(prefix),
        "about": about,
        "since": to_text(since) if since else None,
        "runbook": link[1] if link and link[1] in known_runbooks() else None,
    }
