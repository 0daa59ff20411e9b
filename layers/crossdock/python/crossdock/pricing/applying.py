"""Applying price changes: resolve the source's item codes, keep what is good, refuse what is not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crossdock.contracts.price_form import normalised
from crossdock.contracts.prices import PriceRule
from crossdock.contracts.refusals import Refusal, Refuse, content_id, quoted, replay_mark
from crossdock.platform.clock import from_text, to_text
from crossdock.pricing.base_rules import Rule, Tier
from crossdock.pricing.store import Kept, PricingStore

ROUTE = "prices"

ResolveItems = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], str]]


@dataclass(slots=True)
class Applied:
    """What became of an event's rules, counted."""

    current: int = 0
    superseded: int = 0
    duplicates: int = 0
    refused: int = 0


def apply_price_rules(
    store: PricingStore,
    resolve: ResolveItems,
    refuse: Refuse,
    source: str,
    prices: Sequence[PriceRule],
    event: Mapping[str, object],
) -> Applied:
    """Keeps each rule version; an unknown item or a contradiction is refused and holds up nothing else.

    An older version than the one that is current is kept in the ledger and counted as superseded: that is no failure.
    Raises StoreUnavailableError or the client's error; the whole event may then be applied again.
    """
    skus = resolve({(source, _item(p)) for p in prices})
    known = [(p, _rule(p, skus[source, _item(p)])) for p in prices if (source, _item(p)) in skus]
    result = Applied()
    refusals = [_unknown_item(source, p, event) for p in prices if (source, _item(p)) not in skus]
    outcomes = store.keep([rule for _, rule in known], source, str(event["correlationid"]))
    for (price, _), kept in zip(known, outcomes, strict=True):
        match kept:
            case Kept.CURRENT:
                result.current += 1
            case Kept.SUPERSEDED:
                result.superseded += 1
            case Kept.DUPLICATE:
                result.duplicates += 1
            case Kept.CONFLICT:
                refusals.append(_conflict(source, price, event))
            case Kept.OTHER_ITEM:
                refusals.append(_other_item(source, price, event))
    if refusals:
        refuse(refusals)
    result.refused = len(refusals)
    return result


def _item(price: PriceRule) -> str:
    return price.named_item or ""


def _rule(price: PriceRule, sku: str) -> Rule:
    form = normalised(price, "UTC")
    return Rule(
        rule_id=price.rule_id,
        version=price.version,
        sku=sku,
        currency=price.currency or "",
        unit=price.unit or "EA",
        tiers=tuple(Tier(int(t.min_quantity), t.value) for t in price.tiers),
        valid_from=to_text(from_text(form["valid_from"])),
        valid_to=to_text(from_text(form["valid_to"])) if "valid_to" in form else None,
        withdrawn=price.withdrawn,
    )


def _unknown_item(source: str, price: PriceRule, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        price,
        event,
        kind="unknown_item",
        subject=f"item/{_item(price)}",
        detail=f"{source} prices an item {_item(price)!r} and no cross-reference says which item that is",
        remedy=f"crossdock xref add {source} {quoted(_item(price))} <SKU>, then replay",
    )


def _conflict(source: str, price: PriceRule, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        price,
        event,
        kind="conflicting_price",
        subject=f"rule/{price.rule_id}",
        detail=f"{source} sent version {price.version} of rule {price.rule_id} before, with other content",
        remedy="a version is never changed: correct the version to a new one and replay",
    )


def _other_item(source: str, price: PriceRule, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        price,
        event,
        kind="rule_of_another_item",
        subject=f"rule/{price.rule_id}",
        detail=f"{source} sent rule {price.rule_id} for {_item(price)!r}; it has been about another item so far",
        remedy="withdraw the rule for the item it was about, and correct this one's rule_id to a new one and replay",
    )


def _refusal(
    source: str, price: PriceRule, event: Mapping[str, object], *, kind: str, subject: str, detail: str, remedy: str
) -> Refusal:
    said = price.model_dump(mode="json")
    return Refusal(
        kind=kind,
        source=source,
        subject=subject,
        fact=f"{price.rule_id}@{price.version}={content_id(said)}",
        detail=detail,
        remedy=remedy,
        route=ROUTE,
        message={**event, "data": {"source": source, "prices": [said]}},
        pointer="/data/prices/0",
        correlation_id=str(event["correlationid"]),
        replay=replay_mark(event),
    )
