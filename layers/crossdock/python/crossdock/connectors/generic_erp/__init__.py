"""An ERP that can send our documented JSON: `items.declared` and `prices.changed`."""

from crossdock.connectors.generic_erp.translation import translate

__all__ = ["translate"]
