"""What the fields of a price rule must have to do with each other: each fault names the field and the remedy."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from crossdock.contracts.price_fields import fault
from crossdock.contracts.price_words import (
    BASE_LEVELS,
    BASE_OPERATIONS,
    CHARGES,
    FROM_COST,
    GUARDS,
    IN_MONEY,
    OPERATIONS,
    TARGET,
    derived_layer,
    needed,
)

if TYPE_CHECKING:
    from crossdock.contracts.prices import PriceRule

Fault = tuple[tuple[int | str, ...], PydanticCustomError]
"""Where, and what."""

_BASE, _DISCOUNT = BASE_LEVELS, ("discount",)
_BELONGS: tuple[tuple[str, object, tuple[str, ...], str], ...] = (
    ("band", 0, _DISCOUNT, "discounts"),
    ("concurrency", "best", _DISCOUNT, "discounts"),
    ("basis", None, _DISCOUNT, "discounts"),
    ("allow_discounts", True, _BASE, "base prices"),
    ("on_breach", "clamp", GUARDS, "guards (floor, advertised_minimum, contract_minimum)"),
    ("per", "unit", CHARGES, "surcharge and freight"),
    ("waives", None, ("waiver",), "waivers"),
)
"""Field, default, layers it belongs to, and their names in words. A default says nothing, wherever it is written."""

_PERCENT_LIMIT = 100


def faults(rule: "PriceRule") -> Iterator[Fault]:
    """All that is wrong between the fields of a rule whose fields are right one by one."""
    yield from _scope(rule)
    yield from _layer(rule)
    yield from _operation(rule)
    yield from _tiers(rule)
    yield from _values(rule)
    yield from _belongings(rule)
    yield from _window(rule)
    if rule.status == "draft" and rule.approval is not None:
        yield ("approval",), fault("is that of a draft", "leave it out, or send the status approved")


def _scope(rule: "PriceRule") -> Iterator[Fault]:
    scope = rule.scope
    if rule.item is not None and scope.item is not None and rule.item != scope.item:
        yield (
            ("item",),
            fault(f"says {rule.item}, and scope.item says {scope.item}", "name the item once, in either place"),
        )
    if rule.named_item is not None and scope.family is not None:
        yield (
            ("scope", "family"),
            fault("stands beside an item", "name the item or the family; an item of the family needs no family"),
        )
    if scope.ship_to is not None and scope.customer is None:
        yield ("scope", "customer"), fault("is missing: a ship_to is one of a customer", "name the customer")
    if scope.parent is not None and scope.parent == scope.customer:
        yield (
            ("scope", "parent"),
            fault("is the customer itself", "leave it out; a price of the customer names the customer alone"),
        )
    if rule.layer == "cost" and rule.named_item is None:
        yield ("scope", "item"), fault("is missing: a cost is that of an item", "name the item")


def _layer(rule: "PriceRule") -> Iterator[Fault]:
    if not rule.is_base:
        return
    if rule.layer is None and rule.operation not in BASE_OPERATIONS:
        yield (
            ("layer",),
            fault(
                f"is missing: {rule.operation} makes no base price",
                "send the layer (discount, surcharge, freight or rebate), or another operation",
            ),
        )
        return
    named = rule.named_scope()
    derived = derived_layer(named, rule.operation)
    level = rule.layer or derived
    if level != derived and not (
        level in {"base_list", "cost_plus"} and derived in {"base_list", "cost_plus"} and rule.operation in FROM_COST
    ):
        yield (
            ("layer",),
            fault(
                f"is {level}, and the scope is one of {derived}",
                f"leave the layer out, or send {derived}; a {level} rule names {needed(level)}",
            ),
        )
    elif level == "ship_to_item" and "item" not in named:
        yield ("scope", "item"), fault("is missing: a ship_to needs an item", "name the item, or leave out the ship_to")


def _operation(rule: "PriceRule") -> Iterator[Fault]:
    if rule.layer is not None and rule.operation not in OPERATIONS[rule.layer]:
        remedy = f"send {_or(OPERATIONS[rule.layer])}"
        if rule.operation == "fixed" and "operation" not in rule.model_fields_set:
            remedy += "; left out, it is fixed"
        yield ("operation",), fault(f"is {rule.operation}, which a {rule.layer} rule cannot be", remedy)
    if rule.operation == "multiple":
        yield from _source(rule)
    elif rule.of != "list":
        yield ("of",), fault("belongs to the operation multiple", "leave it out, or send the operation multiple")
    if rule.operation in IN_MONEY and rule.currency is None:
        yield ("currency",), fault(f"is missing: the values of {rule.operation} are money", "send its ISO 4217 code")


def _source(rule: "PriceRule") -> Iterator[Fault]:
    """A price may only be made of prices of weaker levels, so that no two are made of each other."""
    level = rule.level
    source = "base_list" if rule.of == "list" else rule.of
    if source == "cost" or level not in BASE_LEVELS:
        return
    weaker = BASE_LEVELS[BASE_LEVELS.index(level) + 1 :]
    if source not in weaker:
        yield (
            ("of",),
            fault(
                f"is {rule.of}, which is no weaker level than the rule's own, {level}",
                f"send {_or(('cost', *weaker))}",
            ),
        )


def _tiers(rule: "PriceRule") -> Iterator[Fault]:
    for place, (tier, after) in enumerate(zip(rule.tiers, rule.tiers[1:], strict=False), start=1):
        if after.min_quantity <= tier.min_quantity:
            yield (
                ("tiers", place, "min_quantity"),
                fault(
                    f"is {after.min_quantity}, which is no more than that of the tier before it",
                    "let the tiers rise by min_quantity, each quantity once",
                ),
            )
    if rule.tier_mode == "graduated" and not rule.is_base:
        yield ("tier_mode",), fault(f"is graduated for a {rule.layer} rule", "send all_units; only base prices slice")
    if rule.tier_basis == "mix_group" and rule.mix_group is None:
        yield ("mix_group",), fault("is missing: the tier basis is mix_group", "name the mix group")
    if rule.tier_basis != "mix_group" and rule.mix_group is not None:
        yield ("mix_group",), fault(f"stands beside the tier basis {rule.tier_basis}", "send the tier_basis mix_group")


def _values(rule: "PriceRule") -> Iterator[Fault]:
    for place, tier in enumerate(rule.tiers):
        where = ("tiers", place, "value")
        if rule.operation == "margin" and tier.value >= _PERCENT_LIMIT:
            yield (
                where,
                fault(
                    f"is {tier.value} percent, and a margin is a part of the price",
                    "send less than 100; an addition on the cost is cost_plus",
                ),
            )
        if rule.operation == "percent" and rule.layer in {"discount", "rebate"} and tier.value > _PERCENT_LIMIT:
            yield where, fault(f"is {tier.value} percent off", "send at most 100")
        if rule.operation == "multiple" and tier.value == 0:
            yield where, fault("is 0 times a price", "send a factor above 0; to give the item away, a fixed price of 0")


def _belongings(rule: "PriceRule") -> Iterator[Fault]:
    for field, default, layers, words in _BELONGS:
        if getattr(rule, field) != default and rule.level not in layers:
            yield (field,), fault(f"belongs to {words}, not to a {rule.level} rule", "leave it out")
    if rule.layer == "waiver" and rule.waives is None:
        yield ("waives",), fault("is missing: a waiver suspends one guard", "send the rule_id of the guard")
    if rule.basis is not None and rule.layer == "discount" and rule.operation != "percent":
        yield ("basis",), fault(f"belongs to percentages, not to {rule.operation}", "leave it out")
    if rule.per == "line" and rule.operation == "percent" and rule.layer in CHARGES:
        yield ("per",), fault("says per line, and a percentage is always of the line", "leave it out")


def _window(rule: "PriceRule") -> Iterator[Fault]:
    begins = rule.valid_from
    if rule.valid_to is not None and rule.valid_through is not None:
        yield (
            ("valid_through",),
            fault(
                "stands beside valid_to",
                "send one of them: valid_to is the first moment without, valid_through the last day with the rule",
            ),
        )
    elif rule.valid_to is not None:
        if isinstance(begins, datetime) is isinstance(rule.valid_to, datetime) and rule.valid_to <= begins:
            yield ("valid_to",), empty_window()
    elif rule.valid_through is not None and not isinstance(begins, datetime) and rule.valid_through < begins:
        yield ("valid_through",), fault("lies before valid_from", "send the last day on which the rule holds")


def empty_window() -> PydanticCustomError:
    return fault(
        "must lie after valid_from: the window is half-open, from ≤ t < to", "send a later one, or leave it out"
    )


def _or(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def moved(rules: Iterable["PriceRule"]) -> Iterator[Fault]:
    """Versions about another target than their rule's first: refused, as they are where rules are kept."""
    about: dict[str, tuple[int, dict[str, object]]] = {}
    for place, rule in enumerate(rules):
        named = {name: value for name, value in rule.named_scope().items() if name in TARGET}
        version, target = about.setdefault(rule.rule_id, (rule.version, named))
        if named != target:
            problem = f"is about {_words(named)}, and version {version} of {rule.rule_id} is about {_words(target)}"
            yield ("rules", place, "scope"), fault(problem, "give it a rule_id of its own, and withdraw the other")


def _words(named: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in named.items()) or "all items"
