"""Surcharges and freight terms (pricing rule 5): components of their own on a line, never part of its unit price."""

from collections.abc import Callable
from fractions import Fraction

from crossdock.pricing.outcomes import Step
from crossdock.pricing.policies import specificity
from crossdock.pricing.rules import Rule
from crossdock.pricing.situation import Situation

_LAST = 10**12


def charges(situation: Situation, extended: Callable[[], Fraction]) -> list[Step]:
    """What is put on a line whose goods cost `extended`: every surcharge, and the most specific freight terms."""
    layers = situation.layers
    if "surcharge" not in layers and "freight" not in layers:
        return []
    steps = [s for rule in layers.get("surcharge", ()) if (s := _charge(situation, rule, "surcharge", extended))]
    steps.sort(key=lambda s: (_LAST if s.rule.sequence is None else s.rule.sequence, s.rule.name))
    freight = [s for rule in layers.get("freight", ()) if (s := _charge(situation, rule, "freight", extended))]
    if freight:
        best = min(freight, key=lambda s: (specificity(s.rule), s.output, s.rule.name))
        situation.rejected += [(s.rule, "less_specific") for s in freight if s is not best]
        steps.append(best)
    return steps


def _charge(situation: Situation, rule: Rule, kind: str, extended: Callable[[], Fraction]) -> Step | None:
    rate = situation.rate(rule)
    if isinstance(rate, str):
        situation.rejected.append((rule, rate))
        return None
    if rule.operation == "percent":
        goods = extended()
        return Step(kind, rule, goods, rate, goods * rate)
    if rule.per == "line":
        return Step(kind, rule, None, rate, rate)
    return Step(kind, rule, None, rate, situation.per_base_unit(rule, rate) * situation.bought)
