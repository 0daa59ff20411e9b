"""Two outsiders on the bus: one knows the first version of the supply event, one the second; each reads its own."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.events import SUPPLY_REPORTED
from crossdock.contracts.supply import SupplyReported

if TYPE_CHECKING:
    from crossdock_cli.target import Target

OLD: Final = SUPPLY_REPORTED
NEW: Final = SUPPLY_REPORTED.removesuffix("1") + "2"


@dataclass
class Subscriber:
    """A queue behind a rule on one version of the event; what came is kept by (line, version)."""

    target: Target
    type_: str
    seen: Counter[tuple[str, int]] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    doors: Counter[str] = field(default_factory=Counter)
    _url: str = ""

    def begin(self) -> None:
        name = f"upgrade-drill-{self.type_.rsplit('.', 1)[-1]}"
        self._url = self.target.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.target.sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        bus = self.target.event_bus
        pattern = json.dumps({"detail-type": [self.type_]})
        self.target.events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern, State="ENABLED")
        self.target.events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def drain(self) -> int:
        """Reads everything that came; gives back how much that was."""
        count = 0
        while messages := self.target.sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._read(json.loads(message["Body"])["detail"])
                self.target.sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            count += len(messages)
        return count

    def _read(self, event: dict[str, Any]) -> None:
        try:
            for said in self._statements(event["data"]):
                self.seen[said["id"], said["version"]] += 1
        except (KeyError, ValueError) as exc:
            self.unreadable.append(f"{event.get('id')}: {exc}")

    def _statements(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        if self.type_ == OLD:
            # By the contract as it is today: unknown fields are refused.
            SupplyReported.model_validate_json(json.dumps(data))
        else:
            self.doors[data["said_by"]] += 1
            if any("expected_on" in said or "due_on" not in said for said in data["supply"]):
                raise ValueError("not in the newer form")
        found: list[dict[str, Any]] = data["supply"]
        return found
