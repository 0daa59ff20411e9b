"""What must never be lost: the tables, their key, the secrets. Everything else can be made anew."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy, Tags
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.acknowledged import (
    CURSORS_ROTATION,
    NO_ACCESS_LOG,
    NO_DROPS_LOG,
    QUOTES_ROTATION,
    ROTATION,
    Reason,
    acknowledge,
)
from infra.constructs.channel import needs_of
from infra.constructs.domains import TAG, domain_of
from infra.constructs.key import make_key
from infra.constructs.partner_pool import PartnerPool
from infra.constructs.stack import Plan, StageStack
from infra.constructs.table import add_index, keep_collections_whole, make_table, reference

# A day longer than the inbox keeps its rows (crossdock.exchange.inbox).
BODIES_KEPT_DAYS: Final = 36
# What nobody fetched in a month is told again (crossdock resend), not looked for.
DROPS_KEPT_DAYS: Final = 30
# The one secret under `quotes/`, and the one under `cursors/`.
QUOTE_KEY: Final = "key"
CURSOR_KEY: Final = "key"


class DataStack(StageStack):
    """Tables by domain, so that least privilege is simple; one secret per source and per channel."""

    def __init__(self, scope: Construct, plan: Plan) -> None:
        super().__init__(scope, "data", plan, "tables, encryption key and secrets; retained")
        self._removal = RemovalPolicy.RETAIN if plan.stage.retain else RemovalPolicy.DESTROY
        self.key = self.encryption_key = make_key(self, self._removal) if plan.stage.cloud else None
        inventory = make_table(self, "inventory", self.key, stream=True)
        # Balances count the journal of an item and warehouse in the order of its stream.
        keep_collections_whole(inventory)
        self.inventory = reference(inventory, self.key)
        self.pricing = reference(make_table(self, "pricing", self.key, stream=True, ttl="ttl"), self.key)
        self.identity = reference(make_table(self, "identity", self.key, stream=True), self.key)
        exchange = make_table(self, "exchange", self.key, stream=True, ttl="ttl")
        # Digests add up a group's shadow rows in the order of its stream.
        keep_collections_whole(exchange)
        self.exchange = reference(exchange, self.key)
        exceptions = make_table(self, "exceptions", self.key)
        # Operators list by state, oldest first.
        add_index(exceptions, "by_state", partition="gs", sort="gt")
        self.exceptions = reference(exceptions, self.key)
        # How much of its share each partner has used; it may be lost, and then every bucket is full.
        self.limits = reference(make_table(self, "limits", self.key), self.key)
        # What operators change, by the command line: appended to, never changed.
        make_table(self, "audit", self.key, append_only=plan.stage.cloud)
        self.partners = PartnerPool(self, self._removal)
        for name in plan.business.sources:
            self._secret("sources", name)
        for name in plan.business.channels:
            self._secret("channels", name)
        self._quote_key()
        self._cursor_key()
        self.bodies = self._bodies()
        self.drops = self._drops() if any("bucket" in needs_of(c) for c in plan.business.channels.values()) else None

    def _bodies(self) -> s3.Bucket:
        """Bodies of deliveries that are too large for a row, as long as the inbox keeps their rows."""
        return self._bucket("bodies", BODIES_KEPT_DAYS, NO_ACCESS_LOG)

    def _drops(self) -> s3.Bucket:
        """Files that channels fetch; only where the configuration has such a channel."""
        return self._bucket("drops", DROPS_KEPT_DAYS, NO_DROPS_LOG)

    def _bucket(self, name: str, kept_days: int, without_log: Reason) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            name.capitalize(),
            bucket_name=f"{self.plan.stage.named(name)}-{self.account}-{self.region}",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            encryption=s3.BucketEncryption.KMS if self.key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self.key,
            bucket_key_enabled=True if self.key else None,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(kept_days))],
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._removal,
        )
        acknowledge(bucket, without_log)
        Tags.of(bucket).add(TAG, domain_of(name))
        return bucket

    def _secret(self, kind: str, name: str) -> None:
        """A placeholder that is no secret yet: an operator, or `crossdock local up`, writes the real document."""
        secret = secretsmanager.Secret(
            self,
            f"{kind.capitalize()}-{name}",
            secret_name=self.plan.stage.secret_prefix(kind) + name,
            description=f"How crossdock and the {kind.removesuffix('s')} {name} know each other; unset until written",
            encryption_key=self.key,
            # Never to be changed: CloudFormation would write a new placeholder over every real document.
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"status":"unset"}',  # noqa: S106 - says that there is none yet
                generate_string_key="placeholder",
                exclude_punctuation=True,
            ),
            removal_policy=self._removal,
        )
        acknowledge(secret, ROTATION)

    def _quote_key(self) -> None:
        """What seals quotes: a real key from the first deployment on, changed by `crossdock quotes rotate`."""
        secret = secretsmanager.Secret(
            self,
            "QuoteKey",
            secret_name=self.plan.stage.secret_prefix("quotes") + QUOTE_KEY,
            description="The keys that quotes are sealed with: all that are active, and which one seals new quotes",
            encryption_key=self.key,
            # Never to be changed, as above: CloudFormation would write a new first key over all that are active.
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template='{"seals_with":"k1"}',  # noqa: S106 - names the key that is generated beside it
                generate_string_key="k1",
                exclude_punctuation=True,
                password_length=64,
            ),
            removal_policy=self._removal,
        )
        acknowledge(secret, QUOTES_ROTATION)

    def _cursor_key(self) -> None:
        """What pagination cursors are signed with."""
        secret = secretsmanager.Secret(
            self,
            "CursorKey",
            secret_name=self.plan.stage.secret_prefix("cursors") + CURSOR_KEY,
            description="Signs the cursors of pages; whoever changes it ends the listings that are under way",
            encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - nothing but the key that is generated
                generate_string_key="k1",
                exclude_punctuation=True,
                password_length=64,
            ),
            removal_policy=self._removal,
        )
        acknowledge(secret, CURSORS_ROTATION)
