"""Facts on their way: the queues and the bus, the functions that apply facts, the channels that are told."""

from typing import Final, cast

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from crossdock.contracts.deferred import RELAYED
from infra.constructs.acknowledged import FAILURES, acknowledge
from infra.constructs.alarms import Watch, alarm
from infra.constructs.channel import channel_queue, deliver, needs_of
from infra.constructs.function import Function
from infra.constructs.prices import PricePublication
from infra.constructs.queue import DeadLetters, Queue
from infra.constructs.stack import Plan, StageStack
from infra.constructs.stream import Followed, follow, watch_lag
from infra.stacks.data import DataStack
from infra.stages import Size

# What an exception costs: found or made, its occurrence added, its replay settled.
EXCEPTIONS: Final = ("BatchGetItem", "GetItem", "PutItem", "UpdateItem")
# What a hold costs: alone in a batch, or with others in a transaction. (Where its item is hot, the shards are looked at
# together: GetItem.)
HOLDS: Final = ("BatchGetItem", "PartiQLInsert", "PartiQLUpdate", "PutItem", "UpdateItem")
# What people's changes of price rules cost: versions judged and kept, drafts listed, decided and struck off.
PRICE_RULES: Final = ("BatchGetItem", "DeleteItem", "GetItem", "PartiQLInsert", "PartiQLUpdate", "Query")
# What a report costs: ids and records read, all of a customer that changed written in one transaction.
CUSTOMERS: Final = ("BatchGetItem", "ConditionCheckItem", "DeleteItem", "PutItem", "Query", "UpdateItem")
# Names are compared by tables of a hundred countries.
COMPARING_MEMORY_MB: Final = 1024
RESERVATION_BATCH: Final = 250
ACCOUNTS_BATCH: Final = 2
# A fact waits this long in a domain's queue before a person should look.
LATE_AFTER_SECONDS: Final = 300
LISTINGS_LATE_AFTER_SECONDS: Final = 7200
# A thin webhook waits as long as its source's API does not answer.
WEBHOOKS_LATE_AFTER_SECONDS: Final = 1800
# The longest that a message of the expiries is held back, and two minutes more.
EXPIRY_LATE_AFTER_SECONDS: Final = 1020
# A hold whose units were not given back a minute after its end.
HOLD_LATE_AFTER_SECONDS: Final = 60
# A digest that is behind makes a reconciliation read more and find the same.
DIGESTS_LATE_AFTER_SECONDS: Final = 600
# The few and precious facts travel on the bus: detail-type → the queue of the domain that applies them.
ROUTES: Final = {
    "accounts": "customers.accounts.reported.v1",
    "listings": "customers.accounts.listed.v1",
    "prices": "pricing.rules.changed.v1",
    "price-customers": "pricing.customers.changed.v1",
    "counts": "inventory.counts.reported.v1",
    "references": "identity.references.declared.v1",
    "supply": "inventory.supply.reported.v1",
}


