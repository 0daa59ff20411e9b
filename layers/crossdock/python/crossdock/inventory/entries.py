"""From what a movement says to what the journal keeps: base units, and the effect on the stock on hand.

Pure: an item's profile and the warehouse's configuration come in, an entry or the reason against it goes out.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from crossdock.contracts.fields import MAX_QUANTITY
from crossdock.contracts.items import DECLARED, FREE, REQUIRED, ItemProfile, KnownItem
from crossdock.contracts.movements import SIGN, Movement
from crossdock.inventory.journal import AVAILABLE
from crossdock.quantities import Quantity, convert, to_json

EITHER = "either"
_DEPARTURES = frozenset({"pick", "shipment"})


class UnfitError(ValueError):
    """A movement that does not fit its item: `kind` of exception, what it is about, why, and what to do."""

    def __init__(self, kind: str, subject: str, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.subject = subject
        self.detail = detail
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Effect:
    """What a movement does to the stock on hand, in base units; `magnitude` where that does not say what was moved."""

    quantity: Quantity
    magnitude: Quantity | None = None


def needs_profile(movement: Movement, item: KnownItem) -> bool:
    """Whether a movement can be judged only with its item's profile: most cannot go wrong and cost no read."""
    if movement.unit is not None or isinstance(movement.quantity, Decimal):
        return True
    if movement.lot is None:
        return item.lot_policy != FREE
    return item.lot_policy == DECLARED


def in_base_units(movement: Movement, sku: str, profile: ItemProfile | None) -> Quantity:
    """The movement's quantity in base units, exactly. Raises UnfitError."""
    factor = profile.factor(movement.unit) if profile and movement.unit else None
    if movement.unit and factor is None:
        raise _unknown_unit(movement.unit, sku, profile)
    allowed = profile.places if profile else 0
    try:
        base = convert(movement.quantity, Fraction(1) if factor is None else factor, allowed)
    except ValueError as exc:
        raise UnfitError(
            "fraction_not_allowed",
            f"item/{sku}",
            f"{exc} ({sku} may have {allowed} decimal places)",
            f"correct the quantity or its unit; or declare more places in the profile of {sku}; then replay",
        ) from exc
    if not -MAX_QUANTITY <= base <= MAX_QUANTITY:
        raise UnfitError(
            "quantity_overflow",
            f"item/{sku}",
            f"{to_json(movement.quantity)} {movement.unit} of {sku} are more than {MAX_QUANTITY:,} base units",
            "correct the quantity or its unit and replay; more than that is sent in several movements",
        )
    return base


def _unknown_unit(unit: str, sku: str, profile: ItemProfile | None) -> UnfitError:
    known = ", ".join((profile.unit, *sorted(profile.units))) if profile else "none: it has no profile"
    return UnfitError(
        "unknown_unit",
        f"unit/{sku}/{unit}",
        f"{sku} has no unit {unit!r}; its units: {known}",
        f"declare {unit} in the profile of {sku} (items.declared), or correct the unit; then replay",
    )


def check_lot(movement: Movement, sku: str, profile: ItemProfile | None) -> None:
    """Raises UnfitError when the item's lot policy is not met. "declared" asks for a lot, and for a known one."""
    policy = profile.lot_policy if profile else FREE
    if movement.lot is None and policy in {REQUIRED, DECLARED}:
        raise UnfitError(
            "lot_missing",
            f"item/{sku}",
            f"every movement of {sku} names its lot, and this one names none",
            f'add the lot (--set lot=…) and replay; or declare lot_policy "free" in the profile of {sku}',
        )
    if profile and movement.lot is not None and policy == DECLARED and movement.lot not in profile.lots:
        raise UnfitError(
            "unknown_lot",
            f"lot/{sku}/{movement.lot}",
            f"{movement.lot!r} is not among the {len(profile.lots)} lots declared of {sku}",
            f"declare the lot in the profile of {sku} (items.declared), or correct it; then replay",
        )


def effect(movement: Movement, base: Quantity, leaves_with: str) -> Effect:
    """What `base` units moved do to the stock on hand of a warehouse whose stock leaves with this type of movement."""
    sign = SIGN.get(movement.type, 1)
    counts_elsewhere = movement.type in _DEPARTURES and leaves_with not in {EITHER, movement.type}
    return Effect(0, base) if sign == 0 or counts_elsewhere else Effect(sign * base)


def statuses(movement: Movement) -> tuple[str | None, str | None]:
    """(status, status after a change) as the journal keeps them: available is not written but as a change's goal."""
    before = movement.from_status or movement.status
    return (None if before == AVAILABLE else before), movement.to_status
