"""Customers as pricing needs to know them (`customers.priced`, `pricing.customers.changed.v1`)."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import Field, ValidationInfo, field_validator

from crossdock.contracts.fields import Contract, SystemName
from crossdock.contracts.price_fields import Currency, Name

MAX_CUSTOMERS = 500
MAX_PARENTS = 5
MAX_SEGMENTS = 20
MAX_SHIP_TOS = 200


def a_circle(above: Mapping[str, Sequence[str]]) -> list[str]:
    """Some way from a customer through parents back to it, its name at both ends; empty when there is none."""
    done: set[str] = set()
    for start in above:
        way, waiting = [start], [iter(above[start])]
        while way:
            parent = next(waiting[-1], None)
            if parent is None:
                done.add(way.pop())
                waiting.pop()
            elif parent in way:
                return [*way[way.index(parent) :], parent]
            elif parent not in done:
                way.append(parent)
                waiting.append(iter(above.get(parent, ())))
    return []


class PriceShipTo(Contract):
    """Where goods for a customer go; what it leaves out is the customer's own."""

    branch: Name | None = None
    region: Name | None = None


class PriceCustomer(Contract):
    """What prices depend on of one customer, as a whole; the newest `version` wins, its source says which that is.

    `parents` come nearest first. `strategic` says that a price that reaches it late is worth an alarm.
    """

    customer: Name
    version: int = Field(ge=1, le=10**15)
    segments: list[Name] = Field(default_factory=list, max_length=MAX_SEGMENTS)
    parents: list[Name] = Field(default_factory=list, max_length=MAX_PARENTS)
    ship_tos: dict[Name, PriceShipTo] = Field(default_factory=dict, max_length=MAX_SHIP_TOS)
    branch: Name | None = None
    region: Name | None = None
    currency: Currency | None = None
    freight_terms: Name | None = None
    strategic: bool = False

    @field_validator("segments", "parents")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        twice = [name for name, times in Counter(names).items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} stands there twice; leave one of them out")
        return names

    @field_validator("parents")
    @classmethod
    def _not_its_own_parent(cls, parents: list[str], others: ValidationInfo) -> list[str]:
        customer = others.data.get("customer")  # missing when it was not valid itself, which is reported by itself
        if customer in parents:
            raise ValueError(f"{customer!r} is the customer itself; name those above it only, nearest first")
        return parents


class PriceCustomerList(Contract):
    """The data of a `customers.priced` webhook. Each customer stands in it once, and nobody is above itself."""

    customers: list[PriceCustomer] = Field(min_length=1, max_length=MAX_CUSTOMERS)

    @field_validator("customers")
    @classmethod
    def _each_once_and_no_circle(cls, customers: list[PriceCustomer]) -> list[PriceCustomer]:
        twice = [name for name, times in Counter(c.customer for c in customers).items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} stands there twice; send its newest version only")
        circle = a_circle({c.customer: c.parents for c in customers})
        if circle:
            way = " → ".join(circle)
            raise ValueError(f"the parents go in a circle: {way}; take one of them out of the other's parents")
        return customers


class PriceCustomersChanged(PriceCustomerList):
    """The data of the event `pricing.customers.changed.v1`."""

    source: SystemName
