"""From API Gateway's event to one typed request, and from our answers and errors to its response.

The only place where an error becomes an HTTP status.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from crossdock.platform import allowances, deadline, lifecycle
from crossdock.platform.correlation import choose
from crossdock.platform.errors import NotConfiguredError, StoreUnavailableError
from crossdock.platform.logs import logger, passed
from crossdock.platform.problems import FieldError, Problem
from crossdock.platform.revalidation import revalidated

_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,100}")


@dataclass(frozen=True, slots=True)
class Partner:
    """Who calls, as the authorizer found out: never taken from what the caller wrote."""

    name: str
    scopes: frozenset[str]
    sources: tuple[str, ...]
    channels: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()

    def require(self, scope: str) -> None:
        """Raises a 403 problem when the partner's key does not carry this scope."""
        if scope not in self.scopes:
            raise Problem(
                403,
                "scope-missing",
                f"This key may not do that: it lacks the scope {scope}. Ask the distributor to add it.",
                [FieldError("X-Api-Key", f"lacks scope {scope}", "use a key with this scope")],
            )

    def source(self, named: str | None) -> str:
        """The source a document speaks for: named in it, or the partner's only one; never one that is not its own.

        Raises a 422 problem when it has to be named, and a 403 problem when it is another's.
        """
        if named is None and len(self.sources) == 1:
            return self.sources[0]
        allowed = ", ".join(self.sources) or "none"
        remedy = f"name one of: {allowed}" if self.sources else "ask the distributor to give this key a source"
        if named is None:
            raise Problem(
                422,
                "source-missing",
                f"source: missing. This key may speak for: {allowed}. Nothing was stored.",
                [FieldError("source", "missing", remedy)],
            )
        if named not in self.sources:
            raise Problem(
                403,
                "source-not-yours",
                f"source: this key may not speak for {named}. It may speak for: {allowed}. Nothing was stored.",
                [FieldError("source", f"not a source of {self.name}", remedy)],
            )
        return named

    def require_channel(self, channel: str) -> None:
        """Raises a 403 problem when the partner does not own this channel."""
        if channel not in self.channels:
            allowed = ", ".join(self.channels) or "none"
            raise Problem(
                403,
                "channel-not-yours",
                f"channel: this key may not ask for {channel[:40]!r}. It may ask for: {allowed}.",
                [FieldError("channel", f"not a channel of {self.name}", f"name one of: {allowed}")],
            )

    @property
    def serves_all(self) -> bool:
        """Whether the partner may ask for every customer, as our own shop does."""
        return "*" in self.customers

    def serves(self, customer: str) -> bool:
        """Whether the partner may ask for this customer: one of its own, or any."""
        return self.serves_all or customer in self.customers

    def require_customer(self, customer: str) -> None:
        """Raises a 403 problem when the customer is not the partner's; the same whether there is such a one or not."""
        if not self.serves(customer):
            allowed = ", ".join(self.customers[:5]) or "none"
            more = ", …" if len(self.customers) > 5 else ""  # noqa: PLR2004 - as many as are shown
            raise Problem(
                403,
                "customer-not-yours",
                f"customer: this key may not ask for {customer[:40]!r}. It may ask for: {allowed}{more}.",
                [FieldError("customer", f"not a customer of {self.name}", f"name one of: {allowed}{more}")],
            )


