"""The ownership matrix as values: who may say what of a customer, and which of several that spoke is believed.

What each word means for a value is in `crossdock.identity.ownership`; here is only what the configuration says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from crossdock.contracts.customer_attributes import named

Survivorship = Literal["owner", "newest", "trust", "manual"]
Foreign = Literal["ignore", "revert", "raise"]

OPERATOR: Final = "operator"
"""What our own people say by the command or the API's sake: a system like the others."""
RULES: Final = "rules"
"""What is derived from other attributes by `[[customers.enrichment]]`: a system too."""

NO_TRUST: Final[Mapping[str, int]] = MappingProxyType({})


class UnownedError(ValueError):
    """An attribute that no rule of the matrix gives to anybody."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who owns what matches `attribute` (a name, `tax_*` or `*`) and `scope` (None, `company:uk` or `company:*`).

    `owners` are the owner and then its fallbacks. `survivorship` chooses among them: the first that spoke (owner), who
    spoke last (newest), whom we trust most (trust), or what an operator decided, and until then as for owner (manual).
    `foreign` is what happens when another system says something else: nothing (ignore), it is told again what is true
    (revert), or an exception besides (raise). `written_back` are the systems that are told of the attribute.
    """

    attribute: str
    owners: tuple[str, ...]
    survivorship: Survivorship = "owner"
    foreign: Foreign = "ignore"
    written_back: tuple[str, ...] = ()
    scope: str | None = None

    @property
    def owner(self) -> str:
        """The first of the owners."""
        return self.owners[0]

    def weight(self, base: str, dimension: str | None, scope: str | None) -> tuple[int, int] | None:
        """How closely it fits an attribute; None when it does not. The name counts more than the scope."""
        if self.attribute == base:
            name = 1_000
        elif self.attribute.endswith("*") and base.startswith(self.attribute[:-1]):
            name = len(self.attribute)
        else:
            return None
        if self.scope is None:
            return name, 0
        if dimension is None:
            return None
        if self.scope == f"{dimension}:{scope}":
            return name, 2
        return (name, 1) if self.scope == f"{dimension}:*" else None


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rules under one version, and how far each system is trusted (0 where nothing is said)."""

    version: int = 0
    rules: tuple[Rule, ...] = ()
    trust: Mapping[str, int] = field(default_factory=lambda: NO_TRUST)

    def rule(self, attribute: str) -> Rule:
        """The closest rule. Raises UnownedError when nobody owns the attribute, AttributeNameError for none."""
        name = named(attribute)
        fitting = [(w, r) for r in self.rules if (w := r.weight(name.base, name.dimension, name.scope)) is not None]
        if not fitting:
            raise UnownedError(f"nobody owns {attribute}; give it an owner in [[ownership.rules]]")
        return max(fitting, key=lambda found: found[0])[1]

    def written_back(self, attribute: str, system: str) -> bool:
        """Whether a system is told of an attribute."""
        try:
            return system in self.rule(attribute).written_back
        except UnownedError:
            return False
