"""The weights of `weights.toml`, checked: every level has one, agreement never weighs against, and says most."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from crossdock.identity.duplicates.levels import LEVELS

FILE: Final = Path(__file__).with_name("weights.toml")
_WHOLE: Final = 1000
# More agreement first: each level must weigh at least as much as the next, and none of those that are agreement, up to
# AGREEING, may weigh against. What is not named here differs in its own way and may weigh what it does.
ORDERED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "name": ("same", "near", "shorter", "partly", "other"),
        "numbers": ("same", "other"),
        "form": ("same", "other"),
        "tax_id": ("same", "unverified", "near", "other"),
        "address": ("same", "near", "street", "area", "roof", "town", "apart"),
        "phone": ("same", "desk", "extension", "other", "apart"),
        "online": ("mail", "domain", "house", "other", "apart"),
    }
)
AGREEING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": "near",
        "numbers": "same",
        "form": "same",
        "tax_id": "near",
        "address": "town",
        "phone": "desk",
        "online": "house",
    }
)
AGAINST: Final = frozenset({"other", "partly", "sibling", "apart", "neighbour", "town_other", "elsewhere", "abroad"})
"""Differences: none may weigh for two customers being one."""


class WeightsError(ValueError):
    """Weights that cannot be used; the message names the feature, the level and the remedy."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds in hundredths of a bit: `before` is what stands before anything is compared; thresholds of the score."""

    version: int
    source: str
    before: int
    features: Mapping[str, Mapping[str, int]]
    raised: float
    certain: float


@cache
def weights() -> Weights:
    """The weights as they are shipped, read once."""
    return read(tomllib.loads(FILE.read_text(encoding="utf-8")))


def read(document: Mapping[str, Any]) -> Weights:
    """The weights of a document. Raises WeightsError."""
    tables = dict(document["weights"])
    before = tables.pop("before")
    if tables.keys() != LEVELS.keys():
        raise WeightsError(f"weights: there must be one table for each of {', '.join(LEVELS)}")
    for feature, levels in LEVELS.items():
        _check(feature, tables[feature], tuple(levels))
    raised, certain = document["thresholds"]["raise"], document["thresholds"]["certain"]
    if not 0 < raised <= certain < _WHOLE:
        raise WeightsError(f"thresholds: 0 < raise ≤ certain < {_WHOLE} must hold, not {raised} and {certain}")
    return Weights(
        version=document["version"],
        source=document["source"],
        before=before,
        features=MappingProxyType({f: MappingProxyType(dict(tables[f])) for f in LEVELS}),
        raised=raised / _WHOLE,
        certain=certain / _WHOLE,
    )


def _check(feature: str, table: Mapping[str, Any], levels: tuple[str, ...]) -> None:
    if set(table) != set(levels) or not all(type(w) is int for w in table.values()):
        raise WeightsError(f"weights.{feature}: there must be one whole number for each of {', '.join(levels)}")
    if table[levels[0]] < max(table.values()):
        raise WeightsError(f"weights.{feature}.{levels[0]}: no level may weigh more than full agreement")
    if table.get("apart", min(table.values())) > min(table.values()):
        raise WeightsError(f"weights.{feature}.apart: no level may weigh less than difference under other names")
    ordered = [table[level] for level in ORDERED[feature]]
    if ordered != sorted(ordered, reverse=True):
        raise WeightsError(f"weights.{feature}: {', '.join(ORDERED[feature])} must not weigh more from left to right")
    for level in AGAINST.intersection(table):
        if table[level] > 0:
            raise WeightsError(f"weights.{feature}.{level}: a difference must not weigh for two customers being one")
    if table[AGREEING[feature]] < 0:
        raise WeightsError(f"weights.{feature}.{AGREEING[feature]}: agreement must not weigh against")
