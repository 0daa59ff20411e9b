"""Giving quotes, and finding them again: once for each Idempotency-Key, and each only for its own partner."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from crossdock.config import PricingTerms
from crossdock.contracts.quotes import QuoteRequest, Shown
from crossdock.flows.quote_answers import COST_SCOPE, given, payload_hash, quote_id, sealed, shown
from crossdock.flows.quoting import Pricing
from crossdock.platform.clock import Clock
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem
from crossdock.pricing.quote_keys import QuoteKeys
from crossdock.pricing.quote_store import QuoteStore, StoredQuote

_ID: Final = re.compile(r"[a-z2-7]{20}")
_SHOWN: Final[tuple[str, ...]] = get_args(Shown)


class Quotes:
    """Quotes of partners, kept with all that they rest on."""

    def __init__(self, pricing: Pricing, store: QuoteStore, keys: QuoteKeys, terms: PricingTerms, clock: Clock) -> None:
        self._pricing = pricing
        self._store = store
        self._keys = keys
        self._terms = terms
        self._clock = clock

    def give(self, asked: QuoteRequest, partner: str, key: str | None, correlation_id: str) -> tuple[StoredQuote, bool]:
        """The quote, and whether it is new. Under a key that was used before it is the one given then.

        Raises a 422 problem when the key was used for another request.
        """
        name, asked_hash = quote_id(partner, key), payload_hash(asked)
        # Without a key the name is new; with one, a repetition must not cost the prices again.
        if key is not None and (earlier := self._store.read(name)):
            return _same(earlier, asked_hash), False
        priced, now = self._pricing.price(asked), self._clock()
        document = {"quote_id": name, **given(priced, asked, now, self._terms.quote_minutes)}
        token = sealed(document, name, partner, priced, self._keys.sealer())
        quote = StoredQuote(
            id=name,
            partner=partner,
            customer=asked.customer,
            asked=asked_hash,
            expires=_epoch(document.get("expires_at")),
            correlation_id=correlation_id,
            document={**document, "token": token} if token else document,
        )
        until = int((now + timedelta(days=self._terms.quote_days)).timestamp())
        kept = self._store.keep(quote, until)
        return _same(kept, asked_hash), kept is quote

    def find(self, name: str, partner: Partner, query: Mapping[str, str]) -> tuple[StoredQuote, tuple[str, ...]]:
        """A partner's own quote, and what of it is to be shown. Raises a 404 problem for any other, as if not there."""
        show = _show(query, partner)
        found = self._store.read(name) if _ID.fullmatch(name) else None
        own = found is not None and found.partner == partner.name
        if found is None or not own or (found.customer is not None and not partner.serves(found.customer)):
            remedy = f"use the quote_id of a quote of yours; they are kept {self._terms.quote_days} days"
            error = FieldError("id", "unknown", remedy)
            raise Problem(404, "no-such-quote", f"There is no quote {name[:40]!r} of yours.", [error])
        return found, show


def shown_of(quote: StoredQuote, partner: Partner, show: Sequence[str], now: datetime) -> dict[str, Any]:
    """The document of a quote as this partner may see it."""
    return shown(quote.document, now, show, costs=COST_SCOPE in partner.scopes)


def _same(quote: StoredQuote, asked_hash: str) -> StoredQuote:
    if quote.asked != asked_hash:
        raise Problem(
            422,
            "idempotency-key-reused",
            "Idempotency-Key: it was used for another request. Nothing was stored.",
            [FieldError("Idempotency-Key", "used for another request", "send a new key for a new quote")],
        )
    return quote


def _show(query: Mapping[str, str], partner: Partner) -> tuple[str, ...]:
    for name in query:
        if name != "show":
            raise _bad(name[:60], "unknown", "leave it out, or send show")
    show = tuple(filter(None, (part.strip() for part in query.get("show", "").split(","))))
    for part in show:
        if part not in _SHOWN:
            raise _bad("show", f"{part[:20]!r} is not known", f"name some of: {', '.join(_SHOWN)}")
    if show:
        partner.require(COST_SCOPE)
    return show


def _bad(field: str, problem: str, remedy: str) -> Problem:
    return Problem(
        422, "invalid-question", f"{field}: {problem}. Remedy: {remedy}.", [FieldError(field, problem, remedy)]
    )


def _epoch(text: str | None) -> int | None:
    return int(datetime.fromisoformat(text).timestamp()) if text else None
