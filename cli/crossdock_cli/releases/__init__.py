"""Versions of the deployed functions: which one callers reach, back to an earlier one, old ones removed."""
