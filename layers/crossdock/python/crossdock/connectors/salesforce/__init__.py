"""Salesforce: accounts, by outbound messages (SOAP) and change data capture (JSON); told back over REST."""

from crossdock.connectors.salesforce.delivering import NEEDS, TELLS, deliver
from crossdock.connectors.salesforce.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "NEEDS", "TELLS", "deliver", "translate"]
