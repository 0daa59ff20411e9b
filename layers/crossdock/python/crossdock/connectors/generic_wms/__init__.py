"""A warehouse system that can send our documented JSON: `stock.moved` and `stock.counted`."""

from crossdock.connectors.generic_wms.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "translate"]
