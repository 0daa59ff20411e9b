"""A CRM, or a shop, that sends our documented JSON. Its events: `customers.reported`, `customers.listed`."""

from crossdock.connectors.generic_crm.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "translate"]