class SyncStack(StageStack):
    """Everything between an accepted fact and an informed channel."""

    def __init__(self, scope: Construct, plan: Plan, data: DataStack) -> None:
        super().__init__(scope, "sync", plan, "queues, event bus, workers and channels")
        self.encrypt_with(data.key_arn)
        self.data = data
        self.failures = DeadLetters(self, "Failures", "failures").queue
        acknowledge(self.failures, FAILURES)
        self.movements = self._domain_queue("movements")
        # A message may wait here for a source's API that is down, as one waits for a channel.
        self.webhooks = Queue(
            self, "webhooks", max_receives=plan.stage.channel_receives, late_after_seconds=WEBHOOKS_LATE_AFTER_SECONDS
        )
        self.reservations = self._domain_queue("reservations")
        # A message may lie here for a quarter of an hour before it is due, and CloudWatch counts that in.
        self.expiries = Queue(
            self, "expiries", max_receives=plan.stage.domain_receives, late_after_seconds=EXPIRY_LATE_AFTER_SECONDS
        )
        self.routed = {name: self._domain_queue(name) for name in ROUTES if name != "listings"}
        # A night's list of all accounts is many messages, and nobody waits for it.
        receives = plan.stage.domain_receives
        late = LISTINGS_LATE_AFTER_SECONDS
        self.routed["listings"] = Queue(self, "listings", max_receives=receives, late_after_seconds=late)
        self.channels = {c.name: channel_queue(self, c) for c in plan.business.channels.values()}
        self.bus = self._event_bus()
        self._workers()
        self._deferred_webhooks()
        self._balances()
        self._reservations()
        self.prices = PricePublication(self, data, self.failures, EXCEPTIONS)
        self._customers()
        if self.channels:
            self._announcements()
            self._deliveries()
            self._digests()
        self._dead_letters()

    def _domain_queue(self, name: str) -> Queue:
        receives = self.plan.stage.domain_receives
        return Queue(self, name, max_receives=receives, late_after_seconds=LATE_AFTER_SECONDS)

    def _event_bus(self) -> events.EventBus:
        stage = self.plan.stage
        bus = events.EventBus(
            self,
            "Bus",
            event_bus_name=f"crossdock-{stage.name}",
            kms_key=self.encryption_key,
            # Facts that could not be encrypted or decrypted; without a key of ours there are none.
            dead_letter_queue=self.failures if self.encryption_key else None,
        )
        if stage.cloud:  # the local engine's CloudFormation knows no archives
            kept = bus.archive(
                "Archive",
                archive_name=stage.named("facts"),
                description="Every fact that was published, for replay",
                event_pattern=events.EventPattern(account=[self.account]),
                retention=Duration.days(stage.archive_days),
            )
            # `archive` takes a key and forgets it.
            cast("events.CfnArchive", kept.node.default_child).kms_key_identifier = self.key_arn
            # A bus's own dead letters are put there in its name, which the CDK does not provide for.
            self.failures.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[self.failures.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": bus.event_bus_arn}},
                )
            )
        for name, detail_type in ROUTES.items():
            self._route(bus, name, detail_type)
        return bus

    def _route(self, bus: events.EventBus, name: str, detail_type: str) -> None:
        """The event's detail, and only that, becomes the message; what cannot be put there for a day is a failure."""
        cloud = self.plan.stage.cloud
        events.Rule(
            self,
            f"{_label(name)}Rule",
            rule_name=self.plan.stage.named(name),
            description=f"{detail_type} goes to the queue {name}",
            event_bus=bus,
            event_pattern=events.EventPattern(detail_type=[detail_type]),
            targets=[
                targets.SqsQueue(
                    self.routed[name].queue,
                    message=events.RuleTargetInput.from_event_path("$.detail"),
                    dead_letter_queue=self.failures if cloud else None,
                    retry_attempts=185 if cloud else None,
                    max_event_age=Duration.hours(24) if cloud else None,
                )
            ],
        )

    # -- functions ------------------------------------------------------------------------------

    def _workers(self) -> None:
        """One function per domain's queue: facts become rows, what cannot be applied becomes an exception."""
        data = self.data
        stored = {"EXCEPTIONS_TABLE": data.exceptions.name, "IDENTITY_TABLE": data.identity.name}
        inventory = {"INVENTORY_TABLE": data.inventory.name}

        movements = Function(self, "apply_movements", {**stored, **inventory})
        movements.allow_table(data.inventory, "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
        movements.allow_table(data.identity, "BatchGetItem")
        movements.allow_table(data.exceptions, *EXCEPTIONS)
        movements.consume("Movements", self.movements.queue)

        prices = Function(self, "apply_price_changes", {**stored, "PRICING_TABLE": data.pricing.name})
        prices.allow_table(data.pricing, "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
        prices.allow_table(data.identity, "BatchGetItem")
        prices.allow_table(data.exceptions, *EXCEPTIONS)
        prices.consume("Prices", self.routed["prices"].queue)

        files = Function(
            self, "import_price_rules", {"IDENTITY_TABLE": data.identity.name, "PRICING_TABLE": data.pricing.name}
        )
        files.allow_table(data.pricing, *(action for action in PRICE_RULES if action != "Query"))
        files.allow_table(data.identity, "BatchGetItem")
        files.fail_to(self.failures)

        explaining = Function(
            self,
            "explain_prices",
            {
                "PRICING_TABLE": data.pricing.name,
                "EXCHANGE_TABLE": data.exchange.name,
                "EXCEPTIONS_TABLE": data.exceptions.name,
            },
        )
        explaining.allow_table(data.pricing, "BatchGetItem", "GetItem", "Query")
        explaining.allow_table(data.exchange, "BatchGetItem", "Query")
        explaining.allow_table(data.exceptions, "GetItem")
        explaining.fail_to(self.failures)

        counts = Function(self, "apply_counts", {**stored, **inventory})
        counts.allow_table(data.inventory, "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
        counts.allow_table(data.identity, "BatchGetItem")
        counts.allow_table(data.exceptions, *EXCEPTIONS)
        counts.consume("Counts", self.routed["counts"].queue)

        customers = Function(
            self,
            "apply_price_customers",
            {"EXCEPTIONS_TABLE": data.exceptions.name, "PRICING_TABLE": data.pricing.name},
        )
        customers.allow_table(data.pricing, "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
        customers.allow_table(data.exceptions, *EXCEPTIONS)
        customers.consume("PriceCustomers", self.routed["price-customers"].queue)

        references = Function(self, "apply_references", {**stored, "PRICING_TABLE": data.pricing.name})
        # Both directions of a reference are put in one transaction, under conditions.
        references.allow_table(data.identity, "BatchGetItem", "PutItem")
        # A profile is written by its version, and its lot policy put on every code of the item.
        references.allow_table(data.identity, "PartiQLInsert", "PartiQLUpdate", "Query")
        # What prices depend on of an item stands beside its rules; the lists of families' items gain and lose it.
        references.allow_table(data.pricing, "BatchGetItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate")
        references.allow_table(data.exceptions, *EXCEPTIONS)
        references.consume("References", self.routed["references"].queue)

        supply = Function(self, "apply_supply", {**stored, **inventory})
        supply.allow_table(data.inventory, "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
        supply.allow_table(data.identity, "BatchGetItem")
        supply.allow_table(data.exceptions, *EXCEPTIONS)
        supply.consume("Supply", self.routed["supply"].queue)

    def _customers(self) -> None:
        """What systems say of customers becomes golden records; who hears of them follows from their stream."""
        data = self.data
        told = [c.name for c in self.plan.business.channels_for("customer")]
        urls = self.to_json_string({name: self.channels[name].queue.queue_url for name in told})
        reports = Function(
            self,
            "apply_accounts",
            {
                "CUSTOMER_QUEUE_URLS": urls,
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "IDENTITY_TABLE": data.identity.name,
            },
            size=Size(COMPARING_MEMORY_MB, self.plan.stage.worker.timeout_seconds),
        )
        reports.allow_table(data.identity, *CUSTOMERS)
        reports.allow_table(data.exceptions, *EXCEPTIONS)
        # An event has up to 50 accounts, each some 14 round trips when it is new: more at once would take too long.
        reports.consume("Accounts", self.routed["accounts"].queue, batch=ACCOUNTS_BATCH)

        listings = self.routed["listings"].queue
        compare = Function(
            self,
            "compare_accounts",
            {
                "CUSTOMER_QUEUE_URLS": urls,
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "EXCHANGE_TABLE": data.exchange.name,
                "IDENTITY_TABLE": data.identity.name,
                "LISTINGS_QUEUE_URL": listings.queue_url,
            },
            size=Size(COMPARING_MEMORY_MB, self.plan.stage.worker.timeout_seconds),
        )
        compare.allow_table(data.identity, *CUSTOMERS, "Scan")
        compare.allow_table(data.exchange, "BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
        compare.allow_table(data.exceptions, *EXCEPTIONS)
        # Comparing all references of a system goes on in another message when it takes long.
        compare.allow_send(listings)
        compare.consume("Listings", listings, batch=ACCOUNTS_BATCH)

        announce = Function(
            self, "announce_customers", {"CUSTOMER_QUEUE_URLS": urls, "EVENT_BUS_NAME": self.bus.event_bus_name}
        )
        announce.allow(["events:PutEvents"], self.bus.event_bus_arn)
        heads = Followed(data.identity, "C#customer#", ["INSERT", "MODIFY"], 0, sort_key="HEAD")
        follow(announce, "Customers", heads, self.failures)
        watch_lag(announce)
        if told:
            channels = [self.channels[name].queue for name in told]
            reports.allow_send(*channels)
            compare.allow_send(*channels)
            announce.allow_send(*channels)

    def _deferred_webhooks(self) -> None:
        """Kept deliveries that are mapped behind their answer: large and thin ones, and those not mapped at first."""
        data = self.data
        function = Function(
            self,
            "map_webhooks",
            {
                "BODIES_BUCKET": data.bodies.bucket_name,
                "EVENT_BUS_NAME": self.bus.event_bus_name,
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "EXCHANGE_TABLE": data.exchange.name,
                "MOVEMENTS_QUEUE_URL": self.movements.queue.queue_url,
                "RETRY_CAP_SECONDS": str(self.plan.stage.channel_retry_cap_seconds),
                "SOURCE_SECRET_PREFIX": self.plan.stage.secret_prefix("sources"),
                "WEBHOOKS_QUEUE_URL": self.webhooks.queue.queue_url,
            },
        )
        function.allow_secrets("sources", self.plan.business.sources, data.key_arn)
        function.allow(["sqs:ChangeMessageVisibility"], self.webhooks.queue.queue_arn)
        # An event of a partner's bus is kept before it is mapped.
        function.allow_table(data.exchange, "GetItem", "PutItem")
        function.allow_table(data.exceptions, *EXCEPTIONS)
        function.allow_objects(data.bodies, data.key_arn, "GetObject", "PutObject")
        function.allow_send(self.movements.queue)
        function.allow(["events:PutEvents"], self.bus.event_bus_arn)
        function.consume("Webhooks", self.webhooks.queue)
        for name, source in self.plan.business.sources.items():
            if source.event_source:
                self._relay(name, source.event_source)

    def _relay(self, name: str, event_source: str) -> None:
        """A partner's bus: each of its events becomes a message of the queue `webhooks`."""
        bus = events.EventBus(self, f"{_label(name)}Partner", event_source_name=event_source)
        message = {
            "v": 1,
            "kind": RELAYED,
            "source": name,
            "id": events.EventField.event_id,
            "detail": events.EventField.from_path("$.detail"),
        }
        events.Rule(
            self,
            f"{_label(name)}Relay",
            rule_name=self.plan.stage.named(f"relay-{name}"),
            description=f"What {name} sends over EventBridge is kept and mapped as its webhooks are",
            event_bus=bus,
            event_pattern=events.EventPattern(source=events.Match.prefix("aws.partner/")),
            targets=[
                targets.SqsQueue(
                    self.webhooks.queue,
                    message=events.RuleTargetInput.from_object(message),
                    dead_letter_queue=self.failures,
                    retry_attempts=185,
                    max_event_age=Duration.hours(24),
                )
            ],
        )

    def _balances(self) -> None:
        """The journal's new rows become balances. Its only writer, so it may sum a batch and write once."""
        inventory = self.data.inventory
        project = Function(self, "project_balances", {"INVENTORY_TABLE": inventory.name})
        project.allow_table(inventory, "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
        journal = Followed(inventory, "M#", ["INSERT"], self.plan.stage.balance_window_seconds)
        follow(project, "Journal", journal, self.failures)
        watch_lag(project)

    def _reservations(self) -> None:
        """Holds that nobody waits for, and the ends of holds."""
        data = self.data
        stored = {"EXCEPTIONS_TABLE": data.exceptions.name, "INVENTORY_TABLE": data.inventory.name}

        decide = Function(self, "apply_reservations", {**stored, "EVENT_BUS_NAME": self.bus.event_bus_name})
        decide.allow_table(data.inventory, *HOLDS, "GetItem", "Query")
        decide.allow_table(data.exceptions, *EXCEPTIONS)
        decide.allow(["events:PutEvents"], self.bus.event_bus_arn)
        # Requests that are decided together share their writes.
        decide.consume("Reservations", self.reservations.queue, batch=RESERVATION_BATCH, window_seconds=1)

        expire = Function(self, "expire_reservations", {**stored, "EXPIRIES_QUEUE_URL": self.expiries.queue.queue_url})
        expire.allow_table(data.inventory, "BatchGetItem", "PartiQLInsert", "PartiQLUpdate")
        expire.allow_table(data.exceptions, *EXCEPTIONS)
        expire.allow_send(self.expiries.queue)
        expire.consume("Expiries", self.expiries.queue)
        stage = self.plan.stage
        late = Watch("crossdock", "ExpiredLate", {"stage": stage.name}, "Maximum", HOLD_LATE_AFTER_SECONDS, minutes=1)
        alarm(expire, "holds-expire-late", "holds-expire-late", late)

    def _announcements(self) -> None:
        """Changed headers and published prices become dirty keys in the queues of the channels they concern."""
        window = self.plan.stage.announce_window_seconds
        announce = Function(
            self,
            "announce_changes",
            {
                "CHANNEL_QUEUE_URLS": self.channel_urls(),
                "EXCHANGE_TABLE": self.data.exchange.name,
                "EXPIRIES_QUEUE_URL": self.expiries.queue.queue_url,
            },
        )
        # A note that is there already is read.
        announce.allow_table(self.data.exchange, "BatchGetItem", "PartiQLInsert")
        announce.allow_send(*(queue.queue for queue in self.channels.values()), self.expiries.queue)
        changed = ["INSERT", "MODIFY"]
        headers = Followed(self.data.inventory, "T#", changed, window, others=[("RSV#", ["INSERT"])])
        follow(announce, "Headers", headers, self.failures)
        follow(announce, "Prices", Followed(self.data.pricing, "P#", changed, window), self.failures)
        watch_lag(announce)

    def _deliveries(self) -> None:
        """Dirty keys become signed deliveries of the current values."""
        data, stage = self.data, self.plan.stage
        function = Function(
            self,
            "deliver_to_channel",
            {
                "CHANNEL_QUEUE_URLS": self.channel_urls(),
                "CHANNEL_SECRET_PREFIX": stage.secret_prefix("channels"),
                "EXCEPTIONS_TABLE": data.exceptions.name,
                "EXCHANGE_TABLE": data.exchange.name,
                "IDENTITY_TABLE": data.identity.name,
                "INVENTORY_TABLE": data.inventory.name,
                "PRICING_TABLE": data.pricing.name,
                "RETRY_CAP_SECONDS": str(stage.channel_retry_cap_seconds),
                **({"DROPS_BUCKET": data.drops.bucket_name} if data.drops else {}),
            },
        )
        function.allow_table(data.inventory, "BatchGetItem")
        function.allow_table(data.pricing, "BatchGetItem")
        # Shadows, what is parked, and how each channel is.
        function.allow_table(
            data.exchange, "BatchGetItem", "GetItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "Query"
        )
        function.allow_table(data.exceptions, *EXCEPTIONS)
        function.allow_secrets("channels", self.plan.business.channels, data.key_arn)
        channels = self.plan.business.channels.values()
        if any("codes" in needs_of(c) for c in channels):
            function.allow_table(data.identity, "Query")
        if any("customer" in c.publishes for c in channels):
            # Read, noted as told, and what their systems call them.
            function.allow_table(data.identity, *CUSTOMERS, "GetItem", "PartiQLInsert")
        if data.drops:
            folders = [f"{c.settings['folder']}{c.name}" for c in channels if "bucket" in needs_of(c)]
            function.allow_objects(data.drops, data.key_arn, "PutObject", folders=folders)
        # What is parked is drained by messages that follow one another on the channel's own queue.
        function.allow_send(*(queue.queue for queue in self.channels.values()))
        for name, queue in self.channels.items():
            deliver(function, self.plan.business.channels[name], queue)

    def _digests(self) -> None:
        """What channels acknowledged becomes the hashes that reconciliation compares. The digests' only writer."""
        exchange = self.data.exchange
        function = Function(self, "digest_shadows", {"EXCHANGE_TABLE": exchange.name})
        function.allow_table(exchange, "PartiQLInsert", "PartiQLUpdate", "BatchGetItem")
        # Nobody waits for a digest, and the more changes of a group meet, the fewer writes.
        window = self.plan.stage.digest_window_seconds
        follow(function, "Shadows", Followed(exchange, "SH#", ["INSERT", "MODIFY", "REMOVE"], window), self.failures)
        watch_lag(function, DIGESTS_LATE_AFTER_SECONDS)

    def _dead_letters(self) -> None:
        """Whatever lies in any dead-letter queue becomes an exception that an operator sees."""
        function = Function(self, "collect_dead_letters", {"EXCEPTIONS_TABLE": self.data.exceptions.name})
        function.allow_table(self.data.exceptions, *EXCEPTIONS)
        domains = (
            self.movements,
            self.webhooks,
            self.reservations,
            self.expiries,
            self.prices.queue,
            *self.routed.values(),
        )
        for queue in (*domains, *self.channels.values()):
            function.consume(queue.node.id, queue.dead_letters.queue)
        function.consume("Failures", self.failures)

    @property
    def replayed(self) -> dict[str, sqs.IQueue]:
        """The queues that a refused fact may have fallen out of, and goes back to, by their short names."""
        single = (self.movements, self.webhooks, self.reservations, self.expiries)
        found: dict[str, sqs.IQueue] = {queue.name: queue.queue for queue in (*single, *self.routed.values())}
        return found | {f"channel-{name}": queue.queue for name, queue in self.channels.items()}

    def channel_urls(self) -> str:
        """JSON object: channel → URL of its queue."""
        return self.to_json_string({name: queue.queue.queue_url for name, queue in self.channels.items()})


def _label(name: str) -> str:
    """A queue's name as part of a construct's id: price-customers → PriceCustomers."""
    return "".join(part.capitalize() for part in name.split("-"))
