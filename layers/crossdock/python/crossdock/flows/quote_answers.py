"""A quote as a document: what a partner is promised, what it may see of how that came about, and the token."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from crossdock.contracts.quotes import QuoteRequest
from crossdock.flows.quoting import Priced
from crossdock.platform.clock import to_text
from crossdock.pricing.results import PRICED, Resolution
from crossdock.pricing.rules import Rule
from crossdock.pricing.tokens import Promise, QuotedLine, Sealer, seal

STATISTICS: Final = ("rebates", "cost", "margin")
COST_SCOPE: Final = "prices:cost"
_FROM_COST: Final = frozenset({"cost_plus", "margin"})
_LEADS_TO_COST: Final = frozenset({"from_cost", "input", "value", "amount"})
_ID_BYTES: Final = 13


def quote_id(partner: str, key: str | None) -> str:
    """Twenty letters and digits: the same for the same partner and key, and not to be guessed without one."""
    raw = secrets.token_bytes(_ID_BYTES) if key is None else hashlib.sha256(f"{partner}\0{key}".encode()).digest()
    return base64.b32encode(raw).decode().lower()[:20]


def payload_hash(asked: QuoteRequest) -> str:
    """128 bits over what was asked for; what is shown of the answer is no part of it."""
    return hashlib.sha256(asked.model_dump_json(exclude_none=True, exclude={"show"}).encode()).hexdigest()[:32]


def given(priced: Priced, asked: QuoteRequest, made: datetime, minutes: int) -> dict[str, Any]:
    """The whole document of a new quote, but for its id and token; `expires_at` only where it is a promise.

    Prices of another instant, or as known at another, are told and not promised: nobody may order at last year's.
    """
    lines = [_line(r) for r in priced.resolutions]
    promised = asked.at is None and asked.known_at is None and any(r.status == PRICED for r in priced.resolutions)
    context = priced.context
    said = {"customer": context.customer, "ship_to": context.ship_to, "channel": context.channel, "job": context.job}
    return {
        **{name: value for name, value in said.items() if value is not None},
        "at": context.at,
        **({"known_at": context.known_at} if context.known_at else {}),
        "currency": context.currency,
        "lines": lines,
        "totals": _totals(priced.resolutions),
        "unpriced": [r.asked.line.line for r in priced.resolutions if r.status != PRICED],
        **({"notes": list(priced.notes)} if priced.notes else {}),
        "made_at": to_text(made),
        **({"expires_at": to_text(_ends(lines, made, minutes))} if promised else {}),
    }


def sealed(document: Mapping[str, Any], quote: str, partner: str, priced: Priced, sealer: Sealer) -> str | None:
    """The token of a document that is a promise, else None."""
    if "expires_at" not in document:
        return None
    promise = Promise(
        quote=quote,
        partner=partner,
        customer=priced.context.customer,
        currency=priced.context.currency,
        made=_instant(document["made_at"]),
        expires=_instant(document["expires_at"]),
        lines=tuple(_promised(priced.resolutions)),
    )
    return seal(promise, sealer)


def status(document: Mapping[str, Any], now: datetime) -> str:
    """open, expired, or informative (never a promise: of another time, or without any price)."""
    if "expires_at" not in document:
        return "informative"
    return "open" if now < _instant(document["expires_at"]) else "expired"


def shown(document: Mapping[str, Any], now: datetime, show: Iterable[str], *, costs: bool) -> dict[str, Any]:
    """What of a stored quote a partner is shown: its status now, and of each line what it may see and asked for."""
    wanted = frozenset(show) if costs else frozenset()
    head = {"quote_id": document["quote_id"], "status": status(document, now)}
    rest = {**document, "lines": [_shown_line(line, wanted, costs=costs) for line in document["lines"]]}
    return {**head, **{name: value for name, value in rest.items() if name not in head}}


def seconds_left(document: Mapping[str, Any], now: datetime) -> int:
    """For how many seconds the document stays as it is: until the quote expires; 0 for one that does not."""
    if "expires_at" not in document:
        return 0
    return max(0, int((_instant(document["expires_at"]) - now).total_seconds()))


def _line(resolution: Resolution) -> dict[str, Any]:
    """All of it; what comes from the cost is marked, since its input and value lead back to the cost."""
    document = resolution.document(show=(*STATISTICS, "trace"))
    marked = [_from_cost(component.rule) for component in resolution.components]
    for component, secret in zip(document["components"], marked, strict=True):
        if secret:
            component["from_cost"] = True
    if any(marked):
        document["reason_without_cost"] = _plain_reason(document)
    return document


def _from_cost(rule: Rule) -> bool:
    return rule.operation in _FROM_COST or (rule.operation == "multiple" and rule.of == "cost")


def _plain_reason(line: Mapping[str, Any]) -> str:
    said = [f"{c['kind']} {c['rule']}" + (" (from the cost)" if c.get("from_cost") else "") for c in line["components"]]
    return f"{line['status']} by {'; '.join(said)}."


def _shown_line(line: Mapping[str, Any], wanted: frozenset[str], *, costs: bool) -> dict[str, Any]:
    hidden = {"trace", *STATISTICS} - wanted
    kept = {name: value for name, value in line.items() if name not in hidden}
    plain = kept.pop("reason_without_cost", kept["reason"])
    if not costs:
        kept["reason"] = plain
    kept["components"] = [_shown_component(c, costs=costs) for c in kept["components"]]
    return kept


def _shown_component(component: Mapping[str, Any], *, costs: bool) -> dict[str, Any]:
    hidden = {"from_cost"} if costs or "from_cost" not in component else _LEADS_TO_COST
    return {name: value for name, value in component.items() if name not in hidden}


def _totals(resolutions: Sequence[Resolution]) -> dict[str, str]:
    """Sums over the lines that have a price; what is charged beside the price stands apart."""
    names = ("extended", "surcharges", "freight", "total")
    return {name: _sum(getattr(r, name) for r in resolutions) for name in names}


def _sum(amounts: Iterable[Decimal | None]) -> str:
    return str(sum((a for a in amounts if a is not None), Decimal(0)))


def _ends(lines: Sequence[Mapping[str, Any]], made: datetime, minutes: int) -> datetime:
    """When the promise ends: after the minutes configured, or with the first window of a price in it."""
    edges = [_instant(line["valid_to"]) for line in lines if line["status"] == PRICED and line.get("valid_to")]
    return min([made + timedelta(minutes=minutes), *edges]).replace(microsecond=0)


def _promised(resolutions: Sequence[Resolution]) -> Iterable[QuotedLine]:
    for r in resolutions:
        if r.unit_price is not None and r.extended is not None:
            line = r.asked.line
            unit = line.unit or r.asked.item.unit
            yield QuotedLine(line.line, line.item, line.quantity, unit, r.unit_price, r.extended)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
