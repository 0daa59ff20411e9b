"""Canonical → native for BigCommerce: availability as absolute adjustments at a location, prices as price list records.

Source: BigCommerce's references "Inventory adjustments" and "Price lists records", and its page on rate limits.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Need, Target
from crossdock.contracts.price_keys import read_key
from crossdock.contracts.shop_ids import shop_ids
from crossdock.contracts.shop_prices import Break, UntellableError, breaks, shop_units
from crossdock.contracts.vendor_requests import Request, Verdict, checked, in_parts, settled

NEEDS: Final[frozenset[Need]] = frozenset({"token", "codes"})
BIGCOMMERCE: Final = "BigCommerce"
# The most entries of one request.
MOST_ADJUSTMENTS: Final = 2_000
MOST_RECORDS: Final = 1_000
_MOST: Final = 2_147_483_647
_PLACES: Final = 4
_OK, _PARTLY, _NOT_FOUND, _INVALID = 200, 207, 404, 422
_RESET: Final = "x-rate-limit-time-reset-ms"
_DIGITS: Final = 12  # of a number that is believed: an answer may have any
_NAMED: Final = re.compile(r"variant_id\D{0,12}(\d+)")
_ENTRY: Final = re.compile(r"(?:items\.)?(\d{1,9})(?:\.|$)")


def deliver(batch: Batch, target: Target) -> Answer:
    """Tells the store, request by request."""
    ids, rejected = shop_ids(batch, target.settings, target.codes(sorted({v.sku for v in batch.values})), "variant")
    store = _Store(batch.channel, target, ids)
    requests = _levels(batch, store, rejected) if batch.kind == "availability" else _prices(batch, store, rejected)
    return settled(requests, rejected, target.time_left)


class _Store:
    """One store, for one delivery."""

    def __init__(self, channel: str, target: Target, ids: Mapping[str, str]) -> None:
        self._channel = channel
        self._target = target
        self.ids = ids
        self.settings = target.settings

    def put(self, path: str, body: str, keys: Sequence[str], also: Sequence[int] = ()) -> HttpAnswer | Verdict:
        """The answer if its status is one of `also`, else what it says of the keys, which stand in the body in order.

        Raises AskedToWaitError when the store has had enough of us, is down, or does not let us in.
        """
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Auth-Token": self._target.token,
        }
        answer = self._target.put(f"{self._target.url.rstrip('/')}/v3/{path}", headers, body.encode())
        checked(BIGCOMMERCE, self._channel, answer, (_OK, _PARTLY, _INVALID, *also), _seconds(answer))
        if answer.status in also:
            return answer
        return self._verdict(answer, keys)

    def _verdict(self, answer: HttpAnswer, keys: Sequence[str]) -> Verdict:
        document = _document(answer)
        by_number = {self.ids[key]: key for key in keys}
        named: dict[str, str] = {}
        for said, number in _complaints(document):
            if number in by_number:
                named[by_number[number]] = f"{BIGCOMMERCE}: {said}"[:300]
        for entry, said in _entries(document):
            if entry < len(keys):
                named.setdefault(keys[entry], f"{BIGCOMMERCE}: {said}"[:300])
        if answer.status == _OK and not named:
            return Verdict()
        title = str(document.get("title") or document.get("errors") or f"HTTP {answer.status}")
        return Verdict(named=named, unnamed="" if named else f"{BIGCOMMERCE}: {title}"[:300])


# -- availability ----------------------------------------------------------------------------------------------


def _levels(batch: Batch, store: _Store, rejected: dict[str, str]) -> list[Request]:
    units = shop_units(BIGCOMMERCE, batch, _MOST, rejected)

    def send(keys: Sequence[str]) -> Verdict:
        items = [
            {"location_id": store.settings["location"], "variant_id": int(store.ids[key]), "quantity": units[key]}
            for key in keys
        ]
        body = json.dumps({"reason": "crossdock", "items": items}, separators=(",", ":"))
        said = store.put("inventory/adjustments/absolute", body, keys)
        assert isinstance(said, Verdict)  # noqa: S101 - no other status was asked for
        return said

    return in_parts([key for key in store.ids if key not in rejected], send, MOST_ADJUSTMENTS)


# -- prices ----------------------------------------------------------------------------------------------------


def _prices(batch: Batch, store: _Store, rejected: dict[str, str]) -> list[Request]:
    records: dict[str, str] = {}
    for value in batch.values:
        try:
            held = breaks(BIGCOMMERCE, value.fields, _PLACES)
        except UntellableError as exc:
            rejected.setdefault(value.key, str(exc))
            continue
        if value.key not in rejected:
            records[value.key] = _record(store.ids[value.key], str(value.fields["currency"]), held)
    by_class: dict[str, list[str]] = {}
    for key in records:
        by_class.setdefault(read_key(key)[0], []).append(key)
    requests = []
    for name, keys in by_class.items():
        price_list = store.settings["price_lists"][name]
        requests += in_parts(keys, _sender(store, price_list, records), MOST_RECORDS)
    return requests


def _sender(store: _Store, price_list: int, records: Mapping[str, str]) -> Callable[[Sequence[str]], Verdict]:
    def send(keys: Sequence[str]) -> Verdict:
        body = f"[{','.join(records[key] for key in keys)}]"
        said = store.put(f"pricelists/{price_list}/records", body, keys, also=(_NOT_FOUND,))
        if isinstance(said, HttpAnswer):
            return Verdict(whole=f"{BIGCOMMERCE} has no price list {price_list}: mend settings.price_lists")
        return said

    return send


def _record(variant: str, currency: str, held: Sequence[Break]) -> str:
    """One record as JSON. Its amounts are written digit by digit: a number of Python's would have been a float."""
    first, *others = held
    ends = [b.min_quantity - 1 for b in others[1:]] + [_MOST]
    tiers = ",".join(
        f'{{"quantity_min":{b.min_quantity},"quantity_max":{end},"type":"fixed","amount":{b.text}}}'
        for b, end in zip(others, ends, strict=False)
    )
    return (
        f'{{"variant_id":{int(variant)},"currency":{json.dumps(currency.lower())},"price":{first.text},'
        f'"bulk_pricing_tiers":[{tiers}]}}'
    )


