"""Choosing among those who spoke: which value of an attribute stands, and why each of the others does not.

A choice depends on the claims alone, never on the order in which they came: every comparison ends in a total order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from crossdock.contracts.ownership import OPERATOR, Matrix, Rule
from crossdock.identity.claims import Claim, canonical


@dataclass(frozen=True, slots=True)
class Choice:
    """The claim that stands for an attribute (None: nobody who may has spoken), why, and why each other does not."""

    attribute: str
    rule: Rule
    winner: Claim | None
    why: str
    others: tuple[tuple[Claim, str], ...]


def choose(matrix: Matrix, attribute: str, claims: Sequence[Claim]) -> Choice:
    """The choice by the attribute's rule. Raises UnownedError when no rule gives it to anybody."""
    rule = matrix.rule(attribute)
    writers = _writers(rule)
    speaking = [c for c in claims if c.system in writers]
    may = [c for c in speaking if not c.echo] or speaking
    foreign = [c for c in claims if c.system not in writers]
    refused = [(c, f"{c.system} does not own it: {rule.owner} does") for c in _sorted(foreign, _spoke)]
    refused += [(c, f"{c.system} repeats what it was told") for c in _sorted(speaking, _spoke) if c not in may]
    if not may:
        return Choice(attribute, rule, None, "nobody who may has spoken", tuple(refused))
    order, why = _order(rule, matrix.trust, may)
    winner, *others = _sorted(may, order)
    lost = [(c, _lost(rule, winner, c)) for c in others]
    return Choice(attribute, rule, winner, why(winner), (*lost, *refused))


def may_write(matrix: Matrix, attribute: str, system: str) -> bool:
    """Whether what a system says of an attribute can ever stand."""
    return system in _writers(matrix.rule(attribute))


def _writers(rule: Rule) -> tuple[str, ...]:
    """Those whose word can stand, most important first: where operators decide, they come before the owner."""
    return (OPERATOR, *rule.owners) if rule.survivorship == "manual" else rule.owners


Rank = Callable[[Claim], tuple[object, ...]]


def _sorted(claims: Sequence[Claim], order: Rank) -> list[Claim]:
    return sorted(claims, key=order, reverse=True)


def _spoke(claim: Claim) -> tuple[object, ...]:
    """Who spoke last; what follows the instant only makes the order total."""
    return claim.said.at, claim.system, claim.said.version, claim.external, canonical(claim.said.value)


def _order(rule: Rule, trust: Mapping[str, int], claims: Sequence[Claim]) -> tuple[Rank, Callable[[Claim], str]]:
    match rule.survivorship:
        case "newest":
            return _spoke, lambda c: f"{c.system} spoke last, at {c.said.at}"
        case "trust":
            return (
                lambda c: (trust.get(c.system, 0), *_spoke(c))
            ), lambda c: f"{c.system} is trusted most ({trust.get(c.system, 0)})"
        case _:
            place = {system: -n for n, system in enumerate(_writers(rule))}
            return (lambda c: (place[c.system], *_spoke(c))), lambda c: _owner_why(rule, c, claims)


def _owner_why(rule: Rule, winner: Claim, claims: Sequence[Claim]) -> str:
    if winner.system == OPERATOR and rule.survivorship == "manual":
        return "an operator decided"
    several = sum(c.system == winner.system for c in claims) > 1
    newest = ", by its record that changed last" if several else ""
    if winner.system == rule.owner:
        return f"{winner.system} owns it{newest}"
    return f"{rule.owner}, who owns it, has said nothing; {winner.system} stands in{newest}"


def _lost(rule: Rule, winner: Claim, loser: Claim) -> str:
    if loser.system == winner.system:
        return f"another record of {loser.system} changed later"
    if rule.survivorship == "newest":
        return f"{winner.system} spoke later"
    if rule.survivorship == "trust":
        return f"{winner.system} is trusted more, or as much and spoke later"
    return f"{winner.system} comes first"
