"""What names may look like, as patterns: for those who must not pay for the import of a validation library."""

SKU = r"[A-Za-z0-9._ -]{1,64}"
"""A canonical item: letters, digits and . _ - space. No slash: it stands in the path of a URL."""
