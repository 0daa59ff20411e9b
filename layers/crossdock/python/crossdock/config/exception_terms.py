"""Who mends what is on the exceptions list, and by when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Owner:
    """Who mends exceptions of a kind, of a source, or of both (None: of any), and within how many minutes."""

    owner: str
    kind: str | None = None
    source: str | None = None
    due_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class ExceptionTerms:
    """Who mends what is on the exceptions list: the first of `owners` that fits; within `due_minutes` unless it says.

    Where none fits, the exception belongs to nobody until somebody assigns it.
    """

    due_minutes: int = 1440
    owners: tuple[Owner, ...] = ()

    def responsible(self, kind: str, source: str) -> tuple[str | None, int]:
        """(owner, minutes until it is due) of an exception of this kind and source."""
        for rule in self.owners:
            if rule.kind in {None, kind} and rule.source in {None, source}:
                return rule.owner, rule.due_minutes or self.due_minutes
        return None, self.due_minutes


def exception_terms(fields: Mapping[str, Any]) -> ExceptionTerms:
    """The values of a compiled `[exceptions]` section."""
    return ExceptionTerms(fields["due_minutes"], tuple(Owner(**owner) for owner in fields["owners"]))
