"""Whom, what and where a rule is about: all that a scope names must hold (pricing rule 1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.pricing.errors import StatementError

NAMES: Final = (
    "job",
    "customer",
    "ship_to",
    "parent",
    "segment",
    "item",
    "family",
    "branch",
    "region",
    "freight_terms",
)


def token(name: str, value: str) -> str:
    """One thing that holds of a context, or that a scope asks for: a scope matches when it asks for nothing else."""
    return f"{name}={value}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Nothing named is no condition. `channels` names several of which one suffices."""

    job: str | None = None
    customer: str | None = None
    ship_to: str | None = None
    parent: str | None = None
    segment: str | None = None
    item: str | None = None
    family: str | None = None
    branch: str | None = None
    region: str | None = None
    freight_terms: str | None = None
    channels: tuple[str, ...] = ()
    tokens: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Writes down what a context must hold."""
        named = [token(name, value) for name in NAMES if (value := getattr(self, name)) is not None]
        object.__setattr__(self, "tokens", frozenset(named))

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Scope":
        """The scope of a document; an empty text or list is refused, for it could mean nobody or everybody."""
        for name, value in document.items():
            if name == "channels":
                if not isinstance(value, list | tuple) or not value or not all(isinstance(c, str) and c for c in value):
                    raise StatementError(
                        "scope.channels", f"{value!r} is no list of names", "name channels, or leave it out"
                    )
            elif name not in NAMES:
                raise StatementError(f"scope.{name}", "a scope has no such name", f"use {', '.join(NAMES)} or channels")
            elif not isinstance(value, str) or not value:
                raise StatementError(f"scope.{name}", f"{value!r} is no name", "send a name, or leave it out")
        return cls(**{**document, "channels": tuple(sorted(set(document.get("channels", ()))))})

    def document(self) -> dict[str, Any]:
        """The names, from which `read` makes an equal scope."""
        named: dict[str, Any] = {name: value for name in NAMES if (value := getattr(self, name)) is not None}
        return named | ({"channels": list(self.channels)} if self.channels else {})

    def __hash__(self) -> int:
        """By what it asks for."""
        return hash((self.tokens, self.channels))
