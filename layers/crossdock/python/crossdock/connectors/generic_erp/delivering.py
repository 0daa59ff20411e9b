"""Customers → the generic ERP, over its own HTTP interface: an account is made once, and changed from then on.

    GET  {url}/customers?customer=CU…   which account is this customer?   {"accounts": [{"account": "4711"}]}
    POST {url}/customers                make one        Idempotency-Key: CU…      201 {"account": "4711"}
    PUT  {url}/customers/{account}      change it

It is asked before anything is made, each time: an answer that was lost, or a worker that died after the ERP made the
account, finds it there. The lease on what is told keeps two from asking at once; the key keeps a request that hung from
making a second one, in an ERP that knows such keys.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Need, Target, Value
from crossdock.contracts.vendor_requests import AskedToWaitError, RefusedError, Request, Verdict, checked, settled

NEEDS: Final[frozenset[Need]] = frozenset({"token"})
TELLS: Final = ("customer",)
ERP: Final = "the ERP"
_OK, _CREATED, _NO_CONTENT, _NOT_FOUND, _CONFLICT = 200, 201, 204, 404, 409
_TAKEN: Final = (_OK, _CREATED, _NO_CONTENT)


def deliver(batch: Batch, target: Target) -> Answer:
    """Tells the ERP one customer after the other; what accounts it has for them stands in the answer."""
    erp = _Erp(batch.channel, target)
    requests = [Request([value.key], _told(erp, value)) for value in batch.values]
    answer = settled(requests, {}, target.time_left)
    return replace(answer, learned=erp.learned)


def _told(erp: "_Erp", value: Value) -> Any:
    def send(_: object) -> Verdict:
        erp.tell(value)
        return Verdict()

    return send


class _Erp:
    """One ERP, for one delivery."""

    def __init__(self, channel: str, target: Target) -> None:
        self._channel = channel
        self._target = target
        self._system = str(target.settings.get("system") or channel)
        self.learned: dict[str, str] = {}

    def tell(self, value: Value) -> None:
        """Makes or changes the customer's account. Raises AskedToWaitError and RefusedError."""
        known = value.fields["ids"].get(self._system, ())
        account = known[0] if known else self._find(value.key)
        if value.fields["state"] == "merged" and account is None:
            return
        if account is None:
            account = self._make(value)
            self.learned[value.key] = account
            return
        if not known and value.fields["state"] != "merged":
            self.learned[value.key] = account
        self._change(account, value)

    def _find(self, customer: str) -> str | None:
        """The account that the ERP made for a customer of ours before."""
        answer = self._target.get(f"{self._url}?customer={quote(customer)}", self._headers())
        checked(ERP, self._channel, answer, (_OK, _NOT_FOUND), None)
        if answer.status == _NOT_FOUND:
            return None
        listed = _document(answer).get("accounts")
        if not isinstance(listed, list) or not all(isinstance(a, dict) for a in listed):
            raise AskedToWaitError(f"{ERP}: its answer lists no accounts")
        accounts = [str(a.get("account")) for a in listed if a.get("account")]
        if len(accounts) > 1:
            several = ", ".join(accounts)[:200]
            raise RefusedError(f"{ERP} has several accounts for it: {several}: merge them there, then replay")
        return accounts[0] if accounts else None

    def _make(self, value: Value) -> str:
        headers = {**self._headers(), "Idempotency-Key": value.key}
        answer = self._target.post(self._url, headers, _body(value))
        checked(ERP, self._channel, answer, (*_TAKEN, _CONFLICT), None)
        if answer.status == _CONFLICT:  # it is making the account by an earlier request
            raise AskedToWaitError(f"{ERP} is still at work on it")
        account = _document(answer).get("account")
        if not isinstance(account, str) or not account:
            raise AskedToWaitError(f"{ERP} made an account and did not say which")
        return account

    def _change(self, account: str, value: Value) -> None:
        answer = self._target.put(f"{self._url}/{quote(account, safe='')}", self._headers(), _body(value))
        checked(ERP, self._channel, answer, (*_TAKEN, _NOT_FOUND), None)
        if answer.status == _NOT_FOUND:
            raise RefusedError(f"{ERP} has no account {account} any more: end it with crossdock xref end, then replay")

    @property
    def _url(self) -> str:
        return f"{self._target.url.rstrip('/')}/customers"

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Bearer {self._target.token}",
        }


def _body(value: Value) -> bytes:
    document = {"customer": value.key, "version": value.version, **value.fields}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _document(answer: HttpAnswer) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.body or b"{}")
    except (ValueError, RecursionError):  # RecursionError: brackets without end
        return {}
    return document if isinstance(document, dict) else {}
