"""Native → canonical for the generic ERP."""

from typing import Literal

from crossdock.contracts import events
from crossdock.contracts.fields import Contract, Instant
from crossdock.contracts.inbound import Fact, Translated, read_native
from crossdock.contracts.price_customers import PriceCustomerList
from crossdock.contracts.prices import PriceList
from crossdock.contracts.references import ItemList
from crossdock.contracts.supplier_costs import SupplierCostList
from crossdock.contracts.supply import SupplyList


class _Declared(Contract):
    type: Literal["items.declared"]
    timestamp: Instant
    data: ItemList


class _Priced(Contract):
    type: Literal["prices.changed"]
    timestamp: Instant
    data: PriceList


class _Costed(Contract):
    type: Literal["costs.changed"]
    timestamp: Instant
    data: SupplierCostList


class _CustomersPriced(Contract):
    type: Literal["customers.priced"]
    timestamp: Instant
    data: PriceCustomerList


class _Expected(Contract):
    type: Literal["supply.expected"]
    timestamp: Instant
    data: SupplyList


_NATIVE: dict[str, type[_Declared | _Priced | _Costed | _CustomersPriced | _Expected]] = {
    "items.declared": _Declared,
    "prices.changed": _Priced,
    "costs.changed": _Costed,
    "customers.priced": _CustomersPriced,
    "supply.expected": _Expected,
}


def translate(source: str, body: bytes) -> Translated:
    """A webhook body as a fact: references declared, price rules, costs or customers changed, supply reported.

    A supplier's cost is a rule like any other from here on: kept, versioned, approved and refused in the same ways.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another type.
    """
    native = read_native(body, _NATIVE)
    if isinstance(native, _Declared):
        items = [i.model_dump(mode="json", exclude_none=True) for i in native.data.items]
        return Fact(events.REFERENCES_DECLARED, f"items/{source}", {"source": source, "items": items})
    if isinstance(native, _Expected):
        supply = [s.model_dump(mode="json", exclude_none=True) for s in native.data.supply]
        return Fact(events.SUPPLY_REPORTED, f"supply/{source}", {"source": source, "supply": supply})
    if isinstance(native, _CustomersPriced):
        customers = [c.model_dump(mode="json", exclude_defaults=True) for c in native.data.customers]
        data = {"source": source, "customers": customers}
        return Fact(events.PRICE_CUSTOMERS_CHANGED, f"price-customers/{source}", data)
    rules = native.data.prices if isinstance(native, _Priced) else [c.rule() for c in native.data.costs]
    # without what is as its default: a fact of 500 rules must fit the bus
    prices = [p.model_dump(mode="json", exclude_defaults=True) for p in rules]
    return Fact(events.PRICE_RULES_CHANGED, f"prices/{source}", {"source": source, "prices": prices})
