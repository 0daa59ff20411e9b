"""An ERP that sends our documented JSON.

Its events: `items.declared`, `prices.changed`, `costs.changed`, `customers.priced`, `customers.reported`,
`supply.expected`.
"""

from crossdock.connectors.generic_erp.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "translate"]
