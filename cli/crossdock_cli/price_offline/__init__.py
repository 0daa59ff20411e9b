"""Prices without AWS: quoting a price model from files, and comparing two of them."""