@dataclass(frozen=True, slots=True)
class Request:
    """One call: raw body, header names in lower case, path and query parameters, correlation id, partner if known.

    `route` is the method and the gateway's resource, such as `GET /v1/items/{sku}/availability`: for functions that
    serve several.
    """

    body: bytes
    headers: Mapping[str, str]
    path: Mapping[str, str]
    correlation_id: str
    partner: Partner | None
    query: Mapping[str, str] = field(default_factory=dict)
    route: str = ""

    def prefers(self, preference: str) -> bool:
        """Whether the caller's Prefer header names this preference (RFC 7240)."""
        given = self.headers.get("prefer", "").split(",")
        return any(p.split(";")[0].strip().lower() == preference for p in given)

    def idempotency_key(self) -> str:
        """What the caller names this request by, for ever. Raises a 400 problem when it is missing or unusable."""
        key = self.headers.get("idempotency-key", "")
        if not _IDEMPOTENCY_KEY.fullmatch(key):
            found = f"{len(key)} characters, or not printable ASCII" if key else "missing"
            raise Problem(
                400,
                "idempotency-key-missing" if not key else "idempotency-key-unusable",
                f"Idempotency-Key: {found}. Nothing was stored.",
                [
                    FieldError(
                        "Idempotency-Key",
                        found,
                        "send 1 to 100 printable ASCII characters without spaces, new for each request, the same for "
                        "its repetitions; a UUID will do",
                    )
                ],
            )
        return key

    def caller(self) -> Partner:
        """The partner behind the call. Raises a 401 problem when there is none."""
        if self.partner is None:
            raise Problem(
                401,
                "credential-refused",
                "No partner is known for this request. Send the header X-Api-Key, or Authorization with a token.",
                [FieldError("X-Api-Key", "missing", "send the key you were given, or an access token")],
            )
        return self.partner


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: status and JSON document; the correlation id is added to both document and headers.

    With `revalidate` the answer can be asked for again by its strong ETag, which is over every byte of the body: so the
    correlation id stands in the headers alone, and who holds these bytes already is told so (304) without them.

    `text` is a body that is sent as it is, instead of the document: one that was signed, or that is no JSON document.
    """

    status: int
    document: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    revalidate: bool = False
    text: str | None = None


def serve(
    event: Mapping[str, Any],
    context: deadline.LambdaContext | None,
    handle: Callable[[Request], Response],
    *,
    max_body_bytes: int,
) -> dict[str, Any]:
    """Runs one API call: builds the request, calls `handle`, and maps answers, problems and outages.

    An outage of a store is a 503 with Retry-After, never a 4xx: the sender must keep what we could not. Every answer
    says what the partner may still ask for, and whether the endpoint is leaving.
    """
    deadline.begin(context)
    allowance = allowances.spend(event)
    answer = _serve(event, handle, max_body_bytes, allowance.refusal)
    leaving = lifecycle.headers_for(_route(event), answer["headers"].get("Link", ""))
    return {**answer, "headers": {**answer["headers"], **allowance.headers, **leaving}}


def _serve(
    event: Mapping[str, Any], handle: Callable[[Request], Response], max_body_bytes: int, refusal: Problem | None
) -> dict[str, Any]:
    headers = {k.lower(): v for k, v in (event.get("headers") or {}).items() if v is not None}
    correlation_id = choose(headers.get("x-correlation-id"))
    if refusal is not None:
        return _problem(refusal, correlation_id)
    try:
        request = Request(
            body=_body(event, max_body_bytes),
            headers=headers,
            path=event.get("pathParameters") or {},
            correlation_id=correlation_id,
            partner=_partner(event),
            query=event.get("queryStringParameters") or {},
            route=_route(event),
        )
        response = handle(request)
    except Problem as problem:
        return _problem(problem, correlation_id)
    except NotConfiguredError as exc:
        logger().error("not configured", reason=str(exc), correlation_ids=[correlation_id])
        return _problem(_unavailable("This endpoint is not set up yet; the operator has been told."), correlation_id)
    except (StoreUnavailableError, BotoCoreError, ClientError, deadline.DeadlineExceeded) as exc:
        logger().error("store unavailable", reason=str(exc), correlation_ids=[correlation_id])
        text = "A store did not answer in time. Send the same request again: what was taken already is recognised."
        return _problem(_unavailable(text), correlation_id)
    if response.revalidate or response.text is not None:
        body = _json(response.document) if response.text is None else _sendable(response.text)
        return revalidated(
            response.status,
            body,
            headers.get("if-none-match", ""),
            {"X-Correlation-Id": correlation_id},
            response.headers,
        )
    return _answer(response.status, response.document, correlation_id, "application/json", response.headers)


def _route(event: Mapping[str, Any]) -> str:
    return f"{event.get('httpMethod', '')} {event.get('resource', '')}"


def _unavailable(detail: str) -> Problem:
    return Problem(503, "temporarily-unavailable", detail, headers={"Retry-After": "2"})


def _problem(problem: Problem, correlation_id: str) -> dict[str, Any]:
    fields = [e.field for e in problem.errors]
    passed("refused", problem.name, [correlation_id], status=problem.status, fields=fields[:5])
    document = problem.document(correlation_id)
    return _answer(problem.status, document, correlation_id, "application/problem+json", problem.headers)


def _answer(
    status: int, document: Mapping[str, Any], correlation_id: str, content_type: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    body = {**document, "correlation_id": document.get("correlation_id", correlation_id)}
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": content_type,
            "X-Correlation-Id": body["correlation_id"],
            "Cache-Control": "no-store",
            **headers,
        },
        "body": _json(body),
        "isBase64Encoded": False,
    }


def _json(document: Mapping[str, Any]) -> str:
    return _sendable(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def _sendable(text: str) -> str:
    """Half a surrogate pair, as a JSON escape may hold one, has no bytes: what quotes it could not be sent."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _body(event: Mapping[str, Any], limit: int) -> bytes:
    """The bytes as they were sent: in base64, because the API treats every media type as binary."""
    raw = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(raw, validate=True)
        except ValueError as exc:  # binascii.Error is one, and so is the error for a letter outside of ASCII
            raise Problem(400, "malformed-body", "The body could not be read; nothing was stored.") from exc
    else:
        body = raw.encode("utf-8", "surrogatepass")
    if len(body) > limit:
        raise Problem(
            413,
            "body-too-large",
            f"The body has {len(body):,} bytes; at most {limit:,} are taken. Nothing was stored.",
            [
                FieldError(
                    "body", f"{len(body):,} bytes", f"send at most {limit:,} bytes, and the rest in further requests"
                )
            ],
        )
    return body


def _partner(event: Mapping[str, Any]) -> Partner | None:
    found = (event.get("requestContext") or {}).get("authorizer") or {}
    if not found.get("partner"):
        return None
    return Partner(
        name=str(found["partner"]),
        scopes=frozenset(str(found.get("scopes", "")).split()),
        sources=tuple(str(found.get("sources", "")).split()),
        channels=tuple(str(found.get("channels", "")).split()),
        customers=tuple(filter(None, str(found.get("customers", "")).split("#"))),
    )
