"""Publication of prices: changed rules → the cells they may move → computed and written → channels that hold them."""

from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.acknowledged import WINDOWS, acknowledge
from infra.constructs.function import Function
from infra.constructs.permissions import allow_send
from infra.constructs.queue import Queue
from infra.constructs.stack import StageStack, stack_of
from infra.constructs.stream import Followed, follow, watch_lag
from infra.stacks.data import DataStack

# A change that touches 100,000 cells is computed in minutes; what waits for longer than this is not being computed.
LATE_AFTER_SECONDS: Final = 600
QUEUE: Final = "price-cells"


class PricePublication(Construct):
    """The queue of cells, who fills it, who empties it, and the schedules that open windows."""

    def __init__(self, scope: StageStack, data: DataStack, failures: sqs.IQueue, exceptions: tuple[str, ...]) -> None:
        """`exceptions` are the actions that finding or making an exception takes."""
        super().__init__(scope, "PricePublication")
        self._stack = scope
        self._data = data
        plan = scope.plan
        self.queue = Queue(scope, QUEUE, max_receives=plan.stage.domain_receives, late_after_seconds=LATE_AFTER_SECONDS)
        self._spread(failures)
        self._publish(exceptions)

    def _spread(self, failures: sqs.IQueue) -> None:
        """A change of rules, items or customers becomes messages about the cells it may move."""
        pricing, queue = self._data.pricing, self.queue.queue
        function = Function(
            self._stack,
            "spread_price_changes",
            {"PRICING_TABLE": pricing.name, "PRICE_CELLS_QUEUE_URL": queue.queue_url},
        )
        function.allow_table(pricing, "BatchGetItem")
        function.allow_send(queue)
        changed = ["INSERT", "MODIFY"]
        # Five patterns are as many as a mapping may have. Job prices (J#) are nobody's class.
        others = [("F#", changed), ("K#", changed), ("C#", changed), ("X#", ["INSERT"])]
        window = stack_of(self).plan.stage.announce_window_seconds
        follow(function, "Rules", Followed(pricing, "I#", changed, window, others=others), failures)
        watch_lag(function)

    def _publish(self, exceptions: tuple[str, ...]) -> None:
        pricing, queue = self._data.pricing, self.queue.queue
        group = scheduler.CfnScheduleGroup(self, "Windows", name=stack_of(self).plan.stage.named("price-windows"))
        role = self._opener(queue)
        function = Function(
            self._stack,
            "publish_prices",
            {
                "EXCEPTIONS_TABLE": self._data.exceptions.name,
                "PRICE_CELLS_QUEUE_ARN": queue.queue_arn,
                "PRICE_CELLS_QUEUE_URL": queue.queue_url,
                "PRICE_SCHEDULE_GROUP": group.ref,
                "PRICE_SCHEDULE_ROLE_ARN": role.role_arn,
                "PRICING_TABLE": pricing.name,
            },
        )
        function.allow_table(pricing, "BatchGetItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "Query")
        function.allow_table(self._data.exceptions, *exceptions)
        function.allow_send(queue)
        schedules = self._stack.format_arn(service="scheduler", resource="schedule", resource_name=f"{group.ref}/at-*")
        function.allow(["scheduler:CreateSchedule"], schedules)
        acknowledge(function.role, WINDOWS)
        function.role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
            )
        )
        function.consume("PriceCells", queue)

    def _opener(self, queue: sqs.IQueue) -> iam.Role:
        """What a window's schedule may do: put its message on the queue."""
        role = iam.Role(
            self,
            "Opener",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self._stack.account}}
            ),
        )
        for statement in allow_send(self._stack.key_arn, queue.queue_arn):
            role.add_to_policy(statement)
        return role
