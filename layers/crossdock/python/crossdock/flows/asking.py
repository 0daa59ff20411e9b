"""Questions about stock as they come over HTTP: who is asking for whom, read from a query or a body and checked.

Checked by hand and not by a contract's model: reading stock is the call that is made most, and a validation library
would be most of its cold start.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crossdock.config import BusinessConfig
from crossdock.contracts.names import SKU
from crossdock.inventory.answers import Question
from crossdock.inventory.promising import Audience
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem
from crossdock.quantities import Quantity, parse, whole

MAX_ITEMS = 500
MAX_ITEMS_BY_DATE = 50
"""Of items asked for by date each one's supply is a query of its own."""

_SELECTORS = frozenset({"channel", "segment", "warehouses", "warehouse_set", "date"})
_MAX_QUANTITY = 10**12
_MAX_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item of a list, and how many are asked for, if it was said."""

    sku: str
    quantity: Quantity | None


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """A question about many items, each once; the question's own quantity is None."""

    question: Question
    items: tuple[ListedItem, ...]
    in_transit: bool


def about_one(
    query: Mapping[str, str], business: BusinessConfig, partner: Partner, now: datetime, *more: str
) -> Question:
    """The question in a query, which may say `more` that is read elsewhere.

    Raises a 422 problem naming the parameter, or 403 for another partner's channel.
    """
    _known(query, {*_SELECTORS, "quantity", *more})
    quantity = _quantity("quantity", query["quantity"]) if "quantity" in query else None
    return _question(query, business, partner, now, quantity)


def wants_supply(query: Mapping[str, str]) -> bool:
    """Whether a query asks for what is still to come. Raises a 422 problem for an `expected` that is neither."""
    said = query.get("expected", "false")
    if said not in {"true", "false"}:
        raise _bad("expected", f"{said[:20]!r} is neither true nor false", "send expected=true, or leave it out")
    return said == "true" or bool({"quantity", "date"} & query.keys())


def about_many(body: bytes, business: BusinessConfig, partner: Partner, now: datetime) -> ListQuestion:
    """The question in a body: `{"items": [{"sku", "quantity"?}], …the same selectors}`.

    An item that stands in it more than once is asked for once, for all of its quantities together. Raises a 400 or 422
    problem naming what cannot be used, or 403 for another partner's channel.
    """
    document = _object(body)
    _known(document, {*_SELECTORS, "items", "in_transit"})
    items = _items(document.get("items"))
    if "date" in document and len(items) > MAX_ITEMS_BY_DATE:
        remedy = f"ask for at most {MAX_ITEMS_BY_DATE} by date, and for the rest in further requests; or leave date out"
        raise _bad("items", f"{len(items)} items with a date", remedy)
    wanted = document.get("in_transit", False)
    if not isinstance(wanted, bool):
        raise _bad("in_transit", "neither true nor false", "send true or false, without quotes")
    texts = {name: value for name, value in document.items() if name in _SELECTORS}
    if isinstance(texts.get("warehouses"), list):
        texts["warehouses"] = ",".join(map(str, texts["warehouses"]))
    for name, value in texts.items():
        if not isinstance(value, str):
            raise _bad(name, "not a text", "send a text, in quotes")
    return ListQuestion(_question(texts, business, partner, now, None), items, wanted)


def business_date(business: BusinessConfig, now: datetime) -> date:
    """The date of an instant where the distributor is."""
    return now.astimezone(ZoneInfo(business.time_zone)).date()


def _question(
    said: Mapping[str, str], business: BusinessConfig, partner: Partner, now: datetime, quantity: Quantity | None
) -> Question:
    today = business_date(business, now)
    on = _date(said["date"], today) if "date" in said else None
    return Question(_audience(said, business, partner), now, today, quantity, on)


def _audience(said: Mapping[str, str], business: BusinessConfig, partner: Partner) -> Audience:
    if "channel" in said and "segment" in said:
        raise _bad("segment", "named beside a channel", "name one of the two: a segment says whose share it uses")
    if "channel" in said:
        partner.require_channel(said["channel"])
        channel = _named("channel", said["channel"], business.channels)
        return Audience(_narrowed(said, business, channel.warehouses), channel.buffer, channel.name)
    if "segment" in said:
        segment = _named("segment", said["segment"], business.segments)
        if segment.channel:
            partner.require_channel(segment.channel)
        return Audience(_narrowed(said, business, segment.warehouses), segment.buffer, segment.channel)
    return Audience(_narrowed(said, business, tuple(business.warehouses)), everybody=True)


