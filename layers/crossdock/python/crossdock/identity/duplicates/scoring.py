"""How likely two customers are one, and why: the sum of what each feature says, as odds (Fellegi and Sunter, 1969).

Each feature both say something about adds its weight in bits; the score is the sum as a probability. Empty fields are
no evidence. The weights are data (weights.toml), fitted on generated customers; docs/identity.md says how.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from crossdock.identity.duplicates.comparing import levels
from crossdock.identity.duplicates.levels import LEVELS
from crossdock.identity.duplicates.normalising import Normal, normal
from crossdock.identity.duplicates.party import Party
from crossdock.identity.duplicates.weights import Weights, weights

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict: TypeAlias = Literal["certain", "raise", "no"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one feature says: both texts as they stand, the verdict in words, its weight in hundredths of a bit."""

    feature: str
    ours: str
    theirs: str
    verdict: str
    weight: int


@dataclass(frozen=True, slots=True)
class Score:
    """How likely two customers are one (0 to 1), and what says so, heaviest first. `version` is the weights'."""

    value: float
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    version: int

    @property
    def raised(self) -> bool:
        """Whether an operator is to look at it."""
        return self.verdict != "no"

    def document(self) -> dict[str, Any]:
        """As JSON, and as it is stored: the score as a text of three decimals."""
        evidence = [
            {"feature": e.feature, "ours": e.ours, "theirs": e.theirs, "verdict": e.verdict, "weight": e.weight}
            for e in self.evidence
        ]
        return {"score": f"{self.value:.3f}", "verdict": self.verdict, "weights": self.version, "evidence": evidence}


def score(a: Party | Normal, b: Party | Normal) -> Score:
    """How likely two customers are one. The value is the same whichever comes first; `ours` are a's texts."""
    first, second = (p if isinstance(p, Normal) else normal(p) for p in (a, b))
    return explained(first, second, levels(first, second, weights().features), weights())


def likelihood(found: dict[str, str], using: Weights) -> float:
    """The probability that the levels found add up to."""
    bits = using.before + sum(using.features[feature][level] for feature, level in found.items())
    return 1 / (1 + 2 ** (-max(min(bits, 5000), -5000) / 100))


def verdict(found: dict[str, str], using: Weights) -> Verdict:
    """What is to be done: nothing is certain against another valid tax id."""
    value = likelihood(found, using)
    if value >= using.certain and found.get("tax_id") != "other":
        return "certain"
    return "raise" if value >= using.raised else "no"


def explained(a: Normal, b: Normal, found: dict[str, str], using: Weights) -> Score:
    """The levels found, with the texts that led to them."""
    evidence = (
        Evidence(feature, _text(feature, a), _text(feature, b), LEVELS[feature][level], using.features[feature][level])
        for feature, level in found.items()
    )
    in_order = tuple(sorted(evidence, key=lambda e: -abs(e.weight)))
    return Score(likelihood(found, using), verdict(found, using), in_order, using.version)


def _text(feature: str, of: Normal) -> str:
    party = of.party
    if feature == "address":
        place = " ".join(filter(None, (party.postcode, party.city, party.country)))
        return ", ".join(filter(None, (party.street, place)))
    texts: dict[str, Iterable[str]] = {
        "name": (party.name, *party.aliases),
        "numbers": sorted(of.names[0].numbers),
        "form": [(of.names[0].form or "").replace("_", " ")],
        "tax_id": party.tax_ids,
        "phone": party.phones,
        "online": (*party.emails, *party.websites),
    }
    return ", ".join(texts[feature])
