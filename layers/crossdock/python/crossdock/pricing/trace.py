"""The trace of a price: from which the same price follows again, to the last digit and for ever (pricing rule 8)."""

from collections.abc import Mapping
from typing import Any

from crossdock.pricing.results import Resolution


def replay(trace: Mapping[str, Any]) -> Resolution:
    """The resolution that a trace document tells of, from the document alone."""
    raise NotImplementedError
