"""An ERP that sends our documented JSON.

Its events: `items.declared`, `prices.changed`, `costs.changed`, `customers.priced`, `supply.expected`.
"""

from crossdock.connectors.generic_erp.translation import translate

__all__ = ["translate"]
