"""A warehouse system that can send our documented JSON: `stock.moved` and `stock.counted`."""

from crossdock.connectors.generic_wms.translation import translate

__all__ = ["translate"]
