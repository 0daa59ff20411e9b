"""The distributor's business configuration at run time: who owns which stock, who is told what.

It is written as TOML, validated by `crossdock.config.compile` when the layer is built, and shipped with the code as
`business.json`; so it is deployed and rolled back with it, and reading it here needs no validation library.
"""

from crossdock.config.exception_terms import ExceptionTerms, Owner
from crossdock.config.model import (
    BusinessConfig,
    Channel,
    ChannelLimits,
    ChannelPrices,
    Limits,
    PriceClass,
    PricingTerms,
    Reconciliation,
    ReservationTerms,
    Segment,
    Source,
    Warehouse,
    load,
)

__all__ = [
    "BusinessConfig",
    "Channel",
    "ChannelLimits",
    "ChannelPrices",
    "ExceptionTerms",
    "Limits",
    "Owner",
    "PriceClass",
    "PricingTerms",
    "Reconciliation",
    "ReservationTerms",
    "Segment",
    "Source",
    "Warehouse",
    "load",
]
