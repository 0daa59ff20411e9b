"""A quote as a token: what was promised, sealed, so that an order check need neither compute nor ask.

    cdq1.<key id>.<what was promised>.<seal>

The middle is zlib-compressed JSON in base64url; the seal is HMAC-SHA-256 over all that stands before it. The promise
names the quote, the partner, the customer, the currency, the expiry and each priced line, so any of its lines can be
checked without the others. Whoever holds a token can read it; only who has the key can make one.

Nothing is unpacked before its seal was proven: a forged token costs one HMAC, whatever it would unpack to.
"""

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crossdock.quantities import Quantity, parse, to_json, whole

_VERSION = "cdq1"
MAX_TOKEN = 400_000
"""Characters; 500 lines with the longest names take less."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """The keys by their ids, and which one seals. Several may be active, so that one can be rotated without a gap."""

    keys: Mapping[str, bytes]
    seals_with: str


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One priced line; amounts in the quote's currency: `unit_price` per `unit`, `extended_price` for the quantity."""

    line: str
    item: str
    quantity: Quantity
    unit: str
    unit_price: Decimal
    extended_price: Decimal


@dataclass(frozen=True, slots=True)
class Promise:
    """What a token says. `customer` is None for the prices that anybody gets; it ends at `expires` (whole seconds)."""

    quote: str
    partner: str
    customer: str | None
    currency: str
    made: datetime
    expires: datetime
    lines: tuple[QuotedLine, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What an order claims: whose it is, in which currency, and lines of the quote. None: not compared."""

    lines: tuple[QuotedLine, ...]
    customer: str | None
    currency: str | None = None
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a token does not stand for an order: a name for programs, the field, a sentence, what to do."""

    code: str
    field: str
    reason: str
    remedy: str

    def document(self) -> dict[str, str]:
        return {"code": self.code, "field": self.field, "reason": self.reason, "remedy": self.remedy}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The promise, if the token's seal was proven, and every reason why it does not stand for the order."""

    promise: Promise | None
    mismatches: tuple[Mismatch, ...]

    @property
    def stands(self) -> bool:
        return not self.mismatches

    def document(self) -> dict[str, Any]:
        """The answer to who asks: what the quote is, once it is proven, and each reason why it does not stand."""
        told = self.promise and {
            "quote_id": self.promise.quote,
            "currency": self.promise.currency,
            "expires_at": _instant(self.promise.expires),
        }
        return {"valid": self.stands, **(told or {}), "mismatches": [m.document() for m in self.mismatches]}


def seal(promise: Promise, sealer: Sealer) -> str:
    """The token. Raises KeyError when the key that seals is not among the keys."""
    said = {
        "q": promise.quote,
        "p": promise.partner,
        "c": promise.customer,
        "m": promise.currency,
        "t": int(promise.made.timestamp()),
        "x": int(promise.expires.timestamp()),
        "l": [
            [x.line, x.item, to_json(x.quantity), x.unit, str(x.unit_price), str(x.extended_price)]
            for x in promise.lines
        ],
    }
    packed = zlib.compress(json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode(), 9)
    text = f"{_VERSION}.{sealer.seals_with}.{_encoded(packed)}"
    return f"{text}.{_seal_of(text, sealer.keys[sealer.seals_with])}"


def key_id(token: str) -> str | None:
    """Which key a token says it was sealed with, or None for what is no token of ours."""
    parts = token.split(".")
    return parts[1] if len(parts) == 4 and parts[0] == _VERSION and token.isascii() else None  # noqa: PLR2004 - above


def verify(token: str, order: Order, now: datetime, keys: Mapping[str, bytes]) -> Verdict:
    """Whether a token stands for these lines now: pure, constant in time over seals, and exact about what differs."""
    promise = opened(token, keys)
    if isinstance(promise, Mismatch):
        return Verdict(None, (promise,))
    if order.partner is not None and order.partner != promise.partner:
        # As for a quote's id: another's is as if it were not there, so nothing of it is told.
        return Verdict(None, (_FORGED,))
    return Verdict(promise, (*_about_quote(promise, order, now), *_about_lines(promise, order.lines)))


def opened(token: str, keys: Mapping[str, bytes]) -> Promise | Mismatch:
    """What a token says once its seal is proven, or why it is not proven."""
    kid = key_id(token)
    if kid is None or len(token) > MAX_TOKEN:
        return Mismatch("not_a_token", "token", "this is no quote token of ours", "send the quote's token as it was")
    if kid not in keys:
        return Mismatch("unknown_key", "token", "the key it was sealed with is not active any more", _AGAIN)
    text, _, given = token.rpartition(".")
    if not hmac.compare_digest(_seal_of(text, keys[kid]), given):
        return _FORGED
    try:
        return _promise(json.loads(zlib.decompress(_decoded(text.split(".")[2]))))
    except (ValueError, KeyError, TypeError, zlib.error) as exc:  # sealed by us, and yet not ours to read
        raise RuntimeError(f"a token sealed with {kid} cannot be read: was it made by a newer version?") from exc


_AGAIN = "ask for the prices again: POST /v1/quotes"
_FORGED = Mismatch("forged", "token", "its seal fits none of the active keys: it was changed, or is not ours", _AGAIN)


def _about_quote(promise: Promise, order: Order, now: datetime) -> list[Mismatch]:
    found = []
    if now >= promise.expires:
        ago = int((now - promise.expires).total_seconds())
        reason = f"the quote ended at {_instant(promise.expires)}, {ago} s ago"
        found.append(Mismatch("expired", "token", reason, _AGAIN))
    if order.customer != promise.customer:
        theirs = "nobody in particular" if promise.customer is None else "another customer"
        reason = f"the quote was made for {theirs}"
        found.append(Mismatch("wrong_customer", "customer", reason, "send the token of a quote for this customer"))
    if order.currency is not None and order.currency != promise.currency:
        reason = f"the quote is in {promise.currency}, not in {order.currency}"
        found.append(Mismatch("wrong_currency", "currency", reason, f"order in {promise.currency}, or ask anew"))
    return found


def _about_lines(promise: Promise, lines: Sequence[QuotedLine]) -> list[Mismatch]:
    quoted = {line.line: line for line in promise.lines}
    found, seen = [], set()
    for number, line in enumerate(lines):
        place = f"lines[{number}]"
        if line.line in seen:
            reason = f"line {line.line!r} is ordered twice; it was quoted once"
            found.append(Mismatch("line_twice", f"{place}.line", reason, "order each quoted line once"))
        elif line.line not in quoted:
            reason = f"the quote has no priced line {line.line!r}"
            found.append(Mismatch("unknown_line", f"{place}.line", reason, "send the line as the quote names it"))
        else:
            found += _differences(place, quoted[line.line], line)
        seen.add(line.line)
    if not lines:
        found.append(Mismatch("no_lines", "lines", "no line is ordered", "send at least one line of the quote"))
    return found


def _differences(place: str, quoted: QuotedLine, line: QuotedLine) -> list[Mismatch]:
    """Field by field; amounts and quantities by value, so that 2.50 is 2.5."""
    pairs = [
        ("item", quoted.item, line.item),
        ("quantity", to_json(quoted.quantity), to_json(line.quantity)),
        ("unit", quoted.unit, line.unit),
        ("unit_price", quoted.unit_price, line.unit_price),
        ("extended_price", quoted.extended_price, line.extended_price),
    ]
    return [
        Mismatch(
            f"other_{name}", f"{place}.{name}", f"the quote says {said}, not {given}", f"order as quoted, or {_AGAIN}"
        )
        for name, said, given in pairs
        if said != given
    ]


def _promise(said: Mapping[str, Any]) -> Promise:
    return Promise(
        quote=said["q"],
        partner=said["p"],
        customer=said["c"],
        currency=said["m"],
        made=datetime.fromtimestamp(said["t"], UTC),
        expires=datetime.fromtimestamp(said["x"], UTC),
        lines=tuple(
            QuotedLine(line, item, whole(parse(quantity)), unit, Decimal(price), Decimal(extended))
            for line, item, quantity, unit, price, extended in said["l"]
        ),
    )


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _seal_of(text: str, key: bytes) -> str:
    return _encoded(hmac.new(key, text.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as exc:
        raise ValueError("not base64url") from exc
