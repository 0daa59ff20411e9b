"""Changes of price rules by people: `POST /v1/price-rules`, its approvals, and what the command line hands in."""

from collections import Counter
from typing import Literal

from pydantic import Field, field_validator

from crossdock.contracts.fields import Contract, SystemName
from crossdock.contracts.price_fields import Name, Text
from crossdock.contracts.prices import MAX_RULES, PriceRule


def _each_once(versions: list[tuple[str, int]]) -> None:
    twice = [version for version, times in Counter(versions).items() if times > 1]
    if twice:
        raise ValueError(f"version {twice[0][1]} of {twice[0][0]!r} stands there twice; leave one of them out")


class PriceRuleBatch(Contract):
    """The body of `POST /v1/price-rules`. `source` may be left out by a partner that has one source.

    A rule that says no status is a draft here, other than in an event: a person has still to approve it.
    """

    source: SystemName | None = None
    rules: list[PriceRule] = Field(min_length=1, max_length=MAX_RULES)

    @field_validator("rules")
    @classmethod
    def _said_once_and_ours_left_out(cls, rules: list[PriceRule]) -> list[PriceRule]:
        _each_once([(r.rule_id, r.version) for r in rules])
        for rule in rules:
            if rule.recorded_at is not None or rule.approval is not None:
                name = "approval" if rule.recorded_at is None else "recorded_at"
                raise ValueError(f"{rule.rule_id}.{name}: we write that down ourselves; leave it out")
        return rules


class ApprovedVersion(Contract):
    """One version that may take effect."""

    rule_id: Name
    version: int = Field(ge=1, le=10**9)


class PriceApprovals(Contract):
    """The body of `POST /v1/price-rules/approvals`. `reference` says where the decision is recorded."""

    source: SystemName | None = None
    reference: Text | None = None
    approvals: list[ApprovedVersion] = Field(min_length=1, max_length=MAX_RULES)

    @field_validator("approvals")
    @classmethod
    def _said_once(cls, approvals: list[ApprovedVersion]) -> list[ApprovedVersion]:
        _each_once([(a.rule_id, a.version) for a in approvals])
        return approvals


class RulesHandedIn(Contract):
    """What `crossdock price import` hands in at a time. `preview` changes nothing."""

    action: Literal["preview", "keep"]
    source: SystemName | None = None
    by: Name
    rules: list[PriceRule] = Field(min_length=1, max_length=MAX_RULES)


class VersionsDecided(Contract):
    """What `crossdock price approve` and `crossdock price reject` hand in."""

    action: Literal["approve", "reject"]
    source: SystemName | None = None
    by: Name
    reference: Text | None = None
    approvals: list[ApprovedVersion] = Field(min_length=1, max_length=MAX_RULES)
