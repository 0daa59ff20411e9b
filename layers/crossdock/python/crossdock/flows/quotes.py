"""Giving quotes, and finding them again: once for each Idempotency-Key, and each only for its own partner."""

import re
from datetime import datetime, timedelta
from typing import Final

from crossdock.config import PricingTerms
from crossdock.contracts.quotes import QuoteRequest
from crossdock.flows.quote_answers import given, payload_hash, quote_id, sealed
from crossdock.flows.quoting import Pricing
from crossdock.platform.clock import Clock
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem
from crossdock.pricing.quote_keys import QuoteKeys
from crossdock.pricing.quote_store import QuoteStore, StoredQuote

_ID: Final = re.compile(r"[a-z2-7]{20}")


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

    def find(self, name: str, partner: Partner) -> StoredQuote:
        """A partner's own quote. Raises a 404 problem for any other, as if it were not there."""
        found = self._store.read(name) if _ID.fullmatch(name) else None
        if found is None or not _own(found, partner):
            remedy = f"use the quote_id of a quote of yours; they are kept {self._terms.quote_days} days"
            error = FieldError("id", "unknown", remedy)
            raise Problem(404, "no-such-quote", f"There is no quote {name[:40]!r} of yours.", [error])
        return found


def _own(quote: StoredQuote, partner: Partner) -> bool:
    """Whether it is the partner's, who may still ask for its customer and channel."""
    channel = quote.document.get("channel")
    return (
        quote.partner == partner.name
        and (quote.customer is None or partner.serves(quote.customer))
        and (channel is None or channel in partner.channels)
    )


def _same(quote: StoredQuote, asked_hash: str) -> StoredQuote:
    if quote.asked != asked_hash:
        raise Problem(
            422,
            "idempotency-key-reused",
            "Idempotency-Key: it was used for another request. Nothing was stored.",
            [FieldError("Idempotency-Key", "used for another request", "send a new key for a new quote")],
        )
    return quote


def _epoch(text: str | None) -> int | None:
    return int(datetime.fromisoformat(text).timestamp()) if text else None
