"""What watches the rest: the reconciliation on its schedule, the topic that alarms ring, the dashboard."""

import json

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.alarms import TOPIC
from infra.constructs.dashboard import dashboard
from infra.constructs.function import Function
from infra.constructs.permissions import allow
from infra.constructs.stack import Plan, StageStack
from infra.stacks.data import DataStack
from infra.stacks.sync import EXCEPTIONS, SyncStack


class OperationsStack(StageStack):
    """Deployed last; taking it down stops the checking and leaves the business running."""

    def __init__(self, scope: Construct, plan: Plan, data: DataStack, sync: SyncStack) -> None:
        super().__init__(scope, "operations", plan, "reconciliation, alarms and dashboard")
        self._reconciliation(data, sync)
        if data.key:
            self._topic(data.key)
            dashboard(self)

    def _reconciliation(self, data: DataStack, sync: SyncStack) -> None:
        function = Function(
            self,
            "reconcile_stock",
            {
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "INVENTORY_TABLE": data.inventory.name,
                "MOVEMENTS_QUEUE_URL": sync.movements.queue.queue_url,
            },
            size=self.plan.stage.sweep,
        )
        function.allow_table(
            data.inventory, "BatchGetItem", "DeleteItem", "PartiQLInsert", "PartiQLUpdate", "PutItem", "Query"
        )
        function.allow_table(data.exceptions, *EXCEPTIONS, "Query")  # which gaps were told of
        function.allow_send(sync.movements.queue)
        function.fail_to(sync.failures)

        group = scheduler.CfnScheduleGroup(self, "Schedules", name=f"crossdock-{self.plan.stage.name}")
        role = self._caller(function, sync)
        for source in self.plan.business.sources.values():
            if source.counts:
                self._schedule(source.name, group, role, function, sync)

    def _caller(self, function: Function, sync: SyncStack) -> iam.Role:
        """What the scheduler may do: invoke this function, and put what it could not deliver among the failures."""
        role = iam.Role(
            self,
            "Scheduler",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
        )
        role.add_to_policy(allow(["lambda:InvokeFunction"], function.function.function_arn))
        role.add_to_policy(allow(["sqs:SendMessage"], sync.failures.queue_arn))
        return role

    def _schedule(
        self,
        source: str,
        group: scheduler.CfnScheduleGroup,
        role: iam.Role,
        function: Function,
        sync: SyncStack,
    ) -> None:
        made = scheduler.CfnSchedule(
            self,
            f"Reconcile-{source}",
            name=self.plan.stage.named(f"reconcile-{source}"),
            description=f"Compares the balances with the counts of {source}",
            group_name=group.name,
            schedule_expression=self.plan.stage.reconcile_every,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function.function_arn,
                role_arn=role.role_arn,
                input=json.dumps({"source": source}),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=sync.failures.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=5
                ),
            ),
        )
        made.add_resource_dependency(group)
        made.node.add_dependency(role)

    def _topic(self, key: kms.IKey) -> None:
        """Operators subscribe to it; `--context alarm_email=…` does so for one address."""
        topic = sns.Topic(
            self,
            "Alarms",
            topic_name=self.plan.stage.named(TOPIC),
            master_key=key,
            enforce_ssl=True,
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        address = self.node.try_get_context("alarm_email")
        if address:
            topic.add_subscription(subscriptions.EmailSubscription(address))
