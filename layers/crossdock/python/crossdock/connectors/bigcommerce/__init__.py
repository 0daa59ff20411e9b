"""A BigCommerce store. Its webhooks name what changed; what it is now is fetched from the store's API."""

from crossdock.connectors.bigcommerce.fetching import fetch
from crossdock.connectors.bigcommerce.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "fetch", "translate"]
