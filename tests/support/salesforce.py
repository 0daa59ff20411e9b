"""A Salesforce org without a network, for tests of its channel: its accounts, its errors, its change events.

Written from Salesforce's public references (REST API guide: sObject Rows, sObject Rows by External ID, Status Codes;
Change Data Capture guide: header fields), not from our connector: what that sends is read here as Salesforce would.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.deliveries import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN: Final = "00D-a-session-that-tests-know"
_PATH: Final = re.compile(r"/services/data/v(\d+)\.0/sobjects/Account/([^/?]+)(?:/([^/?]+))?$")
_STANDARD: Final = (
    "Name",
    "AccountNumber",
    "ParentId",
    "Type",
    "Phone",
    "Website",
    *(f"{kind}{part}" for kind in ("Billing", "Shipping") for part in ("Street", "City", "State", "PostalCode")),
    "BillingCountry",
    "ShippingCountry",
)


@dataclass
class Salesforce:
    """One org. `types` are its custom fields with their types; `external_id` is the one marked External ID, Unique."""

    external_id: str = "crossdock_id__c"
    types: dict[str, type] = field(default_factory=lambda: {"Credit_Limit__c": Decimal, "On_Hold__c": bool})
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    on_request: Callable[[], HttpAnswer | None] = lambda: None

    def patch(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        answer = self.on_request()
        if answer is not None:
            return answer
        found = _PATH.search(url)
        if found is None or headers.get("Content-Type") != "application/json":
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        document = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        self.requests.append((url, dict(headers), document))
        _, first, value = found.groups()
        if value is None:
            return self._change(first, document, headers)
        return self._upsert(first, value, document, headers)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        raise AssertionError((url, headers, body))

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        raise AssertionError((url, headers))

    def _change(self, account: str, document: dict[str, Any], headers: Mapping[str, str]) -> HttpAnswer:
        if account not in self.accounts:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        wrong = self._wrong(document, account)
        if wrong:
            return wrong
        self.accounts[account] |= document
        self._tell("UPDATE", account, document, headers)
        return HttpAnswer(204)

    def _upsert(self, name: str, value: str, document: dict[str, Any], headers: Mapping[str, str]) -> HttpAnswer:
        if name != self.external_id:
            return _error(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + name)
        if {"Id", name} & document.keys():
            message = f"The {name} field should not be specified in the sobject data."
            return _error(400, "INVALID_FIELD", message)
        matching = [i for i, fields in self.accounts.items() if fields.get(name) == value]
        if len(matching) > 1:
            return HttpAnswer(300, json.dumps([f"/sobjects/Account/{i}" for i in matching]).encode())
        wrong = self._wrong(document, matching[0] if matching else None)
        if wrong:
            return wrong
        if not matching and not document.get("Name"):
            return _error(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", "Name")
        account = matching[0] if matching else f"001{len(self.accounts):012d}AAA"
        self.accounts[account] = {**self.accounts.get(account, {}), **document, name: value}
        self._tell("UPDATE" if matching else "CREATE", account, document, headers)
        answer = {"id": account, "success": True, "errors": [], "created": not matching}
        return HttpAnswer(200 if matching else 201, json.dumps(answer).encode())

    def _wrong(self, document: dict[str, Any], account: str | None) -> HttpAnswer | None:
        for name, value in document.items():
            kind = str if name in (*_STANDARD, self.external_id) else self.types.get(name)
            if kind is None:
                return _error(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type Account")
            if value is not None and not isinstance(value, kind):
                return _error(400, "JSON_PARSER_ERROR", f"Cannot deserialize instance of {kind.__name__}", name)
        ours = document.get(self.external_id)
        others = (f for i, f in self.accounts.items() if i != account)
        if ours and any(f.get(self.external_id) == ours for f in others):
            return _error(400, "DUPLICATE_VALUE", f"duplicate value found: {self.external_id}", self.external_id)
        return None

    def _tell(self, change: str, account: str, document: dict[str, Any], headers: Mapping[str, str]) -> None:
        """The change event, with the client that the call options name."""
        options = headers.get("Sforce-Call-Options", "")
        client = f";{options}" if options.startswith("client=") else ""
        header = {
            "entityName": "Account",
            "changeType": change,
            "recordIds": [account],
            "changeOrigin": f"com/salesforce/api/rest/62.0{client}",
            "changedFields": [*document] if change == "UPDATE" else [],
            "commitTimestamp": 1_795_248_000_000 + len(self.events),
            "sequenceNumber": 1,
        }
        fields = {name: value for name, value in document.items() if name in _STANDARD}
        self.events.append({"ChangeEventHeader": header, **fields})


def _error(status: int, code: str, message: str, *fields: str) -> HttpAnswer:
    return HttpAnswer(status, json.dumps([{"message": message, "errorCode": code, "fields": list(fields)}]).encode())
