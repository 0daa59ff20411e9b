"""A table of business facts: on demand, encrypted, restorable to any second, and not lost with its stack."""

from dataclasses import dataclass

from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from infra.constructs.alarms import Watch, alarm
from infra.constructs.domains import TAG, domain_of
from infra.constructs.stack import StageStack


@dataclass(frozen=True, slots=True)
class Table:
    """A table with what a function needs to be allowed to use it. `key_arn` and `stream_arn` are None without one."""

    name: str
    arn: str
    key_arn: str | None
    stream_arn: str | None


def make_table(
    stack: StageStack,
    name: str,
    key: kms.IKey | None,
    *,
    stream: bool = False,
    ttl: str | None = None,
    append_only: bool = False,
) -> dynamodb.Table:
    """`crossdock-{stage}-{name}` with the keys `pk` and `sk`.

    With `stream`, every change is carried by a stream, with the item before and after it; `ttl`
    names the attribute with the epoch second of expiry. With `append_only`, nobody may change or remove an item,
    whatever his role says; only who changes the table's policy could, and CloudTrail tells of that.
    """
    stage = stack.plan.stage
    table = dynamodb.Table(
        stack,
        name.capitalize(),
        table_name=stage.named(name),
        partition_key=_text("pk"),
        sort_key=_text("sk"),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if stream else None,
        time_to_live_attribute=ttl,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else dynamodb.TableEncryption.DEFAULT,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        resource_policy=_append_only() if append_only else None,
        deletion_protection=stage.retain,
        removal_policy=RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY,
    )
    Tags.of(table).add(TAG, domain_of(name))
    # Many that want one item at once are what a table of stock is throttled by.
    kind = "stock-throttled" if name == "inventory" else "table-throttled"
    for verb in ("reads", "writes"):
        metric = f"{verb.removesuffix('s').capitalize()}ThrottleEvents"
        watch = Watch("AWS/DynamoDB", metric, {"TableName": stage.named(name)}, "Sum", 1)
        alarm(table, f"{name}-{verb}-throttled", kind, watch, table=name, verb=verb)
    return table


def _append_only() -> iam.PolicyDocument:
    actions = ("DeleteItem", "UpdateItem", "BatchWriteItem", "PartiQLDelete", "PartiQLUpdate", "PartiQLInsert")
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=[f"dynamodb:{action}" for action in actions],
                resources=["*"],  # in a table's own policy: this table
            )
        ]
    )


def reference(table: dynamodb.Table, key: kms.IKey | None) -> Table:
    """The values other stacks may know of a table."""
    return Table(
        name=table.table_name,
        arn=table.table_arn,
        key_arn=key.key_arn if key else None,
        stream_arn=table.table_stream_arn,
    )


def add_index(table: dynamodb.Table, name: str, partition: str, sort: str) -> None:
    """A global secondary index over two texts that holds whole items."""
    table.add_global_secondary_index(
        index_name=name,
        partition_key=_text(partition),
        sort_key=_text(sort),
        projection_type=dynamodb.ProjectionType.ALL,
    )


def keep_collections_whole(table: dynamodb.Table) -> None:
    """Keeps all items of a partition key in one partition, and so their stream in one order.

    A table without a local secondary index may split a busy partition key between two partitions; its stream then has
    two shards for it, and their records come in no order. The index stands on an attribute that no item has: it holds
    nothing and costs nothing. What it costs is that one partition key holds 10 GB at most, some 40 million movements
    of one item in one warehouse. It can only be made together with the table.
    """
    table.add_local_secondary_index(
        index_name="whole", sort_key=_text("whole"), projection_type=dynamodb.ProjectionType.KEYS_ONLY
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
