"""The public entry points as a partner and as systems use them: HTTP with a key, webhooks with a signature."""

from __future__ import annotations

import json
import secrets as random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import httpx

from crossdock.exchange.signatures import sign
from crossdock_cli.errors import CliError
from crossdock_cli.secrets import signing_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossdock_cli.target import Target

_ACCEPTED: Final = 202
_TRIES: Final = 5
_TIMEOUT_S: Final = 30.0


@dataclass
class Sent:
    """What was accepted: when (epoch seconds, by correlation id), and how long each request took."""

    at: dict[str, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, correlation_id: str, began: float, took: float) -> None:
        with self._lock:
            self.at[correlation_id] = began
            self.seconds.append(took)


class Entrance:
    """Sends to one stage's API. A 5xx, a 429 and silence are answered with the same again, as a careful sender does."""

    def __init__(self, target: Target, api_key: str) -> None:
        self._target = target
        self._client = httpx.Client(base_url=target.api_url, timeout=_TIMEOUT_S, trust_env=False)
        self._api_key = api_key
        self._secrets: dict[str, str] = {}
        self.sent = Sent()

    def close(self) -> None:
        self._client.close()

    def movements(self, movements: list[dict[str, Any]]) -> None:
        """A partner's batch. Raises CliError when it is refused."""
        body = json.dumps({"movements": movements}).encode()
        self._accepted("/v1/inventory/movements", body, {"X-Api-Key": self._api_key})

    def webhook(self, source: str, event_type: str, data: dict[str, Any]) -> None:
        """A system's signed webhook. Raises CliError when it is refused."""
        body = _event(event_type, data)
        self._accepted(f"/webhooks/{source}", body, self._signature(source, body))

    def forged_webhook(self, source: str, event_type: str, data: dict[str, Any]) -> int:
        """A webhook signed with a secret that nobody gave out; gives back the status it was answered with."""
        body = _event(event_type, data)
        forged = sign("whsec_bm90IHRoZSBzZWNyZXQgb2YgYW55Ym9keQ==", "forged-1", datetime.now(UTC), body)
        return self._client.post(f"/webhooks/{source}", content=body, headers=forged).status_code

    def availability(self, sku: str) -> dict[str, Any]:
        """What a partner sees of an item's stock."""
        answer = self._client.get(f"/v1/items/{sku}/availability", headers={"X-Api-Key": self._api_key})
        document: dict[str, Any] = answer.raise_for_status().json()
        return document

    def reserve(self, key: str, channel: str, sku: str, quantity: int) -> dict[str, Any]:
        """A partner's request to hold stock: `status` and `body` of the answer, without its correlation id."""
        document = {"channel": channel, "lines": [{"line": "1", "sku": sku, "quantity": quantity}]}
        headers = {"X-Api-Key": self._api_key, "Content-Type": "application/json", "Idempotency-Key": key}
        answer = self._posted("/v1/reservations", json.dumps(document).encode(), headers)
        return {"status": answer.status_code, "body": {**answer.json(), "correlation_id": None}}

    def release(self, rid: str) -> None:
        """Gives back what a reservation holds. Raises CliError when it is refused."""
        path = f"/v1/reservations/{rid}/release"
        answer = self._posted(path, b"{}", {"X-Api-Key": self._api_key, "Content-Type": "application/json"})
        if answer.status_code != HTTPStatus.OK:
            raise CliError(f"{path} answered {answer.status_code}: {answer.text[:300]}", "crossdock local logs")

    def quote(self, key: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """Prices of these lines, as a quote. Raises CliError when it is refused."""
        headers = {"X-Api-Key": self._api_key, "Content-Type": "application/json", "Idempotency-Key": key}
        return self._answered("/v1/quotes", {"lines": lines}, headers)

    def proves(self, token: str, lines: list[dict[str, Any]]) -> bool:
        """Whether a quote's token stands for an order of these lines. Raises CliError when that is not answered."""
        headers = {"X-Api-Key": self._api_key, "Content-Type": "application/json"}
        return bool(self._answered("/v1/quotes/verify", {"token": token, "lines": lines}, headers)["valid"])

    def _answered(self, path: str, document: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        answer = self._posted(path, json.dumps(document).encode(), headers)
        if not answer.is_success:
            raise CliError(f"{path} answered {answer.status_code}: {answer.text[:300]}", "crossdock local logs")
        found: dict[str, Any] = answer.json()
        return found

    def _accepted(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        correlation_id = f"demo-{random.token_hex(8)}"
        headers = {**headers, "Content-Type": "application/json", "X-Correlation-Id": correlation_id}
        began, started = time.time(), time.perf_counter()
        answer = self._posted(path, body, headers)
        if answer.status_code != _ACCEPTED:
            raise CliError(f"{path} answered {answer.status_code}: {answer.text[:300]}", "crossdock local logs")
        self.sent.add(correlation_id, began, time.perf_counter() - started)

    def _posted(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        for attempt in range(_TRIES):
            try:
                answer = self._client.post(path, content=body, headers=headers)
            except httpx.TransportError as exc:
                if attempt == _TRIES - 1:
                    raise CliError(f"{path} did not answer: {exc}", "crossdock local logs") from exc
                continue
            if answer.status_code not in {429, 500, 502, 503, 504}:
                break
            time.sleep(min(2.0, 0.1 * 2**attempt))
        return answer

    def _signature(self, source: str, body: bytes) -> dict[str, str]:
        if source not in self._secrets:
            self._secrets[source] = signing_secrets(self._target.secret_document("sources", source))[0]
        return sign(self._secrets[source], f"msg_{random.token_hex(12)}", datetime.now(UTC), body)


def _event(event_type: str, data: dict[str, Any]) -> bytes:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": event_type, "timestamp": now, "data": data}).encode()


def in_batches(values: list[Any], size: int) -> Iterable[list[Any]]:
    """The values in order, `size` at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))
