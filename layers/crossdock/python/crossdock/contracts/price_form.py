"""The one form in which price rules are kept, compared and resolved, whatever way they were written."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from crossdock.contracts.price_checks import empty_window
from crossdock.contracts.price_fields import instant_text, plain
from crossdock.contracts.prices import PriceRule
from crossdock.quantities import to_json

_DEFAULTS: Final = {
    "operation": "fixed",
    "of": "list",
    "currency": None,
    "unit": None,
    "tier_mode": "all_units",
    "tier_basis": "line",
    "mix_group": None,
    "per": "unit",
    "band": 0,
    "concurrency": "best",
    "basis": None,
    "allow_discounts": True,
    "on_breach": "clamp",
    "waives": None,
    "sequence": None,
    "contract": None,
    "reason": None,
    "status": "approved",
    "withdrawn": False,
}
"""What a field means that a normalised rule leaves out. `scope` is then empty, `valid_to` never."""


def normalised(rule: PriceRule, time_zone: str) -> dict[str, Any]:
    """A rule in the form that `Rule.read` takes and that is kept for ever.

    The layer is explicit, `item` stands in the scope, instants are UTC texts with microseconds, business dates are
    midnights of `time_zone` (an IANA name), `valid_through` has become `valid_to`, amounts are texts without trailing
    zeros, quantities whole numbers or such texts, and what is as its default (`_DEFAULTS`) is left out.

    Raises pydantic.ValidationError naming the field when the window turns out empty in that zone, and
    zoneinfo.ZoneInfoNotFoundError for a zone that there is none of.
    """
    form: dict[str, Any] = {"rule_id": rule.rule_id, "version": rule.version, "layer": rule.level}
    form |= {name: value for name, default in _DEFAULTS.items() if (value := getattr(rule, name)) != default}
    if scope := rule.named_scope():
        form["scope"] = scope
    form["tiers"] = [{"min_quantity": to_json(t.min_quantity), "value": plain(t.value)} for t in rule.tiers]
    form |= _window(rule, ZoneInfo(time_zone))
    if rule.approval is not None:
        form["approval"] = rule.approval.model_dump(mode="json", exclude_none=True)
    if rule.recorded_at is not None:
        form["recorded_at"] = instant_text(rule.recorded_at)
    return form


def _window(rule: PriceRule, zone: ZoneInfo) -> dict[str, str]:
    begins = beginning(rule.valid_from, zone)
    ends, field = None, "valid_to"
    if rule.valid_to is not None:
        ends = beginning(rule.valid_to, zone)
    elif rule.valid_through is not None:
        ends, field = beginning(rule.valid_through + timedelta(days=1), zone), "valid_through"
    if ends is not None and ends <= begins:
        raise _refused(field, empty_window())
    return {"valid_from": instant_text(begins)} | ({} if ends is None else {"valid_to": instant_text(ends)})


def beginning(moment: datetime | date, zone: ZoneInfo) -> datetime:
    """The instant that a rule's moment means: a date is the first instant of its day in the zone.

    Where clocks leap over midnight that is the instant of the leap, and where they show it twice the first of the two:
    so neighbouring days have neither a gap nor an overlap.
    """
    if isinstance(moment, datetime):
        return moment
    return datetime(moment.year, moment.month, moment.day, tzinfo=zone).astimezone(UTC)


def _refused(field: str, problem: PydanticCustomError) -> ValidationError:
    return ValidationError.from_exception_data("PriceRule", [InitErrorDetails(type=problem, loc=(field,), input=None)])
