"""An ERP that sends our documented JSON, and is told customers over its own HTTP interface.

Its events: `items.declared`, `prices.changed`, `costs.changed`, `customers.priced`, `customers.reported`,
`customers.listed`, `supply.expected`.
"""

from crossdock.connectors.generic_erp.delivering import NEEDS, TELLS, deliver
from crossdock.connectors.generic_erp.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "NEEDS", "TELLS", "deliver", "translate"]
