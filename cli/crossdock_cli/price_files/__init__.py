"""Bulk files of price rules: CSV and JSON Lines, read as a stream, every error at its line and column."""
