"""Guards (pricing rule 5): no price below the highest floor, advertised minimum or contract minimum that applies."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final, NamedTuple

from crossdock.pricing.rules import Rule
from crossdock.pricing.situation import Situation

LAYERS: Final = ("floor", "advertised_minimum", "contract_minimum")
NAMES: Final = frozenset({*LAYERS, "waiver"})


class Guard(NamedTuple):
    """The lowest price per base unit that a guard allows, or a recorded waiver does (`rule` is then the waiver)."""

    rule: Rule
    minimum: Fraction
    rate: Fraction
    blocks: bool


def highest(situation: Situation) -> Guard | None:
    """The guard that allows least; of equals one that blocks, then by name. Notes the others as rejected."""
    guards = [
        guard for layer in LAYERS for rule in situation.layers.get(layer, ()) if (guard := _guard(situation, rule))
    ]
    waivers = situation.layers.get("waiver", ())
    if waivers:
        guarded = {name for guard in guards for name in _names(guard.rule)}
        situation.rejected += [(waiver, "waives_nothing") for waiver in waivers if waiver.waives not in guarded]
        guards = [_waived(situation, guard, waivers) for guard in guards]
    if len(guards) <= 1:
        return guards[0] if guards else None
    best = min(guards, key=lambda g: (-g.minimum, not g.blocks, g.rule.name))
    situation.rejected += [(g.rule, "lower_guard") for g in guards if g is not best]
    return best


def _guard(situation: Situation, rule: Rule) -> Guard | None:
    offer = situation.offer(rule)
    if isinstance(offer, str):
        situation.rejected.append((rule, offer))
        return None
    return Guard(rule, offer.price, offer.rate, rule.on_breach == "block")


def _names(guard: Rule) -> set[str]:
    """By which a waiver may name a guard."""
    return {guard.rule_id, guard.name}


def _waived(situation: Situation, guard: Guard, waivers: Iterable[Rule]) -> Guard:
    """The guard with the lowest price that a waiver of it allows, where that is lower."""
    names = _names(guard.rule)
    for waiver in sorted(waivers, key=lambda w: w.name):
        if waiver.waives in names:
            offer = situation.offer(waiver)
            if isinstance(offer, str):
                situation.rejected.append((waiver, offer))
            elif offer.price < guard.minimum:
                situation.rejected.append((guard.rule, "waived"))
                guard = Guard(waiver, offer.price, offer.rate, guard.blocks)
            else:
                situation.rejected.append((waiver, "waives_nothing"))
    return guard
