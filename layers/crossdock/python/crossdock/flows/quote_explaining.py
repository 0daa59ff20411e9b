"""Why a quote says what it says: computed again from its own trace, whatever became of its rules since (rule 8)."""

from collections.abc import Mapping
from typing import Any, Final

from crossdock.flows.explained_lines import cost_used, rejected, rules_of
from crossdock.flows.quote_answers import status
from crossdock.flows.quote_today import Today, compared
from crossdock.flows.rule_histories import histories
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.problems import FieldError, Problem
from crossdock.pricing.errors import StatementError
from crossdock.pricing.ledger import Ledger
from crossdock.pricing.quote_store import QuoteStore, StoredQuote
from crossdock.pricing.results import Resolution
from crossdock.pricing.trace import replay

_SAID: Final = ("status", "unit_price", "price", "extended_price", "total", "components", "hash")
"""What of an answered line has to come out again, to the last digit."""
_ASKED: Final = ("line", "item", "quantity", "unit", "currency", "substitute_for", "priced_as")
_SHOWN: Final = (*_ASKED, "valid_from", "valid_to")
_HEAD: Final = ("customer", "ship_to", "channel", "job", "at", "known_at", "currency", "totals", "notes", "made_at")


class QuoteExplaining:
    """Explains stored quotes."""

    def __init__(self, quotes: QuoteStore, ledger: Ledger, today: Today, clock: Clock) -> None:
        self._quotes = quotes
        self._ledger = ledger
        self._today = today
        self._clock = clock

    def explain(self, quote_id: str, line: str | None = None, *, today: bool = False) -> dict[str, Any]:
        """The whole chain as a document. Raises a 404 problem for a quote or line that there is none of."""
        quote = self._quotes.read(quote_id, consistent=True)
        if quote is None:
            raise _unknown_quote(quote_id)
        lines = _chosen(quote, line)
        explained = [_line(said) for said in lines]
        if today:
            now = self._today.answers(quote.document["lines"])
            for document, said in zip(explained, lines, strict=True):
                document["today"] = compared(said, now[said["line"]])
        rules = histories(self._ledger, rules_of(explained))
        return {**self._head(quote), "lines": explained, "rules": rules}

    def _head(self, quote: StoredQuote) -> dict[str, Any]:
        document, now = quote.document, self._clock()
        return {
            "quote_id": quote.id,
            "partner": quote.partner,
            "correlation_id": quote.correlation_id,
            "explained_at": to_text(now),
            "status": status(document, now),
            **{name: document[name] for name in (*_HEAD, "expires_at") if name in document},
        }


def _unknown_quote(quote_id: str) -> Problem:
    remedy = "copy quote_id from the answer of POST /v1/quotes; a channel's price is named as channel:item"
    error = FieldError("quote", "unknown", remedy)
    return Problem(404, "no-such-quote", f"there is no quote {quote_id!r}, or no longer", [error])


def _chosen(quote: StoredQuote, line: str | None) -> list[Mapping[str, Any]]:
    lines = [said for said in quote.document["lines"] if line in {None, said["line"]}]
    if not lines:
        names = ", ".join(str(said["line"]) for said in quote.document["lines"][:20])
        error = FieldError("line", "unknown", f"its lines are {names}")
        raise Problem(404, "no-such-line", f"quote {quote.id} has no line {line!r}", [error])
    return lines


def _line(said: Mapping[str, Any]) -> dict[str, Any]:
    """A stored line, and what follows from its trace alone."""
    trace = said["trace"]
    document = {name: said[name] for name in (*_SHOWN, *_SAID, "reason") if name in said}
    document["rejected"] = rejected(trace)
    try:
        again = replay(trace)
    except StatementError as exc:
        return document | {"recomputed": {"equal": False, "problem": f"{exc.field}: {exc.problem}; {exc.remedy}"}}
    document["recomputed"] = _recomputed(said, again)
    document["explanation"] = again.explain().splitlines()
    return document | cost_used(again)


def _recomputed(said: Mapping[str, Any], again: Resolution) -> dict[str, Any]:
    """Whether price, steps and hash come out as they were told; `differs` names what does not."""
    found = again.document()
    told = {**said, "components": [{n: v for n, v in c.items() if n != "from_cost"} for c in said["components"]]}
    differs = [name for name in _SAID if told.get(name) != found.get(name)]
    if found["hash"] != said["trace"]["hash"]:
        differs.append("trace.hash")
    document = {"equal": not differs, **({"differs": differs} if differs else {})}
    return document | {name: found[name] for name in ("unit_price", "extended_price", "hash") if name in found}
