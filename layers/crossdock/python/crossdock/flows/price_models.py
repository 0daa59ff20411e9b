"""Asking an offline price model: the same resolver as everywhere, over the rules, items and customers of one file."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from crossdock.contracts.price_fields import instant_text
from crossdock.contracts.price_form import beginning, normalised
from crossdock.contracts.price_models import ModelCustomer, PriceContext, PriceLine, PriceModel
from crossdock.contracts.prices import PriceRule
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.errors import StatementError
from crossdock.pricing.resolving import quote
from crossdock.pricing.results import Resolution
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings

_NOBODY = ModelCustomer.model_construct(customer="")


@dataclass(frozen=True, slots=True)
class Priced:
    """The prices of one context's lines, in their order. `notes` say what was asked for and is not in the model.

    `zone` is the model's time zone, None where it names none.
    """

    context: Context
    zone: str | None
    lines: tuple[Resolution, ...]
    notes: tuple[str, ...]


class PriceBook:
    """A price model, ready to be asked. Takes no clock: the instant of a context that names none is passed in."""

    def __init__(self, model: PriceModel) -> None:
        """Raises StatementError naming the field of a rule that the resolver does not take."""
        self._zone = model.time_zone
        self._settings = Settings.read(model.settings.form())
        self._customers = {c.customer: c for c in model.customers}
        self._items = {
            i.item: ItemFacts(i.item, i.unit, i.units, tuple(i.families), tuple(i.mix_groups), tuple(i.substitutes))
            for i in model.items
        }
        self._rules = [_read(place, rule, self._zone or "UTC") for place, rule in enumerate(model.rules)]
        self._about: dict[tuple[str, str | None], list[Rule]] = {}
        for rule in self._rules:
            about = ("item", rule.scope.item) if rule.scope.item is not None else ("family", rule.scope.family)
            self._about.setdefault(about, []).append(rule)

    def price(self, asked: PriceContext, now: datetime) -> Priced:
        """The prices of a context's lines (pricing rules 2–6).

        Raises StatementError for a currency that neither context nor customer names, a business date without a time
        zone, and a unit that its item does not have; `field` is its path in the context.
        """
        context = self._context(asked, now)
        said = asked.asked()
        lines = [_line(line) for line in said]
        skus = {sku for line in lines for sku in (line.item, line.substitute_for) if sku is not None} | set(
            asked.basket
        )
        items = {sku: self._items.get(sku, ItemFacts(sku)) for sku in skus}
        for place, line in enumerate(lines):
            if items[line.item].factor(line.unit) is None:
                raise _unknown_unit(items[line.item], line.unit, f"lines[{place}].unit" if asked.lines else "unit")
        candidates = {sku: self._candidates(item) for sku, item in items.items()}
        found = quote(context, lines, items, candidates, self._settings)
        return Priced(context, self._zone, tuple(found), tuple(self._notes(asked, said)))

    def _candidates(self, item: ItemFacts) -> Sequence[Rule]:
        """The rules that could be about an item; whom and where they are for, the resolver judges."""
        about = [self._about.get(key, []) for key in (("item", item.sku), ("family", None), *_families(item))]
        return [rule for rules in about for rule in rules]

    def _context(self, asked: PriceContext, now: datetime) -> Context:
        customer = self._customers.get(asked.customer or "", _NOBODY)
        place = customer.ship_tos.get(asked.ship_to or "")
        currency = asked.currency or customer.currency
        if currency is None:
            problem = "is missing, and the customer has none in the model"
            raise StatementError("currency", problem, 'send the currency to price in, for example "GBP"')
        return Context(
            at=self._instant("at", asked.at or now),
            currency=currency,
            known_at=self._instant("known_at", asked.known_at) if asked.known_at else None,
            customer=asked.customer,
            ship_to=asked.ship_to,
            parents=tuple(customer.parents if asked.parents is None else asked.parents),
            segments=tuple(customer.segments if asked.segments is None else asked.segments),
            branch=asked.branch or (place and place.branch) or customer.branch,
            region=asked.region or (place and place.region) or customer.region,
            channel=asked.channel,
            job=asked.job,
            freight_terms=asked.freight_terms or customer.freight_terms,
            basket=asked.basket,
        )

    def _instant(self, field: str, moment: datetime | date) -> str:
        if self._zone is None and not isinstance(moment, datetime):
            problem = f"is the business date {moment}, and the model names no time_zone"
            raise StatementError(field, problem, "add time_zone to the rules file, or send an instant")
        return instant_text(beginning(moment, ZoneInfo(self._zone or "UTC")))

    def _notes(self, asked: PriceContext, lines: Sequence[PriceLine]) -> Iterator[str]:
        """What looks like a slip: it is answered all the same, since rules may be about anybody and anything."""
        customer = self._customers.get(asked.customer or "")
        if asked.customer and self._customers and customer is None:
            yield f"customer {asked.customer} is not in the model: priced as one without segments, parents and places"
        if asked.ship_to and customer is not None and customer.ship_tos and asked.ship_to not in customer.ship_tos:
            yield f"ship_to {asked.ship_to} is not one of {asked.customer}'s in the model: priced without its place"
        named = {rule.scope.item for rule in self._rules} | self._items.keys()
        for sku in sorted({line.item for line in lines} - named):
            yield f"item {sku} is neither in the model nor named by a rule"


def _families(item: ItemFacts) -> list[tuple[str, str | None]]:
    return [("family", family) for family in dict.fromkeys(item.families)]


def _read(place: int, rule: PriceRule, zone: str) -> Rule:
    try:
        return Rule.read(normalised(rule, zone))
    except StatementError as exc:
        raise StatementError(f"rules[{place}].{exc.field}", exc.problem, exc.remedy) from exc


def _line(line: PriceLine) -> Line:
    return Line(line.line or "1", line.item, line.quantity, line.unit, line.substitute_for)


def _unknown_unit(item: ItemFacts, unit: str | None, field: str) -> StatementError:
    known = ", ".join(dict.fromkeys([item.unit, *sorted(item.units)]))
    return StatementError(
        field,
        f"is {unit}, and {item.sku} has only {known}",
        f"order in one of these, or add {unit} to the item's units",
    )


def line_documents(priced: Priced, show: Collection[str] = ()) -> list[dict[str, Any]]:
    """The answers for the lines, in their order."""
    return [line.document(show) for line in priced.lines]


def quote_document(priced: Priced, show: Collection[str] = ()) -> dict[str, Any]:
    """The answer to one context, as the quote API gives it (contracts/price_answers.py).

    It is never a promise, so its status is "informative". `totals` are of the lines that have a price.
    """
    return {
        "status": "informative",
        **priced.context.document(),
        "lines": line_documents(priced, show),
        "totals": _totals(priced.lines),
        "unpriced": [line.asked.line.line for line in priced.lines if line.unit_price is None],
        **({"notes": list(priced.notes)} if priced.notes else {}),
    }


def rules_of(line: Mapping[str, Any]) -> list[str]:
    """The rules, with their versions, that an answered line's amounts come from: the base price's first."""
    return [component["rule"] for component in line["components"]]


def _totals(lines: Sequence[Resolution]) -> dict[str, str]:
    return {
        "extended": _sum(line.extended for line in lines),
        "surcharges": _sum(line.surcharges for line in lines),
        "freight": _sum(line.freight for line in lines),
        "total": _sum(line.total for line in lines),
    }


def _sum(amounts: Iterable[Decimal | None]) -> str:
    return f"{sum((a for a in amounts if a is not None), Decimal(0)):f}"
