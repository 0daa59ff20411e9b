"""What of a stored quote is shown: of which lines, and how much of what is behind their prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from crossdock.contracts.quotes import TRACED_LINES, Shown
from crossdock.flows.quote_answers import COST_SCOPE, shown
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem
from crossdock.pricing.quote_store import StoredQuote

_SHOWN: Final[tuple[str, ...]] = get_args(Shown)
_PARAMETERS: Final = ("show", "lines")


@dataclass(frozen=True, slots=True)
class View:
    """What is to be shown beyond the prices, and of which lines; None: of all."""

    show: tuple[str, ...] = ()
    lines: tuple[str, ...] | None = None

    @classmethod
    def read(cls, query: Mapping[str, str], partner: Partner) -> "View":
        """The view that a query asks for. Raises 422 problems naming the parameter, and 403 without the scope."""
        for name in query:
            if name not in _PARAMETERS:
                raise _bad(name[:60], "unknown", f"leave it out, or send one of: {', '.join(_PARAMETERS)}")
        show = _listed(query.get("show", ""))
        for part in show:
            if part not in _SHOWN:
                raise _bad("show", f"{part[:20]!r} is not known", f"name some of: {', '.join(_SHOWN)}")
        if show:
            partner.require(COST_SCOPE)
        return cls(show, _listed(query["lines"]) if "lines" in query else None)

    def of(self, quote: StoredQuote, partner: Partner, now: datetime) -> dict[str, Any]:
        """The document of a quote as this partner may see it; totals are of the whole quote.

        Raises a 422 problem for lines that it does not have, and for more traces than an answer can hold.
        """
        document = quote.document
        if self.lines is not None:
            document = {**document, "lines": _named(document["lines"], self.lines)}
        if "trace" in self.show and len(document["lines"]) > TRACED_LINES:
            problem = f"asks for the traces of {len(document['lines'])} lines"
            raise _bad("show", problem, f"name at most {TRACED_LINES} lines at a time, such as lines=1,2,3")
        return shown(document, now, self.show, costs=COST_SCOPE in partner.scopes)


def _named(lines: list[Mapping[str, Any]], names: tuple[str, ...]) -> list[Mapping[str, Any]]:
    by_name = {line["line"]: line for line in lines}
    for name in names:
        if name not in by_name:
            raise _bad("lines", f"the quote has no line {name[:20]!r}", "name lines of the quote, or leave it out")
    if not names:
        raise _bad("lines", "names none", "name lines of the quote, or leave it out")
    return [by_name[name] for name in dict.fromkeys(names)]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _bad(field: str, problem: str, remedy: str) -> Problem:
    error = FieldError(field, problem, remedy)
    return Problem(422, "invalid-question", f"{field}: {problem}. Remedy: {remedy}.", [error])
