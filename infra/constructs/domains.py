"""Which part of the business a resource works for: the tag `domain`, by which a bill is split.

What serves all of them (the bus, the key, dead letters, the operators' own) is `platform`. By the names of folders
under functions/, of tables, queues and buckets, each of which stands here once: a new one without a domain is not
synthesised.
"""

from collections.abc import Mapping
from typing import Final

TAG: Final = "domain"
PLATFORM: Final = "platform"
_WORKS_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "inventory": (
        *("apply_counts", "apply_movements", "apply_reservations", "apply_supply", "balance_hot_items"),
        *("change_reservation", "expire_reservations", "project_balances", "read_availability", "receive_movements"),
        *("receive_supply", "reconcile_stock", "reserve_stock", "set_allocations"),
        *("inventory", "movements", "reservations", "expiries", "counts", "supply"),
    ),
    "pricing": (
        *("apply_price_changes", "apply_price_customers", "change_price_rules", "check_prices", "explain_prices"),
        *("import_price_rules", "publish_prices", "quote_prices", "read_price_book", "spread_price_changes"),
        *("watch_prices", "pricing", "prices", "price-customers", "price-cells"),
    ),
    "customers": (
        *("announce_customers", "apply_accounts", "apply_references", "change_customers", "check_orders"),
        *("compare_accounts", "read_customers", "identity", "accounts", "listings", "references"),
    ),
    "exchange": (
        *("announce_changes", "deliver_to_channel", "digest_shadows", "list_deliveries", "map_webhooks"),
        *("receive_webhook", "reconcile_channel", "watch_channels", "exchange", "webhooks", "bodies", "drops"),
    ),
    "exceptions": ("collect_dead_letters", "show_exceptions", "exceptions"),
    PLATFORM: ("authorize_partner", "describe_api", "measure_business", "limits", "failures", "audit"),
}
DOMAINS: Final = tuple(_WORKS_FOR)
_BY_NAME: Final = {name: domain for domain, names in _WORKS_FOR.items() for name in names}


def domain_of(name: str) -> str:
    """The domain of a function's folder, a table, a queue or a bucket. Raises KeyError with where to write it."""
    # A channel's queue is named after the channel, and dead letters after their queue.
    own = "exchange" if name.startswith("channel-") else name.removesuffix("-dlq")
    if own not in _BY_NAME:
        raise KeyError(
            f"'{name}' has no domain: say in infra/constructs/domains.py which part of the business it is for"
        )
    return _BY_NAME[own]
