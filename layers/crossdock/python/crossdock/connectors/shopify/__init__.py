"""A Shopify shop. Its webhooks: orders, products, inventory levels. As a channel: stock at a location, and prices."""

from crossdock.connectors.shopify.delivering import NEEDS, deliver
from crossdock.connectors.shopify.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "NEEDS", "deliver", "translate"]
