"""A Shopify shop. Its webhooks: orders, products and inventory levels, by the header X-Shopify-Topic."""

from crossdock.connectors.shopify.translation import CODE_TABLES, HEADERS, MAPPING_VERSION, translate

__all__ = ["CODE_TABLES", "HEADERS", "MAPPING_VERSION", "translate"]
