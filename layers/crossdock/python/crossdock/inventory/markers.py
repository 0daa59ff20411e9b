"""A hold as the header carries it: the attribute r_<reservation> = "q|expiry|nonce", or "q|expiry|nonce|x|channel".

x of the q units were taken from the channel's own allocation. The expiry is in epoch seconds. The nonce of a
reservation that may wait for supply in one of its places ends with "~", which no other nonce has: what it takes may
leave less than nothing (`overselling.py`).
"""

from dataclasses import dataclass
from decimal import Decimal

from crossdock.quantities import Quantity, to_json, whole

PREFIX = "r_"
BACKORDER = "~"


@dataclass(frozen=True, slots=True, order=True)
class Marker:
    """One reservation's units at one place, in base units."""

    reservation: str
    quantity: Quantity
    expires: int
    nonce: str
    from_own: Quantity = 0
    channel: str = ""

    @property
    def attribute(self) -> str:
        return PREFIX + self.reservation

    @property
    def text(self) -> str:
        parts = [str(to_json(self.quantity)), str(self.expires), self.nonce]
        if self.from_own:
            parts += [str(to_json(self.from_own)), self.channel]
        return "|".join(parts)

    @property
    def backorder(self) -> bool:
        """Whether its reservation may wait for supply."""
        return self.nonce.endswith(BACKORDER)

    def expired(self, epoch_s: float) -> bool:
        """Whether its units are free again at an instant."""
        return self.expires <= epoch_s


def parse(attribute: str, text: str) -> Marker:
    """The hold that a header's attribute stands for. Raises ValueError when the text is none."""
    quantity, expires, nonce, *own = text.split("|")
    from_own, channel = (whole(Decimal(own[0])), own[1]) if own else (0, "")
    return Marker(attribute.removeprefix(PREFIX), whole(Decimal(quantity)), int(expires), nonce, from_own, channel)
