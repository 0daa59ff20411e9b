"""Price checks: our prices now, before a window closed, and with the channel's own discount, beside a channel's."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from crossdock.config import BusinessConfig
from crossdock.contracts.quotes import CheckedLine, PriceCheckRequest
from crossdock.flows.quoting import Priced, Pricing
from crossdock.pricing.claims import Authority, Claim, Judgement, Past, at_once, by_discount, by_past
from crossdock.pricing.instants import instant_text
from crossdock.pricing.manifests import Allowed
from crossdock.pricing.results import Resolution
from crossdock.pricing.rules import Rule

_MOMENT: Final = timedelta(microseconds=1)
# How many windows back are looked at: one that closed before them closed long ago.
_WINDOWS_BACK: Final = 3
_NO_LOWER: Final = Authority("NO_PRICE", None, None)


def allowed(channel: str, business: BusinessConfig) -> Allowed:
    """What the configuration lets a channel compute."""
    known = business.channels[channel]
    rights = known.prices
    return Allowed(
        channel=channel,
        currency=known.currency,
        operations=rights.may_compute,
        rounding=rights.rounding or str(business.pricing.settings.get("rounding", "half_up")),
        scale=rights.scale,
        max_discount_percent=rights.max_discount_percent,
        grace_seconds=rights.grace_seconds,
    )


class PriceChecks:
    """Judges the prices that a channel computed; stores nothing."""

    def __init__(self, pricing: Pricing, business: BusinessConfig) -> None:
        self._pricing = pricing
        self._business = business

    def check(self, asked: PriceCheckRequest) -> dict[str, Any]:
        """The answer: each line with whether it is accepted, and why. Raises a 422 problem for unknown units."""
        rights, priced = allowed(asked.channel, self._business), self._pricing.price(asked)
        claims = [_claim(line) for line in asked.lines]
        currency = priced.context.currency
        authorities = [_authority(r) for r in priced.resolutions]
        found = [at_once(c, a, rights, currency) for c, a in zip(claims, authorities, strict=True)]
        for past in self._windows_before(priced, found):
            for n, (before, closed_at, seconds) in past.items():
                found[n] = by_past(claims[n], Past(before, closed_at, seconds), rights, currency)
        lowest = self._lowest(priced, rights, found)
        judged = [
            judgement or by_discount(claim, authority, low, rights, currency)
            for judgement, claim, authority, low in zip(found, claims, authorities, lowest, strict=True)
        ]
        lines = [j.document(c.line, a) for j, c, a in zip(judged, claims, authorities, strict=True)]
        return {
            "channel": asked.channel,
            "currency": currency,
            "at": priced.context.at,
            "accepted": all(j.accepted for j in judged),
            "lines": lines,
            **({"notes": list(priced.notes)} if priced.notes else {}),
        }

    def _windows_before(
        self, priced: Priced, found: Sequence[Judgement | None]
    ) -> Iterator[dict[int, tuple[Authority, str, float]]]:
        """For the lines that are not judged yet: our price before its window began, and before that, and so on."""
        now = datetime.fromisoformat(priced.context.at)
        begins = {n: r.valid_from for n, r in enumerate(priced.resolutions)}
        for _ in range(_WINDOWS_BACK):
            edges = {n: edge for n, edge in begins.items() if found[n] is None and edge is not None}
            past: dict[int, tuple[Authority, str, float]] = {}
            begins = {}
            for edge in sorted(set(edges.values())):
                closed = datetime.fromisoformat(edge).astimezone(UTC)
                earlier = self._pricing.again(priced, at=closed - _MOMENT).resolutions
                for n in (n for n, e in edges.items() if e == edge):
                    past[n] = (_authority(earlier[n]), instant_text(closed), (now - closed).total_seconds())
                    begins[n] = earlier[n].valid_from
            if not past:
                return
            yield past

    def _lowest(self, priced: Priced, rights: Allowed, found: Sequence[Judgement | None]) -> list[Authority]:
        """Our prices with the channel's whole discount taken off by the resolver itself, which keeps every floor."""
        if "discount" not in rights.operations or all(found):
            return [_NO_LOWER] * len(priced.lines)
        extra = {r.asked.item.sku: _discount(rights, r.asked.item.unit) for r in priced.resolutions}
        return [_authority(r) for r in self._pricing.again(priced, extra=extra).resolutions]


def _discount(rights: Allowed, unit: str) -> Rule:
    """The channel's own discount as a rule like any other: what forbids discounts forbids it, and guards stand."""
    return Rule.read(
        {
            "rule_id": f"{rights.channel}'s own discount",
            "version": 1,
            "layer": "discount",
            "operation": "percent",
            "concurrency": "always",
            "basis": "running",
            "unit": unit,
            "tiers": [{"min_quantity": 0, "value": rights.max_discount_percent}],
            "valid_from": "1900-01-01T00:00:00.000000Z",
            "reason": "what its manifest allows",
        }
    )


def _claim(line: CheckedLine) -> Claim:
    return Claim(line.line, line.quantity, line.unit_price, line.extended_price, tuple(line.operations))


def _authority(resolution: Resolution) -> Authority:
    return Authority(resolution.status, resolution.unit_price, resolution.extended)
