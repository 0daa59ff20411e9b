"""A BigCommerce store. Its webhooks name what changed; what it is now is fetched from the store's API.

As a channel: stock at a location, and price lists.
"""

from crossdock.connectors.bigcommerce.delivering import NEEDS, deliver
from crossdock.connectors.bigcommerce.fetching import fetch
from crossdock.connectors.bigcommerce.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "NEEDS", "deliver", "fetch", "translate"]
