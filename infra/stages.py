"""Everything that differs between the stages, in one place.

`local` runs in the engine on this machine, `dev` is production in small, `staging` is where a release is tried as in
production, `prod` is production. Whatever is not here is the same in all of them. Plain values only: importing this
file must not start the CDK.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Size:
    """What one function gets: memory in MB (CPU comes in proportion), timeout in seconds."""

    memory_mb: int
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """Requests a second in the long run, and how many may come at once."""

    rate: int
    burst: int


# How a published version takes over from the one before it, by CodeDeploy's own names.
Shift = Literal[
    "CodeDeployDefault.LambdaAllAtOnce",
    "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "CodeDeployDefault.LambdaCanary10Percent10Minutes",
]
AT_ONCE: Final[Shift] = "CodeDeployDefault.LambdaAllAtOnce"
# All functions of a stack shift together, so that there are never more than two versions of the whole at work. Workers
# get twice as long: a queue that is not worked off, or a stream that falls behind, takes minutes to ring. What runs by
# the clock would not run once in a canary's minutes, so it shifts at once.
GRADUAL: Final[Mapping[str, Shift]] = {
    "sync": "CodeDeployDefault.LambdaCanary10Percent10Minutes",
    "api": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "operations": AT_ONCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One place to run in. `config` is the distributor's TOML under config/."""

    name: str
    cloud: bool
    owner: str
    config: str
    log_level: str
    log_days: int
    # Whether tables, secrets and keys outlive their stack.
    retain: bool
    archive_days: int
    api: Size
    # 500 lines take 1.5 seconds of a whole core, which is what this much memory brings.
    quotes: Size
    worker: Size
    # What goes over a whole warehouse and begins anew when it is cut short: as long as Lambda allows.
    sweep: Size
    visibility_seconds: int
    # The stream waits this long for a batch to fill, so that one balance is written once for many movements.
    balance_window_seconds: int
    announce_window_seconds: int
    digest_window_seconds: int
    domain_receives: int
    # Whatever a channel's queue hands out eight times is parked (deliver_to_channel); a source's API may be down for
    # hours: 60 attempts, doubling up to a quarter of an hour apart, last about half a day. The cap is that of a
    # breaker's pauses too.
    channel_receives: int
    channel_retry_cap_seconds: int
    reconcile_every: str
    # All callers of the API together, and one partner's key.
    api_throttle: Throttle
    partner_throttle: Throttle
    # Whether callers reach a published version behind an alias, which can be turned back.
    aliases: bool = False
    # By stack; what is not named shifts at once.
    shifts: Mapping[str, Shift] = field(default_factory=dict)

    def named(self, suffix: str) -> str:
        """The physical name of a resource: `crossdock-{stage}-{suffix}`."""
        return f"crossdock-{self.name}-{suffix}"

    def function_name(self, function: str) -> str:
        """The physical name of a folder under functions/: `apply_counts` → `crossdock-{stage}-apply-counts`."""
        return self.named(function.replace("_", "-"))

    def secret_prefix(self, kind: str) -> str:
        """Under which the secrets of all `sources` or `channels` stand; the name follows directly."""
        return f"crossdock/{self.name}/{kind}/"

    @property
    def config_path(self) -> Path:
        return ROOT / "config" / self.config


_API: Final = Size(memory_mb=512, timeout_seconds=10)
_QUOTES: Final = Size(memory_mb=1769, timeout_seconds=10)

LOCAL: Final = Stage(
    name="local",
    cloud=False,
    owner="demo",
    config="demo.toml",
    log_level="INFO",
    log_days=1,
    retain=False,
    archive_days=1,
    api=_API,
    quotes=_QUOTES,
    worker=Size(memory_mb=1024, timeout_seconds=25),
    sweep=Size(memory_mb=1024, timeout_seconds=25),
    visibility_seconds=30,
    balance_window_seconds=0,
    announce_window_seconds=0,
    digest_window_seconds=0,
    domain_receives=5,
    channel_receives=12,
    channel_retry_cap_seconds=10,
    reconcile_every="rate(1 day)",
    api_throttle=Throttle(rate=5_000, burst=5_000),
    partner_throttle=Throttle(rate=5_000, burst=5_000),
)

_WORKER: Final = Size(memory_mb=1024, timeout_seconds=60)
_SWEEP: Final = Size(memory_mb=1024, timeout_seconds=900)
# Less than six timeouts, and a queue gives a message to a second function while the first still retries it.
_VISIBILITY: Final = 6 * _WORKER.timeout_seconds

DEV: Final = Stage(
    name="dev",
    cloud=True,
    aliases=True,
    owner="integration",
    config="distributor.toml",
    log_level="INFO",
    log_days=14,
    retain=True,
    archive_days=14,
    api=_API,
    quotes=_QUOTES,
    worker=_WORKER,
    sweep=_SWEEP,
    visibility_seconds=_VISIBILITY,
    balance_window_seconds=5,
    announce_window_seconds=1,
    digest_window_seconds=60,
    domain_receives=5,
    channel_receives=60,
    channel_retry_cap_seconds=900,
    reconcile_every="rate(1 hour)",
    api_throttle=Throttle(rate=100, burst=200),
    partner_throttle=Throttle(rate=20, burst=50),
)

PROD: Final = Stage(
    name="prod",
    cloud=True,
    aliases=True,
    shifts=GRADUAL,
    owner="integration",
    config="distributor.toml",
    log_level="INFO",
    log_days=90,
    retain=True,
    archive_days=365,
    api=_API,
    quotes=_QUOTES,
    worker=_WORKER,
    sweep=_SWEEP,
    visibility_seconds=_VISIBILITY,
    balance_window_seconds=5,
    announce_window_seconds=1,
    digest_window_seconds=60,
    domain_receives=5,
    channel_receives=60,
    channel_retry_cap_seconds=900,
    reconcile_every="rate(1 hour)",
    api_throttle=Throttle(rate=1_000, burst=2_000),
    partner_throttle=Throttle(rate=100, burst=200),
)

# Production once more, for what comes next: the same sizes and the same gradual shift, logs kept for a shorter time.
STAGING: Final = replace(PROD, name="staging", log_days=14, archive_days=14)

STAGES: Final = {stage.name: stage for stage in (LOCAL, DEV, STAGING, PROD)}


class UnknownStageError(ValueError):
    """There is no such stage; the message lists those there are."""


def stage(name: str) -> Stage:
    """The stage's values. Raises UnknownStageError."""
    if name not in STAGES:
        raise UnknownStageError(f"there is no stage '{name}': write --context stage= and one of {', '.join(STAGES)}")
    return STAGES[name]
