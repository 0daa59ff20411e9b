"""The words of price rules and which of them go together: no validation library, no table."""

from collections.abc import Mapping
from typing import Final

BASE_LEVELS: Final = (
    "job",
    "ship_to_item",
    "customer_item",
    "customer_family",
    "parent_contract",
    "segment_item",
    "segment_family",
    "branch_list",
    "channel_list",
    "base_list",
    "cost_plus",
)
"""The levels of base prices, the first one with an eligible rule wins (pricing rule 3)."""

GUARDS: Final = ("floor", "advertised_minimum", "contract_minimum")
"""Layers below which a price may not fall (pricing rule 5)."""

CHARGES: Final = ("surcharge", "freight")
"""Layers that are components of their own beside the price (pricing rule 5)."""

OTHER_LAYERS: Final = ("discount", *CHARGES, *GUARDS, "waiver", "rebate", "cost")

LAYERS: Final = (*BASE_LEVELS, *OTHER_LAYERS)

BASE_OPERATIONS: Final = ("fixed", "cost_plus", "margin", "multiple")
FROM_COST: Final = ("cost_plus", "margin")
"""Operations that make a price out of the item's cost."""

IN_MONEY: Final = ("fixed", "amount")
"""Operations whose value is money, so that they need a currency."""

OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(BASE_LEVELS, BASE_OPERATIONS),
    "cost_plus": FROM_COST,
    "discount": ("percent", "amount", "fixed"),
    "surcharge": ("fixed", "amount", "percent"),
    "freight": ("fixed", "amount", "percent"),
    "floor": ("fixed", "cost_plus", "margin"),
    "advertised_minimum": ("fixed",),
    "contract_minimum": ("fixed",),
    "waiver": ("fixed",),
    "rebate": ("percent", "amount"),
    "cost": ("fixed",),
}
"""Which operations a rule of each layer may have."""

TARGET: Final = ("job", "customer", "ship_to", "parent", "segment", "item", "family", "branch", "region")
"""What of a scope a rule is about for ever: all of its versions name the same."""

_NOBODY: Final = "neither job, customer, parent, segment, branch, region nor channels"
_NEEDED: Final[Mapping[str, str]] = {
    "job": "a job",
    "ship_to_item": "a customer, a ship_to and an item, and no job",
    "customer_item": "a customer and an item, and neither job nor ship_to",
    "customer_family": "a customer and a family (or no item at all), and neither job nor ship_to",
    "parent_contract": "a parent, and neither job, customer nor ship_to",
    "segment_item": "a segment and an item, and neither job, customer nor parent",
    "segment_family": "a segment and a family (or no item at all), and neither job, customer nor parent",
    "branch_list": "a branch or a region, and neither job, customer, parent nor segment",
    "channel_list": "channels, and neither job, customer, parent, segment, branch nor region",
    "base_list": f"an item, a family or nothing, and {_NOBODY}",
    "cost_plus": f"an item, a family or nothing, and {_NOBODY}; and the operation must be cost_plus or margin",
}


def needed(level: str) -> str:
    """What the scope of a rule of this base level names, in words."""
    return _NEEDED[level]


def derived_layer(scope: Mapping[str, object], operation: str) -> str:
    """The base level that a rule's scope says it is of; `scope` holds what is named, and nothing else.

    The narrowest word decides: a price for a customer in a branch is a price of the customer, which holds in that
    branch only.
    """
    for word, with_item, without in (
        ("job", "job", "job"),
        ("ship_to", "ship_to_item", "ship_to_item"),
        ("customer", "customer_item", "customer_family"),
        ("parent", "parent_contract", "parent_contract"),
        ("segment", "segment_item", "segment_family"),
        ("branch", "branch_list", "branch_list"),
        ("region", "branch_list", "branch_list"),
        ("channels", "channel_list", "channel_list"),
    ):
        if scope.get(word):
            return with_item if scope.get("item") else without
    return "cost_plus" if operation in FROM_COST else "base_list"


_ISO_4217: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK "
    "LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR "
    "PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF "
    "XSU XTS XUA XXX YER ZAR ZMW ZWG"
)
CURRENCIES: Final = frozenset(_ISO_4217.split())
"""ISO 4217, without the metals: a mistyped currency would make a rule that never matches anything."""
