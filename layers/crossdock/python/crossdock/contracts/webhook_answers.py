"""What a source hears of its delivery (API v1), where its vendor has no words of its own."""

from typing import Literal

from crossdock.contracts.answered import Correlated


class DeliveryAccepted(Correlated):
    """The delivery is kept. `duplicate`: it was already."""

    delivery_id: str
    duplicate: bool


class DeliveryTested(Correlated):
    """The proof is good; nothing is kept of a test."""

    test: Literal["accepted"]
    scheme: str
    delivery_id: str
