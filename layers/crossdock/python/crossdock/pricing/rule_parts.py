"""What a rule is made of: its tiers, and its approval."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Tier:
    """From `min_quantity` on (in the rule's unit), the rule says `value`: money, percent or multiple by its operation.

    `rate` is what a source price is multiplied by, or the money itself: every operation is linear in it, so graduated
    tiers may be averaged exactly.
    """

    min_quantity: Fraction
    value: Fraction
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a rule, when (UTC text), and under which reference."""

    by: str
    at: str | None = None
    reference: str | None = None
