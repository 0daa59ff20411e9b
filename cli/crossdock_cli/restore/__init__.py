"""Point-in-time restore: a copy of a table as it was, compared with the table as it is, rows put back."""
