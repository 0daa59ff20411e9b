"""Sending a batch as a signed webhook, and reading what the answer means."""

import json
from typing import Final

from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Need, Target
from crossdock.contracts.price_keys import LIST, price_key

NEEDS: Final[frozenset[Need]] = frozenset({"signing_secrets"})
TELLS: Final = ("availability", "price", "customer")
_OK = range(200, 300)
# Asked to wait, or broken in a way that passes. A redirect is neither: values go only where the operator said.
_PASSING = frozenset({0, 408, 409, 425, 429}) | frozenset(range(500, 600))


def deliver(batch: Batch, target: Target) -> Answer:
    """Posts the batch. A 2xx acknowledges every value that the body does not list under `rejected`.

    `{"rejected": [{"sku": "…", "reason": "…"}]}` is the one thing an endpoint may say; any other body is ignored.
    Where a delivery has an item in several price classes, `price_class` says which is meant; without it, all.
    """
    body = json.dumps(batch.document(), separators=(",", ":"), ensure_ascii=False).encode()
    correlation = batch.values[0].correlation_ids[0] if batch.values and batch.values[0].correlation_ids else ""
    headers = {"Content-Type": "application/json", "X-Correlation-Id": correlation, **target.sign(body)}
    answer = target.post(target.url, headers, body)
    if answer.status in _OK:
        return Answer("acknowledged", rejected=_rejected(answer, batch))
    detail = answer.detail or f"HTTP {answer.status}"
    return Answer("unavailable" if answer.status in _PASSING else "refused", detail=detail)


def _rejected(answer: HttpAnswer, batch: Batch) -> dict[str, str]:
    try:
        document = json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):  # RecursionError: brackets without end
        return {}
    listed = document.get("rejected") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return {}
    return {
        key: str(r.get("reason", "no reason given"))[:200]
        for r in listed
        if isinstance(r, dict) and (named := r.get("customer" if batch.kind == "customer" else "sku"))
        for key in _keys(batch, str(named), r.get("price_class"))
    }


def _keys(batch: Batch, sku: str, price_class: object) -> list[str]:
    """What the endpoint means; an item that it was not sent is what it says it is, and concerns nobody."""
    found = [v.key for v in batch.values if v.sku == sku and price_class in {None, v.fields.get("price_class")}]
    return found or [price_key(str(price_class or LIST), sku)]
