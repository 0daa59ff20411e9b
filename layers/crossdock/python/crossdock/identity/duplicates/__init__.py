"""Which customers may be one and the same: normalising, keys, scores with their reasons, and the index of the keys."""
