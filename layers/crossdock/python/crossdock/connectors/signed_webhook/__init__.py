"""A channel that takes our signed webhook (Standard Webhooks) at an endpoint of its own, and may say what it holds."""

from crossdock.connectors.signed_webhook.client import NEEDS, TELLS, deliver
from crossdock.connectors.signed_webhook.digest import leaf, leaves

__all__ = ["NEEDS", "TELLS", "deliver", "leaf", "leaves"]
