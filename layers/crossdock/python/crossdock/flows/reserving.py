"""A reservation request as a wish: held to the configuration, with its warehouses in the order of its sourcing rule."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from crossdock.config import BusinessConfig, Channel
from crossdock.contracts.reservations import ReservationChange, ReservationRequest, ReservedLine
from crossdock.inventory.booking import Wish
from crossdock.inventory.changed_lines import Change, changed, unknown_lines
from crossdock.inventory.holds import Line, Place, Reservation, reservation_id
from crossdock.inventory.sourcing import Demand, Point, nearest_first
from crossdock.platform.problems import FieldError, Problem
from crossdock.quantities import places

MOST_PLACES = 98
"""Places of a hold before and after a change, together: what one transaction takes beside the row."""


def wish_of(
    request: ReservationRequest, partner: str, key: str, business: BusinessConfig, now: datetime, correlation_id: str
) -> Wish:
    """The wish of a partner under its Idempotency-Key. Raises a 422 problem naming each field that cannot be used."""
    channel = channel_of(request.channel, business)
    check_warehouses(((f"lines[{n}].warehouse", x.warehouse) for n, x in enumerate(request.lines)), channel)
    seconds = request.expires_in_seconds or business.reservations.expires_in_seconds
    return Wish(
        id=reservation_id(partner, key),
        partner=partner,
        channel=channel.name,
        payload=payload_hash(request),
        demands=tuple(Demand(x.line, x.sku, x.quantity, x.warehouse) for x in request.lines),
        warehouses=tuple(_ordered(request, channel, business)),
        buffer=channel.buffer,
        rule=request.sourcing,
        on_shortage=request.on_shortage,
        expires=int(now.timestamp()) + seconds,
        correlation_id=correlation_id,
        reference=request.reference,
    )


def payload_hash(request: ReservationRequest) -> str:
    """128 bits over what was asked for, however it was written down."""
    return hashlib.sha256(request.model_dump_json(exclude_none=True).encode()).hexdigest()[:32]


def changed_hold(
    change: ReservationChange, found: Reservation, business: BusinessConfig
) -> tuple[tuple[Line, ...], tuple[Place, ...]]:
    """A hold's lines and places after a partner's change. Raises a 422 problem naming what cannot be used."""
    changes = [Change(x.line, x.quantity, x.warehouse) for x in change.lines]
    if strange := unknown_lines(found, changes):
        known = ", ".join(dict.fromkeys(x.line for x in found.lines))[:200]
        errors = [
            FieldError(f"lines[{n}].line", f"the reservation has no line {c.line!r}", f"name one of: {known}")
            for n, c in enumerate(changes)
            if c.line in strange
        ]
        raise Problem(422, "unknown-line", f"{errors[0].problem}. Nothing was changed.", errors)
    channel = channel_of(found.channel, business)
    check_warehouses(((f"lines[{n}].warehouse", x.warehouse) for n, x in enumerate(change.lines)), channel)
    lines, held = changed(found, changes, channel.buffer)
    if not lines:
        text = "lines: nothing would be left of the reservation. Nothing was changed."
        raise Problem(422, "nothing-left", text, [FieldError("lines", "all are taken out", "release it instead")])
    if len(held) + len(found.places) > MOST_PLACES:
        text = "lines: the reservation lies in too many places to be changed at once. Nothing was changed."
        remedy = f"at most {MOST_PLACES} before and after together; release it, and reserve in parts"
        raise Problem(422, "too-many-places", text, [FieldError("lines", f"{len(held)} places", remedy)])
    return lines, held


def channel_of(name: str, business: BusinessConfig) -> Channel:
    """Raises a 422 problem for a channel that is not configured."""
    if name not in business.channels:
        known = ", ".join(sorted(business.channels)) or "none"
        raise Problem(
            422,
            "unknown-channel",
            f"channel: there is no channel {name!r}. Nothing was stored.",
            [FieldError("channel", "unknown", f"name one of: {known}")],
        )
    return business.channels[name]


def check_warehouses(named: Iterable[tuple[str, str | None]], channel: Channel) -> None:
    """Raises a 422 problem for every warehouse (with its field) that the channel does not sell from."""
    remedy = f"name one that {channel.name} sells from: {', '.join(channel.warehouses)}; or leave it out"
    errors = [
        FieldError(field, f"{warehouse!r} is no warehouse of {channel.name}", remedy)
        for field, warehouse in named
        if warehouse is not None and warehouse not in channel.warehouses
    ]
    if errors:
        text = f"{errors[0].field}: {errors[0].problem}. Nothing was stored."
        raise Problem(422, "unknown-warehouse", text, errors)


def fractions_of(lines: Sequence[ReservedLine]) -> list[str]:
    """The items that something else than whole units is asked of: only for those does a profile have to be read."""
    return sorted({x.sku for x in lines if places(x.quantity)})


def check_fractions(lines: Sequence[ReservedLine], allowed: Mapping[str, int]) -> None:
    """Raises a 422 problem for quantities with more decimal places than their item allows (none unless it says so)."""
    errors = [
        FieldError(
            f"lines[{n}].quantity",
            f"{x.sku} is counted with {allowed.get(x.sku, 0)} decimal places",
            "round the quantity yourself: it is never rounded here",
        )
        for n, x in enumerate(lines)
        if places(x.quantity) > allowed.get(x.sku, 0)
    ]
    if errors:
        text = f"{errors[0].field}: {errors[0].problem}. Nothing was stored."
        raise Problem(422, "fraction-not-allowed", text, errors)


def _ordered(request: ReservationRequest, channel: Channel, business: BusinessConfig) -> Sequence[str]:
    if request.sourcing != "nearest" or request.ship_to is None:
        return channel.warehouses
    known = {
        w.id: Point(w.latitude, w.longitude)
        for w in business.warehouses.values()
        if w.latitude is not None and w.longitude is not None
    }
    return nearest_first(channel.warehouses, known, Point(request.ship_to.latitude, request.ship_to.longitude))
