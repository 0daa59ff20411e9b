"""An ERP that sends our documented JSON: `items.declared`, `prices.changed`, `customers.priced`, `supply.expected`."""

from crossdock.connectors.generic_erp.translation import translate

__all__ = ["translate"]
