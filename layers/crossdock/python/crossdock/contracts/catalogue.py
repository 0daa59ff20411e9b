"""Every fact that a source may become: its contract, what it says, and who applies it today."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel

from crossdock.contracts import events
from crossdock.contracts.accounts import AccountsReported
from crossdock.contracts.counts import CountsReported
from crossdock.contracts.levels import LevelsReported
from crossdock.contracts.listings import AccountsListed
from crossdock.contracts.orders import OrderReported
from crossdock.contracts.price_customers import PriceCustomersChanged
from crossdock.contracts.prices import PriceRulesChanged
from crossdock.contracts.references import ReferencesDeclared
from crossdock.contracts.supply import SupplyReported


@dataclass(frozen=True, slots=True)
class Described:
    """A fact's contract and meaning. `queue` is where it is applied; None: it is published and kept, and waits."""

    model: type[BaseModel]
    says: str
    queue: str | None


FACTS: Mapping[str, Described] = MappingProxyType(
    {
        events.ACCOUNTS_LISTED: Described(AccountsListed, "all that systems hold of customers", "listings"),
        events.ACCOUNTS_REPORTED: Described(AccountsReported, "what systems say of customers", "accounts"),
        events.COUNTS_REPORTED: Described(CountsReported, "what a source counts, as of its position", "counts"),
        events.LEVELS_REPORTED: Described(LevelsReported, "what a shop shows of items", None),
        events.ORDER_PLACED: Described(OrderReported, "a new order, whole", None),
        events.ORDER_CHANGED: Described(OrderReported, "an order as it is now, whole", None),
        events.ORDER_CANCELLED: Described(OrderReported, "an order that is cancelled, whole", None),
        events.PRICE_CUSTOMERS_CHANGED: Described(
            PriceCustomersChanged, "what prices depend on of customers", "price-customers"
        ),
        events.PRICE_RULES_CHANGED: Described(PriceRulesChanged, "versions of price rules and costs", "prices"),
        events.REFERENCES_DECLARED: Described(ReferencesDeclared, "what systems call items", "references"),
        events.SUPPLY_REPORTED: Described(SupplyReported, "what is still to come", "supply"),
    }
)
