"""Asking a channel for its digest: `GET {url}/digest?kind=…`, signed as a delivery is, over the query for a body."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.contracts.digests import Asked, Held, NoDigestError
from crossdock.contracts.price_keys import LIST, price_key

_OK = 200
_LEAVES = 4096
# What every reader of JSON keeps to the last digit (RFC 8259, 6): the next version is one above what a channel says.
_HIGHEST = 2**53 - 2
# No item of ours has a longer name, and no table looks for one of 2 KB.
_LONGEST = 200


def leaves(kind: str, asked: Asked) -> Mapping[int, str]:
    """`{"leaves": {"17": "00c0ffee00c0ffee"}}`: the hash of each leaf that is not empty. Raises NoDigestError."""
    found = _ask(f"kind={kind}", asked).get("leaves")
    if not isinstance(found, dict):
        raise NoDigestError('the answer has no "leaves": an object from leaf number to 16 hexadecimal digits')
    return {_number(leaf): str(text).lower() for leaf, text in found.items()}


def leaf(kind: str, number: int, asked: Asked) -> Sequence[Held]:
    """`{"items": [{"sku": "…", "version": 7, "value": {…}}]}`: what lies in a leaf. Raises NoDigestError.

    A customer is named by `sku` too, or by `customer`.
    """
    listed = _ask(f"kind={kind}&leaf={number}", asked).get("items")
    if not isinstance(listed, list):
        raise NoDigestError('the answer has no "items": a list of objects with sku, version and value')
    return [_held(item) for item in listed]


def _ask(query: str, asked: Asked) -> dict[str, Any]:
    answer = asked.get(f"{asked.url}/digest?{query}", asked.sign(query.encode()))
    if answer.status != _OK:
        raise NoDigestError(answer.detail or f"HTTP {answer.status}")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as exc:  # RecursionError: brackets without end
        raise NoDigestError("the answer is not JSON, or has no end") from exc
    if not isinstance(document, dict):
        raise NoDigestError("the answer is not a JSON object")
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as exc:
        raise NoDigestError("the answer has half a surrogate pair in it, which is no text") from exc
    return document


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LEAVES)) and int(text) < _LEAVES):
        raise NoDigestError(f"leaves: {text[:20]!r} is not a leaf's number, 0 to 4095")
    return int(text)


def _held(item: object) -> Held:
    if isinstance(item, dict) and "sku" not in item and "customer" in item:
        item = {**item, "sku": item["customer"]}
    if not isinstance(item, dict) or not isinstance(item.get("sku"), str) or not isinstance(item.get("value"), dict):
        raise NoDigestError("items: one of them is no object with sku, version and value")
    if not 0 < len(item["sku"]) <= _LONGEST:
        raise NoDigestError(f"items: {item['sku'][:80]!r} is no item's name, which has 1 to {_LONGEST} characters")
    version = item.get("version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version <= _HIGHEST:
        raise NoDigestError(f"items: the version of {item['sku'][:80]!r} is not a whole number from 0 to {_HIGHEST}")
    price_class = item["value"].get("price_class", LIST)
    return Held(price_key(str(price_class)[:_LONGEST], item["sku"]), version, item["value"])
