"""A rule and its normalised document, each made of the other without a digit lost."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from crossdock.pricing.amounts import decimal_text, read_amount
from crossdock.pricing.errors import StatementError
from crossdock.pricing.instants import is_normal, read_instant
from crossdock.pricing.levels import RANKS, layer_of
from crossdock.pricing.rule_parts import Approval, Tier
from crossdock.pricing.scopes import Scope

if TYPE_CHECKING:
    from crossdock.pricing.rules import Rule

_HUNDRED: Final = Fraction(100)

_CHOICES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("tier_mode", ("all_units", "graduated")),
    ("tier_basis", ("line", "item", "mix_group")),
    ("per", ("unit", "line")),
    ("concurrency", ("exclusive", "best", "compound", "always")),
    ("on_breach", ("clamp", "block")),
    ("status", ("approved", "draft")),
)
_TEXTS: Final = ("currency", "unit", "mix_group", "waives", "contract", "reason", "of", "basis")
_NUMBERS: Final = ("band", "sequence")
_FLAGS: Final = ("allow_discounts", "withdrawn")
_INSTANTS: Final = ("valid_from", "valid_to", "recorded_at")
_OTHERS: Final = ("rule_id", "version", "layer", "operation", "scope", "item", "tiers", "source", "approval")
_KNOWN: Final = frozenset({*(c[0] for c in _CHOICES), *_TEXTS, *_NUMBERS, *_FLAGS, *_INSTANTS, *_OTHERS})


def read_fields(document: Mapping[str, Any], source: str | None) -> dict[str, Any]:
    """The fields of a rule. Raises StatementError."""
    if unknown := sorted(document.keys() - _KNOWN):
        raise StatementError(unknown[0], "a rule has no such field", "leave it out, or see docs/pricing.md")
    fields = _plain(document)
    scope = dict(document.get("scope") or {})
    if "item" in document:
        scope["item"] = document["item"]
    operation = document.get("operation", "fixed")
    fields["scope"] = Scope.read(scope)
    fields["layer"] = layer_of(document.get("layer"), operation, fields["scope"])
    fields["operation"] = operation
    fields["tiers"] = _tiers(document.get("tiers"), operation)
    fields["source"] = document.get("source", source)
    fields["approval"] = _approval(document.get("approval"))
    _check(fields)
    return fields


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"rule_id": _text(document, "rule_id"), "version": _number(document, "version")}
    for name, allowed in _CHOICES:
        if name in document:
            fields[name] = _choice(name, document[name], allowed)
    fields |= {name: _text(document, name) for name in _TEXTS if name in document}
    fields |= {name: _number(document, name) for name in _NUMBERS if name in document}
    for name in _FLAGS:
        if name in document:
            if not isinstance(document[name], bool):
                raise StatementError(name, f"{document[name]!r} is neither true nor false", "send true or false")
            fields[name] = document[name]
    for name in _INSTANTS:
        if name in document:
            value = document[name]
            fields[name] = value if isinstance(value, str) and is_normal(value) else read_instant(value, name)
    return fields


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise StatementError(name, f"{value!r} is no text", "send a text")
    return value


def _number(document: Mapping[str, Any], name: str) -> int:
    value = document.get(name)
    if type(value) is not int or value < 0:
        raise StatementError(name, f"{value!r} is no whole number", "send a whole number of 0 or more")
    return value


def _choice(name: str, value: object, allowed: Sequence[str]) -> object:
    if value not in allowed:
        raise StatementError(name, f"{value!r} is not known", f"send {' or '.join(allowed)}")
    return value


def _approval(given: Mapping[str, Any] | None) -> Approval | None:
    if given is None:
        return None
    at = given.get("at")
    return Approval(_text(given, "by"), read_instant(at, "approval.at") if at else None, given.get("reference"))


def _tiers(given: object, operation: str) -> tuple[Tier, ...]:
    if not isinstance(given, list | tuple) or not given:
        raise StatementError(
            "tiers", "a rule states no value", 'send one tier at least: {"min_quantity": 1, "value": "2.55"}'
        )
    tiers = tuple(_tier(entry, n, operation) for n, entry in enumerate(given))
    for before, after in pairwise(tiers):
        if after.min_quantity <= before.min_quantity:
            raise StatementError("tiers", "min_quantity does not rise", "list each tier once, in rising order")
    return tiers


def _tier(entry: Any, number: int, operation: str) -> Tier:
    where = f"tiers[{number}]"
    if isinstance(entry, Mapping):
        if unknown := sorted(entry.keys() - {"min_quantity", "value", "unit_price"}):
            raise StatementError(f"{where}.{unknown[0]}", "a tier has no such field", "send min_quantity and value")
        minimum, value = entry.get("min_quantity", 1), entry.get("value", entry.get("unit_price"))
    elif isinstance(entry, list | tuple) and len(entry) == 2:  # noqa: PLR2004 - a pair, as the sheet keeps it
        minimum, value = entry
    else:
        raise StatementError(where, "neither an object nor a pair", "send min_quantity and value")
    quantity, amount = read_amount(minimum, f"{where}.min_quantity"), read_amount(value, f"{where}.value")
    if quantity < 0:
        raise StatementError(f"{where}.min_quantity", "is below 0", "send a quantity of 0 or more")
    if amount < 0:
        raise StatementError(
            f"{where}.value", "is below 0", "send 0 or more; a discount is stated as what is taken off"
        )
    return Tier(quantity, amount, _rate(amount, operation, where))


def _rate(value: Fraction, operation: str, where: str) -> Fraction:
    """What a source price is multiplied by, or the money itself."""
    if operation == "percent":
        return value / _HUNDRED
    if operation == "cost_plus":
        return 1 + value / _HUNDRED
    if operation == "margin":
        if value >= _HUNDRED:
            raise StatementError(f"{where}.value", "a margin of 100 % or more has no price", "send less than 100")
        return _HUNDRED / (_HUNDRED - value)
    return value


def _check(fields: Mapping[str, Any]) -> None:
    """What the fields must be to each other."""
    if fields["version"] < 1:
        raise StatementError("version", "is below 1", "count versions from 1")
    if fields["operation"] in {"fixed", "amount"} and "currency" not in fields:
        raise StatementError("currency", "an amount of money has no currency", 'name its currency, for example "GBP"')
    begins, ends = fields.get("valid_from"), fields.get("valid_to")
    if begins is not None and ends is not None and ends <= begins:
        raise StatementError("valid_to", "is not after valid_from", "the window is half-open: send a later end")
    if fields.get("tier_basis") == "mix_group" and "mix_group" not in fields:
        raise StatementError("mix_group", "tier_basis is mix_group and names none", "name the group")
    if fields["layer"] == "waiver" and "waives" not in fields:
        raise StatementError("waives", "a waiver waives nothing", "name the rule_id of the guard")
    _check_source(fields)
    scope: Scope = fields["scope"]
    if scope.ship_to is not None and scope.customer is None:
        raise StatementError("scope.customer", "a ship_to is a customer's", "name the customer too")
    if scope.ship_to is not None and scope.item is None and fields["layer"] == "ship_to_item":
        raise StatementError("scope.item", "a ship_to price needs an item", "name the item, or leave ship_to out")


def _check_source(fields: Mapping[str, Any]) -> None:
    of, basis = fields.get("of", "list"), fields.get("basis")
    if basis not in {None, "list", "running"}:
        raise StatementError("basis", f"{basis!r} is not known", "send list or running")
    if of not in {"list", "cost"} and of not in RANKS:
        raise StatementError("of", f"{of!r} is no source price", f"send list, cost or one of {', '.join(RANKS)}")
    source = "base_list" if of == "list" else of
    if fields["operation"] == "multiple" and RANKS.get(source, len(RANKS)) <= RANKS[fields["layer"]]:
        weaker = ["cost", *(level for level in RANKS if RANKS[level] > RANKS[fields["layer"]])]
        raise StatementError(
            "of",
            f"{of} is no weaker level than {fields['layer']}, so two prices could be made of each other",
            f"name {', '.join(weaker)}",
        )


def write_fields(rule: "Rule") -> dict[str, Any]:
    """The normalised document: what `read_fields` takes, with defaults left out."""
    document: dict[str, Any] = {"rule_id": rule.rule_id, "version": rule.version, "layer": rule.layer}
    for name, default in _DEFAULTS:
        if (value := getattr(rule, name)) != default:
            document[name] = value
    if scope := rule.scope.document():
        document["scope"] = scope
    document["tiers"] = [
        {"min_quantity": _quantity(tier.min_quantity), "value": decimal_text(tier.value)} for tier in rule.tiers
    ]
    if rule.approval:
        said = {"by": rule.approval.by, "at": rule.approval.at, "reference": rule.approval.reference}
        document["approval"] = {k: v for k, v in said.items() if v is not None}
    return document


def _quantity(quantity: Fraction) -> int | str:
    return quantity.numerator if quantity.denominator == 1 else decimal_text(quantity)


_NONE: Final = (
    "source",
    "currency",
    "unit",
    "mix_group",
    "basis",
    "waives",
    "valid_from",
    "valid_to",
    "sequence",
    "contract",
)
_DEFAULTS: Final[tuple[tuple[str, object], ...]] = (
    *((name, None) for name in (*_NONE, "reason", "recorded_at")),
    *(("operation", "fixed"), ("of", "list"), ("tier_mode", "all_units"), ("tier_basis", "line"), ("per", "unit")),
    *(("band", 0), ("concurrency", "best"), ("allow_discounts", True), ("on_breach", "clamp")),
    *(("status", "approved"), ("withdrawn", False)),
)
