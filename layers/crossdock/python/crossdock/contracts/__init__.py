"""What outsiders may rely on: versioned models of the API, of events and of deliveries.

Additive changes stay in a version; a breaking change is a new version beside the old one.
"""
