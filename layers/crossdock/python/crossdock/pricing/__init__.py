"""Prices: rules kept for ever by version, resolved to what a channel should hold, published when that changed."""
