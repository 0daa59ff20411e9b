"""Whether lines of an order are priced as a quote promised: proven by its token, with no price computed, no table read.

Whoever takes orders asks this for each line that names a quote, and refuses what does not stand, with the reason.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from crossdock.contracts.quotes import OrderedLine, QuoteVerification
from crossdock.platform.clock import Clock
from crossdock.pricing.tokens import Order, QuotedLine, Verdict, verify

ActiveKeys = Callable[[str], Mapping[str, bytes]]
"""The keys that may have sealed a token, by their ids (`QuoteKeys.keys_for`)."""


class OrderChecks:
    """Accepts or refuses orders that name a quote."""

    def __init__(self, keys_for: ActiveKeys, clock: Clock) -> None:
        self._keys_for = keys_for
        self._clock = clock

    def check(self, asked: QuoteVerification, *, partner: str | None, at: datetime | None = None) -> Verdict:
        """The verdict: what the quote is, and every reason why it does not stand for these lines.

        A token of another partner is as if it were forged; `partner` None takes those of all, as our own order desk
        does. `at` is when the order came in, if that was not now. The quote's other lines need not be ordered.
        """
        order = Order(tuple(map(_line, asked.lines)), asked.customer, asked.currency, partner)
        return verify(asked.token, order, at or self._clock(), self._keys_for(asked.token))


def _line(said: OrderedLine) -> QuotedLine:
    return QuotedLine(said.line, said.item, said.quantity, said.unit, said.unit_price, said.extended_price)
