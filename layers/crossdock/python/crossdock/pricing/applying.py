"""Applying price changes: resolve the source's item codes, keep what is good, refuse what is not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from crossdock.contracts.price_form import normalised
from crossdock.contracts.prices import PriceRule
from crossdock.contracts.refusals import Refusal, Refuse, content_id, quoted, replay_mark
from crossdock.pricing.errors import StatementError
from crossdock.pricing.rules import Rule
from crossdock.pricing.store import Kept, PricingStore

ROUTE = "prices"

ResolveItems = Callable[[Iterable[tuple[str, str]]], Mapping[tuple[str, str], str]]


@dataclass(slots=True)
class Applied:
    """What became of an event's rules, counted; drafts are those that wait for their approval now."""

    current: int = 0
    superseded: int = 0
    duplicates: int = 0
    drafts: int = 0
    refused: int = 0


def apply_price_rules(
    store: PricingStore,
    resolve: ResolveItems,
    refuse: Refuse,
    source: str,
    prices: Sequence[PriceRule],
    event: Mapping[str, object],
    time_zone: str,
) -> Applied:
    """Keeps each rule version; an unknown item or a contradiction is refused and holds up nothing else.

    An item is named by the source's code, everybody and everything else as it is. Business dates begin at midnight in
    `time_zone`. An older version than the current one is kept in the ledger and counted as superseded: that is no
    failure. Raises StoreUnavailableError or the client's error; the whole event may then be applied again.
    """
    skus = resolve({(source, item) for p in prices if (item := p.named_item) is not None})
    result, refusals = Applied(), list[Refusal]()
    known: list[tuple[PriceRule, Rule]] = []
    for price in prices:
        item = price.named_item
        if item is not None and (source, item) not in skus:
            refusals.append(_unknown_item(source, price, event))
            continue
        try:
            known.append((price, _rule(price, skus[source, item] if item is not None else None, time_zone)))
        except StatementError as exc:
            refusals.append(_unsound(source, price, event, exc))
        except ValidationError as exc:  # the window is empty in the distributor's zone
            problem = exc.errors()[0]
            field = ".".join(map(str, problem["loc"]))
            refusals.append(_unsound(source, price, event, StatementError(field, problem["msg"], "correct it")))
    for price, kept in _kept(store, known, source, str(event["correlationid"])):
        if not _count(result, kept):
            refusals.append(_REFUSED[kept](source, price, event))
    if refusals:
        refuse(refusals)
    result.refused = len(refusals)
    return result


def _kept(
    store: PricingStore, known: Sequence[tuple[PriceRule, Rule]], source: str, correlation_id: str
) -> list[tuple[PriceRule, Kept]]:
    drafts = [(p, r) for p, r in known if r.status == "draft"]
    others = [(p, r) for p, r in known if r.status != "draft"]
    found = [*_with(others, store.keep([r for _, r in others], source, correlation_id))] if others else []
    if drafts:
        found += _with(drafts, store.keep_draft([r for _, r in drafts], source, correlation_id, by=source))
    return found


def _with(known: Sequence[tuple[PriceRule, Rule]], outcomes: Sequence[Kept]) -> list[tuple[PriceRule, Kept]]:
    return [(price, kept) for (price, _), kept in zip(known, outcomes, strict=True)]


def _count(result: Applied, kept: Kept) -> bool:
    """Counts an outcome that needs nobody's attention."""
    match kept:
        case Kept.CURRENT:
            result.current += 1
        case Kept.SUPERSEDED:
            result.superseded += 1
        case Kept.DUPLICATE:
            result.duplicates += 1
        case Kept.DRAFT:
            result.drafts += 1
        case _:
            return False
    return True


def _rule(price: PriceRule, sku: str | None, time_zone: str) -> Rule:
    """The rule as a value, with our item in the place of the source's code."""
    form = normalised(price, time_zone)
    if sku is not None:
        form["scope"]["item"] = sku
    return Rule.read(form)


def _unknown_item(source: str, price: PriceRule, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        price,
        event,
        kind="unknown_item",
        subject=f"item/{price.named_item}",
        detail=f"{source} prices an item {price.named_item!r} and no cross-reference says which item that is",
        remedy=f"crossdock xref add {source} {quoted(price.named_item or '')} <SKU>, then replay",
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


def _other_target(source: str, price: PriceRule, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        price,
        event,
        kind="rule_of_another_target",
        subject=f"rule/{price.rule_id}",
        detail=f"{source} sent rule {price.rule_id} for {_words(price)}; it has been about something else so far",
        remedy="withdraw the rule for what it was about, and correct this one's rule_id to a new one and replay",
    )


def _waiting(source: str, price: PriceRule, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        price,
        event,
        kind="price_draft_undecided",
        subject=f"rule/{price.rule_id}",
        detail=f"{source} sent version {price.version} of rule {price.rule_id} as approved; here it is a draft",
        remedy=f"crossdock price approve {quoted(f'{source}:{price.rule_id}')} {price.version}, or send a new version",
    )


def _unsound(source: str, price: PriceRule, event: Mapping[str, object], problem: StatementError) -> Refusal:
    return _refusal(
        source,
        price,
        event,
        kind="unsound_price",
        subject=f"rule/{price.rule_id}",
        detail=f"{problem.field}: {problem.problem}",
        remedy=f"{problem.remedy}: correct it and replay",
    )


_REFUSED: Mapping[Kept, Callable[[str, PriceRule, Mapping[str, object]], Refusal]] = {
    Kept.CONFLICT: _conflict,
    Kept.OTHER_TARGET: _other_target,
    Kept.WAITING: _waiting,
}


def _words(price: PriceRule) -> str:
    """What a rule says it is about, in a word each."""
    return ", ".join(f"{name} {value}" for name, value in price.named_scope().items()) or "all items"


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