# -- answers ---------------------------------------------------------------------------------------------------


def _seconds(answer: HttpAnswer) -> int | None:
    """For how long the store asks us to wait: until its quota begins anew, or what an outage says in its body."""
    reset = answer.headers.get(_RESET, "")
    if reset.isascii() and reset.isdecimal():
        return max(1, -(-int(reset[:_DIGITS]) // 1000))
    error = _document(answer).get("error")
    seconds = error.get("retry_after_seconds") if isinstance(error, dict) else None
    return seconds if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0 else None


def _complaints(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(What is said, number of the variant) of each that the store names: in records of a batch, or in its words."""
    found = []
    listed = document.get("batch_errors")
    for one in listed if isinstance(listed, list) else [document]:
        data = one.get("data") if isinstance(one, dict) else None
        if isinstance(data, dict) and "variant_id" in data:
            found.append((_words(one.get("field_errors")), str(data["variant_id"])))
    words = f"{document.get('title', '')} {_words(document.get('errors'))}"
    return found + [(words.strip(), number) for number in _NAMED.findall(words)]


def _entries(document: Mapping[str, Any]) -> list[tuple[int, str]]:
    """(Index, what is said) of each entry of the request that stands in the names of `errors`: `items.3.quantity`."""
    errors = document.get("errors")
    named = errors.items() if isinstance(errors, dict) else ()
    return [(int(m.group(1)), f"{name}: {said}") for name, said in named if (m := _ENTRY.match(str(name)))]


def _words(errors: object) -> str:
    if isinstance(errors, dict):
        return "; ".join(f"{name}: {said}" for name, said in errors.items())
    return "" if errors is None else str(errors)


def _document(answer: HttpAnswer) -> dict[str, Any]:
    try:
        document = json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):  # RecursionError: brackets without end
        return {}
    return document if isinstance(document, dict) else {}
