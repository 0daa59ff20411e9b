"""Native → canonical for the generic ERP.

It uses our words for warehouses and units, or its own where the configuration has a code table for them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from crossdock.contracts import events
from crossdock.contracts.accounts import AccountList
from crossdock.contracts.codes import NO_CODES, UNITS, WAREHOUSES, Codes, UnmappedCodeError
from crossdock.contracts.facts import accounts_facts, listing_facts, together
from crossdock.contracts.fields import Contract, Instant
from crossdock.contracts.inbound import Fact, Translated, read_native
from crossdock.contracts.listings import AccountListing
from crossdock.contracts.native import refused
from crossdock.contracts.price_customers import PriceCustomerList
from crossdock.contracts.prices import PriceList
from crossdock.contracts.references import ItemList
from crossdock.contracts.supplier_costs import SupplierCostList
from crossdock.contracts.supply import SupplyList

MAPPING_VERSION: Final = "generic_erp/1"
HEADERS: Final[tuple[str, ...]] = ()
CODE_TABLES: Final[tuple[str, ...]] = ()

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


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


class _Reported(Contract):
    type: Literal["customers.reported"]
    timestamp: Instant
    data: AccountList


class _Listed(Contract):
    type: Literal["customers.listed"]
    timestamp: Instant
    data: AccountListing


_Native = _Declared | _Priced | _Costed | _CustomersPriced | _Expected | _Reported | _Listed
NATIVE: dict[str, type[_Native]] = {
    "customers.listed": _Listed,
    "customers.reported": _Reported,
    "items.declared": _Declared,
    "prices.changed": _Priced,
    "costs.changed": _Costed,
    "customers.priced": _CustomersPriced,
    "supply.expected": _Expected,
}


def translate(
    source: str,
    body: bytes,
    headers: Mapping[str, str] = _NOBODY,  # noqa: ARG001 - all that counts is in the body
    codes: Codes = NO_CODES,
) -> Translated:
    """A webhook body as facts: references declared, rules, costs or customers changed, supply or customers reported or
    listed.

    A supplier's cost is a rule like any other from here on: kept, versioned, approved and refused in the same ways.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another type.
    """
    native = read_native(body, NATIVE)
    try:
        return _fact(source, native, codes)
    except UnmappedCodeError as exc:
        return exc.refused


def _fact(source: str, native: _Native, codes: Codes) -> Translated:
    if isinstance(native, _Reported):
        return together(accounts_facts(source, native.data.accounts, native.data.origin))
    if isinstance(native, _Listed):
        return together(listing_facts(source, native.data, native.timestamp))
    if isinstance(native, _Declared):
        items = [i.model_dump(mode="json", exclude_none=True) for i in native.data.items]
        for number, item in enumerate(items):
            _canonical_profile(item.get("profile", {}), f"data.items[{number}].profile", codes)
        return Fact(events.REFERENCES_DECLARED, f"items/{source}", {"source": source, "items": items})
    if isinstance(native, _Expected):
        supply = [s.model_dump(mode="json", exclude_none=True) for s in native.data.supply]
        _canonical(supply, "warehouse", WAREHOUSES, "data.supply", codes)
        return Fact(events.SUPPLY_REPORTED, f"supply/{source}", {"source": source, "supply": supply})
    if isinstance(native, _CustomersPriced):
        customers = [c.model_dump(mode="json", exclude_defaults=True) for c in native.data.customers]
        data = {"source": source, "customers": customers}
        return Fact(events.PRICE_CUSTOMERS_CHANGED, f"price-customers/{source}", data)
    rules = native.data.prices if isinstance(native, _Priced) else [c.rule() for c in native.data.costs]
    # without what is as its default: a fact of 500 rules must fit the bus
    prices = [p.model_dump(mode="json", exclude_defaults=True) for p in rules]
    _canonical(prices, "unit", UNITS, f"data.{'prices' if isinstance(native, _Priced) else 'costs'}", codes)
    return Fact(events.PRICE_RULES_CHANGED, f"prices/{source}", {"source": source, "prices": prices})


def _canonical(documents: list[dict[str, Any]], name: str, kind: str, place: str, codes: Codes) -> None:
    """Puts our word in the place of the source's, in each document that says one."""
    for number, document in enumerate(documents):
        if name in document:
            document[name] = codes.canonical_if_any(kind, document[name], f"{place}[{number}].{name}")


def _canonical_profile(profile: dict[str, Any], place: str, codes: Codes) -> None:
    if UNITS not in codes.tables or not profile:
        return
    profile["unit"] = codes.canonical(UNITS, profile["unit"], f"{place}.unit")
    units = {codes.canonical(UNITS, unit, f"{place}.units"): factor for unit, factor in profile["units"].items()}
    if len(units) < len(profile["units"]) or units.get(profile["unit"], "1") != "1":
        problem = "two of them are one unit by the code table"
        raise refused((f"{place}.units",), problem, "leave one of them out, or have the table say what each is")
    profile["units"] = units
