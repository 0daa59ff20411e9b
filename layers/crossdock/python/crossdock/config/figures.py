"""Which values the dimensions of figures take in a configuration: each is a metric of its own."""

from crossdock.config.model import BusinessConfig
from crossdock.contracts.metrics import Metric

UNKNOWN_SOURCE = "unknown"
"""Under which deliveries are counted that name none of ours."""


def values_of(metric: Metric, business: BusinessConfig) -> tuple[str, ...]:
    """The values of a figure's dimension, in order; nothing for a figure without one.

    Money may also be held up in a currency that no configuration names.
    """
    if metric.values or not metric.dimensions:
        return metric.values
    match metric.dimensions[0]:
        case "channel":
            return tuple(sorted(business.channels))
        case "warehouse":
            return tuple(sorted(business.warehouses))
        case "price_class":
            return tuple(sorted(business.price_classes))
        case "source":
            unknown = (UNKNOWN_SOURCE,) if metric.name == "MappingFailed" else ()
            return (*sorted(business.sources), *unknown)
        case "currency":
            return currencies_of(business)
        case other:
            raise KeyError(f"{metric.name}: the values of {other} stand neither in the catalogue nor the configuration")


def currencies_of(business: BusinessConfig) -> tuple[str, ...]:
    """The currencies that the configuration names, in order."""
    return tuple(sorted({business.currency, *(c.currency for c in business.price_classes.values())}))
