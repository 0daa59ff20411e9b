"""A channel that takes our signed webhook (Standard Webhooks) at an endpoint of its own."""

from crossdock.connectors.signed_webhook.client import deliver

__all__ = ["deliver"]
