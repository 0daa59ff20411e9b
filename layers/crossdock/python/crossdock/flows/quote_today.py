"""What a quote that was given would say now: the same question, of today's rules, customer and items."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from crossdock.flows.quoting import Pricing
from crossdock.platform.clock import Clock
from crossdock.pricing.basket import Basket
from crossdock.pricing.candidates import Ask, Candidates
from crossdock.pricing.context import Context, ItemFacts, Line, exact
from crossdock.pricing.errors import StatementError
from crossdock.pricing.facts import CustomerFacts
from crossdock.pricing.instants import instant_text
from crossdock.quantities import Quantity, whole


class Today:
    """Asks again what quotes were asked."""

    def __init__(self, candidates: Candidates, pricing: Pricing, clock: Clock) -> None:
        self._candidates = candidates
        self._pricing = pricing
        self._clock = clock

    def answers(self, lines: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """By line, what the same question is answered now: of today's rules, customer and items, in its places."""
        asked = tuple(Line.read(line["trace"]["line"]) for line in lines)
        then = Context.read(lines[0]["trace"]["context"])
        beside = _beside(lines, asked)
        ordered = [sku for line in asked for sku in (line.item, line.substitute_for) if sku is not None]
        found = self._candidates.read(
            Ask(
                tuple(dict.fromkeys([*ordered, *beside])),
                customer=then.customer,
                ship_to=then.ship_to,
                branch=then.branch,
                region=then.region,
                channel=then.channel,
                job=then.job,
            )
        )
        profile = found.profile or CustomerFacts("")
        now = replace(
            then,
            at=instant_text(self._clock()),
            known_at=None,
            segments=profile.segments,
            parents=profile.parents,
            basket=beside,
        )
        try:
            answers = [r.document() for r in self._pricing.resolve(now, asked, found).resolutions]
        except StatementError as exc:
            answers = [{"status": "NO_ANSWER", "problem": f"{exc.field}: {exc.problem}; {exc.remedy}"} for _ in asked]
        return {line.line: answer for line, answer in zip(asked, answers, strict=True)}


def _beside(lines: Sequence[Mapping[str, Any]], asked: Sequence[Line]) -> dict[str, Quantity]:
    """What the buyer's basket had beyond the lines, in base units, as far as it mattered to any of them."""
    rest: dict[str, Fraction] = {}
    for said in lines:
        rest |= {sku: quantity for sku, (_, quantity) in Basket.read(said["trace"]["basket"]).entries.items()}
    for said, line in zip(lines, asked, strict=True):
        factor = ItemFacts.read(said["trace"]["item"]).factor(line.unit)
        if line.item in rest and factor is not None:
            rest[line.item] -= exact(line.quantity) * factor
    return {sku: _quantity(quantity) for sku, quantity in rest.items() if quantity > 0}


def _quantity(amount: Fraction) -> Quantity:
    return whole(Decimal(amount.numerator) / amount.denominator)


def compared(said: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Today's answer beside the one that was given; `difference` where both have a price."""
    names = ("status", "problem", "unit_price", "extended_price", "total", "reason")
    document: dict[str, Any] = {name: now[name] for name in names if name in now}
    document["rules"] = [c["rule"] for c in now.get("components", ())]
    amounts = [n for n in ("unit_price", "extended_price", "total") if n in said and n in now]
    if amounts:
        document["difference"] = {n: f"{Decimal(now[n]) - Decimal(said[n]):+f}" for n in amounts}
    return document
