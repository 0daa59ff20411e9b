"""Shopify's GraphQL Admin API: one request, and what its answer means.

Source: Shopify's pages "GraphQL Admin API reference" (status and error codes), "API limits" and the reference of each
mutation, version 2026-10.
"""

import json
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final, NoReturn

from crossdock.contracts.deliveries import HttpAnswer, Target
from crossdock.contracts.vendor_requests import AskedToWaitError, RefusedError, Verdict, checked, not_let_in

SHOPIFY: Final = "Shopify"
# What the shop's owner or ours has to mend before anything is taken.
_NOT_LET_IN: Final = frozenset({"ACCESS_DENIED", "SHOP_INACTIVE"})
# What passes, of a whole request and of a mutation.
_PASSING: Final = frozenset(
    {
        "INTERNAL_SERVER_ERROR",
        "TIMEOUT",
        "SERVICE_UNAVAILABLE",
        "IDEMPOTENCY_CONCURRENT_REQUEST",
        "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
        "CHANGE_FROM_QUANTITY_STALE",
    }
)
_OK: Final = 200
_DIGITS: Final = 9  # of an index that is believed: an answer may have any


class Admin:
    """One shop, for one delivery."""

    def __init__(self, channel: str, target: Target) -> None:
        self._channel = channel
        self._target = target
        self._url = f"{target.url.rstrip('/')}/admin/api/{target.settings['api_version']}/graphql.json"

    def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The answer's `data`.

        Raises AskedToWaitError when the shop is throttled, down, or does not let us in, and RefusedError for a request
        that it does not take.
        """
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Shopify-Access-Token": self._target.token,
        }
        body = json.dumps({"query": query, "variables": variables}, separators=(",", ":")).encode()
        answer = self._target.post(self._url, headers, body)
        checked(SHOPIFY, self._channel, answer, (_OK,), None)
        document = _document(answer)
        errors = document.get("errors")
        if errors:
            self._refuse(errors, document)
        data = document.get("data")
        if not isinstance(data, dict):
            raise AskedToWaitError(f"{SHOPIFY}: its answer has neither data nor errors")
        return data

    def _refuse(self, errors: object, document: Mapping[str, Any]) -> NoReturn:
        listed = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
        codes = {_code(e) for e in listed}
        said = "; ".join(str(e.get("message", e))[:200] for e in listed) or str(errors)[:200]
        if "THROTTLED" in codes:
            raise AskedToWaitError(f"{SHOPIFY}: throttled", _until_enough(document))
        if codes & _NOT_LET_IN:
            raise AskedToWaitError(not_let_in(SHOPIFY, self._channel, said))
        if codes & _PASSING:
            raise AskedToWaitError(f"{SHOPIFY}: {said}")
        raise RefusedError(f"{SHOPIFY}: {said}")


def verdict(payload: object, places: Mapping[int, Sequence[str]], within: str, *, partial: bool) -> Verdict:
    """What a mutation's `userErrors` say. `places`: the keys that stand at each index of the input list `within`.

    Raises AskedToWaitError for what passes, and where the payload is none.
    """
    listed = payload.get("userErrors") if isinstance(payload, dict) else None
    if not isinstance(listed, list):
        raise AskedToWaitError(f"{SHOPIFY}: a mutation's answer has no userErrors")
    named: dict[str, str] = {}
    whole = ""
    for error in (e for e in listed if isinstance(e, dict)):
        if error.get("code") in _PASSING:
            raise AskedToWaitError(f"{SHOPIFY}: {_said(error)}")
        keys = places.get(_index(error.get("field"), within), ())
        named |= dict.fromkeys(keys, f"{SHOPIFY}: {_said(error)}")
        whole = whole or ("" if keys else f"{SHOPIFY}: {_said(error)}")
    return Verdict(named=named, whole=whole, partial=partial)


def _index(path: object, within: str) -> int:
    """The number behind the name of the list in an error's path, −1 where there is none."""
    if not isinstance(path, list) or within not in path:
        return -1
    behind = [str(part) for part in path[path.index(within) + 1 :]]
    number = behind[0] if behind else ""
    return int(number) if number.isdecimal() and len(number) <= _DIGITS else -1


def _said(error: Mapping[str, Any]) -> str:
    return f"{error.get('message', 'no reason given')} ({error.get('code')})"[:300]


def _code(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions")
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


def _until_enough(document: Mapping[str, Any]) -> int | None:
    """Seconds until the bucket holds what the request costs, None where the answer does not say."""
    try:
        cost = document["extensions"]["cost"]
        status = cost["throttleStatus"]
        lacking = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return max(1, ceil(lacking / float(status["restoreRate"])))
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _document(answer: HttpAnswer) -> dict[str, Any]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):  # RecursionError: brackets without end
        document = None
    if not isinstance(document, dict):
        raise AskedToWaitError(f"{SHOPIFY}: its answer is no JSON object")
    return document
