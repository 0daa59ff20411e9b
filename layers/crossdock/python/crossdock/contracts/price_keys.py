"""The key of a price at a channel: the item, and for every price class but the list prices its class behind it.

An item's name holds no `@`, so the two are told apart whatever they are called.
"""

LIST = "list"
"""The class of customers of whom nothing is known."""


def price_key(price_class: str, sku: str) -> str:
    """`SKU-1` for the list price, `SKU-1@gold` for the class gold."""
    return sku if price_class == LIST else f"{sku}@{price_class}"


def read_key(key: str) -> tuple[str, str]:
    """(price class, item) of a key."""
    sku, _, price_class = key.partition("@")
    return price_class or LIST, sku
