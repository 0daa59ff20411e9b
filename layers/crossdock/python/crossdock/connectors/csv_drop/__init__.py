"""A channel that fetches files: each delivery is a CSV object in the stage's bucket of drops."""

from crossdock.connectors.csv_drop.delivering import NEEDS, deliver

__all__ = ["NEEDS", "deliver"]
