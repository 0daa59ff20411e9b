"""Answers about price rules, books, checks and manifests (API v1); those about prices are in price_answers.py."""

from typing import Any, Literal

from pydantic import Field

from crossdock.contracts.answered import Correlated, Moment, Told
from crossdock.contracts.fields import Contract
from crossdock.contracts.price_answers import Money


class KeptRule(Contract):
    """What became of one version."""

    rule_id: str
    version: int
    outcome: str
    newest: int | None = None
    status: Literal["draft", "approved"]


class RulesKept(Correlated):
    """Every rule of the request is kept."""

    source: str
    rules: list[KeptRule]


class RuleVersion(Contract):
    """One version of a rule: what it says, since when it counts (null: a draft), who sent and who approved it."""

    rule_id: str
    source: str
    version: int
    status: str
    recorded_at: Moment
    counts_from: Moment | None
    by: str | None
    approved_by: str | None
    approved_at: Moment | None
    reference: str | None
    correlation_id: str | None
    rule: dict[str, Any] = Field(description="The rule as it was sent, without what was left out.")


class RulesApproved(Correlated):
    """The versions that are in force now."""

    source: str
    approved: list[RuleVersion]


class RuleHistory(Correlated):
    """All versions of a rule, oldest first."""

    source: str
    rule_id: str
    versions: list[RuleVersion]


class Drafts(Correlated):
    """What nobody has approved yet."""

    drafts: list[RuleVersion]


class Mismatch(Contract):
    """One reason why a token does not stand for an order."""

    code: str
    field: str
    reason: str
    remedy: str


class TokenVerdict(Correlated):
    """Whether a token stands for these lines. What the quote is, is told once the token is proven."""

    valid: bool
    quote_id: str | None = None
    currency: str | None = None
    expires_at: Moment | None = None
    mismatches: list[Mismatch]


class ExpectedPrice(Contract):
    """What we would charge."""

    unit_price: Money
    extended_price: Money


class JudgedLine(Contract):
    """A price that a channel computed, accepted or refused."""

    line: str
    accepted: bool
    code: str
    reason: str
    expected: ExpectedPrice | None = None


class PricesChecked(Correlated):
    """`accepted` only when all lines are."""

    channel: str
    currency: str
    at: Moment
    accepted: bool
    lines: list[JudgedLine]
    notes: list[str] | None = None


class MayCompute(Contract):
    """One operation that the channel may do by itself."""

    operation: Literal["tiers", "extend", "convert_units", "round", "discount"]
    meaning: str
    rounding: str | None = None
    scale: int | None = None
    max_percent: str | None = None


class PriceManifest(Contract):
    """What a channel may compute by itself; signed as a webhook is (Standard Webhooks headers)."""

    type: Literal["crossdock.price-manifest.v1"]
    version: str
    valid_from: Moment
    valid_to: Moment
    channel: str
    distributor: str
    currency: str
    may_compute: list[MayCompute]
    grace_seconds: int
    everything_else: str


class PriceTier(Contract):
    """From this quantity on a unit costs so much. `quote`: ask for a quote, the price depends on more than this."""

    min_quantity: Told
    unit_price: Money | None
    price: Money | None = None
    per: str | None = None
    quote: Literal[True] | None = None


class PriceWindow(Contract):
    """The tiers in a window of time; `from` null: they hold already, `to` null: without an end."""

    from_: Moment | None = Field(alias="from")
    to: Moment | None
    rules: list[str]
    tiers: list[PriceTier]


class BookEntry(Contract):
    """An item of a price book."""

    item: str
    currency: str
    unit: str | None
    windows: list[PriceWindow]
    hash: str = Field(description="Over the entry: equal prices have equal hashes.")


class PriceBookPage(Contract):
    """A page of a price class's book; `next` is the address of the page behind it, null at the end."""

    price_class: str = Field(alias="class")
    currency: str
    items: list[BookEntry]
    next: str | None
    changes_at: Moment | None
