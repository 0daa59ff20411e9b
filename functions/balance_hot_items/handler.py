"""Every minute: promotes items that need shards, levels hot ones, and makes calm ones ordinary again."""

from dataclasses import dataclass
from typing import Any

from crossdock.inventory.reserving import Reservations
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str


@warm
def app() -> Reservations:
    return Reservations(Table(clients.dynamodb(), env.read(Env).inventory_table), system_clock)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """What was found. Raises when the store does not answer: what was not done is done a minute later."""
    deadline.begin(context)
    correlation_id = choose(event.get("correlation_id"))
    found = app().balancer.run()
    states = {state: sum(b.state == state for b in found) for state in ("hot", "cooling", "ordinary")}
    passed("balanced", "hot items", [correlation_id], items=len(found), **states)
    return {"correlation_id": correlation_id, "items": [b.document() for b in found]}
