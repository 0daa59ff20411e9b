"""Prices that a channel computed, judged by the authority's and by what the channel may compute itself (rule 9).

A price is taken when it equals the authority's now, or did until a window closed a moment ago, or when the channel's
manifest allows just this difference: its rounding, its own discount above every floor, its multiplication. Everything
else is refused, with the reason in words.
"""

from dataclasses import dataclass
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    localcontext,
)
from typing import Any, Final

from crossdock.pricing.manifests import Allowed
from crossdock.pricing.rounding import exponent
from crossdock.quantities import Quantity

_MODES: Final = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "half_down": ROUND_HALF_DOWN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}
# Digits: prices have at most 19, quantities 16.
_EXACT: Final = 60
_WITHOUT: Final = {
    "NO_PRICE": "we have no price for it, and no price is not 0: no rule states one for this buyer, item and quantity",
    "BLOCKED": "we sell it at no price to this buyer: a floor or minimum forbids the price that the rules give",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A channel's price: per unit ordered and, if it says so, of the line; and by which operations it came to it."""

    line: str
    quantity: Quantity
    unit_price: Decimal
    extended_price: Decimal | None
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """Our price of the same line: per unit ordered, and of the line; None without one (`status` says why)."""

    status: str
    unit_price: Decimal | None
    extended: Decimal | None


@dataclass(frozen=True, slots=True)
class Past:
    """Our price until a window closed, so many seconds ago."""

    authority: Authority
    closed_at: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a price is taken, a name for programs, and the reason for people."""

    accepted: bool
    code: str
    reason: str

    def document(self, line: str, authority: Authority) -> dict[str, Any]:
        """The answer for a line; what we would charge is told with it where there is a price."""
        document: dict[str, Any] = {"line": line, "accepted": self.accepted, "code": self.code, "reason": self.reason}
        if authority.unit_price is not None:
            document["expected"] = {
                "unit_price": str(authority.unit_price),
                "extended_price": str(authority.extended),
            }
        return document


def at_once(claim: Claim, now: Authority, allowed: Allowed, currency: str) -> Judgement | None:
    """The judgement that needs nothing but our price now; None when it takes a look at the past or at discounts."""
    if now.unit_price is None or now.extended is None:
        if currency != allowed.currency and now.status == "NO_PRICE":
            reason = f"there is no price in {currency}; this channel sells in {allowed.currency}"
            return Judgement(accepted=False, code="wrong_currency", reason=reason)
        return Judgement(accepted=False, code=now.status.lower(), reason=_WITHOUT[now.status])
    if claim.unit_price == now.unit_price:
        return _extended(claim, now, allowed, currency)
    if "round" in allowed.operations and allowed.scale is not None:
        coarse = _rounded(now.unit_price, allowed.scale, allowed.rounding)
        if claim.unit_price == coarse:
            reason = f"ours is {now.unit_price}; rounded {allowed.rounding} to {allowed.scale} decimals it is {coarse}"
            return _multiplied(claim, allowed, currency) or Judgement(accepted=True, code="rounded", reason=reason)
    return None


def by_past(claim: Claim, past: Past, allowed: Allowed, currency: str) -> Judgement | None:
    """The judgement by the price before a window closed; None when that was not it either."""
    before = past.authority
    if before.unit_price is None or claim.unit_price != before.unit_price:
        return None
    wrong = _extended(claim, before, allowed, currency)
    if not wrong.accepted:
        return wrong
    said = (
        f"it was our price until {past.closed_at}, {int(past.seconds)} s ago; {allowed.grace_seconds} s are tolerated"
    )
    late = past.seconds > allowed.grace_seconds
    return Judgement(accepted=not late, code="stale" if late else "window_just_closed", reason=said)


def by_discount(claim: Claim, now: Authority, lowest: Authority, allowed: Allowed, currency: str) -> Judgement:
    """The judgement of what differs from our price: `lowest` is ours with the channel's whole discount taken off."""
    forbidden = [name for name in claim.operations if name not in allowed.operations]
    if forbidden:
        reason = f"it was computed by {', '.join(forbidden)}, which the manifest of {allowed.channel} does not allow"
        return Judgement(accepted=False, code="outside_manifest", reason=f"{reason}; {_ours(claim, now)}")
    if "discount" not in allowed.operations or now.unit_price is None or claim.unit_price > now.unit_price:
        may = ", ".join(allowed.operations) or "nothing"
        reason = (
            f"{_ours(claim, now)}; the manifest allows {allowed.channel} to compute {may}, which gives no such price"
        )
        return Judgement(accepted=False, code="outside_manifest", reason=reason)
    if lowest.unit_price is None or claim.unit_price < lowest.unit_price:
        bound = lowest.unit_price or now.unit_price
        off = f"with {allowed.max_discount_percent} % off and every floor kept, nothing below {bound} is taken"
        reason = f"{_ours(claim, now)}; {off}"
        return Judgement(accepted=False, code="below_lowest", reason=reason)
    reason = f"{_ours(claim, now)}, and {lowest.unit_price} is the lowest that the manifest allows"
    return _multiplied(claim, allowed, currency) or Judgement(accepted=True, code="discounted", reason=reason)


def _extended(claim: Claim, ours: Authority, allowed: Allowed, currency: str) -> Judgement:
    """Of a price that is ours: whether the amount of the line is, too."""
    if claim.extended_price is None or claim.extended_price == ours.extended:
        return Judgement(accepted=True, code="equal", reason="it is our price")
    if "extend" in allowed.operations and _multiplied(claim, allowed, currency) is None:
        return Judgement(
            accepted=True,
            code="extended",
            reason=f"it is our price, multiplied by the channel; our line is {ours.extended}",
        )
    reason = f"the price is ours, but the line is {ours.extended} and not {claim.extended_price}"
    return Judgement(accepted=False, code="wrong_extended_price", reason=reason)


def _multiplied(claim: Claim, allowed: Allowed, currency: str) -> Judgement | None:
    """None when the line is the channel's own price times the quantity, or was not said."""
    if claim.extended_price is None:
        return None
    with localcontext(prec=_EXACT):
        line = _rounded(claim.unit_price * claim.quantity, exponent(currency), allowed.rounding)
    if claim.extended_price == line:
        return None
    reason = f"{claim.unit_price} × {claim.quantity} is {line} and not {claim.extended_price}"
    return Judgement(accepted=False, code="wrong_extended_price", reason=reason)


def _ours(claim: Claim, now: Authority) -> str:
    assert now.unit_price is not None  # noqa: S101 - at_once has judged what has no price
    way = "below" if claim.unit_price < now.unit_price else "above"
    return f"{claim.unit_price} is {abs(now.unit_price - claim.unit_price)} {way} our price of {now.unit_price}"


def _rounded(price: Decimal, scale: int, mode: str) -> Decimal:
    with localcontext(prec=_EXACT):
        return price.quantize(Decimal(1).scaleb(-scale), _MODES[mode])
