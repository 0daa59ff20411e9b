"""What watches the rest: the reconciliation on its schedule, the topic that alarms ring, the dashboard."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.constructs.alarms import TOPICS
from infra.constructs.burn_rates import burn_rates
from infra.constructs.business_alarms import business_alarms
from infra.constructs.composites import composites
from infra.constructs.dashboards import dashboards
from infra.constructs.exceptions_widget import FUNCTION, exceptions_widget, widget_function
from infra.constructs.function import Function
from infra.constructs.log_queries import save_log_queries
from infra.constructs.permissions import allow, allow_send
from infra.constructs.stack import Plan, StageStack
from infra.stacks.api import WEBHOOKS
from infra.stacks.data import DataStack
from infra.stacks.sync import EXCEPTIONS, HOLDS, SyncStack

CHANNELS_EVERY: Final = "rate(5 minutes)"
PRICES_EVERY: Final = "rate(5 minutes)"
FIGURES_EVERY: Final = "rate(5 minutes)"
# One of sixteen parts of all cells each time.
CELLS_EVERY: Final = "rate(1 hour)"
SILENCE_EVERY: Final = "rate(15 minutes)"


@dataclass(frozen=True, slots=True)
class Call:
    """One schedule: its name, what it is for, what the function is called with, how often, and tries if it fails."""

    name: str
    about: str
    event: Mapping[str, object]
    every: str
    tries: int = 5


class OperationsStack(StageStack):
    """Deployed last; taking it down stops the checking and leaves the business running."""

    def __init__(self, scope: Construct, plan: Plan, data: DataStack, sync: SyncStack) -> None:
        super().__init__(scope, "operations", plan, "reconciliation, alarms and dashboard")
        self.encrypt_with(data.key_arn)
        self.schedules = scheduler.CfnScheduleGroup(self, "Schedules", name=f"crossdock-{plan.stage.name}")
        self._reconciliation(data, sync)
        self._balancing(data, sync)
        if sync.channels:
            self._channels(data, sync)
            self._watched_channels(data, sync)
        if self.plan.business.channels_for("price"):
            self._prices(data, sync)
        self._figures(data, sync)
        self.exceptions_widget = widget_function(self, data, sync)
        business_alarms(self)
        if data.key:
            self._topics(data.key)
            composites(self)
            burn_rates(self, WEBHOOKS)
            widget = exceptions_widget(self.exceptions_widget.target.function_arn)
            dashboards(self, {FUNCTION: widget})
            save_log_queries(self)

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

        role = self._caller("Scheduler", function, sync)
        for source in self.plan.business.sources.values():
            if source.counts:
                about = f"Compares the balances with the counts of {source.name}"
                call = Call(f"reconcile-{source.name}", about, {"source": source.name}, self.plan.stage.reconcile_every)
                self._schedule(call, role, function, sync)
        # The next run makes up for one that failed.
        silence = Call("check-silence", "Hears which warehouses are silent", {"check": "silence"}, SILENCE_EVERY, 0)
        self._schedule(silence, role, function, sync)

    def _balancing(self, data: DataStack, sync: SyncStack) -> None:
        """Units of hot items are moved to where they are asked for."""
        function = Function(self, "balance_hot_items", {"INVENTORY_TABLE": data.inventory.name})
        function.allow_table(data.inventory, *HOLDS, "DeleteItem", "GetItem", "PartiQLDelete", "Query")
        function.fail_to(sync.failures)
        role = self._caller("BalancingScheduler", function, sync)
        # The next run makes up for one that failed.
        call = Call("balance-hot-items", "Levels the shards of hot items", {}, "rate(1 minute)", tries=0)
        self._schedule(call, role, function, sync)

    def _channels(self, data: DataStack, sync: SyncStack) -> None:
        """What each channel holds is compared with what it should hold."""
        function = Function(
            self,
            "reconcile_channel",
            {
                "CHANNEL_QUEUE_URLS": self.to_json_string({n: q.queue.queue_url for n, q in sync.channels.items()}),
                "CHANNEL_SECRET_PREFIX": self.plan.stage.secret_prefix("channels"),
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "EXCHANGE_TABLE": data.exchange.name,
                "IDENTITY_TABLE": data.identity.name,
                "INVENTORY_TABLE": data.inventory.name,
                "PRICING_TABLE": data.pricing.name,
            },
            size=self.plan.stage.sweep,
        )
        function.allow_table(data.inventory, "BatchGetItem")
        function.allow_table(data.pricing, "BatchGetItem")
        function.allow_table(data.identity, "Query", "Scan")
        function.allow_table(data.exchange, "BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query")
        function.allow_table(data.exceptions, *EXCEPTIONS)
        function.allow_secrets("channels", self.plan.business.channels, data.key_arn)
        function.allow_send(*(queue.queue for queue in sync.channels.values()))
        function.fail_to(sync.failures)
        role = self._caller("ChannelScheduler", function, sync)
        for name in self.plan.business.channels:
            about = f"Compares what {name} holds with what it should hold"
            call = Call(f"reconcile-channel-{name}", about, {"channel": name}, self.plan.stage.reconcile_every)
            self._schedule(call, role, function, sync)

    def _watched_channels(self, data: DataStack, sync: SyncStack) -> None:
        """A channel that is down rings, and what is parked for it is drained even if the message for that was lost."""
        function = Function(
            self, "watch_channels", {"CHANNEL_QUEUE_URLS": sync.channel_urls(), "EXCHANGE_TABLE": data.exchange.name}
        )
        function.allow_table(data.exchange, "GetItem", "PartiQLInsert", "PartiQLUpdate", "Query")
        function.allow_send(*(queue.queue for queue in sync.channels.values()))
        function.fail_to(sync.failures)
        role = self._caller("ChannelWatchScheduler", function, sync)
        # The next run makes up for one that failed.
        call = Call("watch-channels", "Hears which channels are down", {}, CHANNELS_EVERY, tries=0)
        self._schedule(call, role, function, sync)

    def _prices(self, data: DataStack, sync: SyncStack) -> None:
        """Prices that should have been acknowledged, windows whose schedule was lost, cells that drifted."""
        queue = sync.prices.queue.queue
        function = Function(
            self,
            "watch_prices",
            {
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "EXCHANGE_TABLE": data.exchange.name,
                "PRICE_CELLS_QUEUE_URL": queue.queue_url,
                "PRICING_TABLE": data.pricing.name,
            },
        )
        function.allow_table(data.pricing, "BatchGetItem", "Query")
        function.allow_table(data.exchange, "BatchGetItem", "GetItem", "PartiQLDelete", "PutItem", "Query")
        function.allow_table(data.exceptions, *EXCEPTIONS, "Query")  # what was told of
        function.allow_send(queue)
        function.allow(["sqs:GetQueueAttributes"], queue.queue_arn)
        function.fail_to(sync.failures)
        role = self._caller("PriceScheduler", function, sync)
        # The next run makes up for one that failed.
        late = Call("watch-prices", "Opens windows, and hears of late prices", {"check": "late"}, PRICES_EVERY, tries=0)
        self._schedule(late, role, function, sync)
        cells = Call("check-prices", "Computes a part of all published prices", {"check": "cells"}, CELLS_EVERY)
        self._schedule(cells, role, function, sync)

    def _figures(self, data: DataStack, sync: SyncStack) -> None:
        """What no single event shows: how quiet warehouses are, how far behind channels, what exceptions come to."""
        function = Function(
            self,
            "measure_business",
            {
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "EXCHANGE_TABLE": data.exchange.name,
                "INVENTORY_TABLE": data.inventory.name,
            },
        )
        function.allow_table(data.inventory, "BatchGetItem")
        function.allow_table(data.exchange, "Query")
        function.allow_index(data.exceptions, "by_state")
        function.fail_to(sync.failures)
        role = self._caller("FiguresScheduler", function, sync)
        # The next run makes up for one that failed.
        call = Call("measure-business", "Measures what no single event shows", {}, FIGURES_EVERY, tries=0)
        self._schedule(call, role, function, sync)

    def _caller(self, label: str, function: Function, sync: SyncStack) -> iam.Role:
        """What the scheduler may do: invoke this function, and put what it could not deliver among the failures."""
        role = iam.Role(
            self,
            label,
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
        )
        role.add_to_policy(allow(["lambda:InvokeFunction"], function.target.function_arn))
        for statement in allow_send(self.key_arn, sync.failures.queue_arn):
            role.add_to_policy(statement)
        return role

    def _schedule(self, call: Call, role: iam.Role, function: Function, sync: SyncStack) -> None:
        made = scheduler.CfnSchedule(
            self,
            call.name.capitalize(),
            name=self.plan.stage.named(call.name),
            description=call.about,
            group_name=self.schedules.name,
            schedule_expression=call.every,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.target.function_arn,
                role_arn=role.role_arn,
                input=json.dumps(call.event),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=sync.failures.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=call.tries
                ),
            ),
        )
        made.add_resource_dependency(self.schedules)
        made.node.add_dependency(role)

    def _topics(self, key: kms.IKey) -> None:
        """One for each priority, for operators to subscribe to.

        `--context alarm_email=…` subscribes one address to all of them; `--context page_url=https://…` what wakes
        people to the first.
        """
        address, pager = (self.node.try_get_context(name) for name in ("alarm_email", "page_url"))
        for priority, name in TOPICS.items():
            topic = sns.Topic(
                self,
                name.capitalize(),
                topic_name=self.plan.stage.named(name),
                display_name=f"crossdock {self.plan.stage.name} {priority}",
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
            if address:
                topic.add_subscription(subscriptions.EmailSubscription(address))
            if pager and priority == "P1":
                topic.add_subscription(subscriptions.UrlSubscription(pager))
