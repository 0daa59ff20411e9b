"""What names may look like, as patterns: for those who must not pay for the import of a validation library."""

SKU = r"[A-Za-z0-9._ -]{1,64}"
"""A canonical item: letters, digits and . _ - space. No slash: it stands in the path of a URL."""

CUSTOMER = r"[\x21-\x22\x24-\x7e]([\x20-\x22\x24-\x7e]{0,98}[\x21-\x22\x24-\x7e])?"
"""A customer as the ERP calls it: 1–100 printable ASCII characters without `#`, no space at either end."""

RULE = CUSTOMER
"""A price rule as its source calls it: the same."""
