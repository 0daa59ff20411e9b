"""Who and what is meant: cross-references between systems, and partners behind their keys."""
