"""Prices of a request's lines: who asks, completed by what we know of the customer; the resolver does the rest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from crossdock.config import BusinessConfig
from crossdock.contracts.price_form import beginning
from crossdock.contracts.price_models import PriceLine
from crossdock.contracts.quotes import CheckedLine, PriceCheckRequest, QuoteRequest
from crossdock.platform.clock import Clock
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem
from crossdock.pricing.candidates import Ask, Candidates, Found
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.facts import CustomerFacts
from crossdock.pricing.instants import instant_text
from crossdock.pricing.resolving import quote
from crossdock.pricing.results import Resolution
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings


@dataclass(frozen=True, slots=True)
class Priced:
    """The lines' prices, all that they depend on, and what looks like a slip in the request."""

    context: Context
    lines: tuple[Line, ...]
    found: Found
    resolutions: tuple[Resolution, ...]
    notes: tuple[str, ...]


class Pricing:
    """Reads what a request needs, in at most two round trips, and resolves it."""

    def __init__(self, candidates: Candidates, business: BusinessConfig, clock: Clock) -> None:
        self._candidates = candidates
        self._business = business
        self._clock = clock
        self.settings = Settings.read(business.pricing.settings)

    def price(self, asked: QuoteRequest | PriceCheckRequest) -> Priced:
        """The prices of the request's lines. Raises a 422 problem for units that their items do not have."""
        now = self._clock()
        lines = tuple(_lines(asked.asked() if isinstance(asked, QuoteRequest) else asked.lines))
        skus = dict.fromkeys(sku for line in lines for sku in (line.item, line.substitute_for) if sku)
        at, known_at = self._instants(asked, now)
        ask = Ask(
            customer=asked.customer,
            ship_to=asked.ship_to,
            branch=asked.branch,
            region=asked.region,
            channel=asked.channel,
            job=asked.job,
            skus=tuple(dict.fromkeys([*skus, *asked.basket])),
        )
        found = self._candidates.as_known(ask, known_at) if known_at else self._candidates.read(ask)
        context = _context(asked, found.profile, at, known_at, self._currency(asked, found.profile))
        _check_units(lines, found.items)
        return self.resolve(context, lines, found, tuple(_notes(asked, lines, found)))

    def resolve(self, context: Context, lines: tuple[Line, ...], found: Found, notes: tuple[str, ...] = ()) -> Priced:
        """The prices of lines whose rules were read."""
        items = {sku: found.items.get(sku) or ItemFacts(sku) for sku in _named(lines, context)}
        rules = {sku: found.rules.get(sku, ()) for sku in items}
        return Priced(context, lines, found, tuple(quote(context, lines, items, rules, self.settings)), notes)

    def again(self, priced: Priced, at: datetime | None = None, extra: Mapping[str, Rule] | None = None) -> Priced:
        """The same lines at another instant, or with one more rule for some items."""
        context = priced.context if at is None else replace(priced.context, at=instant_text(at))
        found = priced.found
        if extra:
            rules = {sku: (*kept, extra[sku]) if sku in extra else kept for sku, kept in found.rules.items()}
            found = replace(found, rules=rules)
        return self.resolve(context, priced.lines, found, priced.notes)

    def _currency(self, asked: QuoteRequest | PriceCheckRequest, profile: CustomerFacts | None) -> str:
        if asked.currency:
            return asked.currency
        if profile and profile.currency:
            return profile.currency
        channel = self._business.channels.get(asked.channel or "")
        return channel.currency if channel else self._business.currency

    def _instants(self, asked: QuoteRequest | PriceCheckRequest, now: datetime) -> tuple[str, str | None]:
        if isinstance(asked, PriceCheckRequest):
            return instant_text(now), None
        zone = ZoneInfo(self._business.time_zone)
        at = beginning(asked.at, zone) if asked.at else now
        return instant_text(at), instant_text(beginning(asked.known_at, zone)) if asked.known_at else None


def check_rights(asked: QuoteRequest | PriceCheckRequest, partner: Partner, business: BusinessConfig) -> None:
    """Raises a 403 problem for a customer or channel that is not the partner's, and 422 for one that is not there."""
    if asked.customer is not None:
        partner.require_customer(asked.customer)
    if asked.channel is not None:
        partner.require_channel(asked.channel)
        if asked.channel not in business.channels:
            known = ", ".join(sorted(business.channels)) or "none"
            error = FieldError("channel", "unknown", f"name one of: {known}")
            raise Problem(422, "unknown-channel", f"channel: there is no channel {asked.channel!r}.", [error])


def _context(
    asked: QuoteRequest | PriceCheckRequest,
    profile: CustomerFacts | None,
    at: str,
    known_at: str | None,
    currency: str,
) -> Context:
    customer = profile or CustomerFacts(asked.customer or "")
    place = customer.ship_tos.get(asked.ship_to or "")
    return Context(
        at=at,
        currency=currency,
        known_at=known_at,
        customer=asked.customer,
        ship_to=asked.ship_to,
        parents=customer.parents,
        segments=customer.segments,
        branch=asked.branch or (place and place.branch) or customer.branch,
        region=asked.region or (place and place.region) or customer.region,
        channel=asked.channel,
        job=asked.job,
        freight_terms=asked.freight_terms or customer.freight_terms,
        basket=asked.basket,
    )


def _lines(said: Iterable[PriceLine | CheckedLine]) -> Iterator[Line]:
    for line in said:
        ordered = line.substitute_for if isinstance(line, PriceLine) else None
        yield Line(line.line or "1", line.item, line.quantity, line.unit, ordered)


def _named(lines: Sequence[Line], context: Context) -> list[str]:
    skus = (sku for line in lines for sku in (line.item, line.substitute_for) if sku)
    return list(dict.fromkeys([*skus, *context.basket]))


def _check_units(lines: Sequence[Line], items: Mapping[str, ItemFacts]) -> None:
    errors = []
    for number, line in enumerate(lines):
        facts = items.get(line.item) or ItemFacts(line.item)
        if facts.factor(line.unit) is None:
            known = ", ".join(dict.fromkeys([facts.unit, *facts.units]))
            problem = f"{line.item[:40]!r} is not sold in {line.unit}"
            errors.append(FieldError(f"lines[{number}].unit", problem, f"send one of: {known}; or leave it out"))
    if errors:
        text = f"{errors[0].field}: {errors[0].problem}. Remedy: {errors[0].remedy}. Nothing was stored."
        raise Problem(422, "unknown-unit", text, errors)


def _notes(asked: QuoteRequest | PriceCheckRequest, lines: Sequence[Line], found: Found) -> Iterator[str]:
    """What looks like a slip; it is priced all the same, since rules may be about anybody and anything."""
    if asked.customer and found.profile is None:
        yield f"nothing is known of customer {asked.customer}: priced as one without segments, parents and places"
    if asked.ship_to and found.profile and asked.ship_to not in found.profile.ship_tos:
        yield f"{asked.ship_to} is no ship-to that is known of {asked.customer}: priced without its place"
    unknown = dict.fromkeys(line.item for line in lines if line.item not in found.items)
    if unknown:
        named = ", ".join(list(unknown)[:5]) + (", …" if len(unknown) > 5 else "")  # noqa: PLR2004 - as many as shown
        yield f"nothing is known of {len(unknown)} of the items: {named}"
