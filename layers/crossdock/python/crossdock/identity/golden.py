"""The golden record: what is believed of a customer, as a pure function of what all its records say.

Attributes that are derived (a territory from a postcode) are claims too, of the system `rules`: they stand where the
matrix lets them. Rules look at what others say, never at each other's outcome, so their order does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossdock.contracts.customer_attributes import Value
from crossdock.contracts.ownership import RULES, Matrix, UnownedError
from crossdock.identity.claims import Claim, Record, Said, canonical, claims_by_attribute
from crossdock.identity.ownership import Choice, choose


@dataclass(frozen=True, slots=True)
class Enrichment:
    """When each attribute of `when` has its value (`SW*`: begins with it), those of `gives` are claimed."""

    when: Mapping[str, str]
    gives: Mapping[str, Value]

    def fits(self, values: Mapping[str, Value]) -> bool:
        """Whether it applies to these values; capitals and small letters are the same."""
        return all(_fits(wanted.casefold(), values.get(name)) for name, wanted in self.when.items())


def _fits(wanted: str, value: Value) -> bool:
    if isinstance(value, bool) or value is None or isinstance(value, dict):
        return False
    texts = [v.casefold() for v in (value if isinstance(value, list) else [value])]
    if wanted.endswith("*"):
        return any(text.startswith(wanted[:-1]) for text in texts)
    return wanted in texts


@dataclass(frozen=True, slots=True)
class Golden:
    """One attribute as it stands: its value, whose claim it is, since when, and why it won."""

    value: Value
    system: str
    external: str
    version: int
    at: str
    why: str

    def same(self, other: "Golden | None") -> bool:
        """Whether the value is the other's; who said it may differ."""
        return other is not None and canonical(self.value) == canonical(other.value)


def choices(matrix: Matrix, records: Sequence[Record], enrichments: Sequence[Enrichment] = ()) -> dict[str, Choice]:
    """For each attribute that anybody says, what was chosen and why. Attributes that nobody owns are left out."""
    claims = claims_by_attribute(records)
    if enrichments:
        values = {name: c.winner.said.value for name, c in _chosen(matrix, claims).items() if c.winner}
        for enrichment in enrichments:
            if enrichment.fits(values):
                for name, value in enrichment.gives.items():
                    # Derived, so without an instant: whoever says it himself spoke later.
                    claims.setdefault(name, []).append(Claim(RULES, "enrichment", Said(value, 0, "")))
    return _chosen(matrix, claims)


def _chosen(matrix: Matrix, claims: Mapping[str, Sequence[Claim]]) -> dict[str, Choice]:
    found = {}
    for name in sorted(claims):
        try:
            found[name] = choose(matrix, name, claims[name])
        except UnownedError:
            # A matrix that gave the attribute to somebody once: what was said is kept, and stands again when it does.
            continue
    return found


def golden(chosen: Mapping[str, Choice]) -> dict[str, Golden]:
    """The attributes that stand; one whose owner emptied it stands with None, documents taken away do not."""
    found = {}
    for name, choice in chosen.items():
        winner = choice.winner
        if winner is None or (winner.said.value is None and "/" in name):
            continue
        said = winner.said
        found[name] = Golden(said.value, winner.system, winner.external, said.version, said.at, choice.why)
    return found


def values(record: Mapping[str, Golden]) -> dict[str, Value]:
    """The values alone, without those that are empty."""
    return {name: g.value for name, g in record.items() if g.value is not None}
