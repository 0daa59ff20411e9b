"""What a refused fact holds up: the orders it names and the money it says, where it says so.

Read from the fact alone, by the names that our contracts use for these things. Nothing is estimated: a movement knows
no price, so it has no money at stake here. Money is summed by currency and never converted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_ORDER_IDS: Final = ("order_id", "order_number", "order", "sales_order")
# The movements that serve a customer's order name it in `reference`; a receipt's reference is a purchase order.
_ORDER_MOVEMENTS: Final = frozenset({"pick", "pack", "shipment", "return"})
# Not `amount`: a price rule says one, and takes nothing off anybody until it is used.
_TOTALS: Final = ("grand_total", "total", "total_price", "total_amount")
_UNIT_PRICES: Final = ("unit_price", "price")
_LINES: Final = ("lines", "line_items", "items")
_MOST_DIGITS: Final = 30
_LONGEST_ID: Final = 80
_DEEPEST: Final = 4


@dataclass(frozen=True, slots=True)
class Impact:
    """Orders by their ids, and money by currency (ISO 4217), both empty where the fact says nothing."""

    orders: tuple[str, ...] = ()
    money: Mapping[str, Decimal] = field(default_factory=dict)


def impact_of(message: Mapping[str, Any], pointer: str) -> Impact:
    """The impact of the fact at a JSON pointer (RFC 6901) in a message; never raises, whatever the fact looks like."""
    fact = at(message, pointer)
    if not isinstance(fact, Mapping):
        return Impact()
    money: dict[str, Decimal] = {}
    for currency, amount in _money(fact):
        money[currency] = money.get(currency, Decimal(0)) + amount
    return Impact(tuple(dict.fromkeys(_orders(fact, 0))), {c: m for c, m in money.items() if m})


def at(document: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; None when it leads nowhere."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def _orders(fact: Mapping[str, Any], depth: int) -> Iterator[str]:
    for name in _ORDER_IDS:
        value = fact.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(str(value)) <= _LONGEST_ID:
            yield str(value)
        elif isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _orders({"order_id": value.get("id"), **value}, depth + 1)
    if fact.get("type") in _ORDER_MOVEMENTS and isinstance(fact.get("reference"), str) and fact["reference"]:
        yield fact["reference"][:_LONGEST_ID]


def _money(fact: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """A total, if the fact states one; else quantity × unit price of each line, and of the fact itself."""
    inner = fact.get("order")
    if isinstance(inner, Mapping):
        fact = inner
    for name in _TOTALS:
        stated = _amount(fact.get(name), fact.get("currency"))
        if stated:
            yield stated
            return
    lines = next((v for n in _LINES if isinstance(v := fact.get(n), list)), None)
    for line in [fact] if lines is None else lines:
        if isinstance(line, Mapping):
            found = _line(line, fact.get("currency"))
            if found:
                yield found


def _line(line: Mapping[str, Any], currency: Any) -> tuple[str, Decimal] | None:
    price = next(
        (p for n in _UNIT_PRICES if (p := _amount(line.get(n), line.get("currency", currency))) is not None), None
    )
    quantity = _number(line.get("quantity"))
    return None if price is None or quantity is None else (price[0], price[1] * quantity)


def _amount(value: Any, currency: Any) -> tuple[str, Decimal] | None:
    """Money as `{"amount": "2.55", "currency": "GBP"}`, or as a text beside a currency."""
    if isinstance(value, Mapping):
        value, currency = value.get("amount"), value.get("currency", currency)
    number = _number(value)
    if number is None or not isinstance(currency, str) or not (len(currency) == 3 and currency.isascii()):  # noqa: PLR2004 - ISO 4217
        return None
    return (currency.upper(), number) if currency.isalpha() else None


def _number(value: Any) -> Decimal | None:
    """A whole number or a plain decimal text. Binary fractions are not read as money."""
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > _MOST_DIGITS:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS // 2 else None
