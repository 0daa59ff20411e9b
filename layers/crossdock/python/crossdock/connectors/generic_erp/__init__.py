"""An ERP that can send our documented JSON: `items.declared`, `prices.changed` and `supply.expected`."""

from crossdock.connectors.generic_erp.translation import translate

__all__ = ["translate"]
