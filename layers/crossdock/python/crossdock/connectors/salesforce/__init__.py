"""Salesforce: accounts, by outbound messages (SOAP) and by change data capture (JSON)."""

from crossdock.connectors.salesforce.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "translate"]
