"""What we promise of the service, and when a promise is being broken: service levels and their burn rates.

Source of the arithmetic: B. Beyer et al., The Site Reliability Workbook (2018), chapter 5, "Multiwindow,
Multi-Burn-Rate Alerts". An error budget is 1 − target, over 30 days. At a burn rate of 1 it is used up exactly then;
what spends a share s of it within a window w burns at s × 30 days ÷ w. An alarm rings when both its long and its short
window burn that fast: the long one says that it matters, the short one that it has not stopped.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

DAYS: Final = 30
Priority = Literal["P1", "P2", "P3"]
_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Tier:
    """One speed at which a budget may be spent: `share` of it within `long` minutes; `short` says that it goes on."""

    name: Literal["fast", "slow", "drip"]
    share: Fraction
    long: int
    short: int
    priority: Priority

    @property
    def burn_rate(self) -> Fraction:
        """How many times faster than allowed."""
        return self.share * Fraction(DAYS * 24 * _HOUR, self.long)


TIERS: Final = (
    Tier("fast", Fraction(2, 100), 1 * _HOUR, 5, "P1"),
    Tier("slow", Fraction(5, 100), 6 * _HOUR, 30, "P2"),
    Tier("drip", Fraction(10, 100), 24 * _HOUR, 2 * _HOUR, "P3"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """One promise: `target` percent of what is counted are good, over 30 days.

    `within` (milliseconds): good is what took no longer, by the metric `metric`. None: good is what did not fail;
    `metric` counts failures and `total` all. `by` is the dimension by which there is one such promise for each value;
    `value` the one domain or route that is meant. Fewer than `at_least` bad ones within the long window ring nobody: at
    night one of ten is ten percent. `wakes`: a fast burn is P1; else it is P2, as the thing itself is.
    """

    name: str
    title: str
    target: Fraction
    namespace: str
    metric: str
    total: str | None = None
    within: int | None = None
    by: Literal["channel"] | None = None
    value: str | None = None
    at_least: int = 5
    wakes: bool = True
    runbook: str
    cost: str

    @property
    def budget(self) -> Fraction:
        """The share that may be bad."""
        return 1 - self.target / 100

    @property
    def minutes_of_budget(self) -> Fraction:
        """Were everything bad at once: for so many minutes in 30 days."""
        return self.budget * DAYS * 24 * _HOUR

    def priority(self, tier: Tier) -> Priority:
        """How urgent a burn of this speed is."""
        return "P2" if tier.priority == "P1" and not self.wakes else tier.priority

    def threshold(self, tier: Tier) -> Fraction:
        """The percentage of bad ones from which on the tier rings; 100 at most."""
        return min(self.budget * tier.burn_rate * 100, Fraction(100))


SERVICE_LEVELS: Final = (
    ServiceLevel(
        name="api",
        title="Requests to the API that we do not fail (5xx)",
        target=Fraction(999, 10),
        namespace="AWS/ApiGateway",
        metric="5XXError",
        total="Count",
        runbook="throttling",
        cost="partners send again, and shops have no stock or price at their checkout",
    ),
    ServiceLevel(
        name="webhooks",
        title="Webhooks that we take, or refuse with a reason, at the first attempt",
        target=Fraction(999, 10),
        namespace="AWS/ApiGateway",
        metric="5XXError",
        total="Count",
        value="webhooks",
        runbook="throttling",
        cost="sources send again, and switch a subscription off that fails too often",
    ),
    ServiceLevel(
        name="movements",
        title="Movements applied within 30 s of being accepted",
        target=Fraction(99),
        namespace="crossdock",
        metric="FactLag",
        within=30_000,
        value="movements",
        runbook="throttling",
        cost="stock is sold that has gone, or not sold although it came",
    ),
    ServiceLevel(
        name="deliveries",
        title="Changes acknowledged by a channel within 60 s",
        target=Fraction(99),
        namespace="crossdock",
        metric="DeliveryLag",
        within=60_000,
        by="channel",
        wakes=False,
        runbook="channel-down",
        cost="the channel sells what is not there any more",
    ),
)