def _narrowed(said: Mapping[str, str], business: BusinessConfig, served: tuple[str, ...]) -> tuple[str, ...]:
    """The warehouses asked for, each of which must be among those that serve the audience."""
    if "warehouses" in said and "warehouse_set" in said:
        raise _bad("warehouse_set", "named beside warehouses", "name one of the two")
    if "warehouse_set" in said:
        # A set is a name for places; an audience is served from those of them that serve it.
        of_set = _named("warehouse_set", said["warehouse_set"], business.warehouse_sets)
        found = tuple(w for w in of_set if w in served)
        if not found:
            raise _bad("warehouse_set", "none of its warehouses serves it", f"name one with some of: {_list(served)}")
        return found
    if "warehouses" not in said:
        return served
    wanted = tuple(dict.fromkeys(w.strip() for w in said["warehouses"].split(",")))
    strange = [w for w in wanted if w not in served]
    if strange:
        raise _bad("warehouses", f"{strange[0][:30]!r} is not among those that may be asked for", _one_of(served))
    return wanted


def _named(field: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        raise _bad(field, f"{name[:40]!r} is not configured", _one_of(known))
    return known[name]


def _quantity(field: str, said: object) -> Quantity:
    # A query carries texts only; in one, a whole number is as plain as a fraction.
    try:
        quantity = whole(parse(said))
    except ValueError as exc:
        raise _bad(field, f"{str(said)[:30]!r} is no quantity", str(exc)) from exc
    if not 0 < quantity <= _MAX_QUANTITY:
        raise _bad(field, f"{quantity} is out of range", f"send a quantity above 0 and at most {_MAX_QUANTITY}")
    return quantity


def _date(said: str, today: date) -> date:
    try:
        on = date.fromisoformat(said) if re.fullmatch(r"\d{4}-\d\d-\d\d", said, re.ASCII) else None
    except ValueError:
        on = None
    if on is None:
        raise _bad("date", f"{said[:30]!r} is no date", f"send a date such as {today.isoformat()}")
    if not today <= on <= today + timedelta(days=_MAX_DAYS):
        raise _bad(
            "date", f"{said} is past, or too far off", f"send {today.isoformat()} or a date in the ten years after"
        )
    return on


def _items(said: object) -> tuple[ListedItem, ...]:
    if not isinstance(said, list) or not said:
        raise _bad("items", "missing, or not a list with at least one item", 'send [{"sku": "…"}]')
    if len(said) > MAX_ITEMS:
        remedy = f"ask for at most {MAX_ITEMS}, and for the rest in further requests"
        raise _bad("items", f"{len(said):,} items in one request; at most {MAX_ITEMS} are taken", remedy)
    found: dict[str, Quantity | None] = {}
    for number, entry in enumerate(said):
        item = _item(f"items[{number}]", entry)
        quantities = [q for q in (found.get(item.sku), item.quantity) if q is not None]
        found[item.sku] = whole(sum(quantities)) if quantities else None
    return tuple(ListedItem(sku, quantity) for sku, quantity in found.items())


def _item(field: str, entry: object) -> ListedItem:
    if not isinstance(entry, dict):
        raise _bad(field, "not an object", 'send {"sku": "…"}, with a quantity if you like')
    _known(entry, {"sku", "quantity"}, f"{field}.")
    sku = entry.get("sku")
    if not isinstance(sku, str) or not re.fullmatch(SKU, sku):
        raise _bad(f"{field}.sku", "missing, or no item code of ours", "send our item code, not your own")
    return ListedItem(sku, _quantity(f"{field}.quantity", entry["quantity"]) if "quantity" in entry else None)


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        error = FieldError("body", "not JSON", "send one valid JSON document in UTF-8")
        raise Problem(400, "malformed-json", "The body is not a JSON document.", [error]) from exc
    if not isinstance(document, dict):
        raise _bad("body", "not an object", 'send {"items": [{"sku": "…"}]}')
    return document


def _known(said: Iterable[str], names: Iterable[str], prefix: str = "") -> None:
    """A misspelt selector must not be passed over: the answer would be right for another question."""
    for name in said:
        if name not in set(names):
            raise _bad(f"{prefix}{name[:60]}", "unknown", f"leave it out, or send one of: {_list(sorted(names))}")


def _one_of(names: Iterable[str]) -> str:
    return f"name one of: {_list(names)}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _bad(field: str, problem: str, remedy: str) -> Problem:
    error = FieldError(field, problem, remedy)
    return Problem(422, "invalid-question", f"{field}: {problem}. Remedy: {remedy}.", [error])
