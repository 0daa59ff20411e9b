"""Customers → Salesforce accounts, over its REST interface: made once, and changed from then on.

    PATCH {url}/services/data/v62.0/sobjects/Account/{Id}                     an account that we know
    PATCH {url}/services/data/v62.0/sobjects/Account/crossdock_id__c/CU…      any other: changed, or made

The second is Salesforce's upsert by an external id: whoever sends it again, after an answer that was lost, changes the
account that the first one made. `Sforce-Call-Options` names us, so that the change event says who changed it.

Source: Salesforce's REST API guide (sObject Rows by External ID, Call Options Header, Status Codes and Error
Responses) and its page on the header of change events.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from crossdock.connectors.salesforce.payloads import FIELDS
from crossdock.contracts.customer_attributes import ATTRIBUTES, named
from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Need, Target, Value
from crossdock.contracts.refusals import quoted
from crossdock.contracts.vendor_requests import AskedToWaitError, RefusedError, Request, Verdict, checked, settled

NEEDS: Final[frozenset[Need]] = frozenset({"token"})
TELLS: Final = ("customer",)
SALESFORCE: Final = "Salesforce"
CLIENT: Final = "crossdock"
"""How change events name us as their origin: one of `customers.our_names`."""

_OK, _CREATED, _NO_CONTENT, _CHOICES, _BAD, _FORBIDDEN, _NOT_FOUND = 200, 201, 204, 300, 400, 403, 404
_TAKEN: Final = (_OK, _CREATED, _NO_CONTENT)
_LIMIT_S: Final = 900
# Of another system's account a parent is that system's id, which is none here.
_UNTOLD: Final = frozenset({"parent", "currency"})
_COUNTRIES: Final = {"BillingCountry": "BillingCountryCode", "ShippingCountry": "ShippingCountryCode"}
_LONGEST: Final = 300


def deliver(batch: Batch, target: Target) -> Answer:
    """Tells Salesforce one customer after the other; what accounts it has for them stands in the answer."""
    org = _Org(batch.channel, target)
    requests = [Request([value.key], _telling(org, value)) for value in batch.values]
    answer = settled(requests, {}, target.time_left)
    return replace(answer, learned=org.learned)


def _telling(org: "_Org", value: Value) -> Callable[[Sequence[str]], Verdict]:
    def send(_: Sequence[str]) -> Verdict:
        org.tell(value)
        return Verdict()

    return send


class _Org:
    """One org, for one delivery."""

    def __init__(self, channel: str, target: Target) -> None:
        self._channel = channel
        self._target = target
        self._settings = target.settings
        self._system = str(target.settings.get("system") or channel)
        self.learned: dict[str, str] = {}

    def tell(self, value: Value) -> None:
        """Makes or changes the customer's account. Raises AskedToWaitError and RefusedError."""
        if value.fields["state"] == "merged":
            return  # its accounts are the other customer's now, and that one is told
        fields = _body(value.fields["attributes"], self._settings)
        known = value.fields["ids"].get(self._system, ())
        if known:
            self._change(known[0], {**fields, self._field: json.dumps(value.key)})
        elif fields:
            self.learned[value.key] = self._upsert(value.key, fields)

    def _change(self, account: str, fields: Mapping[str, str]) -> None:
        answer = self._patch(quote(account, safe=""), fields)
        if answer.status == _NOT_FOUND:
            end = f"crossdock xref end {self._system} {quoted(account)} --kind customer"
            raise RefusedError(f"{SALESFORCE} has no account {account} any more: end it with {end}, then replay")
        self._check(answer)

    def _upsert(self, customer: str, fields: Mapping[str, str]) -> str:
        """The id of the account that holds our id, which is made if there is none."""
        answer = self._patch(f"{self._field}/{quote(customer, safe='')}", fields)
        if answer.status == _CHOICES:
            raise RefusedError(
                f"{SALESFORCE} has several accounts whose {self._field} is {customer}: merge them there, then replay"
            )
        if answer.status == _NOT_FOUND:
            remedy = "make it (Text, External ID, Unique) and let our user see it, or set settings.external_id"
            raise AskedToWaitError(f"{SALESFORCE}: Account has no field {self._field}: {remedy}")
        self._check(answer)
        document = _document(answer)
        account = document.get("id") if isinstance(document, dict) else None
        if not isinstance(account, str) or not account:
            raise AskedToWaitError(f"{SALESFORCE} took an account and did not say which")
        return account

    def _check(self, answer: HttpAnswer) -> None:
        """Raises what follows from an answer that is none of those taken."""
        if answer.status in _TAKEN:
            return
        code, said = _error(answer)
        if answer.status == _FORBIDDEN and code == "REQUEST_LIMIT_EXCEEDED":
            raise AskedToWaitError(f"{SALESFORCE}: {said}", answer.retry_after_s or _LIMIT_S)
        if code == "UNABLE_TO_LOCK_ROW":  # somebody else changes the account this moment
            raise AskedToWaitError(f"{SALESFORCE}: {said}", answer.retry_after_s)
        if answer.status == _BAD and code:
            more = "; it may be ours already: merge them there, or turn its duplicate rule off for our user"
            raise RefusedError(f"{SALESFORCE}: {code}: {said}{more if code == 'DUPLICATES_DETECTED' else ''}")
        checked(SALESFORCE, self._channel, answer, _TAKEN, None)

    def _patch(self, path: str, fields: Mapping[str, str]) -> HttpAnswer:
        version = self._settings.get("api_version", "62.0")
        url = f"{self._target.url.rstrip('/')}/services/data/v{version}/sobjects/Account/{path}"
        body = "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in fields.items()) + "}"
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Bearer {self._target.token}",
            "Sforce-Call-Options": f"client={CLIENT}",
        }
        return self._target.patch(url, headers, body.encode())

    @property
    def _field(self) -> str:
        return str(self._settings.get("external_id", "crossdock_id__c"))


def _body(attributes: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, str]:
    """The account's fields with their values as JSON: those of `payloads.FIELDS` the other way, and custom ones."""
    standard = {name: field for field, name in FIELDS.items() if name not in _UNTOLD}
    if settings.get("currency"):
        standard["currency"] = "CurrencyIsoCode"
    if settings.get("country_codes"):
        standard = {name: _COUNTRIES.get(field, field) for name, field in standard.items()}
    wanted = {**standard, **settings.get("fields", {})}
    return {wanted[name]: _json(name, value) for name, value in attributes.items() if name in wanted}


def _json(name: str, value: Any) -> str:
    """A value as Salesforce reads its field: an amount as a number, several texts with semicolons."""
    if ATTRIBUTES.get(named(name).base) == "amount" and isinstance(value, str):
        return value
    return json.dumps(";".join(value) if isinstance(value, list) else value, ensure_ascii=False)


def _document(answer: HttpAnswer) -> Any:
    try:
        return json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):  # RecursionError: brackets without end
        return {}


def _error(answer: HttpAnswer) -> tuple[str, str]:
    """(code, words) of the first error: `[{"errorCode": "…", "message": "…", "fields": […]}]`; empty without one."""
    document = _document(answer)
    first = document[0] if isinstance(document, list) and document and isinstance(document[0], dict) else {}
    fields = first.get("fields")
    named_fields = f" ({', '.join(map(str, fields))})" if isinstance(fields, list) and fields else ""
    return str(first.get("errorCode", ""))[:80], f"{first.get('message', '')}{named_fields}"[:_LONGEST]
