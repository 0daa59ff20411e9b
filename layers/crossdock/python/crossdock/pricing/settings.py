"""How a distributor resolves prices: the choices that pricing rules 3, 4 and 6 leave to configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.pricing.errors import StatementError
from crossdock.pricing.levels import LEVELS
from crossdock.pricing.rounding import MODES

POLICIES: Final = ("FIRST", "LOWEST", "HIGHEST", "NEWEST", "OLDEST")
_MAX_SCALE: Final = 8

_CHOICES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("level_policy", POLICIES),
    ("across_levels", ("first", "lowest")),
    ("discount_basis", ("list", "running")),
    ("across_bands", ("compound", "stop")),
    ("rounding", MODES),
    ("substitutes", ("own", "original", "lowest")),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The choices, each with its default.

    `level_policy` says which of a level's rules wins; `levels` gives single levels a policy of their own.
    `across_levels`: "first" level with an eligible rule, or "lowest" of all. `discount_basis` holds for discounts that
    name none. `across_bands`: "compound" (lower bands go on) or "stop" (the first band with an effect ends it).
    `unit_scales`: decimals of a unit price by currency; the currency's own exponent where it names none.
    """

    level_policy: str = "LOWEST"
    levels: Mapping[str, str] = field(default_factory=dict)
    across_levels: str = "first"
    discount_basis: str = "running"
    across_bands: str = "compound"
    unit_scales: Mapping[str, int] = field(default_factory=dict)
    rounding: str = "half_up"
    substitutes: str = "own"

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Settings":
        """The settings of a document; what it leaves out has its default. Raises StatementError."""
        allowed = dict(_CHOICES)
        for name, value in document.items():
            if name in allowed:
                _choice(name, value, allowed[name])
            elif name == "levels":
                _check_levels(value)
            elif name == "unit_scales":
                _check_scales(value)
            else:
                known = ", ".join([*allowed, "levels", "unit_scales"])
                raise StatementError(f"settings.{name}", "there is no such setting", f"use {known}")
        return cls(**document)

    def document(self) -> dict[str, Any]:
        """What differs from the defaults, from which `read` makes equal settings."""
        document: dict[str, Any] = {
            name: value for name, _ in _CHOICES if (value := getattr(self, name)) != getattr(_DEFAULT, name)
        }
        for name in ("levels", "unit_scales"):
            if value := getattr(self, name):
                document[name] = dict(sorted(value.items()))
        return document


def _choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise StatementError(f"settings.{name}", f"{value!r} is not known", f"use {' or '.join(allowed)}")


def _check_levels(value: object) -> None:
    for level, policy in _mapping("levels", value).items():
        if level not in LEVELS:
            raise StatementError(f"settings.levels.{level}", "there is no such level", f"use {', '.join(LEVELS)}")
        _choice(f"levels.{level}", policy, POLICIES)


def _check_scales(value: object) -> None:
    for currency, scale in _mapping("unit_scales", value).items():
        if type(scale) is not int or not 0 <= scale <= _MAX_SCALE:
            raise StatementError(
                f"settings.unit_scales.{currency}", f"{scale!r} is no scale", f"send 0 to {_MAX_SCALE} decimals"
            )


def _mapping(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise StatementError(f"settings.{name}", f"{value!r} is no table", "send names with their values")
    return value


_DEFAULT: Final = Settings()
